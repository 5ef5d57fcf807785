//! Experiments.

use super::body::JsonBody;
use super::parameter::{NoParameters, Parameters};
use super::path::Path;
use super::selection::EXPERIMENTS_MAX;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{self, Experiment, ExperimentList};
use spanwise_model::limit::EXPERIMENT_NAME_CHARS_MAX;
use spanwise_model::{ExperimentId, LifecycleStage};
use spanwise_query::entity::EXPERIMENT;
use spanwise_store::{ExperimentActivity, ExperimentQuery, LifecycleFilter, NewExperiment};
use std::cmp::Reverse;
use std::collections::HashMap;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list, create)).routes(routes!(rename, delete)).routes(routes!(restore))
}

/// Lists experiments
///
/// The one with the newest trace first; those without traces by name, after the others.
#[utoipa::path(
    get,
    path = "/experiments",
    tag = "experiments",
    params(("deleted" = Option<bool>, Query, description = "List deleted ones instead of active ones")),
    responses((status = 200, body = ExperimentList), (status = 400, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<ExperimentList>, Problem> {
    let deleted = parameters.flag("deleted")?;
    parameters.finish()?;
    let query = ExperimentQuery {
        lifecycle: if deleted { LifecycleFilter::Deleted } else { LifecycleFilter::Active },
        filter: None,
        order: EXPERIMENT.default_order(),
        limit: EXPERIMENTS_MAX,
        offset: 0,
    };
    let mut found = app.store.find_experiments(query).await?.experiments;
    let activity = activity(&app).await?;
    found.sort_by_cached_key(|one| {
        let last = activity.get(&one.experiment_id).map(|activity| activity.last_start_ns);
        (Reverse(last), one.name.clone())
    });
    let experiments = found.into_iter().map(|one| wire(one, &activity)).collect();
    Ok(Json(ExperimentList { experiments }))
}

async fn activity(app: &App) -> Result<HashMap<ExperimentId, ExperimentActivity>, Problem> {
    let all = app.store.experiment_activity().await?;
    Ok(all.into_iter().map(|activity| (activity.experiment_id, activity)).collect())
}

fn wire(
    experiment: spanwise_model::Experiment,
    activity: &HashMap<ExperimentId, ExperimentActivity>,
) -> Experiment {
    let activity = activity.get(&experiment.experiment_id);
    let traces = activity.map_or(0, |activity| activity.traces);
    Experiment::new(experiment, traces, activity.map(|activity| activity.last_start_ns))
}

/// Creates an experiment
#[utoipa::path(
    post,
    path = "/experiments",
    tag = "experiments",
    request_body = native::NewExperiment,
    responses((status = 201, body = Experiment), (status = 400, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn create(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(new): JsonBody<native::NewExperiment>,
) -> Result<(StatusCode, Json<Experiment>), Problem> {
    check_name(&new.name)?;
    let new = NewExperiment { name: new.name, ..NewExperiment::default() };
    let created = app.store.create_experiment(new).await?;
    Ok((StatusCode::CREATED, Json(wire(created, &HashMap::new()))))
}

pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let chars = name.chars().count();
    if name.trim().is_empty() {
        return Err(Problem::invalid("`name` is empty; expected a name"));
    }
    if chars > EXPERIMENT_NAME_CHARS_MAX {
        return Err(Problem::invalid(format!(
            "`name` has {chars} characters; the limit is {EXPERIMENT_NAME_CHARS_MAX}"
        )));
    }
    if name.contains('\0') {
        return Err(Problem::invalid("`name` holds a NUL character, which no name can"));
    }
    Ok(())
}

/// Renames an experiment
#[utoipa::path(
    patch,
    path = "/experiments/{experiment_id}",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Its id")),
    request_body = native::NewExperiment,
    responses((status = 200, body = Experiment), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn rename(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(new): JsonBody<native::NewExperiment>,
) -> Result<Json<Experiment>, Problem> {
    check_name(&new.name)?;
    let id: ExperimentId = id.parse()?;
    app.store.rename_experiment(id, &new.name).await?;
    answer(&app, id).await
}

/// Deletes an experiment
///
/// Its traces are kept, and it can be restored.
#[utoipa::path(
    delete,
    path = "/experiments/{experiment_id}",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Its id")),
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    app.store.set_experiment_stage(id.parse()?, LifecycleStage::Deleted).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores a deleted experiment
#[utoipa::path(
    post,
    path = "/experiments/{experiment_id}/restore",
    tag = "experiments",
    params(("experiment_id" = String, Path, description = "Its id")),
    responses((status = 200, body = Experiment), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn restore(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<Json<Experiment>, Problem> {
    let id: ExperimentId = id.parse()?;
    app.store.set_experiment_stage(id, LifecycleStage::Active).await?;
    answer(&app, id).await
}

async fn answer(app: &App, id: ExperimentId) -> Result<Json<Experiment>, Problem> {
    let experiment = app.store.get_experiment(id).await?;
    Ok(Json(wire(experiment, &activity(app).await?)))
}
