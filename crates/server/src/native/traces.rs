//! The list of traces, one trace's record, its tags, and its end.

use super::body::JsonBody;
use super::parameter::{NoParameters, Parameters};
use super::path::Path;
use super::selection::{SelectionParameters, SelectionText, parse_order};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{self, TagValue, TraceList, TraceRecord, TraceSummary};
use spanwise_model::TraceId;
use spanwise_store::{Cursor, CursorError, DeleteTraces};

/// Rows of a page.
const PAGE_MAX: usize = 1_000;
const PAGE_DEFAULT: usize = 50;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get_one, delete_one))
        .routes(routes!(set_tag, delete_tag))
}

/// Lists traces
///
/// One page of the selected traces. A page token is good for the same filter and order only, and stays valid while
/// traces arrive.
#[utoipa::path(
    get,
    path = "/traces",
    tag = "traces",
    params(
        SelectionParameters,
        ("order_by" = Option<String>, Query, description = "`field [ASC|DESC]`, separated by commas; newest first if absent"),
        ("limit" = Option<usize>, Query, description = "Traces on the page, 1 to 1000; 50 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = TraceList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<TraceList>, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let order_text = parameters.one("order_by")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?;
    let token = parameters.one("page_token")?;
    parameters.finish()?;
    let after = token.map(|token| Cursor::from_token(&token, &order_text, &text.filter)).transpose()?;
    let query = text.resolve(&app).await?.page(parse_order(&order_text)?, limit, after);
    let page = app.store.find_traces(query).await?;
    Ok(Json(TraceList {
        traces: page.traces.into_iter().map(TraceSummary::from).collect(),
        next_page_token: page.next.map(|cursor| cursor.to_token(&order_text, &text.filter)),
    }))
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        Problem::invalid(error.to_string())
    }
}

/// Returns one trace's record
#[utoipa::path(
    get,
    path = "/traces/{trace_id}",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace; `tr-` may be left out")),
    responses((status = 200, body = TraceRecord), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    parameters: Parameters,
) -> Result<Json<TraceRecord>, Problem> {
    parameters.finish()?;
    let info = app.store.get_trace(&trace_id.parse()?).await?;
    let experiment = app.store.get_experiment(info.experiment_id).await?;
    Ok(Json(TraceRecord::new(info, experiment.name)))
}

/// Deletes a trace
#[utoipa::path(
    delete,
    path = "/traces/{trace_id}",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete_one(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    let id: TraceId = trace_id.parse()?;
    let info = app.store.get_trace(&id).await?;
    app.store.delete_traces(info.experiment_id, DeleteTraces::Ids(vec![id])).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a tag of a trace
#[utoipa::path(
    put,
    path = "/traces/{trace_id}/tags/{key}",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace"), ("key" = String, Path, description = "The tag's key")),
    request_body = TagValue,
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn set_tag(
    State(app): State<App>,
    Path((trace_id, mut key)): Path<(String, String)>,
    _: NoParameters,
    JsonBody(mut tag): JsonBody<TagValue>,
) -> Result<StatusCode, Problem> {
    super::bulk::check_tag(&key, &tag.value)?;
    let trace_id = trace_id.parse()?;
    app.ingest.redaction().tag(&trace_id, &mut key, &mut tag.value).await?;
    app.store.set_trace_tag(&trace_id, &key, &tag.value).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a tag of a trace
#[utoipa::path(
    delete,
    path = "/traces/{trace_id}/tags/{key}",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace"), ("key" = String, Path, description = "The tag's key")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete_tag(
    State(app): State<App>,
    Path((trace_id, key)): Path<(String, String)>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    app.store.delete_trace_tag(&trace_id.parse()?, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
