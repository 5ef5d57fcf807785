//! What is stored, in bytes: what is alive of it, what files take, and giving free pages of the index back.

use crate::error::{io_error, sql_error};
use rusqlite::Connection;
use spanwise_model::ExperimentId;
use spanwise_store::{DiskBytes, StoreResult};
use std::fs;
use std::path::Path;

/// About what the record of a trace takes in the index, also if it has no blocks.
const RECORD_BYTES: u64 = 512;
/// Pages of the index that may be free before they are given back; new rows use them first.
const FREE_PAGES_KEPT: u64 = 1024;
/// Part of the index that may be free, in percent.
const FREE_PERCENT_KEPT: u64 = 10;
/// Pages that one write gives back; all other writes wait for it, some 10 ms.
const STEP_PAGES: u64 = 256;

/// Bytes that count against a bound: those that are still referred to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LiveBytes {
    /// Blocks in segments.
    pub(crate) segments: u64,
    /// Pages in use of the index, and the word index.
    pub(crate) index: u64,
    /// Attachments, each once.
    pub(crate) attachments: u64,
}

impl LiveBytes {
    /// Adds them up.
    pub(crate) fn total(self) -> u64 {
        self.segments + self.index + self.attachments
    }

    /// Returns what goes with a trace whose blocks have so many bytes: also its part of the index.
    pub(crate) fn with_share_of_index(self, bytes: u64) -> u64 {
        let shared = u128::from(self.segments) + u128::from(self.index);
        let share = u128::from(bytes) * shared / u128::from(self.segments.max(1));
        u64::try_from(share).unwrap_or(u64::MAX).max(RECORD_BYTES)
    }
}

/// Returns what is alive in the whole store.
pub(crate) fn live_bytes(conn: &Connection) -> StoreResult<LiveBytes> {
    let segments = sum(conn, "SELECT coalesce(sum(live_bytes), 0) FROM segment")?;
    let postings = sum(conn, "SELECT coalesce(sum(bytes), 0) FROM posting_part")?;
    let pages = Pages::read(conn)?;
    let attachments = sum(conn, "SELECT coalesce(sum(bytes), 0) FROM attachment")?;
    Ok(LiveBytes { segments, index: (pages.count - pages.free) * pages.size + postings, attachments })
}

/// Returns what is alive of one experiment, as far as compaction has sorted it: what arrived within the last minutes
/// does not count yet. The index is shared out by bytes of segments.
pub(crate) fn live_bytes_of(conn: &Connection, experiment: ExperimentId) -> StoreResult<LiveBytes> {
    let all = live_bytes(conn)?;
    let segments: u64 = conn
        .prepare_cached("SELECT coalesce(sum(live_bytes), 0) FROM segment WHERE experiment_id = ?1")
        .and_then(|mut statement| statement.query_row([experiment.0], |row| row.get(0)))
        .map_err(sql_error)?;
    let index = u128::from(segments) * u128::from(all.index) / u128::from(all.segments.max(1));
    let attachments = conn
        .prepare_cached(
            "SELECT coalesce(sum(bytes), 0) FROM attachment WHERE hash IN
             (SELECT hash FROM attachment_use JOIN trace USING (trace_key) WHERE experiment_id = ?1)",
        )
        .and_then(|mut statement| statement.query_row([experiment.0], |row| row.get(0)))
        .map_err(sql_error)?;
    Ok(LiveBytes { segments, index: u64::try_from(index).unwrap_or(u64::MAX), attachments })
}

fn sum(conn: &Connection, sql: &str) -> StoreResult<u64> {
    conn.prepare_cached(sql)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}

/// The pages of the index database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    count: u64,
    free: u64,
    size: u64,
}

impl Pages {
    /// Reads how many there are.
    pub(crate) fn read(conn: &Connection) -> StoreResult<Pages> {
        let one = |name| conn.pragma_query_value(None, name, |row| row.get::<_, u64>(0)).map_err(sql_error);
        Ok(Pages { count: one("page_count")?, free: one("freelist_count")?, size: one("page_size")? })
    }

    /// Returns how many pages to give back while a store runs: some stay for what comes.
    pub(crate) fn surplus(self) -> u64 {
        self.free.saturating_sub(FREE_PAGES_KEPT.max(self.count / 100 * FREE_PERCENT_KEPT))
    }

    /// Returns the free pages.
    pub(crate) fn free(self) -> u64 {
        self.free
    }
}

/// Gives free pages back at the end of the database, in the open transaction; the file becomes shorter with the next
/// checkpoint. Returns how many were given back: none in a database that was made before pages could be.
pub(crate) fn give_back(conn: &Connection, pages: u64) -> StoreResult<u64> {
    let before = Pages::read(conn)?.count;
    let mut statement =
        conn.prepare(&format!("PRAGMA incremental_vacuum({})", pages.min(STEP_PAGES))).map_err(sql_error)?;
    let mut rows = statement.query([]).map_err(sql_error)?;
    // Each step of the statement gives one page back.
    while rows.next().map_err(sql_error)?.is_some() {}
    drop(rows);
    Ok(before.saturating_sub(Pages::read(conn)?.count))
}

/// Returns the sizes of all files but artifacts.
pub(crate) fn disk_bytes(data_dir: &Path) -> StoreResult<DiskBytes> {
    Ok(DiskBytes {
        segments: folder_bytes(&data_dir.join("segments"))?,
        index: folder_bytes(data_dir)?,
        postings: folder_bytes(&data_dir.join("postings"))?,
    })
}

/// Adds up the files of a folder, not of those in it; an absent one has none.
pub(crate) fn folder_bytes(folder: &Path) -> StoreResult<u64> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(io_error(format!("cannot read {}", folder.display()), error)),
    };
    // A file that vanishes in between (a write-ahead log, a compacted segment) counts nothing.
    Ok(entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(|meta| meta.is_file())
        .map(|meta| meta.len())
        .sum())
}
