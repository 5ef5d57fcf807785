//! Spans on their way out: which entry of which block is a span's last word, in what order, and its bytes in chunks.

use crate::attachments::Attachments;
use crate::block::{Block, BlockKind, Run};
use crate::columns::{self, Row};
use crate::error::{damaged, sql_error};
use crate::reader::ReaderPool;
use crate::segment::{Location, SegmentReader};
use crate::trace_ids;
use bytes::Bytes;
use lru::LruCache;
use rusqlite::Connection;
use spanwise_model::{Cost, Interned, SpanId, TraceId};
use spanwise_otlp::attachment::Kind;
use spanwise_store::{SpanStream, StoreError, StoreResult, StoredSpan};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

/// Raw bytes in one chunk of a stream.
const CHUNK_BYTES: usize = 64 << 10;
/// Unpacked blocks that all readers share.
const CACHED_BLOCK_BYTES_MAX: usize = 16 << 20;
/// Resources and scopes that are kept in memory.
const CACHED_INTERNED_MAX: usize = 4_096;

/// What readers of spans share: the files, and the blocks that were unpacked last.
pub(crate) struct SpanReader {
    pub(crate) segments: SegmentReader,
    pub(crate) attachments: Arc<Attachments>,
    blocks: Mutex<BlockCache>,
    interned: Mutex<HashMap<u64, Arc<Interned>>>,
}

/// In which form spans are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they came.
    Whole,
    /// With references in place of their attachments, if they have any.
    AsKept,
}

struct BlockCache {
    blocks: LruCache<Location, Arc<Block>>,
    bytes: usize,
}

/// Where the spans of a trace are.
#[derive(Default)]
struct Plan {
    blocks: Vec<Location>,
    /// Spans in the order in which they are given out: block number, entry.
    order: Vec<(u32, u32)>,
    /// Log records of each span, in order of arrival.
    logs: HashMap<SpanId, Vec<(u32, u32)>>,
    /// Where each span is, of those that were asked for one by one.
    places: HashMap<SpanId, (u32, u32)>,
    /// What is kept as their cost.
    costs: HashMap<(u32, u32), Cost>,
}

impl SpanReader {
    /// Reads from these files.
    pub(crate) fn new(segments: SegmentReader, attachments: Arc<Attachments>) -> SpanReader {
        SpanReader {
            segments,
            attachments,
            blocks: Mutex::new(BlockCache { blocks: LruCache::unbounded(), bytes: 0 }),
            interned: Mutex::new(HashMap::new()),
        }
    }

    /// Returns an unpacked block, from the cache if it was read lately.
    pub(crate) fn block(&self, location: Location) -> StoreResult<Arc<Block>> {
        if let Some(block) = self.lock_blocks().blocks.get(&location) {
            return Ok(Arc::clone(block));
        }
        let block = Arc::new(self.segments.read(location)?);
        let mut cache = self.lock_blocks();
        cache.bytes += block.memory_bytes();
        if let Some(old) = cache.blocks.put(location, Arc::clone(&block)) {
            cache.bytes -= old.memory_bytes();
        }
        while cache.bytes > CACHED_BLOCK_BYTES_MAX {
            match cache.blocks.pop_lru() {
                Some((_, forgotten)) => cache.bytes -= forgotten.memory_bytes(),
                None => break,
            }
        }
        Ok(block)
    }

    fn lock_blocks(&self) -> std::sync::MutexGuard<'_, BlockCache> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn interned(&self, conn: &Connection, interned_id: u64) -> StoreResult<Arc<Interned>> {
        let lock = || self.interned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(interned) = lock().get(&interned_id) {
            return Ok(Arc::clone(interned));
        }
        let interned = conn
            .prepare_cached("SELECT hash, bytes FROM interned WHERE interned_id = ?1")
            .and_then(|mut statement| {
                statement.query_row([interned_id], |row| {
                    Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
            })
            .map_err(sql_error)?;
        let interned = Arc::new(Interned { hash: u128::from_be_bytes(interned.0), bytes: interned.1.into() });
        let mut cache = lock();
        if cache.len() >= CACHED_INTERNED_MAX {
            cache.clear();
        }
        cache.insert(interned_id, Arc::clone(&interned));
        Ok(interned)
    }

    /// Returns a message in a form. A copy: a slice would keep the whole block in memory as long as a slow client reads.
    fn in_form(&self, message: &[u8], kind: Kind, form: Form) -> StoreResult<Bytes> {
        match form {
            Form::Whole => Ok(Bytes::from(self.attachments.whole(message, kind)?.into_owned())),
            Form::AsKept => Ok(Bytes::copy_from_slice(message)),
        }
    }

    /// Reads one entry of a block with what it came under.
    fn stored_span(
        &self,
        conn: &Connection,
        plan: &Plan,
        (number, index): (u32, u32),
        form: Form,
    ) -> StoreResult<StoredSpan> {
        let block = self.block(plan.blocks[number as usize])?;
        let (run, span_id) = entry(&block, index)?;
        let mut logs = Vec::new();
        for (number, index) in plan.logs.get(&span_id).into_iter().flatten() {
            let block = self.block(plan.blocks[*number as usize])?;
            logs.push(self.in_form(message(&block, *index)?, Kind::LogRecord, form)?);
        }
        Ok(StoredSpan {
            raw: self.in_form(block.message(index as usize), Kind::Span, form)?,
            resource: self.interned(conn, run.resource_id)?,
            scope: self.interned(conn, run.scope_id)?,
            logs,
            kept_cost: plan.costs.get(&(number, index)).copied(),
        })
    }

    fn chunk(&self, conn: &Connection, plan: &Plan, from: usize) -> StoreResult<Vec<StoredSpan>> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for position in &plan.order[from..] {
            let span = self.stored_span(conn, plan, *position, Form::Whole)?;
            bytes += span.raw.len() + span.logs.iter().map(Bytes::len).sum::<usize>();
            chunk.push(span);
            if bytes >= CHUNK_BYTES {
                break;
            }
        }
        Ok(chunk)
    }
}

/// Returns one message of a block.
pub(crate) fn message(block: &Block, index: u32) -> StoreResult<&[u8]> {
    if index as usize >= block.len() {
        return Err(damaged("a block holds fewer entries than the index says"));
    }
    Ok(block.message(index as usize))
}

fn entry(block: &Block, index: u32) -> StoreResult<(Run, SpanId)> {
    message(block, index)?;
    let run =
        block.run_of(index as usize).ok_or_else(|| damaged("a block's runs do not cover its entries"))?;
    Ok((*run, block.span_ids[index as usize]))
}

/// Streams the spans of a trace.
pub(crate) async fn read_spans(
    readers: Arc<ReaderPool>,
    spans: Arc<SpanReader>,
    trace_id: TraceId,
) -> StoreResult<SpanStream> {
    let plan = plan_on(&readers, &trace_id).await?;
    let state = StreamState { readers, spans, trace_id, plan: Arc::new(plan), given: 0 };
    Ok(Box::pin(futures_util::stream::try_unfold(state, |mut state| async move {
        if state.given == state.plan.order.len() {
            return Ok(None);
        }
        let chunk = state.next_chunk().await?;
        state.given += chunk.len();
        Ok(Some((chunk, state)))
    })))
}

struct StreamState {
    readers: Arc<ReaderPool>,
    spans: Arc<SpanReader>,
    trace_id: TraceId,
    plan: Arc<Plan>,
    given: usize,
}

impl StreamState {
    async fn next_chunk(&mut self) -> StoreResult<Vec<StoredSpan>> {
        match self.try_chunk().await {
            Err(error) if is_gone(&error) => {
                // Compaction moved the blocks and removed the old file: look up where they are now. A span that was
                // replaced in between keeps its place, since start and id order it.
                self.plan = Arc::new(plan_on(&self.readers, &self.trace_id).await?);
                self.given = self.given.min(self.plan.order.len());
                self.try_chunk().await
            }
            result => result,
        }
    }

    async fn try_chunk(&self) -> StoreResult<Vec<StoredSpan>> {
        let (spans, plan, from) = (Arc::clone(&self.spans), Arc::clone(&self.plan), self.given);
        self.readers.read(move |conn| spans.chunk(conn, &plan, from)).await
    }
}

/// Returns whether a read failed since compaction has removed the file; where its blocks are now is in the index.
pub(crate) fn is_gone(error: &StoreError) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    source.is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Reads some spans of a trace, in the order asked; those that do not exist are left out.
pub(crate) fn read_some(
    conn: &Connection,
    spans: &SpanReader,
    trace_id: &TraceId,
    ids: &[SpanId],
    form: Form,
) -> StoreResult<Vec<StoredSpan>> {
    match try_read_some(conn, spans, trace_id, ids, form) {
        Err(error) if is_gone(&error) => try_read_some(conn, spans, trace_id, ids, form),
        result => result,
    }
}

fn try_read_some(
    conn: &Connection,
    spans: &SpanReader,
    trace_id: &TraceId,
    ids: &[SpanId],
    form: Form,
) -> StoreResult<Vec<StoredSpan>> {
    let plan = plan(conn, key_of(conn, trace_id)?, Some(&ids.iter().copied().collect()))?;
    let mut found = HashMap::new();
    for position in &plan.order {
        let block = spans.block(plan.blocks[position.0 as usize])?;
        found.insert(entry(&block, position.1)?.1, spans.stored_span(conn, &plan, *position, form)?);
    }
    // Taking a span out makes the second mention of an id find nothing.
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Reads some spans of a trace one by one, in the order asked, until `visit` has seen enough; those that do not exist are
/// left out.
pub(crate) fn visit_some(
    conn: &Connection,
    spans: &SpanReader,
    trace_key: i64,
    ids: &[SpanId],
    mut visit: impl FnMut(SpanId, StoredSpan) -> StoreResult<ControlFlow<()>>,
) -> StoreResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let plan = plan(conn, trace_key, Some(&ids.iter().copied().collect()))?;
    for span_id in ids {
        let Some(position) = plan.places.get(span_id) else { continue };
        if visit(*span_id, spans.stored_span(conn, &plan, *position, Form::Whole)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

async fn plan_on(readers: &ReaderPool, trace_id: &TraceId) -> StoreResult<Plan> {
    let trace_id = trace_id.clone();
    readers.read(move |conn| plan(conn, key_of(conn, &trace_id)?, None)).await
}

/// What the order of two spans depends on, and which of two arrivals of one span counts.
pub(crate) struct Candidate {
    has_parent: bool,
    start_ns: i64,
    span_id: SpanId,
    is_open: bool,
    position: (u32, u32),
}

/// Returns the key of a visible trace.
pub(crate) fn key_of(conn: &Connection, trace_id: &TraceId) -> StoreResult<i64> {
    trace_ids::find_visible(conn, trace_id)?
        .ok_or_else(|| StoreError::not_found(format!("trace {trace_id} does not exist")))
}

/// Plans the reading of all spans, or of those in `only`.
fn plan(conn: &Connection, trace_key: i64, only: Option<&HashSet<SpanId>>) -> StoreResult<Plan> {
    let wanted = |span_id: &SpanId| only.is_none_or(|only| only.contains(span_id));
    let mut plan = Plan::default();
    let mut candidates = Vec::new();
    // A block is written whole if one of its records is new: the others are here a second time.
    let mut seen_logs = HashSet::new();
    for_each_block(conn, trace_key, |location, kind, packed| {
        let number = plan.blocks.len() as u32;
        plan.blocks.push(location);
        if kind == BlockKind::Spans {
            let rows = columns::unpack_spans(packed)?.rows;
            for (index, row) in rows.iter().enumerate().filter(|(_, row)| wanted(&row.span_id)) {
                let position = (number, index as u32);
                candidates.push(Candidate::new(row, position));
                // Of a whole trace that would be much to remember, and nobody asks for it.
                plan.costs.extend(row.cost.filter(|_| only.is_some()).map(|cost| (position, cost)));
            }
        } else {
            for (index, row) in columns::unpack_logs(packed)?.rows.iter().enumerate() {
                if seen_logs.insert(row.content_hash) {
                    plan.logs.entry(row.span_id).or_default().push((number, index as u32));
                }
            }
        }
        Ok(())
    })?;
    let last = last_candidates(candidates);
    if only.is_some() {
        plan.places.extend(last.iter().map(|candidate| (candidate.span_id, candidate.position)));
    }
    plan.order = last.into_iter().map(|candidate| candidate.position).collect();
    Ok(plan)
}

/// Calls `visit` for each block of a trace, in order of arrival.
pub(crate) fn for_each_block(
    conn: &Connection,
    trace_key: i64,
    mut visit: impl FnMut(Location, BlockKind, &[u8]) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut statement = conn
        .prepare_cached(
            "SELECT segment_id, offset, length, kind, columns FROM block WHERE trace_key = ?1 ORDER BY block_id",
        )
        .map_err(sql_error)?;
    let mut rows = statement.query([trace_key]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let location =
            (|| Ok(Location { segment_id: row.get(0)?, offset: row.get(1)?, length: row.get(2)? }))()
                .map_err(sql_error)?;
        let kind = BlockKind::from_number(row.get(3).map_err(sql_error)?)
            .ok_or_else(|| damaged(format!("trace {trace_key} has a block of an unknown kind")))?;
        let packed = row.get_ref(4).and_then(|value| Ok(value.as_blob()?)).map_err(sql_error)?;
        visit(location, kind, packed)?;
    }
    Ok(())
}

impl Candidate {
    /// Makes a candidate of a row at `position`: block number, entry.
    pub(crate) fn new(row: &Row, position: (u32, u32)) -> Candidate {
        Candidate {
            has_parent: row.parent_id.is_some(),
            start_ns: row.start_ns,
            span_id: row.span_id,
            is_open: row.end_ns.is_none(),
            position,
        }
    }
}

/// Keeps one arrival of each span (the last; but a closed one before an open one) and puts them in order.
pub(crate) fn last_words(candidates: Vec<Candidate>) -> Vec<(u32, u32)> {
    last_candidates(candidates).into_iter().map(|candidate| candidate.position).collect()
}

fn last_candidates(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_unstable_by_key(|candidate| {
        (candidate.span_id, candidate.is_open, std::cmp::Reverse(candidate.position))
    });
    candidates.dedup_by_key(|candidate| candidate.span_id);
    candidates
        .sort_unstable_by_key(|candidate| (candidate.has_parent, candidate.start_ns, candidate.span_id));
    candidates
}
