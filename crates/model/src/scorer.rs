//! Registered scorers: what evaluates answers, in versions.

use crate::ExperimentId;

/// One version of a scorer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorerVersion {
    /// The id that all versions of it share.
    pub scorer_id: String,
    /// The experiment that it is for.
    pub experiment_id: ExperimentId,
    /// Its name, unique in the experiment.
    pub name: String,
    /// Counts from 1.
    pub version: i64,
    /// What it does, as JSON that its client wrote.
    pub serialized: String,
    /// When this version was registered.
    pub created_ns: i64,
}

/// Whether and how a scorer runs on traces as they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct OnlineScoring {
    /// The id of this configuration.
    pub config_id: String,
    /// The scorer.
    pub scorer_id: String,
    /// The scorer's experiment.
    pub experiment_id: ExperimentId,
    /// The share of traces that it runs on, 0 to 1.
    pub sample_rate: f64,
    /// Which traces; `None` = all.
    pub filter: Option<String>,
}
