//! Segments, from end to end, against what the index says of their blocks.

use super::{BlockRow, BlockRows, Check, SegmentRow};
use crate::block::{Block, BlockKind};
use crate::segment::{FILE_HEADER_BYTES, Location};
use spanwise_store::StoreResult;
use std::collections::BTreeMap;

impl Check<'_> {
    /// Reads a segment; `rows` are the blocks that the index says are in it.
    ///
    /// Behind damage it goes on where the next block is known to be.
    pub(super) fn segment(
        &mut self,
        segment: &SegmentRow,
        mut rows: BTreeMap<u64, BlockRow>,
        report: &dyn Fn(u64) -> StoreResult<()>,
    ) -> StoreResult<()> {
        let SegmentRow { segment_id, committed_bytes, live_bytes } = *segment;
        let referred: u64 = rows.values().map(|row| row.length).sum();
        if referred != live_bytes {
            self.note(format!(
                "index.db: segment {segment_id} has {referred} bytes of blocks, but its row says {live_bytes}"
            ));
        }
        if let Err(error) = self.spans.segments.check_file_header(segment_id) {
            self.note(error.message().to_owned());
        }
        let mut offset = FILE_HEADER_BYTES;
        while offset < committed_bytes {
            report(offset)?;
            let row = rows.remove(&offset);
            let next = rows.range(offset..).next().map(|(next, _)| *next);
            let length = self.block(segment, offset, row)?;
            offset = match length.map(|length| offset + length).or(next) {
                Some(next) => next,
                // Nothing that is referred to follows.
                None => break,
            };
        }
        for (offset, row) in rows {
            let lost = self.lost(row)?;
            let place = format!("segment {segment_id} has no block at byte {offset}");
            self.note(format!("{place}, but the index points there; {lost}"));
        }
        Ok(())
    }

    /// Checks the block at an offset, and returns its length; none if that can't be told.
    fn block(
        &mut self,
        segment: &SegmentRow,
        offset: u64,
        row: Option<BlockRow>,
    ) -> StoreResult<Option<u64>> {
        let segments = &self.spans.segments;
        let segment_id = segment.segment_id;
        let length = match (segments.block_length(segment_id, offset), row) {
            (Ok(length), _) if length <= segment.committed_bytes - offset => Ok(length),
            // The index knows it too.
            (_, Some(row)) => Ok(row.length),
            (Ok(length), None) => Err(format!(
                "segment {} is damaged at byte {offset}: a block of {length} bytes does not fit",
                segments.path(segment_id).display()
            )),
            (Err(error), None) => Err(error.message().to_owned()),
        };
        let length = match length {
            Ok(length) => length,
            Err(problem) => {
                self.note(format!(
                    "{problem}; up to the next known block, nothing that traces need is there"
                ));
                return Ok(None);
            }
        };
        let block = segments.read(Location { segment_id, offset, length });
        match (block, row) {
            (Ok(block), Some(row)) => self.compare(segment_id, offset, &block, row)?,
            // Resources, scopes, marks of deletion, and what was deleted or replaced.
            (Ok(_), None) => {}
            (Err(error), Some(row)) => {
                let lost = self.lost(row)?;
                self.note(format!("{}; {lost}", error.message()));
                // Its own word for the length may be what is damaged.
                return Ok(Some(row.length));
            }
            (Err(error), None) => self.note(format!("{}; no trace needs it", error.message())),
        }
        Ok(Some(length))
    }

    fn compare(&mut self, segment_id: i64, offset: u64, block: &Block, row: BlockRow) -> StoreResult<()> {
        self.report.blocks += 1;
        let (trace_id, kind, columns) = self.block_of(row)?;
        // That columns can't be read was said with their trace.
        let Ok(columns) = columns else { return Ok(()) };
        let same_ids = block.span_ids.iter().eq(columns.rows.iter().map(|row| &row.span_id));
        if block.trace_id.to_string() != trace_id || block.kind as i64 != kind || !same_ids {
            self.note(format!(
                "trace {trace_id}: segment {segment_id} at byte {offset} holds other spans than the index says"
            ));
        }
        self.attachments_of(block, row.trace_key, &trace_id)
    }

    /// Returns what is lost with a block: `trace tr-… loses 5 spans`.
    fn lost(&self, row: BlockRow) -> StoreResult<String> {
        let (trace_id, kind, columns) = self.block_of(row)?;
        let noun = if kind == BlockKind::Spans as i64 { "span" } else { "log record" };
        let lost = match columns.map(|columns| columns.rows.len()) {
            Ok(1) => format!("1 {noun}"),
            Ok(count) => format!("{count} {noun}s"),
            Err(_) => format!("its {noun}s"),
        };
        Ok(format!("trace {trace_id} loses {lost}"))
    }

    /// Names blocks whose segment is not there.
    pub(super) fn rows_without_segment(&mut self, rows: BlockRows) -> StoreResult<()> {
        for (segment_id, rows) in rows {
            for (_, row) in rows {
                let lost = self.lost(row)?;
                self.note(format!("there is no segment {segment_id}; {lost}"));
            }
        }
        Ok(())
    }
}
