//! Experiments.

use serde::{Deserialize, Serialize};
use spanwise_model::LifecycleStage;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// An experiment, and how much is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Experiment {
    /// Its id, a decimal number.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// Whether it was deleted; its traces are kept.
    pub deleted: bool,
    /// When it was made.
    pub created_ns: String,
    /// Its traces.
    pub trace_count: u64,
    /// When the newest of them started.
    pub last_trace_ns: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// The answer of `GET /api/v1/experiments`: the one with the newest trace first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExperimentList {
    /// The experiments.
    pub experiments: Vec<Experiment>,
}

/// An experiment to create, or the new name of one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExperiment {
    /// The name; unique.
    pub name: String,
}

impl Experiment {
    /// Puts an experiment together with the number of its traces and when the newest of them started.
    pub fn new(
        experiment: spanwise_model::Experiment,
        trace_count: u64,
        last_start_ns: Option<i64>,
    ) -> Experiment {
        Experiment {
            experiment_id: experiment.experiment_id.to_string(),
            name: experiment.name,
            deleted: experiment.lifecycle_stage == LifecycleStage::Deleted,
            created_ns: experiment.created_ns.to_string(),
            trace_count,
            last_trace_ns: last_start_ns.map(|start| start.to_string()),
            tags: experiment.tags,
        }
    }
}
