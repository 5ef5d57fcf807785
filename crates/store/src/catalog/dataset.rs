//! Evaluation datasets and their records.

use crate::StoreResult;
use async_trait::async_trait;
use serde_json::{Map, Value};
use spanwise_model::{Dataset, DatasetChange, DatasetRecord, ExperimentId, RecordSource};
use spanwise_query::{EntityFilter, EntityOrderBy};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

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

    /// Gives a dataset another name, and returns it.
    async fn rename_dataset(&self, id: &str, name: &str, user: Option<&str>) -> StoreResult<Dataset>;

    /// Keeps how records are made of traces, for the next time.
    async fn remember_mapping(&self, id: &str, mapping: Value) -> StoreResult<()>;

    /// Merges records into a dataset, all or none, and returns how many were new and how many there already.
    ///
    /// Records with the same inputs (whatever the order of keys) are the same: expectations and tags are merged by key,
    /// outputs replaced if there are new ones; id, source and creation stay. What changes nothing makes no version.
    async fn merge_records(&self, id: &str, records: Vec<NewRecord>) -> StoreResult<(u64, u64)> {
        let merged = self.continue_merge(id, records, None).await?;
        Ok((merged.added, merged.changed + merged.unchanged))
    }

    /// Merges records as [`DatasetStore::merge_records`] does. With `begun`, the version that the part before made, they go
    /// into that same version if nothing has changed the dataset since: many parts can be one change.
    async fn continue_merge(
        &self,
        id: &str,
        records: Vec<NewRecord>,
        begun: Option<i64>,
    ) -> StoreResult<Merged>;

    /// Says what merging records would do, one by one, and changes nothing.
    async fn try_merge(&self, id: &str, records: Vec<NewRecord>) -> StoreResult<Vec<MergeEffect>>;

    /// Returns records of a dataset in the order in which they came, after `after`, at most `limit`, at least 1, as they
    /// are in `version`, or now if it is `None`.
    async fn find_records(
        &self,
        id: &str,
        version: Option<i64>,
        limit: usize,
        after: Option<i64>,
    ) -> StoreResult<RecordPage>;

    /// Returns records as [`DatasetStore::find_records`] does, only those with a text in their inputs, outputs,
    /// expectations or tags, in any case of ASCII letters.
    async fn search_records(&self, id: &str, query: RecordQuery) -> StoreResult<RecordPage>;

    /// Returns one record as it is in `version`, or now if it is `None`.
    async fn get_record(&self, id: &str, record: &str, version: Option<i64>) -> StoreResult<DatasetRecord>;

    /// Replaces what is in a record, and returns it. Its id, source and creation stay.
    ///
    /// - `AlreadyExists` if the record has changed since the version `expected`, which must be its `since`.
    /// - `AlreadyExists` if another record has these inputs.
    async fn replace_record(
        &self,
        id: &str,
        record: &str,
        expected: i64,
        content: RecordContent,
    ) -> StoreResult<DatasetRecord>;

    /// Deletes those of these records that are there, and returns how many.
    async fn delete_records(&self, id: &str, records: &[String], user: Option<&str>) -> StoreResult<u64>;

    /// Returns the changes of a dataset before the version `before`, the newest first, at most `limit`, at least 1.
    async fn find_changes(
        &self,
        id: &str,
        limit: usize,
        before: Option<i64>,
    ) -> StoreResult<Vec<DatasetChange>>;

    /// Returns how the records of one version differ from those of another, whichever is older.
    async fn compare_versions(&self, id: &str, query: VersionPair) -> StoreResult<Differences>;
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

/// What is in a record, to replace what was.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordContent {
    /// What the application is given.
    pub inputs: Map<String, Value>,
    /// What it answered.
    pub outputs: Option<Value>,
    /// What is expected of an answer.
    pub expectations: Map<String, Value>,
    /// Its tags.
    pub tags: Map<String, Value>,
    /// Who replaces it.
    pub user: Option<String>,
}

/// What a merge did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// The version that the records are in now.
    pub version: i64,
    /// How many were new.
    pub added: u64,
    /// How many were there and changed.
    pub changed: u64,
    /// How many were there, and the same.
    pub unchanged: u64,
}

/// What a merge would do with one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeEffect {
    /// It is new.
    Added,
    /// It changes this record.
    Changed(String),
    /// This record has all of it.
    Unchanged(String),
    /// It has the inputs of an earlier one of the same merge, at this place from 0.
    Repeated(usize),
}

/// A search of the records of a dataset.
#[derive(Debug, Clone, Default)]
pub struct RecordQuery {
    /// As they are in this version; `None` = now.
    pub version: Option<i64>,
    /// Only those with this text; `None` = all.
    pub text: Option<String>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Where the page starts, as [`RecordPage::next`] says.
    pub after: Option<i64>,
}

/// Two versions to compare.
#[derive(Debug, Clone, Copy)]
pub struct VersionPair {
    /// The version that the other is compared with.
    pub from: i64,
    /// The other.
    pub to: i64,
    /// Records that are answered at most, at least 1.
    pub limit: usize,
    /// Where the page starts, as [`Differences::next`] says.
    pub after: Option<i64>,
}

/// How the records of two versions differ.
#[derive(Debug, Clone, Default)]
pub struct Differences {
    /// One page: each record in the one version and in the other, at least one of both.
    pub records: Vec<(Option<DatasetRecord>, Option<DatasetRecord>)>,
    /// How many records only the other version has.
    pub added: u64,
    /// How many both have, and differ.
    pub changed: u64,
    /// How many only the one version has.
    pub removed: u64,
    /// Where the next page starts, if there is one.
    pub next: Option<i64>,
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
pub fn extend_schema(
    schema: Option<Value>,
    inputs: &Map<String, Value>,
    outputs: Option<&Value>,
    expectations: &Map<String, Value>,
) -> Value {
    let mut schema = match schema {
        Some(Value::Object(schema)) => schema,
        _ => Map::from_iter([
            ("inputs".to_owned(), Value::Object(Map::new())),
            ("outputs".to_owned(), Value::Object(Map::new())),
            ("expectations".to_owned(), Value::Object(Map::new())),
            ("version".to_owned(), "1.0".into()),
        ]),
    };
    add_types(&mut schema, "inputs", inputs);
    add_types(&mut schema, "expectations", expectations);
    match outputs {
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

/// Returns the digest of a version of a dataset, which tells from a run's description of a dataset which version it read.
pub fn dataset_digest(id: &str, version: i64) -> String {
    format!("{:08x}", xxh3_64(format!("{id}:{version}").as_bytes()) >> 32)
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
