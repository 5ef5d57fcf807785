//! Registered scorers.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{ExperimentId, OnlineScoring, ScorerVersion};

/// A store of scorers.
#[async_trait]
pub trait ScorerStore: Send + Sync + 'static {
    /// Registers a scorer in an active experiment, or the next version of the one of that name there, and returns it. The
    /// number of a deleted version is not used again; `scorer_id` is of the scorer if it is new.
    async fn register_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        serialized: &str,
        scorer_id: &str,
    ) -> StoreResult<ScorerVersion>;

    /// Returns the latest version of each scorer of these experiments, of all active ones for `None`, by experiment and
    /// name.
    async fn list_scorers(&self, experiments: Option<&[ExperimentId]>) -> StoreResult<Vec<ScorerVersion>>;

    /// Returns all versions of a scorer, oldest first.
    async fn scorer_versions(&self, experiment: ExperimentId, name: &str) -> StoreResult<Vec<ScorerVersion>>;

    /// Returns one version of a scorer, the latest for `None`.
    async fn get_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i64>,
    ) -> StoreResult<ScorerVersion>;

    /// Deletes one version of a scorer, or the scorer for `None`; it ends with its last version.
    async fn delete_scorer(
        &self,
        experiment: ExperimentId,
        name: &str,
        version: Option<i64>,
    ) -> StoreResult<()>;

    /// Sets how a scorer runs on traces as they arrive, and returns that; `config_id` is of the configuration if it is new.
    async fn set_online_scoring(
        &self,
        experiment: ExperimentId,
        name: &str,
        sample_rate: f64,
        filter: Option<&str>,
        config_id: &str,
    ) -> StoreResult<OnlineScoring>;

    /// Returns how those of these scorers run that were ever told.
    async fn online_scoring(&self, scorers: &[String]) -> StoreResult<Vec<OnlineScoring>>;
}
