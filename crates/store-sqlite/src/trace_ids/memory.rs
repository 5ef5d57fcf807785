//! The ids of the newest traces, which the writing thread changes and all threads ask.
//!
//! At any time it holds at least the ids of all committed traces behind `through`. It may hold more: those of the open
//! group, and of traces that are gone in a reader's view.

use super::{attach_to_writer, merge::Merge};
use crate::error::sql_error;
use crate::trace_row::SqlTraceId;
use rusqlite::Connection;
use spanwise_model::TraceId;
use spanwise_store::StoreResult;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many ids are held before they are merged, and how many are merged at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// So many are held in any case: about 1 MiB.
    pub(super) held_min: usize,
    /// More are held in a larger store: one of so many traces, so that each page of the table takes about a dozen ids
    /// whatever its size.
    pub(super) traces_per_held: i64,
    /// No more than so many are held, which take about 24 MiB.
    pub(super) held_max: usize,
    /// So many are merged in one group of writes: some milliseconds.
    pub(super) step: usize,
}

impl Limits {
    const DEFAULT: Limits =
        Limits { held_min: 16 << 10, traces_per_held: 16, held_max: 512 << 10, step: 1024 };
}

/// The ids of the newest traces.
pub(crate) struct TraceIds {
    state: RwLock<State>,
    pub(super) limits: Limits,
}

/// What memory tells of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recent {
    /// The trace has this key, if the view has it.
    Maybe(i64),
    /// It is none of the newest.
    No,
    /// It is not here, but may have been when the view began.
    LetGo,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Sees what was committed.
    Reader,
    /// Sees what the open group did too.
    Writer,
}

/// A place in what the open group did, to go back to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(usize);

pub(super) struct State {
    /// In their order, since they are merged in it.
    pub(super) recent: BTreeMap<TraceId, i64>,
    /// Traces up to this key are in the table, and not here.
    pub(super) through: i64,
    /// The last key that a committed group gave.
    pub(super) committed: i64,
    /// What the open group did.
    pub(super) group: Vec<Change>,
    pub(super) merge: Option<Merge>,
}

pub(super) enum Change {
    /// A trace was added; one that had the id before was deleted in this group too.
    Added {
        id: TraceId,
        trace_key: i64,
        before: Option<i64>,
    },
    Deleted {
        id: TraceId,
        trace_key: i64,
    },
}

impl TraceIds {
    /// Reads the ids that are not in the table yet, and lets `conn`, which writes, ask and change them.
    pub(crate) fn open(conn: &Connection) -> StoreResult<Arc<TraceIds>> {
        TraceIds::open_with(conn, Limits::DEFAULT)
    }

    pub(super) fn open_with(conn: &Connection, limits: Limits) -> StoreResult<Arc<TraceIds>> {
        let through = conn
            .query_row("SELECT through_trace_key FROM trace_by_id_build", [], |row| row.get(0))
            .map_err(sql_error)?;
        let recent: BTreeMap<TraceId, i64> = conn
            .prepare("SELECT trace_id, trace_key FROM trace WHERE trace_key > ?1")
            .and_then(|mut statement| {
                let rows = statement
                    .query_map([through], |row| Ok((row.get::<_, SqlTraceId<TraceId>>(0)?.0, row.get(1)?)))?;
                rows.collect()
            })
            .map_err(sql_error)?;
        let committed = recent.values().copied().max().unwrap_or(through);
        let state = State { recent, through, committed, group: Vec::new(), merge: None };
        let ids = Arc::new(TraceIds { state: RwLock::new(state), limits });
        attach_to_writer(conn, &ids)?;
        Ok(ids)
    }

    /// Tells what is known of an id, to who sees a table that goes up to `through`.
    pub(super) fn recent(&self, id: &TraceId, through: i64, asker: Asker) -> Recent {
        let state = self.read();
        let found = state.recent.get(id).copied();
        let found = match (found, asker) {
            // The open group added it, and readers still see what was there before.
            (Some(trace_key), Asker::Reader) if trace_key > state.committed => state.before(id),
            _ => found,
        };
        match found {
            Some(trace_key) => Recent::Maybe(trace_key),
            None if state.through > through => Recent::LetGo,
            None => Recent::No,
        }
    }

    /// Notes a trace that the open group added.
    pub(super) fn add(&self, id: TraceId, trace_key: i64) {
        let mut state = self.write();
        let before = state.recent.insert(id.clone(), trace_key);
        state.group.push(Change::Added { id, trace_key, before });
    }

    /// Notes that the open group deleted a trace; readers still see it.
    pub(super) fn delete(&self, id: TraceId, trace_key: i64) {
        let mut state = self.write();
        if state.recent.get(&id) == Some(&trace_key) {
            state.group.push(Change::Deleted { id, trace_key });
        }
    }

    /// Returns a mark to which [`TraceIds::undo_to`] can go back.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.read().group.len())
    }

    /// Takes back what came after a mark, because the write that did it failed.
    pub(crate) fn undo_to(&self, mark: Mark) {
        self.write().undo_to(mark.0);
    }

    /// The open group was committed. Readers must be told before its writes are answered.
    pub(crate) fn committed(&self) {
        let mut state = self.write();
        for change in std::mem::take(&mut state.group) {
            match change {
                Change::Added { trace_key, .. } => state.committed = state.committed.max(trace_key),
                // If the id was not given to another trace since.
                Change::Deleted { id, trace_key } => {
                    if state.recent.get(&id) == Some(&trace_key) {
                        state.recent.remove(&id);
                    }
                }
            }
        }
        state.merge_committed();
    }

    /// The open group was rolled back.
    pub(crate) fn rolled_back(&self) {
        let mut state = self.write();
        state.undo_to(0);
        state.merge_rolled_back();
    }

    /// Returns how many ids are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.read().recent.len()
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns the key that an id had before the open group.
    fn before(&self, id: &TraceId) -> Option<i64> {
        let first = self.group.iter().find_map(|change| match change {
            Change::Added { id: added, before, .. } if added == id => Some(*before),
            _ => None,
        });
        first.flatten()
    }

    fn undo_to(&mut self, len: usize) {
        while self.group.len() > len {
            let Some(Change::Added { id, before, .. }) = self.group.pop() else { continue };
            match before {
                Some(trace_key) => drop(self.recent.insert(id, trace_key)),
                None => drop(self.recent.remove(&id)),
            }
        }
    }
}
