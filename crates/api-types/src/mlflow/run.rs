//! Requests and answers of `runs/*` and `metrics/*`; the answers are here.

mod history;
mod log;
mod request;
#[cfg(test)]
mod tests;

pub use history::{GetMetricHistory, GetMetricsOfRuns, SearchRunDatasets};
pub use log::{
    DeleteRunTag, LogBatch, LogInputs, LogMetric, LogModel, LogOutputs, LogParam, LogToRun, NewMetric,
    SetRunTag,
};
pub use request::{CreateRun, OneRun, SearchRuns, UpdateRun};

use super::experiment::KeyValue;
use super::time::milliseconds;
use serde::{Serialize, Serializer};
use spanwise_model::{DatasetInput, LifecycleStage, RunDataset, RunId};

/// A run as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Run {
    info: RunInfo,
    data: RunData,
    inputs: Inputs,
    outputs: Outputs,
}

/// A run without what was logged to it.
#[derive(Debug, Serialize)]
pub struct RunInfo {
    run_uuid: String,
    run_id: String,
    experiment_id: String,
    run_name: String,
    user_id: String,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: String,
    lifecycle_stage: &'static str,
}

#[derive(Debug, Serialize)]
struct RunData {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<Metric>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<KeyValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
struct Inputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<DatasetInputOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInputOut>,
}

#[derive(Debug, Serialize)]
struct DatasetInputOut {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<KeyValue>,
    dataset: DatasetOut,
}

#[derive(Debug, Serialize)]
struct DatasetOut {
    name: String,
    digest: String,
    source_type: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

#[derive(Debug, Serialize)]
struct ModelInputOut {
    model_id: String,
}

#[derive(Debug, Serialize)]
struct Outputs {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<ModelOutputOut>,
}

#[derive(Debug, Serialize)]
struct ModelOutputOut {
    model_id: String,
    step: i64,
}

/// One value of a metric as MLflow answers it.
#[derive(Debug, Serialize)]
pub struct Metric {
    key: String,
    #[serde(serialize_with = "write_double")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
}

/// Protobuf JSON writes what is no finite number as a text.
pub(in crate::mlflow) fn write_double<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        value if value.is_nan() => serializer.serialize_str("NaN"),
        value if value.is_infinite() => {
            serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
        }
        value => serializer.serialize_f64(*value),
    }
}

impl From<spanwise_model::Metric> for Metric {
    fn from(metric: spanwise_model::Metric) -> Self {
        Metric {
            key: metric.key,
            value: metric.value,
            timestamp: milliseconds(metric.timestamp_ns),
            step: metric.step,
            run_id: None,
        }
    }
}

impl From<(RunId, spanwise_model::Metric)> for Metric {
    fn from((run_id, metric): (RunId, spanwise_model::Metric)) -> Self {
        Metric { run_id: Some(run_id.0), ..metric.into() }
    }
}

impl From<spanwise_model::Run> for Run {
    fn from(run: spanwise_model::Run) -> Self {
        let info = RunInfo::from(&run);
        let pair = |(key, value)| KeyValue { key, value };
        Run {
            info,
            data: RunData {
                metrics: run.metrics.into_iter().map(Metric::from).collect(),
                params: run.params.into_iter().map(pair).collect(),
                tags: run.tags.into_iter().map(pair).collect(),
            },
            inputs: Inputs {
                dataset_inputs: run.dataset_inputs.into_iter().map(DatasetInputOut::from).collect(),
                model_inputs: run
                    .model_inputs
                    .into_iter()
                    .map(|model_id| ModelInputOut { model_id })
                    .collect(),
            },
            outputs: Outputs {
                model_outputs: run
                    .model_outputs
                    .into_iter()
                    .map(|output| ModelOutputOut { model_id: output.model_id, step: output.step })
                    .collect(),
            },
        }
    }
}

impl From<&spanwise_model::Run> for RunInfo {
    fn from(run: &spanwise_model::Run) -> Self {
        RunInfo {
            run_uuid: run.run_id.0.clone(),
            run_id: run.run_id.0.clone(),
            experiment_id: run.experiment_id.to_string(),
            run_name: run.name.clone(),
            user_id: run.user.clone(),
            status: run.status.name(),
            start_time: milliseconds(run.start_ns),
            end_time: run.end_ns.map(milliseconds),
            artifact_uri: run.artifact_uri.clone(),
            lifecycle_stage: match run.lifecycle_stage {
                LifecycleStage::Active => "active",
                LifecycleStage::Deleted => "deleted",
            },
        }
    }
}

impl From<DatasetInput> for DatasetInputOut {
    fn from(input: DatasetInput) -> Self {
        let RunDataset { name, digest, source_type, source, schema, profile } = input.dataset;
        DatasetInputOut {
            tags: input.tags.into_iter().map(|(key, value)| KeyValue { key, value }).collect(),
            dataset: DatasetOut { name, digest, source_type, source, schema, profile },
        }
    }
}

/// The answer that holds one run.
#[derive(Debug, Serialize)]
pub struct RunResponse {
    /// The run.
    pub run: Run,
}

/// The answer of `update`.
#[derive(Debug, Serialize)]
pub struct RunInfoResponse {
    /// The run.
    pub run_info: RunInfo,
}

/// The answer of `search`.
#[derive(Debug, Serialize)]
pub struct RunsResponse {
    /// The page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer that holds points of a metric.
#[derive(Debug, Serialize)]
pub struct MetricsResponse {
    /// The points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Set if more follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The answer of `experiments/search-datasets`.
#[derive(Debug, Serialize)]
pub struct DatasetSummariesResponse {
    /// The datasets.
    pub dataset_summaries: Vec<DatasetSummary>,
}

/// A dataset that runs read.
#[derive(Debug, Serialize)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: String,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}
