//! Runs.

use crate::catalog;
use crate::store::SqliteStore;
use async_trait::async_trait;
use spanwise_model::{ExperimentId, LifecycleStage, Metric, Run, RunId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{
    DatasetSummary, MetricHistoryPage, MetricPosition, MetricSampleQuery, NewRun, RunChange, RunInputs,
    RunLog, RunPage, RunQuery, RunStore,
};

#[async_trait]
impl RunStore for SqliteStore {
    async fn create_run(&self, new: NewRun) -> StoreResult<Run> {
        self.write(move |context| catalog::create_run(context.conn, &new)).await
    }

    async fn get_run(&self, id: &RunId) -> StoreResult<Run> {
        let id = id.clone();
        self.read(move |conn| catalog::get_run(conn, &id)).await
    }

    async fn find_runs(&self, query: RunQuery) -> StoreResult<RunPage> {
        self.read(move |conn| catalog::find_runs(conn, &query)).await
    }

    async fn update_run(&self, id: &RunId, change: RunChange) -> StoreResult<Run> {
        let id = id.clone();
        self.write(move |context| catalog::update_run(context.conn, &id, &change)).await
    }

    async fn set_run_stage(&self, id: &RunId, stage: LifecycleStage) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |context| catalog::set_run_stage(context.conn, &id, stage)).await
    }

    async fn log_run(&self, id: &RunId, log: RunLog) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |context| catalog::log_run(context.conn, &id, &log)).await
    }

    async fn append_to_run_tag(&self, id: &RunId, key: &str, item: serde_json::Value) -> StoreResult<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write(move |context| catalog::append_to_run_tag(context.conn, &id, &key, &item)).await
    }

    async fn delete_run_tag(&self, id: &RunId, key: &str) -> StoreResult<()> {
        let (id, key) = (id.clone(), key.to_owned());
        self.write(move |context| catalog::delete_run_tag(context.conn, &id, &key)).await
    }

    async fn log_run_inputs(&self, id: &RunId, inputs: RunInputs) -> StoreResult<()> {
        let id = id.clone();
        self.write(move |context| catalog::log_run_inputs(context.conn, &id, &inputs)).await
    }

    async fn metric_history(
        &self,
        id: &RunId,
        key: &str,
        limit: usize,
        after: Option<MetricPosition>,
    ) -> StoreResult<MetricHistoryPage> {
        let (id, key) = (id.clone(), key.to_owned());
        self.read(move |conn| catalog::metric_history(conn, &id, &key, limit, after)).await
    }

    async fn sample_metric(&self, query: MetricSampleQuery) -> StoreResult<Vec<(RunId, Metric)>> {
        self.read(move |conn| catalog::sample_metric(conn, &query)).await
    }

    async fn run_datasets(&self, experiments: &[ExperimentId]) -> StoreResult<Vec<DatasetSummary>> {
        let experiments = experiments.to_vec();
        self.read(move |conn| catalog::run_datasets(conn, &experiments)).await
    }
}
