//! Figures of the versions of an application: its logged models, told apart by the metadata of traces.

use crate::{Percentiles, Selection};
use spanwise_evaluate::Moments;

/// The metadata of a trace that names the logged model that it belongs to.
pub const MODEL_METADATA: &str = "mlflow.modelId";
/// Versions in one question.
pub const VERSIONS_MAX: usize = 1_000;
/// Runs that are named of one version.
pub const VERSION_RUNS_MAX: usize = 100;

/// A question about versions.
#[derive(Debug, Clone)]
pub struct VersionQuery {
    /// Which traces count.
    pub selection: Selection,
    /// The ids of logged models, at most [`VERSIONS_MAX`]; they need not exist.
    pub models: Vec<String>,
}

/// The traces of one version, added up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VersionFigures {
    /// Traces.
    pub traces: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Of them, those that have not ended.
    pub in_progress: u64,
    /// When the first of them started.
    pub first_start_ns: Option<i64>,
    /// When the last of them started.
    pub last_start_ns: Option<i64>,
    /// Percentiles of the known durations.
    pub percentiles: Percentiles,
    /// The known durations, in nanoseconds.
    pub duration_ns: Moments,
    /// Tokens of prompts, of the traces that report usage.
    pub input_tokens: Moments,
    /// Tokens of answers, of the traces that report usage.
    pub output_tokens: Moments,
    /// All tokens, of the traces that report usage.
    pub total_tokens: Moments,
    /// US dollars, of the traces whose cost is known.
    pub cost: Moments,
    /// Valid feedback on them, by name.
    pub scores: Vec<ScoreFigures>,
    /// The runs that they are linked to, with how many of them; those with the most, at most [`VERSION_RUNS_MAX`].
    pub runs: Vec<(String, u64)>,
    /// How many runs there are.
    pub run_count: u64,
}

/// The feedback of one name on the traces of a version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreFigures {
    /// The name.
    pub name: String,
    /// Traces that have it, whatever it says.
    pub traces: u64,
    /// What it counts as, one value a trace: the mean where a trace has several. Numbers count as themselves, true and
    /// "yes" as 1, false and "no" as 0, anything else not at all.
    pub values: Moments,
    /// How many of the values are 1.
    pub ones: u64,
    /// Whether all of the values are 0 or 1.
    pub is_binary: bool,
}
