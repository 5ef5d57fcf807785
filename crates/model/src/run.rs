//! Runs: one evaluation, or one training, with what it logged.

use crate::{ExperimentId, LifecycleStage};
use std::collections::BTreeMap;
use std::fmt;

/// The id of a run: 32 hex digits where the server made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Under way.
    Running,
    /// To be started.
    Scheduled,
    /// Ended well.
    Finished,
    /// Ended by an error.
    Failed,
    /// Ended by someone.
    Killed,
}

impl RunStatus {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [RunStatus; 5] =
        [RunStatus::Running, RunStatus::Scheduled, RunStatus::Finished, RunStatus::Failed, RunStatus::Killed];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            RunStatus::Running => "RUNNING",
            RunStatus::Scheduled => "SCHEDULED",
            RunStatus::Finished => "FINISHED",
            RunStatus::Failed => "FAILED",
            RunStatus::Killed => "KILLED",
        }
    }

    /// Returns the status of that name.
    pub fn from_name(name: &str) -> Option<RunStatus> {
        RunStatus::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// One run with all that a page of it shows; of each metric the latest value alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub run_id: RunId,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: String,
    /// Who started it; empty if that is not known.
    pub user: String,
    /// How far it is.
    pub status: RunStatus,
    /// When it started.
    pub start_ns: i64,
    /// When it ended.
    pub end_ns: Option<i64>,
    /// Where its artifacts are, as a client should address them.
    pub artifact_uri: String,
    /// Active or deleted.
    pub lifecycle_stage: LifecycleStage,
    /// The latest value of each metric, in the order in which they were first logged.
    pub metrics: Vec<Metric>,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The datasets it read.
    pub dataset_inputs: Vec<DatasetInput>,
    /// The logged models it used.
    pub model_inputs: Vec<String>,
    /// The logged models it made.
    pub model_outputs: Vec<ModelOutput>,
}

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The metric's name.
    pub key: String,
    /// The value; may be infinite or not a number.
    pub value: f64,
    /// When it was measured.
    pub timestamp_ns: i64,
    /// The step of the run that it is of.
    pub step: i64,
}

/// A dataset that a run read, as it described it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInput {
    /// The dataset.
    pub dataset: RunDataset,
    /// What the run says of its use, e.g. `mlflow.data.context`.
    pub tags: BTreeMap<String, String>,
}

/// The description of a dataset; name and digest tell it from others of its experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDataset {
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
}

/// A logged model that a run made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelOutput {
    /// The model.
    pub model_id: String,
    /// The step at which it was made.
    pub step: i64,
}
