//! `2.0/traces`: how clients before 3.0 tell of a trace, and newer ones where a server knows no other way.

use super::extract::Params;
use super::lookup::{OrMissing, experiment_error, no_trace, trace_id};
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, State};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use spanwise_api_types::mlflow::v2::{EndTraceV2, StartTraceV2, TraceInfoV2Response};
use spanwise_model::{TraceId, TraceStart};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/traces", post(start))
        .route("/traces/{trace_id}", patch(end))
        .route("/traces/{trace_id}/info", get(get_info))
}

async fn start(
    State(app): State<App>,
    Params(request): Params<StartTraceV2>,
) -> MlflowResult<Json<TraceInfoV2Response>> {
    let id = TraceId::Otel(*uuid::Uuid::new_v4().as_bytes());
    store(&app, request.into_model(id)).await
}

async fn end(
    State(app): State<App>,
    Path(trace): Path<String>,
    Params(request): Params<EndTraceV2>,
) -> MlflowResult<Json<TraceInfoV2Response>> {
    let begun = app.store.get_trace(&trace_id(&trace)?).await.or_missing(|| no_trace(&trace))?;
    store(&app, request.into_model(begun)).await
}

async fn store(app: &App, mut start: TraceStart) -> MlflowResult<Json<TraceInfoV2Response>> {
    let experiment_id = start.experiment_id;
    app.ingest.redaction().trace_start(&mut start).await?;
    let stored = app.store.start_trace(start).await;
    let info = stored.map_err(|error| experiment_error(experiment_id, error))?;
    Ok(Json(TraceInfoV2Response { trace_info: info.into() }))
}

async fn get_info(
    State(app): State<App>,
    Path(trace): Path<String>,
) -> MlflowResult<Json<TraceInfoV2Response>> {
    let info = app.store.get_trace(&trace_id(&trace)?).await.or_missing(|| no_trace(&trace))?;
    Ok(Json(TraceInfoV2Response { trace_info: info.into() }))
}
