//! Which traces to merge, and which segments to empty.

use crate::error::sql_error;
use rusqlite::types::Value;
use rusqlite::{Connection, named_params};
use spanwise_store::StoreResult;
use std::collections::HashSet;
use std::rc::Rc;

/// Nanoseconds in a day.
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

/// What makes a trace a candidate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Select {
    /// The last block that the word index has seen.
    pub(crate) indexed_through: i64,
    /// Its last block arrived before this.
    pub(crate) quiet_since_ns: i64,
    /// A segment with dead bytes from before this is emptied, however few they are.
    pub(crate) dead_before_ns: i64,
}

/// A trace whose blocks are to be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) trace_key: i64,
    pub(crate) experiment_id: i64,
    pub(crate) day: i64,
    /// Bytes of its blocks.
    pub(crate) stored_bytes: u64,
    /// Its last block: if another came since, the trace is not quiet.
    pub(crate) last_block_id: i64,
    /// Whether no root of it came, and no span says that its parent is in another process.
    pub(crate) is_rootless: bool,
}

/// Segments whose blocks are to move away: what arrived, and sealed files that are half dead or dead for too long.
const EMPTYING: &str = "(s.day IS NULL OR (s.sealed = 1 AND \
    (s.live_bytes * 2 < s.committed_bytes OR s.first_dead_ns < :dead_before_ns)))";

/// A block that is to move, and its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) block_id: i64,
    pub(crate) trace_key: i64,
}

/// Returns blocks behind one that are to move and have been quiet, in order; those of unreadable traces are left out.
pub(crate) fn next_blocks(
    conn: &Connection,
    select: &Select,
    after_block_id: i64,
    unreadable: &HashSet<i64>,
    limit: usize,
) -> StoreResult<Vec<Found>> {
    // The blocks of a segment have ids close to each other, but not in one range once they were merged: the blocks are
    // walked in order of arrival. CROSS says so to SQLite.
    let sql = format!(
        "SELECT c.block_id, c.trace_key FROM block c CROSS JOIN segment s ON s.segment_id = c.segment_id
         WHERE {EMPTYING} AND c.block_id > :after AND c.block_id <= :indexed_through
         AND c.arrival_ns < :quiet_since_ns AND c.trace_key NOT IN rarray(:unreadable)
         ORDER BY c.block_id LIMIT :limit"
    );
    let mut statement = conn.prepare_cached(&sql).map_err(sql_error)?;
    let rows = statement.query_map(
        named_params! {
            ":dead_before_ns": select.dead_before_ns,
            ":after": after_block_id,
            ":indexed_through": select.indexed_through,
            ":quiet_since_ns": select.quiet_since_ns,
            ":limit": limit,
            ":unreadable": Rc::new(unreadable.iter().copied().map(Value::from).collect::<Vec<_>>()),
        },
        |row| Ok(Found { block_id: row.get(0)?, trace_key: row.get(1)? }),
    );
    rows.and_then(Iterator::collect).map_err(sql_error)
}

/// Returns those of some traces that are to be merged: those that have been quiet as a whole.
pub(crate) fn candidates(
    conn: &Connection,
    select: &Select,
    trace_keys: impl Iterator<Item = i64>,
) -> StoreResult<Vec<Candidate>> {
    let mut statement = conn
        .prepare_cached(
            "SELECT t.trace_key, t.experiment_id, t.start_ns, sum(b.length), max(b.block_id), t.root_rank IS NULL
             FROM rarray(:keys) q
             JOIN trace t ON t.trace_key = q.value
             JOIN block b ON b.trace_key = q.value
             GROUP BY t.trace_key
             HAVING max(b.arrival_ns) < :quiet_since_ns AND max(b.block_id) <= :indexed_through",
        )
        .map_err(sql_error)?;
    let rows = statement.query_map(
        named_params! {
            ":indexed_through": select.indexed_through,
            ":quiet_since_ns": select.quiet_since_ns,
            ":keys": Rc::new(trace_keys.map(Value::from).collect::<Vec<_>>()),
        },
        |row| {
            Ok(Candidate {
                trace_key: row.get(0)?,
                experiment_id: row.get(1)?,
                day: row.get::<_, i64>(2)?.div_euclid(DAY_NS),
                stored_bytes: row.get(3)?,
                last_block_id: row.get(4)?,
                is_rootless: row.get(5)?,
            })
        },
    );
    rows.and_then(Iterator::collect).map_err(sql_error)
}

/// Returns the sealed segments of days that are to be emptied.
pub(crate) fn emptying_sealed_segments(conn: &Connection, select: &Select) -> StoreResult<HashSet<i64>> {
    conn.prepare_cached(&format!("SELECT s.segment_id FROM segment s WHERE s.day IS NOT NULL AND {EMPTYING}"))
        .and_then(|mut statement| {
            let parameters = named_params! { ":dead_before_ns": select.dead_before_ns };
            statement.query_map(parameters, |row| row.get(0))?.collect()
        })
        .map_err(sql_error)
}

/// Returns the last block that there is.
pub(crate) fn last_block_id(conn: &Connection) -> StoreResult<i64> {
    conn.query_row("SELECT coalesce(max(block_id), 0) FROM block", [], |row| row.get(0)).map_err(sql_error)
}

/// Returns segments that are still written to, but should be emptied: dead, half dead, or dead for too long.
pub(crate) fn emptying_open_segments(conn: &Connection, dead_before_ns: i64) -> StoreResult<Vec<i64>> {
    /// A smaller file is not worth a new one.
    const BYTES_MIN: i64 = 1 << 20;
    conn.prepare_cached(
        "SELECT segment_id FROM segment WHERE sealed = 0
         AND (first_dead_ns < ?1 OR (first_dead_ns IS NOT NULL AND live_bytes = 0)
              OR (committed_bytes >= ?2 AND live_bytes * 2 < committed_bytes))",
    )
    .and_then(|mut statement| statement.query_map([dead_before_ns, BYTES_MIN], |row| row.get(0))?.collect())
    .map_err(sql_error)
}
