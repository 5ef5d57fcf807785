//! Where the indexer reads from: rows of blocks in short transactions, and the blocks themselves.

use crate::block::{Block, BlockKind};
use crate::columns::{self, Columns};
use crate::error::sql_error;
use crate::segment::Location;
use rusqlite::{Connection, OptionalExtension, Row, params};
use spanwise_store::StoreResult;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Rows that are read in one transaction; some KiB each.
const ROWS_PER_READ: usize = 64;
/// Trace keys that are asked for in one transaction.
pub(crate) const TRACES_PER_READ: i64 = 100_000;

/// Reads, verifies and unpacks one block.
pub(crate) type LoadBlock = Arc<dyn Fn(Location) -> StoreResult<Block> + Send + Sync>;

/// A row of table `block`.
pub(crate) struct BlockRow {
    pub(crate) block_id: i64,
    pub(crate) trace_key: i64,
    location: Location,
    kind: i64,
    columns: Vec<u8>,
}

/// A block, as far as it can be read.
pub(crate) enum Loaded {
    /// Spans and their columns.
    Spans(Block, Columns),
    /// Log records.
    Logs(Block),
    /// Nothing to index: deleted in the meantime, or of a kind that holds no text.
    Nothing,
    /// Damaged.
    Unreadable,
}

impl Loaded {
    /// Returns about how many bytes were unpacked.
    pub(crate) fn raw_bytes(&self) -> usize {
        match self {
            Loaded::Spans(block, _) | Loaded::Logs(block) => block.memory_bytes(),
            Loaded::Nothing | Loaded::Unreadable => 0,
        }
    }
}

/// Returns the id of the newest block; 0 if there is none.
pub(crate) fn last_block_id(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT coalesce(max(block_id), 0) FROM block")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}

/// Returns the first blocks of a range in order, at most [`ROWS_PER_READ`].
pub(crate) fn next_rows(conn: &Connection, ids: RangeInclusive<i64>) -> StoreResult<Vec<BlockRow>> {
    conn.prepare_cached(
        "SELECT block_id, trace_key, segment_id, offset, length, kind, columns FROM block
         WHERE block_id BETWEEN ?1 AND ?2 ORDER BY block_id LIMIT ?3",
    )
    .and_then(|mut statement| {
        let rows = statement.query_map(params![ids.start(), ids.end(), ROWS_PER_READ as i64], read_row)?;
        rows.collect()
    })
    .map_err(sql_error)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<BlockRow> {
    Ok(BlockRow {
        block_id: row.get(0)?,
        trace_key: row.get(1)?,
        location: Location { segment_id: row.get(2)?, offset: row.get(3)?, length: row.get(4)? },
        kind: row.get(5)?,
        columns: row.get(6)?,
    })
}

/// Reads the block of a row. Its row may have changed since: a compaction moves blocks, a delete removes them.
pub(crate) fn load(conn: &Connection, load_block: &LoadBlock, row: &BlockRow) -> StoreResult<Loaded> {
    let error = match read(load_block, row) {
        Ok(loaded) => return Ok(loaded),
        Err(error) => error,
    };
    let mut statement = conn
        .prepare_cached("SELECT block_id, trace_key, segment_id, offset, length, kind, columns FROM block WHERE block_id = ?1")
        .map_err(sql_error)?;
    match statement.query_row([row.block_id], read_row).optional().map_err(sql_error)? {
        None => Ok(Loaded::Nothing),
        Some(moved) if moved.location != row.location => read(load_block, &moved),
        Some(_) => {
            tracing::error!(block.id = row.block_id, error = %error, "a block cannot be indexed; every search looks at it");
            Ok(Loaded::Unreadable)
        }
    }
}

fn read(load_block: &LoadBlock, row: &BlockRow) -> StoreResult<Loaded> {
    match BlockKind::from_number(row.kind) {
        Some(BlockKind::Spans) => {
            Ok(Loaded::Spans(load_block(row.location)?, columns::unpack_spans(&row.columns)?))
        }
        Some(BlockKind::Logs) => Ok(Loaded::Logs(load_block(row.location)?)),
        _ => Ok(Loaded::Nothing),
    }
}

/// Returns those of some traces that still have a block.
pub(crate) fn traces_with_blocks(conn: &Connection, keys: RangeInclusive<i64>) -> StoreResult<Vec<i64>> {
    // The index block_by_trace answers this without touching a row.
    conn.prepare_cached("SELECT DISTINCT trace_key FROM block WHERE trace_key BETWEEN ?1 AND ?2")
        .and_then(|mut statement| {
            let keys = statement.query_map([keys.start(), keys.end()], |row| row.get(0))?;
            keys.collect()
        })
        .map_err(sql_error)
}
