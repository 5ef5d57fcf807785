//! How many spans of a trace failed, for traces of a store that an older version wrote: counted on a thread of its own
//! when the store is opened, a few traces a write, so that other writes pass in between. Of all others the writing
//! thread keeps the number with the row.

use crate::error::{io_error, sql_error};
use crate::explore::TraceColumns;
use crate::writer::{WriteContext, Writer};
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{ErrorKind, SpanStatus};
use spanwise_store::StoreResult;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Traces that one write counts; 200 of ten spans take about 5 ms.
const STEP_TRACES: usize = 200;
/// The traces up to this key: all.
const ALL_TRACES: i64 = i64::MAX;

/// The thread that counts; it ends when all are counted or this is dropped.
pub(crate) struct ErrorSpanBuild {
    is_stopped: Arc<AtomicBool>,
}

impl Drop for ErrorSpanBuild {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Release);
    }
}

impl ErrorSpanBuild {
    /// Starts the thread.
    pub(crate) fn start(writer: &Arc<Writer>) -> StoreResult<(ErrorSpanBuild, JoinHandle<()>)> {
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (stop, writer) = (Arc::clone(&is_stopped), Arc::clone(writer));
        let handle = thread::Builder::new()
            .name("count-errors".into())
            .spawn(move || run(&writer, &stop))
            .map_err(|error| io_error("cannot start the thread that counts failed spans", error))?;
        Ok((ErrorSpanBuild { is_stopped }, handle))
    }
}

/// Returns whether the failed spans of every trace are counted.
pub(crate) fn are_counted(conn: &Connection) -> StoreResult<bool> {
    Ok(load_through(conn)? == ALL_TRACES)
}

fn run(writer: &Writer, is_stopped: &AtomicBool) {
    tracing::info!("counting the failed spans of older traces");
    while !is_stopped.load(Ordering::Acquire) {
        match writer.write_blocking(step) {
            Ok(true) => {}
            Ok(false) => return tracing::info!("the failed spans of older traces are counted"),
            Err(error) => {
                return tracing::error!(error = %error, "cannot count failed spans; trying again when the store is opened");
            }
        }
    }
}

/// Counts those of the next traces; returns whether there may be more.
fn step(context: &mut WriteContext<'_>) -> StoreResult<bool> {
    let conn = context.conn;
    let traces = next_traces(conn, load_through(conn)?)?;
    let through = traces.last().map_or(ALL_TRACES, |(trace_key, _)| *trace_key);
    for (trace_key, _) in traces.iter().filter(|(_, is_counted)| !is_counted) {
        match count(conn, *trace_key) {
            Ok(failed) => set_count(conn, *trace_key, failed)?,
            // The store's check names it; its number stays unknown.
            Err(error) if error.kind() == ErrorKind::Internal => {
                tracing::error!(error = %error, "cannot count the failed spans of trace {trace_key}");
            }
            Err(error) => return Err(error),
        }
    }
    conn.execute("UPDATE error_span_build SET through_trace_key = ?1", [through]).map_err(sql_error)?;
    Ok(through != ALL_TRACES)
}

fn next_traces(conn: &Connection, after: i64) -> StoreResult<Vec<(i64, bool)>> {
    conn.prepare_cached(
        "SELECT trace_key, error_span_count IS NOT NULL FROM trace WHERE trace_key > ?1 ORDER BY trace_key LIMIT ?2",
    )
    .and_then(|mut statement| {
        statement.query_map((after, STEP_TRACES), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    })
    .map_err(sql_error)
}

fn count(conn: &Connection, trace_key: i64) -> StoreResult<usize> {
    let columns = TraceColumns::load(conn, trace_key)?;
    Ok(columns.rows().filter(|(_, row)| row.status == SpanStatus::Error).count())
}

fn set_count(conn: &Connection, trace_key: i64, failed: usize) -> StoreResult<()> {
    conn.prepare_cached("UPDATE trace SET error_span_count = ?2 WHERE trace_key = ?1")
        .and_then(|mut statement| statement.execute((trace_key, failed)))
        .map(drop)
        .map_err(sql_error)
}

fn load_through(conn: &Connection) -> StoreResult<i64> {
    conn.query_row("SELECT through_trace_key FROM error_span_build", [], |row| row.get(0))
        .optional()
        // A row that is missing starts the count anew: what is counted is passed over.
        .map(|through| through.unwrap_or(0))
        .map_err(sql_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{OpenOptions, SqliteStore};
    use spanwise_store::Store;
    use spanwise_store::conformance::build::{span, spans, trace_id};
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn database(folder: &Path) -> Connection {
        Connection::open(folder.join("index.db")).unwrap()
    }

    async fn failed_of(store: &SqliteStore, trace: u32) -> Option<u64> {
        store.get_trace(&trace_id(trace)).await.unwrap().error_span_count
    }

    #[tokio::test]
    async fn failed_spans_of_an_older_store_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
        let failed = |number| span(number).parent(1).status(SpanStatus::Error);
        for trace in 0..450 {
            let batch = [span(1), failed(2), failed(3).status(SpanStatus::Ok)];
            store.append_spans(vec![spans(&trace_id(trace), &batch)]).await.unwrap();
        }
        // Of a span that came twice the last word counts.
        let mended = failed(2).status(SpanStatus::Ok).from_to(0, 9);
        store.append_spans(vec![spans(&trace_id(7), &[mended])]).await.unwrap();
        store.close().await.unwrap();
        drop(store);
        database(folder.path()).execute_batch(crate::schema::DROP_CATALOG).unwrap();
        database(folder.path())
            .execute_batch(
                "DROP TABLE error_span_build; ALTER TABLE trace DROP COLUMN error_span_count;
                 ALTER TABLE trace DROP COLUMN input_place; ALTER TABLE trace DROP COLUMN output_place;
                 DROP TABLE derivation; DROP TABLE redaction; DROP TABLE price_list;
                 DROP TABLE price_override; PRAGMA user_version = 4;",
            )
            .unwrap();

        let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
        // One that is written to while the others are counted.
        store.append_spans(vec![spans(&trace_id(449), &[failed(4)])]).await.unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !are_counted(&database(folder.path())).unwrap() {
            assert!(Instant::now() < deadline, "the failed spans were not counted");
            tokio::task::yield_now().await;
        }
        for (trace, failed) in [(0, 1), (7, 0), (448, 1), (449, 2)] {
            assert_eq!(failed_of(&store, trace).await, Some(failed), "trace {trace}");
        }
        assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
        let wrong = "UPDATE trace SET error_span_count = 5 WHERE trace_key = 3";
        database(folder.path()).execute_batch(wrong).unwrap();
        let problems = store.check().await.unwrap().problems;
        assert!(problems.len() == 1 && problems[0].contains("1 spans failed"), "{problems:?}");
    }
}
