//! The contract of the traits of [`spanwise_store::catalog`] for what reviewers work with, call by call.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use rusqlite::Connection;
use spanwise_model::{
    AssessmentId, ErrorKind, ExperimentId, Issue, IssueId, LabelSchema, LabelSchemaId, ReviewItem,
    ReviewQueue, ReviewQueueId, ReviewStatus, TraceId,
};
use spanwise_store::catalog::{
    AddedToReview, FinishedReview, IssueChange, IssuePage, IssueQuery, IssueStore, LabelSchemaChange,
    LabelSchemaPage, LabelSchemaStore, NewIssue, NewLabelSchema, NewReviewQueue, Review, ReviewAnswer,
    ReviewClaim, ReviewItemPage, ReviewPage, ReviewProgress, ReviewQuery, ReviewQueueChange, ReviewQueuePage,
    ReviewQueueQuery, ReviewQueueStore, ReviewWorkStore,
};
use spanwise_store::{StoreError, StoreResult};

#[async_trait]
impl IssueStore for SqliteStore {
    async fn create_issue(&self, new: NewIssue) -> StoreResult<Issue> {
        self.write(move |context| catalog::create_issue(context.conn, &new, now_ns())).await
    }

    async fn get_issue(&self, id: &IssueId) -> StoreResult<Issue> {
        let id = id.clone();
        self.read(move |conn| catalog::get_issue(conn, &id)).await
    }

    async fn update_issue(&self, id: &IssueId, change: IssueChange) -> StoreResult<Issue> {
        let id = id.clone();
        self.write(move |context| catalog::update_issue(context.conn, &id, &change, now_ns())).await
    }

    async fn find_issues(&self, query: IssueQuery) -> StoreResult<IssuePage> {
        self.read(move |conn| catalog::find_issues(conn, &query)).await
    }
}

#[async_trait]
impl LabelSchemaStore for SqliteStore {
    async fn create_label_schema(&self, new: NewLabelSchema) -> StoreResult<LabelSchema> {
        self.write(move |context| catalog::create_label_schema(context.conn, &new, now_ns())).await
    }

    async fn get_label_schema(&self, id: &LabelSchemaId) -> StoreResult<LabelSchema> {
        let id = id.clone();
        self.read(move |conn| catalog::get_label_schema(conn, &id)).await
    }

    async fn get_label_schema_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> StoreResult<LabelSchema> {
        let name = name.to_owned();
        self.read(move |conn| catalog::get_label_schema_by_name(conn, experiment, &name)).await
    }

    async fn find_label_schemas(
        &self,
        experiment: ExperimentId,
        default_id: LabelSchemaId,
        limit: usize,
        offset: usize,
    ) -> StoreResult<LabelSchemaPage> {
        let find = move |conn: &Connection| catalog::find_label_schemas(conn, experiment, limit, offset);
        if let Some(page) = self.read(find).await? {
            return Ok(page);
        }
        // Only the first look at an experiment writes.
        self.write(move |context| {
            catalog::make_default_schema(context.conn, experiment, &default_id, now_ns())?;
            find(context.conn)?.ok_or_else(|| {
                StoreError::new(ErrorKind::Internal, "the default label schema was made and is not there")
            })
        })
        .await
    }

    async fn update_label_schema(
        &self,
        id: &LabelSchemaId,
        change: LabelSchemaChange,
    ) -> StoreResult<LabelSchema> {
        let id = id.clone();
        self.write(move |context| catalog::update_label_schema(context.conn, &id, &change, now_ns())).await
    }

    async fn delete_label_schema(&self, id: &LabelSchemaId) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |context| catalog::delete_label_schema(context.conn, &id)).await
    }
}

#[async_trait]
impl ReviewQueueStore for SqliteStore {
    async fn create_review_queue(&self, new: NewReviewQueue) -> StoreResult<ReviewQueue> {
        self.write(move |context| catalog::create_review_queue(context.conn, &new, now_ns())).await
    }

    async fn ensure_user_queue(
        &self,
        experiment: ExperimentId,
        user: &str,
        id: ReviewQueueId,
    ) -> StoreResult<ReviewQueue> {
        let user = user.to_owned();
        self.write(move |context| catalog::ensure_user_queue(context.conn, experiment, &user, &id, now_ns()))
            .await
    }

    async fn get_review_queue(&self, id: &ReviewQueueId) -> StoreResult<ReviewQueue> {
        let id = id.clone();
        self.read(move |conn| catalog::get_review_queue(conn, &id)).await
    }

    async fn get_review_queue_by_name(
        &self,
        experiment: ExperimentId,
        name: &str,
    ) -> StoreResult<ReviewQueue> {
        let name = name.to_owned();
        self.read(move |conn| catalog::get_review_queue_by_name(conn, experiment, &name)).await
    }

    async fn find_review_queues(&self, query: ReviewQueueQuery) -> StoreResult<ReviewQueuePage> {
        self.read(move |conn| catalog::find_review_queues(conn, &query)).await
    }

    async fn update_review_queue(
        &self,
        id: &ReviewQueueId,
        change: ReviewQueueChange,
    ) -> StoreResult<ReviewQueue> {
        let id = id.clone();
        self.write(move |context| catalog::update_review_queue(context.conn, &id, &change, now_ns())).await
    }

    async fn delete_review_queue(&self, id: &ReviewQueueId) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |context| catalog::delete_review_queue(context.conn, &id)).await
    }

    async fn add_review_items(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<Vec<ReviewItem>> {
        let (id, traces) = (id.clone(), traces.to_vec());
        self.write(move |context| catalog::add_review_items(context.conn, &id, &traces, now_ns())).await
    }

    async fn remove_review_items(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<()> {
        let (id, traces) = (id.clone(), traces.to_vec());
        self.write(move |context| catalog::remove_review_items(context.conn, &id, &traces)).await
    }

    async fn find_review_items(
        &self,
        id: &ReviewQueueId,
        status: Option<ReviewStatus>,
        limit: usize,
        offset: usize,
    ) -> StoreResult<ReviewItemPage> {
        let id = id.clone();
        self.read(move |conn| catalog::find_review_items(conn, &id, status, limit, offset)).await
    }

    async fn set_review_status(
        &self,
        id: &ReviewQueueId,
        trace: &TraceId,
        status: ReviewStatus,
        completed_by: Option<String>,
    ) -> StoreResult<ReviewItem> {
        let (id, trace) = (id.clone(), trace.clone());
        self.write(move |context| {
            let completed_by = completed_by.as_deref();
            catalog::set_review_status(context.conn, &id, &trace, status, completed_by, now_ns())
        })
        .await
    }
}

#[async_trait]
impl ReviewWorkStore for SqliteStore {
    async fn review_queues_of(
        &self,
        experiments: Option<Vec<ExperimentId>>,
        limit: usize,
    ) -> StoreResult<ReviewQueuePage> {
        self.read(move |conn| catalog::review_queues_of(conn, experiments.as_deref(), limit)).await
    }

    async fn review_progress(&self, queues: &[ReviewQueue]) -> StoreResult<Vec<ReviewProgress>> {
        let queues = queues.to_vec();
        self.read(move |conn| catalog::review_progress(conn, &queues, now_ns())).await
    }

    async fn add_to_review(&self, id: &ReviewQueueId, traces: &[TraceId]) -> StoreResult<AddedToReview> {
        let (id, traces) = (id.clone(), traces.to_vec());
        self.write(move |context| catalog::add_to_review(context.conn, &id, &traces, now_ns())).await
    }

    async fn find_reviews(&self, query: ReviewQuery) -> StoreResult<ReviewPage> {
        self.read(move |conn| catalog::find_reviews(conn, &query, now_ns())).await
    }

    async fn get_review(&self, id: &ReviewQueueId, trace: &TraceId) -> StoreResult<Review> {
        let (id, trace) = (id.clone(), trace.clone());
        self.read(move |conn| catalog::get_review(conn, &id, &trace, now_ns())).await
    }

    async fn claim_reviews(&self, claim: ReviewClaim) -> StoreResult<Vec<Review>> {
        self.write(move |context| catalog::claim_reviews(context.conn, &claim, now_ns())).await
    }

    async fn release_reviews(&self, id: &ReviewQueueId, reviewer: &str) -> StoreResult<u64> {
        let (id, reviewer) = (id.clone(), reviewer.to_owned());
        self.write(move |context| catalog::release_reviews(context.conn, &id, &reviewer)).await
    }

    async fn finish_review(&self, finished: FinishedReview) -> StoreResult<Review> {
        self.write(move |context| catalog::finish_review(context.conn, &finished, now_ns())).await
    }

    async fn reopen_review(
        &self,
        id: &ReviewQueueId,
        trace: &TraceId,
        reviewer: &str,
        held_until_ns: i64,
    ) -> StoreResult<Vec<AssessmentId>> {
        let (id, trace, reviewer) = (id.clone(), trace.clone(), reviewer.to_owned());
        self.write(move |context| {
            catalog::reopen_review(context.conn, &id, &trace, &reviewer, held_until_ns, now_ns())
        })
        .await
    }

    async fn review_answers(
        &self,
        id: &ReviewQueueId,
        names: &[String],
        limit: usize,
    ) -> StoreResult<Vec<ReviewAnswer>> {
        let (id, names) = (id.clone(), names.to_vec());
        self.read(move |conn| catalog::review_answers(conn, &id, &names, limit)).await
    }
}
