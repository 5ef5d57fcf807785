//! One page of traces: chunks are looked at in the order in which they may hold the next of them, and no further
//! than the page needs.

use super::order::{ScanOrder, SortKey};
use super::selected::Selected;
use super::{Scan, VERIFIED_TRACES_MIN};
use crate::catalog::{self, key_array};
use crate::error::sql_error;
use crate::search::SearchContext;
use crate::table::{Chunk, trace_key};
use crate::trace_row::SqlTraceId;
use rusqlite::Connection;
use spanwise_model::{ExperimentId, TraceId};
use spanwise_query::{Filter, OrderBy, OrderKey};
use spanwise_store::{Cursor, StoreResult, TracePage, TraceQuery};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Returns one page, or `None` if the columns can't tell its order or are not loaded.
pub(crate) fn find_traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &TraceQuery,
) -> StoreResult<Option<TracePage>> {
    let Some(scan) = Scan::begin(conn, context, &query.experiments, query.filter.as_ref(), None)? else {
        return Ok(None);
    };
    let Some(order) = ScanOrder::new(&query.order, &scan.snapshot) else { return Ok(None) };
    let after = match &query.after {
        None => None,
        Some(cursor) => match order.key_of(cursor, &scan.snapshot) {
            Some(key) => Some((key, &cursor.trace_id)),
            None => return Ok(None),
        },
    };
    let mut walk = Walk::new(scan, order, after, query.limit);
    let Some(keys) = walk.run(conn)? else { return Ok(None) };
    let traces = catalog::load_infos(conn, &keys)?;
    let next = if keys.len() == query.limit { walk.cursor(conn, &keys)? } else { None };
    Ok(Some(TracePage { traces, next }))
}

/// The newest traces of a selection.
pub(crate) struct Newest {
    /// Their keys, the newest first.
    pub(crate) keys: Vec<i64>,
    /// Where they are in the columns.
    pub(crate) selected: Selected,
    /// Whether the budget ended before all of them were found.
    pub(crate) is_unfinished: bool,
}

/// Returns the newest traces, at most `limit`; `None` if the columns are not loaded. Verifying takes as long as `budget`
/// says, if what is verified is remembered.
pub(crate) fn newest(
    conn: &mut Connection,
    context: &SearchContext,
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
    budget: Option<Duration>,
    limit: usize,
) -> StoreResult<Option<Newest>> {
    let Some(scan) = Scan::begin(conn, context, experiments, filter, budget)? else { return Ok(None) };
    if let Some(keys) = surely_newest(&scan, limit) {
        let selected = Selected::of_keys(scan.snapshot, &keys);
        return Ok(Some(Newest { keys, selected, is_unfinished: false }));
    }
    let by_start = [OrderBy { key: OrderKey::Start, descending: true }];
    let Some(order) = ScanOrder::new(&by_start, &scan.snapshot).map(ScanOrder::without_id) else {
        return Ok(None);
    };
    let mut walk = Walk::new(scan, order, None, limit);
    let keys = walk.run(conn)?;
    Ok(keys.map(|keys| {
        let selected = Selected::of_keys(walk.scan.snapshot, &keys);
        Newest { keys, selected, is_unfinished: walk.is_unfinished }
    }))
}

/// Returns the keys of the newest traces if the columns can tell of all that could be among them.
fn surely_newest(scan: &Scan<'_>, limit: usize) -> Option<Vec<i64>> {
    let mut chunks: Vec<&(i64, Arc<Chunk>)> = scan.snapshot.chunks.iter().collect();
    chunks.sort_unstable_by_key(|(_, chunk)| Reverse(chunk.start_range.1));
    let mut newest: Vec<(Reverse<i64>, i64)> = Vec::new();
    for (number, chunk) in chunks {
        let last = newest.last().filter(|_| newest.len() == limit);
        if last.is_some_and(|(Reverse(last), _)| *last > chunk.start_range.1) {
            break;
        }
        let bounds = scan.bounds(*number, chunk);
        if bounds.lower != bounds.upper {
            return None;
        }
        let rows = bounds.lower;
        newest.extend(rows.iter().map(|row| (Reverse(chunk.start_ns[row]), trace_key(*number, row))));
        if newest.len() > limit {
            // Puts the last of those that stay at the end of them.
            newest.select_nth_unstable(limit - 1);
            newest.truncate(limit);
        }
    }
    newest.sort_unstable();
    Some(newest.into_iter().map(|(_, key)| key).collect())
}

/// A trace that may be on the page.
type Candidate = Reverse<(SortKey, i64, bool)>;

struct Walk<'a> {
    scan: Scan<'a>,
    order: ScanOrder,
    after: Option<(SortKey, &'a TraceId)>,
    limit: usize,
    /// What was found so far, in order.
    page: Vec<i64>,
    /// Candidates, the first of them on top; the last part tells whether it surely matches.
    pending: BinaryHeap<Candidate>,
    /// The keys of the first `limit` traces that surely match, the last of them on top: what comes behind it is not
    /// on the page.
    surely: BinaryHeap<SortKey>,
    /// How many traces to verify at once.
    batch: usize,
    /// Whether the budget ended before the page was full.
    is_unfinished: bool,
}

impl<'a> Walk<'a> {
    fn new(
        scan: Scan<'a>,
        order: ScanOrder,
        after: Option<(SortKey, &'a TraceId)>,
        limit: usize,
    ) -> Walk<'a> {
        Walk {
            scan,
            order,
            after,
            limit,
            page: Vec::new(),
            pending: BinaryHeap::new(),
            surely: BinaryHeap::new(),
            batch: VERIFIED_TRACES_MIN,
            is_unfinished: false,
        }
    }

    /// Returns the keys of the page; `None` if the order needs a text that is not kept.
    fn run(&mut self, conn: &mut Connection) -> StoreResult<Option<Vec<i64>>> {
        let chunks = self.scan.snapshot.chunks.iter();
        let mut chunks: Vec<(SortKey, i64, Arc<Chunk>)> = chunks
            .map(|(number, chunk)| (self.order.best_of(chunk.start_range), *number, Arc::clone(chunk)))
            .collect();
        chunks.sort_unstable_by_key(|(best, number, _)| (*best, *number));
        for (best, number, chunk) in chunks {
            self.take(conn, Some(&best))?;
            let is_full = self.surely.len() == self.limit;
            if self.is_unfinished
                || self.page.len() >= self.limit
                || (is_full && self.surely.peek().is_some_and(|last| *last < best))
            {
                break;
            }
            if !self.add(number, &chunk) {
                return Ok(None);
            }
        }
        self.take(conn, None)?;
        Ok(Some(self.page.clone()))
    }

    /// Adds the candidates of a chunk; returns false if the sort key of one can't be told.
    fn add(&mut self, number: i64, chunk: &Chunk) -> bool {
        let bounds = self.scan.bounds(number, chunk);
        for row in bounds.upper.iter() {
            let last = self.surely.peek().filter(|_| self.surely.len() == self.limit);
            let Some(key) = self.order.key(chunk, row, last) else { return false };
            let cursor = self.after.as_ref().map(|(cursor, _)| cursor);
            if last.is_some_and(|last| key > *last) || cursor.is_some_and(|cursor| key < *cursor) {
                continue;
            }
            let is_sure = bounds.lower.contains(row);
            self.pending.push(Reverse((key, trace_key(number, row), is_sure)));
            // Of those that stand where the cursor does, some are before it.
            if is_sure && cursor != Some(&key) {
                self.surely.push(key);
                if self.surely.len() > self.limit {
                    self.surely.pop();
                }
            }
        }
        true
    }

    /// Moves candidates to the page that come before `bound`, until it is full.
    fn take(&mut self, conn: &mut Connection, bound: Option<&SortKey>) -> StoreResult<()> {
        while self.page.len() < self.limit && !self.is_unfinished {
            let candidates = self.next_candidates(bound);
            if candidates.is_empty() {
                break;
            }
            let unsure: Vec<i64> =
                candidates.iter().filter(|(_, _, is_sure)| !is_sure).map(|(_, key, _)| *key).collect();
            if !unsure.is_empty() && self.scan.is_budget_over() {
                // What comes behind them is no page without them.
                self.is_unfinished = true;
                break;
            }
            let verified = if unsure.is_empty() { None } else { Some(self.scan.verify(conn, &unsure)?) };
            if !unsure.is_empty() {
                self.batch = (self.batch * 2).min(self.scan.verified_max());
            }
            let matching: Vec<(SortKey, i64)> = candidates
                .into_iter()
                .filter(|(_, trace, is_sure)| {
                    *is_sure || verified.as_ref().is_some_and(|verified| verified.contains(*trace))
                })
                .map(|(key, trace, _)| (key, trace))
                .collect();
            self.add_in_order(conn, &matching)?;
        }
        self.page.truncate(self.limit);
        Ok(())
    }

    /// Takes the first candidates, those of equal keys together: as many as the page lacks, and no more unverified
    /// ones than a batch.
    fn next_candidates(&mut self, bound: Option<&SortKey>) -> Vec<(SortKey, i64, bool)> {
        let mut taken: Vec<(SortKey, i64, bool)> = Vec::new();
        let (mut sure, mut unsure) = (0, 0);
        let lacks = self.limit - self.page.len();
        while let Some(Reverse((key, _, is_sure))) = self.pending.peek() {
            let is_behind = bound.is_some_and(|bound| key >= bound);
            let is_enough = sure >= lacks || unsure >= self.batch;
            if is_behind || (is_enough && taken.last().is_none_or(|(last, ..)| last != key)) {
                break;
            }
            if *is_sure {
                sure += 1
            } else {
                unsure += 1
            }
            taken.extend(self.pending.pop().map(|Reverse(candidate)| candidate));
        }
        taken
    }

    /// Adds traces, those of equal keys in the order of their ids.
    fn add_in_order(&mut self, conn: &Connection, traces: &[(SortKey, i64)]) -> StoreResult<()> {
        let groups = || traces.chunk_by(|a, b| a.0 == b.0);
        let is_cursors = |key: &SortKey| self.after.as_ref().is_some_and(|(cursor, _)| cursor == key);
        let needs_ids = |group: &[(SortKey, i64)]| {
            self.order.ends_with_id() && (group.len() > 1 || is_cursors(&group[0].0))
        };
        let keys: Vec<i64> =
            groups().filter(|group| needs_ids(group)).flatten().map(|(_, trace)| *trace).collect();
        let ids = if keys.is_empty() { HashMap::new() } else { load_ids(conn, &keys)? };
        let mut page = Vec::with_capacity(traces.len());
        for group in groups() {
            if !needs_ids(group) {
                page.extend(group.iter().map(|(_, trace)| *trace));
                continue;
            }
            // What was deleted in between has no id any more.
            let mut of_group: Vec<(&TraceId, i64)> =
                group.iter().filter_map(|(_, trace)| Some((ids.get(trace)?, *trace))).collect();
            of_group.sort_unstable_by(|(a, _), (b, _)| sql_order(a).cmp(&sql_order(b)));
            let cursor = self.after.filter(|_| is_cursors(&group[0].0)).map(|(_, cursor)| sql_order(cursor));
            let behind =
                of_group.into_iter().filter(|(id, _)| cursor.is_none_or(|cursor| sql_order(id) > cursor));
            page.extend(behind.map(|(_, trace)| trace));
        }
        self.page.append(&mut page);
        Ok(())
    }

    /// Returns the cursor behind the page.
    fn cursor(&self, conn: &Connection, keys: &[i64]) -> StoreResult<Option<Cursor>> {
        // The last trace may have been deleted in between.
        for key in keys.iter().rev() {
            let Some(trace_id) = load_ids(conn, &[*key])?.remove(key) else { continue };
            let snapshot = &self.scan.snapshot;
            return Ok(snapshot.find(*key).map(|(at, row)| Cursor {
                values: self.order.cursor_values(&snapshot.chunks[at].1, row, snapshot),
                trace_id,
            }));
        }
        Ok(None)
    }
}

/// How SQLite orders ids: texts before blobs.
fn sql_order(id: &TraceId) -> (bool, &[u8]) {
    match id {
        TraceId::Otel(bytes) => (true, bytes),
        TraceId::Text(text) => (false, text.as_bytes()),
    }
}

fn load_ids(conn: &Connection, keys: &[i64]) -> StoreResult<HashMap<i64, TraceId>> {
    conn.prepare_cached("SELECT trace_key, trace_id FROM trace WHERE trace_key IN rarray(?1)")
        .and_then(|mut statement| {
            let rows = statement.query_map([key_array(keys.iter().copied())], |row| {
                Ok((row.get(0)?, row.get::<_, SqlTraceId<TraceId>>(1)?.0))
            })?;
            rows.collect()
        })
        .map_err(sql_error)
}
