//! Compaction: merges the blocks of traces that have become quiet, and frees what deletes let go of.
//!
//! A trace's spans arrive in many small blocks, which compress badly and lie apart. Once a trace has been quiet for
//! a while its blocks are merged and written to the segment of its experiment and day. A segment of which nothing
//! is alive any more is removed.
//!
//! Everything is safe to interrupt: merged blocks are synced before the index points to them, in one transaction
//! that also lets go of the old ones; bytes that no row points to are cut off or removed on opening. A merged block
//! takes the id of one that it replaces, and only blocks that the word index has seen are merged, so that nothing
//! has to be indexed again.

mod bucket;
mod merge;
mod now;
mod select;
#[cfg(test)]
mod tests;
mod walk;

use crate::backup::Pins;
use crate::error::{io_error, sql_error};
use crate::price::PriceKeeper;
use crate::renormalize;
use crate::schema;
use crate::segment::segment_path;
use crate::spans::SpanReader;
use crate::store::now_ns;
use crate::writer::Writer;
use bucket::Bucket;
use rusqlite::Connection;
use select::{Candidate, Found, Select};
use spanwise_model::ErrorKind;
use spanwise_store::StoreResult;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use walk::{Beginning, Run};

/// How long a trace must have been quiet before its blocks are merged.
pub(crate) const QUIET: Duration = Duration::from_secs(60);
/// How long the bytes of deleted traces may stay; the rest of the promised day is for the work itself.
const DEAD_BYTES_AGE_MAX: Duration = Duration::from_secs(20 * 3600);
/// Blocks of which one step merges the traces.
const STEP_BLOCKS_MAX: usize = 256;
/// Stored bytes that are merged in one step; one trace may have more.
const STEP_BYTES_MAX: u64 = 4 << 20;

/// What one step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Traces whose blocks were merged.
    pub(crate) traces: usize,
    /// Segment files that were removed.
    pub(crate) removed_segments: usize,
}

impl Step {
    /// Returns whether there was nothing to do.
    pub(crate) fn is_idle(self) -> bool {
        self == Step::default()
    }
}

/// What compaction needs of the store.
pub(crate) struct Compactor {
    conn: Connection,
    folder: PathBuf,
    spans: Arc<SpanReader>,
    writer: Arc<Writer>,
    pins: Arc<Pins>,
    prices: Arc<PriceKeeper>,
    /// Traces with a block that can't be read: they stay where they are, and hold nobody else up.
    unreadable: RefCell<HashSet<i64>>,
    beginning: RefCell<Beginning>,
    /// Segments whose last write, sync or commit failed: nothing more is written to them.
    abandoned: RefCell<Vec<i64>>,
    /// Whether blocks must have been indexed before they are merged.
    waits_for_index: bool,
}

/// The compactor of a store: whoever takes a step holds the lock, since two would write to the same places.
pub(crate) type SharedCompactor = Arc<Mutex<Compactor>>;

/// Waits for the compactor.
pub(crate) fn lock(compactor: &SharedCompactor) -> MutexGuard<'_, Compactor> {
    // A step that panicked left nothing half done: what it wrote counts only once the index says so.
    compactor.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Compactor {
    /// Opens a compactor; it reads with a connection of its own, and writes through `writer`.
    pub(crate) fn open(
        database: &Path,
        folder: &Path,
        spans: Arc<SpanReader>,
        writer: Arc<Writer>,
        pins: Arc<Pins>,
    ) -> StoreResult<Compactor> {
        Ok(Compactor {
            conn: schema::open_reader(database)?,
            folder: folder.into(),
            spans,
            writer,
            pins,
            prices: Arc::new(PriceKeeper::built_in()),
            unreadable: RefCell::default(),
            beginning: RefCell::default(),
            abandoned: RefCell::default(),
            waits_for_index: true,
        })
    }

    /// Says which prices are in force, if not those that are built in.
    pub(crate) fn with_prices(self, prices: Arc<PriceKeeper>) -> Compactor {
        Compactor { prices, ..self }
    }

    /// Says that spans are not indexed.
    pub(crate) fn without_index(self) -> Compactor {
        Compactor { waits_for_index: false, ..self }
    }

    /// Begins a run.
    ///
    /// Blocks up to `indexed_through` may be merged, of traces that have been quiet since `quiet_since_ns`.
    pub(crate) fn begin(&self, indexed_through: i64, quiet_since_ns: i64) -> StoreResult<Run> {
        let dead_before_ns = now_ns().saturating_sub(DEAD_BYTES_AGE_MAX.as_nanos() as i64);
        self.begin_with(Select { indexed_through, quiet_since_ns, dead_before_ns })
    }

    /// Begins a run for what `select` says.
    fn begin_with(&self, select: Select) -> StoreResult<Run> {
        self.beginning.borrow_mut().run(&self.conn, select)
    }

    /// Merges the next quiet traces and removes segments of which nothing is alive.
    pub(crate) fn step(&self, run: &mut Run) -> StoreResult<Step> {
        let select = run.select;
        self.seal_emptying_segments(select.dead_before_ns)?;
        let mut traces = 0;
        while traces == 0 {
            let unreadable = self.unreadable.borrow().clone();
            let found = select::next_blocks(&self.conn, &select, run.position, &unreadable, STEP_BLOCKS_MAX)?;
            let (merged, go_on_behind) = self.merge_traces_of(&select, &found)?;
            traces += merged;
            run.position = go_on_behind.or(found.last().map(|last| last.block_id)).unwrap_or(run.position);
            if go_on_behind.is_none() {
                self.beginning.borrow_mut().move_on(&self.conn, &select, &self.unreadable.borrow())?;
                break;
            }
        }
        Ok(Step { traces, removed_segments: self.remove_empty_segments()? })
    }

    /// Merges the quiet ones of the traces that have these blocks; returns how many that were, and behind which block
    /// to go on, if there may be more.
    fn merge_traces_of(&self, select: &Select, found: &[Found]) -> StoreResult<(usize, Option<i64>)> {
        let mut first_block: BTreeMap<i64, i64> = BTreeMap::new();
        for Found { block_id, trace_key } in found {
            first_block.entry(*trace_key).or_insert(*block_id);
        }
        let candidates = select::candidates(&self.conn, select, first_block.keys().copied())?;
        let mut go_on_behind =
            found.last().filter(|_| found.len() == STEP_BLOCKS_MAX).map(|last| last.block_id);
        let mut traces = 0;
        for (place, group) in by_place(candidates) {
            let (merged, taken) = self.merge_group(place, &group)?;
            traces += merged;
            for left in &group[taken..] {
                let before = first_block[&left.trace_key] - 1;
                go_on_behind = Some(go_on_behind.map_or(before, |block_id| block_id.min(before)));
            }
        }
        Ok((traces, go_on_behind))
    }

    /// Merges traces of one place; returns how many were merged, and how many of the group were looked at: a step has an
    /// end.
    fn merge_group(&self, (experiment_id, day): Place, group: &[Candidate]) -> StoreResult<(usize, usize)> {
        let abandoned = self.abandoned.borrow().clone();
        let mut bucket = Bucket::open(&self.writer, &self.folder, experiment_id, day, abandoned)?;
        self.abandoned.borrow_mut().clear();
        let mut merged = Vec::new();
        let (mut bytes, mut taken) = (0, 0);
        for candidate in group {
            if bytes >= STEP_BYTES_MAX {
                break;
            }
            taken += 1;
            bytes += candidate.stored_bytes;
            let before = bucket.mark();
            match merge::merge(&self.conn, &self.spans.segments, candidate, &mut bucket) {
                Ok(trace) => merged.extend(trace),
                Err(error) if error.kind() == ErrorKind::Internal => {
                    tracing::error!(error = %error, trace_key = candidate.trace_key, "a trace can't be compacted");
                    bucket.undo_to(before);
                    self.unreadable.borrow_mut().insert(candidate.trace_key);
                }
                Err(error) => return Err(error),
            }
        }
        let (count, segment_id) = (merged.len(), bucket.segment_id());
        let rootless: Vec<i64> =
            group[..taken].iter().filter(|trace| trace.is_rootless).map(|trace| trace.trace_key).collect();
        if let Err(error) = bucket.commit(&self.writer, merged, self.waits_for_index) {
            // A commit that failed may come back after a crash (see segment/writer.rs); what it points to must be there then.
            self.abandoned.borrow_mut().push(segment_id);
            return Err(error);
        }
        self.let_others_speak(&rootless)?;
        Ok((count, taken))
    }

    /// Lets a span stand in for the root of traces of which none came, now that they are quiet.
    fn let_others_speak(&self, rootless: &[i64]) -> StoreResult<()> {
        let prices = self.prices.get();
        for trace_key in rootless.iter().filter(|trace_key| !self.unreadable.borrow().contains(trace_key)) {
            match renormalize::one(&self.conn, &self.spans.segments, &self.writer, &prices, *trace_key) {
                Err(error) if error.kind() == ErrorKind::Internal => {
                    tracing::error!(error = %error, trace_key, "nobody can speak for a trace without a root");
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// Returns how many traces can't be read, as far as compaction has met them.
    fn unreadable_traces(&self) -> u64 {
        self.unreadable.borrow().len() as u64
    }

    /// Seals segments that are to be emptied, so that nothing more is written into them.
    fn seal_emptying_segments(&self, dead_before_ns: i64) -> StoreResult<()> {
        let open: Vec<i64> = select::emptying_open_segments(&self.conn, dead_before_ns)?;
        if open.is_empty() {
            return Ok(());
        }
        self.writer.write_blocking(move |context| {
            for segment_id in open {
                if !context.segment.seal_if_current(context.conn, segment_id)? {
                    crate::segment::seal(context.conn, segment_id)?;
                }
            }
            Ok(())
        })
    }

    /// Removes files of which nothing is alive; while a backup may need them, it waits for another step.
    fn remove_empty_segments(&self) -> StoreResult<usize> {
        self.pins.unless_pinned(|| self.remove_empty_segments_now()).unwrap_or(Ok(0))
    }

    fn remove_empty_segments_now(&self) -> StoreResult<usize> {
        let empty: Vec<i64> = self
            .conn
            .prepare_cached("SELECT segment_id FROM segment WHERE sealed = 1 AND live_bytes = 0")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(sql_error)?;
        for segment_id in &empty {
            let segment_id = *segment_id;
            self.writer.write_blocking(move |context| {
                context
                    .conn
                    .execute("DELETE FROM segment WHERE segment_id = ?1 AND live_bytes = 0", [segment_id])
                    .map_err(sql_error)
            })?;
            self.spans.segments.forget(segment_id);
            let path = segment_path(&self.folder, segment_id);
            // If the machine stops here, opening the store removes the file: no row knows it.
            fs::remove_file(&path)
                .map_err(|error| io_error(format!("cannot remove {}", path.display()), error))?;
            tracing::debug!(segment_id, "removed an empty segment");
        }
        Ok(empty.len())
    }
}

/// An experiment and a day since 1970 (UTC).
type Place = (i64, i64);

fn by_place(candidates: Vec<Candidate>) -> BTreeMap<Place, Vec<Candidate>> {
    let mut places: BTreeMap<Place, Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        places.entry((candidate.experiment_id, candidate.day)).or_default().push(candidate);
    }
    places
}
