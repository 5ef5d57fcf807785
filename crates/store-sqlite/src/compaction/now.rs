//! Compaction on request: all that background work would do some time, now.

use super::select::Select;
use super::{SharedCompactor, lock};
use crate::disk::{self, Pages};
use crate::error::sql_error;
use crate::postings::{Indexer, Postings};
use crate::schema;
use crate::segment::FILE_HEADER_BYTES;
use crate::store::SqliteStore;
use crate::writer::Writer;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{CompactReport, Progress, StoreError, StoreResult};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long writers are held up, at most, so that the log can be moved into the database and both can shrink.
const HELD_UP_MAX: Duration = Duration::from_millis(500);

/// What the work needs of the store; it goes on when the caller has gone, until its progress says so or the store
/// closes.
struct Work {
    data_dir: PathBuf,
    compactor: SharedCompactor,
    indexer: Arc<Indexer>,
    postings: Postings,
    writer: Arc<Writer>,
    progress: Progress,
}

impl SqliteStore {
    /// See [`spanwise_store::Store::compact`].
    pub(crate) async fn compact_now(&self, progress: Progress) -> StoreResult<CompactReport> {
        let work = Work {
            data_dir: self.data_dir.clone(),
            compactor: self.compactor()?,
            indexer: self.indexer()?,
            postings: self.postings.clone(),
            writer: self.writer()?,
            progress,
        };
        crate::store::blocking(move || work.run()).await
    }
}

impl Work {
    fn run(&self) -> StoreResult<CompactReport> {
        let mut report =
            CompactReport { before: disk::disk_bytes(&self.data_dir)?, ..CompactReport::default() };
        let conn = schema::open_maintenance(&self.data_dir.join("index.db"))?;
        conn.busy_timeout(HELD_UP_MAX).map_err(sql_error)?;
        self.progress.report("indexing words", 0, 1)?;
        self.indexer.index_now()?;
        self.rewrite(&conn, &mut report)?;
        self.progress.report("cleaning the word index", 0, 1)?;
        self.indexer.purge_now()?;
        self.shrink_index(&conn)?;
        report.after = disk::disk_bytes(&self.data_dir)?;
        Ok(report)
    }

    /// Rewrites what was there when the work began; what arrives meanwhile waits for its own turn.
    fn rewrite(&self, conn: &Connection, report: &mut CompactReport) -> StoreResult<()> {
        let select = Select {
            indexed_through: self.postings.mergeable_through(),
            quiet_since_ns: i64::MAX,
            dead_before_ns: i64::MAX,
        };
        let last_segment = self.seal_arrivals()?;
        let total = bytes_to_rewrite(conn, last_segment)?;
        let mut run = lock(&self.compactor).begin_with(select)?;
        loop {
            let left = bytes_to_rewrite(conn, last_segment)?;
            self.go_on("rewriting segments", total.saturating_sub(left), total)?;
            let step = lock(&self.compactor).step(&mut run)?;
            report.traces += step.traces as u64;
            report.removed_segments += step.removed_segments as u64;
            if step.is_idle() {
                break;
            }
            move_log(conn, "PASSIVE")?;
        }
        report.unreadable_traces = lock(&self.compactor).unreadable_traces();
        Ok(())
    }

    /// Seals what arrivals are written to, so that it can be emptied; returns the last segment that there is.
    fn seal_arrivals(&self) -> StoreResult<i64> {
        self.writer.write_blocking(|context| {
            let open: Vec<i64> = context
                .conn
                .prepare(
                    "SELECT segment_id FROM segment WHERE sealed = 0 AND day IS NULL AND committed_bytes > ?1",
                )
                .and_then(|mut statement| {
                    statement.query_map([FILE_HEADER_BYTES], |row| row.get(0))?.collect()
                })
                .map_err(sql_error)?;
            for segment_id in open {
                context.segment.seal_if_current(context.conn, segment_id)?;
            }
            context
                .conn
                .query_row("SELECT coalesce(max(segment_id), 0) FROM segment", [], |row| row.get(0))
                .map_err(sql_error)
        })
    }

    /// Gives all free pages back, and moves the log, which is what makes the file shorter.
    fn shrink_index(&self, conn: &Connection) -> StoreResult<()> {
        let total = Pages::read(conn)?.free();
        let mut left = total;
        while left > 0 {
            self.go_on("shrinking the index", total.saturating_sub(left), total)?;
            let pages = left;
            let given = self.writer.write_blocking(move |context| disk::give_back(context.conn, pages))?;
            if given == 0 {
                break;
            }
            left = left.saturating_sub(given);
            move_log(conn, "PASSIVE")?;
        }
        move_log(conn, "TRUNCATE")
    }

    fn go_on(&self, stage: &'static str, done: u64, total: u64) -> StoreResult<()> {
        if self.postings.wake().is_stopped() {
            return Err(StoreError::new(ErrorKind::Unavailable, "the store is closing"));
        }
        self.progress.report(stage, done, total)
    }
}

/// Returns the bytes in segments whose blocks are to move.
fn bytes_to_rewrite(conn: &Connection, last_segment: i64) -> StoreResult<u64> {
    conn.prepare_cached(
        "SELECT coalesce(sum(live_bytes), 0) FROM segment
         WHERE segment_id <= ?1 AND (day IS NULL OR first_dead_ns IS NOT NULL)",
    )
    .and_then(|mut statement| statement.query_row([last_segment], |row| row.get(0)))
    .map_err(sql_error)
}

/// Moves the log as far as readers let it; what is left is moved later.
fn move_log(conn: &Connection, mode: &str) -> StoreResult<()> {
    conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).map_err(sql_error)
}
