//! All traces of a selection, exactly: a bit for each, whatever is asked of them.

use super::Scan;
use crate::search::SearchContext;
use crate::table::{Bits, Chunk, Snapshot, trace_key};
use rusqlite::Connection;
use spanwise_model::ExperimentId;
use spanwise_query::Filter;
use spanwise_store::StoreResult;
use std::time::Duration;

/// The rows of a selection, with the columns of that moment.
pub(crate) struct Selected {
    pub(crate) snapshot: Snapshot,
    /// Of each chunk of the snapshot.
    rows: Vec<Bits>,
    /// Traces that may match too: the budget ended before they were verified.
    pub(crate) open: u64,
}

impl Selected {
    /// Takes the traces of these keys, all of which are in the snapshot.
    pub(super) fn of_keys(snapshot: Snapshot, keys: &[i64]) -> Selected {
        let mut rows = vec![Bits::NONE; snapshot.chunks.len()];
        for (at, row) in keys.iter().filter_map(|key| snapshot.find(*key)) {
            rows[at].set(row, true);
        }
        Selected { snapshot, rows, open: 0 }
    }

    /// Returns these traces of it alone.
    pub(crate) fn only(self, keys: &[i64]) -> Selected {
        Selected::of_keys(self.snapshot, keys)
    }

    /// Returns each chunk that has some of the traces, with its number and their rows.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = (i64, &Chunk, &Bits)> {
        let chunks = self.snapshot.chunks.iter().zip(&self.rows);
        chunks.map(|((number, chunk), rows)| (*number, &**chunk, rows)).filter(|(.., rows)| !rows.is_empty())
    }
}

/// Returns how many traces match; `None` while the columns are being loaded.
pub(crate) fn count_traces(
    conn: &mut Connection,
    context: &SearchContext,
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
) -> StoreResult<Option<u64>> {
    let selected = select(conn, context, experiments, filter, None)?;
    Ok(selected.map(|selected| selected.rows.iter().map(|rows| rows.count() as u64).sum()))
}

/// Returns the traces that match; `None` while the columns are being loaded.
///
/// Verifying takes as long as `budget` says, if what is verified is remembered: the next call then goes on where this
/// one ended. What arrived last is verified first.
pub(crate) fn select(
    conn: &mut Connection,
    context: &SearchContext,
    experiments: &[ExperimentId],
    filter: Option<&Filter>,
    budget: Option<Duration>,
) -> StoreResult<Option<Selected>> {
    let Some(mut scan) = Scan::begin(conn, context, experiments, filter, budget)? else { return Ok(None) };
    let chunks = scan.snapshot.chunks.clone();
    let mut rows = vec![Bits::NONE; chunks.len()];
    let mut open = 0;
    let mut unsure: Vec<i64> = Vec::new();
    for (at, (number, chunk)) in chunks.iter().enumerate().rev() {
        let bounds = scan.bounds(*number, chunk);
        rows[at] = bounds.lower;
        unsure.extend(bounds.upper.without(&bounds.lower).iter().map(|row| trace_key(*number, row)));
        if at > 0 && unsure.len() < scan.verified_max() {
            continue;
        }
        for keys in unsure.chunks(scan.verified_max()) {
            if scan.is_budget_over() {
                open += keys.len() as u64;
                continue;
            }
            for key in scan.verify(conn, keys)?.iter() {
                if let Some((at, row)) = scan.snapshot.find(key) {
                    rows[at].set(row, true);
                }
            }
        }
        unsure.clear();
    }
    Ok(Some(Selected { snapshot: scan.snapshot, rows, open }))
}
