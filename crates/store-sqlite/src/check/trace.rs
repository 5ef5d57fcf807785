//! Traces against the packed columns of their blocks.

use super::{BlockRow, BlockRows, Check};
use crate::block::BlockKind;
use crate::columns::{self, Columns};
use crate::error::sql_error;
use crate::rollup::{FACT_COLUMNS, TraceFacts};
use crate::spans::{Candidate, last_words};
use rusqlite::OptionalExtension;
use spanwise_model::SpanStatus;
use spanwise_store::StoreResult;

/// Traces between two reports of progress.
const REPORT_TRACES: u64 = 1_000;

/// A trace's record.
struct Record {
    trace_key: i64,
    trace_id: String,
    span_count: u64,
    error_span_count: Option<u64>,
    /// What it gives to the roll-ups, if it is visible.
    facts: Option<TraceFacts>,
}

impl Check<'_> {
    /// Checks each trace's record, and returns where all blocks are.
    pub(super) fn traces(&mut self, report: &dyn Fn(u64) -> StoreResult<()>) -> StoreResult<BlockRows> {
        let mut rows = BlockRows::new();
        let mut trace_key = 0;
        let mut count = 0;
        while let Some(record) = self.next_record(trace_key)? {
            trace_key = record.trace_key;
            self.trace(&record, &mut rows)?;
            count += 1;
            if count % REPORT_TRACES == 0 {
                report(count)?;
            }
        }
        Ok(rows)
    }

    fn next_record(&self, after: i64) -> StoreResult<Option<Record>> {
        self.conn
            .prepare_cached(&format!(
                "SELECT trace_key, sw_trace_id(trace_id), span_count, visible, error_span_count, {FACT_COLUMNS} FROM trace
                 WHERE trace_key > ?1 ORDER BY trace_key LIMIT 1"
            ))
            .and_then(|mut statement| {
                let record = |row: &rusqlite::Row<'_>| {
                    Ok(Record {
                        trace_key: row.get(0)?,
                        trace_id: row.get(1)?,
                        span_count: row.get(2)?,
                        error_span_count: row.get(4)?,
                        facts: if row.get(3)? { Some(TraceFacts::from_columns(row, 5)?) } else { None },
                    })
                };
                statement.query_row([after], record).optional()
            })
            .map_err(sql_error)
    }

    fn trace(&mut self, record: &Record, rows: &mut BlockRows) -> StoreResult<()> {
        let trace_id = &record.trace_id;
        let mut candidates = Vec::new();
        let mut blocks: Vec<Columns> = Vec::new();
        let mut unreadable = Vec::new();
        let mut statement = self
            .conn
            .prepare_cached(
                "SELECT block_id, segment_id, offset, length, kind, columns FROM block WHERE trace_key = ?1
                 ORDER BY block_id",
            )
            .map_err(sql_error)?;
        let mut found = statement.query([record.trace_key]).map_err(sql_error)?;
        while let Some(row) = found.next().map_err(sql_error)? {
            let (block_id, segment_id, offset, length, kind): (i64, i64, u64, u64, i64) =
                (|| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))()
                    .map_err(sql_error)?;
            let block = BlockRow { block_id, trace_key: record.trace_key, length };
            rows.entry(segment_id).or_default().insert(offset, block);
            let packed = row.get_ref(5).and_then(|value| Ok(value.as_blob()?)).map_err(sql_error)?;
            match unpack(kind, packed) {
                Ok(columns) if kind == BlockKind::Spans as i64 => {
                    let number = blocks.len() as u32;
                    let rows = columns.rows.iter().enumerate();
                    candidates.extend(rows.map(|(index, row)| Candidate::new(row, (number, index as u32))));
                    blocks.push(columns);
                }
                Ok(_) => {}
                Err(error) => unreadable.push(error.message().to_owned()),
            }
        }
        drop(found);
        drop(statement);
        let live_spans = last_words(candidates);
        let spans = live_spans.iter().map(|(block, row)| {
            let columns = &blocks[*block as usize];
            (columns, &columns.rows[*row as usize])
        });
        match &record.facts {
            Some(facts) if unreadable.is_empty() => self.rollups.add(facts, spans),
            Some(facts) => self.rollups.add_unreadable(facts),
            None => {}
        }
        for problem in unreadable {
            self.note(format!("trace {trace_id}: packed columns: {problem}"));
        }
        let has_failed =
            |block: u32, row: u32| blocks[block as usize].rows[row as usize].status == SpanStatus::Error;
        let failed = live_spans.iter().filter(|(block, row)| has_failed(*block, *row)).count() as u64;
        let live = live_spans.len() as u64;
        if live != record.span_count {
            let said = record.span_count;
            self.note(format!("trace {trace_id}: {live} spans are stored, but its record says {said}"));
        }
        if let Some(said) = record.error_span_count.filter(|said| *said != failed) {
            self.note(format!("trace {trace_id}: {failed} spans failed, but its record says {said}"));
        }
        self.report.spans += live;
        self.report.traces += u64::from(record.facts.is_some());
        Ok(())
    }

    /// Returns the id of a trace, as text, and the columns of one of its blocks.
    pub(super) fn block_of(&self, row: BlockRow) -> StoreResult<(String, i64, StoreResult<Columns>)> {
        let trace_id = self
            .conn
            .prepare_cached("SELECT sw_trace_id(trace_id) FROM trace WHERE trace_key = ?1")
            .and_then(|mut statement| statement.query_row([row.trace_key], |row| row.get(0)))
            .map_err(sql_error)?;
        let (kind, packed): (i64, Vec<u8>) = self
            .conn
            .prepare_cached("SELECT kind, columns FROM block WHERE block_id = ?1")
            .and_then(|mut statement| {
                statement.query_row([row.block_id], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .map_err(sql_error)?;
        Ok((trace_id, kind, unpack(kind, &packed)))
    }
}

fn unpack(kind: i64, packed: &[u8]) -> StoreResult<Columns> {
    if kind == BlockKind::Spans as i64 { columns::unpack_spans(packed) } else { columns::unpack_logs(packed) }
}
