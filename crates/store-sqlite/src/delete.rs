//! What a delete means beyond its rows: the bytes in segments are let go, and marked as deleted.

use crate::catalog::DeletedTraces;
use crate::error::sql_error;
use crate::store::now_ns;
use crate::writer::WriteContext;
use rusqlite::params;
use spanwise_store::StoreResult;
use std::collections::HashMap;

/// Counts the deleted blocks as dead bytes of their segments, so that compaction removes them within a day, and
/// marks the traces as deleted in the segment, so that an index rebuilt from segments does not bring them back.
pub(crate) fn let_go(context: &mut WriteContext<'_>, deleted: &DeletedTraces) -> StoreResult<()> {
    let now = now_ns();
    let mut dead_bytes: HashMap<i64, u64> = HashMap::new();
    for block in &deleted.blocks {
        *dead_bytes.entry(block.segment_id).or_default() += block.length;
    }
    for (segment_id, bytes) in dead_bytes {
        context
            .conn
            .prepare_cached(
                "UPDATE segment SET live_bytes = max(live_bytes - ?2, 0), first_dead_ns = coalesce(first_dead_ns, ?3)
                 WHERE segment_id = ?1",
            )
            .and_then(|mut statement| statement.execute(params![segment_id, bytes, now]))
            .map_err(sql_error)?;
    }
    for (_, trace_id) in &deleted.traces {
        context.states.forget(trace_id);
        context.segment.append_deleted(context.conn, trace_id, now)?;
    }
    Ok(())
}
