//! Requests and answers of `datasets/*`, whose tags, schemas, profiles and records are JSON in texts.

use super::experiment::page_size;
use super::field::{FieldError, Fields, FromFields, check_chars, check_name};
use super::start_trace::check_value;
use super::time::milliseconds;
use serde::Serialize;
use serde_json::{Map, Value, json};
use spanwise_model::limit::{EXPERIMENT_NAME_CHARS_MAX, TAG_KEY_CHARS_MAX};
use spanwise_model::{ExperimentId, RecordSource};
use std::collections::BTreeMap;

/// Page size of a search or listing that names none.
const ITEMS_PER_PAGE: i64 = 1_000;
/// Largest page of a search or listing.
const ITEMS_PER_PAGE_MAX: i64 = 50_000;
/// The tag that says who did something.
const USER_TAG: &str = "mlflow.user";
const SOURCE_TYPES: [&str; 4] = ["TRACE", "HUMAN", "DOCUMENT", "CODE"];

/// A dataset as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Dataset {
    dataset_id: String,
    name: String,
    tags: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    digest: String,
    created_time: i64,
    last_update_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated_by: Option<String>,
    /// Answered by `create` alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub experiment_ids: Vec<String>,
}

impl From<spanwise_model::Dataset> for Dataset {
    fn from(dataset: spanwise_model::Dataset) -> Self {
        Dataset {
            dataset_id: dataset.dataset_id,
            name: dataset.name,
            tags: json!(dataset.tags).to_string(),
            schema: dataset.schema.map(|schema| schema.to_string()),
            profile: (dataset.record_count > 0)
                .then(|| json!({"num_records": dataset.record_count}).to_string()),
            digest: dataset.digest,
            created_time: milliseconds(dataset.created_ns),
            last_update_time: milliseconds(dataset.last_updated_ns),
            created_by: dataset.created_by,
            last_updated_by: dataset.last_updated_by,
            experiment_ids: Vec::new(),
        }
    }
}

/// The answer that holds one dataset.
#[derive(Debug, Serialize)]
pub struct DatasetResponse {
    /// The dataset.
    pub dataset: Dataset,
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct DatasetsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<Dataset>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `GET records`.
#[derive(Debug, Serialize)]
pub struct RecordsResponse {
    /// A JSON list, in a text.
    pub records: String,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// Writes a record as MLflow does.
pub fn record_json(dataset_id: &str, record: spanwise_model::DatasetRecord) -> Value {
    let mut out = Map::new();
    out.insert("dataset_record_id".to_owned(), record.record_id.into());
    out.insert("dataset_id".to_owned(), dataset_id.into());
    out.insert("inputs".to_owned(), record.inputs.into());
    if !record.expectations.is_empty() {
        out.insert("expectations".to_owned(), record.expectations.into());
    }
    out.insert("tags".to_owned(), record.tags.into());
    if let Some(RecordSource { source_type, data }) = record.source {
        if source_type == "TRACE"
            && let Some(trace_id) = data.get("trace_id")
        {
            out.insert("source_id".to_owned(), trace_id.clone());
        }
        out.insert("source".to_owned(), json!({"source_type": source_type, "source_data": data}));
        out.insert("source_type".to_owned(), source_type.into());
    }
    out.insert("created_time".to_owned(), milliseconds(record.created_ns).into());
    out.insert("last_update_time".to_owned(), milliseconds(record.last_updated_ns).into());
    for (name, user) in [("created_by", record.created_by), ("last_updated_by", record.last_updated_by)] {
        if let Some(user) = user {
            out.insert(name.to_owned(), user.into());
        }
    }
    out.insert("outputs".to_owned(), record.outputs.unwrap_or_else(|| json!({})));
    Value::Object(out)
}

/// `create`.
#[derive(Debug, PartialEq, Eq)]
pub struct CreateDataset {
    /// Its name.
    pub name: String,
    /// The experiments it shall belong to.
    pub experiments: Vec<ExperimentId>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
    /// Who makes it.
    pub user: Option<String>,
}

impl FromFields for CreateDataset {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let name: String = fields.required("name")?;
        check_name("name", &name)?;
        check_chars("name", &name, EXPERIMENT_NAME_CHARS_MAX)?;
        let tags: BTreeMap<String, String> =
            tags(fields)?.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        let user = tags.get(USER_TAG).cloned();
        Ok(CreateDataset { name, experiments: fields.or_default("experiment_ids")?, tags, user })
    }
}

/// Reads tags, a JSON object in a text. Values that are no texts are kept as JSON.
fn tags(fields: &Fields<'_>) -> Result<BTreeMap<String, Option<String>>, FieldError> {
    let text: String = fields.or_default("tags")?;
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let object: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|error| FieldError::Rule(format!("'tags' is not the JSON text of an object: {error}")))?;
    let mut tags = BTreeMap::new();
    for (key, value) in object {
        check_chars("key", &key, TAG_KEY_CHARS_MAX)?;
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        check_value(&key, value.as_deref().unwrap_or_default())?;
        tags.insert(key, value);
    }
    Ok(tags)
}

/// `PATCH {id}/tags`.
#[derive(Debug, PartialEq, Eq)]
pub struct SetDatasetTags {
    /// The tags; null ones are left out.
    pub tags: BTreeMap<String, Option<String>>,
}

impl FromFields for SetDatasetTags {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        fields.required::<String>("tags")?;
        let mut tags = tags(fields)?;
        tags.retain(|_, value| value.is_some());
        Ok(SetDatasetTags { tags })
    }
}

/// `search`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchDatasets {
    /// Only those of at least one of these; empty = all.
    pub experiments: Vec<ExperimentId>,
    /// The filter; empty = all.
    pub filter: String,
    /// Order clauses.
    pub order_by: Vec<String>,
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for SearchDatasets {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(SearchDatasets {
            experiments: fields.or_default("experiment_ids")?,
            filter: fields.or_default("filter_string")?,
            order_by: fields.or_default("order_by")?,
            max_results: items_per_page(fields)?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

fn items_per_page(fields: &Fields<'_>) -> Result<usize, FieldError> {
    page_size(fields.optional("max_results")?.unwrap_or(ITEMS_PER_PAGE), ITEMS_PER_PAGE_MAX)
}

/// `GET {id}/records`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetRecords {
    /// Page size.
    pub max_results: usize,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for GetRecords {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(GetRecords { max_results: items_per_page(fields)?, page_token: fields.or_default("page_token")? })
    }
}

/// `POST {id}/records`.
#[derive(Debug, PartialEq)]
pub struct MergeRecords {
    /// The records.
    pub records: Vec<RecordToMerge>,
}

/// A record in a request.
#[derive(Debug, PartialEq)]
pub struct RecordToMerge {
    /// What the application is given.
    pub inputs: Map<String, Value>,
    /// What it answered, if that was said.
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

impl FromFields for MergeRecords {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let text: String = fields.required("records")?;
        let records: Vec<Value> = serde_json::from_str(&text).map_err(|error| {
            FieldError::Rule(format!("'records' is not the JSON text of a list: {error}"))
        })?;
        let records = records.into_iter().enumerate().map(|(index, record)| read_record(index, record));
        Ok(MergeRecords { records: records.collect::<Result<_, _>>()? })
    }
}

fn read_record(index: usize, record: Value) -> Result<RecordToMerge, FieldError> {
    let Value::Object(mut record) = record else {
        return Err(FieldError::Rule(format!("record {index} of 'records' is no JSON object")));
    };
    let mut object = |name: &str| match record.remove(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(_) => {
            Err(FieldError::Rule(format!("'{name}' of record {index} of 'records' is no JSON object")))
        }
    };
    let (inputs, expectations, tags, source) =
        (object("inputs")?, object("expectations")?, object("tags")?, object("source")?);
    if inputs.is_empty() {
        return Err(FieldError::Rule(format!("record {index} of 'records' has no 'inputs'")));
    }
    let user = tags.get(USER_TAG).and_then(Value::as_str).map(str::to_owned);
    let outputs = record.remove("outputs");
    Ok(RecordToMerge { inputs, outputs, expectations, tags, source: read_source(index, source)?, user })
}

fn read_source(index: usize, mut source: Map<String, Value>) -> Result<Option<RecordSource>, FieldError> {
    if source.is_empty() {
        return Ok(None);
    }
    let data = match source.remove("source_data") {
        Some(Value::Object(data)) => data,
        _ => Map::new(),
    };
    let given = source.get("source_type").and_then(Value::as_str).unwrap_or_default().to_uppercase();
    if !SOURCE_TYPES.contains(&given.as_str()) {
        return Err(FieldError::Rule(format!(
            "record {index} of 'records' has the source type '{given}'; it must be one of {}",
            SOURCE_TYPES.join(", ")
        )));
    }
    Ok(Some(RecordSource { source_type: given, data }))
}

/// `DELETE {id}/records`.
#[derive(Debug, PartialEq, Eq)]
pub struct DeleteRecords {
    /// The records.
    pub records: Vec<String>,
}

impl FromFields for DeleteRecords {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(DeleteRecords { records: fields.or_default("dataset_record_ids")? })
    }
}

/// `POST {id}/add-experiments` and `POST {id}/remove-experiments`.
#[derive(Debug, PartialEq, Eq)]
pub struct ChangeExperiments {
    /// The experiments.
    pub experiments: Vec<ExperimentId>,
}

impl FromFields for ChangeExperiments {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(ChangeExperiments { experiments: fields.or_default("experiment_ids")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Result<Vec<RecordToMerge>, String> {
        let body = json!({"records": text});
        let request = MergeRecords::from_fields(&Fields::of_body(body.as_object().unwrap()));
        request.map(|request| request.records).map_err(|error| error.to_string())
    }

    #[test]
    fn records_are_json_in_a_text() {
        let read = records(
            r#"[{"inputs": {"q": 1}, "outputs": null, "tags": {"mlflow.user": "ann"},
                 "source": {"source_type": "trace", "source_data": {"trace_id": "tr-1"}}}, {"inputs": {"q": 2}}]"#,
        )
        .unwrap();
        assert_eq!((read[0].outputs.as_ref(), read[0].user.as_deref()), (Some(&Value::Null), Some("ann")));
        assert_eq!(read[0].source.as_ref().unwrap().source_type, "TRACE");
        assert_eq!((&read[1].outputs, &read[1].source), (&None, &None));
    }

    #[test]
    fn malformed_records_are_refused() {
        for text in [
            "nope",
            "{}",
            "[1]",
            "[{}]",
            r#"[{"inputs": 1}]"#,
            r#"[{"inputs": {"a": 1}, "tags": []}]"#,
            r#"[{"inputs": {"a": 1}, "source": {"source_type": "X"}}]"#,
        ] {
            assert!(records(text).is_err(), "{text}");
        }
    }

    #[test]
    fn tags_are_json_in_a_text() {
        let read = |tags: &str| {
            let body = json!({"name": "n", "tags": tags});
            CreateDataset::from_fields(&Fields::of_body(body.as_object().unwrap()))
        };
        let made = read(r#"{"mlflow.user": "ann", "n": 1, "gone": null}"#).unwrap();
        assert_eq!(made.user.as_deref(), Some("ann"));
        assert_eq!(made.tags.get("n").map(String::as_str), Some("1"));
        assert!(!made.tags.contains_key("gone"));
        assert!(read("{nope").is_err());
        assert!(read(&json!({"n": "x".repeat((1 << 20) + 1)}).to_string()).is_err());
    }
}
