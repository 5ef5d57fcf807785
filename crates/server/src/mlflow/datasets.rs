//! `datasets/*`: evaluation datasets and their records.

use super::extract::Params;
use super::lookup::{OrMissing, missing};
use super::page::{decode, not_a_token, offset_of, offset_token};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, State};
use axum::routing::{delete, get, patch, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use spanwise_api_types::mlflow::dataset::{
    ChangeExperiments, CreateDataset, Dataset, DatasetResponse, DatasetsResponse, DeleteRecords, GetRecords,
    MergeRecords, RecordToMerge, RecordsResponse, SearchDatasets, SetDatasetTags, record_json,
};
use spanwise_model::ErrorKind;
use spanwise_query::entity::DATASET;
use spanwise_query::{parse_entity_filter, parse_entity_order};
use spanwise_store::catalog::{DatasetQuery, NewDataset, NewRecord};
use std::collections::BTreeMap;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/datasets/create", post(create))
        .route("/datasets/search", get(search).post(search))
        .route("/datasets/{dataset_id}", get(get_one).delete(delete_one))
        .route("/datasets/{dataset_id}/tags", patch(set_tags))
        .route("/datasets/{dataset_id}/tags/{key}", delete(delete_tag))
        .route("/datasets/{dataset_id}/records", get(records).post(merge).delete(delete_records))
        .route("/datasets/{dataset_id}/experiment-ids", get(experiments))
        .route("/datasets/{dataset_id}/add-experiments", post(add_experiments))
        .route("/datasets/{dataset_id}/remove-experiments", post(remove_experiments))
}

async fn create(
    State(app): State<App>,
    Params(request): Params<CreateDataset>,
) -> MlflowResult<Json<DatasetResponse>> {
    let new = NewDataset {
        dataset_id: format!("d-{}", uuid::Uuid::new_v4().simple()),
        name: request.name,
        tags: request.tags,
        experiments: request.experiments,
        created_by: request.user,
    };
    let made = app.catalog.create_dataset(new).await?;
    let experiment_ids = made.experiments.iter().map(ToString::to_string).collect();
    let mut dataset = Dataset::from(made);
    dataset.experiment_ids = experiment_ids;
    Ok(Json(DatasetResponse { dataset }))
}

async fn get_one(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<DatasetResponse>> {
    let dataset = app.catalog.get_dataset(&id).await?;
    Ok(Json(DatasetResponse { dataset: dataset.into() }))
}

async fn delete_one(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<Value>> {
    app.catalog.delete_dataset(&id).await?;
    Ok(done())
}

async fn search(
    State(app): State<App>,
    Params(request): Params<SearchDatasets>,
) -> MlflowResult<Json<DatasetsResponse>> {
    let offset = offset_of(&request.page_token)?;
    let query = DatasetQuery {
        experiments: request.experiments,
        filter: Some(parse_entity_filter(&DATASET, &request.filter)?),
        order: parse_entity_order(&DATASET, &request.order_by)?,
        limit: request.max_results,
        offset,
    };
    let page = app.catalog.find_datasets(query).await?;
    let next_page_token = page.has_more.then(|| offset_token(offset + page.datasets.len()));
    Ok(Json(DatasetsResponse {
        datasets: page.datasets.into_iter().map(Dataset::from).collect(),
        next_page_token,
    }))
}

async fn set_tags(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<SetDatasetTags>,
) -> MlflowResult<Json<Value>> {
    let set = app.catalog.set_dataset_tags(&id, request.tags).await;
    set.or_missing(|| missing(format!("Could not find evaluation dataset with ID {id}")))?;
    Ok(done())
}

async fn delete_tag(
    State(app): State<App>,
    Path((id, key)): Path<(String, String)>,
) -> MlflowResult<Json<Value>> {
    match app.catalog.set_dataset_tags(&id, BTreeMap::from([(key, None)])).await {
        // As upstream, what is not there is as good as deleted.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(done()),
        deleted => Ok(deleted.map(|()| done())?),
    }
}

async fn records(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<GetRecords>,
) -> MlflowResult<Json<RecordsResponse>> {
    let after = position_of(&request.page_token)?;
    let page = app.catalog.find_records(&id, None, request.max_results, after).await?;
    let records: Vec<Value> = page.records.into_iter().map(|record| record_json(&id, record)).collect();
    Ok(Json(RecordsResponse {
        records: Value::Array(records).to_string(),
        next_page_token: page.next.map(|position| STANDARD.encode(position.to_string())),
    }))
}

fn position_of(token: &str) -> MlflowResult<Option<i64>> {
    if token.is_empty() {
        return Ok(None);
    }
    let bytes = decode(token)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| not_a_token(&bytes))
}

async fn merge(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<MergeRecords>,
) -> MlflowResult<Json<Value>> {
    let mut records: Vec<NewRecord> = request.records.into_iter().map(new_record).collect();
    app.redact_records(&id, &mut records).await?;
    let (inserted, updated) = app.catalog.merge_records(&id, records).await?;
    Ok(Json(json!({"inserted_count": inserted, "updated_count": updated})))
}

fn new_record(record: RecordToMerge) -> NewRecord {
    let RecordToMerge { inputs, outputs, expectations, tags, source, user } = record;
    let record_id = format!("dr-{}", uuid::Uuid::new_v4().simple());
    NewRecord { record_id, inputs, outputs, expectations, tags, source, user }
}

async fn delete_records(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<DeleteRecords>,
) -> MlflowResult<Json<Value>> {
    let deleted = app.catalog.delete_records(&id, &request.records, None).await?;
    Ok(Json(json!({"deleted_count": deleted})))
}

async fn experiments(State(app): State<App>, Path(id): Path<String>) -> MlflowResult<Json<Value>> {
    match app.catalog.get_dataset(&id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(done()),
        dataset => {
            let ids: Vec<String> = dataset?.experiments.iter().map(ToString::to_string).collect();
            Ok(Json(json!({"experiment_ids": ids})))
        }
    }
}

async fn add_experiments(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<ChangeExperiments>,
) -> MlflowResult<Json<DatasetResponse>> {
    let dataset = app.catalog.change_dataset_experiments(&id, &request.experiments, &[]).await?;
    Ok(Json(DatasetResponse { dataset: dataset.into() }))
}

async fn remove_experiments(
    State(app): State<App>,
    Path(id): Path<String>,
    Params(request): Params<ChangeExperiments>,
) -> MlflowResult<Json<DatasetResponse>> {
    let dataset = app.catalog.change_dataset_experiments(&id, &[], &request.experiments).await?;
    Ok(Json(DatasetResponse { dataset: dataset.into() }))
}
