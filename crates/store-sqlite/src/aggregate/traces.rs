//! Measures of traces: from the columns in memory, or from rows while these are being loaded.

use super::{NS_PER_MS, place};
use crate::error::sql_error;
use crate::scan::{self, Selected};
use crate::search::{self, SearchContext};
use crate::table::{Chunk, Ints, NAME, SESSION};
use crate::trace_row::state_from_number;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{Measure, MetricDimension, TokenKind, TraceState};
use spanwise_query::state_name;
use spanwise_store::{AggregateQuery, Grouping, StoreResult};
use xxhash_rust::xxh3::xxh3_64;

/// What is measured of a trace, but its texts.
struct Facts {
    start_ns: i64,
    state: TraceState,
    duration_ns: Option<i64>,
    /// Input, output, total, read from a cache, written to one.
    tokens: [Option<i64>; 5],
}

/// Columns that [`Facts::from_columns`] reads.
const FACT_COLUMNS: &str = "t.start_ns, t.state, t.duration_ns, t.input_tokens, t.output_tokens, t.total_tokens, \
    t.cache_read_tokens, t.cache_creation_tokens";

impl Facts {
    fn of_chunk(chunk: &Chunk, row: usize) -> Facts {
        let known = |column: &Ints| chunk.has_usage.contains(row).then(|| column.get(row));
        let optional = |column: &Ints| known(column)?.checked_sub(1).filter(|count| *count >= 0);
        Facts {
            start_ns: chunk.start_ns[row],
            state: chunk.state(row),
            duration_ns: chunk.has_duration.contains(row).then(|| chunk.duration_ns.get(row)),
            tokens: [
                known(&chunk.input_tokens),
                known(&chunk.output_tokens),
                known(&chunk.total_tokens),
                optional(&chunk.cache_read_tokens),
                optional(&chunk.cache_write_tokens),
            ],
        }
    }

    fn from_columns(row: &Row<'_>) -> rusqlite::Result<Facts> {
        Ok(Facts {
            start_ns: row.get(0)?,
            state: state_from_number(row.get(1)?),
            duration_ns: row.get(2)?,
            tokens: [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?],
        })
    }

    fn value(&self, measure: Measure) -> Option<f64> {
        let tokens = |kind: TokenKind| self.tokens[kind as usize].map(|count| count as f64);
        match measure {
            Measure::TraceLatency => self.duration_ns.map(|ns| ns.div_euclid(NS_PER_MS) as f64),
            Measure::Tokens(kind) => tokens(kind),
            _ => Some(1.0),
        }
    }
}

/// Adds the measures of the traces that a question is about.
pub(super) fn add(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let selected = scan::select(conn, context, &selection.experiments, filter.as_ref(), None)?;
    match selected.filter(|selected| can_tell(selected, query)) {
        Some(selected) => add_columns(conn, query, &selected, grouping),
        None => add_rows(conn, context, query, grouping),
    }
}

/// Returns whether the columns know what is to be told apart: of sessions that are not kept they know a short hash alone.
fn can_tell(selected: &Selected, query: &AggregateQuery) -> bool {
    query.measure != Measure::SessionCount || selected.snapshot.texts(SESSION).is_complete()
}

fn add_columns(
    conn: &Connection,
    query: &AggregateQuery,
    selected: &Selected,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let by_name = query.dimensions.contains(&MetricDimension::TraceName);
    let (names, sessions) = (selected.snapshot.texts(NAME), selected.snapshot.texts(SESSION));
    for (number, chunk, rows) in selected.chunks() {
        for row in rows.iter() {
            let read;
            let name = match chunk.code(NAME, row) {
                code if !by_name || code == 0 => None,
                code => match names.of_code(code) {
                    Some(name) => Some(name),
                    // A long name, or one of very many.
                    None => {
                        read = name_of(conn, crate::table::trace_key(number, row))?;
                        read.as_deref()
                    }
                },
            };
            let session = sessions.of_code(chunk.code(SESSION, row));
            add_trace(query, &Facts::of_chunk(chunk, row), name, session, grouping)?;
        }
    }
    Ok(())
}

fn name_of(conn: &Connection, trace_key: i64) -> StoreResult<Option<String>> {
    let name = conn
        .prepare_cached("SELECT name FROM trace WHERE trace_key = ?1")
        .and_then(|mut select| select.query_row([trace_key], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    Ok(name.flatten())
}

fn add_rows(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let sql = |compiled: &mut search::Compiled| {
        format!("SELECT {FACT_COLUMNS}, t.name, t.session FROM trace t WHERE {}", compiled.sql)
    };
    let mut outcome = Ok(());
    let read = |row: &Row<'_>| {
        let facts = Facts::from_columns(row)?;
        let text = |index| row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from);
        if outcome.is_ok() {
            outcome = add_trace(query, &facts, text(8)?, text(9)?, grouping);
        }
        Ok(())
    };
    // Nothing is collected.
    search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    outcome
}

fn add_trace(
    query: &AggregateQuery,
    facts: &Facts,
    name: Option<&str>,
    session: Option<&str>,
    grouping: &mut Grouping<'_>,
) -> StoreResult<()> {
    let text = |dimension| match dimension {
        MetricDimension::TraceStatus => Some(state_name(facts.state)),
        _ => name,
    };
    let Some(value) = facts.value(query.measure) else { return Ok(()) };
    let Some(place) = place(grouping, query, facts.start_ns, text) else { return Ok(()) };
    match (query.measure, session) {
        (Measure::SessionCount, Some(session)) => {
            return grouping.add_distinct(place, xxh3_64(session.as_bytes()));
        }
        (Measure::SessionCount, None) => {}
        _ => grouping.add(place, value),
    }
    Ok(())
}
