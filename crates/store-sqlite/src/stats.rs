//! Figures about the store.

use crate::disk::folder_bytes;
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_store::{StoreResult, StoreStats};
use std::path::Path;

/// Returns figures about the store.
pub(crate) fn stats(conn: &Connection, data_dir: &Path) -> StoreResult<StoreStats> {
    let (traces, spans) = conn
        .query_row("SELECT count(*), coalesce(sum(span_count), 0) FROM trace WHERE visible = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(sql_error)?;
    let unindexed_bytes = conn
        .query_row(
            "SELECT coalesce(sum(length), 0) FROM block
             WHERE block_id > coalesce((SELECT max(last_block_id) FROM posting_part), 0)",
            [],
            |row| row.get(0),
        )
        .map_err(sql_error)?;
    let (attachments, attachment_bytes) = conn
        .query_row("SELECT count(*), coalesce(sum(bytes), 0) FROM attachment", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(sql_error)?;
    Ok(StoreStats {
        traces,
        spans,
        segment_bytes: folder_bytes(&data_dir.join("segments"))?,
        index_bytes: folder_bytes(data_dir)? + folder_bytes(&data_dir.join("postings"))?,
        unindexed_bytes,
        attachments,
        attachment_bytes,
    })
}
