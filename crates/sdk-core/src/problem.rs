//! What went wrong on the exporter's side, told without flooding anybody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two messages of one endpoint.
const PAUSE: Duration = Duration::from_secs(60);

/// Something that the SDK has to tell: why spans are late, kept on disk, or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The endpoint that it is about.
    pub endpoint: String,
    /// What went wrong, and what becomes of the spans.
    pub message: String,
}

/// What problems are told to.
pub(crate) type OnProblem = Arc<dyn Fn(&Problem) + Send + Sync>;

/// Writes a problem to the standard error stream.
pub(crate) fn to_stderr(problem: &Problem) {
    #[expect(
        clippy::print_stderr,
        reason = "an SDK has no other place to say that it loses data, unless it is told"
    )]
    {
        eprintln!("spanwise: {}: {}", problem.endpoint, problem.message);
    }
}

/// Tells the problems of one endpoint, at most one a minute.
pub(crate) struct Reporter {
    endpoint: String,
    tell: OnProblem,
    last: Mutex<Option<Instant>>,
}

impl Reporter {
    pub(crate) fn new(endpoint: String, tell: OnProblem) -> Reporter {
        Reporter { endpoint, tell, last: Mutex::new(None) }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn report(&self, message: impl FnOnce() -> String) {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| last.elapsed() < PAUSE) {
                return;
            }
            *last = Some(Instant::now());
        }
        let problem = Problem { endpoint: self.endpoint.clone(), message: message() };
        // What is told may panic; the thread that sends must live on.
        drop(catch_unwind(AssertUnwindSafe(|| (self.tell)(&problem))));
    }
}
