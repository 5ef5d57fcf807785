//! Runs, and what an evaluation says row by row.

use super::assessment::SourceName;
use super::trace::StateName;
use serde::Serialize;
use serde_json::Value;
use spanwise_model::{AssessmentValue, Run, RunStatus, TraceInfo};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Tags of MLflow's own; they say nothing to a person.
const RESERVED_TAGS: &str = "mlflow.";
/// The tag by which MLflow's client tells an evaluation from other runs, and its value.
const RUN_TYPE: (&str, &str) = ("mlflow.runType", "genai_evaluate");
/// Metadata of an assessment: the run that made it.
const SOURCE_RUN: &str = "mlflow.assessment.sourceRunId";

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = RunStatus)]
pub enum RunStatusName {
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

/// A dataset that a run read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunDataset {
    /// Its name.
    pub name: String,
    /// The digest of its content.
    pub digest: String,
    /// The dataset here, if it is one; null in a list of runs.
    pub dataset_id: Option<String>,
    /// The version of it that the run read, if that is known; null in a list of runs.
    pub version: Option<i64>,
}

/// A run with the latest value of each of its metrics.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Run)]
pub struct RunSummary {
    /// Its id.
    pub run_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: RunStatusName,
    /// Whether it is an evaluation, which has results row by row.
    pub is_evaluation: bool,
    /// Who started it; null if that is not known.
    pub user: Option<String>,
    /// When it started.
    pub start_ns: String,
    /// How long it took; null while it is under way.
    pub duration_ns: Option<i64>,
    /// The latest value of each metric; null where that is no number.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// Its tags, without MLflow's reserved ones.
    pub tags: BTreeMap<String, String>,
    /// The datasets that it read.
    pub datasets: Vec<RunDataset>,
    /// The logged models that it used or made.
    pub models: Vec<String>,
}

/// The answer of `GET /api/v1/runs`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunList {
    /// The page.
    pub runs: Vec<RunSummary>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// What one scorer says of one row.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Score {
    /// The scorer.
    pub name: String,
    /// Any JSON; null if the scorer failed.
    pub value: Value,
    /// What the value counts as: a number itself, true and `yes` 1, false and `no` 0; null otherwise.
    pub number: Option<f64>,
    /// Why.
    pub rationale: Option<String>,
    /// Why there is no value.
    pub error: Option<String>,
    /// Who made it.
    pub source: SourceName,
}

/// One row of an evaluation: a trace with its scores.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResultRow {
    /// The trace.
    pub trace_id: String,
    /// What was asked, as a person reads it.
    pub input: Option<String>,
    /// What was answered, as a person reads it.
    pub output: Option<String>,
    /// How the trace ended.
    pub state: StateName,
    /// How long it took; null while unknown.
    pub duration_ns: Option<i64>,
    /// All tokens; null if no span reports any.
    pub tokens: Option<u64>,
    /// US dollars; null if not known.
    pub cost: Option<f64>,
    /// Scores of this run, and of people.
    pub scores: Vec<Score>,
    /// What should have been answered, by name.
    pub expectations: BTreeMap<String, Value>,
}

/// A row of an evaluation beside that of the baseline that was asked the same; one of both may be missing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResultPair {
    /// The row of the run.
    pub run: Option<ResultRow>,
    /// The row of the baseline.
    pub baseline: Option<ResultRow>,
}

/// What a column of results is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultColumnKind {
    /// A scorer.
    Score,
    /// Milliseconds.
    Latency,
    /// Tokens.
    Tokens,
    /// US dollars.
    Cost,
}

/// The values of a column in one run, added up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResultAggregate {
    /// Rows that have a number.
    pub count: usize,
    /// Rows on which the scorer failed.
    pub errors: usize,
    /// The mean of the numbers; null of none.
    pub mean: Option<f64>,
}

/// How a run differs from its baseline in the rows that both have.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResultDifference {
    /// Rows that have a number in both.
    pub pairs: usize,
    /// Those in which the run's is higher.
    pub higher: usize,
    /// Those in which the run's is lower.
    pub lower: usize,
    /// The mean of run minus baseline.
    pub mean: f64,
    /// How probable so large a mean is by chance: two-sided sign-flip test.
    pub p_value: f64,
}

/// A column of results.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ResultColumn {
    /// The scorer; `latency`, `tokens` or `cost` otherwise.
    pub name: String,
    /// What it is about.
    pub kind: ResultColumnKind,
    /// All rows of the run.
    pub run: ResultAggregate,
    /// All rows of the baseline.
    pub baseline: Option<ResultAggregate>,
    /// The paired rows; null without a baseline or without pairs.
    pub difference: Option<ResultDifference>,
}

/// The answer of `GET /api/v1/runs/{run_id}/results`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RunResults {
    /// The run.
    pub run: RunSummary,
    /// The run that it is compared with.
    pub baseline: Option<RunSummary>,
    /// Its columns: scorers by name, then latency, tokens and cost.
    pub columns: Vec<ResultColumn>,
    /// Its rows, in the order in which their traces started, then rows that only the baseline has.
    pub rows: Vec<ResultPair>,
    /// Whether there are more rows than are answered, which the figures then leave out too.
    pub is_cut: bool,
}

impl From<RunStatus> for RunStatusName {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Running => RunStatusName::Running,
            RunStatus::Scheduled => RunStatusName::Scheduled,
            RunStatus::Finished => RunStatusName::Finished,
            RunStatus::Failed => RunStatusName::Failed,
            RunStatus::Killed => RunStatusName::Killed,
        }
    }
}

impl From<Run> for RunSummary {
    fn from(run: Run) -> Self {
        let datasets = run.dataset_inputs.into_iter().map(|input| input.dataset);
        let mut models = run.model_inputs;
        models.extend(run.model_outputs.into_iter().map(|output| output.model_id));
        models.dedup();
        RunSummary {
            run_id: run.run_id.0,
            experiment_id: run.experiment_id.to_string(),
            name: run.name,
            status: run.status.into(),
            is_evaluation: run.tags.get(RUN_TYPE.0).is_some_and(|kind| kind == RUN_TYPE.1),
            user: Some(run.user).filter(|user| !user.is_empty()),
            start_ns: run.start_ns.to_string(),
            duration_ns: run.end_ns.map(|end_ns| end_ns.saturating_sub(run.start_ns)),
            metrics: run
                .metrics
                .into_iter()
                .map(|metric| (metric.key, Some(metric.value).filter(|value| value.is_finite())))
                .collect(),
            params: run.params,
            tags: run.tags.into_iter().filter(|(key, _)| !key.starts_with(RESERVED_TAGS)).collect(),
            datasets: datasets
                .map(|dataset| RunDataset {
                    name: dataset.name,
                    digest: dataset.digest,
                    dataset_id: None,
                    version: None,
                })
                .collect(),
            models,
        }
    }
}

impl ResultRow {
    /// Writes the row of a trace in a run's results. `number_of` says what a score counts as.
    ///
    /// What another run said of the trace is not of this one; what people said is.
    pub fn new(info: TraceInfo, run_id: &str, number_of: impl Fn(&Value) -> Option<f64>) -> ResultRow {
        let mut row = ResultRow {
            trace_id: info.trace_id.to_string(),
            input: info.input_text.or(info.request_preview),
            output: info.output_text.or(info.response_preview),
            state: info.state.into(),
            duration_ns: info.duration_ns,
            tokens: info.usage.map(|usage| super::trace::Usage::from(usage).total),
            cost: info.cost.map(|cost| cost.total),
            scores: Vec::new(),
            expectations: BTreeMap::new(),
        };
        for assessment in info.assessments.into_iter().filter(|assessment| assessment.valid) {
            if assessment.metadata.get(SOURCE_RUN).is_some_and(|source| source != run_id) {
                continue;
            }
            match assessment.value {
                AssessmentValue::Feedback { value, error } => row.scores.push(Score {
                    name: assessment.name,
                    number: value.as_ref().and_then(&number_of),
                    value: value.unwrap_or_default(),
                    rationale: assessment.rationale,
                    error: error.map(|error| {
                        error.error_message.or(error.error_code).unwrap_or_else(|| "it failed".to_owned())
                    }),
                    source: assessment.source.source_type.into(),
                }),
                AssessmentValue::Expectation { value, .. } => {
                    row.expectations.insert(assessment.name, value);
                }
                AssessmentValue::Issue { .. } => {}
            }
        }
        row
    }
}
