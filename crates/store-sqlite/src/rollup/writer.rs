//! The roll-ups in the writing thread: changes are collected while a group runs, and written once before it commits.

use super::cells::{CellKey, Cells};
use super::figures::Share;
use super::name::{ModelName, Names};
use super::record::TraceFacts;
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::StoreResult;

/// Every trace is in the roll-ups.
pub(crate) const ALL_TRACES: i64 = i64::MAX;

/// What the writing thread keeps of the roll-ups.
pub(crate) struct Rollups {
    names: Names,
    cells: Cells,
    changes: Vec<Change>,
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
        if !self.is_loaded {
            self.through = load_through(conn)?;
            self.is_loaded = true;
        }
        Ok(())
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
            Err(error) if error.kind() == ErrorKind::Internal => {
                tracing::error!(error = %error, "a roll-up is damaged; all are computed again when the store is opened");
                self.restart(conn)
            }
            result => result,
        }
    }

    fn try_write(&mut self, conn: &Connection) -> StoreResult<()> {
        for Change { key, share, is_added } in self.changes.drain(..) {
            let figures = self.cells.change(conn, &mut self.names, key)?;
            if is_added {
                figures.add(&share);
            } else {
                figures.subtract(&share);
            }
        }
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
        conn.execute_batch("DELETE FROM rollup_trace; DELETE FROM rollup_call;").map_err(sql_error)?;
        self.set_through(conn, 0)
    }
}

/// Returns up to which trace all are in the roll-ups.
pub(crate) fn load_through(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT through_trace_key FROM rollup_build")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}
