//! `runs/*`.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use super::reply::done;
use super::two_words::two_words;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::run::{
    CreateRun, DatasetSummariesResponse, DatasetSummary, DeleteRunTag, LogBatch, LogInputs, LogMetric,
    LogModel, LogOutputs, LogParam, LogToRun, NewMetric, OneRun, Run, RunInfo, RunInfoResponse, RunResponse,
    RunsResponse, SearchRunDatasets, SearchRuns, SetRunTag, UpdateRun,
};
use spanwise_model::{ErrorKind, ExperimentId, LifecycleStage, ModelMetric, RunId};
use spanwise_query::entity::RUN;
use spanwise_query::{parse_entity_filter, parse_entity_order};
use spanwise_store::catalog::{NewRun, RunChange, RunInputs, RunLog, RunQuery};

/// Where MLflow lists such models.
const MODELS_TAG: &str = "mlflow.log-model.history";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/runs/create", post(create))
        .route("/runs/get", get(get_one))
        .route("/runs/search", post(search))
        .route("/runs/update", post(update))
        .route("/runs/delete", post(delete))
        .route("/runs/restore", post(restore))
        .route("/runs/log-batch", post(log_batch))
        .route("/runs/log-metric", post(log_metric))
        .route("/runs/log-parameter", post(log_param))
        .route("/runs/set-tag", post(set_tag))
        .route("/runs/delete-tag", post(delete_tag))
        .route("/runs/log-inputs", post(log_inputs))
        .route("/runs/log-model", post(log_model))
        .route("/runs/outputs", post(log_outputs))
        .route("/experiments/search-datasets", post(search_datasets))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateRun>,
) -> MlflowResult<Json<RunResponse>> {
    let CreateRun { experiment_id, name, user, start_ns, tags } = request;
    let id = uuid::Uuid::new_v4();
    let name = name.unwrap_or_else(|| two_words(id.as_bytes()));
    let run_id = RunId(id.simple().to_string());
    let mut new = NewRun { run_id, experiment_id, name, user, start_ns, tags };
    app.ingest.redaction().run(&mut new).await?;
    let run = app.catalog.create_run(new).await?;
    Ok(Json(RunResponse { run: run.into() }))
}

async fn get_one(State(app): State<App>, Params(request): Params<OneRun>) -> MlflowResult<Json<RunResponse>> {
    let run = app.catalog.get_run(&request.run_id).await?;
    Ok(Json(RunResponse { run: run.into() }))
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchRuns>,
) -> MlflowResult<Json<RunsResponse>> {
    let offset = offset_of(&request.page_token)?;
    let query = RunQuery {
        experiments: request.experiments,
        lifecycle: super::experiments::lifecycle(request.view_type),
        filter: Some(parse_entity_filter(&RUN, &request.filter)?),
        order: parse_entity_order(&RUN, &request.order_by)?,
        limit: request.max_results,
        offset,
    };
    let page = app.catalog.find_runs(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.runs.len()));
    Ok(Json(RunsResponse { runs: page.runs.into_iter().map(Run::from).collect(), next_page_token }))
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateRun>,
) -> MlflowResult<Json<RunInfoResponse>> {
    let UpdateRun { run_id, status, end_ns, mut name } = request;
    if let Some(experiment) = redacting_experiment(&app, &run_id).await? {
        app.ingest.redaction().run_name(experiment, &mut name).await?;
    }
    let run = app.catalog.update_run(&run_id, RunChange { status, end_ns, name }).await?;
    Ok(Json(RunInfoResponse { run_info: RunInfo::from(&run) }))
}

async fn delete(State(app): State<App>, Params(request): Params<OneRun>) -> MlflowResult<Json<Value>> {
    app.catalog.set_run_stage(&request.run_id, LifecycleStage::Deleted).await?;
    Ok(done())
}

async fn restore(State(app): State<App>, Params(request): Params<OneRun>) -> MlflowResult<Json<Value>> {
    app.catalog.set_run_stage(&request.run_id, LifecycleStage::Active).await?;
    Ok(done())
}

async fn log_batch(
    State(app): State<App>,
    Params(LogBatch(request)): Params<LogBatch>,
) -> MlflowResult<Json<Value>> {
    log(&app, request).await
}

async fn log_metric(
    State(app): State<App>,
    Params(LogMetric(request)): Params<LogMetric>,
) -> MlflowResult<Json<Value>> {
    log(&app, request).await
}

async fn log_param(
    State(app): State<App>,
    Params(LogParam(request)): Params<LogParam>,
) -> MlflowResult<Json<Value>> {
    log(&app, request).await
}

async fn set_tag(
    State(app): State<App>,
    Params(SetRunTag(request)): Params<SetRunTag>,
) -> MlflowResult<Json<Value>> {
    log(&app, request).await
}

async fn log(app: &App, request: LogToRun) -> MlflowResult<Json<Value>> {
    let LogToRun { run_id, metrics, params, tags } = request;
    let of_model = |new: &NewMetric| {
        let model_id = new.model_id.clone()?;
        let (metric, dataset) = (new.metric.clone(), new.dataset.clone().unwrap_or_default());
        Some(ModelMetric { model_id, metric, run_id: run_id.clone(), dataset })
    };
    let model_metrics = metrics.iter().filter_map(of_model).collect();
    let metrics = metrics.into_iter().map(|new| new.metric).collect();
    let mut log = RunLog { metrics, model_metrics, params, tags };
    // Points of metrics, which most calls are made of, hold no texts.
    if !(log.params.is_empty() && log.tags.is_empty())
        && let Some(experiment) = redacting_experiment(app, &run_id).await?
    {
        app.ingest.redaction().run_log(experiment, &mut log).await?;
    }
    app.catalog.log_run(&run_id, log).await?;
    Ok(done())
}

/// Returns the experiment of a run if experiments have redaction rules; `None` if none has, or if there is no such run, which
/// the store will say.
async fn redacting_experiment(app: &App, run_id: &RunId) -> MlflowResult<Option<ExperimentId>> {
    if !app.ingest.redaction().is_on().await? {
        return Ok(None);
    }
    match app.catalog.get_run(run_id).await {
        Ok(run) => Ok(Some(run.experiment_id)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn delete_tag(
    State(app): State<App>,
    Params(request): Params<DeleteRunTag>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_run_tag(&request.run_id, &request.key).await?;
    Ok(done())
}

async fn log_inputs(State(app): State<App>, Params(request): Params<LogInputs>) -> MlflowResult<Json<Value>> {
    let LogInputs { run_id, datasets, models } = request;
    let mut inputs = RunInputs { datasets, models, outputs: Vec::new() };
    if let Some(experiment) = redacting_experiment(&app, &run_id).await? {
        app.ingest.redaction().run_inputs(experiment, &mut inputs).await?;
    }
    app.catalog.log_run_inputs(&run_id, inputs).await?;
    Ok(done())
}

async fn log_outputs(
    State(app): State<App>,
    Params(request): Params<LogOutputs>,
) -> MlflowResult<Json<Value>> {
    let inputs = RunInputs { outputs: request.models, ..RunInputs::default() };
    app.catalog.log_run_inputs(&request.run_id, inputs).await?;
    Ok(done())
}

/// Notes a model of the older kind, which lives among the run's artifacts.
async fn log_model(State(app): State<App>, Params(request): Params<LogModel>) -> MlflowResult<Json<Value>> {
    app.catalog.append_to_run_tag(&request.run_id, MODELS_TAG, request.model).await?;
    Ok(done())
}

async fn search_datasets(
    State(app): State<App>,
    Params(request): Params<SearchRunDatasets>,
) -> MlflowResult<Json<DatasetSummariesResponse>> {
    let found = app.catalog.run_datasets(&request.experiments).await?;
    let summary = |one: spanwise_store::catalog::DatasetSummary| DatasetSummary {
        experiment_id: one.experiment_id.to_string(),
        name: one.name,
        digest: one.digest,
        context: one.context,
    };
    Ok(Json(DatasetSummariesResponse { dataset_summaries: found.into_iter().map(summary).collect() }))
}
