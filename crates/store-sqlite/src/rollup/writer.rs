//! The roll-ups in the writing thread: changes are collected while a group runs, and written once before it commits.

use super::cells::{CellKey, Cells};
use super::figures::Share;
use super::name::{ModelName, Names};
use super::pending::{self, Pending};
use super::record::TraceFacts;
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};

/// Every trace is in the roll-ups.
pub(crate) const ALL_TRACES: i64 = i64::MAX;

/// Roll-ups that are written at once with the group that changes them. The changes of more are written together in one
/// row, and the roll-ups later: traces of a month in random order touch one each, a page of the log for each.
const WRITTEN_AT_ONCE_MAX: usize = if cfg!(test) { 5 } else { 64 };
/// Changes that wait at most; readers have to add them up.
const PENDING_CHANGES_MAX: usize = if cfg!(test) { 100 } else { 50_000 };
/// Roll-ups that wait in memory at most, about 1 KiB each.
const PENDING_CELLS_MAX: usize = 20_000;

/// What the writing thread keeps of the roll-ups.
pub(crate) struct Rollups {
    names: Names,
    cells: Cells,
    changes: Vec<Change>,
    /// Changes that are in memory and in rows of their own, but not in the rows of their roll-ups.
    pending: usize,
    packed: Vec<u8>,
    /// Traces up to this key are in the roll-ups; later ones will be counted as they are when their turn comes.
    through: i64,
    /// Whether `through` is what the database says.
    is_loaded: bool,
}

struct Change {
    key: CellKey,
    share: Share,
    is_added: bool,
}

/// A place to go back to, if an operation fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    changes: usize,
    through: i64,
}

impl Rollups {
    /// Knows nothing yet.
    pub(crate) fn new() -> Rollups {
        Rollups {
            names: Names::default(),
            cells: Cells::new(),
            changes: Vec::new(),
            pending: 0,
            packed: Vec::new(),
            through: 0,
            is_loaded: false,
        }
    }

    /// Forgets everything, after a group failed.
    pub(crate) fn clear(&mut self) {
        *self = Rollups::new();
    }

    /// Prepares for a group whose transaction is open.
    pub(crate) fn begin(&mut self, conn: &Connection) -> StoreResult<()> {
        if self.is_loaded {
            return Ok(());
        }
        self.is_loaded = true;
        let loaded = load_through(conn).and_then(|through| {
            self.through = through;
            self.load_pending(conn)
        });
        match loaded {
            Err(error) if error.kind() == ErrorKind::Internal => self.restart_after(conn, &error),
            result => result,
        }
    }

    /// Takes in what waited when the store was closed, or before a group failed.
    fn load_pending(&mut self, conn: &Connection) -> StoreResult<()> {
        let Rollups { names, cells, pending, .. } = self;
        pending::for_each(conn, |change| {
            *pending += 1;
            let name = if change.model_key == 0 { 0 } else { names.number_of_key(conn, change.model_key)? };
            let key = CellKey { experiment_id: change.experiment_id, bucket: change.bucket, name };
            cells.change(conn, names, key)?.change(&change.share, change.is_added);
            Ok(())
        })
    }

    /// Returns a place to go back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark { changes: self.changes.len(), through: self.through }
    }

    /// Drops what an operation changed, back to its start.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        self.changes.truncate(mark.changes);
        self.through = mark.through;
    }

    /// Returns whether what changes of that trace is to be told; otherwise it will be counted later.
    pub(crate) fn has_trace(&self, trace_key: i64) -> bool {
        trace_key <= self.through
    }

    /// Returns up to which trace all are in the roll-ups.
    pub(crate) fn through(&self) -> i64 {
        self.through
    }

    /// Notes that the traces up to this one are counted.
    pub(crate) fn set_through(&mut self, conn: &Connection, trace_key: i64) -> StoreResult<()> {
        conn.prepare_cached("UPDATE rollup_build SET through_trace_key = ?1")
            .and_then(|mut statement| statement.execute([trace_key]))
            .map_err(sql_error)?;
        self.through = trace_key;
        Ok(())
    }

    /// Replaces what a trace gave by what it gives.
    pub(crate) fn trace(&mut self, before: Option<&TraceFacts>, after: Option<&TraceFacts>) {
        if before == after {
            return;
        }
        for (facts, is_added) in [(before, false), (after, true)] {
            self.changes.extend(facts.map(|facts| {
                let key = CellKey { experiment_id: facts.experiment_id, bucket: facts.bucket, name: 0 };
                Change { key, share: facts.share, is_added }
            }));
        }
    }

    /// Adds or takes away what a span gives.
    pub(crate) fn call(
        &mut self,
        experiment_id: i64,
        bucket: i64,
        name: &ModelName,
        share: &Share,
        is_added: bool,
    ) {
        if *share != Share::default() {
            let key = CellKey { experiment_id, bucket, name: self.names.number(name) };
            self.changes.push(Change { key, share: *share, is_added });
        }
    }

    /// Writes what the group changed.
    pub(crate) fn write(&mut self, conn: &Connection) -> StoreResult<()> {
        match self.try_write(conn) {
            // A row that can't be read says nothing of the traces: all are counted again from their rows.
            Err(error) if error.kind() == ErrorKind::Internal => self.restart_after(conn, &error),
            result => result,
        }
    }

    fn restart_after(&mut self, conn: &Connection, error: &StoreError) -> StoreResult<()> {
        tracing::error!(error = %error, "a roll-up is damaged; all are computed again when the store is opened");
        self.restart(conn)
    }

    fn try_write(&mut self, conn: &Connection) -> StoreResult<()> {
        if self.changes.is_empty() {
            return Ok(());
        }
        for Change { key, share, is_added } in &self.changes {
            self.cells.change(conn, &mut self.names, *key)?.change(share, *is_added);
        }
        if self.pending == 0 && self.cells.dirty() <= WRITTEN_AT_ONCE_MAX {
            self.changes.clear();
            return self.write_cells(conn);
        }
        if self.pending + self.changes.len() > PENDING_CHANGES_MAX || self.cells.dirty() > PENDING_CELLS_MAX {
            self.changes.clear();
            self.pending = 0;
            pending::delete_all(conn)?;
            return self.write_cells(conn);
        }
        self.write_pending(conn)
    }

    fn write_pending(&mut self, conn: &Connection) -> StoreResult<()> {
        self.pending += self.changes.len();
        pending::begin(&mut self.packed);
        for Change { key, share, is_added } in self.changes.drain(..) {
            let model_key = if key.name == 0 { 0 } else { self.names.model_key(conn, key.name)? };
            let (experiment_id, bucket) = (key.experiment_id, key.bucket);
            pending::pack(&mut self.packed, &Pending { experiment_id, bucket, model_key, share, is_added });
        }
        pending::insert(conn, &self.packed)
    }

    fn write_cells(&mut self, conn: &Connection) -> StoreResult<()> {
        self.cells.write(conn, &mut self.names)?;
        if self.names.are_too_many() {
            self.names = Names::default();
            self.cells = Cells::new();
        }
        Ok(())
    }

    /// Empties the roll-ups, to be computed again.
    pub(crate) fn restart(&mut self, conn: &Connection) -> StoreResult<()> {
        self.changes.clear();
        self.cells = Cells::new();
        self.pending = 0;
        conn.execute_batch("DELETE FROM rollup_trace; DELETE FROM rollup_call; DELETE FROM rollup_pending;")
            .map_err(sql_error)?;
        self.set_through(conn, 0)
    }
}

/// Returns up to which trace all are in the roll-ups.
pub(crate) fn load_through(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT through_trace_key FROM rollup_build")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}
