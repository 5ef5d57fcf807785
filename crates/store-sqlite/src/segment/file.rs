//! The files themselves, and their rows: making, sealing and reopening them, and tidying what a crash left.

use super::{FILE_HEADER, FILE_HEADER_BYTES, segment_path};
use crate::error::{io_error, sql_error};
use rusqlite::{Connection, params};
use spanwise_store::StoreResult;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Marks a file as one that nothing more is written to.
pub(crate) fn seal(conn: &Connection, segment_id: i64) -> StoreResult<()> {
    conn.execute("UPDATE segment SET sealed = 1 WHERE segment_id = ?1", [segment_id])
        .map_err(sql_error)
        .map(|_| ())
}

/// Creates the next file, synced with its folder, and its row.
fn create_file(folder: &Path, segment_id: i64) -> StoreResult<File> {
    let path = segment_path(folder, segment_id);
    let describe = || format!("cannot create segment {}", path.display());
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(|error| io_error(describe(), error))?;
    let written = file
        .write_all_at(FILE_HEADER, 0)
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder)?.sync_all());
    if let Err(error) = written {
        discard(&path);
        return Err(io_error(describe(), error));
    }
    Ok(file)
}

/// Removes a file that no row knows, so that a disk that stays full does not collect them.
pub(super) fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), error = %error, "cannot remove an unfinished segment; opening the store does");
    }
}

/// Creates the next file and its row, in the open transaction of the writing thread.
pub(crate) fn create_next(folder: &Path, conn: &Connection) -> StoreResult<(i64, File)> {
    let next_row: i64 = conn
        .query_row(
            "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'segment'), 0) + 1",
            [],
            |row| row.get(0),
        )
        .map_err(sql_error)?;
    // A file without a row is what a failed group left: its number is not used again.
    let mut segment_id = next_row;
    while segment_path(folder, segment_id).exists() {
        segment_id += 1;
    }
    let file = create_file(folder, segment_id)?;
    insert_row(conn, segment_id)?;
    Ok((segment_id, file))
}

pub(super) fn insert_row(conn: &Connection, segment_id: i64) -> StoreResult<()> {
    conn.execute(
        "INSERT INTO segment (segment_id, committed_bytes, created_ns) VALUES (?1, ?2, ?3)",
        params![segment_id, FILE_HEADER_BYTES, crate::store::now_ns()],
    )
    .map_err(sql_error)
    .map(|_| ())
}

/// Cuts what an interrupted compaction wrote off the segments that it may go on with.
pub(super) fn cut_buckets(folder: &Path, conn: &Connection) -> StoreResult<()> {
    let buckets: Vec<(i64, u64)> = conn
        .prepare("SELECT segment_id, committed_bytes FROM segment WHERE sealed = 0 AND day IS NOT NULL")
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(sql_error)?;
    buckets
        .into_iter()
        .try_for_each(|(segment_id, committed)| reopen(folder, conn, segment_id, committed).map(|_| ()))
}

/// Opens a file to go on with it, and cuts off what was never acknowledged.
///
/// A file that is gone or shorter than what was acknowledged is sealed, and is `None`: what is left of it stays
/// readable, what is lost is named here and by `check`, and all other segments are as good as ever.
pub(super) fn reopen(
    folder: &Path,
    conn: &Connection,
    segment_id: i64,
    committed_bytes: u64,
) -> StoreResult<Option<File>> {
    let path = segment_path(folder, segment_id);
    let describe = || format!("cannot open segment {}", path.display());
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(io_error(describe(), error)),
    };
    let length = match &file {
        Some(file) => file.metadata().map_err(|error| io_error(describe(), error))?.len(),
        None => 0,
    };
    let Some(file) = file.filter(|_| length >= committed_bytes) else {
        tracing::error!(
            path = %path.display(),
            bytes = length,
            acknowledged = committed_bytes,
            "a segment has lost bytes that were acknowledged; nothing more is written to it, and `spanwise check` \
             names the traces that lack some"
        );
        seal(conn, segment_id)?;
        return Ok(None);
    };
    if length > committed_bytes {
        file.set_len(committed_bytes)
            .and_then(|()| file.sync_all())
            .map_err(|error| io_error(describe(), error))?;
    }
    Ok(Some(file))
}

/// Removes files that no row knows: what failed groups and interrupted compactions left behind.
pub(super) fn remove_unknown_files(folder: &Path, conn: &Connection) -> StoreResult<()> {
    let mut statement = conn.prepare("SELECT segment_id FROM segment").map_err(sql_error)?;
    let known: HashSet<PathBuf> = statement
        .query_map([], |row| row.get::<_, i64>(0))
        .and_then(|rows| rows.map(|id| id.map(|id| segment_path(folder, id))).collect())
        .map_err(sql_error)?;
    let describe = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).map_err(|error| io_error(describe(), error))? {
        let path = entry.map_err(|error| io_error(describe(), error))?.path();
        if path.extension().is_some_and(|extension| extension == "seg") && !known.contains(&path) {
            tracing::info!(path = %path.display(), "removing a segment that nothing refers to");
            fs::remove_file(&path)
                .map_err(|error| io_error(format!("cannot remove {}", path.display()), error))?;
        }
    }
    Ok(())
}
