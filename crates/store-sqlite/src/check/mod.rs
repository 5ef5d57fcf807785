//! The check of the whole store: each byte of each segment is read once and compared with what the index says of it;
//! then come the index itself, the word index, the attachments and the artifacts.
//!
//! Damage is named with its place and what it costs; everything else goes on being checked.

mod artifact;
mod attachment;
mod copy;
mod segment;
#[cfg(test)]
mod tests;
mod trace;

use crate::backup::Pin;
use crate::compaction::{self, SharedCompactor};
use crate::error::sql_error;
use crate::postings::PartSet;
use crate::rollup::Expected;
use crate::schema;
use crate::spans::SpanReader;
use crate::store::{SqliteStore, blocking};
use crate::trace_ids;
use copy::IndexCopy;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{CheckReport, Progress, StoreError, StoreResult};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Problems that a report names; more are only counted as one line.
const PROBLEMS_MAX: usize = 100;

/// A block as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BlockRow {
    block_id: i64,
    trace_key: i64,
    length: u64,
}

/// The blocks of each segment, by their offsets.
type BlockRows = HashMap<i64, BTreeMap<u64, BlockRow>>;

/// A segment as the index knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SegmentRow {
    segment_id: i64,
    committed_bytes: u64,
    live_bytes: u64,
}

/// What is checked, and what was found.
struct Check<'a> {
    conn: &'a Connection,
    spans: &'a SpanReader,
    data_dir: &'a Path,
    report: CheckReport,
    /// What the traces say that the roll-ups have to be.
    rollups: Expected,
}

impl Check<'_> {
    fn note_unreadable(&mut self, error: &StoreError) {
        let cause = std::error::Error::source(error).map_or(String::new(), |cause| format!(": {cause}"));
        self.note(format!("index.db: {}{cause}", error.message()));
    }

    fn note(&mut self, problem: String) {
        let problems = &mut self.report.problems;
        if problems.len() < PROBLEMS_MAX {
            problems.push(problem);
        } else if problems.len() == PROBLEMS_MAX {
            problems.push(format!("more than {PROBLEMS_MAX} problems; the rest is not listed"));
        }
    }
}

/// What a check needs of the store.
struct Work {
    data_dir: PathBuf,
    spans: Arc<SpanReader>,
    index: Arc<PartSet>,
    progress: Progress,
    /// No file is removed before the check is done.
    pin: Pin,
}

impl SqliteStore {
    /// See [`spanwise_store::Store::check_with`].
    pub(crate) async fn check_now(&self, progress: Progress) -> StoreResult<CheckReport> {
        let work = self.check_work(progress)?;
        blocking(move || work.run_on_copy()).await
    }

    /// As [`spanwise_store::Store::check_with`], for a store that nobody else uses: it needs no copy of the index, but
    /// what is written meanwhile may be reported as damage.
    ///
    /// # Errors
    /// As that; `Exhausted` if a backup is under way.
    pub async fn check_alone(&self, progress: Progress) -> StoreResult<CheckReport> {
        let (work, compactor) = (self.check_work(progress)?, self.compactor()?);
        blocking(move || work.run_alone(&compactor)).await
    }

    fn check_work(&self, progress: Progress) -> StoreResult<Work> {
        let pin = self.pins.pin()?;
        let (spans, index) = (Arc::clone(&self.spans), self.postings.snapshot());
        Ok(Work { data_dir: self.data_dir.clone(), spans, index, progress, pin })
    }
}

impl Work {
    fn run_on_copy(self) -> StoreResult<CheckReport> {
        let copy = IndexCopy::make(&self.data_dir, &self.progress)?;
        self.pin.release_log();
        self.run(&copy.open()?)
    }

    fn run_alone(self, compactor: &SharedCompactor) -> StoreResult<CheckReport> {
        // Blocks stay where they are: the store itself tidies up as soon as traces have been quiet for a while.
        let _still = compaction::lock(compactor);
        let conn = schema::open_reader(&self.data_dir.join("index.db"))?;
        self.run(&conn)
    }

    fn run(&self, conn: &Connection) -> StoreResult<CheckReport> {
        check(conn, &self.spans, &self.index, &self.data_dir, &self.progress)
    }
}

/// Verifies everything; says how far it is in traces, and then in bytes of segments.
fn check(
    conn: &Connection,
    spans: &SpanReader,
    index: &PartSet,
    data_dir: &Path,
    progress: &Progress,
) -> StoreResult<CheckReport> {
    let mut check =
        Check { conn, spans, data_dir, report: CheckReport::default(), rollups: Expected::default() };
    let segments = load_segments(conn)?;
    let total = segments.iter().map(|segment| segment.committed_bytes).sum();
    progress.report("checking the index", 0, total)?;
    // A page of the index that can't be read ends its part of the check; the others go on.
    if let Err(error) = check.database() {
        check.note_unreadable(&error);
    }
    // That a page can't be read is said by who needs it.
    let traces = count_traces(conn).unwrap_or(0);
    let mut rows = match check.traces(&|done| progress.report("checking traces", done.min(traces), traces)) {
        Err(error) if error.kind() == ErrorKind::Internal => {
            check.note_unreadable(&error);
            return Ok(check.report);
        }
        rows => rows?,
    };
    let mut done = 0;
    for segment in &segments {
        let of_segment = rows.remove(&segment.segment_id).unwrap_or_default();
        check.segment(segment, of_segment, &|bytes| {
            progress.report("checking segments", done + bytes, total)
        })?;
        done += segment.committed_bytes;
    }
    check.rows_without_segment(rows)?;
    progress.report("checking the roll-ups", total, total)?;
    let rollups = std::mem::take(&mut check.rollups);
    if let Err(error) = rollups.compare(conn, |problem| check.note(problem)) {
        check.note_unreadable(&error);
    }
    progress.report("checking the word index", total, total)?;
    index.problems().into_iter().for_each(|problem| check.note(problem));
    progress.report("checking attachments", total, total)?;
    if let Err(error) = check.attachments(&|| progress.report("checking attachments", total, total)) {
        if error.kind() != ErrorKind::Internal {
            return Err(error);
        }
        check.note_unreadable(&error);
    }
    progress.report("checking artifacts", total, total)?;
    check.artifacts(&data_dir.join("artifacts"));
    Ok(check.report)
}

fn count_traces(conn: &Connection) -> StoreResult<u64> {
    conn.query_row("SELECT count(*) FROM trace", [], |row| row.get(0)).map_err(sql_error)
}

fn load_segments(conn: &Connection) -> StoreResult<Vec<SegmentRow>> {
    conn.prepare("SELECT segment_id, committed_bytes, live_bytes FROM segment ORDER BY segment_id")
        .and_then(|mut statement| {
            let row = |row: &rusqlite::Row<'_>| {
                Ok(SegmentRow {
                    segment_id: row.get(0)?,
                    committed_bytes: row.get(1)?,
                    live_bytes: row.get(2)?,
                })
            };
            statement.query_map([], row)?.collect()
        })
        .map_err(sql_error)
}

impl Check<'_> {
    /// Checks the structure of the database, and what its rows refer to.
    fn database(&mut self) -> StoreResult<()> {
        let lines: Vec<String> = self
            .conn
            .prepare("PRAGMA integrity_check(20)")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(sql_error)?;
        lines.into_iter().filter(|line| line != "ok").for_each(|line| self.note(format!("index.db: {line}")));
        let dangling: Vec<(String, i64)> = self
            .conn
            .prepare("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1")
            .and_then(|mut statement| {
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            })
            .map_err(sql_error)?;
        for (table, count) in dangling {
            self.note(format!("index.db: {count} rows of `{table}` belong to nothing"));
        }
        let orphans: i64 = self
            .conn
            .query_row(
                "SELECT count(*) FROM block WHERE trace_key NOT IN (SELECT trace_key FROM trace)",
                [],
                |row| row.get(0),
            )
            .map_err(sql_error)?;
        if orphans > 0 {
            self.note(format!("index.db: {orphans} blocks belong to no trace"));
        }
        self.trace_ids()
    }

    /// Checks that each trace is found by its id.
    fn trace_ids(&mut self) -> StoreResult<()> {
        for (what, sql) in trace_ids::PROBLEMS {
            let count: i64 = self.conn.query_row(sql, [], |row| row.get(0)).map_err(sql_error)?;
            if count > 0 {
                self.note(format!("index.db: {count} {what}"));
            }
        }
        Ok(())
    }
}
