//! One trace as it would be had its spans come in now.

use crate::append::{choose_root, choose_session_and_user, update_totals};
use crate::block::{Block, BlockKind};
use crate::columns::{self, Columns, SpanEntry};
use crate::error::{damaged, sql_error};
use crate::rank;
use crate::segment::{Location, SegmentReader};
use crate::trace_row::{TraceRow, explicit};
use crate::trace_state::{Arrival, TraceState};
use rusqlite::Connection;
use spanwise_genai::prices::{PriceBook, PriceTable};
use spanwise_genai::{SpanColumns, span_columns};
use spanwise_model::SpanId;
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::StoreResult;
use std::collections::HashSet;

/// A trace, derived again.
pub(super) struct Replayed {
    /// Its row as it was read, which another write may change meanwhile.
    row: TraceRow,
    /// A row that holds what spans say and nothing else.
    derived: TraceRow,
    /// Its blocks as they were read, in order of arrival.
    pub(super) blocks: Vec<BlockPlace>,
    /// Columns of those blocks whose columns are not what they were, by the blocks' ids.
    pub(super) columns: Vec<(i64, Vec<u8>)>,
    /// Whether the word index has something of its spans that they do not say any more, or lacks something.
    pub(super) is_index_stale: bool,
    /// What the writing thread remembers of it; nothing of it is given to the roll-ups.
    pub(super) state: TraceState,
    changed: HashSet<SpanId>,
}

/// Where a block is: another place means other contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockPlace {
    pub(super) block_id: i64,
    pub(super) location: Location,
}

impl Replayed {
    pub(super) fn trace_key(&self) -> i64 {
        self.row.trace_key
    }

    /// Returns how many spans it has.
    pub(super) fn span_count(&self) -> u64 {
        self.state.span_count() as u64
    }

    /// Returns how many of them say something else.
    pub(super) fn changed_spans(&self) -> u64 {
        self.changed.len() as u64
    }

    /// Returns whether something of it is not what is stored.
    pub(super) fn is_changed(&self) -> bool {
        let mut row = self.row.clone();
        self.take_over(&mut row);
        !self.columns.is_empty() || row != self.row
    }

    /// Lets a row say what the spans say, where no client said it. Time, state and experiment depend on no convention.
    pub(super) fn take_over(&self, row: &mut TraceRow) {
        let derived = &self.derived;
        let takes = |bit| row.explicit & bit == 0;
        let (takes_session, takes_user) = (takes(explicit::SESSION), takes(explicit::USER));
        let (takes_name, takes_request) = (takes(explicit::NAME), takes(explicit::REQUEST_PREVIEW));
        let (takes_response, takes_usage) = (takes(explicit::RESPONSE_PREVIEW), takes(explicit::USAGE));
        let takes_cost = takes(explicit::COST);
        if takes_session {
            row.session.clone_from(&derived.session);
            row.session_rank = derived.session_rank;
        }
        if takes_user {
            row.user.clone_from(&derived.user);
            row.user_rank = derived.user_rank;
        }
        row.root_rank = derived.root_rank;
        if takes_name {
            row.name.clone_from(&derived.name);
        }
        if takes_request {
            row.request_preview.clone_from(&derived.request_preview);
        }
        if takes_response {
            row.response_preview.clone_from(&derived.response_preview);
        }
        row.input_text.clone_from(&derived.input_text);
        row.output_text.clone_from(&derived.output_text);
        if takes_usage {
            row.usage = derived.usage;
        }
        if takes_cost {
            row.cost = derived.cost;
        }
        row.span_count = derived.span_count;
        row.error_span_count = derived.error_span_count;
    }
}

/// Reads a trace and derives it again, a block at a time; `None` if it is not there any more, or has no spans.
///
/// # Errors
/// `Internal` if something of it can't be read.
pub(super) fn replay(
    conn: &Connection,
    segments: &SegmentReader,
    book: &PriceBook,
    trace_key: i64,
) -> StoreResult<Option<Replayed>> {
    let txn = conn.unchecked_transaction().map_err(sql_error)?;
    let Some(row) = TraceRow::load(&txn, trace_key)?.filter(|row| row.visible) else { return Ok(None) };
    let prices = book.of(row.experiment_id);
    let mut player = Player::new(row, segments, prices);
    let mut statement = txn
        .prepare_cached(
            "SELECT block_id, segment_id, offset, length, kind, columns FROM block WHERE trace_key = ?1
             ORDER BY block_id",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query([trace_key]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let place = (|| {
            let location = Location { segment_id: row.get(1)?, offset: row.get(2)?, length: row.get(3)? };
            Ok(BlockPlace { block_id: row.get(0)?, location })
        })()
        .map_err(sql_error)?;
        let kind = BlockKind::from_number(row.get(4).map_err(sql_error)?);
        let packed = row.get_ref(5).and_then(|value| Ok(value.as_blob()?)).map_err(sql_error)?;
        match kind {
            Some(BlockKind::Spans) => player.spans(place, packed)?,
            Some(BlockKind::Logs) => player.logs(place, packed)?,
            _ => return Err(damaged(format!("trace {trace_key} has a block of an unknown kind"))),
        }
    }
    drop(rows);
    drop(statement);
    player.finish()
}

/// Takes the blocks of a trace in, in order of arrival.
struct Player<'a> {
    segments: &'a SegmentReader,
    /// Those of the trace's experiment.
    prices: &'a PriceTable,
    replayed: Replayed,
    /// The span that decides name and previews so far.
    best_root: Option<(SpanId, Vec<u8>)>,
    /// Blocks of log records, which may come before the span that they belong to.
    log_blocks: Vec<Location>,
}

impl<'a> Player<'a> {
    fn new(row: TraceRow, segments: &'a SegmentReader, prices: &'a PriceTable) -> Player<'a> {
        let (id, experiment_id) = (row.trace_id.clone(), row.experiment_id);
        let derived = TraceRow::new(id, experiment_id, rank::WEAKEST, row.start_ns, row.arrival_ns);
        let state = TraceState::new(Some(row.trace_key));
        let replayed = Replayed {
            row,
            derived,
            blocks: Vec::new(),
            columns: Vec::new(),
            is_index_stale: false,
            state,
            changed: HashSet::new(),
        };
        Player { segments, prices, replayed, best_root: None, log_blocks: Vec::new() }
    }

    fn spans(&mut self, place: BlockPlace, packed: &[u8]) -> StoreResult<()> {
        self.replayed.blocks.push(place);
        let columns = columns::unpack_spans(packed)?;
        let block = self.segments.read(place.location)?;
        let derived = derive_all(&columns, &block, self.prices)?;
        let entries: Vec<SpanEntry<'_>> =
            derived.iter().enumerate().map(|(index, span)| columns.entry(index).with_derived(span)).collect();
        let mut is_changed = false;
        for (index, entry) in entries.iter().enumerate() {
            let before = columns.entry(index);
            if *entry != before {
                is_changed = true;
                self.replayed.is_index_stale |= !entry.is_indexed_as(&before);
                self.replayed.changed.insert(columns.rows[index].span_id);
            }
        }
        if is_changed {
            let packed = columns::pack_spans(&entries);
            let packed = columns::with_head(entries.len(), &columns.runs, &packed);
            self.replayed.columns.push((place.block_id, packed));
        }
        for (index, derived) in derived.iter().enumerate() {
            self.span(columns.entry(index).with_derived(derived), derived, block.message(index));
        }
        Ok(())
    }

    /// Does what taking a span in does.
    fn span(&mut self, entry: SpanEntry<'_>, derived: &SpanColumns, raw: &[u8]) {
        let span = entry.to_span(derived.root.clone());
        if self.replayed.state.arrive(&span) == Arrival::Unchanged {
            return;
        }
        let row = &mut self.replayed.derived;
        choose_session_and_user(row, &span);
        if choose_root(row, &span) {
            self.best_root = Some((span.span_id, raw.to_vec()));
        }
    }

    fn logs(&mut self, place: BlockPlace, packed: &[u8]) -> StoreResult<()> {
        self.replayed.blocks.push(place);
        for row in columns::unpack_logs(packed)?.rows {
            self.replayed.state.arrive_log(row.content_hash);
        }
        self.log_blocks.push(place.location);
        Ok(())
    }

    fn finish(mut self) -> StoreResult<Option<Replayed>> {
        if self.replayed.state.span_count() == 0 {
            return Ok(None);
        }
        self.hear_logs_of_root()?;
        let Replayed { derived, state, .. } = &mut self.replayed;
        update_totals(derived, state);
        Ok(Some(self.replayed))
    }

    /// Lets the log records of the root speak: messages may come as such.
    fn hear_logs_of_root(&mut self) -> StoreResult<()> {
        let Some((span_id, raw)) = &self.best_root else { return Ok(()) };
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut seen = HashSet::new();
        for location in &self.log_blocks {
            let block = self.segments.read(*location)?;
            for index in (0..block.len()).filter(|index| block.span_ids[*index] == *span_id) {
                // A block is written whole if one of its records is new: the others are here a second time.
                if seen.insert(xxhash_rust::xxh3::xxh3_64(block.message(index))) {
                    records.push(block.message(index).to_vec());
                }
            }
        }
        let logs: Vec<LogRecordView<'_>> =
            records.iter().filter_map(|record| LogRecordView::parse(record).ok()).collect();
        if logs.is_empty() {
            return Ok(());
        }
        if let Some(facts) = derive_one(raw, true, &logs, self.prices)?.root {
            let row = &mut self.replayed.derived;
            row.request_preview = facts.request_preview;
            row.response_preview = facts.response_preview;
            row.input_text = facts.input_text;
            row.output_text = facts.output_text;
        }
        Ok(())
    }
}

fn derive_all(columns: &Columns, block: &Block, prices: &PriceTable) -> StoreResult<Vec<SpanColumns>> {
    if columns.rows.len() != block.len() {
        return Err(damaged("a block holds other spans than the index says"));
    }
    let derive = |(index, row): (usize, &columns::Row)| {
        derive_one(block.message(index), row.parent_id.is_none(), &[], prices)
    };
    columns.rows.iter().enumerate().map(derive).collect()
}

/// Derives what a span says: all of this module's work comes through here.
fn derive_one(
    raw: &[u8],
    speaks_for_trace: bool,
    logs: &[LogRecordView<'_>],
    prices: &PriceTable,
) -> StoreResult<SpanColumns> {
    let span = SpanView::parse(raw).map_err(|error| damaged(format!("a stored span: {error}")))?;
    Ok(span_columns(&span, speaks_for_trace, logs, prices))
}
