//! What the indexer waits for: blocks to index, a request to do so at once, or the end.

use spanwise_store::StoreResult;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Stored bytes that wait before a part is built while more arrive.
const WAITING_BYTES_MIN: u64 = 4 << 20;
/// How long nothing must have come before what waits is indexed, however little it is.
const QUIET: Duration = Duration::from_secs(1);
/// How long the indexer rests after it failed (a full disk), unless it is asked.
const REST_AFTER_FAILURE: Duration = Duration::from_secs(10);

/// Deleted traces that make it worth to look through the parts for them, in percent of all documents.
const PURGE_PERCENT: u64 = 5;

/// The way back to whoever asked.
pub(crate) type Answer = Sender<StoreResult<()>>;

/// Why the indexer goes on.
pub(crate) enum Reason {
    /// There is something to do; whoever asked for it is answered through these.
    Work(Vec<Answer>),
    /// It is to end.
    Stop,
}

/// Shared by those who bring work and the indexer.
#[derive(Debug, Default)]
pub(crate) struct Wake {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting_bytes: u64,
    /// When bytes last came, if any wait.
    last_arrival: Option<Instant>,
    rest_until: Option<Instant>,
    asked: Vec<Answer>,
    /// Traces deleted since the parts were last looked through for them.
    deleted_traces: u64,
    /// Set when every deleted trace is to be taken out.
    is_purge_asked: bool,
    stop: bool,
}

/// Which parts to rewrite because of deleted traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purge {
    /// None for now.
    No,
    /// Those that are half dead, or nearly.
    Worthwhile,
    /// All that have any.
    All,
}

impl Wake {
    /// Says that blocks of so many bytes were stored.
    pub(crate) fn blocks(&self, bytes: u64) {
        let mut state = self.lock();
        state.waiting_bytes += bytes;
        state.last_arrival = Some(Instant::now());
        self.changed.notify_all();
    }

    /// Says that traces were deleted.
    pub(crate) fn deleted(&self, traces: u64) {
        let mut state = self.lock();
        state.deleted_traces += traces;
        state.last_arrival.get_or_insert_with(Instant::now);
        self.changed.notify_all();
    }

    /// As [`Wake::ask`], and for every deleted trace to be taken out of the index.
    pub(crate) fn ask_to_purge(&self, answer: Answer) {
        self.lock().is_purge_asked = true;
        self.ask(answer);
    }

    /// Returns what to take out of an index of so many documents; it is asked once.
    pub(crate) fn take_purge(&self, docs: u64) -> Purge {
        let mut state = self.lock();
        if std::mem::take(&mut state.is_purge_asked) {
            state.deleted_traces = 0;
            return Purge::All;
        }
        if state.deleted_traces == 0 || state.deleted_traces < docs / 100 * PURGE_PERCENT {
            return Purge::No;
        }
        state.deleted_traces = 0;
        Purge::Worthwhile
    }

    /// Asks for everything that waits to be indexed now; `answer` is told when it is, or dropped if that will not be.
    pub(crate) fn ask(&self, answer: Answer) {
        let mut state = self.lock();
        if !state.stop {
            state.asked.push(answer);
            self.changed.notify_all();
        }
    }

    /// Ends the indexer, in the middle of a part if need be.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        state.asked.clear();
        self.changed.notify_all();
    }

    /// Returns whether the indexer is to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.lock().stop
    }

    /// Says that what was taken up failed: it waits again, and the indexer rests.
    pub(crate) fn failed(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        state.waiting_bytes = state.waiting_bytes.max(1);
        state.last_arrival.get_or_insert(now);
        state.rest_until = Some(now + REST_AFTER_FAILURE);
    }

    /// Waits until there is work, at the latest until `at`, or until the end.
    pub(crate) fn wait(&self, at: Option<Instant>) -> Reason {
        let mut state = self.lock();
        loop {
            if state.stop {
                return Reason::Stop;
            }
            let now = Instant::now();
            let due = [state.due(), at].into_iter().flatten().min();
            if !state.asked.is_empty() || due.is_some_and(|due| due <= now) {
                state.waiting_bytes = 0;
                state.last_arrival = None;
                state.rest_until = None;
                return Reason::Work(std::mem::take(&mut state.asked));
            }
            state = match due {
                Some(due) => {
                    let waited = self.changed.wait_timeout(state, due - now);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns when what waits is to be indexed.
    fn due(&self) -> Option<Instant> {
        let last_arrival = self.last_arrival?;
        let due = if self.waiting_bytes >= WAITING_BYTES_MIN { last_arrival } else { last_arrival + QUIET };
        Some(self.rest_until.map_or(due, |rest| due.max(rest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(waiting_bytes: u64, rest_until: Option<Instant>, now: Instant) -> State {
        State { waiting_bytes, last_arrival: Some(now), rest_until, ..State::default() }
    }

    #[test]
    fn much_is_due_at_once_and_little_when_it_is_quiet() {
        let now = Instant::now();
        assert_eq!(State::default().due(), None);
        assert_eq!(state(WAITING_BYTES_MIN, None, now).due(), Some(now));
        assert_eq!(state(1, None, now).due(), Some(now + QUIET));
        let rest = now + REST_AFTER_FAILURE;
        assert_eq!(state(WAITING_BYTES_MIN, Some(rest), now).due(), Some(rest));
    }

    #[test]
    fn a_request_is_answered_before_anything_is_due() {
        let wake = Wake::default();
        wake.blocks(1);
        let (done, answer) = std::sync::mpsc::channel();
        wake.ask(done);
        let Reason::Work(asked) = wake.wait(None) else { panic!("nobody stopped it") };
        asked[0].send(Ok(())).unwrap();
        answer.recv().unwrap().unwrap();
    }

    #[test]
    fn after_the_end_nobody_waits_for_an_answer() {
        let wake = Wake::default();
        let (before, answer_before) = std::sync::mpsc::channel();
        let (after, answer_after) = std::sync::mpsc::channel();
        wake.ask(before);
        wake.stop();
        wake.ask(after);
        assert!(answer_before.recv().is_err() && answer_after.recv().is_err());
        assert!(matches!(wake.wait(None), Reason::Stop));
    }
}
