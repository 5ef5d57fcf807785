//! Measures of valid assessments, from their rows.

use super::place;
use crate::search::{self, SearchContext};
use rusqlite::{Connection, Row};
use serde_json::{Number, Value};
use spanwise_model::{Measure, MetricDimension};
use spanwise_query::operator::json_number;
use spanwise_query::{MetricFilter, json};
use spanwise_store::{AggregateQuery, Grouping, StoreResult};
use std::borrow::Cow;

/// MLflow's names of the kinds, in the order of their numbers.
const KINDS: [&str; 3] = ["feedback", "expectation", "issue"];

/// Adds the measures of the assessments of the traces that a question is about.
pub(super) fn add(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let sql = |compiled: &mut search::Compiled| {
        format!(
            "SELECT t.start_ns, a.kind, a.name, a.value, a.issue_name, a.serialized
             FROM trace t JOIN assessment a ON a.trace_key = t.trace_key WHERE a.valid = 1 AND {}",
            compiled.sql
        )
    };
    let read = |row: &Row<'_>| {
        add_row(query, row, grouping)?;
        Ok(())
    };
    // Nothing is collected.
    search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    Ok(())
}

fn add_row(query: &AggregateQuery, row: &Row<'_>, grouping: &mut Grouping<'_>) -> rusqlite::Result<()> {
    let kind = KINDS.get(row.get::<_, usize>(1)?).copied().unwrap_or_default();
    let name = row.get_ref(2)?.as_str()?;
    let json = row.get_ref(3)?.as_str_or_null()?;
    let is_asked_for = query.filters.iter().all(|filter| match filter {
        MetricFilter::AssessmentName(wanted) => wanted == name,
        MetricFilter::AssessmentType(wanted) => wanted == kind,
        _ => true,
    });
    let value = match query.measure {
        Measure::AssessmentValue => json.and_then(number),
        _ => Some(1.0),
    };
    let (true, Some(value)) = (is_asked_for, value) else { return Ok(()) };
    let value_text = match (json, row.get_ref(4)?.as_str_or_null()?) {
        (Some(json), _) if row.get(5)? => Cow::Borrowed(json),
        (Some(json), _) => with_doubles(json),
        (None, Some(issue)) => Cow::Owned(format!("{{\"issue_name\": {}}}", json::string_text(issue))),
        (None, None) => Cow::Borrowed("null"),
    };
    let text = |dimension| match dimension {
        MetricDimension::AssessmentValue => Some(&*value_text),
        _ => Some(name),
    };
    if let Some(place) = place(grouping, query, row.get(0)?, text) {
        grouping.add(place, value);
    }
    Ok(())
}

/// Writes all numbers as doubles, which is how MLflow keeps every value that did not come as serialized JSON.
fn with_doubles(json: &str) -> Cow<'_, str> {
    let may_have_numbers = json.starts_with(|c: char| c.is_ascii_digit() || "-[{".contains(c));
    match serde_json::from_str(json) {
        Ok(mut value) if may_have_numbers => {
            make_doubles(&mut value);
            Cow::Owned(json::value_text(&value))
        }
        _ => Cow::Borrowed(json),
    }
}

fn make_doubles(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(double) = number.as_f64().and_then(Number::from_f64) {
                *number = double;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_doubles),
        Value::Object(entries) => entries.values_mut().for_each(make_doubles),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Returns what a value counts as, if it is a number, true or false, "yes" or "no".
pub(super) fn number(json: &str) -> Option<f64> {
    let text = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    match text.map(str::trim) {
        Some(text) if text.eq_ignore_ascii_case("yes") => Some(1.0),
        Some(text) if text.eq_ignore_ascii_case("no") => Some(0.0),
        Some(_) => None,
        None if json == "true" => Some(1.0),
        None if json == "false" => Some(0.0),
        None => json_number(json).filter(|number| number.is_finite()),
    }
}
