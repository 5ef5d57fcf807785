//! What the indexing thread does: builds parts of new blocks, merges parts, and takes out what was deleted.
//!
//! A part's file is written and synced before its row is committed, and removed after its row is gone, so a file
//! without a row is what an interrupted run left. Each part covers the blocks that follow those of the one before,
//! from the first block on. When one is lost or damaged the whole index is built again: compaction gives a trace's
//! merged block the id of one that it replaces, so what was in the blocks of one part may now be in another's.

use super::builder::PostingsBuilder;
use super::merge::merge;
use super::part::Part;
use super::part_writer::{Doc, PartMeta};
use super::row::{self, PartChange, PartRow, is_part_path, part_path};
use super::set::Postings;
use super::source::{self, LoadBlock, Loaded, TRACES_PER_READ};
use super::tier;
use super::trace_set::TraceSet;
use super::wake::{Purge, Wake};
use crate::backup::Pins;
use crate::error::{damaged, io_error};
use crate::schema;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::collections::HashSet;
use std::fs::{self, File};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Bytes of unpacked blocks in one new part.
const PART_RAW_BYTES_MAX: usize = 128 << 20;
/// How long words of deleted traces may stay in a part before it is looked at; they are promised to go in a day.
const PURGE_INTERVAL: Duration = Duration::from_secs(12 * 3600);
/// A part is rewritten early once so many percent of its documents are of deleted traces.
const PURGE_DEAD_PERCENT: usize = 25;

/// Runs a change on the writing thread and returns when it is durable.
pub(crate) type CommitParts = Arc<dyn Fn(PartChange) -> StoreResult<()> + Send + Sync>;

/// What the index needs of the store around it.
pub(crate) struct KeeperContext {
    /// The index database.
    pub(crate) database: PathBuf,
    /// The folder of parts; it is made if it is not there.
    pub(crate) folder: PathBuf,
    /// Reads a block.
    pub(crate) load: LoadBlock,
    /// Commits which parts there are.
    pub(crate) commit: CommitParts,
    /// Says whether files may be removed.
    pub(crate) pins: Arc<Pins>,
    /// Whether there is to be an index at all; without one the parts that there are go.
    pub(crate) is_on: bool,
}

/// A part and its row.
struct Held {
    part_id: i64,
    part: Arc<Part>,
    /// When to look for deleted traces in it.
    purge_at: Instant,
}

/// The owner of the parts.
pub(crate) struct Keeper {
    context: KeeperContext,
    postings: Postings,
    conn: Connection,
    /// In order of blocks.
    held: Vec<Held>,
    /// Rows of parts that can't be used: all of them, if there is one.
    lost: Vec<i64>,
    next_part_id: i64,
    /// Files that are not needed, but that a backup may be reading.
    unneeded: Vec<i64>,
    /// Set when a commit failed: nobody knows whether it happened.
    uncertain: bool,
}

impl Keeper {
    /// Opens the parts that there are.
    pub(crate) fn open(context: KeeperContext, postings: Postings) -> StoreResult<Keeper> {
        let folder = &context.folder;
        fs::create_dir_all(folder)
            .map_err(|error| io_error(format!("cannot create {}", folder.display()), error))?;
        let conn = schema::open_reader(&context.database)?;
        let mut keeper = Keeper {
            context,
            postings,
            conn,
            held: Vec::new(),
            lost: Vec::new(),
            next_part_id: 1,
            unneeded: Vec::new(),
            uncertain: false,
        };
        keeper.load()?;
        Ok(keeper)
    }

    /// Returns what wakes the thread.
    pub(crate) fn wake(&self) -> &Arc<Wake> {
        self.postings.wake()
    }

    /// Returns when to work even if nothing wakes the thread.
    pub(crate) fn next_purge(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.purge_at).min()
    }

    /// Does all that there is to do now, new blocks first; stops early, having broken nothing, when told to.
    ///
    /// Blocks that arrive in the meantime wait for their own turn. If they were taken up at once, steady writing would
    /// make parts of a few blocks each, and none would ever be merged.
    pub(crate) fn work(&mut self) -> StoreResult<()> {
        if self.uncertain {
            self.load()?;
        }
        self.start_over_if_damaged()?;
        if !self.context.is_on {
            self.postings.turn_off();
            return Ok(());
        }
        std::mem::take(&mut self.unneeded).into_iter().for_each(|part_id| self.remove_file(part_id));
        let last = source::last_block_id(&self.conn)?;
        while !self.wake().is_stopped()
            && (self.build_next(last)? || self.merge_next()? || self.purge_next()?)
        {}
        self.purge_deleted()
    }

    /// Takes deleted traces out early, if they became many or somebody asked.
    fn purge_deleted(&mut self) -> StoreResult<()> {
        let docs = self.held.iter().map(|held| u64::from(held.part.meta().doc_count)).sum();
        let percent = match self.wake().take_purge(docs) {
            Purge::No => return Ok(()),
            Purge::Worthwhile => PURGE_DEAD_PERCENT,
            Purge::All => 0,
        };
        for index in 0..self.held.len() {
            self.purge(index, percent)?;
        }
        Ok(())
    }

    /// Reads which parts there are and opens them.
    fn load(&mut self) -> StoreResult<()> {
        let rows = row::load(&self.conn)?;
        self.held.clear();
        self.lost.clear();
        self.uncertain = false;
        self.next_part_id = rows.iter().map(|(id, _)| id + 1).max().unwrap_or(1).max(self.next_part_id);
        if !self.context.is_on {
            self.lost = rows.iter().map(|(part_id, _)| *part_id).collect();
        } else if let Err(error) = self.open_parts(&rows) {
            tracing::error!(error = %error, "a part of the index is lost; the index is built again");
            self.held.clear();
            self.lost = rows.iter().map(|(part_id, _)| *part_id).collect();
        }
        self.remove_unknown_files()?;
        self.publish();
        Ok(())
    }

    fn open_parts(&mut self, rows: &[(i64, PartRow)]) -> StoreResult<()> {
        let mut next = 1;
        for (part_id, row) in rows {
            let part = Part::open(&part_path(&self.context.folder, *part_id))?;
            let meta = part.meta();
            if PartRow::from(meta) != *row || meta.first_block_id != next {
                return Err(damaged(format!("{} is not the next part of the index", part.path().display())));
            }
            next = meta.last_block_id.saturating_add(1);
            self.held.push(Held { part_id: *part_id, purge_at: first_purge(&part), part: Arc::new(part) });
        }
        Ok(())
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

    fn start_over_if_damaged(&mut self) -> StoreResult<()> {
        if self.held.iter().any(|held| held.part.is_damaged()) {
            self.lost = self.held.drain(..).map(|held| held.part_id).collect();
        }
        if self.lost.is_empty() {
            return Ok(());
        }
        // Searches scan from here on, and compaction rests, until the blocks are indexed again.
        self.publish();
        self.commit(PartChange { add: None, remove: self.lost.clone() })?;
        self.lost.clear();
        self.remove_unknown_files()
    }

    /// Builds a part of the blocks after the last part, up to `last`; returns false if there are none.
    fn build_next(&mut self, last: i64) -> StoreResult<bool> {
        let first = self.held.last().map_or(1, |held| held.part.meta().last_block_id.saturating_add(1));
        let mut builder = PostingsBuilder::new();
        let mut raw_bytes = 0;
        let mut next = first;
        while !builder.is_full() && raw_bytes < PART_RAW_BYTES_MAX {
            let rows = source::next_rows(&self.conn, next..=last)?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                if self.wake().is_stopped() {
                    return Ok(false);
                }
                if builder.is_full() || raw_bytes >= PART_RAW_BYTES_MAX {
                    break;
                }
                next = row.block_id + 1;
                let doc = Doc { block_id: row.block_id, trace_key: row.trace_key };
                let loaded = source::load(&self.conn, &self.context.load, &row)?;
                raw_bytes += loaded.raw_bytes();
                match loaded {
                    Loaded::Spans(block, columns) => builder.add_spans(doc, &block, &columns),
                    Loaded::Logs(block) => builder.add_logs(doc, &block),
                    Loaded::Unreadable => builder.add_unreadable(doc),
                    Loaded::Nothing => {}
                }
            }
        }
        if next == first {
            return Ok(false);
        }
        let (part_id, path) = self.next_file();
        let meta = builder.finish(&path, first, next - 1)?;
        self.commit_part(part_id, meta, self.held.len()..self.held.len())?;
        Ok(true)
    }

    /// Merges some neighbours; returns false if none are to be merged.
    fn merge_next(&mut self) -> StoreResult<bool> {
        let metas: Vec<PartMeta> = self.held.iter().map(|held| held.part.meta()).collect();
        let Some(range) = tier::choose(&metas) else { return Ok(false) };
        let live = self.live_traces(&self.held[range.clone()])?;
        self.rewrite(range, &live)
    }

    /// Rewrites a part that has deleted traces; returns false if no part is to be looked at now.
    fn purge_next(&mut self) -> StoreResult<bool> {
        let now = Instant::now();
        let Some(index) = self.held.iter().position(|held| held.purge_at <= now) else { return Ok(false) };
        self.purge(index, 0)
    }

    /// Rewrites a part if it has deleted traces, and they have more than so many percent of its documents; returns
    /// false if it is to stop.
    fn purge(&mut self, index: usize, percent: usize) -> StoreResult<bool> {
        let live = self.live_traces(&self.held[index..=index])?;
        let docs = self.held[index].part.docs()?;
        self.held[index].purge_at = Instant::now() + PURGE_INTERVAL;
        let dead = docs.iter().filter(|doc| !live.contains(doc.trace_key)).count();
        if dead == 0 || dead * 100 < docs.len() * percent {
            return Ok(true);
        }
        self.rewrite(index..index + 1, &live)
    }

    /// Writes parts again as one, without the traces that are not live; returns false if it is to stop.
    fn rewrite(&mut self, range: Range<usize>, live: &TraceSet) -> StoreResult<bool> {
        let parts: Vec<Arc<Part>> =
            self.held[range.clone()].iter().map(|held| Arc::clone(&held.part)).collect();
        let (part_id, path) = self.next_file();
        let wake = Arc::clone(self.wake());
        let Some(meta) = merge(&parts, live, &path, &|| wake.is_stopped())? else { return Ok(false) };
        self.commit_part(part_id, meta, range)?;
        Ok(true)
    }

    fn live_traces(&self, held: &[Held]) -> StoreResult<TraceSet> {
        let mut live = TraceSet::default();
        let ranges = held.iter().filter_map(|held| held.part.trace_keys());
        let Some((first, last)) =
            ranges.reduce(|(first, last), (low, high)| (first.min(low), last.max(high)))
        else {
            return Ok(live);
        };
        let mut start = first;
        while start <= last {
            let end = start.saturating_add(TRACES_PER_READ - 1).min(last);
            source::traces_with_blocks(&self.conn, start..=end)?.into_iter().for_each(|key| live.insert(key));
            start = end.saturating_add(1);
        }
        Ok(live)
    }

    fn next_file(&mut self) -> (i64, PathBuf) {
        let part_id = self.next_part_id;
        self.next_part_id += 1;
        (part_id, part_path(&self.context.folder, part_id))
    }

    /// Makes a written part part of the index, in place of those in `replaced`.
    fn commit_part(&mut self, part_id: i64, meta: PartMeta, replaced: Range<usize>) -> StoreResult<()> {
        let folder = &self.context.folder;
        let path = part_path(folder, part_id);
        for synced in [&path, folder] {
            File::open(synced)
                .and_then(|file| file.sync_all())
                .map_err(|error| io_error(format!("cannot sync {}", synced.display()), error))?;
        }
        let part = Arc::new(Part::open(&path)?);
        let remove: Vec<i64> = self.held[replaced.clone()].iter().map(|held| held.part_id).collect();
        self.commit(PartChange { add: Some((part_id, meta)), remove: remove.clone() })?;
        let purge_at = Instant::now() + PURGE_INTERVAL;
        self.held.splice(replaced, [Held { part_id, part, purge_at }]);
        self.publish();
        for part_id in remove {
            self.remove_file(part_id);
        }
        Ok(())
    }

    fn commit(&mut self, change: PartChange) -> StoreResult<()> {
        let result = (self.context.commit)(change);
        self.uncertain = result.is_err();
        result
    }

    fn publish(&self) {
        self.postings.replace(self.held.iter().map(|held| Arc::clone(&held.part)).collect());
    }

    /// Removes a file whose row is gone; if that fails, the next start does it.
    fn remove_file(&mut self, part_id: i64) {
        let path = part_path(&self.context.folder, part_id);
        let Some(removed) = self.context.pins.unless_pinned(|| fs::remove_file(&path)) else {
            return self.unneeded.push(part_id);
        };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), error = %error, "cannot remove a part of the index that is not needed");
        }
    }
}

/// Returns when to look at a part that was opened, by the age of its file: a store may never run for long.
fn first_purge(part: &Part) -> Instant {
    let written = fs::metadata(part.path()).and_then(|metadata| metadata.modified()).ok();
    let age = written.and_then(|written| SystemTime::now().duration_since(written).ok()).unwrap_or_default();
    Instant::now() + PURGE_INTERVAL.saturating_sub(age)
}
