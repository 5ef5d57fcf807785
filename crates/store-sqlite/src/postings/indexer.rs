//! The thread that keeps the index: builds parts of new blocks, merges parts, and repairs what is damaged.
//!
//! A part's file is written and synced before its row is committed, and removed after its row is gone, so a file
//! without a row is what an interrupted run left. The thread reads on a connection of its own and never holds a
//! transaction for long; the only thing that it asks of the writing thread is to commit a row.

use super::builder::PostingsBuilder;
use super::merge::merge;
use super::part::Part;
use super::part_writer::{Doc, PartMeta};
use super::row::{self, PartChange, PartRow, is_part_path, part_path};
use super::set::Postings;
use super::source::{self, LoadBlock, Loaded, TRACES_PER_READ};
use super::tier;
use super::trace_set::TraceSet;
use super::wake::{Reason, Wake};
use crate::error::io_error;
use crate::schema;
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::collections::HashSet;
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Bytes of unpacked blocks in one new part.
const PART_RAW_BYTES_MAX: usize = 128 << 20;

/// Runs a change on the writing thread and returns when it is durable.
pub(crate) type CommitParts = Arc<dyn Fn(PartChange) -> StoreResult<()> + Send + Sync>;

/// What the indexer needs of the store around it.
pub(crate) struct IndexerContext {
    /// The index database.
    pub(crate) database: PathBuf,
    /// The folder of parts; it is made if it is not there.
    pub(crate) folder: PathBuf,
    /// Reads a block.
    pub(crate) load: LoadBlock,
    /// Commits which parts there are.
    pub(crate) commit: CommitParts,
}

/// The running indexer.
pub(crate) struct Indexer {
    wake: Arc<Wake>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Indexer {
    /// Opens the parts that there are, so that searches can use them at once, and starts the thread.
    pub(crate) fn start(context: IndexerContext, postings: &Postings) -> StoreResult<Indexer> {
        let mut thread = IndexerThread::open(context, postings.clone())?;
        let wake = Arc::clone(postings.wake());
        // Blocks may wait since the last run.
        wake.blocks(1);
        let handle = thread::Builder::new()
            .name("index".into())
            .spawn(move || thread.run())
            .map_err(|error| io_error("cannot start the indexing thread", error))?;
        Ok(Indexer { wake, thread: Mutex::new(Some(handle)) })
    }

    /// Indexes everything that is committed by now, merges what is to be merged, and returns.
    pub(crate) fn index_now(&self) -> StoreResult<()> {
        let (done, answer) = channel();
        self.wake.ask(done);
        answer
            .recv()
            .unwrap_or_else(|_| Err(StoreError::new(ErrorKind::Unavailable, "the indexer has stopped")))
    }

    /// Ends the thread, in the middle of a part if need be, and waits for it.
    pub(crate) fn stop(&self) {
        self.wake.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the indexing thread panicked");
        }
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A part and its row.
#[derive(Clone)]
struct Held {
    part_id: i64,
    part: Arc<Part>,
}

struct IndexerThread {
    context: IndexerContext,
    postings: Postings,
    conn: Connection,
    /// In order of blocks.
    held: Vec<Held>,
    /// Rows whose file is missing or damaged.
    lost: Vec<i64>,
    next_part_id: i64,
}

impl IndexerThread {
    fn open(context: IndexerContext, postings: Postings) -> StoreResult<IndexerThread> {
        let folder = &context.folder;
        fs::create_dir_all(folder)
            .map_err(|error| io_error(format!("cannot create {}", folder.display()), error))?;
        let conn = schema::open_reader(&context.database)?;
        let rows = row::load(&conn)?;
        let next_part_id = rows.last().map_or(1, |(part_id, _)| part_id + 1);
        let mut thread =
            IndexerThread { context, postings, conn, held: Vec::new(), lost: Vec::new(), next_part_id };
        for (part_id, row) in rows {
            match thread.open_part(part_id, row) {
                Ok(part) => thread.held.push(Held { part_id, part: Arc::new(part) }),
                Err(error) => {
                    tracing::error!(part.id = part_id, error = %error, "a part of the index is lost; its blocks are indexed again");
                    thread.lost.push(part_id);
                }
            }
        }
        thread.remove_unknown_files()?;
        thread.publish();
        Ok(thread)
    }

    fn open_part(&self, part_id: i64, row: PartRow) -> StoreResult<Part> {
        let part = Part::open(&part_path(&self.context.folder, part_id))?;
        if PartRow::from(part.meta()) != row {
            return Err(crate::error::damaged(format!(
                "{} is not the file of its row",
                part.path().display()
            )));
        }
        Ok(part)
    }

    fn remove_unknown_files(&self) -> StoreResult<()> {
        let folder = &self.context.folder;
        let known: HashSet<PathBuf> = self.held.iter().map(|held| part_path(folder, held.part_id)).collect();
        let describe = || format!("cannot read {}", folder.display());
        for entry in fs::read_dir(folder).map_err(|error| io_error(describe(), error))? {
            let path = entry.map_err(|error| io_error(describe(), error))?.path();
            if is_part_path(&path) && !known.contains(&path) {
                tracing::info!(path = %path.display(), "removing a part of the index that nothing refers to");
                fs::remove_file(&path)
                    .map_err(|error| io_error(format!("cannot remove {}", path.display()), error))?;
            }
        }
        Ok(())
    }

    fn run(&mut self) {
        let wake = Arc::clone(self.postings.wake());
        while let Reason::Work(asked) = wake.wait() {
            let result = self.work();
            if let Err(error) = &result {
                tracing::error!(error = %error, source = ?std::error::Error::source(error), "cannot index");
                metrics::counter!("spanwise_index_failures_total").increment(1);
                wake.failed();
            }
            for answer in asked {
                let result = result.as_ref().map(|_| ());
                // Whoever asked may have gone.
                let _ = answer.send(result.map_err(|error| StoreError::new(error.kind(), error.to_string())));
            }
        }
    }

    /// Does all that there is to do, new blocks before merges.
    fn work(&mut self) -> StoreResult<()> {
        self.forget_damaged()?;
        while !self.postings.wake().is_stopped() && (self.build_next()? || self.merge_next()?) {}
        Ok(())
    }

    /// Takes damaged parts out of the index; the gaps are filled as if their blocks were new.
    fn forget_damaged(&mut self) -> StoreResult<()> {
        let damaged = self.held.iter().filter(|held| held.part.is_damaged()).map(|held| held.part_id);
        let remove: Vec<i64> = self.lost.iter().copied().chain(damaged).collect();
        if remove.is_empty() {
            return Ok(());
        }
        (self.context.commit)(PartChange { add: None, remove: remove.clone() })?;
        self.held.retain(|held| !remove.contains(&held.part_id));
        self.lost.clear();
        self.publish();
        for part_id in remove {
            self.remove_file(part_id);
        }
        Ok(())
    }

    /// Builds a part of the first blocks that no part covers; returns false if there are none.
    fn build_next(&mut self) -> StoreResult<bool> {
        let (gap, closed) = self.first_gap();
        let mut builder = PostingsBuilder::new();
        let mut raw_bytes = 0;
        let mut next = *gap.start();
        'rows: while !builder.is_full() && raw_bytes < PART_RAW_BYTES_MAX {
            let rows = source::next_rows(&self.conn, next..=*gap.end())?;
            if rows.is_empty() {
                // What is left of a gap between two parts has no block, and never will.
                next = if closed { gap.end() + 1 } else { next };
                break;
            }
            for row in rows {
                if self.postings.wake().is_stopped() {
                    return Ok(false);
                }
                if builder.is_full() || raw_bytes >= PART_RAW_BYTES_MAX {
                    break 'rows;
                }
                let doc = Doc { block_id: row.block_id, trace_key: row.trace_key };
                match source::load(&self.conn, &self.context.load, &row)? {
                    Loaded::Spans(block, columns) => {
                        raw_bytes += block.memory_bytes();
                        builder.add_spans(doc, &block, &columns);
                    }
                    Loaded::Logs(block) => {
                        raw_bytes += block.memory_bytes();
                        builder.add_logs(doc, &block);
                    }
                    Loaded::Unreadable => builder.add_unreadable(doc),
                    Loaded::Nothing => {}
                }
                next = row.block_id + 1;
            }
        }
        if next == *gap.start() {
            return Ok(false);
        }
        let part_id = self.next_part_id;
        let path = part_path(&self.context.folder, part_id);
        let meta = builder.finish(&path, *gap.start(), next - 1)?;
        self.commit_part(part_id, meta, 0..0)?;
        Ok(true)
    }

    /// Returns the blocks before the first part that does not follow the one before it, or after the last part; and
    /// whether a part follows them.
    fn first_gap(&self) -> (RangeInclusive<i64>, bool) {
        let mut next = 1;
        for held in &self.held {
            let meta = held.part.meta();
            if meta.first_block_id > next {
                return (next..=meta.first_block_id - 1, true);
            }
            next = meta.last_block_id + 1;
        }
        (next..=i64::MAX - 1, false)
    }

    /// Merges some neighbours; returns false if none are to be merged.
    fn merge_next(&mut self) -> StoreResult<bool> {
        let metas: Vec<PartMeta> = self.held.iter().map(|held| held.part.meta()).collect();
        let Some(range) = tier::choose(&metas) else { return Ok(false) };
        let parts: Vec<Arc<Part>> =
            self.held[range.clone()].iter().map(|held| Arc::clone(&held.part)).collect();
        let live = self.live_traces(&parts)?;
        let part_id = self.next_part_id;
        let path = part_path(&self.context.folder, part_id);
        let wake = self.postings.wake();
        let Some(meta) = merge(&parts, &live, &path, &|| wake.is_stopped())? else { return Ok(false) };
        self.commit_part(part_id, meta, range)?;
        Ok(true)
    }

    fn live_traces(&self, parts: &[Arc<Part>]) -> StoreResult<TraceSet> {
        let mut live = TraceSet::default();
        let ranges = parts.iter().filter_map(|part| part.trace_keys());
        let Some((first, last)) =
            ranges.reduce(|(first, last), (low, high)| (first.min(low), last.max(high)))
        else {
            return Ok(live);
        };
        let mut start = first;
        while start <= last {
            let end = start.saturating_add(TRACES_PER_READ - 1).min(last);
            source::traces_with_blocks(&self.conn, start..=end)?.into_iter().for_each(|key| live.insert(key));
            start = end + 1;
        }
        Ok(live)
    }

    /// Makes a written part part of the index, in place of those in `replaced`.
    fn commit_part(
        &mut self,
        part_id: i64,
        meta: PartMeta,
        replaced: std::ops::Range<usize>,
    ) -> StoreResult<()> {
        let folder = &self.context.folder;
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| io_error(format!("cannot sync {}", folder.display()), error))?;
        let part = Arc::new(Part::open(&part_path(folder, part_id))?);
        let remove: Vec<i64> = self.held[replaced.clone()].iter().map(|held| held.part_id).collect();
        // An id is not used again even if the commit fails: nobody knows whether it did.
        self.next_part_id += 1;
        (self.context.commit)(PartChange { add: Some((part_id, meta)), remove: remove.clone() })?;
        self.held.drain(replaced);
        let at = self.held.partition_point(|held| held.part.meta().first_block_id < meta.first_block_id);
        self.held.insert(at, Held { part_id, part });
        self.publish();
        for part_id in remove {
            self.remove_file(part_id);
        }
        Ok(())
    }

    fn publish(&mut self) {
        self.held.sort_by_key(|held| held.part.meta().first_block_id);
        self.postings.replace(self.held.iter().map(|held| Arc::clone(&held.part)).collect());
    }

    /// Removes a file whose row is gone; if that fails, the next start does it.
    fn remove_file(&self, part_id: i64) {
        let path = part_path(&self.context.folder, part_id);
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), error = %error, "cannot remove a part of the index that is not needed");
        }
    }
}
