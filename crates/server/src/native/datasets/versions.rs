//! The versions of a dataset, and how two of them differ.

use super::super::parameter::Parameters;
use super::super::path::Path;
use super::{place_of, version_of};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, DatasetDifference, DatasetDifferences, DatasetVersionList};
use spanwise_store::catalog::VersionPair;

/// Versions of a page.
const VERSIONS_MAX: usize = 1_000;
const VERSIONS_DEFAULT: usize = 100;
/// Differing records of a page.
const RECORDS_MAX: usize = 500;
const RECORDS_DEFAULT: usize = 100;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(list_versions)).routes(routes!(diff))
}

/// Lists the versions of a dataset
///
/// The newest first: when, by whom, and how many records were added, changed and removed.
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}/versions",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("limit" = Option<usize>, Query, description = "Versions on the page, 1 to 1000; 100 if absent"),
        ("before" = Option<i64>, Query, description = "Only those before this one"),
    ),
    responses((status = 200, body = DatasetVersionList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list_versions(
    State(app): State<App>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<DatasetVersionList>, Problem> {
    let limit = parameters.number("limit", 1..=VERSIONS_MAX, VERSIONS_DEFAULT)?;
    let before = version_of(&app, &id, &mut parameters, "before").await?;
    parameters.finish()?;
    let mut changes = app.catalog.find_changes(&id, limit + 1, before).await?;
    let has_more = changes.len() > limit;
    changes.truncate(limit);
    Ok(Json(DatasetVersionList { versions: changes.into_iter().map(Into::into).collect(), has_more }))
}

/// Compares two versions of a dataset
///
/// All records of which the two have different contents. A record that came and went in between is none of them.
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}/diff",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("from" = i64, Query, description = "The version to compare with; 0 is empty"),
        ("to" = Option<i64>, Query, description = "The version to compare; the newest if absent"),
        ("limit" = Option<usize>, Query, description = "Records on the page, 1 to 500; 100 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = DatasetDifferences), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn diff(
    State(app): State<App>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<DatasetDifferences>, Problem> {
    let from = version_of(&app, &id, &mut parameters, "from").await?;
    let to = version_of(&app, &id, &mut parameters, "to").await?;
    let limit = parameters.number("limit", 1..=RECORDS_MAX, RECORDS_DEFAULT)?;
    let after = place_of(&mut parameters)?;
    parameters.finish()?;
    let from = from.ok_or_else(|| Problem::invalid("parameter `from` is missing; expected a version"))?;
    let to = match to {
        Some(to) => to,
        None => app.catalog.get_dataset(&id).await?.version,
    };
    let found = app.catalog.compare_versions(&id, VersionPair { from, to, limit, after }).await?;
    let records = found.records.into_iter().map(|(before, after)| DatasetDifference {
        before: before.map(Into::into),
        after: after.map(Into::into),
    });
    Ok(Json(DatasetDifferences {
        from,
        to,
        added: found.added,
        changed: found.changed,
        removed: found.removed,
        records: records.collect(),
        next_page_token: found.next.map(|place| place.to_string()),
    }))
}
