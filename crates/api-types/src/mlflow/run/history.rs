//! Requests for the history of metrics, and for the datasets that runs read.

use super::request::run_id;
use crate::mlflow::experiment::page_size;
use crate::mlflow::field::{FieldError, Fields, FromFields};
use spanwise_model::{ExperimentId, RunId};

/// Largest page of a metric's history.
const POINTS_PER_PAGE_MAX: i64 = 25_000;
/// Steps of one run in a sample of a metric.
const SAMPLED_STEPS_MAX: i64 = 2_500;
/// Runs in one request for a metric of several runs.
const BULK_RUNS_MAX: usize = 100;

/// `metrics/get-history`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetMetricHistory {
    /// The run.
    pub run_id: RunId,
    /// The metric.
    pub metric_key: String,
    /// Page size; `None` = all, since the client then reads one answer alone.
    pub max_results: Option<usize>,
    /// Where the page starts; empty = at the beginning.
    pub page_token: String,
}

impl FromFields for GetMetricHistory {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let size = |wanted: i64| page_size(wanted.min(POINTS_PER_PAGE_MAX), POINTS_PER_PAGE_MAX);
        Ok(GetMetricHistory {
            run_id: run_id(fields)?,
            metric_key: fields.required("metric_key")?,
            max_results: fields.optional("max_results")?.map(size).transpose()?,
            page_token: fields.or_default("page_token")?,
        })
    }
}

/// `metrics/get-history-bulk` and `metrics/get-history-bulk-interval`.
#[derive(Debug, PartialEq, Eq)]
pub struct GetMetricsOfRuns {
    /// The runs.
    pub runs: Vec<RunId>,
    /// The metric.
    pub metric_key: String,
    /// First and last step.
    pub steps: Option<(i64, i64)>,
    /// Steps of one run.
    pub max_results: usize,
}

impl FromFields for GetMetricsOfRuns {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let mut runs: Vec<String> = fields.or_default("run_ids")?;
        runs.extend(fields.or_default::<Vec<String>>("run_id")?);
        if runs.is_empty() {
            return Err(FieldError::Missing("run_ids".to_owned()));
        }
        if runs.len() > BULK_RUNS_MAX {
            return Err(FieldError::Rule(format!(
                "GetMetricHistoryBulk request cannot specify more than {BULK_RUNS_MAX} run_ids. Received {} run_ids.",
                runs.len()
            )));
        }
        let steps = match (fields.optional("start_step")?, fields.optional("end_step")?) {
            (Some(first), Some(last)) if first > last => {
                return Err(FieldError::Rule(format!(
                    "end_step must be greater than start_step. Found start_step={first} and end_step={last}."
                )));
            }
            (Some(first), Some(last)) => Some((first, last)),
            (None, None) => None,
            _ => {
                let text = "If either start step or end step are specified, both must be specified.";
                return Err(FieldError::Rule(text.to_owned()));
            }
        };
        let wanted = fields.optional::<i64>("max_results")?.unwrap_or(SAMPLED_STEPS_MAX);
        Ok(GetMetricsOfRuns {
            runs: runs.into_iter().map(RunId).collect(),
            metric_key: fields.required("metric_key")?,
            steps,
            max_results: page_size(wanted.min(SAMPLED_STEPS_MAX), SAMPLED_STEPS_MAX)?,
        })
    }
}

/// `experiments/search-datasets`.
#[derive(Debug, PartialEq, Eq)]
pub struct SearchRunDatasets {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
}

impl FromFields for SearchRunDatasets {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(SearchRunDatasets { experiments: fields.required("experiment_ids")? })
    }
}
