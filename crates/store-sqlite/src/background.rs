//! The maintenance thread: moves the write-ahead log into the database, away from every writer's commit, deletes what
//! retention says, and compacts segments when traces have become quiet.

use crate::artifact_removal::ArtifactRemoval;
use crate::attachments::Attachments;
use crate::backup::Pins;
use crate::compaction::{QUIET, SharedCompactor, lock};
use crate::disk;
use crate::error::{io_error, sql_error};
use crate::postings::Postings;
use crate::retention::{self, Retention};
use crate::schema;
use crate::store::now_ns;
use crate::trace_ids::{self, TraceIds};
use crate::writer::Writer;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The write-ahead log is moved when it has grown to this.
const WAL_BYTES_MAX: u64 = 4 << 20;
/// Under steady writing it is moved when it has grown by this, or so long after the last time: the same pages are written
/// over and over, and each time that the log is moved they are written once more.
const WAL_BYTES_STEP: u64 = 24 << 20;
const MOVE_INTERVAL: Duration = Duration::from_secs(1);
/// A log of this size has not come to its end for long: under steady writing there is always something behind what was
/// moved, and only a log of which all was moved begins anew. Writers are then held up for the rest of it.
const WAL_BYTES_HELD_UP: u64 = 64 << 20;
/// How long they are held up for readers of what is to be overwritten, at most; then it is tried again later.
const HELD_UP_MAX: Duration = Duration::from_millis(100);
/// How often the log is looked at while writes come in.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// How often an idle store looks for bytes that deletes let go of.
const IDLE_INTERVAL: Duration = Duration::from_secs(3600);

/// Wakes the maintenance thread; it ends when this is dropped.
pub(crate) struct Background {
    wake: SyncSender<()>,
    has_spans: Arc<AtomicBool>,
}

/// What the thread works with.
pub(crate) struct Parts {
    pub(crate) compactor: SharedCompactor,
    pub(crate) postings: Postings,
    pub(crate) retention: Option<Retention>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) pins: Arc<Pins>,
    pub(crate) artifact_removal: Arc<ArtifactRemoval>,
    pub(crate) attachments: Arc<Attachments>,
    pub(crate) trace_ids: Arc<TraceIds>,
}

impl Background {
    /// Starts the thread.
    pub(crate) fn start(database: &Path, parts: Parts) -> StoreResult<(Background, JoinHandle<()>)> {
        let conn = schema::open_maintenance(database)?;
        // It asks whether traces whose artifacts are to be removed are there again.
        trace_ids::attach(&conn, &parts.trace_ids)?;
        conn.busy_timeout(HELD_UP_MAX).map_err(sql_error)?;
        let (wake, wakes) = sync_channel(1);
        let wal = database.with_extension("db-wal");
        let now = Instant::now();
        let moved = Cell::new((0, now));
        let has_spans = Arc::new(AtomicBool::new(false));
        let maintenance = Maintenance {
            conn,
            wal,
            parts,
            has_spans: Arc::clone(&has_spans),
            due: now + QUIET,
            retention_due: now,
            moved,
        };
        let handle = thread::Builder::new()
            .name("maintain".into())
            .spawn(move || maintenance.run(&wakes))
            .map_err(|error| io_error("cannot start the maintenance thread", error))?;
        Ok((Background { wake, has_spans }, handle))
    }

    /// Says that spans were written or deleted: the log has grown, and there will be something to compact.
    pub(crate) fn wake(&self) {
        self.has_spans.store(true, Ordering::Release);
        self.wake_for_log();
    }

    /// Says that something was written, so that the log has grown.
    pub(crate) fn wake_for_log(&self) {
        // A full channel means that it is awake already.
        let _ = self.wake.try_send(());
    }
}

struct Maintenance {
    conn: Connection,
    wal: PathBuf,
    parts: Parts,
    /// Whether spans were written since this was looked at.
    has_spans: Arc<AtomicBool>,
    /// When to compact next.
    due: Instant,
    /// When to look next whether retention has something to do.
    retention_due: Instant,
    /// How large the log was when it was moved last, and when that was.
    moved: Cell<(u64, Instant)>,
}

impl Maintenance {
    fn run(mut self, wakes: &Receiver<()>) {
        let (mut is_behind, mut is_woken) = (false, false);
        // The last run may have left some.
        self.remove_artifacts();
        self.remove_unknown_attachments();
        loop {
            // A log that readers kept from being emptied is tried again, also when no more is written.
            let until_due = self.next_due().saturating_duration_since(Instant::now());
            let wait = match (is_woken, is_behind) {
                (true, _) => Ok(()),
                (_, true) => wakes.recv_timeout(until_due.min(LOOK_INTERVAL)),
                (_, false) => wakes.recv_timeout(until_due),
            };
            match wait {
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if self.has_spans.swap(false, Ordering::AcqRel) {
                self.due = self.due.min(Instant::now() + QUIET);
            }
            // Also while there is a wake at every look: a store that is always written to has to be tidied as well.
            if self.parts.retention.is_some() && Instant::now() >= self.retention_due {
                self.retain(wakes);
            }
            if Instant::now() >= self.due {
                self.compact(wakes);
            }
            self.remove_artifacts();
            self.remove_attachments();
            is_behind = self.checkpoint();
            let Some(woken) = rest(wakes) else { return };
            is_woken = woken;
        }
    }

    fn next_due(&self) -> Instant {
        if self.parts.retention.is_some() { self.due.min(self.retention_due) } else { self.due }
    }

    /// Deletes what retention says; what that frees is given back at once.
    fn retain(&mut self, wakes: &Receiver<()>) {
        self.retention_due = Instant::now() + retention::INTERVAL;
        let Some(retention) = &self.parts.retention else { return };
        let run = retention.run(now_ns(), &mut || {
            self.checkpoint();
            !is_closing(wakes)
        });
        match run {
            Ok(run) if run.traces == 0 => return,
            Ok(run) => self.parts.postings.wake().deleted(run.traces),
            Err(_) if is_closing(wakes) => return,
            Err(error) => {
                tracing::warn!(error = %error, "retention cannot delete what it has to; trying again later");
            }
        }
        self.compact(wakes);
        // What lies between deleted traces, but was not quiet yet, is moved as soon as it is.
        self.due = self.due.min(Instant::now() + QUIET);
    }

    /// Removes the artifacts of deleted traces.
    fn remove_artifacts(&self) {
        if let Err(error) = self.parts.artifact_removal.remove_noted(&self.conn, &self.parts.writer) {
            tracing::warn!(error = %error, "cannot remove artifacts of deleted traces; trying again later");
        }
    }

    /// Removes the attachments that went with deleted traces.
    fn remove_attachments(&self) {
        let Parts { attachments, writer, pins, .. } = &self.parts;
        if let Err(error) = attachments.remove_noted(&self.conn, writer, pins) {
            tracing::warn!(error = %error, "cannot remove attachments of deleted traces; trying again later");
        }
    }

    /// Removes the attachments of writes that were never committed.
    fn remove_unknown_attachments(&self) {
        match self.parts.attachments.remove_unknown(&self.conn, &self.parts.pins) {
            Ok(0) => {}
            Ok(files) => tracing::info!(files, "removed attachments that nothing refers to"),
            Err(error) => {
                tracing::warn!(error = %error, "cannot remove attachments that nothing refers to");
            }
        }
    }

    /// Gives pages of the index back that many deletes left free.
    fn give_pages_back(&self, wakes: &Receiver<()>) -> StoreResult<()> {
        let mut surplus = disk::Pages::read(&self.conn)?.surplus();
        while surplus > 0 && !is_closing(wakes) {
            let pages = surplus;
            let given =
                self.parts.writer.write_blocking(move |context| disk::give_back(context.conn, pages))?;
            if given == 0 {
                break;
            }
            surplus = surplus.saturating_sub(given);
            self.checkpoint();
        }
        Ok(())
    }

    /// Compacts until nothing is left to do or the store closes.
    fn compact(&mut self, wakes: &Receiver<()>) {
        self.due = Instant::now() + IDLE_INTERVAL;
        let mut did_something = false;
        let quiet_since_ns = now_ns().saturating_sub(QUIET.as_nanos() as i64);
        let indexed_through = self.parts.postings.mergeable_through();
        let mut run = match lock(&self.parts.compactor).begin(indexed_through, quiet_since_ns) {
            Ok(run) => run,
            Err(error) => {
                tracing::warn!(error = %error, "cannot compact; trying again later");
                self.due = Instant::now() + QUIET;
                return;
            }
        };
        loop {
            let step = lock(&self.parts.compactor).step(&mut run);
            match step {
                Ok(step) if step.is_idle() => break,
                Ok(_) => did_something = true,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot compact; trying again later");
                    did_something = true;
                    break;
                }
            }
            self.checkpoint();
            if is_closing(wakes) {
                return;
            }
        }
        if let Err(error) = self.give_pages_back(wakes) {
            tracing::warn!(error = %error, "cannot give pages of the index back; trying again later");
        }
        if did_something {
            // What arrived in the meantime becomes quiet too.
            self.due = Instant::now() + QUIET;
        }
    }

    /// Moves what no reader still needs, once the log is large, and starts the log anew if that was all of it. Returns
    /// whether it should be tried again soon: the log is still large, or was moved a moment ago.
    fn checkpoint(&self) -> bool {
        let wal_bytes = self.wal_bytes();
        if wal_bytes < WAL_BYTES_MAX {
            return false;
        }
        let (moved_bytes, moved_at) = self.moved.get();
        if wal_bytes < WAL_BYTES_HELD_UP.min(moved_bytes + WAL_BYTES_STEP)
            && moved_at.elapsed() < MOVE_INTERVAL
        {
            return true;
        }
        // Holds nobody up, and leaves little for what follows.
        let mut moved = self.move_log("PASSIVE");
        // Copying the index takes as long as it takes; to hold writers up for it would be in vain.
        if moved.is_ok() && wal_bytes >= WAL_BYTES_HELD_UP && !self.parts.pins.is_log_held() {
            moved = self.move_log("TRUNCATE");
        }
        if let Err(error) = moved {
            tracing::warn!(error = %error, "cannot move the write-ahead log into the database; trying again later");
        }
        let left = self.wal_bytes();
        self.moved.set((left, Instant::now()));
        left >= WAL_BYTES_HELD_UP
    }

    fn wal_bytes(&self) -> u64 {
        fs::metadata(&self.wal).map_or(0, |file| file.len())
    }

    fn move_log(&self, mode: &str) -> StoreResult<()> {
        self.conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).map_err(sql_error)
    }
}

/// Waits for an interval, so that there is at most one look in each, however many writes there are. Returns whether
/// something was written meanwhile; nothing if the store closes.
fn rest(wakes: &Receiver<()>) -> Option<bool> {
    let until = Instant::now() + LOOK_INTERVAL;
    let mut is_woken = false;
    loop {
        match wakes.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(()) => is_woken = true,
            Err(RecvTimeoutError::Timeout) => return Some(is_woken),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Returns whether the store closes. A wake that is taken on the way is no loss: this thread is awake.
fn is_closing(wakes: &Receiver<()>) -> bool {
    matches!(wakes.try_recv(), Err(TryRecvError::Disconnected))
}
