//! One trace as it would be had its spans come in now.

use crate::append::{choose_root, choose_session_and_user, speak, update_totals};
use crate::block::{Block, BlockKind};
use crate::columns::{self, Columns, Row, SpanEntry};
use crate::compaction::QUIET;
use crate::error::{damaged, sql_error};
use crate::lender::{self, Lender, SIDES, Side};
use crate::rank::{self, Rank};
use crate::segment::Location;
use crate::spans::SpanReader;
use crate::store::now_ns;
use crate::trace_row::{TraceRow, explicit};
use crate::trace_state::{Arrival, TraceState};
use rusqlite::Connection;
use spanwise_genai::prices::{PriceBook, PriceTable};
use spanwise_genai::{SpanColumns, lends_texts, span_columns};
use spanwise_model::{Interned, NewSpan, SpanId, TraceState as State};
use spanwise_otlp::attachment::Kind;
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_store::StoreResult;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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
    /// Metadata that the root sets, and that the trace does not have.
    pub(super) metadata: Vec<(String, String)>,
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
        !self.columns.is_empty() || !self.metadata.is_empty() || row != self.row
    }

    /// Lets a row say what the spans say, where no client said it. Time and experiment depend on no convention, and state
    /// only where a span stands in for the root.
    pub(super) fn take_over(&self, row: &mut TraceRow) {
        let derived = &self.derived;
        if !row.is_explicit(explicit::SESSION) {
            row.session.clone_from(&derived.session);
            row.session_rank = derived.session_rank;
        }
        if !row.is_explicit(explicit::USER) {
            row.user.clone_from(&derived.user);
            row.user_rank = derived.user_rank;
        }
        self.take_over_root(row);
        if !row.is_explicit(explicit::USAGE) {
            row.usage = derived.usage;
        }
        if !row.is_explicit(explicit::COST) {
            row.cost = derived.cost;
        }
        row.span_count = derived.span_count;
        row.error_span_count = derived.error_span_count;
    }

    fn take_over_root(&self, row: &mut TraceRow) {
        let derived = &self.derived;
        let stands_in = |rank: Option<Rank>| rank.is_some_and(|rank| rank::is_stand_in(&rank));
        if !row.finalized && stands_in(row.root_rank) {
            row.state = State::InProgress;
        }
        if !row.finalized && stands_in(derived.root_rank) && row.state == State::InProgress {
            row.state = derived.state;
        }
        row.root_rank = derived.root_rank;
        if !row.is_explicit(explicit::NAME) {
            row.name.clone_from(&derived.name);
        }
        lender::copy_texts(row, derived);
    }
}

/// Reads a trace and derives it again, a block at a time; `None` if it is not there any more, or has no spans.
///
/// # Errors
/// `Internal` if something of it can't be read.
pub(super) fn replay(
    conn: &Connection,
    spans: &SpanReader,
    book: &PriceBook,
    trace_key: i64,
) -> StoreResult<Option<Replayed>> {
    let txn = conn.unchecked_transaction().map_err(sql_error)?;
    let Some(row) = TraceRow::load(&txn, trace_key)?.filter(|row| row.visible) else { return Ok(None) };
    let prices = book.of(row.experiment_id);
    let mut player = Player::new(row, (&txn, spans), prices);
    let mut statement = txn
        .prepare_cached(
            "SELECT block_id, segment_id, offset, length, kind, columns, arrival_ns FROM block WHERE trace_key = ?1
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
        player.last_arrival_ns = player.last_arrival_ns.max(row.get(6).map_err(sql_error)?);
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
    conn: &'a Connection,
    spans: &'a SpanReader,
    /// Those of the trace's experiment.
    prices: &'a PriceTable,
    replayed: Replayed,
    /// The span that decides name and previews so far.
    speaker: Option<Told>,
    /// While no root came: spans of which one may have to stand in for it.
    stand_ins: HashMap<SpanId, StandIn>,
    /// Spans that may lend texts to a root without any.
    lenders: HashMap<SpanId, Lender>,
    last_arrival_ns: i64,
    /// Blocks of log records, which may come before the span that they belong to.
    log_blocks: Vec<Location>,
}

/// A span as it came.
struct Told {
    span_id: SpanId,
    raw: Vec<u8>,
    scope: Arc<Interned>,
}

/// A span with a parent.
struct StandIn {
    span: NewSpan,
    scope: Arc<Interned>,
    has_remote_parent: bool,
    /// Where its message is.
    location: Location,
    index: usize,
}

impl<'a> Player<'a> {
    fn new(
        row: TraceRow,
        (conn, spans): (&'a Connection, &'a SpanReader),
        prices: &'a PriceTable,
    ) -> Player<'a> {
        let (id, experiment_id) = (row.trace_id.clone(), row.experiment_id);
        let mut derived = TraceRow::new(id, experiment_id, rank::WEAKEST, row.start_ns, row.arrival_ns);
        derived.state = State::InProgress;
        let state = TraceState::new(Some(row.trace_key));
        let replayed = Replayed {
            row,
            derived,
            blocks: Vec::new(),
            columns: Vec::new(),
            is_index_stale: false,
            state,
            metadata: Vec::new(),
            changed: HashSet::new(),
        };
        Player {
            conn,
            spans,
            prices,
            replayed,
            speaker: None,
            stand_ins: HashMap::new(),
            lenders: HashMap::new(),
            last_arrival_ns: i64::MIN,
            log_blocks: Vec::new(),
        }
    }

    fn spans(&mut self, place: BlockPlace, packed: &[u8]) -> StoreResult<()> {
        self.replayed.blocks.push(place);
        let columns = columns::unpack_spans(packed)?;
        let block = self.spans.segments.read(place.location)?;
        let scopes = self.scopes(&columns)?;
        let derived = self.derive_all(&columns, &scopes, &block)?;
        let entries: Vec<SpanEntry<'_>> =
            derived.iter().enumerate().map(|(index, span)| columns.entry(index).with_derived(span)).collect();
        self.compare(place.block_id, &columns, &entries);
        for (index, (entry, derived)) in entries.iter().zip(&derived).enumerate() {
            let span = entry.to_span(derived.root.clone());
            self.span(span, &scopes[index], place.location, index, &block);
        }
        Ok(())
    }

    /// Returns the scope of each span of a block.
    fn scopes(&self, columns: &Columns) -> StoreResult<Vec<Arc<Interned>>> {
        let mut scopes = Vec::with_capacity(columns.rows.len());
        for run in &columns.runs {
            let scope = self.spans.interned(self.conn, run.scope_id)?;
            scopes.extend(std::iter::repeat_n(scope, run.count as usize));
        }
        Ok(scopes)
    }

    fn derive_all(
        &self,
        columns: &Columns,
        scopes: &[Arc<Interned>],
        block: &Block,
    ) -> StoreResult<Vec<SpanColumns>> {
        if columns.rows.len() != block.len() || scopes.len() != block.len() {
            return Err(damaged("a block holds other spans than the index says"));
        }
        let speaker =
            |row: &Row| if row.parent_id.is_none() { Speaker::Yes } else { Speaker::IfParentIsRemote };
        let rows = columns.rows.iter().zip(scopes).enumerate();
        rows.map(|(index, (row, scope))| {
            // With its attachments: what is derived of it, such as a preview, may begin with one.
            let message = self.spans.attachments.whole(block.message(index), Kind::Span)?;
            derive_one(&message, scope, speaker(row), &[], self.prices)
        })
        .collect()
    }

    /// Packs the columns of a block again if they are not what they were.
    fn compare(&mut self, block_id: i64, columns: &Columns, entries: &[SpanEntry<'_>]) {
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
            let packed = columns::with_head(entries.len(), &columns.runs, &columns::pack_spans(entries));
            self.replayed.columns.push((block_id, packed));
        }
    }

    /// Does what taking a span in does; who stands in for a root is decided at the end, when all spans are known.
    fn span(
        &mut self,
        span: NewSpan,
        scope: &Arc<Interned>,
        location: Location,
        index: usize,
        block: &Block,
    ) {
        let Replayed { derived: row, state, metadata, .. } = &mut self.replayed;
        if state.arrive(&span) == Arrival::Unchanged {
            return;
        }
        choose_session_and_user(row, &span);
        self.lenders.remove(&span.span_id);
        if lends_texts(&span.span_type) {
            self.lenders.insert(span.span_id, Lender::from(&span));
        }
        if span.parent_id.is_none() {
            if choose_root(row, &span, state) {
                self.speaker = Some(Told::new(span.span_id, block.message(index), scope));
                self.stand_ins = HashMap::new();
                *metadata = span.root.map(|facts| facts.metadata).unwrap_or_default();
            }
        } else if self.speaker.is_none() {
            let has_remote_parent = span.root.is_some();
            let scope = Arc::clone(scope);
            self.stand_ins.insert(span.span_id, StandIn { span, scope, has_remote_parent, location, index });
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
        if self.speaker.is_none() {
            self.choose_stand_in()?;
        }
        self.hear_logs()?;
        self.find_lenders()?;
        self.leave_known_metadata_out()?;
        let Replayed { derived, state, .. } = &mut self.replayed;
        update_totals(derived, state);
        Ok(Some(self.replayed))
    }

    /// Lets the first span speak whose parent is in another process and is not there; if there is none, the first whose
    /// parent is not there, once nothing of the trace came for a while: until then it may be on its way.
    fn choose_stand_in(&mut self) -> StoreResult<()> {
        let Replayed { derived: row, state, .. } = &mut self.replayed;
        let is_quiet = self.last_arrival_ns < now_ns().saturating_sub(QUIET.as_nanos() as i64);
        let may_speak = |one: &StandIn| {
            let is_orphan = one.span.parent_id.is_some_and(|parent| !state.has_span(parent));
            is_orphan && (one.has_remote_parent || is_quiet)
        };
        let place = |one: &StandIn| (!one.has_remote_parent, one.span.start_ns, one.span.span_id);
        let stand_ins = std::mem::take(&mut self.stand_ins).into_values();
        let Some(first) = stand_ins.filter(may_speak).min_by_key(place) else { return Ok(()) };
        let StandIn { mut span, scope, location, index, .. } = first;
        let block = self.spans.segments.read(location)?;
        let message = self.spans.attachments.whole(block.message(index), Kind::Span)?;
        span.root = derive_one(&message, &scope, Speaker::Yes, &[], self.prices)?.root;
        choose_root(row, &span, state);
        self.speaker = Some(Told::new(span.span_id, block.message(index), &scope));
        Ok(())
    }

    /// Lets the log records of the span that speaks be heard: messages may come as such.
    fn hear_logs(&mut self) -> StoreResult<()> {
        let Some(Told { span_id, raw, scope }) = &self.speaker else { return Ok(()) };
        let mut records: Vec<Vec<u8>> = Vec::new();
        let mut seen = HashSet::new();
        for location in &self.log_blocks {
            let block = self.spans.segments.read(*location)?;
            for index in (0..block.len()).filter(|index| block.span_ids[*index] == *span_id) {
                // A block is written whole if one of its records is new: the others are here a second time.
                if seen.insert(xxhash_rust::xxh3::xxh3_64(block.message(index))) {
                    let record = self.spans.attachments.whole(block.message(index), Kind::LogRecord)?;
                    records.push(record.into_owned());
                }
            }
        }
        let logs: Vec<LogRecordView<'_>> =
            records.iter().filter_map(|record| LogRecordView::parse(record).ok()).collect();
        if logs.is_empty() {
            return Ok(());
        }
        let raw = self.spans.attachments.whole(raw, Kind::Span)?;
        if let Some(facts) = derive_one(&raw, scope, Speaker::Yes, &logs, self.prices)?.root {
            let row = &mut self.replayed.derived;
            let name = row.name.take();
            speak(row, name.as_deref(), &facts);
        }
        Ok(())
    }
}

impl Player<'_> {
    /// Tags are not looked at: one that is not there may have been deleted.
    fn leave_known_metadata_out(&mut self) -> StoreResult<()> {
        let Replayed { row, metadata, .. } = &mut self.replayed;
        if metadata.is_empty() {
            return Ok(());
        }
        let mut statement = self
            .conn
            .prepare_cached("SELECT key FROM trace_metadata WHERE trace_key = ?1")
            .map_err(sql_error)?;
        let known: HashSet<String> = statement
            .query_map([row.trace_key], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(sql_error)?;
        metadata.retain(|(key, _)| !known.contains(key));
        Ok(())
    }

    /// Lets calls lend the texts that the root does not have.
    fn find_lenders(&mut self) -> StoreResult<()> {
        let Replayed { row, derived, state, .. } = &mut self.replayed;
        let lacking: Vec<Side> = SIDES.into_iter().filter(|side| side.lacks(derived)).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let lenders: Vec<Lender> = self.lenders.values().copied().collect();
        let found = lender::find_among(self.conn, self.spans, row.trace_key, &lenders, &lacking)?;
        lender::take_found(derived, state, &found);
        Ok(())
    }
}

impl Told {
    fn new(span_id: SpanId, raw: &[u8], scope: &Arc<Interned>) -> Told {
        Told { span_id, raw: raw.to_vec(), scope: Arc::clone(scope) }
    }
}

/// Whether a span may speak for its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Yes,
    IfParentIsRemote,
}

/// Derives what a span says: all of this module's work comes through here.
fn derive_one(
    raw: &[u8],
    scope: &Interned,
    speaker: Speaker,
    logs: &[LogRecordView<'_>],
    prices: &PriceTable,
) -> StoreResult<SpanColumns> {
    let span = SpanView::parse_in_scope(raw, &scope.bytes)
        .map_err(|error| damaged(format!("a stored span: {error}")))?;
    Ok(span_columns(&span, speaker == Speaker::Yes || span.has_remote_parent(), logs, prices))
}
