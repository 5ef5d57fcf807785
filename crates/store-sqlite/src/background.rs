//! The maintenance thread: moves the write-ahead log into the database, away from every writer's commit.

use crate::error::{io_error, sql_error};
use crate::schema;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The write-ahead log is moved when it has grown to this.
const WAL_BYTES_MAX: u64 = 4 << 20;
/// How often the log is looked at while writes come in.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Wakes the maintenance thread; it ends when this is dropped.
pub(crate) struct Background {
    wake: SyncSender<()>,
}

impl Background {
    /// Starts the thread.
    pub(crate) fn start(database: &Path) -> StoreResult<(Background, JoinHandle<()>)> {
        let conn = schema::open_maintenance(database)?;
        let (wake, wakes) = sync_channel(1);
        let wal = database.with_extension("db-wal");
        let handle = thread::Builder::new()
            .name("maintain".into())
            .spawn(move || run(&conn, &wal, &wakes))
            .map_err(|error| io_error("cannot start the maintenance thread", error))?;
        Ok((Background { wake }, handle))
    }

    /// Says that something was written.
    pub(crate) fn wake(&self) {
        // A full channel means that it is awake already.
        let _ = self.wake.try_send(());
    }
}

fn run(conn: &Connection, wal: &PathBuf, wakes: &Receiver<()>) {
    while wakes.recv().is_ok() {
        if fs::metadata(wal).is_ok_and(|file| file.len() >= WAL_BYTES_MAX)
            && let Err(error) = checkpoint(conn)
        {
            tracing::warn!(error = %error, "cannot move the write-ahead log into the database; trying again");
        }
        // At most one look an interval, however many writes there are; closing ends the wait.
        if let Err(RecvTimeoutError::Disconnected) = wakes.recv_timeout(LOOK_INTERVAL) {
            return;
        }
    }
}

/// Moves what no reader still needs, and starts the log anew if that was all of it.
fn checkpoint(conn: &Connection) -> StoreResult<()> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(sql_error)
}
