//! `label-schemas/*`.

use super::extract::Params;
use super::page::{offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::State;
use axum::routing::{delete as delete_route, get, patch, post};
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::label_schema::{
    CreateLabelSchema, GetLabelSchemaByName, LabelSchema, LabelSchemaResponse, LabelSchemasResponse,
    ListLabelSchemas, OneLabelSchema, UpdateLabelSchema,
};
use spanwise_model::LabelSchemaId;
use spanwise_store::catalog::{LabelSchemaChange, NewLabelSchema};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/label-schemas/create", post(create))
        .route("/label-schemas/get", get(get_one))
        .route("/label-schemas/get-by-name", get(get_by_name))
        .route("/label-schemas/list", get(list))
        .route("/label-schemas/update", patch(update))
        .route("/label-schemas/delete", delete_route(delete))
}

fn fresh_id() -> LabelSchemaId {
    LabelSchemaId(format!("ls-{}", uuid::Uuid::new_v4().simple()))
}

fn answer(schema: spanwise_model::LabelSchema) -> Json<LabelSchemaResponse> {
    Json(LabelSchemaResponse { label_schema: schema.into() })
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateLabelSchema>,
) -> MlflowResult<Json<LabelSchemaResponse>> {
    let CreateLabelSchema { experiment_id, name, schema_type, instruction, enable_comment, input } = request;
    let schema_id = fresh_id();
    let new =
        NewLabelSchema { schema_id, experiment_id, name, schema_type, instruction, enable_comment, input };
    Ok(answer(app.catalog.create_label_schema(new).await?))
}

async fn get_one(
    State(app): State<App>,
    Params(request): Params<OneLabelSchema>,
) -> MlflowResult<Json<LabelSchemaResponse>> {
    Ok(answer(app.catalog.get_label_schema(&request.schema_id).await?))
}

async fn get_by_name(
    State(app): State<App>,
    Params(request): Params<GetLabelSchemaByName>,
) -> MlflowResult<Json<LabelSchemaResponse>> {
    Ok(answer(app.catalog.get_label_schema_by_name(request.experiment_id, &request.name).await?))
}

async fn list(
    State(app): State<App>,
    Params(request): Params<ListLabelSchemas>,
) -> MlflowResult<Json<LabelSchemasResponse>> {
    let offset = offset_of(&request.page_token)?;
    let (experiment, limit) = (request.experiment_id, request.max_results);
    let page = app.catalog.find_label_schemas(experiment, fresh_id(), limit, offset).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.schemas.len()));
    let label_schemas = page.schemas.into_iter().map(LabelSchema::from).collect();
    Ok(Json(LabelSchemasResponse { label_schemas, next_page_token }))
}

async fn update(
    State(app): State<App>,
    Params(request): Params<UpdateLabelSchema>,
) -> MlflowResult<Json<LabelSchemaResponse>> {
    let UpdateLabelSchema { schema_id, name, instruction, enable_comment, input } = request;
    let change = LabelSchemaChange { name, instruction, enable_comment, input };
    Ok(answer(app.catalog.update_label_schema(&schema_id, change).await?))
}

async fn delete(
    State(app): State<App>,
    Params(request): Params<OneLabelSchema>,
) -> MlflowResult<Json<Value>> {
    app.catalog.delete_label_schema(&request.schema_id).await?;
    Ok(done())
}
