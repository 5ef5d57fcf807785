//! What the writing thread remembers of the traces that spans arrive for.
//!
//! It answers, without reading rows again: was this span here before, with what content, and what do the tokens of
//! the trace add up to now. It is a cache: everything can be loaded from the packed columns.

use crate::block::BlockKind;
use crate::columns;
use crate::error::{damaged, sql_error};
use crate::lender::Lenders;
use crate::rank::{self, Rank};
use crate::rollup::{Calls, NO_CALL, SpanFacts};
use crate::trace_ids;
use foldhash::fast::RandomState;
use lru::LruCache;
use rusqlite::Connection;
use spanwise_genai::rollup::UsageTree;
use spanwise_model::{NewSpan, SpanId, SpanStatus, TraceId};
use spanwise_store::StoreResult;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Spans that are remembered over all traces, about 200 bytes each; one that calls a model, about 400.
const REMEMBERED_SPANS_MAX: usize = 1 << 16;
/// Resources and scopes whose ids are remembered.
const REMEMBERED_INTERNED_MAX: usize = 10_000;

/// The remembered traces.
pub(crate) struct TraceStates {
    traces: LruCache<TraceId, TraceState>,
    spans: usize,
    /// Ids of resources and scopes, by hash.
    pub(crate) interned: HashMap<u128, u64, RandomState>,
}

/// One remembered trace.
#[derive(Default)]
pub(crate) struct TraceState {
    /// Its key; `None` until its row is made.
    pub(crate) trace_key: Option<i64>,
    spans: HashMap<SpanId, Seen, RandomState>,
    log_hashes: HashSet<u64, RandomState>,
    /// Spans of which the present content says that they failed.
    error_spans: usize,
    /// Spans whose parent is in another process, by start and id, with that parent.
    remote: BTreeMap<(i64, SpanId), SpanId>,
    /// Tokens and cost, each counted once.
    pub(crate) usage: UsageTree,
    /// What its spans give to the roll-ups.
    pub(crate) calls: Calls,
    /// Who lends texts to it if its root has none.
    pub(crate) lenders: Lenders,
}

#[derive(Clone, Copy)]
struct Seen {
    content: Content,
    /// Its place in `calls`.
    call: u32,
}

/// Which content of a span it is.
#[derive(Clone, Copy)]
struct Content {
    content_hash: u64,
    is_open: bool,
    is_error: bool,
}

/// What a span means to a trace that may hold it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    New,
    Replaces,
    Unchanged,
}

impl TraceStates {
    /// Remembers nothing yet.
    pub(crate) fn new() -> TraceStates {
        TraceStates { traces: LruCache::unbounded(), spans: 0, interned: HashMap::default() }
    }

    /// Forgets everything, after a group failed.
    pub(crate) fn clear(&mut self) {
        *self = TraceStates::new();
    }

    /// Forgets one trace, because it was deleted or its blocks were changed.
    pub(crate) fn forget(&mut self, trace_id: &TraceId) {
        if let Some(state) = self.traces.pop(trace_id) {
            self.spans -= state.weight();
        }
    }

    /// Loads a trace's state if it is not here.
    pub(crate) fn remember(&mut self, conn: &Connection, trace_id: &TraceId) -> StoreResult<()> {
        if !self.traces.contains(trace_id) {
            let state = load(conn, trace_id)?;
            self.put(trace_id.clone(), state);
        }
        Ok(())
    }

    /// Takes out a trace's state, loading it if needed; give it back with [`TraceStates::put`].
    pub(crate) fn take(&mut self, conn: &Connection, trace_id: &TraceId) -> StoreResult<TraceState> {
        match self.traces.pop(trace_id) {
            Some(state) => {
                self.spans -= state.weight();
                Ok(state)
            }
            None => load(conn, trace_id),
        }
    }

    /// Remembers a trace as the one used last, and forgets those that were not used for longest.
    pub(crate) fn put(&mut self, trace_id: TraceId, state: TraceState) {
        self.spans += state.weight();
        self.traces.put(trace_id, state);
        while self.spans > REMEMBERED_SPANS_MAX && self.traces.len() > 1 {
            if let Some((_, forgotten)) = self.traces.pop_lru() {
                self.spans -= forgotten.weight();
            }
        }
    }

    /// Remembers the id of a resource or scope.
    pub(crate) fn remember_interned(&mut self, hash: u128, interned_id: u64) {
        if self.interned.len() >= REMEMBERED_INTERNED_MAX {
            self.interned.clear();
        }
        self.interned.insert(hash, interned_id);
    }
}

impl TraceState {
    /// Knows no span yet of the trace with that key.
    pub(crate) fn new(trace_key: Option<i64>) -> TraceState {
        TraceState { trace_key, ..TraceState::default() }
    }

    /// Takes in a span and says what it means.
    pub(crate) fn arrive(&mut self, span: &NewSpan) -> Arrival {
        let new = Content {
            content_hash: span.content_hash,
            is_open: span.end_ns.is_none(),
            is_error: span.status == SpanStatus::Error,
        };
        let arrival = self.see(span.span_id, new, &SpanFacts::from(span));
        match arrival {
            Arrival::New | Arrival::Replaces => {
                self.usage.insert(span.span_id, span.parent_id, span.usage, span.cost);
                self.note_remote(span.start_ns, span.span_id, span.parent_id.filter(|_| span.root.is_some()));
            }
            Arrival::Unchanged => {}
        }
        arrival
    }

    /// Takes in a log record; returns whether it is new.
    pub(crate) fn arrive_log(&mut self, content_hash: u64) -> bool {
        self.log_hashes.insert(content_hash)
    }

    /// Returns whether log records of it are known.
    pub(crate) fn has_logs(&self) -> bool {
        !self.log_hashes.is_empty()
    }

    fn note_remote(&mut self, start_ns: i64, span_id: SpanId, parent: Option<SpanId>) {
        if !self.remote.is_empty() {
            self.remote.retain(|(_, other), _| *other != span_id);
        }
        self.remote.extend(parent.map(|parent| ((start_ns, span_id), parent)));
    }

    /// Returns whether a span of that id is there.
    pub(crate) fn has_span(&self, span_id: SpanId) -> bool {
        self.spans.contains_key(&span_id)
    }

    /// Returns the rank of the span that speaks for the trace if it has no root: the first whose parent is in another
    /// process and is not there.
    pub(crate) fn stand_in(&self) -> Option<Rank> {
        let mut remote = self.remote.iter();
        let ((start_ns, span_id), _) = remote.find(|(_, parent)| !self.has_span(**parent))?;
        Some(rank::of_stand_in(*start_ns, *span_id))
    }

    /// Returns how many spans the trace has.
    pub(crate) fn span_count(&self) -> usize {
        self.spans.len()
    }

    /// Returns how many of them failed.
    pub(crate) fn error_span_count(&self) -> usize {
        self.error_spans
    }

    fn see(&mut self, span_id: SpanId, new: Content, facts: &SpanFacts<'_>) -> Arrival {
        match self.spans.get_mut(&span_id) {
            None => {
                let call = self.calls.see(NO_CALL, facts);
                self.spans.insert(span_id, Seen { content: new, call });
                self.error_spans += usize::from(new.is_error);
                Arrival::New
            }
            Some(Seen { content: old, .. })
                if old.content_hash == new.content_hash || (new.is_open && !old.is_open) =>
            {
                Arrival::Unchanged
            }
            Some(old) => {
                self.error_spans += usize::from(new.is_error);
                self.error_spans -= usize::from(old.content.is_error);
                *old = Seen { content: new, call: self.calls.see(old.call, facts) };
                Arrival::Replaces
            }
        }
    }

    /// What it counts for against the limit; one for the trace itself.
    fn weight(&self) -> usize {
        1 + self.spans.len() + self.log_hashes.len() + self.calls.len()
    }
}

/// Loads what is stored of a trace.
pub(crate) fn load(conn: &Connection, trace_id: &TraceId) -> StoreResult<TraceState> {
    let trace_key = trace_ids::find(conn, trace_id)?;
    let mut state = TraceState::new(trace_key);
    let Some(trace_key) = trace_key else { return Ok(state) };
    state.lenders = Lenders::unknown();
    let mut statement = conn
        .prepare_cached("SELECT kind, columns FROM block WHERE trace_key = ?1 ORDER BY block_id")
        .map_err(sql_error)?;
    let mut rows = statement.query([trace_key]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let kind = BlockKind::from_number(row.get(0).map_err(sql_error)?);
        let packed = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).map_err(sql_error)?;
        match kind {
            Some(BlockKind::Spans) => {
                let columns = columns::unpack_spans(packed)?;
                for row in &columns.rows {
                    let content = Content {
                        content_hash: row.content_hash,
                        is_open: row.end_ns.is_none(),
                        is_error: row.status == SpanStatus::Error,
                    };
                    match state.see(row.span_id, content, &SpanFacts::of_row(&columns, row)) {
                        Arrival::New | Arrival::Replaces => {
                            state.usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
                            let remote = row.parent_id.filter(|_| row.has_remote_parent);
                            state.note_remote(row.start_ns, row.span_id, remote);
                        }
                        Arrival::Unchanged => {}
                    }
                }
            }
            Some(BlockKind::Logs) => {
                state
                    .log_hashes
                    .extend(columns::unpack_logs(packed)?.rows.iter().map(|row| row.content_hash));
            }
            _ => return Err(damaged(format!("trace {trace_id} has a block of an unknown kind"))),
        }
    }
    state.calls.were_given(&mut state.usage);
    Ok(state)
}
