//! Runs and what is logged to them.

use crate::{LifecycleFilter, StoreResult};
use async_trait::async_trait;
use spanwise_model::{
    DatasetInput, ExperimentId, LifecycleStage, Metric, ModelMetric, ModelOutput, Run, RunId, RunStatus,
};
use spanwise_query::{EntityFilter, EntityOrderBy};
use std::collections::BTreeMap;

/// A store of runs.
#[async_trait]
pub trait RunStore: Send + Sync + 'static {
    /// Creates a run, which is `Running`, in an active experiment, and returns it.
    ///
    /// Its name is also its tag `mlflow.runName`, from then on too: a change of either changes the other.
    async fn create_run(&self, new: NewRun) -> StoreResult<Run>;

    /// Returns one run, deleted or not.
    async fn get_run(&self, id: &RunId) -> StoreResult<Run>;

    /// Returns one page of the runs that match.
    async fn find_runs(&self, query: RunQuery) -> StoreResult<RunPage>;

    /// Changes an active run and returns it.
    async fn update_run(&self, id: &RunId, change: RunChange) -> StoreResult<Run>;

    /// Deletes or restores a run; it may be in that stage already. Deleting an experiment deletes its active runs, and
    /// restoring it restores those.
    async fn set_run_stage(&self, id: &RunId, stage: LifecycleStage) -> StoreResult<()>;

    /// Logs metrics, parameters and tags to an active run, all or none.
    ///
    /// - The same point of a metric (key, value, time, step) again changes nothing. The latest value of a metric is that
    ///   with the largest (step, time, value), a number above what is none.
    /// - A parameter that has another value already is `InvalidArgument`. Tags are overwritten.
    async fn log_run(&self, id: &RunId, log: RunLog) -> StoreResult<()>;

    /// Adds an item to the JSON list that a tag of an active run holds; of a tag that is not there, or holds none, the
    /// list is made.
    async fn append_to_run_tag(&self, id: &RunId, key: &str, item: serde_json::Value) -> StoreResult<()>;

    /// Deletes a tag of an active run; `NotFound` if it has none of that key.
    async fn delete_run_tag(&self, id: &RunId, key: &str) -> StoreResult<()>;

    /// Adds datasets and models that an active run read, and models that it made; what is there already stays once, a
    /// dataset with its newest tags.
    async fn log_run_inputs(&self, id: &RunId, inputs: RunInputs) -> StoreResult<()>;

    /// Returns points of one metric by (time, step, value), those after `after`, at most `limit`, at least 1.
    async fn metric_history(
        &self,
        id: &RunId,
        key: &str,
        limit: usize,
        after: Option<MetricPosition>,
    ) -> StoreResult<MetricHistoryPage>;

    /// Returns points of one metric of several runs, by run and step; of each run, if its steps are more than asked for,
    /// evenly chosen steps with the first and the last. Of a run there are no more points than steps are asked for: of steps
    /// that have many, the first ones. Unknown runs have no points.
    async fn sample_metric(&self, query: MetricSampleQuery) -> StoreResult<Vec<(RunId, Metric)>>;

    /// Returns the datasets that active runs of these experiments read, each with each of its contexts once.
    async fn run_datasets(&self, experiments: &[ExperimentId]) -> StoreResult<Vec<DatasetSummary>>;
}

/// A run to create.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its id.
    pub run_id: RunId,
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: String,
    /// Who starts it.
    pub user: String,
    /// When it started.
    pub start_ns: i64,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// A change of a run; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct RunChange {
    /// New status.
    pub status: Option<RunStatus>,
    /// New end.
    pub end_ns: Option<i64>,
    /// New name.
    pub name: Option<String>,
}

/// A search of runs.
#[derive(Debug, Clone)]
pub struct RunQuery {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// By lifecycle.
    pub lifecycle: LifecycleFilter,
    /// `None` = all; of `query::entity::RUN`.
    pub filter: Option<EntityFilter>,
    /// With what decides between equals already appended.
    pub order: Vec<EntityOrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of runs.
#[derive(Debug, Clone)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// Whether more follow. A page of much text ends before it has as many as asked for.
    pub has_more: bool,
}

/// What to log to a run.
#[derive(Debug, Clone, Default)]
pub struct RunLog {
    /// Points of metrics.
    pub metrics: Vec<Metric>,
    /// Those among them that were measured of logged models, which keep the latest; models that are not there are left out.
    pub model_metrics: Vec<ModelMetric>,
    /// Parameters.
    pub params: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<(String, String)>,
}

/// What a run read and made.
#[derive(Debug, Clone, Default)]
pub struct RunInputs {
    /// Datasets that it read.
    pub datasets: Vec<DatasetInput>,
    /// Models that it used.
    pub models: Vec<String>,
    /// Models that it made.
    pub outputs: Vec<ModelOutput>,
}

/// Where in the history of a metric a point is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricPosition {
    /// Its time.
    pub timestamp_ns: i64,
    /// Its step.
    pub step: i64,
    /// Its value.
    pub value: f64,
}

/// A part of the history of a metric.
#[derive(Debug, Clone)]
pub struct MetricHistoryPage {
    /// The points.
    pub points: Vec<Metric>,
    /// Where the next page starts, if there is one.
    pub next: Option<MetricPosition>,
}

/// Which points of a metric to show of several runs.
#[derive(Debug, Clone)]
pub struct MetricSampleQuery {
    /// The runs.
    pub runs: Vec<RunId>,
    /// The metric.
    pub key: String,
    /// First and last step; `None` = all.
    pub steps: Option<(i64, i64)>,
    /// Most steps of one run, at least 2.
    pub steps_max: usize,
}

/// A dataset that runs read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSummary {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// The dataset's name.
    pub name: String,
    /// The digest of its content.
    pub digest: String,
    /// What for, from the input's tag `mlflow.data.context`.
    pub context: Option<String>,
}
