//! Prompts, to be read; they are written through MLflow's API.

use super::parameter::{NoParameters, Parameters};
use super::path::Path;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, PromptDetail, PromptList, PromptVersion};
use spanwise_model::ErrorKind;
use spanwise_model::registry::{PROMPT_TAG, is_prompt};
use spanwise_query::entity::REGISTERED_MODEL;
use spanwise_query::expr::Expr;
use spanwise_query::{
    EntityField, EntityFilter, EntityOrderBy, EntityPredicate, EntityTest, LikePattern, TextTest, clause,
};
use spanwise_store::catalog::{RegistryQuery, refusal};

/// Prompts, or versions of one, in one answer.
const LISTED_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list)).routes(routes!(get_one)).routes(routes!(get_version))
}

/// Lists prompts
///
/// By name, at most 1,000.
#[utoipa::path(
    get,
    path = "/prompts",
    tag = "prompts",
    params(("name" = Option<String>, Query, description = "A part of the name, in any case")),
    responses((status = 200, body = PromptList), (status = 400, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<PromptList>, Problem> {
    let name = parameters.one("name")?;
    parameters.finish()?;
    let tag = EntityField::Key { map: "tag", key: PROMPT_TAG.to_owned() };
    let mut conditions = vec![condition(tag, TextTest::Eq("true".to_owned()))];
    if let Some(part) = name {
        let pattern = LikePattern::new(&format!("%{}%", part.replace('%', "_")), true);
        conditions.push(condition(EntityField::Attribute("name"), TextTest::Like(pattern)));
    }
    let order = REGISTERED_MODEL.default_order();
    let page = app.catalog.find_registered_models(query(Expr::and(conditions), order)).await?;
    let prompts = page.models.into_iter().map(Into::into).collect();
    Ok(Json(PromptList { prompts, complete: !page.has_more }))
}

/// Returns a prompt with its versions
///
/// The newest first, at most 1,000.
#[utoipa::path(
    get,
    path = "/prompts/{name}",
    tag = "prompts",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, body = PromptDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(name): Path<String>,
    _: NoParameters,
) -> Result<Json<PromptDetail>, Problem> {
    let model = app.catalog.get_registered_model(&name).await?;
    if !is_prompt(&model.tags) {
        return Err(refusal::no_registered_model(&name).into());
    }
    let of_name = condition(EntityField::Attribute("name"), TextTest::Eq(name));
    let by_number = EntityOrderBy { field: EntityField::Attribute("version_number"), descending: true };
    let page = app.catalog.find_model_versions(query(of_name, vec![by_number])).await?;
    Ok(Json(PromptDetail {
        prompt: model.into(),
        versions: page.versions.into_iter().map(Into::into).collect(),
        complete: !page.has_more,
    }))
}

/// Returns a version of a prompt with its text
#[utoipa::path(
    get,
    path = "/prompts/{name}/versions/{version}",
    tag = "prompts",
    params(
        ("name" = String, Path, description = "The prompt's name"),
        ("version" = String, Path, description = "Its number, or an alias; `latest` is the largest number"),
    ),
    responses((status = 200, body = PromptVersion), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_version(
    State(app): State<App>,
    Path((name, version)): Path<(String, String)>,
    _: NoParameters,
) -> Result<Json<PromptVersion>, Problem> {
    let found = match version.parse::<i64>() {
        Ok(number) => app.catalog.get_model_version(&name, number).await,
        Err(_) => app.catalog.get_model_version_by_alias(&name, &version).await,
    };
    let found = found.map_err(|error| match error.kind() {
        // An alias that is not there is a wrong parameter to MLflow, and a wrong address here.
        ErrorKind::InvalidArgument => Problem::new(http::StatusCode::NOT_FOUND, error.message()),
        _ => error.into(),
    })?;
    let trace_filter = clause("prompt", &format!("{}/{}", found.name, found.version));
    Ok(Json(PromptVersion::new(found, trace_filter)))
}

fn condition(field: EntityField, test: TextTest) -> EntityFilter {
    Expr::Is(EntityPredicate { field, test: EntityTest::Text(test) })
}

fn query(filter: EntityFilter, order: Vec<EntityOrderBy>) -> RegistryQuery {
    RegistryQuery { filter, order, limit: LISTED_MAX, offset: 0 }
}
