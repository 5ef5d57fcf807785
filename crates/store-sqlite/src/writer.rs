//! The one thread that writes: it groups what waits, appends to the segment, syncs it, commits, and then answers.
//!
//! All writes of a group share one SQLite transaction and one sync of the segment. A write that fails, or panics, is rolled
//! back alone (to its savepoint); if the segment or the commit fails, the whole group fails as `Unavailable`.

use crate::error::sql_error;
use crate::explore::ChangeFeed;
use crate::rollup::Rollups;
use crate::segment::SegmentWriter;
use crate::table::{TableChanges, TraceTable};
use crate::trace_ids::TraceIds;
use crate::trace_state::TraceStates;
use rusqlite::{Connection, TransactionBehavior};
use spanwise_model::{ErrorKind, TraceId};
use spanwise_store::{StoreError, StoreResult};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Bytes of blocks in one group.
const GROUP_BYTES_MAX: usize = 4 << 20;
/// Writes in one group.
const GROUP_WRITES_MAX: usize = 4096;
/// How long a group waits for writes that are known to be on their way.
const GROUP_WAIT_MAX: Duration = Duration::from_millis(5);
/// How often it is logged that groups fail, while they do.
const FAILURE_LOG_INTERVAL: Duration = Duration::from_secs(10);

/// What a write may use: the open transaction, the state of active traces, and the segment.
pub(crate) struct WriteContext<'a> {
    /// The connection, inside the group's transaction.
    pub(crate) conn: &'a Connection,
    /// What is remembered of traces that spans arrive for.
    pub(crate) states: &'a mut TraceStates,
    /// Where blocks are appended; they reach the disk before the transaction commits.
    pub(crate) segment: &'a mut SegmentWriter,
    /// Traces that the group changes; the feed of changes learns of them once it is durable.
    pub(crate) changed: &'a mut Vec<TraceId>,
    /// What the group changes in the columns that are held in memory.
    pub(crate) table: &'a mut TableChanges,
    /// What the group changes of the roll-ups; they are written before it commits.
    pub(crate) rollups: &'a mut Rollups,
    /// Learns which traces the group adds and deletes, through `conn`.
    trace_ids: &'a TraceIds,
    /// Why the group can't be committed: an operation without a savepoint failed half-way.
    failed: Option<StoreError>,
}

impl WriteContext<'_> {
    /// Gives the whole group up, since something of it was done by halves.
    pub(crate) fn fail_group(&mut self, error: &StoreError) {
        // This is what the log will say of it: with what is behind it.
        let message = match cause(error) {
            cause if cause.is_empty() => error.message().to_owned(),
            cause => format!("{}: {cause}", error.message()),
        };
        self.failed.get_or_insert_with(|| StoreError::new(error.kind(), message));
    }
}

/// How much is undone if an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnError {
    /// What the operation did: it has a savepoint.
    UndoOperation,
    /// Nothing: it says by [`WriteContext::fail_group`] if that leaves something by halves.
    Nothing,
}

/// Does a write, or learns why the group could not begin.
type Operation = Box<dyn FnOnce(Result<&mut WriteContext<'_>, &StoreError>) -> Finish + Send>;
/// Answers the caller, once the group's fate is known.
type Finish = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

struct Command {
    operation: Operation,
    bytes: usize,
}

/// The way to the writing thread.
pub(crate) struct Writer {
    commands: Sender<Command>,
    in_flight: Arc<AtomicUsize>,
}

/// Counts a write that is being prepared, so that a group waits for it (a little).
pub(crate) struct Announced(Arc<AtomicUsize>);

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Writer {
    /// Starts the thread. It ends, having written all that was queued, when the `Writer` is dropped.
    pub(crate) fn start(
        conn: Connection,
        segment: SegmentWriter,
        states: TraceStates,
        changes: Arc<ChangeFeed>,
        table: Arc<TraceTable>,
        trace_ids: Arc<TraceIds>,
    ) -> StoreResult<(Writer, JoinHandle<()>)> {
        let (commands, queue) = channel();
        let in_flight = Arc::new(AtomicUsize::new(0));
        let mut thread = WriterThread {
            conn,
            segment,
            states,
            rollups: Rollups::new(),
            changes,
            table,
            trace_ids,
            in_flight: Arc::clone(&in_flight),
            failing: None,
        };
        let handle = thread::Builder::new()
            .name("write".into())
            .spawn(move || thread.run(&queue))
            .map_err(|error| crate::error::io_error("cannot start the writing thread", error))?;
        Ok((Writer { commands, in_flight }, handle))
    }

    /// Says that a write is coming, so that the current group waits for it.
    pub(crate) fn announce(&self) -> Announced {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        Announced(Arc::clone(&self.in_flight))
    }

    /// Runs `operation` in the next group and answers when that group is durable.
    ///
    /// The operation has happened, or not at all.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let sent = self.send(self.announce(), 0, OnError::UndoOperation, operation)?;
        sent.await.map_err(|_| closed())?
    }

    /// As [`Writer::write`], without a savepoint, whose copies of pages cost a tenth of an append. If the operation
    /// fails after it changed something, it must give up the group.
    ///
    /// `bytes` is about what it will append to the segment.
    pub(crate) async fn append<T: Send + 'static>(
        &self,
        announced: Announced,
        bytes: usize,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        self.send(announced, bytes, OnError::Nothing, operation)?.await.map_err(|_| closed())?
    }

    /// As [`Writer::write`], for a background thread.
    pub(crate) fn write_blocking<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let sent = self.send(self.announce(), 0, OnError::UndoOperation, operation)?;
        sent.blocking_recv().map_err(|_| closed())?
    }

    fn send<T: Send + 'static>(
        &self,
        announced: Announced,
        bytes: usize,
        on_error: OnError,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<oneshot::Receiver<StoreResult<T>>> {
        let (reply, answer) = oneshot::channel();
        let operation: Operation = Box::new(move |context| {
            // From here on the group has it; waiting for it would be waiting for oneself.
            drop(announced);
            let result = context.map_err(copy).and_then(|context| match on_error {
                OnError::UndoOperation => in_savepoint(context, operation),
                OnError::Nothing => check_open(context.conn).and_then(|()| {
                    caught(|| operation(context)).unwrap_or_else(|panicked| {
                        context.fail_group(&panicked);
                        Err(panicked)
                    })
                }),
            });
            Box::new(move |group| {
                // A caller that stopped waiting doesn't want the answer.
                let _ = reply.send(group.map_err(copy).and(result));
            })
        });
        self.commands.send(Command { operation, bytes }).map_err(|_| closed())?;
        Ok(answer)
    }
}

fn closed() -> StoreError {
    StoreError::new(ErrorKind::Unavailable, "the store is closed")
}

struct WriterThread {
    conn: Connection,
    segment: SegmentWriter,
    states: TraceStates,
    rollups: Rollups,
    changes: Arc<ChangeFeed>,
    table: Arc<TraceTable>,
    trace_ids: Arc<TraceIds>,
    in_flight: Arc<AtomicUsize>,
    failing: Option<Failing>,
}

/// A row of failures.
struct Failing {
    groups: u64,
    logged: Instant,
}

impl WriterThread {
    fn run(&mut self, queue: &Receiver<Command>) {
        while let Ok(first) = queue.recv() {
            let mut answers = Vec::new();
            let outcome = self.write_group(first, queue, &mut answers);
            self.log(outcome.as_ref().err());
            if outcome.is_err() {
                // What the states learned from this group is not in the store.
                self.states.clear();
                self.rollups.clear();
                metrics::counter!("spanwise_store_failed_groups_total").increment(1);
            }
            for answer in answers {
                answer(outcome.as_ref().map(|_| ()));
            }
        }
    }

    /// Logs that writing fails, not more often than is useful, and that it is well again.
    fn log(&mut self, error: Option<&StoreError>) {
        match (error, &mut self.failing) {
            (None, None) => {}
            // On a full disk some groups succeed, since they need no space.
            (None, Some(failing)) if failing.logged.elapsed() < FAILURE_LOG_INTERVAL => {}
            (None, Some(failing)) => {
                tracing::info!(failed_groups = failing.groups, "writing succeeds again");
                self.failing = None;
            }
            (Some(_), Some(failing)) if failing.logged.elapsed() < FAILURE_LOG_INTERVAL => {
                failing.groups += 1
            }
            (Some(error), _) => {
                let groups = self.failing.as_ref().map_or(0, |failing| failing.groups) + 1;
                tracing::error!(error = %error, cause = %cause(error), groups, "groups of writes fail");
                self.failing = Some(Failing { groups, logged: Instant::now() });
            }
        }
    }

    fn write_group(
        &mut self,
        first: Command,
        queue: &Receiver<Command>,
        answers: &mut Vec<Finish>,
    ) -> StoreResult<()> {
        let deadline = Instant::now() + GROUP_WAIT_MAX;
        let WriterThread { conn, segment, states, rollups, changes, table, trace_ids, in_flight, .. } = self;
        let begun = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql_error);
        let txn = match begun.and_then(|txn| rollups.begin(&txn).map(|()| txn)) {
            Ok(txn) => txn,
            Err(error) => {
                answers.push((first.operation)(Err(&error)));
                return Err(error);
            }
        };
        let mut changed = Vec::new();
        let mut in_table = table.begin_changes();
        let mut context = WriteContext {
            conn: &txn,
            states,
            segment,
            changed: &mut changed,
            table: &mut in_table,
            rollups,
            trace_ids,
            failed: None,
        };
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            bytes += command.bytes;
            answers.push((command.operation)(Ok(&mut context)));
            if bytes >= GROUP_BYTES_MAX || answers.len() >= GROUP_WRITES_MAX || context.failed.is_some() {
                break;
            }
            next = next_command(queue, in_flight, deadline);
        }
        let outcome = context.failed.take().map_or(Ok(()), Err);
        let outcome = outcome
            .and_then(|()| check_open(&txn))
            .and_then(|()| rollups.write(&txn))
            .and_then(|()| trace_ids.merge_some(&txn))
            .and_then(|()| check_open(&txn))
            .and_then(|()| segment.flush(&txn))
            .and_then(|()| txn.commit().map_err(sql_error));
        match &outcome {
            Ok(()) => {
                segment.committed();
                trace_ids.committed();
                table.apply(conn, in_table);
                changes.publish(changed);
            }
            Err(_) => {
                segment.rolled_back();
                trace_ids.rolled_back();
            }
        }
        outcome.map_err(|error| {
            StoreError::with_source(
                ErrorKind::Unavailable,
                "cannot make the write durable; try again later",
                error,
            )
        })
    }
}

/// Runs one operation so that its failure undoes only itself.
fn in_savepoint<T>(
    context: &mut WriteContext<'_>,
    operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T>,
) -> StoreResult<T> {
    let mark = context.segment.mark();
    let (changed, rollups) = (context.changed.len(), context.rollups.mark());
    let (in_table, trace_ids) = (context.table.mark(), context.trace_ids.mark());
    check_open(context.conn)?;
    run(context.conn, "SAVEPOINT operation")?;
    let result = caught(|| operation(context)).unwrap_or_else(Err);
    if let Err(error) = &result {
        if matches!(error.kind(), ErrorKind::Internal | ErrorKind::Unavailable) {
            // It may have failed half-way, with the states ahead of the rows.
            context.states.clear();
        }
        context.segment.undo_to(mark);
        context.changed.truncate(changed);
        context.rollups.undo_to(rollups);
        context.table.undo_to(in_table);
        context.trace_ids.undo_to(trace_ids);
        check_open(context.conn)?;
        run(context.conn, "ROLLBACK TO operation")?;
    }
    run(context.conn, "RELEASE operation")?;
    result
}

/// Does a write; one that panics is an error, so that it costs its own answer and not the thread, without which nothing is
/// written any more.
fn caught<T>(work: impl FnOnce() -> StoreResult<T>) -> Result<StoreResult<T>, StoreError> {
    // What it may have left half done is undone by the caller, as after an error.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        tracing::error!("a write panicked");
        StoreError::new(ErrorKind::Internal, "a write panicked; nothing of it was kept")
    })
}

fn run(conn: &Connection, statement: &str) -> StoreResult<()> {
    conn.prepare_cached(statement)
        .and_then(|mut prepared| prepared.execute([]))
        .map_err(sql_error)
        .map(|_| ())
}

/// Fails if SQLite has rolled back the whole group, as it does when it can't read or write a page.
///
/// What followed would be committed on its own then, before the segment holds what it refers to.
fn check_open(conn: &Connection) -> StoreResult<()> {
    if conn.is_autocommit() {
        return Err(StoreError::new(ErrorKind::Unavailable, "the index database undid the group"));
    }
    Ok(())
}

/// Returns what waits, or what arrives before `deadline` while something is known to be on its way.
fn next_command(queue: &Receiver<Command>, in_flight: &AtomicUsize, deadline: Instant) -> Option<Command> {
    if let Ok(command) = queue.try_recv() {
        return Some(command);
    }
    if in_flight.load(Ordering::Acquire) == 0 {
        return None;
    }
    queue.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}

/// Each of a group's callers gets the group's error; the source was logged.
fn copy(error: &StoreError) -> StoreError {
    StoreError::new(error.kind(), error.message())
}

/// Returns the messages of all sources.
fn cause(error: &StoreError) -> String {
    let first = std::error::Error::source(error);
    let sources = std::iter::successors(first, |source| source.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{OpenOptions, SqliteStore};
    use spanwise_store::Store;
    use spanwise_store::conformance::build::{span, spans, trace_id};

    #[tokio::test]
    async fn a_write_that_panics_is_undone_and_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
        let panics = store.write(|context| -> StoreResult<()> {
            run(context.conn, "CREATE TABLE left_over (a)")?;
            panic!("a bug");
        });
        assert_eq!(panics.await.unwrap_err().kind(), ErrorKind::Internal);
        let count = "SELECT count(*) FROM sqlite_schema WHERE name = 'left_over'";
        let left: i64 = store
            .read(move |conn| conn.query_row(count, [], |row| row.get(0)).map_err(sql_error))
            .await
            .unwrap();
        assert_eq!(left, 0);
        let writer = store.writer().unwrap();
        let panics = writer.append(writer.announce(), 0, |_| -> StoreResult<()> { panic!("a bug") });
        assert_eq!(panics.await.unwrap_err().kind(), ErrorKind::Unavailable);
        let id = trace_id(1);
        store.append_spans(vec![spans(&id, &[span(1)])]).await.unwrap();
        assert_eq!(store.get_trace(&id).await.unwrap().trace_id, id);
    }
}
