//! Names of models with their provider, and which spans are calls of a model.

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_store::StoreResult;
use std::collections::HashMap;

/// Names that are remembered; when there are more, all are forgotten.
const NAMES_MAX: usize = 10_000;

/// Types of spans that may repeat the model of a call below them; they are not calls.
const WRAPPER_TYPES: [&str; 9] =
    ["AGENT", "CHAIN", "WORKFLOW", "TASK", "TOOL", "RETRIEVER", "GUARDRAIL", "EVALUATOR", "MEMORY"];

/// Returns whether a span of that type, if it names a model, is a call of it.
pub(crate) fn is_call_type(span_type: &str) -> bool {
    !WRAPPER_TYPES.contains(&span_type)
}

/// A model and its provider, as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ModelName {
    pub(crate) model: Option<Box<str>>,
    pub(crate) provider: Option<Box<str>>,
}

/// Numbers for names, from 1, as long as this lives; and the keys of their rows, as far as they are known.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<ModelName, u32>,
    names: Vec<(ModelName, Option<i64>)>,
}

impl Names {
    /// Returns the number of a name.
    pub(crate) fn number(&mut self, name: &ModelName) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.names.push((name.clone(), None));
        let number = self.names.len() as u32;
        self.numbers.insert(name.clone(), number);
        number
    }

    /// Returns the key of the row of a name, making it if needed.
    pub(crate) fn model_key(&mut self, conn: &Connection, number: u32) -> StoreResult<i64> {
        let (name, known) = &mut self.names[number as usize - 1];
        let model_key = match *known {
            Some(model_key) => model_key,
            None => find_or_insert(conn, name)?,
        };
        *known = Some(model_key);
        Ok(model_key)
    }

    /// Returns the number of the name with that key.
    pub(crate) fn number_of_key(&mut self, conn: &Connection, model_key: i64) -> StoreResult<u32> {
        let name = load(conn, model_key)?;
        let number = self.number(&name);
        self.names[number as usize - 1].1 = Some(model_key);
        Ok(number)
    }

    /// Returns whether they are more than should be remembered.
    pub(crate) fn are_too_many(&self) -> bool {
        self.names.len() > NAMES_MAX
    }
}

/// Returns the name with that key.
pub(crate) fn load(conn: &Connection, model_key: i64) -> StoreResult<ModelName> {
    conn.prepare_cached("SELECT model, provider FROM rollup_model WHERE model_key = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([model_key], |row| Ok(ModelName { model: row.get(0)?, provider: row.get(1)? }))
        })
        .map_err(sql_error)
}

fn find_or_insert(conn: &Connection, name: &ModelName) -> StoreResult<i64> {
    let values = (name.model.as_deref(), name.provider.as_deref());
    let found = conn
        .prepare_cached("SELECT model_key FROM rollup_model WHERE model IS ?1 AND provider IS ?2")
        .and_then(|mut statement| statement.query_row(values, |row| row.get(0)).optional())
        .map_err(sql_error)?;
    if let Some(model_key) = found {
        return Ok(model_key);
    }
    conn.prepare_cached("INSERT INTO rollup_model (model, provider) VALUES (?1, ?2)")
        .and_then(|mut statement| statement.insert(values))
        .map_err(sql_error)
}
