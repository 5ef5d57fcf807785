//! Rows of table `posting_part`: which files belong to the index.

use super::part_writer::PartMeta;
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_store::StoreResult;
use std::path::{Path, PathBuf};

/// What makes the name of a part's file.
const EXTENSION: &str = "idx";

/// Returns the path of a part.
pub(crate) fn part_path(folder: &Path, part_id: i64) -> PathBuf {
    folder.join(format!("{part_id:016}.{EXTENSION}"))
}

/// Returns whether a file in the folder is one of ours.
pub(crate) fn is_part_path(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// A change of which parts make the index; it happens in one transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartChange {
    /// A new part, whose file is synced.
    pub(crate) add: Option<(i64, PartMeta)>,
    /// Parts that are gone.
    pub(crate) remove: Vec<i64>,
}

impl PartChange {
    /// Writes the change, inside the caller's transaction.
    pub(crate) fn apply(&self, conn: &Connection) -> StoreResult<()> {
        let mut delete =
            conn.prepare_cached("DELETE FROM posting_part WHERE part_id = ?1").map_err(sql_error)?;
        for part_id in &self.remove {
            delete.execute([part_id]).map_err(sql_error)?;
        }
        let Some((part_id, meta)) = &self.add else { return Ok(()) };
        conn.prepare_cached(
            "INSERT INTO posting_part (part_id, first_block_id, last_block_id, bytes) VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut insert| insert.execute(params![part_id, meta.first_block_id, meta.last_block_id, meta.bytes]))
        .map_err(sql_error)?;
        Ok(())
    }
}

/// Returns the ids of the parts and what their rows say of them, in order of blocks.
pub(crate) fn load(conn: &Connection) -> StoreResult<Vec<(i64, PartRow)>> {
    conn.prepare(
        "SELECT part_id, first_block_id, last_block_id, bytes FROM posting_part ORDER BY first_block_id",
    )
    .and_then(|mut statement| {
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, PartRow { blocks: (row.get(1)?, row.get(2)?), bytes: row.get(3)? }))
        })?;
        rows.collect()
    })
    .map_err(sql_error)
}

/// Returns the last block that is in the index, as the database knows it.
pub(crate) fn indexed_through(conn: &Connection) -> StoreResult<i64> {
    conn.prepare_cached("SELECT coalesce(max(last_block_id), 0) FROM posting_part")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql_error)
}

/// What a row says of its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartRow {
    /// First and last block that it covers.
    pub(crate) blocks: (i64, i64),
    /// Bytes of its file.
    pub(crate) bytes: u64,
}

impl From<PartMeta> for PartRow {
    fn from(meta: PartMeta) -> PartRow {
        PartRow { blocks: (meta.first_block_id, meta.last_block_id), bytes: meta.bytes }
    }
}
