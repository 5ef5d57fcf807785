//! The traces in a queue.

use super::wire_items;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::body::JsonBody;
use crate::native::bulk::{Steps, TRACE_IDS_MAX, select};
use crate::native::parameter::{NoParameters, Parameters};
use crate::native::path::Path;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{
    self, AddToReview, AddedToReview, BulkRequest, RemoveFromReview, ReviewItemList,
};
use spanwise_model::{ReviewQueueId, TraceId};
use spanwise_store::catalog::{ReviewQuery, ReviewState};
use spanwise_store::{Cursor, SortValue};
use std::collections::HashSet;

/// Traces that one request may put in.
const ADDED_MAX: usize = 10_000;
/// Traces of a page.
const PAGE_MAX: usize = 500;
const PAGE_DEFAULT: usize = 100;
/// What a page token says in place of an order, so that no other list takes it.
const ORDER: &str = "review items";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list_items, add_items)).routes(routes!(remove_items))
}

/// Lists the traces in a review queue
///
/// Those that came first at the beginning.
#[utoipa::path(
    get,
    path = "/review-queues/{queue_id}/items",
    tag = "reviews",
    params(
        ("queue_id" = String, Path, description = "The queue"),
        ("state" = Option<String>, Query, description = "Only those that are `pending`, `in_progress`, `complete` or `declined`"),
        ("limit" = Option<usize>, Query, description = "Traces on the page, 1 to 500; 100 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = ReviewItemList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list_items(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<ReviewItemList>, Problem> {
    let state_name = parameters.one("state")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?;
    let token = parameters.one("page_token")?;
    parameters.finish()?;
    let list_name = format!("{queue_id} {state_name}");
    let offset = token.map(|token| read_token(&token, &list_name)).transpose()?.unwrap_or(0);
    let query =
        ReviewQuery { queue_id: ReviewQueueId(queue_id), state: state_of(&state_name)?, limit, offset };
    let page = app.catalog.find_reviews(query).await?;
    let next_page_token = page.has_more.then(|| write_token(offset + page.reviews.len(), &list_name));
    Ok(Json(ReviewItemList { items: wire_items(&app, page.reviews).await?, next_page_token }))
}

fn state_of(name: &str) -> Result<Option<ReviewState>, Problem> {
    match name {
        "" => Ok(None),
        "pending" => Ok(Some(ReviewState::Pending)),
        "in_progress" => Ok(Some(ReviewState::InProgress)),
        "complete" => Ok(Some(ReviewState::Complete)),
        "declined" => Ok(Some(ReviewState::Declined)),
        other => Err(Problem::invalid(format!(
            "parameter `state` is `{other}`; expected one of `pending`, `in_progress`, `complete`, `declined`"
        ))),
    }
}

fn read_token(token: &str, list_name: &str) -> Result<usize, Problem> {
    let cursor = Cursor::from_token(token, ORDER, list_name)?;
    match cursor.values.as_slice() {
        [SortValue::Int(offset)] if *offset >= 0 => Ok(offset.unsigned_abs() as usize),
        _ => Err(Problem::invalid("the page token belongs to another list; start again without it")),
    }
}

fn write_token(offset: usize, list_name: &str) -> String {
    let values = vec![SortValue::Int(offset as i64)];
    Cursor { values, trace_id: TraceId::Otel([0; 16]) }.to_token(ORDER, list_name)
}

/// Puts traces into a review queue
///
/// Those that are named or selected, of the queue's experiment; at most 10,000 by one request, the newest. What is there
/// already stays as it is, so that the request may be repeated.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    request_body = AddToReview,
    responses((status = 200, body = AddedToReview), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn add_items(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<AddToReview>,
) -> Result<Json<AddedToReview>, Problem> {
    let queue = app.catalog.get_review_queue(&ReviewQueueId(queue_id)).await?;
    let limit = request.limit.unwrap_or(ADDED_MAX);
    if !(1..=ADDED_MAX).contains(&limit) {
        return Err(Problem::invalid(format!("`limit` is {limit}; expected 1 to {ADDED_MAX}")));
    }
    let named = request.trace_ids.as_ref().map(|ids| ids.iter().collect::<HashSet<_>>().len());
    let mut selection = select(&app, bulk_request(request)).await?;
    selection.experiments = vec![queue.experiment_id];
    let mut result = AddedToReview { added: 0, present: 0, missing: 0, is_cut: false };
    let mut left = limit;
    let mut steps = Steps::new(&selection);
    while let Some(traces) = steps.next(&app).await? {
        result.is_cut = traces.len() > left;
        let ids: Vec<TraceId> = traces.into_iter().take(left).map(|trace| trace.trace_id).collect();
        left -= ids.len();
        // A trace that was deleted in between is missing too.
        let outcome = app.catalog.add_to_review(&queue.queue_id, &ids).await?;
        result.added += outcome.added;
        result.present += outcome.present;
        if left == 0 {
            result.is_cut |= !result.is_cut && steps.next(&app).await?.is_some_and(|more| !more.is_empty());
            break;
        }
    }
    if let Some(named) = named.filter(|_| !result.is_cut) {
        result.missing = (named as u64).saturating_sub(result.added + result.present);
    }
    Ok(Json(result))
}

fn bulk_request(request: AddToReview) -> BulkRequest {
    BulkRequest {
        experiments: Vec::new(),
        filter: request.filter,
        from: request.from,
        to: request.to,
        trace_ids: request.trace_ids,
        all: request.all,
        dry_run: false,
    }
}

/// Takes traces out of a review queue
///
/// Also those that are not in it. The answers stay.
#[utoipa::path(
    post,
    path = "/review-queues/{queue_id}/items/remove",
    tag = "reviews",
    params(("queue_id" = String, Path, description = "The queue")),
    request_body = RemoveFromReview,
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn remove_items(
    State(app): State<App>,
    Path(queue_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<RemoveFromReview>,
) -> Result<StatusCode, Problem> {
    let count = request.trace_ids.len();
    if count > TRACE_IDS_MAX {
        return Err(Problem::invalid(format!(
            "`trace_ids` names {count} traces; the limit is {TRACE_IDS_MAX}"
        )));
    }
    let ids = request.trace_ids.iter().map(|text| text.parse()).collect::<Result<Vec<TraceId>, _>>()?;
    app.catalog.remove_review_items(&ReviewQueueId(queue_id), &ids).await?;
    Ok(StatusCode::NO_CONTENT)
}
