//! Appending: blocks of a group of writes are collected, and written and synced at once.

use super::file::{create_next, cut_buckets, discard, insert_row, remove_unknown_files, reopen, seal};
use super::{FILE_HEADER_BYTES, Location, SEGMENT_BYTES_MAX, segment_path};
use crate::block::{BlockHeader, BlockKind, Payload, Run, encode_block};
use crate::error::{io_error, sql_error};
use rusqlite::{Connection, OptionalExtension, params};
use spanwise_model::{Interned, SpanId, TraceId};
use spanwise_store::{StoreError, StoreResult};
use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The file that is being appended to, and what waits to be written to it.
pub(crate) struct SegmentWriter {
    folder: PathBuf,
    current: Option<Current>,
    /// Blocks of the open group.
    buffer: Vec<u8>,
    /// Bytes of those that hold spans or log records.
    live_bytes: u64,
    /// Resources and scopes that the open group wrote into the current file for the first time.
    newly_emitted: Vec<u64>,
    /// Whether the open group is in the file and synced.
    flushed: bool,
    /// Set when a write or sync failed: the file is never touched again.
    failed: bool,
}

struct Current {
    segment_id: i64,
    file: File,
    /// Where the next group goes: behind all that was synced, whether its commit succeeded or not.
    end: u64,
    /// Whether the index knows the file, as the open transaction sees it.
    has_row: bool,
    /// Whether it will still know it if the open group fails.
    is_committed: bool,
    emitted: HashSet<u64>,
}

impl Current {
    /// Goes on with a file that is whole.
    fn go_on(segment_id: i64, file: File, committed_bytes: u64) -> Current {
        // Which resources the file holds is not looked up: writing one again costs a few hundred bytes a start.
        let emitted = HashSet::new();
        Current { segment_id, file, end: committed_bytes, has_row: true, is_committed: true, emitted }
    }
}

/// What to undo if one operation of a group fails.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    buffered: usize,
    live_bytes: u64,
    emitted: usize,
    has_row: bool,
}

impl SegmentWriter {
    /// Opens the folder: cuts what was never acknowledged off the last file, and goes on with it if it is whole.
    pub(crate) fn open(folder: &Path, conn: &Connection) -> StoreResult<SegmentWriter> {
        fs::create_dir_all(folder)
            .map_err(|error| io_error(format!("cannot create {}", folder.display()), error))?;
        remove_unknown_files(folder, conn)?;
        let last = conn
            .query_row(
                "SELECT segment_id, committed_bytes FROM segment WHERE sealed = 0 AND day IS NULL
                 ORDER BY segment_id DESC LIMIT 1",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?)),
            )
            .optional()
            .map_err(sql_error)?;
        let current = match last {
            Some((segment_id, committed)) => reopen(folder, conn, segment_id, committed)?
                .map(|file| Current::go_on(segment_id, file, committed)),
            None => None,
        };
        cut_buckets(folder, conn)?;
        Ok(SegmentWriter {
            folder: folder.into(),
            current,
            buffer: Vec::new(),
            live_bytes: 0,
            newly_emitted: Vec::new(),
            flushed: false,
            failed: false,
        })
    }

    /// Adds a block to the open group; it is on the disk when the group's `flush` succeeded.
    pub(crate) fn append(
        &mut self,
        conn: &Connection,
        header: &BlockHeader<'_>,
        payload: &Payload,
    ) -> StoreResult<Location> {
        self.ensure_file(conn)?;
        let start = self.buffer.len();
        encode_block(header, payload, &mut self.buffer);
        let location = self.location_from(start)?;
        self.live_bytes += location.length;
        Ok(location)
    }

    /// Returns whether the current file is known to hold a resource or scope.
    pub(crate) fn has_interned(&self, interned_id: u64) -> bool {
        self.current.as_ref().is_some_and(|current| current.emitted.contains(&interned_id))
    }

    /// Adds a resource or scope to the current file.
    pub(crate) fn append_interned(
        &mut self,
        conn: &Connection,
        interned_id: u64,
        interned: &Interned,
        tags: Option<&str>,
        arrival_ns: i64,
    ) -> StoreResult<()> {
        self.ensure_file(conn)?;
        let current = self.current.as_mut().ok_or_else(no_file)?;
        current.emitted.insert(interned_id);
        self.newly_emitted.push(interned_id);
        encode_interned(interned_id, interned, tags, arrival_ns, &mut self.buffer)
    }

    /// Adds the mark that a trace was deleted, so that a rebuilt index does not bring it back.
    pub(crate) fn append_deleted(
        &mut self,
        conn: &Connection,
        trace_id: &TraceId,
        arrival_ns: i64,
    ) -> StoreResult<()> {
        let payload = Payload::compress(std::iter::empty())?;
        let header = BlockHeader {
            kind: BlockKind::Deleted,
            trace_id,
            experiment_id: 0,
            arrival_ns,
            runs: &[],
            span_ids: &[],
        };
        self.ensure_file(conn)?;
        encode_block(&header, &payload, &mut self.buffer);
        Ok(())
    }

    /// Seals the current file if it is this one and the open group wrote nothing to it yet; returns whether it did.
    pub(crate) fn seal_if_current(&mut self, conn: &Connection, segment_id: i64) -> StoreResult<bool> {
        let is_current = self.current.as_ref().is_some_and(|current| current.segment_id == segment_id);
        if is_current && self.buffer.is_empty() {
            seal(conn, segment_id)?;
            self.current = None;
        }
        Ok(is_current)
    }

    /// Returns a mark to go back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            buffered: self.buffer.len(),
            live_bytes: self.live_bytes,
            emitted: self.newly_emitted.len(),
            has_row: self.current.as_ref().is_some_and(|current| current.has_row),
        }
    }

    /// Forgets what was added since `mark`.
    pub(crate) fn undo_to(&mut self, mark: Mark) {
        self.buffer.truncate(mark.buffered);
        self.live_bytes = mark.live_bytes;
        let undone = self.newly_emitted.split_off(mark.emitted);
        let Some(current) = &mut self.current else { return };
        undone.iter().for_each(|id| {
            current.emitted.remove(id);
        });
        // The row of a file that was begun since then is rolled back with the operation.
        current.has_row &= mark.has_row;
    }

    /// Writes and syncs the open group, and records it in the open transaction.
    pub(crate) fn flush(&mut self, conn: &Connection) -> StoreResult<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let current = self.current.as_mut().ok_or_else(no_file)?;
        let written =
            current.file.write_all_at(&self.buffer, current.end).and_then(|()| current.file.sync_data());
        if let Err(error) = written {
            self.failed = true;
            return Err(io_error(format!("cannot write segment {}", current.segment_id), error));
        }
        self.flushed = true;
        let end = current.end + self.buffer.len() as u64;
        conn.prepare_cached(
            "UPDATE segment SET committed_bytes = ?2, live_bytes = live_bytes + ?3 WHERE segment_id = ?1",
        )
        .and_then(|mut statement| statement.execute(params![current.segment_id, end, self.live_bytes]))
        .map_err(sql_error)?;
        if end >= SEGMENT_BYTES_MAX {
            seal(conn, current.segment_id)?;
        }
        Ok(())
    }

    /// The group's transaction was committed.
    pub(crate) fn committed(&mut self) {
        self.newly_emitted.clear();
        self.end_group();
        if let Some(current) = &mut self.current {
            current.is_committed = current.has_row;
            if current.end >= SEGMENT_BYTES_MAX {
                self.current = None;
            }
        }
    }

    /// The group failed: nothing of it is in the index, as far as anybody knows.
    ///
    /// A commit that failed may come back: after a crash SQLite takes what it finds whole in its log. So what was
    /// synced for it is left in the file, and the next group goes behind it.
    ///
    /// After a failed write or sync nobody knows what the file holds behind the committed bytes, and a second sync
    /// may answer success for bytes that were dropped. So that file is left as it is, and the next group begins
    /// another.
    pub(crate) fn rolled_back(&mut self) {
        let undone = std::mem::take(&mut self.newly_emitted);
        self.end_group();
        let Some(current) = &mut self.current else { return };
        undone.iter().for_each(|id| {
            current.emitted.remove(id);
        });
        current.has_row = current.is_committed;
        if self.failed {
            if !current.is_committed {
                discard(&segment_path(&self.folder, current.segment_id));
            }
            self.current = None;
        }
    }

    fn end_group(&mut self) {
        if let (Some(current), true) = (&mut self.current, self.flushed) {
            current.end += self.buffer.len() as u64;
        }
        self.flushed = false;
        self.buffer.clear();
        self.live_bytes = 0;
    }

    fn location_from(&self, start: usize) -> StoreResult<Location> {
        let current = self.current.as_ref().ok_or_else(no_file)?;
        Ok(Location {
            segment_id: current.segment_id,
            offset: current.end + start as u64,
            length: (self.buffer.len() - start) as u64,
        })
    }

    /// Makes sure that there is a file, and that the open transaction knows it.
    fn ensure_file(&mut self, conn: &Connection) -> StoreResult<()> {
        if self.current.as_ref().is_some_and(|current| current.has_row) {
            return Ok(());
        }
        if let Some(current) = &mut self.current {
            insert_row(conn, current.segment_id)?;
            current.has_row = true;
            return Ok(());
        }
        // Nothing will be written to the file before this one, whatever became of it.
        conn.execute("UPDATE segment SET sealed = 1 WHERE sealed = 0 AND day IS NULL", [])
            .map_err(sql_error)?;
        let (segment_id, file) = create_next(&self.folder, conn)?;
        self.current = Some(Current {
            segment_id,
            file,
            end: FILE_HEADER_BYTES,
            has_row: true,
            is_committed: false,
            emitted: HashSet::new(),
        });
        self.failed = false;
        Ok(())
    }
}

/// Appends the block of a resource or scope to `out`.
pub(crate) fn encode_interned(
    interned_id: u64,
    interned: &Interned,
    tags: Option<&str>,
    arrival_ns: i64,
    out: &mut Vec<u8>,
) -> StoreResult<()> {
    let messages: [&[u8]; 2] = [&interned.bytes, tags.unwrap_or_default().as_bytes()];
    let payload = Payload::compress(messages.into_iter())?;
    let header = BlockHeader {
        kind: BlockKind::Interned,
        trace_id: &TraceId::Text("".into()),
        experiment_id: 0,
        arrival_ns,
        runs: &[Run { resource_id: interned_id, scope_id: interned_id, count: 2 }],
        span_ids: &[SpanId([0; 8]); 2],
    };
    encode_block(&header, &payload, out);
    Ok(())
}

fn no_file() -> StoreError {
    StoreError::new(spanwise_model::ErrorKind::Internal, "no segment is open")
}
