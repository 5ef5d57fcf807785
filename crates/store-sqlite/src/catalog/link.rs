//! Links from traces to runs and to prompt versions.

use super::trace_key;
use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::{PromptLink, StoreResult};

/// See [`spanwise_store::Store::link_traces_to_run`].
pub(crate) fn link_traces_to_run(conn: &Connection, traces: &[TraceId], run_id: &str) -> StoreResult<()> {
    let mut insert = conn
        .prepare_cached("INSERT OR IGNORE INTO trace_run (run_id, trace_id) VALUES (?1, ?2)")
        .map_err(sql_error)?;
    for trace in traces {
        insert.execute((run_id, SqlTraceId(trace))).map_err(sql_error)?;
    }
    Ok(())
}

/// Returns the traces that are linked to a run, whether they are there or not.
pub(crate) fn traces_of_run(conn: &Connection, run_id: &str) -> StoreResult<Vec<TraceId>> {
    conn.prepare_cached("SELECT trace_id FROM trace_run WHERE run_id = ?1")
        .and_then(|mut statement| {
            let rows = statement.query_map([run_id], |row| Ok(row.get::<_, SqlTraceId<TraceId>>(0)?.0))?;
            rows.collect()
        })
        .map_err(sql_error)
}

/// See [`spanwise_store::Store::link_prompts`].
pub(crate) fn link_prompts(conn: &Connection, trace: &TraceId, prompts: &[PromptLink]) -> StoreResult<()> {
    let trace_key = trace_key(conn, trace)?;
    let mut insert = conn
        .prepare_cached("INSERT OR IGNORE INTO trace_prompt (trace_key, name, version) VALUES (?1, ?2, ?3)")
        .map_err(sql_error)?;
    for prompt in prompts {
        insert.execute((trace_key, &prompt.name, &prompt.version)).map_err(sql_error)?;
    }
    Ok(())
}
