//! `scorers/*`.

use super::extract::Params;
use super::reply::done;
use crate::App;
use crate::error::{MlflowError, MlflowResult};
use axum::extract::State;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::scorer::{
    GetOnlineConfigs, ListScorers, OneScorer, OnlineConfig, OnlineConfigResponse, OnlineConfigsResponse,
    RegisterScorer, RegisteredScorer, Scorer, ScorerResponse, ScorersResponse, SetOnlineConfig, uses_gateway,
};
use spanwise_query::parse_filter_at;
use spanwise_score::stored::{self, Stored};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/scorers/register", post(register))
        .route("/scorers/list", get(list))
        .route("/scorers/versions", get(versions))
        .route("/scorers/get", get(get_one))
        .route("/scorers/delete", delete(delete_one))
        .route("/scorers/online-config", put(set_online_config))
        .route("/scorers/online-configs", get(online_configs))
}

async fn register(
    State(app): State<App>,
    Params(request): Params<RegisterScorer>,
) -> MlflowResult<Json<RegisteredScorer>> {
    let RegisterScorer { experiment_id, name, serialized } = request;
    let id = uuid::Uuid::new_v4().to_string();
    Ok(Json(app.catalog.register_scorer(experiment_id, &name, &serialized, &id).await?.into()))
}

async fn list(
    State(app): State<App>,
    Params(request): Params<ListScorers>,
) -> MlflowResult<Json<ScorersResponse>> {
    let scorers = app.catalog.list_scorers(request.experiments.as_deref()).await?.into_iter();
    // MLflow's client makes scorers of all that is listed, and would fail at one that only we know.
    let known = scorers.filter(|scorer| stored::is_known_to_client(&scorer.serialized));
    Ok(Json(ScorersResponse { scorers: known.map(Scorer::from).collect() }))
}

async fn versions(
    State(app): State<App>,
    Params(request): Params<OneScorer>,
) -> MlflowResult<Json<ScorersResponse>> {
    let scorers = app.catalog.scorer_versions(request.experiment_id, &request.name).await?;
    Ok(Json(ScorersResponse { scorers: scorers.into_iter().map(Scorer::from).collect() }))
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneScorer>,
) -> MlflowResult<Json<ScorerResponse>> {
    let scorer = app.catalog.get_scorer(request.experiment_id, &request.name, request.version).await?;
    Ok(Json(ScorerResponse { scorer: scorer.into() }))
}

async fn delete_one(State(app): State<App>, Params(request): Params<OneScorer>) -> MlflowResult<Json<Value>> {
    app.catalog.delete_scorer(request.experiment_id, &request.name, request.version).await?;
    Ok(done())
}

async fn set_online_config(
    State(app): State<App>,
    Params(request): Params<SetOnlineConfig>,
) -> MlflowResult<Json<OnlineConfigResponse>> {
    let SetOnlineConfig { experiment_id, name, sample_rate, filter } = request;
    if let Some(filter) = &filter {
        parse_filter_at(filter, super::lookup::now_ns())?;
    }
    let scorer = app.catalog.get_scorer(experiment_id, &name, None).await?;
    let runs_here = matches!(stored::read(&scorer.serialized), Stored::Runs(_));
    if sample_rate > 0.0 && !runs_here && !uses_gateway(&scorer.serialized) {
        return Err(MlflowError::invalid(format!(
            "Scorer '{name}' does not use a gateway model. Automatic evaluation is only supported for scorers that use \
             gateway models."
        )));
    }
    let id = uuid::Uuid::new_v4().simple().to_string();
    let config =
        app.catalog.set_online_scoring(experiment_id, &name, sample_rate, filter.as_deref(), &id).await?;
    app.scoring.wake();
    Ok(Json(OnlineConfigResponse { config: config.into() }))
}

async fn online_configs(
    State(app): State<App>,
    Params(request): Params<GetOnlineConfigs>,
) -> MlflowResult<Json<OnlineConfigsResponse>> {
    let configs = app.catalog.online_scoring(&request.scorer_ids).await?;
    Ok(Json(OnlineConfigsResponse { configs: configs.into_iter().map(OnlineConfig::from).collect() }))
}
