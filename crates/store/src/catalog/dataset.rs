//! Evaluation datasets and their records.

use crate::StoreResult;
use async_trait::async_trait;
use serde_json::{Map, Value};
use spanwise_model::{Dataset, DatasetRecord, ExperimentId, RecordSource};
use spanwise_query::{EntityFilter, EntityOrderBy};
use std::collections::BTreeMap;

/// A store of evaluation datasets.
///
/// Each change of a dataset's records makes a new version of it, counted from 1; the records of every version stay.
#[async_trait]
pub trait DatasetStore: Send + Sync + 'static {
    /// Creates a dataset in experiments that must be there, and returns it.
    async fn create_dataset(&self, new: NewDataset) -> StoreResult<Dataset>;

    /// Returns one dataset.
    async fn get_dataset(&self, id: &str) -> StoreResult<Dataset>;

    /// Returns one page of the datasets that match.
    async fn find_datasets(&self, query: DatasetQuery) -> StoreResult<DatasetPage>;

    /// Deletes a dataset with all of its versions, also when there is none.
    async fn delete_dataset(&self, id: &str) -> StoreResult<()>;

    /// Sets tags (`Some`) and deletes others (`None`), also those that are not there.
    async fn set_dataset_tags(&self, id: &str, tags: BTreeMap<String, Option<String>>) -> StoreResult<()>;

    /// Adds a dataset to experiments that must be there, and takes it from others; returns it.
    async fn change_dataset_experiments(
        &self,
        id: &str,
        add: &[ExperimentId],
        remove: &[ExperimentId],
    ) -> StoreResult<Dataset>;

    /// Merges records into a dataset, all or none, and returns how many were new and how many there already.
    ///
    /// Records with the same inputs (whatever the order of keys) are the same: expectations and tags are merged by key,
    /// outputs replaced if there are new ones; id, source and creation stay.
    async fn merge_records(&self, id: &str, records: Vec<NewRecord>) -> StoreResult<(u64, u64)>;

    /// Returns records of a dataset in the order in which they came, after `after`, at most `limit`, at least 1, as they
    /// are in `version`, or now if it is `None`.
    async fn find_records(
        &self,
        id: &str,
        version: Option<i64>,
        limit: usize,
        after: Option<i64>,
    ) -> StoreResult<RecordPage>;

    /// Deletes those of these records that are there, and returns how many.
    async fn delete_records(&self, id: &str, records: &[String]) -> StoreResult<u64>;
}

/// A dataset to create.
#[derive(Debug, Clone)]
pub struct NewDataset {
    /// Its id.
    pub dataset_id: String,
    /// Its name.
    pub name: String,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
    /// The experiments that it shall belong to.
    pub experiments: Vec<ExperimentId>,
    /// Who makes it.
    pub created_by: Option<String>,
}

/// A record to merge into a dataset.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Its id if it is new.
    pub record_id: String,
    /// What the application is given.
    pub inputs: Map<String, Value>,
    /// What it answered; `None` leaves what is there.
    pub outputs: Option<Value>,
    /// What is expected of an answer.
    pub expectations: Map<String, Value>,
    /// Its tags.
    pub tags: Map<String, Value>,
    /// Where it came from.
    pub source: Option<RecordSource>,
    /// Who adds it.
    pub user: Option<String>,
}

/// A search of datasets.
#[derive(Debug, Clone)]
pub struct DatasetQuery {
    /// Only those of at least one of these; empty = all.
    pub experiments: Vec<ExperimentId>,
    /// `None` = all; of `query::entity::DATASET`.
    pub filter: Option<EntityFilter>,
    /// With what decides between equals already appended.
    pub order: Vec<EntityOrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of datasets.
#[derive(Debug, Clone)]
pub struct DatasetPage {
    /// The datasets.
    pub datasets: Vec<Dataset>,
    /// Whether more follow.
    pub has_more: bool,
}

/// One page of records.
#[derive(Debug, Clone)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<DatasetRecord>,
    /// Where the next page starts, if there is one.
    pub next: Option<i64>,
}

/// Adds the fields of a record to what a dataset's schema says: the type of each when it is first seen.
pub fn extend_schema(schema: Option<Value>, record: &NewRecord) -> Value {
    let mut schema = match schema {
        Some(Value::Object(schema)) => schema,
        _ => Map::from_iter([
            ("inputs".to_owned(), Value::Object(Map::new())),
            ("outputs".to_owned(), Value::Object(Map::new())),
            ("expectations".to_owned(), Value::Object(Map::new())),
            ("version".to_owned(), "1.0".into()),
        ]),
    };
    add_types(&mut schema, "inputs", &record.inputs);
    add_types(&mut schema, "expectations", &record.expectations);
    match &record.outputs {
        None | Some(Value::Null) => {}
        Some(Value::Object(outputs)) => add_types(&mut schema, "outputs", outputs),
        Some(other) => {
            if schema.get("outputs").and_then(Value::as_object).is_some_and(Map::is_empty) {
                schema.insert("outputs".to_owned(), type_name(other).into());
            }
        }
    }
    Value::Object(schema)
}

fn add_types(schema: &mut Map<String, Value>, part: &str, fields: &Map<String, Value>) {
    let Some(types) = schema.get_mut(part).and_then(Value::as_object_mut) else { return };
    for (key, value) in fields {
        if !types.contains_key(key) {
            types.insert(key.clone(), type_name(value).into());
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Writes inputs so that those with the same keys and values are the same text, whatever their order.
pub fn canonical_inputs(inputs: &Map<String, Value>) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut entries: Vec<(&String, &Value)> = object.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| key.as_str());
                entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
            }
            Value::Array(items) => items.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    sorted(&Value::Object(inputs.clone())).to_string()
}
