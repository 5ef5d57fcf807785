//! `logged-models/*`.

use super::artifact_uri::{files_response, folder_of};
use super::extract::{Params, query_object};
use super::lookup::missing;
use super::page::{offset_of, offset_token};
use super::reply::done;
use super::{artifacts, two_words::two_words};
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use http::HeaderMap;
use serde_json::Value;
use spanwise_api_types::mlflow::logged_model::{
    CreateLoggedModel, FinalizeLoggedModel, GetLoggedModel, LogToLoggedModel, LoggedModel,
    LoggedModelResponse, LoggedModelsResponse, SearchLoggedModels,
};
use spanwise_model::LifecycleStage;
use spanwise_query::entity::LOGGED_MODEL;
use spanwise_query::{parse_entity_filter, parse_entity_order};
use spanwise_store::catalog::{LoggedModelQuery, NewLoggedModel};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/logged-models", post(create))
        .route("/logged-models/search", post(search))
        .route("/logged-models/{model_id}", get(get_one).patch(finalize).delete(delete_one))
        .route("/logged-models/{model_id}/tags", patch(log))
        .route("/logged-models/{model_id}/tags/{key}", delete(delete_tag))
        .route("/logged-models/{model_id}/params", post(log))
        .route("/logged-models/{model_id}/artifacts/directories", get(list_artifacts))
        .route("/logged-models/{model_id}/artifacts/files", get(get_artifact))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateLoggedModel>,
) -> MlflowResult<Json<LoggedModelResponse>> {
    let id = uuid::Uuid::new_v4();
    let mut new = NewLoggedModel {
        model_id: format!("m-{}", id.simple()),
        experiment_id: request.experiment_id,
        name: request.name.unwrap_or_else(|| two_words(id.as_bytes())),
        model_type: request.model_type,
        source_run_id: request.source_run_id,
        params: request.params,
        tags: request.tags,
    };
    app.ingest.redaction().logged_model(&mut new).await?;
    Ok(Json(app.catalog.create_logged_model(new).await?.into()))
}

async fn get_one(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<GetLoggedModel>,
) -> MlflowResult<Json<LoggedModelResponse>> {
    let model = app.catalog.get_logged_model(&id).await?;
    if model.lifecycle_stage == LifecycleStage::Deleted && !request.allow_deleted {
        return Err(missing(format!("Logged model with ID '{id}' not found.")));
    }
    Ok(Json(model.into()))
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchLoggedModels>,
) -> MlflowResult<Json<LoggedModelsResponse>> {
    let offset = offset_of(&request.page_token)?;
    let query = LoggedModelQuery {
        experiments: request.experiments,
        filter: Some(parse_entity_filter(&LOGGED_MODEL, &request.filter)?),
        datasets: request.datasets,
        order: parse_entity_order(&LOGGED_MODEL, &request.order_by)?,
        limit: request.max_results,
        offset,
    };
    let page = app.catalog.find_logged_models(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.models.len()));
    let models = page.models.into_iter().map(LoggedModel::from).collect();
    Ok(Json(LoggedModelsResponse { models, next_page_token }))
}

async fn finalize(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<FinalizeLoggedModel>,
) -> MlflowResult<Json<LoggedModelResponse>> {
    Ok(Json(app.catalog.finalize_logged_model(&id, request.status).await?.into()))
}

async fn delete_one(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<Value>> {
    app.catalog.delete_logged_model(&id).await?;
    Ok(done())
}

async fn log(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<LogToLoggedModel>,
) -> MlflowResult<Json<Value>> {
    let LogToLoggedModel { mut params, mut tags } = request;
    let redaction = app.ingest.redaction();
    if redaction.is_on().await? {
        let model = app.catalog.get_logged_model(&id).await?;
        redaction.logged_model_log(model.experiment_id, &mut params, &mut tags).await?;
    }
    app.catalog.log_logged_model(&id, params, tags).await?;
    Ok(done())
}

async fn delete_tag(
    State(app): State<App>,
    Path((id, key)): Path<(String, String)>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_logged_model_tag(&id, &key).await?;
    Ok(done())
}

async fn list_artifacts(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> MlflowResult<Json<Value>> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let path = query.get("artifact_directory_path").and_then(Value::as_str).unwrap_or_default();
    let model = app.catalog.get_logged_model(&id).await?;
    files_response(&app, &model.artifact_uri, path).await
}

async fn get_artifact(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> MlflowResult<Response> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let path = query.get("artifact_file_path").and_then(Value::as_str).unwrap_or_default();
    let model = app.catalog.get_logged_model(&id).await?;
    artifacts::send_checked(&app, &format!("{}/{path}", folder_of(&model.artifact_uri)?), &headers).await
}
