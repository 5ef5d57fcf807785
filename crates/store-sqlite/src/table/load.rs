//! Fills the table when the store is opened, on a thread of its own and in small reads, while writes come in.

use super::state::{Outcome, TraceTable};
use super::summary::{Summary, load_texts};
use crate::error::{io_error, sql_error};
use crate::schema;
use rusqlite::Connection;
use spanwise_store::StoreResult;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Traces of one read.
const TRACES_PER_READ: i64 = 1_000;

/// Tells the loading thread to stop when it is dropped.
pub(crate) struct TableLoader {
    stopped: Arc<AtomicBool>,
}

impl Drop for TableLoader {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl TableLoader {
    /// Starts the thread. Until it is done searches ask the index, as they do if it fails.
    pub(crate) fn start(
        database: &Path,
        table: Arc<TraceTable>,
    ) -> StoreResult<(TableLoader, JoinHandle<()>)> {
        let conn = schema::open_reader(database)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let loader = TableLoader { stopped: Arc::clone(&stopped) };
        let handle = thread::Builder::new()
            .name("load".into())
            .spawn(move || {
                let outcome = load(&conn, &table, &stopped).unwrap_or_else(|error| {
                    tracing::error!(error = %error, "cannot load the columns of traces; searches read the index");
                    Outcome::GivenUp
                });
                table.end_loading(outcome);
            })
            .map_err(|error| io_error("cannot start the loading thread", error))?;
        Ok((loader, handle))
    }
}

/// Fills the table; gives up if it is stopped.
pub(super) fn load(conn: &Connection, table: &TraceTable, stopped: &AtomicBool) -> StoreResult<Outcome> {
    let mut last = i64::MIN;
    while !stopped.load(Ordering::Relaxed) {
        let rows = next_rows(conn, last)?;
        let (Some(first), Some(end)) = (rows.first(), rows.last()) else {
            return Ok(Outcome::Loaded);
        };
        last = end.trace_key;
        let texts = load_texts(conn, first.trace_key, last)?;
        table.fill(conn, rows, texts);
    }
    Ok(Outcome::GivenUp)
}

fn next_rows(conn: &Connection, after: i64) -> StoreResult<Vec<Summary>> {
    let sql = format!("{} AND trace_key > ?1 ORDER BY trace_key LIMIT {TRACES_PER_READ}", Summary::select());
    conn.prepare_cached(&sql)
        .and_then(|mut statement| statement.query_map([after], Summary::from_row)?.collect())
        .map_err(sql_error)
}
