//! Review queues themselves.

use super::{progress, progress_of, read, schemas};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::body::JsonBody;
use crate::native::parameter::{NoParameters, Parameters};
use crate::native::path::Path;
use crate::native::selection::{experiment, experiments};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Map, Value};
use spanwise_api_types::mlflow::review_queue::{CreateReviewQueue, UpdateReviewQueue};
use spanwise_api_types::native::{
    self, NewReviewQueue, ReviewQueue, ReviewQueueChange, ReviewQueueDetail, ReviewQueueList,
};
use spanwise_model::{LabelSchema, ReviewQueueId, ReviewQueueType};

/// Queues in one answer.
const LISTED_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list_queues, create_queue)).routes(routes!(
        get_queue,
        change_queue,
        delete_queue
    ))
}

/// Lists review queues
///
/// With how far each is, the newest first, at most 1,000.
#[utoipa::path(
    get,
    path = "/review-queues",
    tag = "reviews",
    params(("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment; may be repeated. None: all active ones")),
    responses((status = 200, body = ReviewQueueList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list_queues(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Json<ReviewQueueList>, Problem> {
    let wanted = parameters.all("experiment");
    parameters.finish()?;
    let experiments = if wanted.is_empty() { None } else { Some(experiments(&app, &wanted).await?) };
    let page = app.catalog.review_queues_of(experiments, LISTED_MAX).await?;
    let progress = progress(&app, &page.queues).await?;
    let queues =
        page.queues.into_iter().zip(progress).map(|(queue, progress)| ReviewQueue::new(queue, progress));
    Ok(Json(ReviewQueueList { queues: queues.collect(), complete: !page.has_more }))
}

/// Creates a review queue
#[utoipa::path(
    post,
    path = "/review-queues",
    tag = "reviews",
    request_body = NewReviewQueue,
    responses((status = 201, body = ReviewQueueDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn create_queue(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(request): JsonBody<NewReviewQueue>,
) -> Result<(StatusCode, Json<ReviewQueueDetail>), Problem> {
    let experiment = experiment(&app, &request.experiment).await?;
    let new: CreateReviewQueue = read(&request.mlflow_fields(&experiment.to_string()))?;
    let created = app
        .catalog
        .create_review_queue(spanwise_store::catalog::NewReviewQueue {
            queue_id: ReviewQueueId(format!("rq-{}", uuid::Uuid::new_v4().simple())),
            experiment_id: new.experiment_id,
            name: new.name,
            queue_type: new.queue_type,
            created_by: new.created_by,
            users: new.users,
            schema_ids: new.schema_ids,
        })
        .await?;
    Ok((StatusCode::CREATED, Json(detail(&app, created).await?)))
}

/// Returns a review queue with its questions
#[utoipa::path(
    get,
    path = "/review-queues/{queue_id}",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    responses((status = 200, body = ReviewQueueDetail), (status = 404, body = native::Problem)),
)]
async fn get_queue(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
) -> Result<Json<ReviewQueueDetail>, Problem> {
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    Ok(Json(detail(&app, queue).await?))
}

/// Changes a review queue
///
/// That of a user can't be changed, and the questions of no queue that has traces.
#[utoipa::path(
    patch,
    path = "/review-queues/{queue_id}",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    request_body = ReviewQueueChange,
    responses((status = 200, body = ReviewQueueDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn change_queue(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<ReviewQueueChange>,
) -> Result<Json<ReviewQueueDetail>, Problem> {
    let UpdateReviewQueue { queue_id, name, new_owner, users, schema_ids } =
        read(&mlflow_fields(queue_id, request))?;
    let change =
        spanwise_store::catalog::ReviewQueueChange { name, created_by: new_owner, users, schema_ids };
    let changed = app.catalog.update_review_queue(&queue_id, change).await?;
    Ok(Json(detail(&app, changed).await?))
}

/// MLflow's API says apart from a list whether it is meant, since an empty one may stand for none there.
fn mlflow_fields(queue_id: String, request: ReviewQueueChange) -> Map<String, Value> {
    let fields = [
        ("queue_id", queue_id.into()),
        ("name", request.name.into()),
        ("new_owner", request.created_by.into()),
        ("update_users", request.users.is_some().into()),
        ("users", request.users.unwrap_or_default().into()),
        ("update_schema_ids", request.schema_ids.is_some().into()),
        ("schema_ids", request.schema_ids.unwrap_or_default().into()),
    ];
    fields.into_iter().map(|(name, value): (&str, Value)| (name.to_owned(), value)).collect()
}

/// Deletes a review queue
///
/// The traces and the answers stay.
#[utoipa::path(
    delete,
    path = "/review-queues/{queue_id}",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete_queue(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    let id = ReviewQueueId(queue_id);
    // The store takes the deletion of what is not there for done; whoever names it wants to know.
    app.catalog.get_review_queue(&id).await?;
    app.catalog.delete_review_queue(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn detail(app: &App, queue: spanwise_model::ReviewQueue) -> Result<ReviewQueueDetail, Problem> {
    let questions = questions(app, &queue).await?.into_iter().map(Into::into).collect();
    let progress = progress_of(app, &queue).await?;
    Ok(ReviewQueueDetail { queue: ReviewQueue::new(queue, progress), questions })
}

/// Returns what a queue asks: that of a user all questions of the experiment, the oldest first; any other those that were
/// chosen and are still there; of none, the one that every experiment has.
pub(super) async fn questions(
    app: &App,
    queue: &spanwise_model::ReviewQueue,
) -> Result<Vec<LabelSchema>, Problem> {
    let mut all = schemas::of_experiment(app, queue.experiment_id).await?.schemas;
    all.reverse();
    if queue.queue_type == ReviewQueueType::User {
        return Ok(all);
    }
    let chosen = queue.schema_ids.iter().filter_map(|id| all.iter().find(|schema| schema.schema_id == *id));
    let chosen: Vec<LabelSchema> = chosen.cloned().collect();
    if chosen.is_empty() {
        all.retain(|schema| schema.is_default);
        return Ok(all);
    }
    Ok(chosen)
}
