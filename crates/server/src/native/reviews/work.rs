//! What reviewers do: take traces, answer, skip, decline, and take back.

use super::answer::{check_all, own};
use super::queues::questions;
use super::{progress_of, reviewer, wire_items};
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::body::JsonBody;
use crate::native::parameter::NoParameters;
use crate::native::path::Path;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{
    self, ByReviewer, ClaimReviews, ClaimedReviews, CompleteReview, ReleasedReviews, ReopenReview,
    ReviewDone, ReviewScopeName,
};
use spanwise_model::{Assessment, AssessmentId, ReviewQueue, ReviewQueueId, TraceId};
use spanwise_store::catalog::{
    FinishedReview, HELD_MAX, Review, ReviewClaim, ReviewOutcome, ReviewScope, refusal,
};

/// How long a trace is held for a reviewer who does not ask again, in milliseconds.
const HELD_MS: u64 = 10 * 60 * 1_000;
const NS_PER_MS: i64 = 1_000_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(claim))
        .routes(routes!(release))
        .routes(routes!(complete))
        .routes(routes!(skip))
        .routes(routes!(decline))
        .routes(routes!(reopen))
}

/// Hands traces out to a reviewer
///
/// Nobody else gets them for ten minutes, which count anew with each request. Answers all that the reviewer then holds, so
/// that whoever asks again, or comes back, gets the same.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/claim",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    request_body = ClaimReviews,
    responses((status = 200, body = ClaimedReviews), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn claim(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<ClaimReviews>,
) -> Result<Json<ClaimedReviews>, Problem> {
    let reviewer = reviewer(&request.reviewer)?;
    let count = request.count.unwrap_or(1);
    if !(1..=HELD_MAX).contains(&count) {
        return Err(Problem::invalid(format!("`count` is {count}; expected 1 to {HELD_MAX}")));
    }
    let scope = match (request.trace_id, request.scope) {
        (Some(trace), _) => ReviewScope::Trace(trace.parse()?),
        (None, ReviewScopeName::Pending) => ReviewScope::Pending,
        (None, ReviewScopeName::Skipped) => ReviewScope::Skipped,
        (None, ReviewScopeName::SecondOpinion) => ReviewScope::SecondOpinion,
    };
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let held_until_ns = held_until_ns();
    let claim = ReviewClaim { queue_id: queue.queue_id.clone(), reviewer, scope, count, held_until_ns };
    let held = app.catalog.claim_reviews(claim).await?;
    Ok(Json(ClaimedReviews {
        items: wire_items(&app, held).await?,
        held_ms: HELD_MS,
        progress: progress_of(&app, &queue).await?,
    }))
}

/// Gives back what a reviewer holds
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/release",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    request_body = ByReviewer,
    responses((status = 200, body = ReleasedReviews), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn release(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<ByReviewer>,
) -> Result<Json<ReleasedReviews>, Problem> {
    let reviewer = reviewer(&request.reviewer)?;
    let released = app.catalog.release_reviews(&ReviewQueueId(queue_id), &reviewer).await?;
    Ok(Json(ReleasedReviews { released }))
}

/// Answers the questions about a trace
///
/// Each answer becomes feedback or an expectation on the trace, with the question's name and of the reviewer. Answering
/// again replaces what was answered. Who answers what another completed gives a second opinion.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items/{trace_id}/complete",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue"), ("trace_id" = String, Path, description = "The trace")),
    request_body = CompleteReview,
    responses((status = 200, body = ReviewDone), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn complete(
    State(app): State<App>,
    Path((queue_id, trace_id)): Path<(String, String)>,
    _: NoParameters,
    JsonBody(request): JsonBody<CompleteReview>,
) -> Result<Json<ReviewDone>, Problem> {
    let (reviewer, trace_id): (String, TraceId) = (reviewer(&request.reviewer)?, trace_id.parse()?);
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let questions = questions(&app, &queue).await?;
    let answers = check_all(request.answers, &questions)?;
    let review = app.catalog.get_review(&queue.queue_id, &trace_id).await?;
    refuse_held(&review, &reviewer)?;
    let trace = app.store.get_trace(&trace_id).await?;
    let mut given = Vec::with_capacity(answers.len());
    for answer in answers {
        let before = own(&trace, answer.schema, &reviewer).map(|one| one.assessment_id.clone());
        match answer.into_assessment(trace_id.clone(), &queue.queue_id, &reviewer, before.clone()) {
            Some(mut assessment) => {
                app.ingest.redaction().assessment(&mut assessment).await?;
                given.push(app.store.create_assessment(assessment).await?);
            }
            // What does not apply has no answer, also none of before.
            None => delete(&app, &trace_id, before).await?,
        }
    }
    let ids = given.iter().map(|assessment| assessment.assessment_id.clone()).collect();
    let review = finish(&app, &queue, trace_id, reviewer, ReviewOutcome::Complete, ids).await?;
    done(&app, &queue, review, given).await
}

/// Leaves a trace to others
///
/// The reviewer gets it no more, but for asking for what was skipped.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items/{trace_id}/skip",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue"), ("trace_id" = String, Path, description = "The trace")),
    request_body = ByReviewer,
    responses((status = 200, body = ReviewDone), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn skip(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    _: NoParameters,
    JsonBody(request): JsonBody<ByReviewer>,
) -> Result<Json<ReviewDone>, Problem> {
    end(&app, path, &request.reviewer, ReviewOutcome::Skipped).await
}

/// Declines a trace
///
/// It is not to be done, by nobody.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items/{trace_id}/decline",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue"), ("trace_id" = String, Path, description = "The trace")),
    request_body = ByReviewer,
    responses((status = 200, body = ReviewDone), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn decline(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    _: NoParameters,
    JsonBody(request): JsonBody<ByReviewer>,
) -> Result<Json<ReviewDone>, Problem> {
    end(&app, path, &request.reviewer, ReviewOutcome::Declined).await
}

/// Takes back what a reviewer did with a trace
///
/// What the answers had become is deleted, and answers of before are valid again. The trace is to be done again, unless
/// another completed it too, and the reviewer holds it, or it is for whoever is next.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items/{trace_id}/reopen",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue"), ("trace_id" = String, Path, description = "The trace")),
    request_body = ReopenReview,
    responses((status = 200, body = ReviewDone), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn reopen(
    State(app): State<App>,
    Path((queue_id, trace_id)): Path<(String, String)>,
    _: NoParameters,
    JsonBody(request): JsonBody<ReopenReview>,
) -> Result<Json<ReviewDone>, Problem> {
    let (reviewer, trace_id): (String, TraceId) = (reviewer(&request.reviewer)?, trace_id.parse()?);
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let held_until_ns = if request.hold.unwrap_or(true) { held_until_ns() } else { now_ns() };
    let given = app.catalog.reopen_review(&queue.queue_id, &trace_id, &reviewer, held_until_ns).await?;
    // The last first: each makes valid again what it replaced.
    for id in given.into_iter().rev() {
        delete(&app, &trace_id, Some(id)).await?;
    }
    let review = app.catalog.get_review(&queue.queue_id, &trace_id).await?;
    done(&app, &queue, review, Vec::new()).await
}

async fn end(
    app: &App,
    (queue_id, trace_id): (String, String),
    by: &str,
    outcome: ReviewOutcome,
) -> Result<Json<ReviewDone>, Problem> {
    let (reviewer, trace_id) = (reviewer(by)?, trace_id.parse()?);
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let review = finish(app, &queue, trace_id, reviewer, outcome, Vec::new()).await?;
    done(app, &queue, review, Vec::new()).await
}

async fn finish(
    app: &App,
    queue: &ReviewQueue,
    trace_id: TraceId,
    reviewer: String,
    outcome: ReviewOutcome,
    assessments: Vec<AssessmentId>,
) -> Result<Review, Problem> {
    let queue_id = queue.queue_id.clone();
    let finished = FinishedReview { queue_id, trace_id, reviewer, outcome, assessments };
    Ok(app.catalog.finish_review(finished).await?)
}

/// Refuses before anything is written what the store would refuse afterwards.
fn refuse_held(review: &Review, reviewer: &str) -> Result<(), Problem> {
    match &review.held_by {
        Some((holder, _)) if holder != reviewer => {
            Err(refusal::review_held(&review.item.trace_id, holder).into())
        }
        _ => Ok(()),
    }
}

async fn delete(app: &App, trace_id: &TraceId, id: Option<AssessmentId>) -> Result<(), Problem> {
    if let Some(id) = id {
        app.store.delete_assessment(trace_id, &id).await?;
    }
    Ok(())
}

async fn done(
    app: &App,
    queue: &ReviewQueue,
    review: Review,
    given: Vec<Assessment>,
) -> Result<Json<ReviewDone>, Problem> {
    let missing = refusal::no_review_item(&queue.queue_id, &review.item.trace_id);
    let item = wire_items(app, vec![review]).await?.pop().ok_or(missing)?;
    Ok(Json(ReviewDone {
        item,
        assessments: given.into_iter().map(Into::into).collect(),
        progress: progress_of(app, queue).await?,
    }))
}

fn held_until_ns() -> i64 {
    now_ns().saturating_add(HELD_MS as i64 * NS_PER_MS)
}
