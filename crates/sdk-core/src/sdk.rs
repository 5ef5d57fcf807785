//! The SDK as a whole: what all spans share, which one is installed, and what ends it.

use crate::batch::{Batch, Envelope};
use crate::body::Body;
use crate::builder::{SpanBuilder, StartOptions};
use crate::clock::Clock;
use crate::config::Settings;
use crate::data::{Processor, SpanData};
use crate::endpoint::{Endpoint, EndpointStats, Patience, Retry, Sender};
use crate::open::OpenRoots;
use crate::problem::{Problem, Reporter};
use crate::queue::{Pushed, Queue};
use crate::spool::Spool;
use crate::{TraceId, local, os};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The installed SDK that is in force: 0 is none, or one that is disabled.
static ACTIVE: AtomicU64 = AtomicU64::new(0);
/// What `ACTIVE` is in a forked child until a thread asks for the SDK.
const FORKED: u64 = u64::MAX;
/// How often this process is the child of a fork.
static FORKS: AtomicU32 = AtomicU32::new(0);
/// The last id of an installed SDK.
static LAST_ID: AtomicU64 = AtomicU64::new(0);
static INSTALLED: Mutex<Option<Installed>> = Mutex::new(None);
/// Tries to get the lock in a forked child, where its holder may be gone.
const TRIES_AFTER_FORK: usize = 1_000;
/// How long the exit of the process waits for spans to be sent.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);
/// The longest that a flush waits, which nobody does: a longer time is no instant of the system's clock.
const FLUSH_TIMEOUT_MAX: Duration = Duration::from_hours(24 * 365);
/// Parts of the queue's bytes that make it due, and the bytes that do so in any case.
const DUE_PARTS: u64 = 8;
const DUE_BYTES: u64 = 2 << 20;
/// Shards for each core: threads that end spans at the same moment rarely meet.
const SHARDS_PER_CORE: usize = 4;
const SHARDS_MAX: usize = 64;
/// How often the offset between the clocks is taken anew.
const ADJUST_EVERY: Duration = Duration::from_secs(10);

#[derive(Clone)]
struct Installed {
    id: u64,
    core: Arc<Core>,
}

/// Returns what is in force, to compare with: 0 is nothing.
#[inline]
pub(crate) fn active() -> u64 {
    ACTIVE.load(Ordering::Relaxed)
}

/// Returns what is installed now, if that is `active`. `known` is what the thread had before.
pub(crate) fn installed(active: u64, known: Option<Arc<Core>>) -> (u64, Option<Arc<Core>>) {
    if active == FORKED {
        return revive(known);
    }
    // What can't be told now is asked again.
    let Some(installed) = lock_installed() else { return (0, None) };
    match &*installed {
        Some(installed) => (installed.id, Some(Arc::clone(&installed.core))),
        None => (active, None),
    }
}

/// Returns how often this process is the child of a fork.
#[inline]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Locks what is installed; `None` in a forked child where a thread that is gone holds the lock.
fn lock_installed() -> Option<MutexGuard<'static, Option<Installed>>> {
    if forks() == 0 {
        return Some(INSTALLED.lock().unwrap_or_else(PoisonError::into_inner));
    }
    for _ in 0..TRIES_AFTER_FORK {
        match INSTALLED.try_lock() {
            Ok(installed) => return Some(installed),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::yield_now(),
        }
    }
    None
}

/// Makes the SDK anew in a forked child. The parent's is left as it is: its locks may be held by threads that are gone,
/// and what is queued there is sent by the parent.
#[cold]
fn revive(known: Option<Arc<Core>>) -> (u64, Option<Arc<Core>>) {
    let renewed = lock_installed().and_then(|installed| renew(installed, known));
    renewed.unwrap_or_else(|| {
        // Unless another thread was just done with it.
        let _is_off = ACTIVE.compare_exchange(FORKED, 0, Ordering::Relaxed, Ordering::Relaxed);
        (0, None)
    })
}

fn renew(
    mut installed: MutexGuard<'static, Option<Installed>>,
    known: Option<Arc<Core>>,
) -> Option<(u64, Option<Arc<Core>>)> {
    if let Some(current) = installed.as_ref().filter(|current| !current.core.is_of_parent_process()) {
        // Another thread was faster.
        return Some((current.id, Some(Arc::clone(&current.core))));
    }
    let old = installed.take().map(|installed| installed.core).or(known)?;
    let core = Core::start(Arc::clone(&old.settings));
    std::mem::forget(old);
    let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
    *installed = Some(Installed { id, core: Arc::clone(&core) });
    ACTIVE.store(id, Ordering::Release);
    Some((id, Some(core)))
}

/// Runs in a child right after the fork: atomics only.
pub(crate) fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    if ACTIVE.load(Ordering::Relaxed) != 0 {
        ACTIVE.store(FORKED, Ordering::Relaxed);
    }
}

/// Runs when the process exits: what is queued is sent.
pub(crate) fn exiting() {
    drop(catch_unwind(|| {
        if let Some(core) = current_core() {
            // What does not get out in time waits in the spool, or is lost with the process; nobody is left to be told.
            if core.flush(EXIT_TIMEOUT).is_err() {
                core.keep_unsent();
            }
        }
    }));
}

fn current_core() -> Option<Arc<Core>> {
    let installed = lock_installed()?;
    installed
        .as_ref()
        .map(|installed| Arc::clone(&installed.core))
        .filter(|core| !core.is_of_parent_process())
}

/// Turns recording off for the whole process: starting a span then costs a load of an atomic. Spans under way are still
/// sent when they end.
pub fn disable() {
    ACTIVE.store(0, Ordering::Relaxed);
}

/// Turns recording on again, if an SDK is installed.
pub fn enable() {
    if let Some(installed) = lock_installed().as_deref().and_then(Option::as_ref) {
        let active = if installed.core.is_of_parent_process() { FORKED } else { installed.id };
        ACTIVE.store(active, Ordering::Release);
    }
}

/// Returns whether spans are recorded, as far as sampling lets them.
pub fn is_enabled() -> bool {
    active() != 0
}

/// Sends all that has ended through the installed SDK; see [`Sdk::flush`].
///
/// # Errors
/// The time was too short.
pub fn flush(timeout: Duration) -> Result<(), FlushTimeout> {
    current_core().map_or(Ok(()), |core| core.flush(timeout))
}

/// Returns the counters of the installed SDK.
pub fn stats() -> Stats {
    current_core().map(|core| core.stats()).unwrap_or_default()
}

/// Not everything was sent in time; it is still being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not all spans were sent within {timeout:?}")]
pub struct FlushTimeout {
    /// The time that there was.
    pub timeout: Duration,
}

/// What became of all spans that ended: `recorded` is `dropped` and, for each endpoint, the sum of its counters and what
/// is on its way there.
///
/// A span that is announced when it starts counts twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Spans that were offered to the queue.
    pub recorded: u64,
    /// Of these, spans that there was no room for, or that ended after the SDK did.
    pub dropped: u64,
    /// Spans that a processor left out, before they were offered.
    pub filtered: u64,
    /// What the queue takes of memory, in bytes.
    pub queued_bytes: u64,
    /// What became of the others.
    pub endpoints: Vec<EndpointStats>,
}

/// What all spans share.
pub(crate) struct Core {
    pub(crate) clock: Clock,
    pub(crate) open: OpenRoots,
    pub(crate) announces: bool,
    settings: Arc<Settings>,
    queue: Arc<Queue>,
    forks: u32,
    endpoints: Vec<Arc<Endpoint>>,
    filtered: AtomicU64,
    /// Spans that ended after this did.
    late: AtomicU64,
    collector: Mutex<Option<Thread>>,
    /// Held from when spans are collected until they are in the backlogs.
    handing_over: Mutex<()>,
    /// The last flush that was asked for.
    flush_asked: AtomicU64,
    is_stopping: AtomicBool,
}

impl Core {
    /// Makes it, with its threads.
    pub(crate) fn start(settings: Arc<Settings>) -> Arc<Core> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let queue_bytes = settings.queue_bytes;
        let due_bytes = DUE_BYTES.min(queue_bytes / DUE_PARTS);
        let queue = Queue::new((cores * SHARDS_PER_CORE).min(SHARDS_MAX), queue_bytes, due_bytes);
        let envelope = Arc::new(Envelope::new(&settings.resource));
        // A receiver that is away must leave room for the others, and for what is being collected.
        let backlog_bytes = queue_bytes / 4 * 3 / settings.targets.len().max(1) as u64;
        let patience = Patience { backlog_bytes, retry_for: settings.retry_for };
        let mut endpoints = Vec::new();
        for (index, target) in settings.targets.iter().enumerate() {
            let reporter = Reporter::new(target.name(), Arc::clone(&settings.on_problem));
            let spool = open_spool(&settings, index, target.name());
            let endpoint = Arc::new(Endpoint::new(reporter, patience, Arc::clone(&envelope), spool));
            let exporter = target.exporter(&settings);
            let sender = Sender { endpoint: Arc::clone(&endpoint), exporter, retry: Retry::default() };
            settings.spawn("spanwise-send", move || sender.run());
            endpoints.push(endpoint);
        }
        let core = Arc::new(Core {
            clock: Clock::new(),
            open: OpenRoots::new(settings.trace_timeout),
            announces: settings.announces_open_spans,
            queue: Arc::new(queue),
            forks: FORKS.load(Ordering::Relaxed),
            endpoints,
            filtered: AtomicU64::new(0),
            late: AtomicU64::new(0),
            collector: Mutex::new(None),
            handing_over: Mutex::new(()),
            flush_asked: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
            settings,
        });
        let collecting = Arc::clone(&core);
        let collector = core.settings.spawn("spanwise-collect", move || collecting.collect());
        *core.lock_collector() = collector;
        core
    }

    fn lock_collector(&self) -> MutexGuard<'_, Option<Thread>> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_collector(&self) {
        if let Some(collector) = &*self.lock_collector() {
            collector.unpark();
        }
    }

    /// Says whether this process is a fork of the one that it was made in.
    #[inline]
    pub(crate) fn is_of_parent_process(&self) -> bool {
        self.forks != FORKS.load(Ordering::Relaxed)
    }

    /// Decides whether a trace that begins here is recorded. The lower half of its id decides, so that whoever knows the
    /// id and the share decides alike.
    #[inline]
    pub(crate) fn samples(&self, trace_id: TraceId, share: Option<f64>) -> bool {
        let share = share.unwrap_or(self.settings.sampling);
        if share >= 1.0 {
            return true;
        }
        let [.., a, b, c, d, e, f, g, h] = trace_id.0;
        let place = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11;
        // 53 bits: all of them are exact in a float.
        (place as f64) < share * (1_u64 << 53) as f64
    }

    /// Queues a span that has ended.
    #[inline]
    pub(crate) fn queue_span(&self, mut body: Box<Body>) {
        if !self.settings.processors.is_empty() && !self.process(&mut body) {
            self.filtered.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if self.is_stopping.load(Ordering::Relaxed) {
            self.late.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut body = Some(body);
        let with_local = local::with(|local| {
            let mut body = body.take()?;
            let pushed = self.push(local.shard(), &mut body);
            local.keep_body(body);
            Some(pushed)
        });
        // A thread that ends has nothing for itself any more.
        let pushed = with_local.flatten().or_else(|| body.map(|mut body| self.push(0, &mut body)));
        if pushed == Some(Pushed::Due) {
            self.wake_collector();
        }
    }

    #[inline]
    fn push(&self, shard: usize, body: &mut Body) -> Pushed {
        let (buffer, start) = body.framed();
        self.queue.push(shard, buffer, start)
    }

    /// Queues what is known of a span that starts.
    pub(crate) fn announce(&self, body: &Body) {
        let mut copy = Box::new(Body::new());
        copy.begin();
        copy.set_message(body.message());
        self.queue_span(copy);
    }

    /// Runs the processors; returns whether the span is to be sent.
    #[cold]
    fn process(&self, body: &mut Body) -> bool {
        let mut span = SpanData::read(body.message());
        let _quiet = local::quiet();
        let keep = |processor: &Arc<dyn Processor>| processor.process(&mut span);
        // A processor that panics has not done its work, and what it should have taken out must not get out.
        let is_kept =
            catch_unwind(AssertUnwindSafe(|| self.settings.processors.iter().all(keep))).unwrap_or(false);
        if is_kept {
            body.set_message(&span.write());
        }
        is_kept
    }

    /// Collects what is queued until the end: the collecting thread.
    fn collect(&self) {
        let (mut flushed, mut adjusted, mut swept) = (0, Instant::now(), Instant::now());
        loop {
            let asked = self.flush_asked.load(Ordering::Acquire);
            let is_stopping = self.is_stopping.load(Ordering::Acquire);
            self.clock.check();
            self.open.close_late(self.clock.now());
            let is_due = asked > flushed || is_stopping || swept.elapsed() >= self.settings.batch_interval;
            self.hand_over(is_due);
            if is_due {
                swept = Instant::now();
            }
            if asked > flushed {
                self.endpoints.iter().for_each(|endpoint| endpoint.flush(asked));
                flushed = asked;
            }
            if is_stopping {
                return self.endpoints.iter().for_each(|endpoint| endpoint.stop());
            }
            if adjusted.elapsed() >= ADJUST_EVERY {
                self.clock.adjust();
                adjusted = Instant::now();
            }
            if self.flush_asked.load(Ordering::Acquire) == flushed {
                thread::park_timeout(self.settings.batch_interval.saturating_sub(swept.elapsed()));
            }
        }
    }

    /// Gives the endpoints what waits; the chunks under way only if `all` is to be sent.
    fn hand_over(&self, all: bool) {
        let turn = self.handing_over.lock().unwrap_or_else(PoisonError::into_inner);
        let collected = self.queue.collect(all);
        if all && collected.is_empty() {
            self.queue.shrink();
        }
        let mut problems = Vec::new();
        for batch in Batch::split(collected, &self.queue) {
            let batch = Arc::new(batch);
            let offer = |endpoint: &Arc<Endpoint>| Some((Arc::clone(endpoint), endpoint.offer(&batch)?));
            problems.extend(self.endpoints.iter().filter_map(offer));
        }
        // Problems are told to the application, which may do anything: not under a lock.
        drop(turn);
        problems.into_iter().for_each(|(endpoint, problem)| endpoint.tell(problem));
    }

    fn flush(&self, timeout: Duration) -> Result<(), FlushTimeout> {
        let deadline = Instant::now() + timeout.min(FLUSH_TIMEOUT_MAX);
        if self.is_of_parent_process() {
            return Ok(());
        }
        let ticket = self.flush_asked.fetch_add(1, Ordering::AcqRel) + 1;
        self.wake_collector();
        let is_flushed = self.endpoints.iter().all(|endpoint| endpoint.wait_flushed(ticket, deadline));
        if is_flushed { Ok(()) } else { Err(FlushTimeout { timeout }) }
    }

    /// Sends what there is, within `timeout`, and ends the threads.
    fn shut_down(&self, timeout: Duration) -> Result<(), FlushTimeout> {
        if self.is_of_parent_process() || self.is_stopping.load(Ordering::Acquire) {
            return Ok(());
        }
        let flushed = self.flush(timeout);
        self.is_stopping.store(true, Ordering::Release);
        self.wake_collector();
        // Endpoints that wait before they try again stop now; one that waits for its receiver does so after its time-out.
        self.endpoints.iter().for_each(|endpoint| endpoint.stop());
        if flushed.is_err() {
            self.keep_unsent();
        }
        flushed
    }

    /// Puts what was not sent in the spools, where there are any: the process may end before it is.
    fn keep_unsent(&self) {
        // The collecting thread may not have come to it, or be about to offer what it has collected.
        self.hand_over(true);
        self.endpoints.iter().for_each(|endpoint| endpoint.keep_unsent());
    }

    fn stats(&self) -> Stats {
        let counts = self.queue.counts();
        let late = self.late.load(Ordering::Relaxed);
        Stats {
            recorded: counts.recorded + late,
            dropped: counts.dropped + late,
            filtered: self.filtered.load(Ordering::Relaxed),
            queued_bytes: self.queue.used(),
            endpoints: self.endpoints.iter().map(|endpoint| endpoint.stats()).collect(),
        }
    }
}

fn open_spool(settings: &Settings, index: usize, endpoint: String) -> Option<Spool> {
    let folder = settings.spool.as_ref()?;
    // Each endpoint has a folder of its own, since each is away at times of its own.
    match Spool::open(&folder.join(format!("endpoint-{index}")), settings.spool_bytes) {
        Ok(spool) => Some(spool),
        Err(error) => {
            let message = format!("cannot use the spool `{}`: {error}", folder.display());
            (settings.on_problem)(&Problem { endpoint, message });
            None
        }
    }
}

/// A running SDK. When it is dropped, what is queued is sent within the configured time, and its threads end.
#[must_use = "the SDK ends when this is dropped"]
pub struct Sdk {
    core: Arc<Core>,
    /// Its id, if it is the one of the process.
    installed: Option<u64>,
}

impl std::fmt::Debug for Sdk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sdk").field("stats", &self.stats()).finish()
    }
}

impl Sdk {
    pub(crate) fn start(settings: Settings) -> Sdk {
        os::watch();
        Sdk { core: Core::start(Arc::new(settings)), installed: None }
    }

    /// Makes it the SDK of the process, in place of the one that was.
    pub(crate) fn install(mut self) -> Sdk {
        let id = LAST_ID.fetch_add(1, Ordering::Relaxed) + 1;
        // In a forked child where nobody can install anything any more, nothing is recorded.
        let Some(mut installed) = lock_installed() else { return self };
        *installed = Some(Installed { id, core: Arc::clone(&self.core) });
        drop(installed);
        ACTIVE.store(if self.core.settings.is_enabled { id } else { 0 }, Ordering::Release);
        self.installed = Some(id);
        self
    }

    /// In a forked child, the SDK that was made anew there.
    fn core(&self) -> Arc<Core> {
        let is_stale = self.core.is_of_parent_process() && self.installed.is_some();
        is_stale.then(current_core).flatten().unwrap_or_else(|| Arc::clone(&self.core))
    }

    /// Begins a span of this SDK, which need not be installed.
    pub fn span(&self, name: &str, options: StartOptions<'_>) -> SpanBuilder {
        if self.installed.is_some() && active() == FORKED {
            // It is made anew for whoever asks first; what is not, nobody looks after.
            revive(None);
        }
        SpanBuilder::of_core(&self.core(), name, options)
    }

    /// Sends all spans that have ended, and waits for it at most `timeout`. Spans that an endpoint refuses, or that its
    /// spool takes, are done.
    ///
    /// # Errors
    /// The time was too short; what is left is still being tried.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushTimeout> {
        self.core().flush(timeout)
    }

    /// Returns its counters.
    pub fn stats(&self) -> Stats {
        self.core().stats()
    }

    /// Sends what there is within `timeout` and ends it. Spans that end later are lost.
    ///
    /// # Errors
    /// The time was too short; what was not sent is lost, unless there is a spool.
    pub fn shut_down(self, timeout: Duration) -> Result<(), FlushTimeout> {
        self.end(timeout)
    }

    fn end(&self, timeout: Duration) -> Result<(), FlushTimeout> {
        let core = self.core();
        if let Some(id) = self.installed
            && let Some(mut installed) = lock_installed()
        {
            // Another one may have been installed since, or made anew after a fork.
            if installed
                .as_ref()
                .is_some_and(|installed| Arc::ptr_eq(&installed.core, &core) || installed.id == id)
            {
                ACTIVE.store(0, Ordering::Relaxed);
                *installed = None;
            }
        }
        core.shut_down(timeout)
    }
}

impl Drop for Sdk {
    fn drop(&mut self) {
        // Nobody is left to be told that the time was too short; the counters of the endpoints have it.
        let _late = self.end(self.core.settings.flush_timeout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::sync::mpsc;

    /// Longer than what must not wait takes.
    const DEADLINE: Duration = Duration::from_secs(30);

    #[test]
    fn a_child_does_not_wait_for_a_lock_whose_holder_is_gone() {
        // In a process of its own, since there is no way back from a fork.
        if std::env::var_os("SPANWISE_TEST_FORKED").is_none() {
            let test = "sdk::tests::a_child_does_not_wait_for_a_lock_whose_holder_is_gone";
            let mut command = Command::new(std::env::current_exe().unwrap());
            let ran = command.args(["--exact", test]).env("SPANWISE_TEST_FORKED", "1").output().unwrap();
            return assert!(ran.status.success(), "{ran:?}");
        }
        let _held = INSTALLED.lock().unwrap();
        forked();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            assert_eq!((stats(), flush(DEADLINE)), (Stats::default(), Ok(())));
            enable();
            exiting();
            tell.send(()).unwrap();
        });
        told.recv_timeout(DEADLINE).unwrap();
    }
}
