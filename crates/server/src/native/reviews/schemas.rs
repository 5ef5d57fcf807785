//! Label schemas: the questions that reviewers answer.

use super::read;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::body::JsonBody;
use crate::native::parameter::{NoParameters, Parameters};
use crate::native::path::Path;
use crate::native::selection::experiment;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::mlflow::label_schema::{CreateLabelSchema, UpdateLabelSchema};
use spanwise_api_types::native::{
    self, AssessmentKindName, LabelSchema, LabelSchemaChange, LabelSchemaList, NewLabelSchema,
};
use spanwise_model::{ExperimentId, LabelSchemaId, LabelSchemaType};
use spanwise_store::catalog::LabelSchemaPage;

/// Questions in one answer.
const LISTED_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(list_questions, create_question))
        .routes(routes!(change_question, delete_question))
}

/// Lists questions to reviewers
///
/// Those of one experiment, the oldest first, at most 1,000. Every experiment has one.
#[utoipa::path(
    get,
    path = "/label-schemas",
    tag = "reviews",
    params(("experiment" = String, Query, description = "Name or id of the experiment")),
    responses((status = 200, body = LabelSchemaList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list_questions(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Json<LabelSchemaList>, Problem> {
    let wanted = parameters.one("experiment")?;
    parameters.finish()?;
    let wanted = wanted.ok_or_else(|| Problem::invalid("parameter `experiment` is missing"))?;
    let page = of_experiment(&app, experiment(&app, &wanted).await?).await?;
    let schemas = page.schemas.into_iter().rev().map(Into::into).collect();
    Ok(Json(LabelSchemaList { schemas, complete: !page.has_more }))
}

/// Creates a question to reviewers
#[utoipa::path(
    post,
    path = "/label-schemas",
    tag = "reviews",
    request_body = NewLabelSchema,
    responses((status = 201, body = LabelSchema), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn create_question(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(request): JsonBody<NewLabelSchema>,
) -> Result<(StatusCode, Json<LabelSchema>), Problem> {
    let schema_type = match request.kind {
        AssessmentKindName::Feedback => LabelSchemaType::Feedback,
        AssessmentKindName::Expectation => LabelSchemaType::Expectation,
        AssessmentKindName::Issue => {
            return Err(Problem::invalid("`kind` is `issue`; expected `feedback` or `expectation`"));
        }
    };
    let experiment = experiment(&app, &request.experiment).await?;
    let fields = request.mlflow_fields(&experiment.to_string(), schema_type.name());
    let new: CreateLabelSchema = read(&fields)?;
    let created = app
        .catalog
        .create_label_schema(spanwise_store::catalog::NewLabelSchema {
            schema_id: fresh_id(),
            experiment_id: new.experiment_id,
            name: new.name,
            schema_type: new.schema_type,
            instruction: new.instruction,
            enable_comment: new.enable_comment,
            input: new.input,
        })
        .await?;
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Changes a question to reviewers
#[utoipa::path(
    patch,
    path = "/label-schemas/{schema_id}",
    tag = "reviews",
    params(("schema_id" = String, Path, description = "The question")),
    request_body = LabelSchemaChange,
    responses((status = 200, body = LabelSchema), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 409, body = native::Problem)),
)]
async fn change_question(
    State(app): State<App>,
    Path(schema_id): Path<String>,
    _: NoParameters,
    JsonBody(request): JsonBody<LabelSchemaChange>,
) -> Result<Json<LabelSchema>, Problem> {
    let UpdateLabelSchema { schema_id, name, instruction, enable_comment, input } =
        read(&request.mlflow_fields(&schema_id))?;
    let change = spanwise_store::catalog::LabelSchemaChange { name, instruction, enable_comment, input };
    Ok(Json(app.catalog.update_label_schema(&schema_id, change).await?.into()))
}

/// Deletes a question to reviewers
///
/// The answers to it stay.
#[utoipa::path(
    delete,
    path = "/label-schemas/{schema_id}",
    tag = "reviews",
    params(("schema_id" = String, Path, description = "The question")),
    responses((status = 204), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn delete_question(
    State(app): State<App>,
    Path(schema_id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    let id = LabelSchemaId(schema_id);
    // The store takes the deletion of what is not there for done; whoever names it wants to know.
    app.catalog.get_label_schema(&id).await?;
    app.catalog.delete_label_schema(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the questions of an experiment, the newest first.
pub(super) async fn of_experiment(app: &App, experiment: ExperimentId) -> Result<LabelSchemaPage, Problem> {
    Ok(app.catalog.find_label_schemas(experiment, fresh_id(), LISTED_MAX, 0).await?)
}

fn fresh_id() -> LabelSchemaId {
    LabelSchemaId(format!("ls-{}", uuid::Uuid::new_v4().simple()))
}
