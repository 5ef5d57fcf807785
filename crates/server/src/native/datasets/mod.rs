//! Evaluation datasets: `/api/v1/datasets…`. Their records, versions, and what fills them are a file each.

mod candidate;
mod export;
mod field;
mod from_traces;
mod import;
mod records;
mod row;
mod target;
mod used;
mod versions;

pub(super) use used::resolve_datasets;

use super::body::JsonBody;
use super::bulk::check_tag;
use super::experiments::check_name;
use super::parameter::{NoParameters, Parameters};
use super::path::Path;
use super::selection::{experiment, experiments};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use spanwise_api_types::native::{self, DatasetDetail, DatasetList, DatasetUpdate};
use spanwise_model::ExperimentId;
use spanwise_query::entity::DATASET;
use spanwise_query::expr::Expr;
use spanwise_query::{EntityField, EntityPredicate, EntityTest, LikePattern, TextTest};
use spanwise_store::catalog::{DatasetQuery, NewDataset};
use std::collections::BTreeMap;

/// Datasets in one answer.
const LISTED_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get_one, update, delete))
        .merge(records::routes())
        .merge(versions::routes())
        .merge(export::routes())
        .merge(import::routes())
        .merge(from_traces::routes())
}

/// Lists datasets
///
/// The newest first, at most 1,000.
#[utoipa::path(
    get,
    path = "/datasets",
    tag = "datasets",
    params(
        ("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment that they belong to; may be repeated. None: all"),
        ("name" = Option<String>, Query, description = "A part of the name, in any case"),
    ),
    responses((status = 200, body = DatasetList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list(State(app): State<App>, mut parameters: Parameters) -> Result<Json<DatasetList>, Problem> {
    let wanted = parameters.all("experiment");
    let name = parameters.one("name")?;
    parameters.finish()?;
    let filter = name.map(|part| {
        let pattern = LikePattern::new(&format!("%{}%", part.replace('%', "_")), true);
        let test = EntityTest::Text(TextTest::Like(pattern));
        Expr::Is(EntityPredicate { field: EntityField::Attribute("name"), test })
    });
    // A dataset may belong to no experiment at all.
    let experiments = if wanted.is_empty() { Vec::new() } else { experiments(&app, &wanted).await? };
    let query =
        DatasetQuery { experiments, filter, order: DATASET.default_order(), limit: LISTED_MAX, offset: 0 };
    let page = app.catalog.find_datasets(query).await?;
    let datasets = page.datasets.into_iter().map(Into::into).collect();
    Ok(Json(DatasetList { datasets, complete: !page.has_more }))
}

/// Creates a dataset
#[utoipa::path(
    post,
    path = "/datasets",
    tag = "datasets",
    request_body = native::NewDataset,
    responses((status = 201, body = DatasetDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn create(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(new): JsonBody<native::NewDataset>,
) -> Result<(StatusCode, Json<DatasetDetail>), Problem> {
    check_name(&new.name)?;
    for (key, value) in &new.tags {
        check_tag(key, value)?;
    }
    let new = NewDataset {
        dataset_id: format!("d-{}", uuid::Uuid::new_v4().simple()),
        name: new.name,
        tags: new.tags,
        experiments: ids_of(&app, &new.experiments).await?,
        created_by: new.user,
    };
    let made = app.catalog.create_dataset(new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Returns a dataset
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "Its id")),
    responses((status = 200, body = DatasetDetail), (status = 404, body = native::Problem)),
)]
async fn get_one(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<Json<DatasetDetail>, Problem> {
    Ok(Json(app.catalog.get_dataset(&id).await?.into()))
}

/// Renames a dataset, and changes its experiments and tags
///
/// What is left out stays.
#[utoipa::path(
    patch,
    path = "/datasets/{dataset_id}",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "Its id")),
    request_body = DatasetUpdate,
    responses((status = 200, body = DatasetDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(update): JsonBody<DatasetUpdate>,
) -> Result<Json<DatasetDetail>, Problem> {
    if let Some(name) = &update.name {
        check_name(name)?;
    }
    for (key, value) in &update.set_tags {
        check_tag(key, value)?;
    }
    // All that may be refused is asked before anything is changed.
    let add = ids_of(&app, &update.add_experiments).await?;
    let remove = ids_of(&app, &update.remove_experiments).await?;
    if let Some(name) = &update.name {
        app.catalog.rename_dataset(&id, name, update.user.as_deref()).await?;
    }
    if !add.is_empty() || !remove.is_empty() {
        app.catalog.change_dataset_experiments(&id, &add, &remove).await?;
    }
    let set = update.set_tags.into_iter().map(|(key, value)| (key, Some(value)));
    let tags: BTreeMap<String, Option<String>> =
        update.remove_tags.into_iter().map(|key| (key, None)).chain(set).collect();
    if !tags.is_empty() {
        app.catalog.set_dataset_tags(&id, tags).await?;
    }
    Ok(Json(app.catalog.get_dataset(&id).await?.into()))
}

/// Deletes a dataset with all of its versions
#[utoipa::path(
    delete,
    path = "/datasets/{dataset_id}",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "Its id")),
    responses((status = 204), (status = 404, body = native::Problem)),
)]
async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
) -> Result<StatusCode, Problem> {
    app.catalog.get_dataset(&id).await?;
    app.catalog.delete_dataset(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn ids_of(app: &App, wanted: &[String]) -> Result<Vec<ExperimentId>, Problem> {
    let mut ids = Vec::with_capacity(wanted.len());
    for text in wanted {
        ids.push(experiment(app, text).await?);
    }
    Ok(ids)
}

/// Takes the number of a version that must be one the dataset has had.
async fn version_of(
    app: &App,
    id: &str,
    parameters: &mut Parameters,
    name: &'static str,
) -> Result<Option<i64>, Problem> {
    let Some(text) = parameters.one(name)? else { return Ok(None) };
    let newest = app.catalog.get_dataset(id).await?.version;
    match text.parse::<i64>() {
        Ok(version) if (0..=newest).contains(&version) => Ok(Some(version)),
        _ => Err(Problem::invalid(format!(
            "parameter `{name}` is `{text}`; the dataset has the versions 0 to {newest}"
        ))),
    }
}

/// Returns a new record's id.
fn new_record_id() -> String {
    format!("dr-{}", uuid::Uuid::new_v4().simple())
}

/// Reads a page token, the place of the last record.
fn place_of(parameters: &mut Parameters) -> Result<Option<i64>, Problem> {
    let Some(token) = parameters.one("page_token")? else { return Ok(None) };
    let place = token.parse().map_err(|_| {
        Problem::invalid(format!("parameter `page_token` is `{token}`; expected a `next_page_token`"))
    })?;
    Ok(Some(place))
}
