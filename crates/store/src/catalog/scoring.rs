//! Scoring in the server: what is to be scored, kept so that a restart loses nothing, and what came of it.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{Assessment, ExperimentId, ScorerVersion, TraceId};

/// A store of what is to be scored.
///
/// A trace that arrives is noted ([`ScoringStore::note_arrivals`]), looked at until it does not change any more
/// ([`ScoringStore::settle_traces`]), and then queued for each scorer that wants it ([`ScoringStore::queue_scores`]) or
/// forgotten. What is queued stays until [`ScoringStore::end_scores`] says what came of it, in the transaction that
/// stores the score: a restart at any time loses nothing, and at most repeats a call of a model whose answer was not
/// stored. Nothing is kept in memory, and each step is of a bounded number of traces.
#[async_trait]
pub trait ScoringStore: Send + Sync + 'static {
    /// Returns the latest versions of the scorers that run on traces as they arrive, with a rate above 0 in an active
    /// experiment, by experiment and name.
    async fn running_scorers(&self) -> StoreResult<Vec<RunningScorer>>;

    /// Returns the latest versions of those of these scorers that exist.
    async fn get_scorers_by_id(&self, ids: &[String]) -> StoreResult<Vec<ScorerVersion>>;

    /// Sets what a scorer may spend.
    async fn set_scoring_limits(
        &self,
        experiment: ExperimentId,
        name: &str,
        limits: ScoringLimits,
    ) -> StoreResult<()>;

    /// Notes up to `limit` traces that arrived after the last call, and are to be looked at in `quiet_ns`: those of an
    /// experiment in which a scorer runs, and those that may still move into one. Returns how many arrived; fewer than
    /// `limit` are all. What arrived while no scorer ran is never noted.
    async fn note_arrivals(&self, now_ns: i64, quiet_ns: i64, limit: usize) -> StoreResult<usize>;

    /// Says that noted traces changed: those that would be looked at later are looked at at `due_ns`.
    async fn hasten_traces(&self, traces: &[TraceId], due_ns: i64) -> StoreResult<()>;

    /// Looks at up to `limit` noted traces that are due, and returns those that settled: they ended, and nothing of them
    /// arrived for `quiet_ns`. What is gone is forgotten; the others become due again, the later the longer they take. A
    /// trace that has not ended in `give_up_ns` is returned as such.
    async fn settle_traces(
        &self,
        now_ns: i64,
        quiet_ns: i64,
        give_up_ns: i64,
        limit: usize,
    ) -> StoreResult<Settling>;

    /// Queues scores of settled traces, counts those that scorers pass over, and forgets the traces. A score that is
    /// queued already stays as it is.
    async fn queue_scores(&self, settled: Settled) -> StoreResult<()>;

    /// Returns the scores of these scorers that are due, those that are due longest first, at most `limit` of each scorer.
    async fn due_scores(&self, scorers: &[String], now_ns: i64, limit: usize) -> StoreResult<DueScores>;

    /// Says what came of scores, and stores them; see [`ScoreResult`]. All of it or none. A score that is not queued any
    /// more, since its scorer was stopped or deleted, is not stored.
    async fn end_scores(&self, ends: Vec<ScoreEnd>) -> StoreResult<()>;

    /// Returns what these scorers did, with days since `first_day`.
    async fn scoring_status(&self, scorers: &[String], first_day: i64) -> StoreResult<Vec<ScoringStatus>>;

    /// Returns how many noted traces have not settled.
    async fn count_unsettled(&self) -> StoreResult<u64>;

    /// Starts scoring stored traces, and returns the job.
    async fn create_backfill(&self, new: NewBackfill) -> StoreResult<Backfill>;

    /// Returns one job.
    async fn get_backfill(&self, id: &str) -> StoreResult<Backfill>;

    /// Returns the jobs of a scorer, or of all, the newest first, at most `limit`.
    async fn list_backfills(&self, scorer_id: Option<&str>, limit: usize) -> StoreResult<Vec<Backfill>>;

    /// Returns the running jobs, the oldest first.
    async fn running_backfills(&self) -> StoreResult<Vec<RunningBackfill>>;

    /// Queues the next traces of a running job, and remembers where it goes on.
    async fn advance_backfill(&self, id: &str, step: BackfillStep) -> StoreResult<()>;

    /// Ends a running job with what is queued of it, and returns it; one that has ended stays as it is.
    async fn end_backfill(
        &self,
        id: &str,
        state: BackfillState,
        error: Option<&str>,
    ) -> StoreResult<Backfill>;
}

/// A scorer that runs on traces as they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningScorer {
    /// Its latest version.
    pub scorer: ScorerVersion,
    /// The share of traces that it runs on, above 0.
    pub sample_rate: f64,
    /// Which traces; `None` = all.
    pub filter: Option<String>,
    /// It was started before the traces whose places in the order of arrival are above this.
    pub after: i64,
}

/// What a scorer may spend on models; `None` = no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScoringLimits {
    /// US dollars on a UTC day.
    pub usd_per_day: Option<f64>,
    /// US dollars in all.
    pub usd_in_all: Option<f64>,
    /// Calls on a UTC day.
    pub calls_per_day: Option<u64>,
}

/// Noted traces that were looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settling {
    /// Those that settled, and those that never will.
    pub settled: Vec<SettledTrace>,
    /// How many were looked at; fewer than the limit are all that were due.
    pub looked_at: usize,
    /// When the next one is due.
    pub next_due_ns: Option<i64>,
}

/// A trace that will not change any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Its experiment.
    pub experiment_id: ExperimentId,
    /// Its place in the order of arrival.
    pub place: i64,
    /// False if it was given up.
    pub has_ended: bool,
}

/// What becomes of settled traces.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settled {
    /// Their places.
    pub places: Vec<i64>,
    /// What is to be scored: scorers and places.
    pub scores: Vec<(String, i64)>,
    /// What scorers pass over: scorers, reasons, and numbers of traces.
    pub skips: Vec<(String, &'static str, u64)>,
    /// When that is.
    pub now_ns: i64,
}

/// Scores to work on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DueScores {
    /// Those that are due.
    pub scores: Vec<QueuedScore>,
    /// When the next one of these scorers is due that is not among them.
    pub next_due_ns: Option<i64>,
}

/// A trace that a scorer is to score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedScore {
    /// The scorer.
    pub scorer_id: String,
    /// The trace's place in the order of arrival.
    pub place: i64,
    /// The trace; `None` if it was deleted.
    pub trace_id: Option<TraceId>,
    /// Attempts that failed.
    pub attempts: u32,
    /// Whether it is of a backfill.
    pub is_backfill: bool,
}

/// What came of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreEnd {
    /// The scorer.
    pub scorer_id: String,
    /// The trace's place.
    pub place: i64,
    /// The result.
    pub result: ScoreResult,
    /// What was spent, also if it failed.
    pub spend: ScoreSpend,
    /// When that is.
    pub now_ns: i64,
}

/// The result of scoring a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum ScoreResult {
    /// It is stored; an assessment with the same id is overwritten.
    Scored {
        /// The score.
        assessment: Box<Assessment>,
        /// Whether the trace passed, if the score says that.
        passed: Option<bool>,
    },
    /// It is given up.
    Failed {
        /// Why.
        error: String,
        /// What says so on the trace.
        assessment: Option<Box<Assessment>>,
    },
    /// There is nothing to score, or it must not be; counted by reason.
    Skipped(&'static str),
    /// An attempt failed, and it is due again.
    Retry {
        /// When.
        due_ns: i64,
        /// Why.
        error: String,
    },
    /// It is due again without having been tried.
    Later {
        /// When.
        due_ns: i64,
    },
}

/// What was spent on models.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScoreSpend {
    /// Calls that were answered.
    pub calls: u64,
    /// Of them, those whose cost is not known.
    pub unpriced_calls: u64,
    /// Tokens of questions.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// US dollars of the others.
    pub usd: f64,
}

/// What a scorer did in a time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ScoringCounts {
    /// Traces that it scored.
    pub scored: u64,
    /// Of them, those whose score is a pass or not.
    pub judged: u64,
    /// Of these, those that passed.
    pub passed: u64,
    /// Traces that it failed to score.
    pub failed: u64,
    /// What it spent.
    pub spend: ScoreSpend,
}

/// What a scorer did, and what waits for it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScoringStatus {
    /// The scorer.
    pub scorer_id: String,
    /// What it may spend.
    pub limits: ScoringLimits,
    /// Scores that are queued.
    pub waiting: u64,
    /// When the one was due that is due longest.
    pub oldest_due_ns: Option<i64>,
    /// Everything.
    pub total: ScoringCounts,
    /// Single days since 1970, UTC, on which it did something, oldest first.
    pub days: Vec<(i64, ScoringCounts)>,
    /// Traces that it passed over, by reason, the most frequent first.
    pub skips: Vec<(String, u64)>,
    /// When it last scored.
    pub last_scored_ns: Option<i64>,
    /// What last failed.
    pub last_error: Option<ScoringError>,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoringError {
    /// Why.
    pub message: String,
    /// The trace.
    pub trace_id: String,
    /// When.
    pub at_ns: i64,
}

/// A job to start.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBackfill {
    /// Its id.
    pub backfill_id: String,
    /// The scorer's experiment.
    pub experiment_id: ExperimentId,
    /// The scorer.
    pub name: String,
    /// Which traces; `None` = all of the experiment.
    pub filter: Option<String>,
    /// Whether to score again what the same version has scored.
    pub again: bool,
    /// How many traces at most, the newest first.
    pub traces_max: Option<u64>,
    /// How many traces there are.
    pub total: u64,
    /// When that is.
    pub now_ns: i64,
}

/// A job that scores stored traces.
#[derive(Debug, Clone, PartialEq)]
pub struct Backfill {
    /// Its id.
    pub backfill_id: String,
    /// The scorer.
    pub scorer_id: String,
    /// The scorer's experiment.
    pub experiment_id: ExperimentId,
    /// The scorer's name.
    pub scorer_name: String,
    /// Which traces; `None` = all of the experiment.
    pub filter: Option<String>,
    /// Whether to score again what the same version has scored.
    pub again: bool,
    /// How many traces at most.
    pub traces_max: Option<u64>,
    /// How it stands.
    pub state: BackfillState,
    /// Traces when it began.
    pub total: u64,
    /// Traces that were queued so far.
    pub queued: u64,
    /// Of them, those that were scored.
    pub scored: u64,
    /// Of them, those that failed.
    pub failed: u64,
    /// Traces that were passed over, queued or not.
    pub skipped: u64,
    /// When it began.
    pub created_ns: i64,
    /// When it ended.
    pub ended_ns: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillState {
    /// It goes on, also after a restart.
    Running,
    /// All of its traces were seen to.
    Done,
    /// Somebody ended it.
    Cancelled,
    /// It can't go on.
    Failed,
}

/// A running job, and where it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct RunningBackfill {
    /// The job.
    pub backfill: Backfill,
    /// Where the search goes on; `None` at its beginning.
    pub cursor: Option<String>,
    /// Whether the search is over, and only queued traces are left.
    pub is_searched: bool,
    /// Traces that are queued and not seen to.
    pub waiting: u64,
}

/// The next traces of a job.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackfillStep {
    /// Traces to score.
    pub traces: Vec<TraceId>,
    /// Traces that were scored already.
    pub skipped: u64,
    /// Where the search goes on.
    pub cursor: Option<String>,
    /// Whether there are no more.
    pub is_last: bool,
    /// When that is.
    pub now_ns: i64,
}
