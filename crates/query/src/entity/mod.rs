//! Filter and order of everything that is not a trace: one syntax over a table of fields for each noun.
//!
//! A noun (experiments, runs, datasets, …) says in [`table`] which attributes it has, which maps of keys, and how upstream
//! words what is wrong. An engine maps each field to a column; [`EntityFilter`] holds no more than names and tests. Beyond
//! MLflow's grammar OR, NOT, parentheses and IN work for every noun.

mod check;
mod message;
mod order;
mod prompt;
mod table;

pub use check::parse_entity_filter;
pub use order::parse_entity_order;
pub use prompt::without_prompts;
pub use table::{DATASET, EXPERIMENT, ISSUE, LOGGED_MODEL, MODEL_VERSION, REGISTERED_MODEL, RUN};

use crate::expr::Expr;
use crate::operator::{NumberTest, TextTest};

/// Which of a noun's things match. The empty text gives [`Expr::all`].
pub type EntityFilter = Expr<EntityPredicate>;

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityPredicate {
    /// What is tested.
    pub field: EntityField,
    /// What it must satisfy.
    pub test: EntityTest,
}

/// What a condition or an order is about, by its first name in the noun's table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EntityField {
    /// An attribute.
    Attribute(&'static str),
    /// One key of a map.
    Key {
        /// The map.
        map: &'static str,
        /// The key.
        key: String,
    },
}

/// What a value must satisfy.
#[derive(Debug, Clone, PartialEq)]
pub enum EntityTest {
    /// A text; of texts only `Eq`, `Ne`, `In`, `NotIn`, `Like`, `IsNull` and `IsNotNull`, the last two for keys alone.
    Text(TextTest),
    /// A number; times are in milliseconds, rounded down.
    Number(NumberTest),
}

/// One step of an order. Absent values come last in both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityOrderBy {
    /// What to compare.
    pub field: EntityField,
    /// Whether larger values come first.
    pub descending: bool,
}

/// The table of a noun.
#[derive(Debug)]
pub struct Entity {
    attributes: &'static [Attribute],
    maps: &'static [Map],
    /// What decides between equals, after what was asked.
    default_order: &'static [(&'static str, bool)],
    wording: message::Wording,
}

impl Entity {
    /// Returns the order of things when none was asked for.
    pub fn default_order(&self) -> Vec<EntityOrderBy> {
        let by = |&(name, descending)| EntityOrderBy { field: EntityField::Attribute(name), descending };
        self.default_order.iter().map(by).collect()
    }
}

/// An attribute of a noun.
#[derive(Debug)]
struct Attribute {
    /// Its first name, and others for the same.
    names: &'static [&'static str],
    kind: Kind,
    uses: Uses,
}

/// A map of a noun.
#[derive(Debug)]
struct Map {
    /// Its first name, and others for the same.
    names: &'static [&'static str],
    /// The only keys; empty for any.
    keys: &'static [&'static str],
    kind: Kind,
    uses: Uses,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// The id of an experiment: a text that is a whole number.
    ExperimentId,
    /// A time in milliseconds.
    Time,
    Number,
}

/// Where a field may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uses {
    FilterAndOrder,
    Filter,
    Order,
}

impl Uses {
    fn in_filter(self) -> bool {
        self != Uses::Order
    }

    fn in_order(self) -> bool {
        self != Uses::Filter
    }
}
