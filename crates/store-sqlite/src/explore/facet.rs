//! Counts of values over a selection: columns of the newest traces, their tags, metadata and assessments, and, of
//! fewer, what their spans say.

use super::{column_values, map_values, span_values};
use crate::catalog::{USER_METADATA, key_array};
use crate::error::sql_error;
use crate::scan::{self, Selected};
use crate::search::{self, Compiled, SearchContext};
use crate::trace_row::state_from_number;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use rusqlite::vtab::array::Array;
use spanwise_query::state_name;
use spanwise_store::{FacetCounts, FacetField, FacetQuery, StoreResult};
use std::borrow::Cow;
use std::collections::HashMap;

/// Traces whose columns are counted.
const TRACES_MAX: usize = 50_000;

/// The traces of a facet, newest first.
#[derive(Default)]
pub(crate) struct Counted {
    /// Their keys.
    pub(crate) keys: Vec<i64>,
    /// Where they are in the columns in memory.
    columns: Option<Selected>,
    /// Whether these are all of the selection.
    pub(crate) complete: bool,
    /// Whether the budget ended before the newest were found.
    is_unfinished: bool,
}

/// Values and the number of traces that have them.
pub(crate) type Counts = HashMap<String, u64>;

/// See [`spanwise_store::Store::trace_facets`].
pub(crate) fn trace_facets(
    conn: &mut Connection,
    context: &SearchContext,
    query: &FacetQuery,
) -> StoreResult<Vec<FacetCounts>> {
    let traces = newest(conn, context, query)?;
    let of_spans = span_values::count(conn, &context.spans, &query.fields, &traces)?;
    let mut of_columns = column_values::count(traces.columns.as_ref(), &query.fields);
    let rest: Vec<FacetField> =
        query.fields.iter().filter(|field| !of_columns.contains_key(field)).cloned().collect();
    of_columns.extend(map_values::count(conn, &rest, &traces)?);
    let mut all = Vec::with_capacity(query.fields.len());
    for field in &query.fields {
        let (counts, counted, complete) = match of_spans.get(field) {
            Some((counts, counted)) => {
                (Cow::Borrowed(counts), *counted, traces.complete && *counted == traces.keys.len())
            }
            None => {
                let counts = match of_columns.get(field) {
                    Some(counts) => Cow::Borrowed(counts),
                    None => Cow::Owned(of_traces(conn, field, &traces)?),
                };
                (counts, traces.keys.len(), traces.complete)
            }
        };
        let unfinished = traces.is_unfinished;
        all.push(FacetCounts { unfinished, ..answer(query, field, &counts, counted as u64, complete) });
    }
    Ok(all)
}

fn newest(conn: &mut Connection, context: &SearchContext, query: &FacetQuery) -> StoreResult<Counted> {
    let filter = query.selection.whole_filter();
    let (experiments, filter) = (&query.selection.experiments, filter.as_ref());
    // One more tells whether these are all.
    let limit = TRACES_MAX + 1;
    let budget = query.selection.budget;
    let (mut keys, columns, is_unfinished) =
        match scan::newest(conn, context, experiments, filter, budget, limit)? {
            Some(newest) => (newest.keys, Some(newest.selected), newest.is_unfinished),
            None => {
                let sql = |compiled: &mut Compiled| {
                    format!(
                        "SELECT t.trace_key FROM trace t WHERE {} ORDER BY t.start_ns DESC LIMIT {limit}",
                        compiled.sql
                    )
                };
                (search::select(conn, context, experiments, filter, sql, |row| row.get(0))?, None, false)
            }
        };
    let complete = keys.len() <= TRACES_MAX && !is_unfinished;
    keys.truncate(TRACES_MAX);
    Ok(Counted { columns: columns.map(|columns| columns.only(&keys)), keys, complete, is_unfinished })
}

impl Counted {
    /// Returns the keys as SQL takes them.
    pub(crate) fn key_array(&self) -> Array {
        key_array(self.keys.iter().copied())
    }
}

fn of_traces(conn: &Connection, field: &FacetField, traces: &Counted) -> StoreResult<Counts> {
    let of_row = |column: &str| {
        let sql = format!(
            "SELECT {column}, count(*) FROM trace WHERE trace_key IN rarray(?1) AND {column} IS NOT NULL GROUP BY 1"
        );
        grouped(conn, &sql, (traces.key_array(),))
    };
    Ok(match field {
        FacetField::State => states(conn, traces)?,
        FacetField::Name => of_row("name")?,
        FacetField::Session => of_row("session")?,
        FacetField::User => of_row("user")?,
        FacetField::Metadata(key) if key == USER_METADATA => of_row("user")?,
        FacetField::Metadata(key) => grouped(
            conn,
            "SELECT value, count(*) FROM trace_metadata WHERE trace_key IN rarray(?1) AND key = ?2 GROUP BY 1",
            (traces.key_array(), key),
        )?,
        FacetField::MetadataKeys => grouped(
            conn,
            "SELECT key, count(*) FROM trace_metadata WHERE trace_key IN rarray(?1) GROUP BY 1",
            (traces.key_array(),),
        )?,
        FacetField::FeedbackNames => assessed_names(conn, traces, 0)?,
        FacetField::ExpectationNames => assessed_names(conn, traces, 1)?,
        // These were counted before.
        FacetField::Tag(_)
        | FacetField::TagKeys
        | FacetField::Feedback(_)
        | FacetField::Expectation(_)
        | FacetField::Model
        | FacetField::Provider
        | FacetField::SpanType
        | FacetField::SpanName
        | FacetField::SpanStatus
        | FacetField::AttributeKeys
        | FacetField::Attribute(_) => Counts::new(),
    })
}

fn states(conn: &Connection, traces: &Counted) -> StoreResult<Counts> {
    conn.prepare_cached("SELECT state, count(*) FROM trace WHERE trace_key IN rarray(?1) GROUP BY 1")
        .and_then(|mut statement| {
            let rows = statement.query_map([traces.key_array()], |row| {
                Ok((state_name(state_from_number(row.get(0)?)).to_owned(), row.get(1)?))
            })?;
            rows.collect()
        })
        .map_err(sql_error)
}

/// Counts one more trace with this value.
pub(crate) fn add(counts: &mut Counts, value: &str) {
    match counts.get_mut(value) {
        Some(count) => *count += 1,
        None => drop(counts.insert(value.to_owned(), 1)),
    }
}

fn assessed_names(conn: &Connection, traces: &Counted, kind: i64) -> StoreResult<Counts> {
    grouped(
        conn,
        "SELECT name, count(DISTINCT trace_key) FROM assessment \
         WHERE trace_key IN rarray(?1) AND kind = ?2 AND valid = 1 GROUP BY 1",
        (traces.key_array(), kind),
    )
}

fn grouped(conn: &Connection, sql: &str, parameters: impl rusqlite::Params) -> StoreResult<Counts> {
    let mut statement = conn.prepare_cached(sql).map_err(sql_error)?;
    let mut rows = statement.query(parameters).map_err(sql_error)?;
    let mut counts = Counts::new();
    while let Some(row) = rows.next().map_err(sql_error)? {
        if let ValueRef::Text(text) = row.get_ref(0).map_err(sql_error)? {
            counts.insert(String::from_utf8_lossy(text).into_owned(), row.get(1).map_err(sql_error)?);
        }
    }
    Ok(counts)
}

fn answer(
    query: &FacetQuery,
    field: &FacetField,
    counts: &Counts,
    counted: u64,
    complete: bool,
) -> FacetCounts {
    let wanted = query.containing.to_lowercase();
    let mut values: Vec<(&str, u64)> = counts
        .iter()
        .filter(|(value, _)| wanted.is_empty() || value.to_lowercase().contains(&wanted))
        .map(|(value, count)| (value.as_str(), *count))
        .collect();
    let distinct = values.len() as u64;
    let most_first = |a: &(&str, u64), b: &(&str, u64)| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0));
    if values.len() > query.values_max {
        values.select_nth_unstable_by(query.values_max, most_first);
        values.truncate(query.values_max);
    }
    values.sort_unstable_by(most_first);
    let values = values.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
    FacetCounts { field: field.clone(), values, distinct, counted, complete, unfinished: false }
}
