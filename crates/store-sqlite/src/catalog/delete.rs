//! Deleting traces with all rows that belong to them.

use super::{id_array, key_array};
use crate::attachments;
use crate::error::sql_error;
use crate::trace_ids;
use crate::trace_row::SqlTraceId;
use rusqlite::{Connection, Params};
use spanwise_model::{ExperimentId, TraceId};
use spanwise_store::{DeleteTraces, StoreResult};

/// What was deleted, so that segments and memory can follow.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DeletedTraces {
    /// Keys and ids of the traces.
    pub(crate) traces: Vec<(i64, TraceId)>,
    /// How many of them could be seen; the others were known from log records only.
    pub(crate) visible: u64,
    /// The blocks that are no longer referred to.
    pub(crate) blocks: Vec<DeletedBlock>,
    /// Where their artifacts are, if they have any, below the folder of all artifacts.
    pub(crate) artifact_folders: Vec<String>,
}

/// A block that is no longer referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeletedBlock {
    /// The segment that holds it.
    pub(crate) segment_id: i64,
    /// Its bytes there.
    pub(crate) length: u64,
}

/// See [`spanwise_store::Store::delete_traces`]; `before` may look at the traces while they are there.
pub(crate) fn delete_traces(
    conn: &Connection,
    experiment: ExperimentId,
    which: &DeleteTraces,
    before: impl FnOnce(&[(i64, TraceId)]) -> StoreResult<()>,
) -> StoreResult<DeletedTraces> {
    let deleted = find(conn, experiment, which)?;
    before(&deleted.traces)?;
    delete_rows(conn, deleted)
}

/// Deletes the traces with these keys, as far as they exist; `before` may look at them while they are there.
pub(crate) fn delete_keys(
    conn: &Connection,
    keys: &[i64],
    before: impl FnOnce(&[(i64, TraceId)]) -> StoreResult<()>,
) -> StoreResult<DeletedTraces> {
    let traces = select(conn, "trace_key IN rarray(?1)", [key_array(keys.iter().copied())])?;
    before(&traces)?;
    delete_rows(conn, found(traces))
}

/// Deletes what was found, with all rows that belong to it.
fn delete_rows(conn: &Connection, mut deleted: DeletedTraces) -> StoreResult<DeletedTraces> {
    let keys = key_array(deleted.traces.iter().map(|(key, _)| *key));
    deleted.artifact_folders = conn
        .prepare_cached(
            "SELECT experiment_id || '/traces/' || sw_trace_id(trace_id) FROM trace WHERE trace_key IN rarray(?1)",
        )
        .and_then(|mut statement| statement.query_map([keys.clone()], |row| row.get(0))?.collect())
        .map_err(sql_error)?;
    deleted.blocks = conn
        .prepare_cached("DELETE FROM block WHERE trace_key IN rarray(?1) RETURNING segment_id, length")
        .and_then(|mut delete| {
            let rows = delete.query_map([keys.clone()], |row| {
                Ok(DeletedBlock { segment_id: row.get(0)?, length: row.get::<_, i64>(1)?.max(0) as u64 })
            })?;
            rows.collect()
        })
        .map_err(sql_error)?;
    attachments::delete_uses(conn, keys.clone())?;
    let ids = id_array(deleted.traces.iter().map(|(_, id)| id));
    conn.prepare_cached("DELETE FROM trace_run WHERE trace_id IN rarray(?1)")
        .and_then(|mut delete| delete.execute([ids]))
        .map_err(sql_error)?;
    // Tags, metadata, assessments and prompt links go with their trace (ON DELETE CASCADE).
    conn.prepare_cached("DELETE FROM trace WHERE trace_key IN rarray(?1)")
        .and_then(|mut delete| delete.execute([keys]))
        .map_err(sql_error)?;
    trace_ids::delete(conn, &deleted.traces)?;
    Ok(deleted)
}

fn find(conn: &Connection, experiment: ExperimentId, which: &DeleteTraces) -> StoreResult<DeletedTraces> {
    match which {
        DeleteTraces::Ids(ids) => {
            let condition = "experiment_id = ?1 AND visible = 1 AND trace_key IN rarray(?2)";
            let keys = key_array(trace_ids::find_all(conn, ids)?);
            let traces = select(conn, condition, (experiment.0, keys))?;
            Ok(found(traces))
        }
        DeleteTraces::Until { max_start_ms, limit } => {
            // The last nanosecond of that millisecond.
            let max_start_ns = max_start_ms.saturating_mul(1_000_000).saturating_add(999_999);
            let limit_rows = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            let condition = "experiment_id = ?1 AND visible = 1 AND start_ns <= ?2
                             ORDER BY start_ns, trace_id LIMIT ?3";
            let mut traces = select(conn, condition, (experiment.0, max_start_ns, limit_rows))?;
            let visible = traces.len() as u64;
            if limit.is_none_or(|limit| visible < limit) {
                // Log records whose spans never came (they were not sampled) would otherwise stay for ever.
                let condition = "experiment_id = ?1 AND visible = 0 AND start_ns <= ?2";
                traces.extend(select(conn, condition, (experiment.0, max_start_ns))?);
            }
            Ok(DeletedTraces { visible, ..found(traces) })
        }
    }
}

fn found(traces: Vec<(i64, TraceId)>) -> DeletedTraces {
    DeletedTraces { visible: traces.len() as u64, traces, ..DeletedTraces::default() }
}

fn select(conn: &Connection, condition: &str, params: impl Params) -> StoreResult<Vec<(i64, TraceId)>> {
    conn.prepare_cached(&format!("SELECT trace_key, trace_id FROM trace WHERE {condition}"))
        .and_then(|mut statement| {
            let rows = statement
                .query_map(params, |row| Ok((row.get(0)?, row.get::<_, SqlTraceId<TraceId>>(1)?.0)))?;
            rows.collect()
        })
        .map_err(sql_error)
}
