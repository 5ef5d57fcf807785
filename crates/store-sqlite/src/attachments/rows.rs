//! What the index knows of attachments.

use crate::error::{damaged, sql_error};
use rusqlite::vtab::array::Array;
use rusqlite::{Connection, OptionalExtension, Row, params};
use spanwise_model::AttachmentHash;
use spanwise_store::StoreResult;

/// Notes that messages of a trace refer to attachments, with the bytes of each, in the open transaction.
pub(crate) fn add_uses(
    conn: &Connection,
    trace_key: i64,
    uses: &[(AttachmentHash, u64)],
    now_ns: i64,
) -> StoreResult<()> {
    for (hash, bytes) in uses {
        conn.prepare_cached("INSERT OR IGNORE INTO attachment (hash, bytes, created_ns) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute(params![&hash.0[..], bytes, now_ns]))
            .and_then(|_| {
                conn.prepare_cached("INSERT OR IGNORE INTO attachment_use (trace_key, hash) VALUES (?1, ?2)")
            })
            .and_then(|mut insert| insert.execute(params![trace_key, &hash.0[..]]))
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Deletes the uses of traces, and what nobody uses any more: the row now, the file soon after.
pub(crate) fn delete_uses(conn: &Connection, trace_keys: Array) -> StoreResult<()> {
    let mut hashes: Vec<[u8; 32]> = conn
        .prepare_cached("DELETE FROM attachment_use WHERE trace_key IN rarray(?1) RETURNING hash")
        .and_then(|mut delete| delete.query_map([trace_keys], |row| row.get(0))?.collect())
        .map_err(sql_error)?;
    hashes.sort_unstable();
    hashes.dedup();
    for hash in hashes {
        let deleted = conn
            .prepare_cached(
                "DELETE FROM attachment WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM attachment_use WHERE hash = ?1)",
            )
            .and_then(|mut delete| delete.execute([&hash[..]]))
            .map_err(sql_error)?;
        if deleted > 0 {
            conn.prepare_cached("INSERT OR IGNORE INTO attachment_removal (hash) VALUES (?1)")
                .and_then(|mut insert| insert.execute([&hash[..]]))
                .map_err(sql_error)?;
        }
    }
    Ok(())
}

/// Returns the bytes of an attachment that some trace uses.
pub(crate) fn size_of(conn: &Connection, hash: &AttachmentHash) -> StoreResult<Option<u64>> {
    conn.prepare_cached("SELECT bytes FROM attachment WHERE hash = ?1")
        .and_then(|mut select| select.query_row([&hash.0[..]], |row| row.get(0)).optional())
        .map_err(sql_error)
}

/// Returns some of the files whose row went.
pub(super) fn noted(conn: &Connection, limit: usize) -> StoreResult<Vec<AttachmentHash>> {
    conn.prepare_cached("SELECT hash FROM attachment_removal LIMIT ?1")
        .and_then(|mut select| select.query_map([limit as i64], read_hash)?.collect())
        .map_err(sql_error)
}

/// Deletes notes of files that are removed, or are needed again.
pub(super) fn delete_notes(conn: &Connection, hashes: &[AttachmentHash]) -> StoreResult<()> {
    let mut delete =
        conn.prepare_cached("DELETE FROM attachment_removal WHERE hash = ?1").map_err(sql_error)?;
    hashes.iter().try_for_each(|hash| delete.execute([&hash.0[..]]).map(drop)).map_err(sql_error)
}

fn read_hash(row: &Row<'_>) -> rusqlite::Result<AttachmentHash> {
    row.get(0).map(AttachmentHash)
}

/// Calls `visit` for each attachment with its bytes, by hash.
pub(crate) fn for_each(
    conn: &Connection,
    mut visit: impl FnMut(AttachmentHash, u64) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut select = conn.prepare("SELECT hash, bytes FROM attachment ORDER BY hash").map_err(sql_error)?;
    let mut rows = select.query([]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (hash, bytes) = read_hash(row)
            .and_then(|hash| Ok((hash, row.get(1)?)))
            .map_err(|error| damaged(format!("a row of `attachment` can't be read: {error}")))?;
        visit(hash, bytes)?;
    }
    Ok(())
}

/// Returns the ids of traces that use an attachment, as texts, at most `limit`, and how many there are.
pub(crate) fn users(
    conn: &Connection,
    hash: &AttachmentHash,
    limit: usize,
) -> StoreResult<(Vec<String>, u64)> {
    let ids = conn
        .prepare_cached(
            "SELECT sw_trace_id(trace_id) FROM attachment_use JOIN trace USING (trace_key) WHERE hash = ?1
             ORDER BY trace_key LIMIT ?2",
        )
        .and_then(|mut select| {
            select.query_map(params![&hash.0[..], limit as i64], |row| row.get(0))?.collect()
        })
        .map_err(sql_error)?;
    let count = conn
        .prepare_cached("SELECT count(*) FROM attachment_use WHERE hash = ?1")
        .and_then(|mut select| select.query_row([&hash.0[..]], |row| row.get(0)))
        .map_err(sql_error)?;
    Ok((ids, count))
}

/// Returns whether a trace is known to use an attachment.
pub(crate) fn is_used(conn: &Connection, trace_key: i64, hash: &AttachmentHash) -> StoreResult<bool> {
    conn.prepare_cached("SELECT 1 FROM attachment_use WHERE trace_key = ?1 AND hash = ?2")
        .and_then(|mut select| select.exists(params![trace_key, &hash.0[..]]))
        .map_err(sql_error)
}
