//! Derives again what stored traces and spans say, after the tables of conventions, the prices or the rules changed.
//!
//! A trace at a time is read and replayed as if it came in now (`replay`), by the same code that takes spans in. If that
//! gives something else than what is stored, the writing thread puts it in place (`apply`), with all that hangs on it, in
//! one transaction; if spans came meanwhile, it is replayed again. So writes wait for some traces' rows at most, an
//! interrupted run leaves whole traces behind, and a second run writes nothing.
//!
//! Compaction copies columns when it merges blocks, so only one of the two works at a time; they take turns.

mod apply;
mod replay;
#[cfg(test)]
mod tests;
mod version;

use crate::catalog::key_array;
use crate::compaction::{SharedCompactor, lock};
use crate::error::sql_error;
use crate::postings::Postings;
use crate::schema;
use crate::segment::SegmentReader;
use crate::spans::SpanReader;
use crate::store::SqliteStore;
use crate::writer::Writer;
use apply::Applied;
use replay::Replayed;
use rusqlite::{Connection, params};
use spanwise_genai::prices::PriceBook;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::{Progress, RenormalizeReport, RenormalizeScope, StoreError, StoreResult};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub(crate) use version::tell_if_older;

/// Traces of one step, at most.
const STEP_TRACES: usize = if cfg!(test) { 5 } else { 64 };
/// Keys that are looked through for them: a read must be short, however few traces are in the scope.
const STEP_KEYS: i64 = 10_000;
/// Spans of traces that are put in place with one write, which is to take some milliseconds; one trace may have more.
const WRITE_SPANS_MAX: usize = if cfg!(test) { 20 } else { 2_000 };
/// A pause after each step, in which whoever waits for the compactor gets it: compaction and checkpoints are one thread's.
const TURN: Duration = Duration::from_millis(1);
/// How often a trace that is being written to is replayed.
const TRIES_MAX: usize = 5;

/// What the work needs of the store; it goes on when the caller has gone, until its progress says so or the store
/// closes.
struct Work {
    database: PathBuf,
    scope: RenormalizeScope,
    compactor: SharedCompactor,
    postings: Postings,
    spans: Arc<SpanReader>,
    writer: Arc<Writer>,
    /// The prices that were in force when the work began.
    prices: Arc<PriceBook>,
    progress: Progress,
}

impl SqliteStore {
    /// See [`spanwise_store::Store::renormalize`].
    pub(crate) async fn renormalize_now(
        &self,
        scope: RenormalizeScope,
        progress: Progress,
    ) -> StoreResult<RenormalizeReport> {
        let work = Work {
            database: self.data_dir.join("index.db"),
            scope,
            compactor: self.compactor()?,
            postings: self.postings.clone(),
            spans: Arc::clone(&self.spans),
            writer: self.writer()?,
            prices: self.prices.get(),
            progress,
        };
        let done = crate::store::blocking(move || work.run()).await;
        // Also after an error: there is a log to move, and blocks may have to be indexed again.
        self.wake_background(0);
        done
    }
}

impl Work {
    fn run(&self) -> StoreResult<RenormalizeReport> {
        let conn = schema::open_reader(&self.database)?;
        let log = schema::open_maintenance(&self.database)?;
        // What comes later is derived by what is known now.
        let last = last_key(&conn)?;
        let total = count(&conn, &self.scope)?;
        let mut report = RenormalizeReport::default();
        let mut after = 0;
        while after < last {
            self.go_on(report.traces, total)?;
            let end = after.saturating_add(STEP_KEYS).min(last);
            let keys = next_keys(&conn, &self.scope, after, end)?;
            after = if keys.len() == STEP_TRACES { keys[STEP_TRACES - 1] } else { end };
            if self.step(&conn, keys, &mut report)? {
                // Otherwise a run over many traces makes a log as large as what it changes.
                move_log(&log)?;
            }
            thread::sleep(TURN);
        }
        self.go_on(report.traces, total)?;
        let is_all = self.scope == RenormalizeScope::All;
        if is_all && report.unreadable_traces + report.busy_traces == 0 && !version::is_current(&conn)? {
            self.writer.write_blocking(|context| version::set_current(context.conn))?;
        }
        Ok(report)
    }

    fn go_on(&self, done: u64, total: u64) -> StoreResult<()> {
        if self.postings.wake().is_stopped() {
            return Err(StoreError::new(ErrorKind::Unavailable, "the store is closing"));
        }
        self.progress.report("deriving traces again", done, total.max(done))
    }

    /// Derives some traces again; returns whether something changed.
    fn step(&self, conn: &Connection, keys: Vec<i64>, report: &mut RenormalizeReport) -> StoreResult<bool> {
        let changed_before = report.changed_traces;
        let _no_compaction = lock(&self.compactor);
        let mut todo = keys;
        for tries in 1..=TRIES_MAX {
            todo = self.attempt(conn, &todo, report)?;
            if todo.is_empty() {
                break;
            }
            if tries == TRIES_MAX {
                report.traces += todo.len() as u64;
                report.busy_traces += todo.len() as u64;
            }
        }
        Ok(report.changed_traces > changed_before)
    }

    /// Derives traces again; returns those that were written to meanwhile.
    fn attempt(
        &self,
        conn: &Connection,
        keys: &[i64],
        report: &mut RenormalizeReport,
    ) -> StoreResult<Vec<i64>> {
        let (mut busy, mut batch, mut batch_spans) = (Vec::new(), Vec::new(), 0);
        for trace_key in keys {
            let replayed = match replay::replay(conn, &self.spans.segments, &self.prices, *trace_key) {
                Ok(Some(replayed)) => replayed,
                // Deleted.
                Ok(None) => continue,
                Err(error) if error.kind() == ErrorKind::Internal => {
                    tracing::error!(error = %error, trace_key, "a trace can't be derived again");
                    report.traces += 1;
                    report.unreadable_traces += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if !replayed.is_changed() {
                report.traces += 1;
                report.spans += replayed.span_count();
                continue;
            }
            batch_spans += replayed.span_count() as usize;
            batch.push(replayed);
            if batch_spans >= WRITE_SPANS_MAX {
                batch_spans = 0;
                self.write(std::mem::take(&mut batch), &mut busy, report)?;
            }
        }
        self.write(batch, &mut busy, report)?;
        Ok(busy)
    }

    /// Puts traces in place.
    fn write(
        &self,
        batch: Vec<Replayed>,
        busy: &mut Vec<i64>,
        report: &mut RenormalizeReport,
    ) -> StoreResult<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let counts: Vec<_> = batch
            .iter()
            .map(|trace| (trace.trace_key(), trace.span_count(), trace.changed_spans()))
            .collect();
        let (applied, moved_bytes) = self.writer.write_blocking(move |context| {
            let mut moved_bytes = 0;
            let applied = batch.into_iter().map(|trace| apply::apply(context, trace, &mut moved_bytes));
            Ok((applied.collect::<StoreResult<Vec<_>>>()?, moved_bytes))
        })?;
        if moved_bytes > 0 {
            self.postings.wake().blocks(moved_bytes);
        }
        for ((trace_key, spans, changed_spans), applied) in counts.into_iter().zip(applied) {
            match applied {
                Applied::Done => {
                    report.traces += 1;
                    report.changed_traces += 1;
                    report.spans += spans;
                    report.changed_spans += changed_spans;
                }
                Applied::Busy => busy.push(trace_key),
                Applied::Gone => {}
            }
        }
        Ok(())
    }
}

/// Derives one trace again; the caller sees to it that no compaction is under way. If it is being written to, it stays as
/// it is.
pub(crate) fn one(
    conn: &Connection,
    segments: &SegmentReader,
    writer: &Writer,
    prices: &PriceBook,
    trace_key: i64,
) -> StoreResult<()> {
    let replayed = replay::replay(conn, segments, prices, trace_key)?;
    let Some(replayed) = replayed.filter(Replayed::is_changed) else { return Ok(()) };
    // What has to be indexed again is looked at by every search until the next blocks come.
    writer.write_blocking(move |context| apply::apply(context, replayed, &mut 0).map(drop))
}

/// Moves the log as far as readers let it; what is left is moved later.
fn move_log(conn: &Connection) -> StoreResult<()> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).map_err(sql_error)
}

fn last_key(conn: &Connection) -> StoreResult<i64> {
    conn.query_row("SELECT coalesce(max(trace_key), 0) FROM trace", [], |row| row.get(0)).map_err(sql_error)
}

fn count(conn: &Connection, scope: &RenormalizeScope) -> StoreResult<u64> {
    match scope {
        RenormalizeScope::All => conn.query_row("SELECT count(*) FROM trace", [], |row| row.get(0)),
        RenormalizeScope::Experiments(experiments) => conn.query_row(
            "SELECT count(*) FROM trace WHERE experiment_id IN rarray(?1)",
            [key_array(ids(experiments))],
            |row| row.get(0),
        ),
    }
    .map_err(sql_error)
}

/// Returns the first traces of the scope among some keys.
fn next_keys(conn: &Connection, scope: &RenormalizeScope, after: i64, end: i64) -> StoreResult<Vec<i64>> {
    let of_scope = match scope {
        RenormalizeScope::All => "",
        RenormalizeScope::Experiments(_) => "AND experiment_id IN rarray(?3)",
    };
    let sql = format!(
        "SELECT trace_key FROM trace WHERE trace_key > ?1 AND trace_key <= ?2 AND visible = 1 {of_scope}
         ORDER BY trace_key LIMIT {STEP_TRACES}"
    );
    let key = |row: &rusqlite::Row<'_>| row.get(0);
    conn.prepare_cached(&sql)
        .and_then(|mut statement| match scope {
            RenormalizeScope::All => statement.query_map(params![after, end], key)?.collect(),
            RenormalizeScope::Experiments(experiments) => {
                statement.query_map(params![after, end, key_array(ids(experiments))], key)?.collect()
            }
        })
        .map_err(sql_error)
}

fn ids(experiments: &[ExperimentId]) -> impl IntoIterator<Item = i64> {
    experiments.iter().map(|id| id.0)
}
