//! How many spans of a trace failed: a trace may end well although some did.

use super::tree::TraceColumns;
use crate::spans;
use rusqlite::Connection;
use spanwise_model::{ErrorKind, SpanStatus, TraceId};
use spanwise_store::StoreResult;

/// Spans that one call looks at; traces that come after so many are left out.
const SPANS_MAX: usize = 200_000;

/// See [`spanwise_store::Store::count_failed_spans`].
pub(crate) fn count_failed_spans(conn: &Connection, ids: &[TraceId]) -> StoreResult<Vec<Option<u64>>> {
    let mut looked_at = 0;
    let mut counts = Vec::with_capacity(ids.len());
    for id in ids {
        if looked_at > SPANS_MAX {
            counts.push(None);
            continue;
        }
        let columns = match spans::key_of(conn, id) {
            Ok(key) => TraceColumns::load(conn, key)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                counts.push(Some(0));
                continue;
            }
            Err(error) => return Err(error),
        };
        looked_at += columns.live.len();
        let failed = columns.rows().filter(|(_, row)| row.status == SpanStatus::Error).count();
        counts.push(Some(failed as u64));
    }
    Ok(counts)
}
