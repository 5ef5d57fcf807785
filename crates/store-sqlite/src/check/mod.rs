//! The check of the whole store: each byte of each segment is read once and compared with what the index says of it;
//! then come the index itself, the word index, and the artifacts.
//!
//! Damage is named with its place and what it costs; everything else goes on being checked.

mod artifact;
mod segment;
#[cfg(test)]
mod tests;
mod trace;

use crate::error::sql_error;
use crate::postings::PartSet;
use crate::spans::SpanReader;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{CheckReport, Progress, StoreError, StoreResult};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

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
    report: CheckReport,
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

/// Verifies everything; says how far it is in bytes of segments.
pub(crate) fn check(
    conn: &Connection,
    spans: &SpanReader,
    index: &PartSet,
    data_dir: &Path,
    progress: &Progress,
) -> StoreResult<CheckReport> {
    let mut check = Check { conn, spans, report: CheckReport::default() };
    let segments = load_segments(conn)?;
    let total = segments.iter().map(|segment| segment.committed_bytes).sum();
    progress.report("checking the index", 0, total)?;
    // A page of the index that can't be read ends its part of the check; the others go on.
    if let Err(error) = check.database() {
        check.note_unreadable(&error);
    }
    let mut rows = match check.traces(&|| progress.report("checking the index", 0, total)) {
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
    if let Err(error) = crate::rollup::check(conn, |problem| check.note(problem)) {
        check.note_unreadable(&error);
    }
    progress.report("checking the word index", total, total)?;
    index.problems().into_iter().for_each(|problem| check.note(problem));
    progress.report("checking artifacts", total, total)?;
    check.artifacts(&data_dir.join("artifacts"));
    Ok(check.report)
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
        Ok(())
    }
}
