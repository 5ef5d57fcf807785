//! Records of traces: start, get, delete, link.

use super::extract::Params;
use super::lookup::{
    OrMissing, experiment_error, fresh_assessment_id, no_trace, now_ns, trace_id, trace_ids,
};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::start_trace::StartTrace;
use spanwise_api_types::mlflow::trace::{
    BatchGetTraces, DeleteTraces, LinkPrompts, LinkTracesToRun, PromptVersion, TracesToDelete,
};
use spanwise_api_types::mlflow::trace_info::{
    TraceInfo, TraceInfoResponse, TraceInfosResponse, TracesDeletedResponse,
};
use spanwise_model::TraceId;
use spanwise_store::PromptLink;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/traces", post(start))
        .route("/traces/{trace_id}", get(get_info))
        .route("/traces/batchGetInfos", post(batch_get_infos))
}

/// Routes under 2.0 that 3.0 has too.
pub(super) fn routes_of_both() -> Router<App> {
    Router::new()
        .route("/traces/delete-traces", post(delete))
        .route("/traces/link-to-run", post(link_to_run))
        .route("/traces/link-prompts", post(link_prompts))
}

async fn start(
    State(app): State<App>,
    Params(request): Params<StartTrace>,
) -> MlflowResult<Json<TraceInfoResponse>> {
    let mut start = request.into_model(fresh_assessment_id, now_ns());
    let experiment_id = start.experiment_id;
    app.ingest.redaction().trace_start(&mut start).await?;
    let stored = app.store.start_trace(start).await;
    let info = stored.map_err(|error| experiment_error(experiment_id, error))?;
    Ok(Json(info.into()))
}

async fn get_info(
    State(app): State<App>,
    Path(trace): Path<String>,
) -> MlflowResult<Json<TraceInfoResponse>> {
    let info = app.store.get_trace(&trace_id(&trace)?).await.or_missing(|| no_trace(&trace))?;
    Ok(Json(info.into()))
}

async fn batch_get_infos(
    State(app): State<App>,
    Params(request): Params<BatchGetTraces>,
) -> MlflowResult<Json<TraceInfosResponse>> {
    let infos = find_by_ids(&app, &request).await?;
    Ok(Json(TraceInfosResponse { trace_infos: infos.into_iter().map(TraceInfo::from).collect() }))
}

/// Returns the records of the traces asked for that exist and are in the experiments asked for, each once.
pub(super) async fn find_by_ids(
    app: &App,
    request: &BatchGetTraces,
) -> MlflowResult<Vec<spanwise_model::TraceInfo>> {
    let mut infos = app.store.get_traces(&trace_ids(&request.trace_ids)).await?;
    if let Some(experiments) = &request.experiment_ids {
        infos.retain(|info| experiments.contains(&info.experiment_id));
    }
    Ok(infos)
}

async fn delete(
    State(app): State<App>,
    Params(request): Params<DeleteTraces>,
) -> MlflowResult<Json<TracesDeletedResponse>> {
    let which = match request.which {
        TracesToDelete::Ids(ids) => spanwise_store::DeleteTraces::Ids(trace_ids(&ids)),
        TracesToDelete::Until { max_start_ms, limit } => {
            spanwise_store::DeleteTraces::Until { max_start_ms, limit }
        }
    };
    let traces_deleted = app.store.delete_traces(request.experiment_id, which).await?;
    Ok(Json(TracesDeletedResponse { traces_deleted }))
}

async fn link_to_run(
    State(app): State<App>,
    Params(request): Params<LinkTracesToRun>,
) -> MlflowResult<Json<Value>> {
    // A link may come before its trace, so that an id that can't be read is the caller's mistake.
    let ids: Vec<TraceId> = request.trace_ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    app.store.link_traces_to_run(&ids, &request.run_id).await?;
    Ok(done())
}

async fn link_prompts(
    State(app): State<App>,
    Params(request): Params<LinkPrompts>,
) -> MlflowResult<Json<Value>> {
    let id = trace_id(&request.trace_id)?;
    let link = |prompt: PromptVersion| PromptLink { name: prompt.name, version: prompt.version };
    let links: Vec<PromptLink> = request.prompt_versions.into_iter().map(link).collect();
    app.store.link_prompts(&id, &links).await.or_missing(|| no_trace(&request.trace_id))?;
    Ok(done())
}
