//! Spans and log records on their way in: what is prepared before the writing thread, and what it does with it.

use crate::attachments;
use crate::block::{BlockHeader, BlockKind, Payload, Run};
use crate::columns::{self, SpanEntry};
use crate::error::{damaged, sql_error};
use crate::lender;
use crate::rank;
use crate::rollup::{self, TraceFacts};
use crate::segment::Location;
use crate::table::Field;
use crate::trace_row::{SqlTraceId, TraceRow, explicit};
use crate::trace_state::{Arrival, TraceState};
use crate::writer::WriteContext;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use spanwise_model::{
    AttachmentHash, Interned, NewSpan, RootFacts, SpanId, SpanRun, SpanStatus, TraceId, TraceLogs,
    TraceSpans, TraceState as State,
};
use spanwise_otlp::attachment::{Attachment, Kind, cut};
use spanwise_store::{AppendOutcome, StoreResult};
use std::ops::Range;

/// Raw bytes of the spans in one block: a larger one would make reading a single span slow. One span may be larger.
pub(crate) const BLOCK_RAW_BYTES_MAX: usize = 256 << 10;

/// Spans of one trace, compressed and packed, ready to be written.
pub(crate) struct PreparedSpans {
    /// Without their raw bytes.
    spans: TraceSpans,
    chunks: Vec<Chunk>,
    /// Attachments that they refer to, with the bytes of each.
    uses: Vec<(AttachmentHash, u64)>,
}

/// Log records of one trace, compressed and packed.
pub(crate) struct PreparedLogs {
    /// Without their raw bytes.
    logs: TraceLogs,
    payload: Payload,
    packed: Vec<u8>,
    /// Attachments that they refer to, with the bytes of each.
    uses: Vec<(AttachmentHash, u64)>,
}

/// What becomes one block.
struct Chunk {
    range: Range<usize>,
    payload: Payload,
    packed: Vec<u8>,
}

/// Compresses and packs spans, and cuts attachments out of them: the part of a write that needs no lock and no disk.
///
/// Their raw bytes, which keep the whole request in memory, are given up: a write may wait long for a slow disk.
pub(crate) fn prepare_spans(
    mut spans: TraceSpans,
    attachments: &mut Vec<Attachment>,
) -> StoreResult<PreparedSpans> {
    let uses = cut_all(spans.spans.iter_mut().map(|span| &mut span.raw), Kind::Span, attachments);
    let chunks = chunk_ranges(&spans.spans)
        .into_iter()
        .map(|range| {
            let part = &spans.spans[range.clone()];
            let payload = Payload::compress(part.iter().map(|span| span.raw.as_ref()))?;
            Ok(Chunk {
                range,
                payload,
                packed: columns::pack_spans(&part.iter().map(SpanEntry::from).collect::<Vec<_>>()),
            })
        })
        .collect::<StoreResult<_>>()?;
    spans.spans.iter_mut().for_each(|span| span.raw = Bytes::new());
    Ok(PreparedSpans { spans, chunks, uses })
}

/// Compresses and packs log records, as [`prepare_spans`] does spans.
pub(crate) fn prepare_logs(
    mut logs: TraceLogs,
    attachments: &mut Vec<Attachment>,
) -> StoreResult<PreparedLogs> {
    let uses = cut_all(logs.records.iter_mut().map(|record| &mut record.raw), Kind::LogRecord, attachments);
    let payload = Payload::compress(logs.records.iter().map(|record| record.raw.as_ref()))?;
    let packed = columns::pack_logs(logs.records.iter().map(|record| (record.span_id, record.content_hash)));
    logs.records.iter_mut().for_each(|record| record.raw = Bytes::new());
    Ok(PreparedLogs { logs, payload, packed, uses })
}

/// Cuts attachments out of messages; returns what these refer to then. Hashes and columns stay those of the messages as
/// they came.
fn cut_all<'a>(
    messages: impl Iterator<Item = &'a mut Bytes>,
    kind: Kind,
    attachments: &mut Vec<Attachment>,
) -> Vec<(AttachmentHash, u64)> {
    let mut uses: Vec<(AttachmentHash, u64)> = Vec::new();
    for message in messages {
        let Some(done) = cut(message, kind) else { continue };
        *message = done.message.into();
        uses.extend(
            done.attachments.iter().map(|attachment| (attachment.hash, attachment.bytes.len() as u64)),
        );
        attachments.extend(done.attachments);
    }
    uses.sort_unstable();
    uses.dedup();
    uses
}

impl PreparedSpans {
    /// Returns about how many bytes it adds to the segment.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.payload.stored_bytes()).sum()
    }
}

impl PreparedLogs {
    /// Returns about how many bytes it adds to the segment.
    pub(crate) fn stored_bytes(&self) -> usize {
        self.payload.stored_bytes()
    }
}

fn chunk_ranges(spans: &[NewSpan]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, span) in spans.iter().enumerate() {
        if index > start && bytes + span.raw.len() > BLOCK_RAW_BYTES_MAX {
            ranges.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes += span.raw.len();
    }
    if start < spans.len() {
        ranges.push(start..spans.len());
    }
    ranges
}

/// What became of a write, and the traces whose root must be looked at: it is to be heard together with its log records,
/// or it became the root without being sent again, or it has no texts and who lends them is not known.
#[derive(Default)]
pub(crate) struct Appended {
    pub(crate) outcome: AppendOutcome,
    pub(crate) roots_to_hear: Vec<TraceId>,
}

/// Writes prepared spans in the open transaction.
pub(crate) fn append_spans(context: &mut WriteContext<'_>, batch: &[PreparedSpans]) -> StoreResult<Appended> {
    remember_all(context, batch.iter().map(|prepared| &prepared.spans.trace_id))?;
    let mut appended = Appended::default();
    for prepared in batch {
        let trace_id = &prepared.spans.trace_id;
        let (state, lacks_facts) = give_up_on_error(context, |context| {
            let mut state = context.states.take(context.conn, trace_id)?;
            let lacks_facts = append_trace(context, prepared, &mut state, &mut appended.outcome)?;
            Ok((state, lacks_facts))
        })?;
        context.changed.push(trace_id.clone());
        let speaks = || prepared.spans.spans.iter().any(|span| span.root.is_some());
        if lacks_facts || state.has_logs() && speaks() {
            appended.roots_to_hear.push(trace_id.clone());
        }
        context.states.put(trace_id.clone(), state);
    }
    Ok(appended)
}

/// Loads what is to be known of all traces of a write before anything is changed: what is damaged in one of them fails
/// this write and no other.
fn remember_all<'a>(
    context: &mut WriteContext<'_>,
    mut ids: impl Iterator<Item = &'a TraceId>,
) -> StoreResult<()> {
    ids.try_for_each(|trace_id| context.states.remember(context.conn, trace_id))
}

/// Does a part of an append; what it did before an error can't be taken back alone.
fn give_up_on_error<T>(
    context: &mut WriteContext<'_>,
    work: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    let result = work(context);
    if let Err(error) = &result {
        context.fail_group(error);
    }
    result
}

/// Writes spans of one trace; returns whether nobody has heard yet what its root says, or who lends to it.
fn append_trace(
    context: &mut WriteContext<'_>,
    prepared: &PreparedSpans,
    state: &mut TraceState,
    outcome: &mut AppendOutcome,
) -> StoreResult<bool> {
    let spans = &prepared.spans;
    let arrivals: Vec<Arrival> = spans.spans.iter().map(|span| state.arrive(span)).collect();
    let count = |wanted| arrivals.iter().filter(|arrival| **arrival == wanted).count();
    outcome.stored += count(Arrival::New);
    outcome.replaced += count(Arrival::Replaces);
    outcome.unchanged += count(Arrival::Unchanged);
    if count(Arrival::Unchanged) == arrivals.len() {
        return choose_experiment_again(context, spans, state).map(|()| false);
    }
    let run_ids = intern_runs(context, spans)?;
    let (mut row, before) = load_or_new(context.conn, spans, state)?;
    note_if_plain(&mut row, state, &arrivals);
    drop_stand_in(&mut row, state);
    let best_root = update_row(&mut row, prepared, &arrivals, &run_ids, state);
    let lacks_facts = row.root_rank.is_none() && state.stand_in().is_some();
    row.root_rank = row.root_rank.or_else(|| state.stand_in());
    let lacks_lender = lender::settle(&mut row, state, &spans.spans, &arrivals);
    update_totals(&mut row, state);
    save(context.conn, &mut row, state)?;
    attachments::add_uses(context.conn, row.trace_key, &prepared.uses, spans.arrival_ns)?;
    rollup::record(context.rollups, before.as_ref(), &row, state);
    let texts = match best_root {
        Some(root) => insert_root_texts(context.conn, row.trace_key, root)?,
        None => Vec::new(),
    };
    link_run(context.conn, spans)?;
    for chunk in &prepared.chunks {
        if arrivals[chunk.range.clone()].iter().any(|arrival| *arrival != Arrival::Unchanged) {
            write_chunk(context, spans, chunk, &run_ids, &row)?;
        }
    }
    context.table.row_with_texts(context.conn, row, texts)?;
    Ok(lacks_facts || lacks_lender)
}

/// Notes whether each span of the trace came once so far; see [`explicit::PLAIN`].
fn note_if_plain(row: &mut TraceRow, state: &TraceState, arrivals: &[Arrival]) {
    if arrivals.iter().any(|arrival| *arrival != Arrival::New) || state.has_logs() {
        row.explicit &= !explicit::PLAIN;
    } else if state.span_count() == arrivals.len() {
        row.explicit |= explicit::PLAIN;
    }
}

/// Spans that were there already may come again with a better reason for an experiment, such as a header.
fn choose_experiment_again(
    context: &mut WriteContext<'_>,
    spans: &TraceSpans,
    state: &mut TraceState,
) -> StoreResult<()> {
    let loaded = state.trace_key.map(|key| TraceRow::load(context.conn, key)).transpose()?;
    let Some(mut row) = loaded.flatten() else { return Ok(()) };
    let facts = TraceFacts::of(&row);
    let before = (row.experiment_id, row.experiment_rank);
    let runs = spans.runs.iter().flat_map(|run| std::iter::repeat_n(run, run.count));
    runs.zip(&spans.spans).for_each(|(run, span)| choose_experiment(&mut row, run, span));
    if before != (row.experiment_id, row.experiment_rank) {
        row.update(context.conn)?;
        rollup::record(context.rollups, facts.as_ref(), &row, state);
        context.table.row(row);
    }
    Ok(())
}

/// Returns the trace's row, and what it gave to the roll-ups before.
fn load_or_new(
    conn: &Connection,
    spans: &TraceSpans,
    state: &TraceState,
) -> StoreResult<(TraceRow, Option<TraceFacts>)> {
    let first = &spans.spans[0];
    let Some(trace_key) = state.trace_key else {
        let experiment = spans.runs[0].experiment.experiment_id;
        let id = spans.trace_id.clone();
        return Ok((TraceRow::new(id, experiment, rank::WEAKEST, first.start_ns, spans.arrival_ns), None));
    };
    let mut row = TraceRow::load(conn, trace_key)?
        .ok_or_else(|| damaged(format!("trace {} was remembered, but has no row", spans.trace_id)))?;
    let before = TraceFacts::of(&row);
    if !row.visible {
        // Only log records were known: their time of arrival is not the trace's start.
        row.visible = true;
        row.start_ns = first.start_ns;
    }
    Ok((row, before))
}

fn save(conn: &Connection, row: &mut TraceRow, state: &mut TraceState) -> StoreResult<()> {
    if row.trace_key == 0 {
        row.insert(conn)?;
        state.trace_key = Some(row.trace_key);
        return Ok(());
    }
    row.update(conn)
}

/// Lets each changed span speak for the trace; returns what the best root among them says, if it speaks now.
fn update_row<'a>(
    row: &mut TraceRow,
    prepared: &'a PreparedSpans,
    arrivals: &[Arrival],
    run_ids: &[Run],
    state: &TraceState,
) -> Option<&'a RootFacts> {
    let spans = &prepared.spans;
    let mut best_root = None;
    if row.state == State::Unspecified && !row.finalized {
        row.state = State::InProgress;
    }
    let runs = spans.runs.iter().zip(run_ids).flat_map(|run| std::iter::repeat_n(run, run.0.count));
    for ((run, ids), (span, arrival)) in runs.zip(spans.spans.iter().zip(arrivals)) {
        choose_experiment(row, run, span);
        if *arrival == Arrival::Unchanged {
            continue;
        }
        widen_time(row, span);
        choose_session_and_user(row, span);
        choose_resource(row, run, ids, span);
        if choose_root(row, span, state) {
            // Tags and metadata could not be taken back from a span that only stands in.
            best_root = span.root.as_deref().filter(|_| span.parent_id.is_none());
        }
    }
    best_root
}

fn widen_time(row: &mut TraceRow, span: &NewSpan) {
    if row.finalized {
        return;
    }
    let old_end = row.duration_ns.map(|duration| row.start_ns.saturating_add(duration));
    row.start_ns = row.start_ns.min(span.start_ns);
    let end = match (old_end, span.end_ns) {
        (Some(old), Some(new)) => Some(old.max(new)),
        (old, new) => old.or(new),
    };
    // Clocks of two hosts may disagree: a duration is never negative.
    row.duration_ns = end.map(|end| end.saturating_sub(row.start_ns).max(0));
}

fn choose_experiment(row: &mut TraceRow, run: &SpanRun, span: &NewSpan) {
    let rank = rank::of_span(run.experiment.source as u8, span);
    if rank::replaces(&rank, Some(&row.experiment_rank)) {
        row.experiment_id = run.experiment.experiment_id;
        row.experiment_rank = rank;
    }
}

/// Lets a span name the session and the user, as far as no client did.
pub(crate) fn choose_session_and_user(row: &mut TraceRow, span: &NewSpan) {
    let rank = rank::of_span(1, span);
    if let Some(session) = &span.session
        && !row.is_explicit(explicit::SESSION)
        && rank::replaces(&rank, row.session_rank.as_ref())
    {
        row.session = Some(session.to_string());
        row.session_rank = Some(rank);
    }
    if let Some(user) = &span.user
        && !row.is_explicit(explicit::USER)
        && rank::replaces(&rank, row.user_rank.as_ref())
    {
        row.user = Some(user.to_string());
        row.user_rank = Some(rank);
    }
}

fn choose_resource(row: &mut TraceRow, run: &SpanRun, ids: &Run, span: &NewSpan) {
    let rank = rank::of_span(1, span);
    if !run.resource_tags.is_empty() && rank::replaces(&rank, row.resource_rank.as_ref()) {
        row.resource_id = Some(ids.resource_id as i64);
        row.resource_rank = Some(rank);
    }
}

/// Lets go of a span that stands in for the root, if another is to do so now: its parent came, an earlier one came, or it
/// was only taken because nothing more came.
fn drop_stand_in(row: &mut TraceRow, state: &TraceState) {
    let Some(rank) = row.root_rank.filter(rank::is_stand_in) else { return };
    if state.stand_in() == Some(rank) {
        return;
    }
    row.root_rank = None;
    speak(row, None, &RootFacts::default());
    if !row.finalized {
        row.state = State::InProgress;
    }
}

/// Lets a root decide name, previews and state, or a span that stands in for it, since its parent is not there; returns
/// whether it is the best so far.
pub(crate) fn choose_root(row: &mut TraceRow, span: &NewSpan, state: &TraceState) -> bool {
    let Some(facts) = &span.root else { return false };
    if span.parent_id.is_some_and(|parent| state.has_span(parent)) {
        return false;
    }
    let rank = rank::of_span(1, span);
    let replaces = rank::replaces(&rank, row.root_rank.as_ref());
    if replaces && !row.finalized && row.root_rank.is_some_and(|old| rank::is_stand_in(&old)) {
        row.state = State::InProgress;
    }
    if replaces || span.parent_id.is_none() {
        end_with(row, span.end_ns, span.status);
    }
    if replaces {
        row.root_rank = Some(rank);
        speak(row, Some(&span.name), facts);
    }
    replaces
}

/// Lets the end of a root end the trace, unless that was done or said by a client.
pub(crate) fn end_with(row: &mut TraceRow, end_ns: Option<i64>, status: SpanStatus) {
    if !row.finalized && matches!(row.state, State::InProgress | State::Unspecified) && end_ns.is_some() {
        row.state = if status == SpanStatus::Error { State::Error } else { State::Ok };
    }
}

/// Takes over what a root says, as far as no client said it.
pub(crate) fn speak(row: &mut TraceRow, span_name: Option<&str>, facts: &RootFacts) {
    if !row.is_explicit(explicit::NAME) {
        row.name = facts.trace_name.clone().or_else(|| span_name.map(Into::into));
    }
    lender::take_root_texts(row, facts);
}

/// Notes how many spans there are and how many failed, and what they used.
pub(crate) fn update_totals(row: &mut TraceRow, state: &mut TraceState) {
    row.span_count = state.span_count() as u64;
    row.error_span_count = Some(state.error_span_count() as u64);
    let (usage, cost) = state.usage.totals();
    if !row.is_explicit(explicit::USAGE) {
        row.usage = usage;
    }
    if !row.is_explicit(explicit::COST) {
        row.cost = cost;
    }
}

/// Inserts tags and metadata that the root sets by attribute, and returns those that are new; what is there already was set
/// by somebody and stays.
fn insert_root_texts(
    conn: &Connection,
    trace_key: i64,
    root: &RootFacts,
) -> StoreResult<Vec<(Field, String)>> {
    let mut inserted = insert_root_metadata(conn, trace_key, &root.metadata)?;
    let tags = insert_new(conn, "trace_tag", trace_key, &root.tags)?;
    inserted.extend(tags.map(|(key, value)| (Field::Tag(key), value)));
    Ok(inserted)
}

/// Inserts metadata as [`insert_root_texts`] does.
pub(crate) fn insert_root_metadata(
    conn: &Connection,
    trace_key: i64,
    metadata: &[(String, String)],
) -> StoreResult<Vec<(Field, String)>> {
    let inserted = insert_new(conn, "trace_metadata", trace_key, metadata)?;
    Ok(inserted.map(|(key, value)| (Field::Metadata(key), value)).collect())
}

fn insert_new(
    conn: &Connection,
    table: &str,
    trace_key: i64,
    entries: &[(String, String)],
) -> StoreResult<impl Iterator<Item = (String, String)> + use<>> {
    let mut inserted = Vec::new();
    for (key, value) in entries {
        let rows = conn
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO {table} (trace_key, key, value) VALUES (?1, ?2, ?3)"
            ))
            .and_then(|mut statement| statement.execute(params![trace_key, key, value]))
            .map_err(sql_error)?;
        if rows > 0 {
            inserted.push((key.clone(), value.clone()));
        }
    }
    Ok(inserted.into_iter())
}

fn link_run(conn: &Connection, spans: &TraceSpans) -> StoreResult<()> {
    let Some(run_id) = &spans.link_run else { return Ok(()) };
    if spans.spans.iter().any(|span| span.parent_id.is_none()) {
        conn.prepare_cached("INSERT OR IGNORE INTO trace_run (run_id, trace_id) VALUES (?1, ?2)")
            .and_then(|mut statement| {
                statement.execute(params![run_id.as_ref(), SqlTraceId(&spans.trace_id)])
            })
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Returns the runs with the ids of their resources and scopes, making those that are new.
fn intern_runs(context: &mut WriteContext<'_>, spans: &TraceSpans) -> StoreResult<Vec<Run>> {
    let mut ids = Vec::with_capacity(spans.runs.len());
    for run in &spans.runs {
        let resource_id = intern(context, &run.resource, Some(&run.resource_tags), spans.arrival_ns)?;
        let scope_id = intern(context, &run.scope, None, spans.arrival_ns)?;
        ids.push(Run { resource_id, scope_id, count: run.count as u32 });
    }
    Ok(ids)
}

/// Tags that a resource gives to its trace; `None` for a scope.
type ResourceTags<'a> = Option<&'a [(String, String)]>;

fn tags_json(tags: ResourceTags<'_>) -> Option<String> {
    let object = tags?.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    Some(serde_json::Value::Object(object).to_string())
}

fn intern(
    context: &mut WriteContext<'_>,
    interned: &Interned,
    tags: ResourceTags<'_>,
    arrival_ns: i64,
) -> StoreResult<u64> {
    let interned_id = match context.states.interned.get(&interned.hash) {
        Some(interned_id) => *interned_id,
        None => {
            let interned_id = find_or_insert_interned(context.conn, interned, tags)?;
            context.states.remember_interned(interned.hash, interned_id);
            interned_id
        }
    };
    if !context.segment.has_interned(interned_id) {
        let tags = tags_json(tags);
        context.segment.append_interned(context.conn, interned_id, interned, tags.as_deref(), arrival_ns)?;
    }
    Ok(interned_id)
}

fn find_or_insert_interned(
    conn: &Connection,
    interned: &Interned,
    tags: ResourceTags<'_>,
) -> StoreResult<u64> {
    let hash = interned.hash.to_be_bytes();
    let found = conn
        .prepare_cached("SELECT interned_id FROM interned WHERE hash = ?1")
        .and_then(|mut statement| statement.query_row([&hash[..]], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    if let Some(interned_id) = found {
        return Ok(interned_id);
    }
    conn.execute(
        "INSERT INTO interned (hash, bytes, tags) VALUES (?1, ?2, ?3)",
        params![&hash[..], interned.bytes.as_ref(), tags_json(tags)],
    )
    .map_err(sql_error)?;
    Ok(conn.last_insert_rowid() as u64)
}

fn write_chunk(
    context: &mut WriteContext<'_>,
    spans: &TraceSpans,
    chunk: &Chunk,
    run_ids: &[Run],
    row: &TraceRow,
) -> StoreResult<()> {
    let runs = cut_runs(run_ids, &chunk.range);
    let span_ids: Vec<SpanId> = spans.spans[chunk.range.clone()].iter().map(|span| span.span_id).collect();
    let header = BlockHeader {
        kind: BlockKind::Spans,
        trace_id: &spans.trace_id,
        experiment_id: row.experiment_id.0,
        arrival_ns: spans.arrival_ns,
        runs: &runs,
        span_ids: &span_ids,
    };
    let location = context.segment.append(context.conn, &header, &chunk.payload)?;
    let columns = columns::with_head(chunk.range.len(), &runs, &chunk.packed);
    let block =
        NewBlock { trace_key: row.trace_key, location, kind: BlockKind::Spans, arrival_ns: spans.arrival_ns };
    insert_block(context.conn, &block, &columns)
}

/// Returns the runs of the spans in `range`.
fn cut_runs(runs: &[Run], range: &Range<usize>) -> Vec<Run> {
    let mut start = 0;
    let mut cut = Vec::new();
    for run in runs {
        let end = start + run.count as usize;
        let shared = end.min(range.end).saturating_sub(start.max(range.start));
        if shared > 0 {
            cut.push(Run { count: shared as u32, ..*run });
        }
        start = end;
    }
    cut
}

/// What the row of a block says beside its columns.
struct NewBlock {
    trace_key: i64,
    location: Location,
    kind: BlockKind,
    arrival_ns: i64,
}

fn insert_block(conn: &Connection, block: &NewBlock, columns: &[u8]) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT INTO block (trace_key, segment_id, offset, length, kind, arrival_ns, columns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut statement| {
        let location = &block.location;
        let (kind, arrival) = (block.kind as i64, block.arrival_ns);
        let (segment, offset, length) = (location.segment_id, location.offset, location.length);
        statement.execute(params![block.trace_key, segment, offset, length, kind, arrival, columns])
    })
    .map_err(sql_error)
    .map(|_| ())
}

/// Writes prepared log records in the open transaction.
pub(crate) fn append_logs(context: &mut WriteContext<'_>, batch: &[PreparedLogs]) -> StoreResult<Appended> {
    remember_all(context, batch.iter().map(|prepared| &prepared.logs.trace_id))?;
    let mut appended = Appended::default();
    for prepared in batch {
        let trace_id = &prepared.logs.trace_id;
        let state = give_up_on_error(context, |context| {
            let mut state = context.states.take(context.conn, trace_id)?;
            append_trace_logs(context, prepared, &mut state, &mut appended.outcome).map(|()| state)
        })?;
        appended.roots_to_hear.push(trace_id.clone());
        context.states.put(trace_id.clone(), state);
    }
    Ok(appended)
}

fn append_trace_logs(
    context: &mut WriteContext<'_>,
    prepared: &PreparedLogs,
    state: &mut TraceState,
    outcome: &mut AppendOutcome,
) -> StoreResult<()> {
    let logs = &prepared.logs;
    let new = logs.records.iter().filter(|record| state.arrive_log(record.content_hash)).count();
    outcome.stored += new;
    outcome.unchanged += logs.records.len() - new;
    if new == 0 {
        return Ok(());
    }
    let trace_key = match state.trace_key {
        Some(trace_key) => {
            unset_plain(context, trace_key)?;
            trace_key
        }
        None => insert_invisible_trace(context.conn, logs, state)?,
    };
    attachments::add_uses(context.conn, trace_key, &prepared.uses, logs.arrival_ns)?;
    let span_ids: Vec<SpanId> = logs.records.iter().map(|record| record.span_id).collect();
    let header = BlockHeader {
        kind: BlockKind::Logs,
        trace_id: &logs.trace_id,
        experiment_id: logs.experiment.experiment_id.0,
        arrival_ns: logs.arrival_ns,
        runs: &[],
        span_ids: &span_ids,
    };
    let location = context.segment.append(context.conn, &header, &prepared.payload)?;
    let columns = columns::with_head(logs.records.len(), &[], &prepared.packed);
    let block = NewBlock { trace_key, location, kind: BlockKind::Logs, arrival_ns: logs.arrival_ns };
    insert_block(context.conn, &block, &columns)
}

/// Words of log records are in the word index, and are not what filters see of spans.
fn unset_plain(context: &mut WriteContext<'_>, trace_key: i64) -> StoreResult<()> {
    let Some(mut row) = TraceRow::load(context.conn, trace_key)? else { return Ok(()) };
    if row.is_explicit(explicit::PLAIN) {
        row.explicit &= !explicit::PLAIN;
        row.update(context.conn)?;
        context.table.row(row);
    }
    Ok(())
}

/// A row for a trace of which only log records are known: its spans will fill it in.
fn insert_invisible_trace(conn: &Connection, logs: &TraceLogs, state: &mut TraceState) -> StoreResult<i64> {
    let experiment = logs.experiment.experiment_id;
    let (id, arrival_ns) = (logs.trace_id.clone(), logs.arrival_ns);
    let mut row = TraceRow::new(id, experiment, rank::WEAKEST, arrival_ns, arrival_ns);
    row.visible = false;
    save(conn, &mut row, state)?;
    Ok(row.trace_key)
}
