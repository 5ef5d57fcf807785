//! Versions of an application: its logged models, with what their traces add up to.

use serde::Serialize;
use spanwise_model::{LoggedModel, ModelMetric};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Tags of MLflow's own; what they say to a person is said otherwise.
const RESERVED_TAGS: &str = "mlflow.";
const GIT_COMMIT: &str = "mlflow.source.git.commit";
const GIT_BRANCH: &str = "mlflow.source.git.branch";
const GIT_DIRTY: &str = "mlflow.source.git.dirty";
const GIT_REPOSITORY: &str = "mlflow.source.git.repoURL";

/// The code that a version was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GitState {
    /// The commit.
    pub commit: String,
    /// The branch.
    pub branch: Option<String>,
    /// Where the repository is.
    pub repository: Option<String>,
    /// Whether there were changes that are in no commit.
    pub is_dirty: bool,
}

/// What was measured of a version by a run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionMetric {
    /// What.
    pub key: String,
    /// The value; null if it is no number.
    pub value: Option<f64>,
    /// The dataset that it was measured on.
    pub dataset: Option<String>,
    /// The run that measured it.
    pub run_id: String,
}

/// Values added up, one a trace.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct VersionSum {
    /// Traces that have one.
    pub count: u64,
    /// Their sum; null of none, since what is not known is not 0.
    pub sum: Option<f64>,
    /// Their mean; null of none.
    pub mean: Option<f64>,
}

/// The valid feedback of one name.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionScore {
    /// The name.
    pub name: String,
    /// Traces that have it.
    pub traces: u64,
    /// Of them, those on which it counts as a number: a number itself, true and `yes` 1, false and `no` 0. A trace that has
    /// several counts once, with their mean.
    pub count: u64,
    /// The mean of the numbers; null of none.
    pub mean: Option<f64>,
    /// The share of traces that pass, where all numbers are 0 or 1; null otherwise.
    pub pass_rate: Option<f64>,
}

/// A run with traces of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VersionRun {
    /// The run, which need not be there any more.
    pub run_id: String,
    /// How many of its traces are the version's.
    pub traces: u64,
}

/// The traces of a version, added up; the traces of scorers are left out.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionFigures {
    /// Traces.
    pub traces: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Of them, those that have not ended.
    pub in_progress: u64,
    /// The share of errors among those that ended, 0 to 1; null of none.
    pub error_rate: Option<f64>,
    /// When the first of them started.
    pub first_start_ns: Option<String>,
    /// When the last of them started.
    pub last_start_ns: Option<String>,
    /// Half of them took at most so long; at most 1 % off.
    pub p50_ns: Option<i64>,
    /// 95 % of them took at most so long; at most 1 % off.
    pub p95_ns: Option<i64>,
    /// How long they took, in nanoseconds.
    pub duration_ns: VersionSum,
    /// Tokens of prompts.
    pub input_tokens: VersionSum,
    /// Tokens of answers.
    pub output_tokens: VersionSum,
    /// All tokens.
    pub total_tokens: VersionSum,
    /// US dollars.
    pub cost: VersionSum,
    /// Feedback by name.
    pub scores: Vec<VersionScore>,
    /// The runs that its traces belong to, which evaluated it; those with the most traces, at most 100.
    pub runs: Vec<VersionRun>,
    /// How many runs there are.
    pub run_count: u64,
}

/// A version of an application: a logged model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionSummary {
    /// The id of the logged model.
    pub model_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// Its name, which others may have too.
    pub name: String,
    /// What kind of model it is.
    pub model_type: Option<String>,
    /// How far it is: `PENDING`, `READY` or `UPLOAD_FAILED`.
    pub status: String,
    /// The run that made it.
    pub source_run_id: Option<String>,
    /// When it was made.
    pub created_ns: String,
    /// The code that it was made of, if its tags say so.
    pub git: Option<GitState>,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Its tags, without MLflow's reserved ones.
    pub tags: BTreeMap<String, String>,
    /// Its traces, added up.
    pub figures: VersionFigures,
    /// The filter that finds its traces.
    pub trace_filter: String,
}

/// The answer of `GET /api/v1/versions`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionList {
    /// The page, the newest first.
    pub versions: Vec<VersionSummary>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// The answer of `GET /api/v1/versions/{model_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionDetail {
    /// The version.
    pub version: VersionSummary,
    /// What runs measured of it.
    pub metrics: Vec<VersionMetric>,
}

/// What a row of a comparison is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionColumnKind {
    /// Feedback whose numbers are all 0 or 1: the share of traces that pass.
    PassRate,
    /// Feedback: the mean.
    Score,
    /// The share of traces that ended with an error.
    ErrorRate,
    /// The mean in milliseconds.
    Latency,
    /// The mean of all tokens of a trace.
    Tokens,
    /// The mean of US dollars of a trace.
    Cost,
}

/// How a version differs from the first one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct VersionChange {
    /// Its mean or share minus that of the first.
    pub mean: f64,
    /// How probable so large a difference is by chance, two-sided: Fisher's exact test of two shares, Welch's test of two
    /// means. Null where there are too few values.
    pub p_value: Option<f64>,
}

/// One figure of all versions that are compared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionColumn {
    /// The name of the feedback; `errors`, `latency`, `tokens` or `cost` otherwise.
    pub name: String,
    /// What it is about.
    pub kind: VersionColumnKind,
    /// One a version, in their order.
    pub values: Vec<VersionSum>,
    /// How each differs from the first version; null of the first itself, and where one has no value.
    pub changes: Vec<Option<VersionChange>>,
}

/// The answer of `GET /api/v1/versions/compare`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VersionComparison {
    /// The versions in the order of the question; the others are compared with the first.
    pub versions: Vec<VersionSummary>,
    /// The figures: feedback by name, then errors, latency, tokens and cost.
    pub columns: Vec<VersionColumn>,
}

impl VersionSummary {
    /// Makes the answer of a logged model; `trace_filter` finds its traces.
    pub fn new(model: LoggedModel, figures: VersionFigures, trace_filter: String) -> VersionSummary {
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        let git = git_state(&model.tags);
        let tags = model.tags.into_iter().filter(|(key, _)| !key.starts_with(RESERVED_TAGS)).collect();
        VersionSummary {
            model_id: model.model_id,
            experiment_id: model.experiment_id.to_string(),
            name: model.name,
            model_type: known(model.model_type),
            status: model.status.name().to_owned(),
            source_run_id: known(model.source_run_id),
            created_ns: model.created_ns.to_string(),
            git,
            params: model.params,
            tags,
            figures,
            trace_filter,
        }
    }
}

fn git_state(tags: &BTreeMap<String, String>) -> Option<GitState> {
    Some(GitState {
        commit: tags.get(GIT_COMMIT)?.clone(),
        branch: tags.get(GIT_BRANCH).cloned(),
        repository: tags.get(GIT_REPOSITORY).cloned(),
        is_dirty: tags.get(GIT_DIRTY).is_some_and(|text| text.eq_ignore_ascii_case("true")),
    })
}

impl From<ModelMetric> for VersionMetric {
    fn from(metric: ModelMetric) -> Self {
        let (dataset, _) = metric.dataset;
        VersionMetric {
            key: metric.metric.key,
            value: Some(metric.metric.value).filter(|value| value.is_finite()),
            dataset: Some(dataset).filter(|name| !name.is_empty()),
            run_id: metric.run_id.0,
        }
    }
}
