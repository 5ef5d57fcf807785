//! Experiments: the folders that traces live in.

use crate::ExperimentId;
use std::collections::BTreeMap;

/// Whether an experiment is in use or was deleted (and may be restored).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LifecycleStage {
    /// In use.
    Active,
    /// Deleted; its name stays taken, and its traces stay readable.
    Deleted,
}

/// One experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Its id.
    pub experiment_id: ExperimentId,
    /// Its name, unique among all experiments, deleted ones included.
    pub name: String,
    /// Where its artifacts are, as a client should address them (`mlflow-artifacts:/<id>` by default).
    pub artifact_location: String,
    /// Active or deleted.
    pub lifecycle_stage: LifecycleStage,
    /// When it was created.
    pub created_ns: i64,
    /// When its name, stage or tags last changed.
    pub last_updated_ns: i64,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}
