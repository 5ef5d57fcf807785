//! `experiments/*`.

use super::extract::Params;
use super::lookup::{OrMissing, experiment_error, missing, no_experiment};
use super::page::{offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::{MlflowCode, MlflowError, MlflowResult};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::experiment::{
    CreateExperiment, DeleteExperimentTag, Experiment, ExperimentIdResponse, ExperimentResponse,
    ExperimentsResponse, GetExperimentByName, OneExperiment, SearchExperiments, SetExperimentTag,
    UpdateExperiment, ViewType,
};
use spanwise_model::{ErrorKind, ExperimentId, LifecycleStage};
use spanwise_query::entity::EXPERIMENT;
use spanwise_query::{parse_entity_filter, parse_entity_order};
use spanwise_store::{ExperimentQuery, LifecycleFilter, NewExperiment, StoreError};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/experiments/get-by-name", get(get_by_name))
        .route("/experiments/create", post(create))
        .route("/experiments/get", get(get_one))
        .route("/experiments/search", get(search).post(search))
        .route("/experiments/update", post(update))
        .route("/experiments/delete", post(delete))
        .route("/experiments/restore", post(restore))
        .route("/experiments/set-experiment-tag", post(set_tag))
        .route("/experiments/delete-experiment-tag", post(delete_tag))
}

async fn get_by_name(
    State(app): State<App>,
    Params(request): Params<GetExperimentByName>,
) -> MlflowResult<Json<ExperimentResponse>> {
    let name = request.experiment_name;
    let found = app.store.find_experiment_by_name(&name).await?;
    let experiment = found.ok_or_else(|| missing(format!("Could not find experiment with name '{name}'")))?;
    Ok(Json(experiment.into()))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateExperiment>,
) -> MlflowResult<Json<ExperimentIdResponse>> {
    let new = NewExperiment {
        name: request.name.clone(),
        artifact_location: request.artifact_location,
        tags: request.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
    };
    let created = app.store.create_experiment(new).await.map_err(|error| name_error(&request.name, error))?;
    Ok(Json(ExperimentIdResponse { experiment_id: created.experiment_id.to_string() }))
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneExperiment>,
) -> MlflowResult<Json<ExperimentResponse>> {
    let id = request.experiment_id;
    let experiment = app.store.get_experiment(id).await.or_missing(|| no_experiment(id))?;
    Ok(Json(experiment.into()))
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchExperiments>,
) -> MlflowResult<Json<ExperimentsResponse>> {
    let offset = offset_of(&request.page_token)?;
    let query = ExperimentQuery {
        lifecycle: lifecycle(request.view_type),
        filter: Some(request.filter)
            .filter(|text| !text.is_empty())
            .map(|text| parse_entity_filter(&EXPERIMENT, &text))
            .transpose()?,
        order: parse_entity_order(&EXPERIMENT, &request.order_by)?,
        limit: request.max_results,
        offset,
    };
    let page = app.store.find_experiments(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.experiments.len()));
    let experiments = page.experiments.into_iter().map(Experiment::from).collect();
    Ok(Json(ExperimentsResponse { experiments, next_page_token }))
}

pub(super) fn lifecycle(view: ViewType) -> LifecycleFilter {
    match view {
        ViewType::ActiveOnly => LifecycleFilter::Active,
        ViewType::DeletedOnly => LifecycleFilter::Deleted,
        ViewType::All => LifecycleFilter::All,
    }
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateExperiment>,
) -> MlflowResult<Json<Value>> {
    let UpdateExperiment { experiment_id, new_name } = request;
    app.store.rename_experiment(experiment_id, &new_name).await.map_err(|error| match error.kind() {
        ErrorKind::InvalidArgument => MlflowError::invalid("Cannot rename a non-active experiment."),
        ErrorKind::AlreadyExists => name_error(&new_name, error),
        _ => experiment_error(experiment_id, error),
    })?;
    Ok(done())
}

async fn delete(State(app): State<App>, Params(request): Params<OneExperiment>) -> MlflowResult<Json<Value>> {
    set_stage(&app, request.experiment_id, LifecycleStage::Deleted).await
}

async fn restore(
    State(app): State<App>,
    Params(request): Params<OneExperiment>,
) -> MlflowResult<Json<Value>> {
    set_stage(&app, request.experiment_id, LifecycleStage::Active).await
}

async fn set_stage(app: &App, id: ExperimentId, stage: LifecycleStage) -> MlflowResult<Json<Value>> {
    app.store.set_experiment_stage(id, stage).await.map_err(|error| match error.kind() {
        // As upstream, a deleted experiment is not there to be deleted, nor an active one to be restored.
        ErrorKind::NotFound | ErrorKind::InvalidArgument => no_experiment(id),
        _ => error.into(),
    })?;
    Ok(done())
}

async fn set_tag(
    State(app): State<App>,
    Params(request): Params<SetExperimentTag>,
) -> MlflowResult<Json<Value>> {
    let SetExperimentTag { experiment_id, key, value } = request;
    let set = app.store.set_experiment_tag(experiment_id, &key, &value).await;
    set.map_err(|error| experiment_error(experiment_id, error))?;
    Ok(done())
}

async fn delete_tag(
    State(app): State<App>,
    Params(request): Params<DeleteExperimentTag>,
) -> MlflowResult<Json<Value>> {
    let DeleteExperimentTag { experiment_id, key } = request;
    app.store.get_experiment(experiment_id).await.or_missing(|| no_experiment(experiment_id))?;
    app.store.delete_experiment_tag(experiment_id, &key).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            missing(format!("No tag with name: {key} in experiment with id {experiment_id}"))
        }
        _ => experiment_error(experiment_id, error),
    })?;
    Ok(done())
}

fn name_error(name: &str, error: StoreError) -> MlflowError {
    match error.kind() {
        ErrorKind::AlreadyExists => MlflowError::new(
            MlflowCode::ResourceAlreadyExists,
            format!("Experiment(name={name}) already exists. Names of deleted experiments stay taken."),
        ),
        _ => error.into(),
    }
}
