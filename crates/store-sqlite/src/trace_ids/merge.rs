//! Moving ids from memory into the table: in the order of the ids, some with each group of writes.
//!
//! Until the last of them is committed they are in both places, and the table is not said to go further than before. So a
//! merge that is cut off anywhere has done no harm, and begins anew when the store is opened.

use super::memory::{Change, State, TraceIds};
use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::StoreResult;
use std::collections::HashSet;
use std::ops::Bound;

/// A merge of the traces up to a key.
pub(super) struct Merge {
    through: i64,
    /// The last id that is in the table; `None` at the beginning.
    after: Option<TraceId>,
    /// What the open group does of it.
    step: Option<Step>,
}

/// How far a step comes.
enum Step {
    Through(TraceId),
    End,
}

impl TraceIds {
    /// Merges some ids in the open transaction, as its last part, if so many are held that it is time.
    pub(crate) fn merge_some(&self, conn: &Connection) -> StoreResult<()> {
        if !self.is_merging() && !self.begin_if_due(conn)? {
            return Ok(());
        }
        let (ids, end) = self.write().next_step(self.limits.step);
        let mut insert = conn
            .prepare_cached("INSERT OR REPLACE INTO trace_by_id (trace_id, trace_key) VALUES (?1, ?2)")
            .map_err(sql_error)?;
        for (id, trace_key) in &ids {
            insert.execute((SqlTraceId(id), trace_key)).map_err(sql_error)?;
        }
        if let Some(through) = end {
            conn.prepare_cached("UPDATE trace_by_id_build SET through_trace_key = ?1")
                .and_then(|mut update| update.execute([through]))
                .map_err(sql_error)?;
        }
        Ok(())
    }

    fn is_merging(&self) -> bool {
        self.read().merge.is_some()
    }

    fn begin_if_due(&self, conn: &Connection) -> StoreResult<bool> {
        let (held, has_committed) = {
            let state = self.read();
            (state.recent.len(), state.committed > state.through)
        };
        // Only what was committed is merged: keys that are rolled back are given again.
        if !has_committed || held <= self.limits.held_min || held <= self.held_max(conn)? {
            return Ok(false);
        }
        let mut state = self.write();
        state.merge = Some(Merge { through: state.committed, after: None, step: None });
        Ok(true)
    }

    /// Returns how many ids a store of this size holds at most.
    fn held_max(&self, conn: &Connection) -> StoreResult<usize> {
        let traces: i64 = conn
            .prepare_cached(
                "SELECT coalesce((SELECT max(trace_key) FROM trace) - (SELECT min(trace_key) FROM trace), 0)",
            )
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(sql_error)?;
        let share = usize::try_from(traces / self.limits.traces_per_held).unwrap_or(0);
        Ok(share.min(self.limits.held_max))
    }
}

impl State {
    /// Returns the next ids to merge, with their keys, and, if these are the last, up to which key the table goes then.
    fn next_step(&mut self, ids_max: usize) -> (Vec<(TraceId, i64)>, Option<i64>) {
        let State { recent, group, merge: Some(merge), .. } = self else { return (Vec::new(), None) };
        // They are still held for readers.
        let deleted: HashSet<i64> = group
            .iter()
            .filter_map(|change| match change {
                Change::Deleted { trace_key, .. } => Some(*trace_key),
                Change::Added { .. } => None,
            })
            .collect();
        let from = merge.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let ids: Vec<(TraceId, i64)> = recent
            .range::<TraceId, _>((from, Bound::Unbounded))
            .filter(|(_, trace_key)| **trace_key <= merge.through && !deleted.contains(trace_key))
            .take(ids_max)
            .map(|(id, trace_key)| (id.clone(), *trace_key))
            .collect();
        match ids.last() {
            Some((last, _)) if ids.len() == ids_max => {
                merge.step = Some(Step::Through(last.clone()));
                (ids, None)
            }
            _ => {
                merge.step = Some(Step::End);
                (ids, Some(merge.through))
            }
        }
    }

    /// What the group merged is in the table now.
    pub(super) fn merge_committed(&mut self) {
        let Some(merge) = &mut self.merge else { return };
        match merge.step.take() {
            None => {}
            Some(Step::Through(id)) => merge.after = Some(id),
            Some(Step::End) => {
                let through = merge.through;
                self.through = through;
                self.recent.retain(|_, trace_key| *trace_key > through);
                self.merge = None;
            }
        }
    }

    /// What the group merged is not in the table: it is the next step again.
    pub(super) fn merge_rolled_back(&mut self) {
        if let Some(merge) = &mut self.merge {
            merge.step = None;
        }
    }
}
