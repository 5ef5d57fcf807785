//! Registered scorers.

use crate::catalog;
use crate::store::{SqliteStore, now_ns};
use async_trait::async_trait;
use spanwise_model::{ExperimentId, OnlineScoring, ScorerVersion};
use spanwise_store::StoreResult;
use spanwise_store::catalog::ScorerStore;

#[async_trait]
impl ScorerStore for SqliteStore {
    async fn register_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        serialized: &str,
        scorer_id: &str,
    ) -> StoreResult<ScorerVersion> {
        let (name, serialized, id) = (name.to_owned(), serialized.to_owned(), scorer_id.to_owned());
        self.write(move |context| {
            catalog::register_scorer(context.conn, experiment, &name, &serialized, &id, now_ns())
        })
        .await
    }

    async fn list_scorers(&self, experiments: Option<&[ExperimentId]>) -> StoreResult<Vec<ScorerVersion>> {
        let experiments = experiments.map(<[ExperimentId]>::to_vec);
        self.read(move |conn| catalog::list_scorers(conn, experiments.as_deref())).await
    }

    async fn scorer_versions(&self, experiment: ExperimentId, name: &str) -> StoreResult<Vec<ScorerVersion>> {
        let name = name.to_owned();
        self.read(move |conn| catalog::scorer_versions(conn, experiment, &name)).await
    }

    async fn get_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i64>,
    ) -> StoreResult<ScorerVersion> {
        let name = name.to_owned();
        self.read(move |conn| catalog::get_scorer(conn, experiment, &name, version)).await
    }

    async fn delete_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i64>,
    ) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |context| catalog::delete_scorer(context.conn, experiment, &name, version)).await
    }

    async fn set_online_scoring(
        &self,
        experiment: ExperimentId,
        name: &str,
        sample_rate: f64,
        filter: Option<&str>,
        config_id: &str,
    ) -> StoreResult<OnlineScoring> {
        let (name, filter, id) = (name.to_owned(), filter.map(str::to_owned), config_id.to_owned());
        self.write(move |context| {
            catalog::set_online_scoring(context.conn, experiment, &name, sample_rate, filter.as_deref(), &id)
        })
        .await
    }

    async fn online_scoring(&self, scorers: &[String]) -> StoreResult<Vec<OnlineScoring>> {
        let scorers = scorers.to_vec();
        self.read(move |conn| catalog::online_scoring(conn, &scorers)).await
    }
}
