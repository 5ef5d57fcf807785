//! Finds traces by their ids: the only place that does.
//!
//! Ids are random. A new trace changed a page of its own of an index of them, which was written to the log, and moved into
//! the database, for that trace alone. So the ids of the newest traces are held in memory ([`TraceIds`]), and go into table
//! `trace_by_id` many at a time, in their order: then each page takes several. Table `trace_by_id_build` says up to which
//! key all traces are in the table; what lies behind is read from `trace` when the store is opened.
//!
//! Memory names candidates, and `trace` decides: a reader whose view of the database is older or newer than the memory
//! finds what its view holds. Connections ask the memory through SQL functions, which [`attach`] adds.

mod memory;
mod merge;
#[cfg(test)]
mod tests;

pub(crate) use memory::TraceIds;

use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use memory::{Asker, Recent};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::TraceId;
use spanwise_store::StoreResult;
use std::sync::Arc;

/// What `sw_recent_trace` gives for an id that may be among those that memory has let go of. No trace has that key.
const LET_GO: i64 = -1;

/// What a check of the store looks for, and the query that counts it.
pub(crate) const PROBLEMS: [(&str, &str); 3] = [
    (
        "traces are not found by their ids",
        "SELECT count(*) FROM trace t WHERE t.trace_key <= (SELECT through_trace_key FROM trace_by_id_build)
         AND NOT EXISTS (SELECT 1 FROM trace_by_id i WHERE i.trace_id = t.trace_id AND i.trace_key = t.trace_key)",
    ),
    (
        "ids of traces belong to no trace",
        "SELECT count(*) FROM trace_by_id i
         WHERE NOT EXISTS (SELECT 1 FROM trace t WHERE t.trace_key = i.trace_key AND t.trace_id = i.trace_id)",
    ),
    (
        "ids are those of several traces",
        "SELECT count(*) FROM (SELECT trace_id FROM trace GROUP BY trace_id HAVING count(*) > 1)",
    ),
];

/// Adds `sw_recent_trace(trace_id, through_trace_key)` to a connection that reads, for [`find`].
pub(crate) fn attach(conn: &Connection, ids: &Arc<TraceIds>) -> StoreResult<()> {
    attach_as(conn, ids, Asker::Reader)
}

/// The same for the connection that writes, with `sw_trace_added(trace_id, trace_key)` and
/// `sw_trace_deleted(trace_id, trace_key)`.
fn attach_to_writer(conn: &Connection, ids: &Arc<TraceIds>) -> StoreResult<()> {
    attach_as(conn, ids, Asker::Writer)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    let added = Arc::clone(ids);
    conn.create_scalar_function("sw_trace_added", 2, flags, move |context| {
        added.add(context.get::<SqlTraceId<TraceId>>(0)?.0, context.get(1)?);
        Ok(true)
    })
    .map_err(sql_error)?;
    let deleted = Arc::clone(ids);
    conn.create_scalar_function("sw_trace_deleted", 2, flags, move |context| {
        deleted.delete(context.get::<SqlTraceId<TraceId>>(0)?.0, context.get(1)?);
        Ok(true)
    })
    .map_err(sql_error)
}

fn attach_as(conn: &Connection, ids: &Arc<TraceIds>, asker: Asker) -> StoreResult<()> {
    let ids = Arc::clone(ids);
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DIRECTONLY;
    conn.create_scalar_function("sw_recent_trace", 2, flags, move |context| {
        let id = context.get::<SqlTraceId<TraceId>>(0)?.0;
        Ok(match ids.recent(&id, context.get(1)?, asker) {
            Recent::Maybe(trace_key) => Some(trace_key),
            Recent::No => None,
            Recent::LetGo => Some(LET_GO),
        })
    })
    .map_err(sql_error)
}

/// Returns the key of a trace, visible or not.
pub(crate) fn find(conn: &Connection, id: &TraceId) -> StoreResult<Option<i64>> {
    // One statement: what the table has and up to where it goes is of one moment.
    let (indexed, recent, through): (Option<i64>, Option<i64>, i64) = conn
        .prepare_cached(
            "SELECT (SELECT trace_key FROM trace_by_id WHERE trace_id = ?1),
             sw_recent_trace(?1, through_trace_key), through_trace_key FROM trace_by_id_build",
        )
        .and_then(|mut statement| {
            statement.query_row([SqlTraceId(id)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        })
        .map_err(sql_error)?;
    match (indexed, recent) {
        (Some(trace_key), _) => Ok(Some(trace_key)),
        (None, None) => Ok(None),
        (None, Some(LET_GO)) => find_behind(conn, id, through),
        (None, Some(trace_key)) => has_id(conn, trace_key, id).map(|is_it| is_it.then_some(trace_key)),
    }
}

/// Returns the key of a visible trace.
pub(crate) fn find_visible(conn: &Connection, id: &TraceId) -> StoreResult<Option<i64>> {
    let Some(trace_key) = find(conn, id)? else { return Ok(None) };
    conn.prepare_cached("SELECT trace_key FROM trace WHERE trace_key = ?1 AND visible = 1")
        .and_then(|mut statement| statement.query_row([trace_key], |row| row.get(0)).optional())
        .map_err(sql_error)
}

/// Returns the keys of those of the traces that are there, visible or not.
pub(crate) fn find_all<'a>(
    conn: &Connection,
    ids: impl IntoIterator<Item = &'a TraceId>,
) -> StoreResult<Vec<i64>> {
    ids.into_iter().filter_map(|id| find(conn, id).transpose()).collect()
}

/// Looks at the rows of `trace` themselves, for a view of the database from before memory let go of them: that takes
/// some milliseconds, and happens to who reads while ids are merged.
fn find_behind(conn: &Connection, id: &TraceId, through: i64) -> StoreResult<Option<i64>> {
    conn.prepare_cached("SELECT trace_key FROM trace WHERE trace_key > ?2 AND trace_id = ?1")
        .and_then(|mut statement| statement.query_row((SqlTraceId(id), through), |row| row.get(0)).optional())
        .map_err(sql_error)
}

fn has_id(conn: &Connection, trace_key: i64, id: &TraceId) -> StoreResult<bool> {
    conn.prepare_cached("SELECT 1 FROM trace WHERE trace_key = ?2 AND trace_id = ?1")
        .and_then(|mut statement| statement.exists((SqlTraceId(id), trace_key)))
        .map_err(sql_error)
}

/// Notes a trace whose row was inserted, in the open transaction.
pub(crate) fn add(conn: &Connection, id: &TraceId, trace_key: i64) -> StoreResult<()> {
    conn.prepare_cached("SELECT sw_trace_added(?1, ?2)")
        .and_then(|mut statement| statement.query_row((SqlTraceId(id), trace_key), |_| Ok(())))
        .map_err(sql_error)
}

/// Lets go of traces whose rows were deleted, in the open transaction.
pub(crate) fn delete(conn: &Connection, traces: &[(i64, TraceId)]) -> StoreResult<()> {
    let mut of_table =
        conn.prepare_cached("DELETE FROM trace_by_id WHERE trace_id = ?1").map_err(sql_error)?;
    let mut of_memory = conn.prepare_cached("SELECT sw_trace_deleted(?1, ?2)").map_err(sql_error)?;
    for (trace_key, id) in traces {
        of_table.execute([SqlTraceId(id)]).map_err(sql_error)?;
        of_memory.query_row((SqlTraceId(id), trace_key), |_| Ok(())).map_err(sql_error)?;
    }
    Ok(())
}
