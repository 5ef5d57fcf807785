//! `registered-models/*`; a prompt is a registered model with a tag.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::registry::{
    CreateRegisteredModel, DeleteModelTag, LatestVersions, ModelVersion, ModelVersionResponse,
    ModelVersionsResponse, OneAlias, OneModel, RegisteredModel, RegisteredModelResponse,
    RegisteredModelsResponse, RenameModel, SearchModels, SearchRegistry, SetAlias, SetModelTag, UpdateModel,
};
use spanwise_query::entity::{REGISTERED_MODEL, without_prompts};
use spanwise_query::{Entity, parse_entity_filter, parse_entity_order};
use spanwise_store::catalog::{NewRegisteredModel, RegistryQuery};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/registered-models/create", post(create))
        .route("/registered-models/get", get(get_one))
        .route("/registered-models/search", get(search))
        .route("/registered-models/update", patch(update))
        .route("/registered-models/rename", post(rename))
        .route("/registered-models/delete", delete(delete_one))
        .route("/registered-models/get-latest-versions", get(latest_versions).post(latest_versions))
        .route("/registered-models/set-tag", post(set_tag))
        .route("/registered-models/delete-tag", delete(delete_tag))
        .route("/registered-models/alias", get(get_alias).post(set_alias).delete(delete_alias))
}

/// Returns what a search asks for, and where its page starts.
pub(super) fn query_of(entity: &Entity, request: &SearchRegistry) -> MlflowResult<RegistryQuery> {
    Ok(RegistryQuery {
        filter: without_prompts(parse_entity_filter(entity, &request.filter)?),
        order: parse_entity_order(entity, &request.order_by)?,
        limit: request.max_results,
        offset: offset_of(&request.page_token)?,
    })
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateRegisteredModel>,
) -> MlflowResult<Json<RegisteredModelResponse>> {
    let CreateRegisteredModel { name, description, tags } = request;
    let model = app.catalog.create_registered_model(NewRegisteredModel { name, description, tags }).await?;
    app.webhooks.wake();
    answer(model)
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneModel>,
) -> MlflowResult<Json<RegisteredModelResponse>> {
    answer(app.catalog.get_registered_model(&request.name).await?)
}

async fn search(
    State(app): State<App>,
    Params(SearchModels(request)): Params<SearchModels>,
) -> MlflowResult<Json<RegisteredModelsResponse>> {
    let query = query_of(&REGISTERED_MODEL, &request)?;
    let offset = query.offset;
    let page = app.catalog.find_registered_models(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.models.len()));
    let registered_models = page.models.into_iter().map(RegisteredModel::from).collect();
    Ok(Json(RegisteredModelsResponse { registered_models, next_page_token }))
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateModel>,
) -> MlflowResult<Json<RegisteredModelResponse>> {
    answer(app.catalog.describe_registered_model(&request.name, request.description).await?)
}

async fn rename(
    State(app): State<App>,
    Params(request): Params<RenameModel>,
) -> MlflowResult<Json<RegisteredModelResponse>> {
    answer(app.catalog.rename_registered_model(&request.name, &request.new_name).await?)
}

async fn delete_one(State(app): State<App>, Params(request): Params<OneModel>) -> MlflowResult<Json<Value>> {
    app.catalog.delete_registered_model(&request.name).await?;
    Ok(done())
}

async fn latest_versions(
    State(app): State<App>,
    Params(request): Params<LatestVersions>,
) -> MlflowResult<Json<ModelVersionsResponse>> {
    let mut versions = app.catalog.get_registered_model(&request.name).await?.latest_versions;
    versions.retain(|version| request.stages.is_empty() || request.stages.contains(&version.stage));
    let model_versions = versions.into_iter().map(ModelVersion::from).collect();
    Ok(Json(ModelVersionsResponse { model_versions, next_page_token: None }))
}

async fn set_tag(State(app): State<App>, Params(request): Params<SetModelTag>) -> MlflowResult<Json<Value>> {
    app.catalog.set_registered_model_tag(&request.name, &request.key, &request.value).await?;
    app.webhooks.wake();
    Ok(done())
}

async fn delete_tag(
    State(app): State<App>,
    Params(request): Params<DeleteModelTag>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_registered_model_tag(&request.name, &request.key).await?;
    app.webhooks.wake();
    Ok(done())
}

async fn get_alias(
    State(app): State<App>,
    Params(request): Params<OneAlias>,
) -> MlflowResult<Json<ModelVersionResponse>> {
    let version = app.catalog.get_model_version_by_alias(&request.name, &request.alias).await?;
    Ok(Json(ModelVersionResponse { model_version: version.into() }))
}

async fn set_alias(State(app): State<App>, Params(request): Params<SetAlias>) -> MlflowResult<Json<Value>> {
    app.catalog.set_model_alias(&request.of.name, &request.alias, request.of.version).await?;
    app.webhooks.wake();
    Ok(done())
}

async fn delete_alias(
    State(app): State<App>,
    Params(request): Params<OneAlias>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_model_alias(&request.name, &request.alias).await?;
    app.webhooks.wake();
    Ok(done())
}

fn answer(model: spanwise_model::RegisteredModel) -> MlflowResult<Json<RegisteredModelResponse>> {
    Ok(Json(RegisteredModelResponse { registered_model: model.into() }))
}
