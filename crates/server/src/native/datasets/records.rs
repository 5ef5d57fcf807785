//! The records of a dataset: listed, read, added, edited, deleted.

use super::super::body::JsonBody;
use super::super::parameter::{NoParameters, Parameters};
use super::super::path::Path;
use super::{new_record_id, place_of, version_of};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};
use spanwise_api_types::native::{
    self, DatasetChangeResult, DatasetRecordDetail, DatasetRecordEdit, DatasetRecordList,
    DatasetRecordRemoval, NewDatasetRecords, StaleDatasetRecord,
};
use spanwise_model::{DatasetRecord, ErrorKind};
use spanwise_store::catalog::{Merged, NewRecord, RecordContent, RecordQuery};

/// Records of a page.
const PAGE_MAX: usize = 1_000;
const PAGE_DEFAULT: usize = 200;
/// Records that one request may add or delete; an import takes any number.
const RECORDS_MAX: usize = 10_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new()
        .routes(routes!(list_records, add_records))
        .routes(routes!(get_record, edit_record))
        .routes(routes!(delete_records))
}

/// Lists the records of a dataset
///
/// Short texts of each; the whole record has a route of its own, and an export has all of them whole.
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}/records",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("version" = Option<i64>, Query, description = "As they were in this version; now if absent"),
        ("text" = Option<String>, Query, description = "Only those with this text in inputs, outputs, expectations or tags"),
        ("limit" = Option<usize>, Query, description = "Records on the page, 1 to 1000; 200 if absent"),
        ("page_token" = Option<String>, Query, description = "`next_page_token` of the page before"),
    ),
    responses((status = 200, body = DatasetRecordList), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn list_records(
    State(app): State<App>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Json<DatasetRecordList>, Problem> {
    let query = RecordQuery {
        version: version_of(&app, &id, &mut parameters, "version").await?,
        text: parameters.one("text")?,
        limit: parameters.number("limit", 1..=PAGE_MAX, PAGE_DEFAULT)?,
        after: place_of(&mut parameters)?,
    };
    parameters.finish()?;
    let page = app.catalog.search_records(&id, query).await?;
    let next_page_token = page.next.map(|place| place.to_string());
    Ok(Json(DatasetRecordList {
        records: page.records.into_iter().map(Into::into).collect(),
        next_page_token,
    }))
}

/// Returns a record
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}/records/{record_id}",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("record_id" = String, Path, description = "The record"),
        ("version" = Option<i64>, Query, description = "As it was in this version of the dataset; now if absent"),
    ),
    responses((status = 200, body = DatasetRecordDetail), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn get_record(
    State(app): State<App>,
    Path((id, record)): Path<(String, String)>,
    mut parameters: Parameters,
) -> Result<Json<DatasetRecordDetail>, Problem> {
    let version = version_of(&app, &id, &mut parameters, "version").await?;
    parameters.finish()?;
    Ok(Json(app.catalog.get_record(&id, &record, version).await?.into()))
}

/// Adds records
///
/// A record whose inputs one has already is merged into it: expectations and tags by key, outputs if there are any.
#[utoipa::path(
    post,
    path = "/datasets/{dataset_id}/records",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "The dataset")),
    request_body = NewDatasetRecords,
    responses((status = 200, body = DatasetChangeResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn add_records(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(new): JsonBody<NewDatasetRecords>,
) -> Result<Json<DatasetChangeResult>, Problem> {
    check_count("records", new.records.len())?;
    let mut records = Vec::with_capacity(new.records.len());
    for (index, record) in new.records.into_iter().enumerate() {
        check_inputs(&format!("record {}", index + 1), &record.inputs)?;
        records.push(NewRecord {
            record_id: new_record_id(),
            inputs: record.inputs,
            outputs: given(record.outputs),
            expectations: record.expectations,
            tags: record.tags,
            source: None,
            user: new.user.clone(),
        });
    }
    app.redact_records(&id, &mut records).await?;
    Ok(Json(result_of(app.catalog.continue_merge(&id, records, None).await?)))
}

/// Edits a record
///
/// Replaces all of it. If it was changed since the version that was read, nothing is done, and the answer holds what it is
/// now. Another record with the same inputs is a conflict too.
#[utoipa::path(
    put,
    path = "/datasets/{dataset_id}/records/{record_id}",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("record_id" = String, Path, description = "The record"),
    ),
    request_body = DatasetRecordEdit,
    responses(
        (status = 200, body = DatasetRecordDetail),
        (status = 400, body = native::Problem),
        (status = 404, body = native::Problem),
        (status = 409, body = StaleDatasetRecord, content_type = "application/problem+json"),
    ),
)]
async fn edit_record(
    State(app): State<App>,
    Path((id, record)): Path<(String, String)>,
    _: NoParameters,
    JsonBody(edit): JsonBody<DatasetRecordEdit>,
) -> Result<Response, Problem> {
    check_inputs("the record", &edit.inputs)?;
    let mut content = RecordContent {
        inputs: edit.inputs,
        outputs: given(edit.outputs),
        expectations: edit.expectations,
        tags: edit.tags,
        user: edit.user,
    };
    app.redact_records(&id, [&mut content]).await?;
    match app.catalog.replace_record(&id, &record, edit.version, content).await {
        Ok(record) => Ok(Json(DatasetRecordDetail::from(record)).into_response()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let detail = error.message().to_owned();
            stale(&app, &id, &record, edit.version, detail).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Says what the record is now and what of it is another than it was.
async fn stale(app: &App, id: &str, record: &str, read: i64, detail: String) -> Result<Response, Problem> {
    let current = app.catalog.get_record(id, record, None).await?;
    let changed = match app.catalog.get_record(id, record, Some(read)).await {
        Ok(was) => changed_parts(&was, &current),
        // A version that never was: nothing is known of what was read.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let status = StatusCode::CONFLICT;
    let body = StaleDatasetRecord {
        r#type: "about:blank".to_owned(),
        title: status.canonical_reason().unwrap_or_default().to_owned(),
        status: status.as_u16(),
        detail,
        changed,
        current: current.into(),
    };
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Ok(response)
}

fn changed_parts(was: &DatasetRecord, now: &DatasetRecord) -> Vec<String> {
    let parts = [
        ("inputs", was.inputs != now.inputs),
        ("outputs", was.outputs != now.outputs),
        ("expectations", was.expectations != now.expectations),
        ("tags", was.tags != now.tags),
    ];
    parts.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name.to_owned()).collect()
}

/// Deletes records
///
/// Older versions of the dataset keep them.
#[utoipa::path(
    post,
    path = "/datasets/{dataset_id}/records/delete",
    tag = "datasets",
    params(("dataset_id" = String, Path, description = "The dataset")),
    request_body = DatasetRecordRemoval,
    responses((status = 200, body = DatasetChangeResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn delete_records(
    State(app): State<App>,
    Path(id): Path<String>,
    _: NoParameters,
    JsonBody(removal): JsonBody<DatasetRecordRemoval>,
) -> Result<Json<DatasetChangeResult>, Problem> {
    check_count("record_ids", removal.record_ids.len())?;
    let removed = app.catalog.delete_records(&id, &removal.record_ids, removal.user.as_deref()).await?;
    let version = app.catalog.get_dataset(&id).await?.version;
    Ok(Json(DatasetChangeResult { version, removed, ..DatasetChangeResult::default() }))
}

fn check_count(name: &str, count: usize) -> Result<(), Problem> {
    if count > RECORDS_MAX {
        return Err(Problem::invalid(format!("`{name}` has {count} entries; the limit is {RECORDS_MAX}")));
    }
    Ok(())
}

fn check_inputs(what: &str, inputs: &Map<String, Value>) -> Result<(), Problem> {
    if inputs.is_empty() {
        return Err(Problem::invalid(format!(
            "`inputs` of {what} is empty; expected an object with what the application is given"
        )));
    }
    Ok(())
}

/// Returns outputs; null says that there are none.
pub(super) fn given(outputs: Value) -> Option<Value> {
    Some(outputs).filter(|outputs| !outputs.is_null())
}

/// Returns what a merge did as it is answered.
pub(super) fn result_of(merged: Merged) -> DatasetChangeResult {
    DatasetChangeResult {
        version: merged.version,
        added: merged.added,
        changed: merged.changed,
        unchanged: merged.unchanged,
        removed: 0,
    }
}
