//! SQL functions that the compiled conditions call. What they evaluate is set for the thread while a query runs.

use super::compile::Tests;
use super::probe::SpanProbe;
use crate::error::sql_error;
use crate::function;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use spanwise_model::{Cost, TokenUsage, TraceId};
use spanwise_query::json;
use spanwise_store::StoreResult;
use std::cell::RefCell;

thread_local! {
    /// What the query that runs on this thread evaluates.
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

/// The tests of a query, and the way to spans.
pub(crate) struct Current {
    pub(crate) tests: Tests,
    pub(crate) probe: Option<SpanProbe>,
    /// Where verdicts on conditions on spans are noted, if somebody wants them.
    pub(crate) verdicts: Option<Vec<Verdict>>,
}

/// Whether some span of a trace satisfies a condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// The condition, a number of [`Tests::spans`].
    pub(crate) number: usize,
    pub(crate) trace_key: i64,
    pub(crate) holds: bool,
}

/// Runs `query` while the SQL functions of this thread evaluate `current`, and gives that back.
pub(crate) fn with_current<T>(current: Current, query: impl FnOnce() -> T) -> (T, Option<Current>) {
    CURRENT.set(Some(current));
    let result = query();
    (result, CURRENT.take())
}

/// Adds the functions to a connection.
pub(crate) fn install(conn: &Connection) -> StoreResult<()> {
    let flags = FunctionFlags::SQLITE_UTF8;
    function::add_functions(conn)?;
    conn.create_scalar_function("sw_value", 2, flags, value)
        .and_then(|()| conn.create_scalar_function("sw_text", 2, flags, text))
        .and_then(|()| conn.create_scalar_function("sw_span", 2, flags, span))
        .and_then(|()| conn.create_scalar_function("sw_order_text", 1, flags, order_text))
        .and_then(|()| {
            conn.create_scalar_function("sw_trace_id", 1, flags, |context| trace_id_text(context.get_raw(0)))
        })
        .and_then(|()| conn.create_scalar_function("sw_usage", 6, flags, usage_text))
        .and_then(|()| conn.create_scalar_function("sw_cost", 3, flags, cost_text))
        .map_err(sql_error)
}

fn value(context: &Context<'_>) -> rusqlite::Result<bool> {
    let number = context.get::<i64>(0)? as usize;
    // Feedback that only has an error has no value; tests see null.
    let json = context.get_raw(1).as_str_or_null()?.unwrap_or("null");
    CURRENT.with_borrow(|current| {
        let test = current.as_ref().and_then(|current| current.tests.values.get(number));
        Ok(test.is_some_and(|test| test.matches(&canonical(json))))
    })
}

fn text(context: &Context<'_>) -> rusqlite::Result<bool> {
    let number = context.get::<i64>(0)? as usize;
    let text = context.get_raw(1).as_str_or_null()?;
    CURRENT.with_borrow(|current| {
        let test = current.as_ref().and_then(|current| current.tests.texts.get(number));
        Ok(test.is_some_and(|test| test.matches(text)))
    })
}

fn order_text(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let stored = context.get_raw(0).as_str_or_null()?;
    Ok(stored.map(|stored| {
        serde_json::from_str(stored).map_or_else(|_| stored.to_owned(), |value| json::order_text(&value))
    }))
}

fn span(context: &Context<'_>) -> rusqlite::Result<bool> {
    let number = context.get::<i64>(0)? as usize;
    let trace_key = context.get::<i64>(1)?;
    CURRENT.with_borrow_mut(|current| {
        let Some(Current { tests, probe: Some(probe), verdicts }) = current else { return Ok(false) };
        let Some(leaf) = tests.spans.get(number) else { return Ok(false) };
        if leaf.traces.as_ref().is_some_and(|traces| !traces.contains(trace_key)) {
            return Ok(false);
        }
        let holds = probe
            .any_span(&leaf.filter, trace_key)
            .map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))?;
        if let Some(verdicts) = verdicts {
            verdicts.push(Verdict { number, trace_key, holds });
        }
        Ok(holds)
    })
}

/// Stored JSON in the form that tests compare with.
pub(crate) fn canonical(stored: &str) -> String {
    serde_json::from_str(stored).map_or_else(|_| stored.to_owned(), |value| json::value_text(&value))
}

fn trace_id_text(value: ValueRef<'_>) -> rusqlite::Result<Option<String>> {
    Ok(match value {
        ValueRef::Blob(bytes) => bytes.try_into().ok().map(|bytes| TraceId::Otel(bytes).to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    })
}

fn usage_text(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let count = |index| context.get::<Option<u64>>(index);
    let Some(input) = count(0)? else { return Ok(None) };
    let usage = TokenUsage {
        input,
        output: count(1)?.unwrap_or(0),
        total: count(2)?.unwrap_or(0),
        cache_read: count(3)?,
        cache_creation: count(4)?,
        cache_creation_above_1h: count(5)?,
    };
    Ok(Some(json::usage_text(&usage)))
}

fn cost_text(context: &Context<'_>) -> rusqlite::Result<Option<String>> {
    let part = |index| context.get::<Option<f64>>(index);
    let Some(total) = part(2)? else { return Ok(None) };
    let cost = Cost { input: part(0)?.unwrap_or(0.0), output: part(1)?.unwrap_or(0.0), total };
    Ok(Some(json::cost_text(&cost)))
}
