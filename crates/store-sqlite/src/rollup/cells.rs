//! Roll-ups on their way between memory and their rows: those used last, and those whose changes wait to be written,
//! are kept unpacked in the writing thread.

use super::figures::Figures;
use super::name::Names;
use crate::error::sql_error;
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension, params};
use spanwise_store::StoreResult;

/// Roll-ups that are kept unpacked, about 1 KiB each.
const CELLS_MAX: usize = 16_384;

/// What a roll-up is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CellKey {
    pub(crate) experiment_id: i64,
    pub(crate) bucket: i64,
    /// The number of a model's name, or 0 for the traces.
    pub(crate) name: u32,
}

struct Cell {
    figures: Figures,
    dirty: bool,
}

/// The roll-ups used last.
pub(crate) struct Cells {
    cells: LruCache<CellKey, Cell>,
    dirty: Vec<CellKey>,
    packed: Vec<u8>,
}

impl Cells {
    /// Keeps nothing yet.
    pub(crate) fn new() -> Cells {
        Cells { cells: LruCache::unbounded(), dirty: Vec::new(), packed: Vec::new() }
    }

    /// Returns a roll-up to be changed.
    pub(crate) fn change(
        &mut self,
        conn: &Connection,
        names: &mut Names,
        key: CellKey,
    ) -> StoreResult<&mut Figures> {
        if !self.cells.contains(&key) {
            let figures = load(conn, names, key)?;
            self.cells.put(key, Cell { figures, dirty: false });
        }
        let cell = self.cells.get_or_insert_mut(key, || Cell { figures: Figures::default(), dirty: false });
        if !cell.dirty {
            cell.dirty = true;
            self.dirty.push(key);
        }
        Ok(&mut cell.figures)
    }

    /// Writes what was changed.
    pub(crate) fn write(&mut self, conn: &Connection, names: &mut Names) -> StoreResult<()> {
        // In the order of the tables, so that neighbours are written into a page that is at hand.
        self.dirty.sort_unstable_by_key(|key| (key.name != 0, key.experiment_id, key.bucket, key.name));
        for key in self.dirty.drain(..) {
            if let Some(cell) = self.cells.peek_mut(&key) {
                cell.dirty = false;
                cell.figures.pack(&mut self.packed);
                save(conn, names, key, (!cell.figures.is_empty()).then_some(&self.packed))?;
            }
        }
        while self.cells.len() > CELLS_MAX {
            self.cells.pop_lru();
        }
        Ok(())
    }

    /// Returns how many were changed and not written.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len()
    }
}

fn load(conn: &Connection, names: &mut Names, key: CellKey) -> StoreResult<Figures> {
    let (id, bucket) = (key.experiment_id, key.bucket);
    let packed: Option<Vec<u8>> = if key.name == 0 {
        conn.prepare_cached("SELECT figures FROM rollup_trace WHERE experiment_id = ?1 AND bucket = ?2")
            .and_then(|mut statement| statement.query_row([id, bucket], |row| row.get(0)).optional())
    } else {
        let model_key = names.model_key(conn, key.name)?;
        conn.prepare_cached(
            "SELECT figures FROM rollup_call WHERE experiment_id = ?1 AND bucket = ?2 AND model_key = ?3",
        )
        .and_then(|mut statement| statement.query_row([id, bucket, model_key], |row| row.get(0)).optional())
    }
    .map_err(sql_error)?;
    packed.map_or(Ok(Figures::default()), |packed| Figures::unpack(&packed))
}

/// Writes a row, or removes it if nothing is left.
fn save(conn: &Connection, names: &mut Names, key: CellKey, packed: Option<&Vec<u8>>) -> StoreResult<()> {
    let (id, bucket) = (key.experiment_id, key.bucket);
    if key.name == 0 {
        match packed {
            Some(packed) => conn
                .prepare_cached("REPLACE INTO rollup_trace (experiment_id, bucket, figures) VALUES (?1, ?2, ?3)")
                .and_then(|mut statement| statement.execute(params![id, bucket, packed])),
            None => conn
                .prepare_cached("DELETE FROM rollup_trace WHERE experiment_id = ?1 AND bucket = ?2")
                .and_then(|mut statement| statement.execute([id, bucket])),
        }
    } else {
        let model_key = names.model_key(conn, key.name)?;
        match packed {
            Some(packed) => conn
                .prepare_cached(
                    "REPLACE INTO rollup_call (experiment_id, bucket, model_key, figures) VALUES (?1, ?2, ?3, ?4)",
                )
                .and_then(|mut statement| statement.execute(params![id, bucket, model_key, packed])),
            None => conn
                .prepare_cached(
                    "DELETE FROM rollup_call WHERE experiment_id = ?1 AND bucket = ?2 AND model_key = ?3",
                )
                .and_then(|mut statement| statement.execute([id, bucket, model_key])),
        }
    }
    .map_err(sql_error)?;
    Ok(())
}
