//! One receiver of spans: its backlog, its thread, tries and tries again, and the spool on disk.

use crate::batch::{Batch, Envelope};
use crate::export::{Accepted, ExportError, Exporter};
use crate::problem::Reporter;
use crate::spool::{Lost, Spool};
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The longest pause that a receiver can ask for.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(60);

/// What became of the spans that an endpoint was given. All but `waiting` only grow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointStats {
    /// Its address.
    pub endpoint: String,
    /// Spans that it took.
    pub sent: u64,
    /// Spans that it refused.
    pub refused: u64,
    /// Spans for which there was no room while it was slow or away.
    pub dropped: u64,
    /// Spans that were given up after it had failed for too long, or at the end of the process.
    pub failed: u64,
    /// Spans that wait, in memory or on disk.
    pub waiting: u64,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicU64,
}

fn add(counter: &AtomicU64, spans: u64) {
    counter.fetch_add(spans, Ordering::Relaxed);
}

enum Item {
    Batch(Arc<Batch>),
    /// All before it is to be sent, and then told.
    Flush(u64),
}

#[derive(Default)]
struct Backlog {
    items: VecDeque<Item>,
    bytes: u64,
    /// What is being sent.
    in_flight: Option<Arc<Batch>>,
    /// What is being sent was put on disk meanwhile, and counts there.
    is_kept: bool,
    /// Somebody waits: try now.
    is_hurried: bool,
    is_stopping: bool,
    /// Nobody takes anything out any more.
    has_ended: bool,
    flushed: u64,
}

/// How an endpoint behaves when its receiver does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Bytes in its backlog.
    pub(crate) backlog_bytes: u64,
    /// How long a batch is tried again.
    pub(crate) retry_for: Duration,
}

pub(crate) struct Endpoint {
    backlog: Mutex<Backlog>,
    changed: Condvar,
    counters: Counters,
    reporter: Reporter,
    patience: Patience,
    envelope: Arc<Envelope>,
    /// Taken before the backlog's lock, and given free by the thread when it ends.
    spool: Mutex<Option<Spool>>,
}

impl Endpoint {
    pub(crate) fn new(
        reporter: Reporter,
        patience: Patience,
        envelope: Arc<Envelope>,
        spool: Option<Spool>,
    ) -> Endpoint {
        Endpoint {
            backlog: Mutex::default(),
            changed: Condvar::new(),
            counters: Counters::default(),
            reporter,
            patience,
            envelope,
            spool: Mutex::new(spool),
        }
    }

    fn lock_spool(&self) -> MutexGuard<'_, Option<Spool>> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> EndpointStats {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EndpointStats {
            endpoint: self.reporter.endpoint().to_owned(),
            sent: of(&self.counters.sent),
            refused: of(&self.counters.refused),
            dropped: of(&self.counters.dropped),
            failed: of(&self.counters.failed),
            waiting: of(&self.counters.waiting),
        }
    }

    /// Takes a batch into the backlog, or drops it where there is no room; returns the problem that there is to tell.
    pub(crate) fn offer(&self, batch: &Arc<Batch>) -> Option<String> {
        let spans = batch.spans();
        let mut backlog = self.lock();
        if backlog.has_ended {
            drop(backlog);
            add(&self.counters.failed, spans);
            return None;
        }
        if backlog.bytes + batch.cost() > self.patience.backlog_bytes && !backlog.items.is_empty() {
            drop(backlog);
            add(&self.counters.dropped, spans);
            return Some(format!("is too slow or away; {spans} spans were dropped, as the queue is full"));
        }
        backlog.bytes += batch.cost();
        backlog.items.push_back(Item::Batch(Arc::clone(batch)));
        add(&self.counters.waiting, spans);
        drop(backlog);
        self.changed.notify_all();
        None
    }

    pub(crate) fn tell(&self, problem: String) {
        self.reporter.report(|| problem);
    }

    /// Puts what is being sent and what is behind it on disk, if there is a spool. What is being sent may be sent twice then,
    /// which a receiver takes for the same spans.
    pub(crate) fn keep_unsent(&self) {
        let mut spool = self.lock_spool();
        let Some(open) = &mut *spool else { return };
        let keep =
            |batch: Arc<Batch>| self.kept(&batch, self.put_on_disk(open, &batch), "did not answer in time");
        let problems: Vec<_> = self.take_unsent().into_iter().map(keep).collect();
        // Problems are told to the application, which may do anything: not under a lock.
        drop(spool);
        problems.into_iter().for_each(|problem| self.tell(problem));
    }

    /// Takes all batches out of the backlog, the one that is being sent first.
    fn take_unsent(&self) -> Vec<Arc<Batch>> {
        let mut backlog = self.lock();
        let in_flight = backlog.in_flight.take();
        backlog.is_kept |= in_flight.is_some();
        let mut unsent = Vec::from_iter(in_flight);
        for item in std::mem::take(&mut backlog.items) {
            match item {
                Item::Batch(batch) => unsent.push(batch),
                Item::Flush(_) => backlog.items.push_back(item),
            }
        }
        backlog.bytes = 0;
        unsent
    }

    /// Says that sending is over; false if the batch was put on disk meanwhile, where it counts.
    fn claim(&self) -> bool {
        let mut backlog = self.lock();
        backlog.in_flight = None;
        !std::mem::take(&mut backlog.is_kept)
    }

    fn put_on_disk(&self, spool: &mut Spool, batch: &Batch) -> io::Result<bool> {
        batch.with_request(&self.envelope, |request| spool.append(request))
    }

    /// Counts a batch that was `put` on disk, or was not, because of `reason`, and returns the problem that there is to tell.
    fn kept(&self, batch: &Batch, put: io::Result<bool>, reason: &str) -> String {
        let spans = batch.spans();
        match put {
            Ok(true) => format!("{reason}; spans are kept on disk until it is back"),
            Ok(false) => {
                add(&self.counters.dropped, spans);
                self.counters.waiting.fetch_sub(spans, Ordering::Relaxed);
                format!("{reason}; {spans} spans were dropped, as the spool is full")
            }
            Err(error) => self.lost(spans, &format!("{reason}, and the spool can't be written: {error}")),
        }
    }

    /// Counts spans that are given up, and returns the problem that there is to tell.
    fn lost(&self, spans: u64, reason: &str) -> String {
        add(&self.counters.failed, spans);
        self.counters.waiting.fetch_sub(spans, Ordering::Relaxed);
        format!("did not take {spans} spans, which are lost: {reason}")
    }

    fn failed(&self, spans: u64, reason: &str) {
        self.tell(self.lost(spans, reason));
    }

    /// Asks for all that was offered to be sent at once; [`Endpoint::wait_flushed`] tells when that is done.
    pub(crate) fn flush(&self, ticket: u64) {
        let mut backlog = self.lock();
        backlog.items.push_back(Item::Flush(ticket));
        backlog.is_hurried = true;
        drop(backlog);
        self.changed.notify_all();
    }

    /// Waits until everything before `ticket` is done, or `deadline`; says which.
    pub(crate) fn wait_flushed(&self, ticket: u64, deadline: Instant) -> bool {
        let mut backlog = self.lock();
        while backlog.flushed < ticket {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return false;
            };
            backlog = self.changed.wait_timeout(backlog, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends its thread, as soon as it does not wait for its receiver.
    pub(crate) fn stop(&self) {
        self.lock().is_stopping = true;
        self.changed.notify_all();
    }

    /// Waits for `pause`, or until somebody is in a hurry or the end; returns whether it is the end.
    fn pause(&self, pause: Duration) -> bool {
        let deadline = Instant::now() + pause;
        let mut backlog = self.lock();
        while !backlog.is_stopping && !std::mem::take(&mut backlog.is_hurried) {
            let Some(left) = deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            backlog = self.changed.wait_timeout(backlog, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        backlog.is_stopping
    }

    /// Returns the next item; `None` at `until`, or at the end when nothing is left.
    fn next(&self, until: Option<Instant>) -> Next {
        let mut backlog = self.lock();
        backlog.in_flight = None;
        loop {
            if let Some(item) = backlog.items.pop_front() {
                if let Item::Batch(batch) = &item {
                    backlog.bytes -= batch.cost();
                    backlog.in_flight = Some(Arc::clone(batch));
                }
                return Next::Item(item);
            }
            if backlog.is_stopping {
                backlog.has_ended = true;
                return Next::End;
            }
            let Some(until) = until else {
                backlog = self.changed.wait(backlog).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return Next::Due;
            };
            backlog = self.changed.wait_timeout(backlog, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn is_stopping(&self) -> bool {
        self.lock().is_stopping
    }
}

enum Next {
    Item(Item),
    /// What is on disk is to be tried again.
    Due,
    End,
}

/// What runs on an endpoint's thread.
pub(crate) struct Sender {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) exporter: Box<dyn Exporter>,
    /// When what is on disk is tried again, and the pause before the time after that.
    pub(crate) retry: Retry,
}

/// When to try again.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    due: Option<Instant>,
    failures: u32,
}

impl Retry {
    fn pause(&mut self, error: &ExportError) -> Duration {
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_MAX);
        self.failures += 1;
        pause.max(error.retry_after.unwrap_or_default().min(ASKED_PAUSE_MAX))
    }
}

impl Sender {
    /// Sends what comes until the end.
    pub(crate) fn run(mut self) {
        let spooled = self.endpoint.lock_spool().as_ref().map_or(0, Spool::spans);
        add(&self.endpoint.counters.waiting, spooled);
        self.retry.due = self.has_spooled().then(Instant::now);
        loop {
            match self.endpoint.next(self.retry.due) {
                Next::Item(Item::Batch(batch)) if self.has_spooled() => self.spool_batch(&batch, "is away"),
                Next::Item(Item::Batch(batch)) => self.deliver(&batch),
                Next::Item(Item::Flush(ticket)) => {
                    self.send_spooled();
                    self.flush_exporter();
                    self.endpoint.lock().flushed = ticket;
                    self.endpoint.changed.notify_all();
                }
                Next::Due => self.send_spooled(),
                Next::End => return self.end(),
            }
        }
    }

    /// Gives the slot of the spool free: others may have the endpoint for longer.
    fn end(self) {
        *self.endpoint.lock_spool() = None;
    }

    fn has_spooled(&self) -> bool {
        self.endpoint.lock_spool().as_ref().is_some_and(|spool| !spool.is_empty())
    }

    fn flush_exporter(&mut self) {
        let exporter = &mut self.exporter;
        let flushed = catch_unwind(AssertUnwindSafe(|| exporter.flush())).unwrap_or_else(|_| Err(panicked()));
        if let Err(error) = flushed {
            self.endpoint.reporter.report(|| format!("cannot be flushed: {error}"));
        }
    }

    /// Tries to send a batch until it is taken, refused, given up, or put on disk.
    fn deliver(&mut self, batch: &Batch) {
        let started = Instant::now();
        loop {
            let exporter = &mut self.exporter;
            let sent = batch.with_request(&self.endpoint.envelope, |request| {
                catch_unwind(AssertUnwindSafe(|| exporter.export(request)))
                    .unwrap_or_else(|_| Err(panicked()))
            });
            let error = match sent {
                Err(error) if error.is_passing => error,
                settled => return self.settle(batch.spans(), settled),
            };
            let pause = self.retry.pause(&error);
            if self.endpoint.lock_spool().is_some() {
                self.retry.due = Some(Instant::now() + pause);
                return self.spool_batch(batch, &error.reason);
            }
            self.endpoint.reporter.report(|| format!("cannot be reached, trying again: {error}"));
            if started.elapsed() + pause > self.endpoint.patience.retry_for || self.endpoint.pause(pause) {
                return self.endpoint.failed(batch.spans(), &error.reason);
            }
        }
    }

    fn settle(&mut self, spans: u64, settled: Result<Accepted, ExportError>) {
        if settled.is_ok() {
            self.retry.failures = 0;
        }
        if !self.endpoint.claim() {
            return;
        }
        match settled {
            Ok(accepted) => self.done(spans, &accepted),
            Err(error) => self.refused(spans, &error),
        }
    }

    fn done(&self, spans: u64, accepted: &Accepted) {
        let rejected = accepted.rejected.min(spans);
        let counters = &self.endpoint.counters;
        add(&counters.sent, spans - rejected);
        add(&counters.refused, rejected);
        counters.waiting.fetch_sub(spans, Ordering::Relaxed);
        if rejected > 0 {
            self.endpoint
                .reporter
                .report(|| format!("refused {rejected} of {spans} spans: {}", accepted.reason));
        }
    }

    fn refused(&self, spans: u64, error: &ExportError) {
        add(&self.endpoint.counters.refused, spans);
        self.endpoint.counters.waiting.fetch_sub(spans, Ordering::Relaxed);
        self.endpoint.reporter.report(|| format!("refused {spans} spans: {error}"));
    }

    /// Puts a batch on disk, behind those that are there, unless it is there already.
    fn spool_batch(&self, batch: &Batch, reason: &str) {
        let mut spool = self.endpoint.lock_spool();
        let Some(open) = &mut *spool else { return };
        if !self.endpoint.claim() {
            return;
        }
        let put = self.endpoint.put_on_disk(open, batch);
        drop(spool);
        self.endpoint.tell(self.endpoint.kept(batch, put, reason));
    }

    /// Sends what is on disk, the oldest first, until something fails.
    fn send_spooled(&mut self) {
        self.retry.due = None;
        while let Some(oldest) = self.oldest_spooled() {
            if self.retry.failures > 0 && self.endpoint.is_stopping() {
                return;
            }
            let (bytes, spans) = match oldest {
                Ok(oldest) => oldest,
                Err(lost) => {
                    self.endpoint.failed(lost.spans, &lost.reason);
                    continue;
                }
            };
            let (exporter, pieces) = (&mut self.exporter, [&bytes[..]]);
            let request = crate::export::Request { pieces: &pieces, spans };
            let sent = catch_unwind(AssertUnwindSafe(|| exporter.export(&request)))
                .unwrap_or_else(|_| Err(panicked()));
            match sent {
                Ok(accepted) => {
                    self.retry.failures = 0;
                    self.done(spans, &accepted);
                }
                Err(error) if !error.is_passing => self.refused(spans, &error),
                Err(error) => {
                    self.retry.due = Some(Instant::now() + self.retry.pause(&error));
                    return;
                }
            }
            self.remove_oldest_spooled();
        }
    }

    /// Reads what is next on disk, which stays there: it is not locked while it is sent.
    fn oldest_spooled(&self) -> Option<Result<(Vec<u8>, u64), Lost>> {
        let mut spool = self.endpoint.lock_spool();
        spool.as_mut().filter(|spool| !spool.is_empty()).map(Spool::oldest)
    }

    fn remove_oldest_spooled(&self) {
        let removed = self.endpoint.lock_spool().as_mut().map_or(Ok(()), Spool::remove_oldest);
        if let Err(error) = removed {
            let report = || format!("cannot remove what was sent from the spool: {error}");
            self.endpoint.reporter.report(report);
        }
    }
}

fn panicked() -> ExportError {
    ExportError::lasting("the exporter panicked")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Request;
    use crate::queue::Queue;

    /// Takes all, but only after what it was given was put on disk.
    struct Late(Arc<Endpoint>);

    impl Exporter for Late {
        fn export(&mut self, _request: &Request<'_>) -> Result<Accepted, ExportError> {
            self.0.keep_unsent();
            Ok(Accepted::default())
        }
    }

    #[test]
    fn what_is_taken_after_it_was_put_on_disk_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1 << 20).unwrap();
        let reporter = Reporter::new("late".to_owned(), Arc::new(|_| {}));
        let patience = Patience { backlog_bytes: 1 << 20, retry_for: Duration::ZERO };
        let endpoint = Arc::new(Endpoint::new(reporter, patience, Arc::new(Envelope::new(&[])), Some(spool)));
        let queue = Arc::new(Queue::new(1, 1 << 20, 1 << 20));
        queue.push(0, &mut b"span".to_vec(), 0);
        let batches = Batch::split(queue.collect(true), &queue);
        batches.into_iter().for_each(|batch| assert_eq!(endpoint.offer(&Arc::new(batch)), None));
        // The flush sends what is on disk.
        endpoint.flush(1);
        endpoint.stop();
        let exporter = Box::new(Late(Arc::clone(&endpoint)));
        Sender { endpoint: Arc::clone(&endpoint), exporter, retry: Retry::default() }.run();
        let stats = endpoint.stats();
        assert_eq!((stats.sent, stats.waiting, queue.used()), (1, 0, 0), "{stats:?}");
    }
}
