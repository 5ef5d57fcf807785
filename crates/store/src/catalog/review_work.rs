//! Work on review queues: who holds which trace, what reviewers did with it, and how far a queue is.

use super::ReviewQueuePage;
use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{
    AssessmentId, ExperimentId, ReviewItem, ReviewQueue, ReviewQueueId, ReviewStatus, TraceId,
};

/// Traces that a reviewer may hold in one queue at a time.
pub const HELD_MAX: usize = 50;

/// A store of work on review queues. What it does to the status of a review is seen through
/// [`ReviewQueueStore`](super::ReviewQueueStore) too.
#[async_trait]
pub trait ReviewWorkStore: Send + Sync + 'static {
    /// Returns the queues of some experiments, or of all active ones, the newest first, then by id, at most `limit`.
    async fn review_queues_of(
        &self,
        experiments: Option<Vec<ExperimentId>>,
        limit: usize,
    ) -> StoreResult<ReviewQueuePage>;

    /// Returns how far these queues are, in their order.
    async fn review_progress(&self, queues: &[ReviewQueue]) -> StoreResult<Vec<ReviewProgress>>;

    /// Puts traces into a queue and counts them. What is there already stays as it is; what is not in the queue's
    /// experiment is left out.
    async fn add_to_review(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<AddedToReview>;

    /// Returns one page of the traces in a queue, in the order in which they are handed out: those that came first.
    async fn find_reviews(&self, query: ReviewQuery) -> StoreResult<ReviewPage>;

    /// Returns one trace of a queue.
    async fn get_review(&self, id: &ReviewQueueId, trace: &TraceId) -> StoreResult<Review>;

    /// Hands traces out to a reviewer, so that nobody else gets them for a while, and returns all that the reviewer now
    /// holds, the first handed out first.
    ///
    /// - What the reviewer holds already is held on to from now; only what is missing to `count` is new.
    /// - A trace that is named and held by another is `AlreadyExists`.
    async fn claim_reviews(&self, claim: ReviewClaim) -> StoreResult<Vec<Review>>;

    /// Gives back all that a reviewer holds in a queue, and returns how many traces that were.
    async fn release_reviews(&self, id: &ReviewQueueId, reviewer: &str) -> StoreResult<u64>;

    /// Ends a reviewer's work on a trace, and returns it.
    ///
    /// - The first reviewer to complete a trace is who completed it; another one's answers are a second opinion, which
    ///   changes nothing about its status.
    /// - A trace that another reviewer holds is `AlreadyExists`.
    async fn finish_review(&self, finished: FinishedReview) -> StoreResult<Review>;

    /// Takes back what a reviewer did with a trace: it is to be done again, unless another completed it too, and the
    /// reviewer holds it until `held_until_ns`. Returns the assessments that the answers had become.
    async fn reopen_review(
        &self,
        id: &ReviewQueueId,
        trace: &TraceId,
        reviewer: &str,
        held_until_ns: i64,
    ) -> StoreResult<Vec<AssessmentId>>;

    /// Returns what people answered about the traces in a queue, by trace: their valid feedback and expectations with
    /// these names on whole traces, at most `limit`.
    async fn review_answers(
        &self,
        id: &ReviewQueueId,
        names: &[String],
        limit: usize,
    ) -> StoreResult<Vec<ReviewAnswer>>;
}

/// How far a queue is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewProgress {
    /// Traces that are to be done and that nobody holds.
    pub pending: u64,
    /// Traces that are to be done and that somebody holds.
    pub in_progress: u64,
    /// Traces that are done.
    pub complete: u64,
    /// Traces that are not to be done.
    pub declined: u64,
    /// By reviewer, in the order of their names.
    pub reviewers: Vec<ReviewerProgress>,
}

/// What one reviewer did in a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewerProgress {
    /// Who.
    pub reviewer: String,
    /// Traces that the reviewer holds.
    pub in_progress: u64,
    /// Traces that the reviewer completed, second opinions included.
    pub complete: u64,
    /// Traces that the reviewer left to others.
    pub skipped: u64,
    /// The mean time from handing out to completion; `None` where that is not known.
    pub mean_ns: Option<i64>,
}

/// What became of traces that were to be put into a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AddedToReview {
    /// New ones.
    pub added: u64,
    /// Those that were there.
    pub present: u64,
    /// Those that are not in the queue's experiment.
    pub missing: u64,
}

/// A trace in a queue, with who is at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Trace and status.
    pub item: ReviewItem,
    /// Who holds it, and until when.
    pub held_by: Option<(String, i64)>,
    /// Who completed it, in the order of their names.
    pub answered_by: Vec<String>,
    /// Who left it to others, in the order of their names.
    pub skipped_by: Vec<String>,
}

/// Where the traces of a list stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// To be done, held by nobody.
    Pending,
    /// To be done, held by somebody.
    InProgress,
    /// Done.
    Complete,
    /// Not to be done.
    Declined,
}

/// A list of the traces in a queue.
#[derive(Debug, Clone)]
pub struct ReviewQuery {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// `None` = all.
    pub state: Option<ReviewState>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of the traces in a queue.
#[derive(Debug, Clone)]
pub struct ReviewPage {
    /// The traces.
    pub reviews: Vec<Review>,
    /// Whether more follow.
    pub has_more: bool,
}

/// Which traces are handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReviewScope {
    /// Those to be done that the reviewer did not skip.
    Pending,
    /// Those to be done that the reviewer skipped.
    Skipped,
    /// Those that others completed and the reviewer did not.
    SecondOpinion,
    /// This one, whatever its status.
    Trace(TraceId),
}

/// A reviewer wants something to do.
#[derive(Debug, Clone)]
pub struct ReviewClaim {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// Who.
    pub reviewer: String,
    /// Which.
    pub scope: ReviewScope,
    /// How many the reviewer wants to hold in all, at most [`HELD_MAX`].
    pub count: usize,
    /// Until when they are held.
    pub held_until_ns: i64,
}

/// How a reviewer's work on a trace ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// The reviewer answered.
    Complete,
    /// It is not to be done, by nobody.
    Declined,
    /// The reviewer leaves it to others.
    Skipped,
}

impl ReviewOutcome {
    /// All of them.
    pub const ALL: [ReviewOutcome; 3] =
        [ReviewOutcome::Complete, ReviewOutcome::Declined, ReviewOutcome::Skipped];

    /// Returns its name; that of the status that it leads to, if it leads to one.
    pub fn name(self) -> &'static str {
        match self {
            ReviewOutcome::Complete => "COMPLETE",
            ReviewOutcome::Declined => "DECLINED",
            ReviewOutcome::Skipped => "SKIPPED",
        }
    }

    /// Returns the status that it leads to; a skipped trace stays as it is.
    pub fn status(self) -> Option<ReviewStatus> {
        match self {
            ReviewOutcome::Complete => Some(ReviewStatus::Complete),
            ReviewOutcome::Declined => Some(ReviewStatus::Declined),
            ReviewOutcome::Skipped => None,
        }
    }
}

/// A reviewer is done with a trace.
#[derive(Debug, Clone)]
pub struct FinishedReview {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// The trace.
    pub trace_id: TraceId,
    /// Who.
    pub reviewer: String,
    /// How.
    pub outcome: ReviewOutcome,
    /// What the answers became.
    pub assessments: Vec<AssessmentId>,
}

/// What one person says to one question about one trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewAnswer {
    /// The trace.
    pub trace_id: TraceId,
    /// The name of the question.
    pub name: String,
    /// Who.
    pub reviewer: String,
    /// The value as JSON text.
    pub value: String,
}
