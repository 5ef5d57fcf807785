//! Review queues and the traces in them.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{
    ExperimentId, LabelSchemaId, ReviewItem, ReviewQueue, ReviewQueueId, ReviewQueueType, ReviewStatus,
    TraceId,
};

/// A store of review queues. An experiment may be active or deleted; an unknown one is `NotFound`.
#[async_trait]
pub trait ReviewQueueStore: Send + Sync + 'static {
    /// Creates a queue and returns it.
    ///
    /// - A name that is taken in its experiment, in whatever case, is `AlreadyExists`.
    /// - A question that is not one of the experiment is `InvalidArgument`.
    async fn create_review_queue(&self, new: NewReviewQueue) -> StoreResult<ReviewQueue>;

    /// Returns the queue of a user, creating it if there is none; a custom queue of that name is `AlreadyExists`.
    async fn ensure_user_queue(
        &self,
        experiment: ExperimentId,
        user: &str,
        id: ReviewQueueId,
    ) -> StoreResult<ReviewQueue>;

    /// Returns one queue.
    async fn get_review_queue(&self, id: &ReviewQueueId) -> StoreResult<ReviewQueue>;

    /// Returns the queue of that name, in whatever case, in an experiment.
    async fn get_review_queue_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> StoreResult<ReviewQueue>;

    /// Returns one page of queues, the newest first, then by id.
    async fn find_review_queues(&self, query: ReviewQueueQuery) -> StoreResult<ReviewQueuePage>;

    /// Changes a custom queue and returns it; one of a user can't be changed.
    ///
    /// Its questions can't be changed while there are traces in it.
    async fn update_review_queue(
        &self,
        id: &ReviewQueueId,
        change: ReviewQueueChange,
    ) -> StoreResult<ReviewQueue>;

    /// Deletes a queue, also when it is not there. The assessments of its traces stay.
    async fn delete_review_queue(&self, id: &ReviewQueueId) -> StoreResult<()>;

    /// Puts traces into a queue, all or none, and returns them in the order asked, each once. What is there already stays as
    /// it is; a trace that is not in the queue's experiment is `NotFound`. Deleting a trace takes it out.
    async fn add_review_items(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<Vec<ReviewItem>>;

    /// Takes traces out of a queue, also those that are not in it.
    async fn remove_review_items(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<()>;

    /// Returns one page of the traces in a queue, the last that came first, then by id.
    async fn find_review_items(
        &self,
        id: &ReviewQueueId,
        status: Option<ReviewStatus>,
        limit: usize,
        offset: usize,
    ) -> StoreResult<ReviewItemPage>;

    /// Changes how far the review of a trace is, and returns it. The same status again changes nothing, also not who
    /// completed it; `Pending` forgets who did.
    async fn set_review_status(
        &self,
        id: &ReviewQueueId,
        trace: &TraceId,
        status: ReviewStatus,
        completed_by: Option<String>,
    ) -> StoreResult<ReviewItem>;
}

/// A queue to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReviewQueue {
    /// Its id.
    pub queue_id: ReviewQueueId,
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub queue_type: ReviewQueueType,
    /// Who makes it.
    pub created_by: Option<String>,
    /// Who is to review, each once.
    pub users: Vec<String>,
    /// What is asked, each once.
    pub schema_ids: Vec<LabelSchemaId>,
}

/// A change of a queue; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewQueueChange {
    /// New name.
    pub name: Option<String>,
    /// New owner.
    pub created_by: Option<String>,
    /// Who is to review from now on.
    pub users: Option<Vec<String>>,
    /// What is asked from now on.
    pub schema_ids: Option<Vec<LabelSchemaId>>,
}

/// A search of queues.
#[derive(Debug, Clone)]
pub struct ReviewQueueQuery {
    /// Where to look.
    pub experiment: ExperimentId,
    /// Only those that this user is to review.
    pub user: Option<String>,
    /// Only those that this trace is in.
    pub trace: Option<TraceId>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of queues.
#[derive(Debug, Clone)]
pub struct ReviewQueuePage {
    /// The queues.
    pub queues: Vec<ReviewQueue>,
    /// Whether more follow.
    pub has_more: bool,
}

/// One page of the traces in a queue.
#[derive(Debug, Clone)]
pub struct ReviewItemPage {
    /// The traces.
    pub items: Vec<ReviewItem>,
    /// Whether more follow.
    pub has_more: bool,
}
