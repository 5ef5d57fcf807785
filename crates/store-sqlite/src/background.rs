//! The maintenance thread: moves the write-ahead log into the database, away from every writer's commit, and
//! compacts segments when traces have become quiet.

use crate::compaction::{Compactor, QUIET};
use crate::error::{io_error, sql_error};
use crate::postings::Postings;
use crate::schema;
use crate::store::now_ns;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The write-ahead log is moved when it has grown to this.
const WAL_BYTES_MAX: u64 = 4 << 20;
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
}

impl Background {
    /// Starts the thread.
    pub(crate) fn start(
        database: &Path,
        compactor: Compactor,
        postings: Postings,
    ) -> StoreResult<(Background, JoinHandle<()>)> {
        let conn = schema::open_maintenance(database)?;
        conn.busy_timeout(HELD_UP_MAX).map_err(sql_error)?;
        let (wake, wakes) = sync_channel(1);
        let wal = database.with_extension("db-wal");
        let maintenance = Maintenance { conn, wal, compactor, postings, due: Instant::now() + QUIET };
        let handle = thread::Builder::new()
            .name("maintain".into())
            .spawn(move || maintenance.run(&wakes))
            .map_err(|error| io_error("cannot start the maintenance thread", error))?;
        Ok((Background { wake }, handle))
    }

    /// Says that something was written.
    pub(crate) fn wake(&self) {
        // A full channel means that it is awake already.
        let _ = self.wake.try_send(());
    }
}

struct Maintenance {
    conn: Connection,
    wal: PathBuf,
    compactor: Compactor,
    postings: Postings,
    /// When to compact next.
    due: Instant,
}

impl Maintenance {
    fn run(mut self, wakes: &Receiver<()>) {
        let mut is_behind = false;
        loop {
            // A log that readers kept from being emptied is tried again, also when no more is written.
            let until_due = self.due.saturating_duration_since(Instant::now());
            match wakes.recv_timeout(if is_behind { until_due.min(LOOK_INTERVAL) } else { until_due }) {
                Ok(()) => self.due = self.due.min(Instant::now() + QUIET),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= self.due => self.compact(wakes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            is_behind = self.checkpoint();
            // At most one look an interval, however many writes there are; closing ends the wait.
            if let Err(RecvTimeoutError::Disconnected) = wakes.recv_timeout(LOOK_INTERVAL) {
                return;
            }
        }
    }

    /// Compacts until nothing is left to do or the store closes.
    fn compact(&mut self, wakes: &Receiver<()>) {
        self.due = Instant::now() + IDLE_INTERVAL;
        let mut did_something = false;
        loop {
            let quiet_since_ns = now_ns().saturating_sub(QUIET.as_nanos() as i64);
            let indexed_through = self.postings.snapshot().indexed_through();
            match self.compactor.step(indexed_through, quiet_since_ns) {
                Ok(step) if step.is_idle() => break,
                Ok(_) => did_something = true,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot compact; trying again later");
                    did_something = true;
                    break;
                }
            }
            self.checkpoint();
            match wakes.try_recv() {
                Err(TryRecvError::Disconnected) => return,
                Ok(()) | Err(TryRecvError::Empty) => {}
            }
        }
        if did_something {
            // What arrived in the meantime becomes quiet too.
            self.due = Instant::now() + QUIET;
        }
    }

    /// Moves what no reader still needs, once the log is large, and starts the log anew if that was all of it. Returns
    /// whether the log is still so large that it should be tried again soon.
    fn checkpoint(&self) -> bool {
        let wal_bytes = self.wal_bytes();
        if wal_bytes < WAL_BYTES_MAX {
            return false;
        }
        // Holds nobody up, and leaves little for what follows.
        let mut moved = self.move_log("PASSIVE");
        if moved.is_ok() && wal_bytes >= WAL_BYTES_HELD_UP {
            moved = self.move_log("TRUNCATE");
        }
        if let Err(error) = moved {
            tracing::warn!(error = %error, "cannot move the write-ahead log into the database; trying again later");
        }
        self.wal_bytes() >= WAL_BYTES_HELD_UP
    }

    fn wal_bytes(&self) -> u64 {
        fs::metadata(&self.wal).map_or(0, |file| file.len())
    }

    fn move_log(&self, mode: &str) -> StoreResult<()> {
        self.conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).map_err(sql_error)
    }
}
