//! `model-versions/*`; a prompt's versions are among them.

use super::extract::Params;
use super::page::offset_token;
use super::registered_models::query_of;
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::registry::{
    CreateVersion, DeleteVersionTag, DownloadUriResponse, ModelVersion, ModelVersionResponse,
    ModelVersionsResponse, OneVersion, SearchVersions, SetVersionTag, TransitionStage, UpdateVersion,
};
use spanwise_query::entity::MODEL_VERSION;
use spanwise_store::catalog::NewModelVersion;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/model-versions/create", post(create))
        .route("/model-versions/get", get(get_one))
        .route("/model-versions/search", get(search))
        .route("/model-versions/update", patch(update))
        .route("/model-versions/transition-stage", post(transition_stage))
        .route("/model-versions/get-download-uri", get(download_uri))
        .route("/model-versions/delete", delete(delete_one))
        .route("/model-versions/set-tag", post(set_tag))
        .route("/model-versions/delete-tag", delete(delete_tag))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateVersion>,
) -> MlflowResult<Json<ModelVersionResponse>> {
    let CreateVersion { name, source, run_id, run_link, model_id, description, tags } = request;
    let new = NewModelVersion { name, source, run_id, run_link, model_id, description, tags };
    let version = app.catalog.create_model_version(new).await?;
    app.webhooks.wake();
    answer(version)
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneVersion>,
) -> MlflowResult<Json<ModelVersionResponse>> {
    answer(app.catalog.get_model_version(&request.name, request.version).await?)
}

async fn search(
    State(app): State<App>,
    Params(SearchVersions(request)): Params<SearchVersions>,
) -> MlflowResult<Json<ModelVersionsResponse>> {
    let query = query_of(&MODEL_VERSION, &request)?;
    let offset = query.offset;
    let page = app.catalog.find_model_versions(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.versions.len()));
    let model_versions = page.versions.into_iter().map(ModelVersion::from).collect();
    Ok(Json(ModelVersionsResponse { model_versions, next_page_token }))
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateVersion>,
) -> MlflowResult<Json<ModelVersionResponse>> {
    let OneVersion { name, version } = request.of;
    answer(app.catalog.describe_model_version(&name, version, request.description).await?)
}

async fn transition_stage(
    State(app): State<App>,
    Params(request): Params<TransitionStage>,
) -> MlflowResult<Json<ModelVersionResponse>> {
    let TransitionStage { of: OneVersion { name, version }, stage, archive_others } = request;
    answer(app.catalog.set_model_version_stage(&name, version, stage, archive_others).await?)
}

async fn download_uri(
    State(app): State<App>,
    Params(request): Params<OneVersion>,
) -> MlflowResult<Json<DownloadUriResponse>> {
    let version = app.catalog.get_model_version(&request.name, request.version).await?;
    Ok(Json(DownloadUriResponse { artifact_uri: version.storage_location }))
}

async fn delete_one(
    State(app): State<App>,
    Params(request): Params<OneVersion>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_model_version(&request.name, request.version).await?;
    Ok(done())
}

async fn set_tag(
    State(app): State<App>,
    Params(request): Params<SetVersionTag>,
) -> MlflowResult<Json<Value>> {
    let OneVersion { name, version } = request.of;
    app.catalog.set_model_version_tag(&name, version, &request.key, &request.value).await?;
    app.webhooks.wake();
    Ok(done())
}

async fn delete_tag(
    State(app): State<App>,
    Params(request): Params<DeleteVersionTag>,
) -> MlflowResult<Json<Value>> {
    let OneVersion { name, version } = request.of;
    app.catalog.delete_model_version_tag(&name, version, &request.key).await?;
    app.webhooks.wake();
    Ok(done())
}

fn answer(version: spanwise_model::ModelVersion) -> MlflowResult<Json<ModelVersionResponse>> {
    Ok(Json(ModelVersionResponse { model_version: version.into() }))
}
