//! Scorers: what they look for, how they run, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spanwise_model::ScorerVersion;
use utoipa::ToSchema;

/// The answer of `GET /api/v1/scorers`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorerList {
    /// Scorers by experiment and name.
    pub scorers: Vec<ScorerSummary>,
    /// Traces of all experiments that arrived and may still change.
    pub unsettled: u64,
    /// Where models are.
    pub endpoints: Vec<ScorerEndpoint>,
}

/// A server with models, by its configured name; its address and key are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorerEndpoint {
    /// Its name; `default` is for judges that name none.
    pub name: String,
    /// The model of judges that name none.
    pub model: Option<String>,
    /// Why it is not asked now.
    pub trouble: Option<String>,
}

/// A scorer with its status.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorerSummary {
    /// The id that all versions of it share.
    pub scorer_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// Its name; assessments have it too.
    pub name: String,
    /// Its latest version.
    pub version: i64,
    /// What it is for.
    pub description: Option<String>,
    /// The kind of its definition; null for one that only MLflow's client can run.
    pub kind: Option<String>,
    /// What it looks for: a JSON object with `kind`; see docs/scoring.md. Null for one that only MLflow's client can run.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Value>,
    /// The model that a judge asks.
    pub model: Option<String>,
    /// When this version was registered.
    pub created_ns: String,
    /// Whether it runs.
    pub state: ScorerState,
    /// Why it does not, although it was started; or why it could not.
    pub reason: Option<String>,
    /// The share of new traces that it runs on; 0 if it was not started.
    pub sample_rate: f64,
    /// Which of them; null for all.
    pub filter: Option<String>,
    /// What it may spend.
    pub limits: ScorerLimits,
    /// Traces that wait to be scored.
    pub waiting: u64,
    /// How long the first of them has been waiting, in nanoseconds.
    pub lag_ns: u64,
    /// What it did on the present UTC day.
    pub today: ScorerCounts,
    /// What it ever did.
    pub total: ScorerCounts,
    /// What it did on each of the last 30 UTC days on which it did something, the oldest first.
    pub days: Vec<ScorerDay>,
    /// Traces that it passed over, by reason, the most frequent first.
    pub skipped: Vec<ScorerSkip>,
    /// When it last scored.
    pub last_scored_ns: Option<String>,
    /// What last failed.
    pub last_error: Option<ScorerError>,
}

/// Whether a scorer runs on traces as they arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScorerState {
    /// It was not started.
    Off,
    /// It runs.
    On,
    /// It was started, and does not run; `reason` says why.
    Blocked,
    /// Only MLflow's client can run it.
    Client,
}

/// What a scorer may spend on models.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorerLimits {
    /// US dollars on a UTC day; null for the configured cap.
    #[serde(default)]
    pub usd_per_day: Option<f64>,
    /// US dollars in all; null for no bound.
    #[serde(default)]
    pub usd_in_all: Option<f64>,
    /// Calls on a UTC day; null for no bound, or for the configured one where the model's price is not known.
    #[serde(default)]
    pub calls_per_day: Option<u64>,
}

/// What a scorer did in a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub struct ScorerCounts {
    /// Traces that it scored.
    pub scored: u64,
    /// Of them, those whose score is a pass or not.
    pub judged: u64,
    /// Of these, those that passed.
    pub passed: u64,
    /// Traces that it failed to score.
    pub failed: u64,
    /// Calls of a model.
    pub calls: u64,
    /// Of them, those whose cost is not known.
    pub unpriced_calls: u64,
    /// Tokens of questions.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// US dollars of the other calls.
    pub usd: f64,
}

/// What a scorer did on a day.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorerDay {
    /// The UTC day, as in `2026-11-25`.
    pub day: String,
    /// What it did.
    #[serde(flatten)]
    pub counts: ScorerCounts,
}

/// Traces that a scorer passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorerSkip {
    /// Why.
    pub reason: String,
    /// How many.
    pub traces: u64,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScorerError {
    /// Why.
    pub message: String,
    /// The trace.
    pub trace_id: String,
    /// When.
    pub at_ns: String,
}

/// The answer of `GET /api/v1/scorers/{scorer_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorerDetail {
    /// The scorer.
    pub scorer: ScorerSummary,
    /// Its versions, the newest first.
    pub versions: Vec<ScorerVersionSummary>,
    /// Its last backfills, the newest first.
    pub backfills: Vec<Backfill>,
}

/// A version of a scorer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ScorerVersionSummary {
    /// Its number.
    pub version: i64,
    /// When it was registered.
    pub created_ns: String,
    /// What it looks for, if the server can run it.
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Value>,
}

impl ScorerVersionSummary {
    /// Makes one of a version and its definition.
    pub fn new(version: &ScorerVersion, definition: Option<Value>) -> Self {
        let created_ns = version.created_ns.to_string();
        ScorerVersionSummary { version: version.version, created_ns, definition }
    }
}

/// `POST /api/v1/scorers`: a new scorer, or the next version of the one of that name.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewScorer {
    /// Name or id of its experiment.
    pub experiment: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// What it looks for: a JSON object with `kind`; see docs/scoring.md.
    #[schema(value_type = Object)]
    pub definition: Value,
}

/// `PUT /api/v1/scorers/{scorer_id}/online`.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorerStart {
    /// The share of new traces that it runs on, above 0 and at most 1; 1 if absent.
    #[serde(default = "all")]
    pub sample_rate: f64,
    /// Which of them, in the filter language; all if absent.
    #[serde(default)]
    pub filter: Option<String>,
}

fn all() -> f64 {
    1.0
}

/// `POST /api/v1/scorers/try`: runs a scorer on a trace, and stores nothing.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorerTry {
    /// The trace.
    pub trace_id: String,
    /// A registered scorer.
    #[serde(default)]
    pub scorer_id: Option<String>,
    /// What to look for, in its place.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub definition: Option<Value>,
}

/// What a scorer says of a trace.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct ScorerTryResult {
    /// The score: true or false, a number or a text; null if there is none.
    #[schema(value_type = Option<Object>)]
    pub value: Option<Value>,
    /// Why.
    pub rationale: Option<String>,
    /// Why there is nothing to score.
    pub skipped: Option<String>,
    /// Why there is no score.
    pub error: Option<String>,
    /// The model that was asked.
    pub model: Option<String>,
    /// Tokens of the question.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// What it cost in US dollars; null if that is not known, or no model was asked.
    pub usd: Option<f64>,
}

/// `POST /api/v1/scorers/{scorer_id}/backfills`.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBackfill {
    /// Which traces of the scorer's experiment, in the filter language; all if absent.
    #[serde(default)]
    pub filter: Option<String>,
    /// How many at most, the newest first; all if absent.
    #[serde(default)]
    pub traces_max: Option<u64>,
    /// Whether to score again what this version of the scorer has scored.
    #[serde(default)]
    pub again: bool,
}

/// The answer of `GET /api/v1/backfills`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BackfillList {
    /// Jobs, the newest first, at most 100.
    pub backfills: Vec<Backfill>,
}

/// A job that scores stored traces.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Backfill {
    /// Its id.
    pub backfill_id: String,
    /// The scorer.
    pub scorer_id: String,
    /// The scorer's name.
    pub scorer_name: String,
    /// The scorer's experiment.
    pub experiment_id: String,
    /// Which traces; null for all.
    pub filter: Option<String>,
    /// How many at most.
    pub traces_max: Option<u64>,
    /// Whether it scores again what was scored.
    pub again: bool,
    /// How it stands.
    pub state: BackfillStateName,
    /// Traces to see to.
    pub total: u64,
    /// Of them, those that were seen to.
    pub done: u64,
    /// Of these, those that were scored.
    pub scored: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Of these, those that were passed over.
    pub skipped: u64,
    /// When it began.
    pub created_ns: String,
    /// When it ended.
    pub ended_ns: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackfillStateName {
    /// It goes on, also after a restart.
    Running,
    /// All of its traces were seen to.
    Done,
    /// Somebody ended it.
    Cancelled,
    /// It can't go on.
    Failed,
}
