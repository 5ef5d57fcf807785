//! Evaluation datasets: their records, their versions, and what fills them.

use super::bulk::BulkRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spanwise_model::{Dataset, DatasetChange, DatasetRecord, RecordSource};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Tags of MLflow's own; they say nothing to a person.
const RESERVED_TAGS: &str = "mlflow.";
/// Characters of a text in a list of records.
const PREVIEW_CHARS_MAX: usize = 300;

/// A dataset without its records.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetSummary {
    /// Its id.
    pub dataset_id: String,
    /// Its name, which others may have too.
    pub name: String,
    /// The experiments that it belongs to.
    pub experiment_ids: Vec<String>,
    /// How many records it has.
    pub record_count: u64,
    /// The number of the last change of its records; 0 before the first.
    pub version: i64,
    /// Tells this version from others, as MLflow's runs name it.
    pub digest: String,
    /// When it was made.
    pub created_ns: String,
    /// When it last changed.
    pub last_updated_ns: String,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
    /// Its tags, without those that MLflow makes.
    pub tags: BTreeMap<String, String>,
}

/// The answer of `GET /api/v1/datasets`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetList {
    /// Datasets, the newest first.
    pub datasets: Vec<DatasetSummary>,
    /// Whether these are all.
    pub complete: bool,
}

/// A dataset with what its records look like.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetDetail {
    /// The dataset.
    pub dataset: DatasetSummary,
    /// The fields that inputs have had, with the type of each when it was first seen.
    pub input_fields: BTreeMap<String, String>,
    /// The same of expectations.
    pub expectation_fields: BTreeMap<String, String>,
    /// How records were last made of traces; null before the first time.
    pub mapping: Option<Vec<FieldMapping>>,
}

/// A dataset to make.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewDataset {
    /// Its name.
    pub name: String,
    /// Names or ids of the experiments that it shall belong to.
    pub experiments: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Who makes it.
    pub user: Option<String>,
}

/// What to change of a dataset; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetUpdate {
    /// Another name.
    pub name: Option<String>,
    /// Names or ids of experiments that it shall belong to.
    pub add_experiments: Vec<String>,
    /// Names or ids of experiments that it shall no longer belong to.
    pub remove_experiments: Vec<String>,
    /// Tags to set.
    pub set_tags: BTreeMap<String, String>,
    /// Keys of tags to remove.
    pub remove_tags: Vec<String>,
    /// Who changes it.
    pub user: Option<String>,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetRecordSource {
    /// `TRACE`, `HUMAN`, `DOCUMENT` or `CODE`.
    pub r#type: String,
    /// The trace; null if it is of none.
    pub trace_id: Option<String>,
    /// The span; null if it is not known.
    pub span_id: Option<String>,
    /// All that is known of it.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub data: Map<String, Value>,
}

/// A record in a list: texts that a line has room for, at most 300 characters each.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetRecordPreview {
    /// Its id.
    pub record_id: String,
    /// The version that made it what it is.
    pub version: i64,
    /// What the application is given.
    pub inputs: String,
    /// What it answered.
    pub outputs: Option<String>,
    /// What is expected of an answer; null if nothing is.
    pub expectations: Option<String>,
    /// Its tags; null if it has none.
    pub tags: Option<String>,
    /// Where it came from.
    pub source: Option<DatasetRecordSource>,
    /// When it last changed.
    pub last_updated_ns: String,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
}

/// The answer of `GET /api/v1/datasets/{id}/records`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetRecordList {
    /// The page, in the order in which the records came.
    pub records: Vec<DatasetRecordPreview>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// A whole record.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = DatasetRecord)]
pub struct DatasetRecordDetail {
    /// Its id.
    pub record_id: String,
    /// The version that made it what it is.
    pub version: i64,
    /// What the application is given.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub inputs: Map<String, Value>,
    /// What it answered; null if nothing is known.
    pub outputs: Value,
    /// What is expected of an answer.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub expectations: Map<String, Value>,
    /// Its tags.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub tags: Map<String, Value>,
    /// Where it came from.
    pub source: Option<DatasetRecordSource>,
    /// When it was made.
    pub created_ns: String,
    /// When it last changed.
    pub last_updated_ns: String,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
}

/// What is in a record.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewDatasetRecord {
    /// What the application is given; must not be empty.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub inputs: Map<String, Value>,
    /// What it answered; null for nothing.
    pub outputs: Value,
    /// What is expected of an answer.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub expectations: Map<String, Value>,
    /// Its tags.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub tags: Map<String, Value>,
}

/// Records to add.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewDatasetRecords {
    /// The records.
    pub records: Vec<NewDatasetRecord>,
    /// Who adds them.
    pub user: Option<String>,
}

/// A record as it shall be from now on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DatasetRecordEdit {
    /// The `version` of the record that was read and edited.
    pub version: i64,
    /// What the application is given; must not be empty.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub inputs: Map<String, Value>,
    /// What it answered; null for nothing.
    #[serde(default)]
    pub outputs: Value,
    /// What is expected of an answer.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    pub expectations: Map<String, Value>,
    /// Its tags.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Value>)]
    pub tags: Map<String, Value>,
    /// Who edits it.
    #[serde(default)]
    pub user: Option<String>,
}

/// The answer to an edit of a record that somebody else has changed meanwhile: a problem with what there is now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StaleDatasetRecord {
    /// `about:blank`.
    pub r#type: String,
    /// `Conflict`.
    pub title: String,
    /// 409.
    pub status: u16,
    /// What is wrong.
    pub detail: String,
    /// Which of `inputs`, `outputs`, `expectations` and `tags` are others than they were when the record was read.
    pub changed: Vec<String>,
    /// The record as it is now.
    pub current: DatasetRecordDetail,
}

/// Records to delete.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetRecordRemoval {
    /// Their ids; those that are not there are passed over.
    pub record_ids: Vec<String>,
    /// Who deletes them.
    pub user: Option<String>,
}

/// What a change did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatasetChangeResult {
    /// The version of the dataset afterwards.
    pub version: i64,
    /// Records that were new.
    pub added: u64,
    /// Records that were there and changed.
    pub changed: u64,
    /// Records that were there, and the same.
    pub unchanged: u64,
    /// Records that are gone.
    pub removed: u64,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatasetVersion {
    /// Its number.
    pub version: i64,
    /// When it was made; null of deletions that an older release made.
    pub at_ns: Option<String>,
    /// Who made it.
    pub user: Option<String>,
    /// Records that were new.
    pub added: u64,
    /// Records that were there and changed.
    pub changed: u64,
    /// Records that were gone.
    pub removed: u64,
}

/// The answer of `GET /api/v1/datasets/{id}/versions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DatasetVersionList {
    /// The newest first.
    pub versions: Vec<DatasetVersion>,
    /// Whether older ones are left out.
    pub has_more: bool,
}

/// A record in two versions; null where it is not there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetDifference {
    /// In the version `from`.
    pub before: Option<DatasetRecordDetail>,
    /// In the version `to`.
    pub after: Option<DatasetRecordDetail>,
}

/// The answer of `GET /api/v1/datasets/{id}/diff`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DatasetDifferences {
    /// The version that is compared with.
    pub from: i64,
    /// The version that is compared.
    pub to: i64,
    /// Records that only `to` has.
    pub added: u64,
    /// Records that both have, and differ.
    pub changed: u64,
    /// Records that only `from` has.
    pub removed: u64,
    /// The page.
    pub records: Vec<DatasetDifference>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// From which field of a trace or span to which field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// `inputs`, `outputs`, `expectations`, or a field of them (`inputs.question`); `attributes.KEY`, `feedback.NAME`,
    /// `tags.KEY`, `metadata.KEY`; `input_text`, `output_text`, `name`, `session`, `user`, `trace_id`.
    pub from: String,
    /// `inputs`, `outputs`, `expectations` or `tags`, or a field of one of them (`expectations.expected_response`).
    pub to: String,
}

/// A span of a trace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanOfTrace {
    /// The trace.
    pub trace_id: String,
    /// The span, 16 hex digits.
    pub span_id: String,
}

/// Which traces or spans to make records of, and how.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordsFromTraces {
    /// Traces, of which each gives a record by its root span.
    pub traces: Option<BulkRequest>,
    /// Spans, of which each gives a record.
    pub spans: Vec<SpanOfTrace>,
    /// How; null = as the last time, or inputs, outputs and expectations as they are.
    pub mapping: Option<Vec<FieldMapping>>,
    /// Show the first records, and change nothing.
    pub dry_run: bool,
    /// Who adds them.
    pub user: Option<String>,
}

/// What adding a record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordEffect {
    /// It is new.
    Added,
    /// A record with these inputs is there, and is changed.
    Changed,
    /// A record with these inputs is there, and has all of it.
    Unchanged,
    /// One before it has these inputs; they become one record.
    Repeated,
    /// No record can be made of it.
    Refused,
}

/// A record that would be added.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordCandidate {
    /// The trace, the row of a file or the line of it that it is made of.
    pub origin: String,
    /// The span; null if it is of none.
    pub span_id: Option<String>,
    /// What adding it does.
    pub effect: RecordEffect,
    /// Why none can be made of it.
    pub message: Option<String>,
    /// The record that is there.
    pub record_id: Option<String>,
    /// What the application is given.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub inputs: Map<String, Value>,
    /// What it answered.
    pub outputs: Value,
    /// What is expected of an answer.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub expectations: Map<String, Value>,
    /// Its tags.
    #[schema(value_type = BTreeMap<String, Value>)]
    pub tags: Map<String, Value>,
}

/// A field of traces that a record can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceField {
    /// As [`FieldMapping::from`] has it.
    pub name: String,
    /// What it is in one of the traces, shortened.
    pub sample: String,
}

/// What could not be made a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecordProblem {
    /// The trace, or the number of the row or line from 1.
    pub origin: String,
    /// Why.
    pub message: String,
}

/// The answer of `POST /api/v1/datasets/{id}/traces`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordsFromTracesResult {
    /// Traces and spans that were selected.
    pub matched: u64,
    /// What was done; in a dry run, what would be with those that are shown.
    pub result: DatasetChangeResult,
    /// How records were made.
    pub mapping: Vec<FieldMapping>,
    /// The first that could not be made a record, at most 100.
    pub problems: Vec<RecordProblem>,
    /// How many could not.
    pub problem_count: u64,
    /// In a dry run: the first records.
    pub candidates: Vec<RecordCandidate>,
    /// In a dry run: the fields that the first traces have.
    pub fields: Vec<SourceField>,
}

/// A column of a file and where its cells go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportColumn {
    /// Its name.
    pub name: String,
    /// As [`FieldMapping::to`] has it, or `source`; null if it is left out.
    pub target: Option<String>,
}

/// The answer of `POST /api/v1/datasets/{id}/import`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct DatasetImportResult {
    /// Rows or lines that were read.
    pub rows: u64,
    /// What was done; in a dry run, what would be.
    pub result: DatasetChangeResult,
    /// The first rows that can't be taken, at most 100. The others are kept.
    pub problems: Vec<RecordProblem>,
    /// How many can't be.
    pub problem_count: u64,
    /// The columns that rows have, the first 1,000.
    pub columns: Vec<ImportColumn>,
    /// In a dry run: the first records.
    pub candidates: Vec<RecordCandidate>,
}

impl From<Dataset> for DatasetSummary {
    fn from(dataset: Dataset) -> Self {
        DatasetSummary {
            dataset_id: dataset.dataset_id,
            name: dataset.name,
            experiment_ids: dataset.experiments.iter().map(ToString::to_string).collect(),
            record_count: dataset.record_count,
            version: dataset.version,
            digest: dataset.digest,
            created_ns: dataset.created_ns.to_string(),
            last_updated_ns: dataset.last_updated_ns.to_string(),
            created_by: dataset.created_by,
            last_updated_by: dataset.last_updated_by,
            tags: dataset.tags.into_iter().filter(|(key, _)| !key.starts_with(RESERVED_TAGS)).collect(),
        }
    }
}

impl From<Dataset> for DatasetDetail {
    fn from(dataset: Dataset) -> Self {
        let fields = |part: &str| {
            let fields = dataset.schema.as_ref().and_then(|schema| schema.get(part)?.as_object());
            let types = fields.into_iter().flatten();
            types.map(|(name, kind)| (name.clone(), kind.as_str().unwrap_or_default().to_owned())).collect()
        };
        DatasetDetail {
            input_fields: fields("inputs"),
            expectation_fields: fields("expectations"),
            // What another release wrote in another form is as good as none.
            mapping: dataset.mapping.as_ref().and_then(|mapping| Vec::deserialize(mapping).ok()),
            dataset: dataset.into(),
        }
    }
}

impl From<RecordSource> for DatasetRecordSource {
    fn from(source: RecordSource) -> Self {
        let text = |key: &str| source.data.get(key).and_then(Value::as_str).map(str::to_owned);
        DatasetRecordSource {
            trace_id: text("trace_id"),
            span_id: text("span_id"),
            r#type: source.source_type,
            data: source.data,
        }
    }
}

impl From<DatasetRecord> for DatasetRecordDetail {
    fn from(record: DatasetRecord) -> Self {
        DatasetRecordDetail {
            record_id: record.record_id,
            version: record.since,
            inputs: record.inputs,
            outputs: record.outputs.unwrap_or_default(),
            expectations: record.expectations,
            tags: record.tags,
            source: record.source.map(Into::into),
            created_ns: record.created_ns.to_string(),
            last_updated_ns: record.last_updated_ns.to_string(),
            created_by: record.created_by,
            last_updated_by: record.last_updated_by,
        }
    }
}

impl From<DatasetRecord> for DatasetRecordPreview {
    fn from(record: DatasetRecord) -> Self {
        let some = |object: &Map<String, Value>| Some(preview_of(object)).filter(|text| !text.is_empty());
        let own: Map<String, Value> =
            record.tags.into_iter().filter(|(key, _)| !key.starts_with(RESERVED_TAGS)).collect();
        DatasetRecordPreview {
            record_id: record.record_id,
            version: record.since,
            inputs: preview_of(&record.inputs),
            outputs: record.outputs.filter(|outputs| !outputs.is_null()).map(|outputs| match &outputs {
                Value::Object(object) => preview_of(object),
                other => shortened(&text_of(other)),
            }),
            expectations: some(&record.expectations),
            tags: some(&own),
            source: record.source.map(Into::into),
            last_updated_ns: record.last_updated_ns.to_string(),
            last_updated_by: record.last_updated_by,
        }
    }
}

impl From<DatasetChange> for DatasetVersion {
    fn from(change: DatasetChange) -> Self {
        DatasetVersion {
            version: change.version,
            at_ns: change.at_ns.map(|at_ns| at_ns.to_string()),
            user: change.user,
            added: change.added,
            changed: change.changed,
            removed: change.removed,
        }
    }
}

/// Returns what a person reads of an object: the value alone if it has one, else each with its key.
pub fn preview_of(object: &Map<String, Value>) -> String {
    let mut text = String::new();
    for (key, value) in object {
        if object.len() > 1 {
            text.push_str(if text.is_empty() { "" } else { " · " });
            text.push_str(key);
            text.push_str(": ");
        }
        text.push_str(&text_of(value));
        if text.len() > 4 * PREVIEW_CHARS_MAX {
            break;
        }
    }
    shortened(&text)
}

/// Returns a text itself, of messages what the last one says, and of anything else its JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.last().and_then(said).unwrap_or_else(|| value.to_string()),
        other => other.to_string(),
    }
}

/// Returns what a message says, in any of the forms that messages have; `None` of what is no message.
fn said(message: &Value) -> Option<String> {
    message.get("role")?;
    let content = message.get("content").or_else(|| message.get("parts"))?;
    if let Some(text) = content.as_str() {
        return Some(text.to_owned());
    }
    let parts = content.as_array()?.iter();
    let texts = parts.filter_map(|part| part.get("text").or_else(|| part.get("content"))?.as_str());
    Some(texts.collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}

/// Shortens a text to what a line has room for.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(object: Value, expected: &str) {
        assert_eq!(preview_of(object.as_object().unwrap()), expected);
    }

    #[test]
    fn one_value_stands_alone_and_several_with_their_keys() {
        check(json!({}), "");
        check(json!({"question": "Where is it?"}), "Where is it?");
        check(json!({"q": "x", "n": 1, "o": {"k": null}}), "q: x · n: 1 · o: {\"k\":null}");
        check(json!({"q": "é".repeat(301)}), &("é".repeat(300) + "…"));
    }

    #[test]
    fn of_messages_the_last_one_is_read() {
        let turn = |content: Value| json!([{"role": "system", "content": "be brief"}, content]);
        for last in [
            json!({"role": "user", "content": "hi"}),
            json!({"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image"}]}),
            json!({"role": "user", "parts": [{"type": "text", "content": "hi"}]}),
        ] {
            check(json!({"messages": turn(last)}), "hi");
        }
        check(json!({"list": [{"role": "user"}]}), "[{\"role\":\"user\"}]");
    }
}
