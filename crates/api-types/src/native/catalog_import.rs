//! Lines of an import of the catalog: each one thing of another store, with its ids and times.

mod convert;
mod review;

pub use convert::CatalogLineError;
pub use review::{
    ImportedInput, ImportedIssue, ImportedLabelSchema, ImportedReviewItem, ImportedReviewQueue,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

type Texts = BTreeMap<String, String>;

/// One line of an import of the catalog: an object with one key, which says what it is. Times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatalogLine {
    /// An experiment.
    Experiment(ImportedExperiment),
    /// A run with all but its metrics.
    Run(ImportedRun),
    /// Points of a run's metrics.
    Metrics(ImportedMetrics),
    /// A logged model.
    LoggedModel(ImportedLoggedModel),
    /// A dataset without its records.
    Dataset(ImportedDataset),
    /// Records of a dataset.
    Records(ImportedRecords),
    /// A registered model or prompt without its versions.
    RegisteredModel(ImportedRegisteredModel),
    /// A version of a registered model or prompt, with its aliases.
    ModelVersion(ImportedModelVersion),
    /// A version of a scorer.
    ScorerVersion(ImportedScorerVersion),
    /// How a scorer runs on traces as they arrive.
    OnlineScoring(ImportedOnlineScoring),
    /// An issue.
    Issue(ImportedIssue),
    /// A label schema.
    LabelSchema(ImportedLabelSchema),
    /// A review queue without its items.
    ReviewQueue(ImportedReviewQueue),
    /// A trace in a review queue.
    ReviewItem(ImportedReviewItem),
    /// A webhook.
    Webhook(ImportedWebhook),
}

/// An experiment of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedExperiment {
    /// Its id there.
    pub experiment_id: i64,
    /// Its name.
    pub name: String,
    /// Where its artifacts are; empty for here.
    #[serde(default)]
    pub artifact_location: String,
    /// Whether it is deleted.
    #[serde(default)]
    pub deleted: bool,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
}

/// A run of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRun {
    /// Its id.
    pub run_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// Its name.
    pub name: String,
    /// Who started it.
    #[serde(default)]
    pub user: String,
    /// `RUNNING`, `SCHEDULED`, `FINISHED`, `FAILED` or `KILLED`.
    pub status: String,
    /// When it started.
    pub start_ns: i64,
    /// When it ended.
    pub end_ns: Option<i64>,
    /// Where its artifacts are.
    pub artifact_uri: String,
    /// Whether it is deleted.
    #[serde(default)]
    pub deleted: bool,
    /// Its parameters.
    #[serde(default)]
    pub params: Texts,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
    /// The datasets that it read.
    #[serde(default)]
    pub dataset_inputs: Vec<ImportedDatasetInput>,
    /// The logged models that it used.
    #[serde(default)]
    pub model_inputs: Vec<String>,
    /// The logged models that it made, each with the step.
    #[serde(default)]
    pub model_outputs: Vec<(String, i64)>,
}

/// A dataset that a run read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedDatasetInput {
    /// Its name.
    pub name: String,
    /// The digest of its content.
    pub digest: String,
    /// What kind of source it has.
    pub source_type: String,
    /// Where it came from.
    pub source: String,
    /// Its schema.
    pub schema: Option<String>,
    /// Statistics of it.
    pub profile: Option<String>,
    /// What the run says of its use.
    #[serde(default)]
    pub tags: Texts,
}

/// Points of the metrics of a run: each has a key, a value (a number, or `NaN`, `Infinity`, `-Infinity` as a text), a time
/// and a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedMetrics {
    /// The run.
    pub run_id: String,
    /// The points.
    #[schema(value_type = Vec<Vec<Value>>)]
    pub points: Vec<(String, Value, i64, i64)>,
}

/// A logged model of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedLoggedModel {
    /// Its id.
    pub model_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// Its name.
    pub name: String,
    /// What kind of model it is.
    #[serde(default)]
    pub model_type: String,
    /// The run that made it.
    #[serde(default)]
    pub source_run_id: String,
    /// `PENDING`, `READY` or `UPLOAD_FAILED`.
    pub status: String,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Where its artifacts are.
    pub artifact_uri: String,
    /// Whether it is deleted.
    #[serde(default)]
    pub deleted: bool,
    /// Its parameters.
    #[serde(default)]
    pub params: Texts,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
    /// What runs measured of it.
    #[serde(default)]
    pub metrics: Vec<ImportedModelMetric>,
}

/// What a run measured of a logged model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedModelMetric {
    /// The metric: key, value, time and step.
    #[schema(value_type = Vec<Value>)]
    pub metric: (String, Value, i64, i64),
    /// The run.
    pub run_id: String,
    /// The dataset's name; empty for none.
    #[serde(default)]
    pub dataset_name: String,
    /// Its digest.
    #[serde(default)]
    pub dataset_digest: String,
}

/// A dataset of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedDataset {
    /// Its id.
    pub dataset_id: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
    /// The experiments here that it belongs to.
    #[serde(default)]
    pub experiments: Vec<i64>,
    /// Which fields its records have had.
    pub schema: Option<Value>,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
}

/// Records of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRecords {
    /// The dataset.
    pub dataset_id: String,
    /// The records.
    pub records: Vec<ImportedRecord>,
}

/// A record of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRecord {
    /// Its id.
    pub record_id: String,
    /// What the application is given.
    pub inputs: Map<String, Value>,
    /// What it answered.
    pub outputs: Option<Value>,
    /// What is expected of an answer.
    #[serde(default)]
    pub expectations: Map<String, Value>,
    /// Its tags.
    #[serde(default)]
    pub tags: Map<String, Value>,
    /// `TRACE`, `HUMAN`, `DOCUMENT` or `CODE`.
    pub source_type: Option<String>,
    /// What is known of its source.
    #[serde(default)]
    pub source_data: Map<String, Value>,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who changed it last.
    pub last_updated_by: Option<String>,
}

/// A registered model or prompt of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedRegisteredModel {
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
}

/// A version of a registered model or prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedModelVersion {
    /// The model.
    pub name: String,
    /// Its number.
    pub version: i64,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
    /// `None`, `Staging`, `Production` or `Archived`.
    pub stage: String,
    /// What is new in it.
    pub description: Option<String>,
    /// Where it came from.
    #[serde(default)]
    pub source: String,
    /// Where its files are; empty for the source.
    #[serde(default)]
    pub storage_location: String,
    /// The run that made it.
    #[serde(default)]
    pub run_id: String,
    /// Where that can be looked at.
    #[serde(default)]
    pub run_link: String,
    /// The logged model that it is.
    #[serde(default)]
    pub model_id: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Texts,
    /// The aliases that stand for it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// A version of a scorer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedScorerVersion {
    /// The scorer's id.
    pub scorer_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// The scorer's name.
    pub name: String,
    /// Its number.
    pub version: i64,
    /// What it does.
    pub serialized: String,
    /// When it was registered.
    pub created_ns: i64,
}

/// How a scorer runs on traces as they arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedOnlineScoring {
    /// Its id.
    pub config_id: String,
    /// The scorer.
    pub scorer_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// 0 to 1.
    pub sample_rate: f64,
    /// Which traces; null for all.
    pub filter: Option<String>,
}

/// A webhook of another store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedWebhook {
    /// Its id.
    pub webhook_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where events are posted to.
    pub url: String,
    /// What deliveries are signed with, for one that is new here.
    pub secret: Option<String>,
    /// The events that it is told of: what changes, and how, e.g. `prompt_version`, `created`.
    #[serde(default)]
    pub events: Vec<(String, String)>,
    /// Whether it is told of them.
    pub active: bool,
    /// When it was created.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}

/// What became of the lines of an import of the catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CatalogImportResult {
    /// Lines that were read.
    pub lines: u64,
    /// The experiments among them, as they are here.
    pub experiments: Vec<ImportedAs>,
    /// Lines that were not taken.
    pub error_count: u64,
    /// The first of them, with the reason.
    pub errors: Vec<super::LineError>,
}

/// Which experiment one of another store became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedAs {
    /// Its id there.
    pub source_id: i64,
    /// Its id here.
    pub experiment_id: String,
    /// Its name here.
    pub name: String,
}
