//! Logged models: the versions of an application, with what was measured of each.

use crate::{ExperimentId, LifecycleStage, Metric, RunId};
use std::collections::BTreeMap;

/// How far a logged model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelStatus {
    /// Being made.
    Pending,
    /// Complete.
    Ready,
    /// Its upload failed.
    UploadFailed,
}

impl ModelStatus {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [ModelStatus; 3] = [ModelStatus::Pending, ModelStatus::Ready, ModelStatus::UploadFailed];

    /// Returns the name by which filters know it.
    pub fn name(self) -> &'static str {
        match self {
            ModelStatus::Pending => "PENDING",
            ModelStatus::Ready => "READY",
            ModelStatus::UploadFailed => "UPLOAD_FAILED",
        }
    }

    /// Returns the status of that name.
    pub fn from_name(name: &str) -> Option<ModelStatus> {
        ModelStatus::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// One logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    /// Its id, `m-` and 32 hex digits.
    pub model_id: String,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// Its name, which others may have too.
    pub name: String,
    /// What kind of model it is; empty if that was not said.
    pub model_type: String,
    /// The run that made it; empty for none.
    pub source_run_id: String,
    /// How far it is.
    pub status: ModelStatus,
    /// When it was created.
    pub created_ns: i64,
    /// When its status last changed.
    pub last_updated_ns: i64,
    /// Where its artifacts are, as a client should address them.
    pub artifact_uri: String,
    /// Active or deleted.
    pub lifecycle_stage: LifecycleStage,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The latest value of each metric on each dataset.
    pub metrics: Vec<ModelMetric>,
}

/// What a run measured of a logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelMetric {
    /// The model.
    pub model_id: String,
    /// The value.
    pub metric: Metric,
    /// The run that measured it.
    pub run_id: RunId,
    /// Name and digest of the dataset it was measured on; empty for none.
    pub dataset: (String, String),
}
