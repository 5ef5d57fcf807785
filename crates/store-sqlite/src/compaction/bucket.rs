//! The segment of one experiment and day that merged blocks are written to.

use super::merge::{MergedBlock, MergedTrace};
use crate::block::{BlockHeader, Payload, encode_block};
use crate::error::{io_error, sql_error};
use crate::postings;
use crate::segment::{self, FILE_HEADER_BYTES, Location, SEGMENT_BYTES_MAX, segment_path};
use crate::store::now_ns;
use crate::writer::{WriteContext, Writer};
use rusqlite::{Connection, OptionalExtension, params};
use spanwise_model::Interned;
use spanwise_store::StoreResult;
use std::collections::{HashMap, HashSet};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Blocks on their way into one segment.
pub(crate) struct Bucket {
    segment_id: i64,
    path: PathBuf,
    committed_bytes: u64,
    buffer: Vec<u8>,
    live_bytes: u64,
    emitted: HashSet<u64>,
}

impl Bucket {
    /// Opens the segment of an experiment and day, beginning one if there is none or the last one is full; segments in
    /// `abandoned` are sealed before.
    pub(crate) fn open(
        writer: &Writer,
        folder: &Path,
        experiment_id: i64,
        day: i64,
        abandoned: Vec<i64>,
    ) -> StoreResult<Bucket> {
        let files = folder.to_owned();
        let (segment_id, committed_bytes) = writer.write_blocking(move |context| {
            abandoned.iter().try_for_each(|segment_id| segment::seal(context.conn, *segment_id))?;
            find_or_begin(context.conn, &files, experiment_id, day)
        })?;
        Ok(Bucket {
            segment_id,
            path: segment_path(folder, segment_id),
            committed_bytes,
            buffer: Vec::new(),
            live_bytes: 0,
            emitted: HashSet::new(),
        })
    }

    /// Returns the segment's number.
    pub(crate) fn segment_id(&self) -> i64 {
        self.segment_id
    }

    /// Returns a mark to go back to.
    pub(crate) fn mark(&self) -> (usize, u64) {
        (self.buffer.len(), self.live_bytes)
    }

    /// Forgets the blocks that were added since `mark`.
    pub(crate) fn undo_to(&mut self, mark: (usize, u64)) {
        self.buffer.truncate(mark.0);
        self.live_bytes = mark.1;
        // Some of what was cut off may be resources; writing one again costs little.
        self.emitted.clear();
    }

    /// Adds a block and returns where it will be.
    pub(crate) fn append(&mut self, header: &BlockHeader<'_>, payload: &Payload) -> Location {
        let start = self.buffer.len() as u64;
        encode_block(header, payload, &mut self.buffer);
        let length = self.buffer.len() as u64 - start;
        self.live_bytes += length;
        Location { segment_id: self.segment_id, offset: self.committed_bytes + start, length }
    }

    /// Adds a block as it is stored elsewhere, and returns where it will be.
    pub(crate) fn append_bytes(&mut self, block: &[u8]) -> Location {
        let start = self.buffer.len() as u64;
        self.buffer.extend_from_slice(block);
        let length = block.len() as u64;
        self.live_bytes += length;
        Location { segment_id: self.segment_id, offset: self.committed_bytes + start, length }
    }

    /// Adds a resource or scope, unless this step wrote it already.
    pub(crate) fn append_interned(&mut self, conn: &Connection, interned_id: u64) -> StoreResult<()> {
        if !self.emitted.insert(interned_id) {
            return Ok(());
        }
        let (interned, tags) = conn
            .prepare_cached("SELECT hash, bytes, tags FROM interned WHERE interned_id = ?1")
            .and_then(|mut statement| {
                statement.query_row([interned_id], |row| {
                    let hash = u128::from_be_bytes(row.get(0)?);
                    let bytes = row.get::<_, Vec<u8>>(1)?.into();
                    Ok((Interned { hash, bytes }, row.get::<_, Option<String>>(2)?))
                })
            })
            .map_err(sql_error)?;
        segment::encode_interned(interned_id, &interned, tags.as_deref(), now_ns(), &mut self.buffer)
    }

    /// Makes what was added durable, and lets the index point to it instead of to the blocks that it replaces.
    ///
    /// A trace of which a block came or went in the meantime keeps its blocks, and so does one with blocks that have to be
    /// indexed first.
    pub(crate) fn commit(
        self,
        writer: &Writer,
        merged: Vec<MergedTrace>,
        waits_for_index: bool,
    ) -> StoreResult<()> {
        if merged.is_empty() {
            return Ok(());
        }
        let describe = || format!("cannot write segment {}", self.path.display());
        let file =
            OpenOptions::new().write(true).open(&self.path).map_err(|error| io_error(describe(), error))?;
        file.write_all_at(&self.buffer, self.committed_bytes)
            .and_then(|()| file.sync_data())
            .map_err(|error| io_error(describe(), error))?;
        let committed_bytes = self.committed_bytes + self.buffer.len() as u64;
        let (segment_id, mut live_bytes) = (self.segment_id, self.live_bytes);
        writer.write_blocking(move |context| {
            // The word index may have been started over since; a block that it has not seen must keep its id.
            let indexed_through =
                if waits_for_index { postings::indexed_through(context.conn)? } else { i64::MAX };
            for trace in &merged {
                let is_indexed = trace.replaced_ids.last().is_some_and(|last| *last <= indexed_through);
                if !is_indexed || !replace_blocks(context, trace)? {
                    live_bytes -= trace.blocks.iter().map(|block| block.location.length).sum::<u64>();
                }
            }
            context
                .conn
                .execute(
                    "UPDATE segment SET committed_bytes = ?2, live_bytes = live_bytes + ?3, sealed = ?4
                     WHERE segment_id = ?1",
                    params![segment_id, committed_bytes, live_bytes, committed_bytes >= SEGMENT_BYTES_MAX],
                )
                .map_err(sql_error)
                .map(|_| ())
        })
    }
}

fn find_or_begin(conn: &Connection, folder: &Path, experiment_id: i64, day: i64) -> StoreResult<(i64, u64)> {
    let open = conn
        .query_row(
            "SELECT segment_id, committed_bytes FROM segment WHERE sealed = 0 AND experiment_id = ?1 AND day = ?2",
            [experiment_id, day],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(sql_error)?;
    if let Some(open) = open {
        return Ok(open);
    }
    let (segment_id, _) = segment::create_next(folder, conn)?;
    conn.execute(
        "UPDATE segment SET experiment_id = ?2, day = ?3 WHERE segment_id = ?1",
        [segment_id, experiment_id, day],
    )
    .map_err(sql_error)?;
    Ok((segment_id, FILE_HEADER_BYTES))
}

/// Puts a trace's merged blocks in the place of its old ones; returns false if they are not what was merged.
fn replace_blocks(context: &mut WriteContext<'_>, trace: &MergedTrace) -> StoreResult<bool> {
    let mut old: HashMap<i64, u64> = HashMap::new();
    let mut ids = Vec::new();
    context
        .conn
        .prepare_cached(
            "SELECT block_id, segment_id, length FROM block WHERE trace_key = ?1 ORDER BY block_id",
        )
        .and_then(|mut statement| {
            let mut rows = statement.query([trace.trace_key])?;
            while let Some(row) = rows.next()? {
                ids.push(row.get::<_, i64>(0)?);
                *old.entry(row.get(1)?).or_default() += row.get::<_, u64>(2)?;
            }
            Ok(())
        })
        .map_err(sql_error)?;
    if ids != trace.replaced_ids {
        return Ok(false);
    }
    let conn = context.conn;
    for (segment_id, bytes) in old {
        conn.prepare_cached("UPDATE segment SET live_bytes = max(live_bytes - ?2, 0) WHERE segment_id = ?1")
            .and_then(|mut statement| statement.execute(params![segment_id, bytes]))
            .map_err(sql_error)?;
    }
    for (index, block_id) in ids.into_iter().enumerate() {
        match trace.blocks.get(index) {
            Some(block) => move_block(conn, block_id, block)?,
            None => delete_block(conn, block_id)?,
        }
    }
    Ok(true)
}

/// Lets a row say where a merged block is, and what it holds if that is new.
fn move_block(conn: &Connection, block_id: i64, block: &MergedBlock) -> StoreResult<()> {
    let Location { segment_id, offset, length } = block.location;
    let moved = match &block.columns {
        // Most of a row is its columns; they stay where they are.
        None => conn
            .prepare_cached("UPDATE block SET segment_id = ?2, offset = ?3, length = ?4 WHERE block_id = ?1")
            .and_then(|mut statement| statement.execute(params![block_id, segment_id, offset, length])),
        Some(columns) => conn
            .prepare_cached(
                "UPDATE block SET segment_id = ?2, offset = ?3, length = ?4, kind = ?5, arrival_ns = ?6, columns = ?7
                 WHERE block_id = ?1",
            )
            .and_then(|mut statement| {
                let (kind, arrival) = (block.kind as i64, block.arrival_ns);
                statement.execute(params![block_id, segment_id, offset, length, kind, arrival, columns])
            }),
    };
    moved.map(drop).map_err(sql_error)
}

fn delete_block(conn: &Connection, block_id: i64) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM block WHERE block_id = ?1")
        .and_then(|mut statement| statement.execute([block_id]))
        .map(drop)
        .map_err(sql_error)
}
