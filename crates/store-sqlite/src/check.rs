//! Figures about the store, and the check of everything in it.

use crate::block::BlockKind;
use crate::columns::{self, Columns};
use crate::disk::folder_bytes;
use crate::error::{damaged, sql_error};
use crate::postings::PartSet;
use crate::segment::{FILE_HEADER_BYTES, Location};
use crate::spans::{Candidate, SpanReader, last_words};
use rusqlite::Connection;
use spanwise_store::{CheckReport, Progress, StoreResult, StoreStats};
use std::path::Path;

/// Problems that a report names; more are only counted as one line.
const PROBLEMS_MAX: usize = 100;

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
    Ok(StoreStats {
        traces,
        spans,
        segment_bytes: folder_bytes(&data_dir.join("segments"))?,
        index_bytes: folder_bytes(data_dir)? + folder_bytes(&data_dir.join("postings"))?,
        unindexed_bytes,
    })
}

/// Verifies every block against its checksum and its columns, every trace against its blocks, the word index,
/// and the database.
pub(crate) fn check(
    conn: &Connection,
    spans: &SpanReader,
    index: &PartSet,
    progress: &Progress,
) -> StoreResult<CheckReport> {
    progress.report("checking", 0, 1)?;
    let mut report = CheckReport::default();
    let results = [
        check_database(conn, &mut report),
        check_traces(conn, spans, &mut report),
        check_orphans(conn, &mut report),
        check_segments(conn, spans, &mut report),
    ];
    // A page of the index that can't be read ends its part of the check; the others go on.
    for error in results.into_iter().filter_map(Result::err) {
        let cause = std::error::Error::source(&error).map_or(String::new(), |cause| format!(": {cause}"));
        note(&mut report, format!("index.db: {}{cause}", error.message()));
    }
    index.problems().into_iter().for_each(|problem| note(&mut report, problem));
    Ok(report)
}

fn note(report: &mut CheckReport, problem: String) {
    if report.problems.len() < PROBLEMS_MAX {
        report.problems.push(problem);
    } else if report.problems.len() == PROBLEMS_MAX {
        report.problems.push(format!("more than {PROBLEMS_MAX} problems; the rest is not listed"));
    }
}

fn check_database(conn: &Connection, report: &mut CheckReport) -> StoreResult<()> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)").map_err(sql_error)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(sql_error)?;
    for row in rows {
        let line = row.map_err(sql_error)?;
        if line != "ok" {
            note(report, format!("index.db: {line}"));
        }
    }
    Ok(())
}

fn check_traces(conn: &Connection, spans: &SpanReader, report: &mut CheckReport) -> StoreResult<()> {
    let mut trace_key = 0;
    while let Some(next) = check_next_trace(conn, spans, trace_key, report)? {
        trace_key = next;
    }
    Ok(())
}

/// Checks the first trace after `after` and returns its key.
fn check_next_trace(
    conn: &Connection,
    spans: &SpanReader,
    after: i64,
    report: &mut CheckReport,
) -> StoreResult<Option<i64>> {
    let row = conn
        .prepare_cached(
            "SELECT trace_key, sw_trace_id(trace_id), span_count, visible FROM trace WHERE trace_key > ?1
             ORDER BY trace_key LIMIT 1",
        )
        .and_then(|mut statement| {
            let mut rows = statement.query([after])?;
            rows.next()?
                .map(|row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, u64>(2)?,
                        row.get::<_, bool>(3)?,
                    ))
                })
                .transpose()
        })
        .map_err(sql_error)?;
    let Some((trace_key, trace_id, span_count, visible)) = row else { return Ok(None) };
    let mut candidates = Vec::new();
    let mut blocks = Vec::new();
    crate::spans::for_each_block(conn, trace_key, |location, kind, packed| {
        let unpacked = match kind {
            BlockKind::Spans => columns::unpack_spans(packed),
            _ => columns::unpack_logs(packed),
        };
        match unpacked {
            Ok(unpacked) => blocks.push((location, kind, unpacked)),
            Err(error) => note(report, format!("trace {trace_id}: packed columns: {}", error.message())),
        }
        Ok(())
    })?;
    for (number, (location, kind, columns)) in blocks.iter().enumerate() {
        check_block(spans, &trace_id, *location, columns, report);
        if *kind == BlockKind::Spans {
            let rows = columns.rows.iter().enumerate();
            candidates.extend(rows.map(|(index, row)| Candidate::new(row, (number as u32, index as u32))));
        }
    }
    let live = last_words(candidates).len() as u64;
    if live != span_count {
        note(report, format!("trace {trace_id}: {live} spans are stored, but its record says {span_count}"));
    }
    report.spans += live;
    report.traces += u64::from(visible);
    Ok(Some(trace_key))
}

fn check_block(
    spans: &SpanReader,
    trace_id: &str,
    location: Location,
    columns: &Columns,
    report: &mut CheckReport,
) {
    report.blocks += 1;
    let block = match spans.segments.read(location) {
        Ok(block) => block,
        Err(error) => return note(report, format!("trace {trace_id}: {}", error.message())),
    };
    let same_ids = block.span_ids.iter().eq(columns.rows.iter().map(|row| &row.span_id));
    if block.trace_id.to_string() != trace_id || !same_ids {
        let place = format!("segment {} at byte {}", location.segment_id, location.offset);
        note(report, format!("trace {trace_id}: {place} holds other spans than the index says"));
    }
}

fn check_orphans(conn: &Connection, report: &mut CheckReport) -> StoreResult<()> {
    let orphans: i64 = conn
        .query_row(
            "SELECT count(*) FROM block WHERE trace_key NOT IN (SELECT trace_key FROM trace)",
            [],
            |row| row.get(0),
        )
        .map_err(sql_error)?;
    if orphans > 0 {
        note(report, format!("index.db: {orphans} blocks belong to no trace"));
    }
    Ok(())
}

/// Reads each segment from end to end: resources, scopes and marks of deletion are blocks that no row points to.
fn check_segments(conn: &Connection, spans: &SpanReader, report: &mut CheckReport) -> StoreResult<()> {
    let segments: Vec<(i64, u64)> = conn
        .prepare("SELECT segment_id, committed_bytes FROM segment ORDER BY segment_id")
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(sql_error)?;
    for (segment_id, committed_bytes) in segments {
        if let Err(error) = check_segment(spans, segment_id, committed_bytes) {
            note(report, error.message().to_owned());
        }
    }
    Ok(())
}

/// Stops at the first damage: where the next block starts is not known then.
fn check_segment(spans: &SpanReader, segment_id: i64, committed_bytes: u64) -> StoreResult<()> {
    spans.segments.check_file_header(segment_id)?;
    let mut offset = FILE_HEADER_BYTES;
    while offset < committed_bytes {
        let length = spans.segments.block_length(segment_id, offset)?;
        if length > committed_bytes - offset {
            return Err(damaged(format!(
                "segment {} is damaged at byte {offset}: a block of {length} bytes does not fit",
                spans.segments.path(segment_id).display()
            )));
        }
        spans.segments.read(Location { segment_id, offset, length })?;
        offset += length;
    }
    Ok(())
}
