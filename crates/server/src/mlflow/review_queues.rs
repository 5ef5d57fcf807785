//! `review-queues/*`.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::review_queue::{
    ChangeReviewItems, CreateReviewQueue, EnsureUserQueue, GetReviewQueueByName, ListReviewItems,
    ListReviewQueues, OneReviewQueue, ReviewItem, ReviewItemResponse, ReviewItemsResponse, ReviewQueue,
    ReviewQueueResponse, ReviewQueuesResponse, SetReviewStatus, UpdateReviewQueue,
};
use spanwise_model::ReviewQueueId;
use spanwise_store::catalog::{NewReviewQueue, ReviewQueueChange, ReviewQueueQuery};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/review-queues/create", post(create))
        .route("/review-queues/get-or-create-user", post(ensure_of_user))
        .route("/review-queues/get", get(get_one))
        .route("/review-queues/get-by-name", get(get_by_name))
        .route("/review-queues/list", get(list))
        .route("/review-queues/update", post(update))
        .route("/review-queues/delete", post(delete))
        .route("/review-queues/items/add", post(add_items))
        .route("/review-queues/items/remove", post(remove_items))
        .route("/review-queues/items/list", get(list_items))
        .route("/review-queues/items/set-status", post(set_status))
}

fn fresh_id() -> ReviewQueueId {
    ReviewQueueId(format!("rq-{}", uuid::Uuid::new_v4().simple()))
}

fn answer(queue: spanwise_model::ReviewQueue) -> Json<ReviewQueueResponse> {
    Json(ReviewQueueResponse { review_queue: queue.into() })
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateReviewQueue>,
) -> MlflowResult<Json<ReviewQueueResponse>> {
    let CreateReviewQueue { experiment_id, name, queue_type, created_by, users, schema_ids } = request;
    let queue_id = fresh_id();
    let new = NewReviewQueue { queue_id, experiment_id, name, queue_type, created_by, users, schema_ids };
    Ok(answer(app.catalog.create_review_queue(new).await?))
}

async fn ensure_of_user(
    State(app): State<App>,
    Params(request): Params<EnsureUserQueue>,
) -> MlflowResult<Json<ReviewQueueResponse>> {
    Ok(answer(app.catalog.ensure_user_queue(request.experiment_id, &request.user, fresh_id()).await?))
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneReviewQueue>,
) -> MlflowResult<Json<ReviewQueueResponse>> {
    Ok(answer(app.catalog.get_review_queue(&request.queue_id).await?))
}

async fn get_by_name(
    State(app): State<App>,
    Params(request): Params<GetReviewQueueByName>,
) -> MlflowResult<Json<ReviewQueueResponse>> {
    Ok(answer(app.catalog.get_review_queue_by_name(request.experiment_id, &request.name).await?))
}

async fn list(
    State(app): State<App>,
    Params(request): Params<ListReviewQueues>,
) -> MlflowResult<Json<ReviewQueuesResponse>> {
    let offset = offset_of(&request.page_token)?;
    let trace = match request.item_id.map(|id| id.parse()) {
        // No trace has an id that can't be read.
        Some(Err(_)) => {
            return Ok(Json(ReviewQueuesResponse { review_queues: Vec::new(), next_page_token: None }));
        }
        Some(Ok(id)) => Some(id),
        None => None,
    };
    let query = ReviewQueueQuery {
        experiment: request.experiment_id,
        user: request.user,
        trace,
        limit: request.max_results,
        offset,
    };
    let page = app.catalog.find_review_queues(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.queues.len()));
    let review_queues = page.queues.into_iter().map(ReviewQueue::from).collect();
    Ok(Json(ReviewQueuesResponse { review_queues, next_page_token }))
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateReviewQueue>,
) -> MlflowResult<Json<ReviewQueueResponse>> {
    let UpdateReviewQueue { queue_id, name, new_owner, users, schema_ids } = request;
    let change = ReviewQueueChange { name, created_by: new_owner, users, schema_ids };
    Ok(answer(app.catalog.update_review_queue(&queue_id, change).await?))
}

async fn delete(
    State(app): State<App>,
    Params(request): Params<OneReviewQueue>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_review_queue(&request.queue_id).await?;
    Ok(done())
}

async fn add_items(
    State(app): State<App>,
    Params(request): Params<ChangeReviewItems>,
) -> MlflowResult<Json<ReviewItemsResponse>> {
    let items = app.catalog.add_review_items(&request.queue_id, &request.traces).await?;
    let items = items.into_iter().map(ReviewItem::from).collect();
    Ok(Json(ReviewItemsResponse { items, next_page_token: None }))
}

async fn remove_items(
    State(app): State<App>,
    Params(request): Params<ChangeReviewItems>,
) -> MlflowResult<Json<Value>> {
    app.catalog.remove_review_items(&request.queue_id, &request.traces).await?;
    Ok(done())
}

async fn list_items(
    State(app): State<App>,
    Params(request): Params<ListReviewItems>,
) -> MlflowResult<Json<ReviewItemsResponse>> {
    let offset = offset_of(&request.page_token)?;
    let ListReviewItems { queue_id, status, max_results, .. } = request;
    let page = app.catalog.find_review_items(&queue_id, status, max_results, offset).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.items.len()));
    let items = page.items.into_iter().map(ReviewItem::from).collect();
    Ok(Json(ReviewItemsResponse { items, next_page_token }))
}

async fn set_status(
    State(app): State<App>,
    Params(request): Params<SetReviewStatus>,
) -> MlflowResult<Json<ReviewItemResponse>> {
    let SetReviewStatus { queue_id, trace_id, status, completed_by } = request;
    let item = app.catalog.set_review_status(&queue_id, &trace_id, status, completed_by).await?;
    Ok(Json(ReviewItemResponse { item: item.into() }))
}
