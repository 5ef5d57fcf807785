//! Tags of traces.

use super::{NAME_TAG, trace_key};
use crate::error::sql_error;
use crate::trace_row::explicit;
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::{StoreError, StoreResult};

/// See [`spanwise_store::Store::set_trace_tag`].
pub(crate) fn set_trace_tag(conn: &Connection, id: &TraceId, key: &str, value: &str) -> StoreResult<()> {
    let trace_key = trace_key(conn, id)?;
    if key == NAME_TAG {
        return set_name(conn, trace_key, Some(value)).map(|_| ());
    }
    upsert_tag(conn, trace_key, key, value)
}

/// See [`spanwise_store::Store::delete_trace_tag`].
pub(crate) fn delete_trace_tag(conn: &Connection, id: &TraceId, key: &str) -> StoreResult<()> {
    let trace_key = trace_key(conn, id)?;
    let deleted = if key == NAME_TAG {
        set_name(conn, trace_key, None)?
    } else {
        conn.prepare_cached("DELETE FROM trace_tag WHERE trace_key = ?1 AND key = ?2")
            .and_then(|mut delete| delete.execute((trace_key, key)))
            .map_err(sql_error)?
    };
    match deleted {
        0 => Err(StoreError::not_found(format!("trace `{id}` has no tag `{key}`"))),
        _ => Ok(()),
    }
}

/// Sets one tag of the trace with that key.
pub(super) fn upsert_tag(conn: &Connection, trace_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO trace_tag (trace_key, key, value) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute((trace_key, key, value)))
        .map_err(sql_error)?;
    Ok(())
}

/// Sets or removes the name; returns 0 if there is none to remove. A removed name is not derived again.
fn set_name(conn: &Connection, trace_key: i64, name: Option<&str>) -> StoreResult<usize> {
    conn.prepare_cached(
        "UPDATE trace SET name = ?2, explicit = explicit | ?3
         WHERE trace_key = ?1 AND (?2 IS NOT NULL OR name IS NOT NULL)",
    )
    .and_then(|mut update| update.execute((trace_key, name, explicit::NAME)))
    .map_err(sql_error)
}
