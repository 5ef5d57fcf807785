//! Counts of values over a selection: columns of the newest traces, their tags, metadata and assessments, and, of
//! fewer, what their spans say.

use super::{map_values, span_values};
use crate::catalog::{USER_METADATA, key_array};
use crate::error::sql_error;
use crate::search::{self, SearchContext};
use crate::trace_row::state_from_number;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use rusqlite::vtab::array::Array;
use spanwise_query::state_name;
use spanwise_store::{FacetCounts, FacetField, FacetQuery, StoreResult};
use std::collections::HashMap;

/// Traces whose columns are counted.
const TRACES_MAX: usize = 50_000;

/// The traces of a facet, with the columns that are counted of them; newest first.
#[derive(Default)]
pub(crate) struct Counted {
    /// Their keys.
    pub(crate) keys: Vec<i64>,
    states: Vec<&'static str>,
    names: Vec<Option<String>>,
    sessions: Vec<Option<String>>,
    users: Vec<Option<String>>,
    /// Their resources.
    pub(crate) resources: Vec<Option<i64>>,
    /// Whether these are all of the selection.
    pub(crate) complete: bool,
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
    let of_maps = map_values::count(conn, &query.fields, &traces)?;
    let mut all = Vec::with_capacity(query.fields.len());
    for field in &query.fields {
        let (counts, counted, complete) = match of_spans.get(field) {
            Some((counts, counted)) => {
                (counts.clone(), *counted, traces.complete && *counted == traces.keys.len())
            }
            None => {
                let counts = match of_maps.get(field) {
                    Some(counts) => counts.clone(),
                    None => of_traces(conn, field, &traces)?,
                };
                (counts, traces.keys.len(), traces.complete)
            }
        };
        all.push(answer(query, field, counts, counted as u64, complete));
    }
    Ok(all)
}

fn newest(conn: &mut Connection, context: &SearchContext, query: &FacetQuery) -> StoreResult<Counted> {
    let filter = query.selection.whole_filter();
    let mut out = Counted::default();
    search::select(
        conn,
        context,
        &query.selection.experiments,
        filter.as_ref(),
        |compiled| {
            format!(
                "SELECT t.trace_key, t.state, t.name, t.session, t.user, t.resource_id FROM trace t WHERE {} \
                 ORDER BY t.start_ns DESC LIMIT {}",
                compiled.sql,
                TRACES_MAX + 1
            )
        },
        |row| {
            out.keys.push(row.get(0)?);
            out.states.push(state_name(state_from_number(row.get(1)?)));
            out.names.push(row.get(2)?);
            out.sessions.push(row.get(3)?);
            out.users.push(row.get(4)?);
            out.resources.push(row.get(5)?);
            Ok(())
        },
    )?;
    out.complete = out.keys.len() <= TRACES_MAX;
    out.truncate(TRACES_MAX);
    Ok(out)
}

impl Counted {
    fn truncate(&mut self, count: usize) {
        self.keys.truncate(count);
        self.states.truncate(count);
        [&mut self.names, &mut self.sessions, &mut self.users]
            .into_iter()
            .for_each(|column| column.truncate(count));
        self.resources.truncate(count);
    }

    /// Returns the keys as SQL takes them.
    pub(crate) fn key_array(&self) -> Array {
        key_array(self.keys.iter().copied())
    }
}

fn of_traces(conn: &Connection, field: &FacetField, traces: &Counted) -> StoreResult<Counts> {
    let given = |column: &[Option<String>]| count(column.iter().flatten());
    Ok(match field {
        FacetField::State => count(&traces.states),
        FacetField::Name => given(&traces.names),
        FacetField::Session => given(&traces.sessions),
        FacetField::User => given(&traces.users),
        FacetField::Metadata(key) if key == USER_METADATA => given(&traces.users),
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

fn count<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Counts {
    let mut counts = Counts::new();
    for value in values {
        add(&mut counts, value.as_ref());
    }
    counts
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
    counts: Counts,
    counted: u64,
    complete: bool,
) -> FacetCounts {
    let wanted = query.containing.to_lowercase();
    let mut values: Vec<(String, u64)> = counts
        .into_iter()
        .filter(|(value, _)| wanted.is_empty() || value.to_lowercase().contains(&wanted))
        .collect();
    let distinct = values.len() as u64;
    values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values.truncate(query.values_max);
    FacetCounts { field: field.clone(), values, distinct, counted, complete }
}
