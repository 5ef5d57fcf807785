//! Logged models.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{ExperimentId, LoggedModel, ModelStatus};
use spanwise_query::{EntityFilter, EntityOrderBy};
use std::collections::BTreeMap;

/// A store of logged models. What runs measure of them comes by [`RunStore::log_run`](super::RunStore::log_run).
#[async_trait]
pub trait LoggedModelStore: Send + Sync + 'static {
    /// Creates a model, which is `Pending`, in an active experiment, and returns it.
    async fn create_logged_model(&self, new: NewLoggedModel) -> StoreResult<LoggedModel>;

    /// Returns one model, deleted or not.
    async fn get_logged_model(&self, id: &str) -> StoreResult<LoggedModel>;

    /// Returns one page of the active models that match.
    async fn find_logged_models(&self, query: LoggedModelQuery) -> StoreResult<LoggedModelPage>;

    /// Sets the status of an active model and returns it.
    async fn finalize_logged_model(&self, id: &str, status: ModelStatus) -> StoreResult<LoggedModel>;

    /// Deletes an active model; what refers to it stays.
    async fn delete_logged_model(&self, id: &str) -> StoreResult<()>;

    /// Sets parameters and tags of an active model.
    async fn log_logged_model(
        &self,
        id: &str,
        params: BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
    ) -> StoreResult<()>;

    /// Deletes a tag of an active model; `NotFound` if it has none of that key.
    async fn delete_logged_model_tag(&self, id: &str, key: &str) -> StoreResult<()>;
}

/// A model to create.
#[derive(Debug, Clone)]
pub struct NewLoggedModel {
    /// Its id.
    pub model_id: String,
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// Its name.
    pub name: String,
    /// What kind of model it is.
    pub model_type: String,
    /// The run that makes it; empty for none.
    pub source_run_id: String,
    /// Its first parameters.
    pub params: BTreeMap<String, String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// A search of models.
#[derive(Debug, Clone)]
pub struct LoggedModelQuery {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// `None` = all; of `query::entity::LOGGED_MODEL`.
    pub filter: Option<EntityFilter>,
    /// The only datasets whose metrics count in filter and order: name, and digest or `None` for any; empty = all.
    pub datasets: Vec<(String, Option<String>)>,
    /// With what decides between equals already appended.
    pub order: Vec<EntityOrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of models.
#[derive(Debug, Clone)]
pub struct LoggedModelPage {
    /// The models.
    pub models: Vec<LoggedModel>,
    /// Whether more follow. A page of much text ends before it has as many as asked for.
    pub has_more: bool,
}
