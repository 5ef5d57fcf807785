//! The one thread that writes: it groups what waits, appends to the segment, syncs it, commits, and then answers.
//!
//! All writes of a group share one SQLite transaction and one sync of the segment. A write that fails is rolled
//! back alone (to its savepoint); if the segment or the commit fails, the whole group fails as `Unavailable`.

use crate::error::sql_error;
use crate::segment::SegmentWriter;
use crate::trace_state::TraceStates;
use rusqlite::{Connection, TransactionBehavior};
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Bytes of blocks in one group.
const GROUP_BYTES_MAX: usize = 4 << 20;
/// How long a group waits for writes that are known to be on their way.
const GROUP_WAIT_MAX: Duration = Duration::from_millis(5);

/// What a write may use: the open transaction, the state of active traces, and the segment.
pub(crate) struct WriteContext<'a> {
    /// The connection, inside the group's transaction.
    pub(crate) conn: &'a Connection,
    /// What is remembered of traces that spans arrive for.
    pub(crate) states: &'a mut TraceStates,
    /// Where blocks are appended; they reach the disk before the transaction commits.
    pub(crate) segment: &'a mut SegmentWriter,
}

type Operation = Box<dyn FnOnce(&mut WriteContext<'_>) -> Finish + Send>;
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
    ) -> StoreResult<(Writer, JoinHandle<()>)> {
        let (commands, queue) = channel();
        let in_flight = Arc::new(AtomicUsize::new(0));
        let mut thread = WriterThread { conn, segment, states, in_flight: Arc::clone(&in_flight) };
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
    /// `bytes` is about what it will append to the segment. The operation has happened, or not at all.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        announced: Announced,
        bytes: usize,
        operation: impl FnOnce(&mut WriteContext<'_>) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        let operation: Operation = Box::new(move |context| {
            // From here on the group has it; waiting for it would be waiting for oneself.
            drop(announced);
            let result = operation(context);
            Box::new(move |group| {
                let result = match group {
                    Ok(()) => result,
                    Err(error) => result.and_then(|_| Err(StoreError::new(error.kind(), error.to_string()))),
                };
                // A caller that stopped waiting doesn't want the answer.
                let _ = reply.send(result);
            })
        });
        self.commands.send(Command { operation, bytes }).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

fn closed() -> StoreError {
    StoreError::new(ErrorKind::Unavailable, "the store is closed")
}

struct WriterThread {
    conn: Connection,
    segment: SegmentWriter,
    states: TraceStates,
    in_flight: Arc<AtomicUsize>,
}

impl WriterThread {
    fn run(&mut self, queue: &Receiver<Command>) {
        while let Ok(first) = queue.recv() {
            let mut answers = Vec::new();
            let outcome = self.write_group(first, queue, &mut answers);
            if let Err(error) = &outcome {
                tracing::error!(error = %error, source = ?std::error::Error::source(error), "a group of writes failed");
                // What the states learned from this group is not in the store.
                self.states.clear();
                metrics::counter!("spanwise_store_failed_groups_total").increment(1);
            }
            for answer in answers {
                answer(outcome.as_ref().map(|_| ()));
            }
        }
        if let Err(error) = self.segment.close(&self.conn) {
            tracing::error!(error = %error, "cannot close the segment");
        }
    }

    fn write_group(
        &mut self,
        first: Command,
        queue: &Receiver<Command>,
        answers: &mut Vec<Finish>,
    ) -> StoreResult<()> {
        let deadline = Instant::now() + GROUP_WAIT_MAX;
        let txn = self.conn.transaction_with_behavior(TransactionBehavior::Immediate);
        let txn = match txn.map_err(sql_error) {
            Ok(txn) => txn,
            Err(error) => {
                answers.push(refuse(first, &error));
                return Err(error);
            }
        };
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            bytes += command.bytes;
            let mut context =
                WriteContext { conn: &txn, states: &mut self.states, segment: &mut self.segment };
            answers.push((command.operation)(&mut context));
            if bytes >= GROUP_BYTES_MAX {
                break;
            }
            next = next_command(queue, &self.in_flight, deadline);
        }
        let outcome = self
            .segment
            .flush(&txn)
            .and_then(|()| txn.commit().map_err(sql_error));
        match outcome {
            Ok(()) => {
                self.segment.committed();
                Ok(())
            }
            Err(error) => {
                self.segment.rolled_back();
                Err(StoreError::with_source(ErrorKind::Unavailable, "cannot make writes durable", error))
            }
        }
    }
}

/// Returns what waits, or what arrives before `deadline` while something is known to be on its way.
fn next_command(queue: &Receiver<Command>, in_flight: &AtomicUsize, deadline: Instant) -> Option<Command> {
    if let Ok(command) = queue.try_recv() {
        return Some(command);
    }
    if in_flight.load(Ordering::Acquire) == 0 {
        return None;
    }
    match queue.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(command) => Some(command),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

/// Answers a command that could not even be begun.
fn refuse(_command: Command, _error: &StoreError) -> Finish {
    // Dropping the operation drops its reply channel: the caller is told that the store is closed.
    Box::new(|_| ())
}
