//! Runs searches on a reading thread, with a limit on how long one may take.

use super::compile::{Compiled, compile};
use super::functions::{Current, with_current};
use super::named::named_traces;
use super::narrow::Narrower;
use super::order::{after, order_by, sort_columns, sort_value};
use super::probe::SpanProbe;
use crate::catalog;
use crate::error::sql_error;
use crate::postings::Postings;
use crate::scan::{self, Verdicts};
use crate::spans::SpanReader;
use crate::table::TraceTable;
use crate::trace_ids;
use crate::trace_row::SqlTraceId;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};
use spanwise_model::{ExperimentId, TraceId};
use spanwise_query::Filter;
use spanwise_store::{Cursor, SortValue, StoreError, StoreResult, TracePage, TraceQuery};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one search may run.
const SEARCH_TIME_MAX: Duration = Duration::from_secs(30);
/// SQLite instructions between two looks at the clock.
pub(super) const INSTRUCTIONS_PER_CHECK: i32 = 10_000;

/// What a search needs beside its connection.
#[derive(Clone)]
pub(crate) struct SearchContext {
    pub(crate) database: PathBuf,
    pub(crate) spans: Arc<SpanReader>,
    pub(crate) postings: Postings,
    pub(crate) table: Arc<TraceTable>,
    pub(crate) verdicts: Arc<Verdicts>,
}

/// Returns one page; see the trait.
pub(crate) fn find_traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &TraceQuery,
) -> StoreResult<TracePage> {
    if query.experiments.is_empty() {
        return Ok(TracePage { traces: Vec::new(), next: None });
    }
    if let Some(page) = scan::find_traces(conn, context, query)? {
        return Ok(page);
    }
    let deadline = deadline();
    let mut compiled =
        narrow_and_compile(conn, context, &query.experiments, query.filter.as_ref(), deadline)?;
    let columns = sort_columns(&mut compiled, &query.order);
    let after = query.after.as_ref().map(|cursor| after(&mut compiled, &columns, cursor)).transpose()?;
    let keys: Vec<&str> = columns.iter().map(|column| column.sql.as_str()).collect();
    let sql = format!(
        "SELECT t.trace_key, t.trace_id, {} FROM trace t WHERE {}{} ORDER BY {} LIMIT {}",
        keys.join(", "),
        compiled.sql,
        after.map(|after| format!(" AND {after}")).unwrap_or_default(),
        order_by(&columns),
        query.limit,
    );
    let rows = execute(conn, context, compiled, &sql, deadline, |row| {
        let values = (2..2 + columns.len()).map(|index| row.get::<_, Value>(index).map(sort_value));
        Ok(FoundRow {
            trace_key: row.get(0)?,
            trace_id: row.get::<_, SqlTraceId<TraceId>>(1)?.0,
            values: values.collect::<rusqlite::Result<_>>()?,
        })
    })?;
    let next = rows.last().filter(|_| rows.len() == query.limit).map(FoundRow::cursor);
    let trace_keys: Vec<i64> = rows.iter().map(|row| row.trace_key).collect();
    Ok(TracePage { traces: catalog::load_infos(conn, &trace_keys)?, next })
}

/// Runs a query of one's own over the traces `t` that match: `write_sql` puts the compiled condition into it.
pub(crate) fn select<T>(
    conn: &mut Connection,
    context: &SearchContext,
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
    write_sql: impl FnOnce(&mut Compiled) -> String,
    read_row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Vec<T>> {
    if experiments.is_empty() {
        return Ok(Vec::new());
    }
    let deadline = deadline();
    let mut compiled = narrow_and_compile(conn, context, experiments, filter, deadline)?;
    let sql = write_sql(&mut compiled);
    execute(conn, context, compiled, &sql, deadline, read_row)
}

/// Returns how many match; see the trait.
pub(crate) fn count_traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &TraceQuery,
) -> StoreResult<u64> {
    if let Some(count) = scan::count_traces(conn, context, &query.experiments, query.filter.as_ref())? {
        return Ok(count);
    }
    let count = |compiled: &mut Compiled| format!("SELECT count(*) FROM trace t WHERE {}", compiled.sql);
    let counts = select(conn, context, &query.experiments, query.filter.as_ref(), count, |row| row.get(0))?;
    Ok(counts.first().copied().unwrap_or(0))
}

fn narrow_and_compile(
    conn: &Connection,
    context: &SearchContext,
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
    deadline: Instant,
) -> StoreResult<Compiled> {
    let parts = context.postings.snapshot();
    let narrower = Narrower::new(conn, parts)?;
    let mut compiled = compile(experiments, filter, &narrower, &|| in_time(deadline))?;
    if let Some(ids) = filter.and_then(named_traces) {
        let keys: Vec<String> = trace_ids::find_all(conn, &ids)?.iter().map(i64::to_string).collect();
        compiled.sql.push_str(&format!(" AND t.trace_key IN ({})", keys.join(", ")));
    }
    Ok(compiled)
}

/// Returns when a search that begins now has to be done.
pub(crate) fn deadline() -> Instant {
    Instant::now() + SEARCH_TIME_MAX
}

/// Returns an error once the deadline is over.
pub(crate) fn in_time(deadline: Instant) -> StoreResult<()> {
    if Instant::now() > deadline { Err(too_slow()) } else { Ok(()) }
}

struct FoundRow {
    trace_key: i64,
    trace_id: TraceId,
    values: Vec<SortValue>,
}

impl FoundRow {
    fn cursor(&self) -> Cursor {
        Cursor { values: self.values.clone(), trace_id: self.trace_id.clone() }
    }
}

fn execute<T>(
    conn: &mut Connection,
    context: &SearchContext,
    compiled: Compiled,
    sql: &str,
    deadline: Instant,
    read_row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<Vec<T>> {
    let probe = if compiled.tests.spans.is_empty() {
        None
    } else {
        Some(SpanProbe::open(&context.database, Arc::clone(&context.spans))?)
    };
    conn.progress_handler(INSTRUCTIONS_PER_CHECK, Some(move || Instant::now() > deadline))
        .map_err(sql_error)?;
    let (result, _) = with_current(Current { tests: compiled.tests, probe, verdicts: None }, || {
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(params_from_iter(compiled.parameters), read_row)?;
        rows.collect::<rusqlite::Result<Vec<T>>>()
    });
    conn.progress_handler(0, None::<fn() -> bool>).map_err(sql_error)?;
    result.map_err(search_error)
}

pub(super) fn search_error(error: rusqlite::Error) -> StoreError {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        return too_slow();
    }
    sql_error(error)
}

fn too_slow() -> StoreError {
    StoreError::invalid(format!(
        "the search took longer than {} s; narrow it by experiment, time or another clause",
        SEARCH_TIME_MAX.as_secs()
    ))
}
