//! Order and pages: the sort key of a row in SQL, and the condition "after this row".

use super::compile::{Compiled, assessment_kind, metadata_value, number_column, tag_value, trace_id_value};
use rusqlite::types::Value;
use spanwise_query::{AssessmentField, NumberField, OrderBy, OrderKey};
use spanwise_store::{Cursor, SortValue, StoreError, StoreResult};

/// One part of the sort key.
pub(crate) struct SortColumn {
    /// Its value for a trace `t`.
    pub(crate) sql: String,
    descending: bool,
    nullable: bool,
    is_trace_id: bool,
}

/// Returns the sort key of `order`; the trace id ends it, so that it is total.
pub(crate) fn sort_columns(out: &mut Compiled, order: &[OrderBy]) -> Vec<SortColumn> {
    let mut columns: Vec<SortColumn> = order.iter().map(|by| sort_column(out, by)).collect();
    if !columns.iter().any(|column| column.is_trace_id) {
        columns.push(SortColumn {
            sql: "t.trace_id".into(),
            descending: false,
            nullable: false,
            is_trace_id: true,
        });
    }
    columns
}

fn sort_column(out: &mut Compiled, by: &OrderBy) -> SortColumn {
    let (sql, nullable) = match &by.key {
        OrderKey::Start => ("t.start_ns".to_owned(), false),
        OrderKey::Duration => ("t.duration_ns".to_owned(), true),
        OrderKey::End => ("(t.start_ns + coalesce(t.duration_ns, 0))".to_owned(), false),
        // The states in the order of their names, as MLflow sorts them.
        OrderKey::State => {
            ("CASE t.state WHEN 2 THEN 0 WHEN 3 THEN 1 WHEN 1 THEN 2 ELSE 3 END".to_owned(), false)
        }
        OrderKey::TraceId => ("t.trace_id".to_owned(), false),
        OrderKey::ExperimentId => ("t.experiment_id".to_owned(), false),
        OrderKey::Name => ("t.name".to_owned(), true),
        OrderKey::Session => ("t.session".to_owned(), true),
        OrderKey::Tag(key) => (tag_value(out, key), true),
        OrderKey::Metadata(key) => (metadata_value(out, key), true),
        OrderKey::Tokens(part) => (number_column(NumberField::Tokens(*part)), true),
        OrderKey::Cost(part) => (number_column(NumberField::Cost(*part)), true),
        OrderKey::SpanCount => (number_column(NumberField::SpanCount), false),
        OrderKey::Assessment { kind, name } => (assessed_value(out, *kind, name), true),
    };
    SortColumn { sql, descending: by.descending, nullable, is_trace_id: by.key == OrderKey::TraceId }
}

/// The value of the newest valid assessment. SQLite puts numbers before texts, as the order does.
fn assessed_value(out: &mut Compiled, kind: AssessmentField, name: &str) -> String {
    let (kind, name) = (assessment_kind(kind), out.bind(name.to_owned()));
    format!(
        "(SELECT CASE WHEN a.value_number IS NOT NULL THEN a.value_number ELSE sw_order_text(a.value) END \
         FROM assessment a WHERE a.trace_key = t.trace_key AND a.kind = {kind} AND a.name = {name} AND a.valid = 1 \
         ORDER BY a.sequence DESC LIMIT 1)"
    )
}

/// Returns the `ORDER BY` text; rows without a value come last in both directions.
pub(crate) fn order_by(columns: &[SortColumn]) -> String {
    let parts = columns.iter().map(|column| {
        let direction = if column.descending { "DESC" } else { "ASC" };
        let nulls = if column.nullable { " NULLS LAST" } else { "" };
        format!("{} {direction}{nulls}", column.sql)
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Returns the condition that a row comes after the cursor's.
pub(crate) fn after(out: &mut Compiled, columns: &[SortColumn], cursor: &Cursor) -> StoreResult<String> {
    let last = cursor_values(columns, cursor)?;
    let mut alternatives = Vec::new();
    let mut equal_so_far = String::new();
    for (index, (column, value)) in columns.iter().zip(&last).enumerate() {
        if let Some(beyond) = beyond(out, column, value) {
            alternatives.push(format!("({equal_so_far}{beyond})"));
        }
        // A parameter that no text mentions is an error: nothing follows the last column.
        if index + 1 < columns.len() {
            let bound = out.bind(value.clone());
            equal_so_far.push_str(&format!("{} IS {bound} AND ", column.sql));
        }
    }
    let any = format!("({})", alternatives.join(" OR "));
    // Says again what the alternatives imply of the first column, in a form that an index can use.
    let first = columns.first().zip(last.first()).filter(|(column, _)| !column.nullable);
    Ok(match first {
        Some((column, value)) => {
            let side = if column.descending { "<=" } else { ">=" };
            format!("{} {side} {} AND {any}", column.sql, out.bind(value.clone()))
        }
        None => any,
    })
}

/// Strictly beyond `value` in one column; nothing is beyond an absent value but the next columns' order.
fn beyond(out: &mut Compiled, column: &SortColumn, value: &Value) -> Option<String> {
    if *value == Value::Null {
        return None;
    }
    let side = if column.descending { "<" } else { ">" };
    let beyond = format!("{} {side} {}", column.sql, out.bind(value.clone()));
    Some(if column.nullable { format!("({beyond} OR {} IS NULL)", column.sql) } else { beyond })
}

/// The cursor's values as they are bound; one for each column.
fn cursor_values(columns: &[SortColumn], cursor: &Cursor) -> StoreResult<Vec<Value>> {
    if cursor.values.len() != columns.len() {
        return Err(StoreError::invalid(
            "Invalid page token: it belongs to another order; start again without it",
        ));
    }
    let values = columns.iter().zip(&cursor.values).map(|(column, value)| {
        if column.is_trace_id {
            return trace_id_value(&cursor.trace_id);
        }
        match value {
            SortValue::Null => Value::Null,
            SortValue::Int(int) => Value::Integer(*int),
            SortValue::Real(real) => Value::Real(*real),
            SortValue::Text(text) => Value::Text(text.clone()),
        }
    });
    Ok(values.collect())
}

/// Returns a value of the sort key as a cursor keeps it; a trace id is kept beside it.
pub(crate) fn sort_value(value: Value) -> SortValue {
    match value {
        Value::Integer(int) => SortValue::Int(int),
        Value::Real(real) => SortValue::Real(real),
        Value::Text(text) => SortValue::Text(text),
        Value::Null | Value::Blob(_) => SortValue::Null,
    }
}
