//! Filter and order of experiments: the same syntax over other fields.

use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::field;
use crate::lex::Token;
use crate::literal::{self, TextLiteral};
use crate::operator::{Number, NumberTest, TextTest};
use crate::order::{check_count, split_clause};
use crate::syntax::{self, Clause, Item, Literal, Syntax};
use spanwise_model::ExperimentId;

/// Which experiments match. The empty text gives [`Expr::all`].
pub type ExperimentFilter = Expr<ExperimentPredicate>;

/// One condition on an experiment.
#[derive(Debug, Clone, PartialEq)]
pub enum ExperimentPredicate {
    /// Its name; `Eq`, `Ne` or `Like`.
    Name(TextTest),
    /// Its id is one of these.
    IdIn(Vec<ExperimentId>),
    /// Its id is none of these.
    IdNotIn(Vec<ExperimentId>),
    /// When it was created, in milliseconds, rounded down.
    CreatedMs(NumberTest),
    /// When it was last updated, in milliseconds, rounded down.
    LastUpdatedMs(NumberTest),
    /// A tag; `Eq`, `Ne`, `Like`, `IsNull` or `IsNotNull`.
    Tag {
        /// The tag's key.
        key: String,
        /// What its value must satisfy.
        test: TextTest,
    },
}

/// One step of an order of experiments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExperimentOrderBy {
    /// What to compare.
    pub key: ExperimentOrderKey,
    /// Whether larger values come first.
    pub descending: bool,
}

/// What experiments can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExperimentOrderKey {
    /// The name, by code point.
    Name,
    /// The id, as a number.
    Id,
    /// When it was created.
    Created,
    /// When it was last updated.
    LastUpdated,
}

const ATTRIBUTES: &[&str] = &["name", "experiment_id", "creation_time", "last_update_time"];
const ATTRIBUTE_COMPARATORS: &[&str] = &["=", "!=", "IN", "NOT IN", "LIKE", "ILIKE"];

/// Parses and checks a filter of experiments; the empty text matches every one.
pub fn parse_experiment_filter(text: &str) -> Result<ExperimentFilter, FilterError> {
    let tree = syntax::parse_mlflow(text, None).map_err(|mut error| {
        if let Problem::InvalidClauses(words) = error.problem {
            error.problem = Problem::InvalidExperimentClauses(words);
        }
        error
    })?;
    check(&tree)
}

/// Parses an order of experiments, each clause `field [ASC|DESC]`. Newest first and then by id are appended.
pub fn parse_experiment_order<S: AsRef<str>>(clauses: &[S]) -> Result<Vec<ExperimentOrderBy>, FilterError> {
    let mut order: Vec<ExperimentOrderBy> = Vec::with_capacity(clauses.len() + 2);
    check_count(clauses.len())?;
    let mut push = |key, descending| {
        // A repeated key can't change the order any more.
        if order.iter().all(|by| by.key != key) {
            order.push(ExperimentOrderBy { key, descending });
        }
    };
    for clause in clauses {
        let (token, descending) = split_clause(clause.as_ref())?;
        push(order_key(token)?, descending);
    }
    push(ExperimentOrderKey::Created, true);
    push(ExperimentOrderKey::Id, false);
    Ok(order)
}

fn order_key(token: Token<'_>) -> Result<ExperimentOrderKey, FilterError> {
    match resolve(token)? {
        Field::Attribute(key) => Ok(match key.as_str() {
            "name" => ExperimentOrderKey::Name,
            "experiment_id" => ExperimentOrderKey::Id,
            "creation_time" => ExperimentOrderKey::Created,
            _ => ExperimentOrderKey::LastUpdated,
        }),
        Field::Tag(_) => Err(FilterError::new(Problem::OrderExperimentTag, token.span())),
    }
}

fn check(tree: &Syntax<'_>) -> Result<ExperimentFilter, FilterError> {
    let all = |parts: &[Syntax<'_>]| parts.iter().map(check).collect::<Result<Vec<_>, _>>();
    Ok(match tree {
        Expr::And(parts) => Expr::and(all(parts)?),
        Expr::Or(parts) => Expr::or(all(parts)?),
        Expr::Not(inner) => Expr::negate(check(inner)?),
        Expr::Is(Item::Clause(clause)) => Expr::Is(predicate(clause)?),
        Expr::Is(Item::SpanGroup(group)) => {
            let word = first_identifier(group);
            return Err(FilterError::new(Problem::UnknownExperimentEntity("span".to_owned()), word));
        }
    })
}

fn first_identifier(group: &Expr<Clause<'_>>) -> crate::filter::TextSpan {
    match group {
        Expr::And(parts) | Expr::Or(parts) => parts.first().map_or(0..0, first_identifier),
        Expr::Not(inner) => first_identifier(inner),
        Expr::Is(clause) => clause.identifier.span(),
    }
}

enum Field {
    Attribute(String),
    Tag(String),
}

fn resolve(token: Token<'_>) -> Result<Field, FilterError> {
    let identifier = field::split(token)?;
    match identifier.entity {
        None | Some("attribute") => {
            field::require_attribute(&identifier.key, ATTRIBUTES, token)?;
            Ok(Field::Attribute(identifier.key))
        }
        Some("tag" | "tags") => Ok(Field::Tag(identifier.key)),
        Some(other) => {
            Err(FilterError::new(Problem::UnknownExperimentEntity(other.to_owned()), token.span()))
        }
    }
}

fn predicate(clause: &Clause<'_>) -> Result<ExperimentPredicate, FilterError> {
    let key = match resolve(clause.identifier)? {
        Field::Attribute(key) => key,
        Field::Tag(key) => return tag(clause, key),
    };
    if clause.literal == Literal::Absent {
        return refuse_comparator(clause, Problem::ExperimentNull(key));
    }
    match key.as_str() {
        "name" => name(clause),
        "experiment_id" => id(clause),
        "creation_time" => number(clause, &key).map(ExperimentPredicate::CreatedMs),
        _ => number(clause, &key).map(ExperimentPredicate::LastUpdatedMs),
    }
}

fn tag(clause: &Clause<'_>, key: String) -> Result<ExperimentPredicate, FilterError> {
    let value = literal::quoted(clause, "tag")?;
    match clause.comparator.as_str() {
        "=" | "!=" | "LIKE" | "ILIKE" | "IS NULL" | "IS NOT NULL" => {
            Ok(ExperimentPredicate::Tag { key, test: literal::text_test(clause, value)? })
        }
        _ => refuse_experiment_comparator(clause, "tag"),
    }
}

fn name(clause: &Clause<'_>) -> Result<ExperimentPredicate, FilterError> {
    if matches!(clause.literal, Literal::List(..)) {
        return refuse_literal(clause, Problem::NoExperimentList);
    }
    let value = quoted_attribute(clause)?;
    require_attribute_comparator(clause)?;
    Ok(ExperimentPredicate::Name(literal::text_test(clause, value)?))
}

fn id(clause: &Clause<'_>) -> Result<ExperimentPredicate, FilterError> {
    let texts = match &clause.literal {
        Literal::List(..) => literal::list(clause)?,
        _ => match quoted_attribute(clause)? {
            TextLiteral::One(text) => vec![text],
            _ => Vec::new(),
        },
    };
    let includes = match clause.comparator.as_str() {
        "=" | "IN" => true,
        "!=" | "NOT IN" => false,
        _ => return refuse_experiment_comparator(clause, "experiment_id"),
    };
    let ids = texts
        .iter()
        .map(|text| text.parse::<ExperimentId>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| FilterError::new(error.into(), clause.literal_span.clone()))?;
    Ok(if includes { ExperimentPredicate::IdIn(ids) } else { ExperimentPredicate::IdNotIn(ids) })
}

fn number(clause: &Clause<'_>, key: &str) -> Result<NumberTest, FilterError> {
    let value = clause.literal.text().to_owned();
    let key = key.to_owned();
    let Literal::Number(text) = clause.literal else {
        return refuse_literal(clause, Problem::NumberExpected { key, value });
    };
    let Some(operator) = literal::number_operator(&clause.comparator) else {
        let comparator = clause.comparator.clone();
        let problem = Problem::TagComparator { comparator, valid: literal::NUMBER_COMPARATORS };
        return refuse_comparator(clause, problem);
    };
    match literal::number(text) {
        Some(value @ Number::Int(_)) => Ok(NumberTest { operator, value }),
        _ => refuse_literal(clause, Problem::ExperimentNumber { key, value }),
    }
}

fn quoted_attribute(clause: &Clause<'_>) -> Result<TextLiteral, FilterError> {
    match clause.literal {
        Literal::Number(text) => refuse_literal(clause, Problem::ExperimentText(text.to_owned())),
        _ => literal::quoted(clause, "attribute"),
    }
}

fn require_attribute_comparator(clause: &Clause<'_>) -> Result<(), FilterError> {
    if ATTRIBUTE_COMPARATORS.contains(&clause.comparator.as_str()) {
        return Ok(());
    }
    let comparator = clause.comparator.clone();
    refuse_comparator(clause, Problem::Comparator { comparator, valid: ATTRIBUTE_COMPARATORS })
}

fn refuse_experiment_comparator<T>(clause: &Clause<'_>, what: &'static str) -> Result<T, FilterError> {
    let comparator = clause.comparator.clone();
    refuse_comparator(clause, Problem::ExperimentComparator { what, comparator })
}

fn refuse_comparator<T>(clause: &Clause<'_>, problem: Problem) -> Result<T, FilterError> {
    Err(FilterError::new(problem, clause.comparator_span.clone()))
}

fn refuse_literal<T>(clause: &Clause<'_>, problem: Problem) -> Result<T, FilterError> {
    Err(FilterError::new(problem, clause.literal_span.clone()))
}
