//! What another store has, taken over as it is: with its ids, times and versions.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{
    Dataset, DatasetRecord, Experiment, ExperimentId, Issue, LabelSchema, LoggedModel, Metric, ModelVersion,
    OnlineScoring, RegisteredModel, ReviewItem, ReviewQueue, Run, RunId, ScorerVersion, Webhook,
};

/// A store that takes over what another one has.
///
/// Each item says all that is known of one thing. It is made if there is none of its id, else it becomes as the item says:
/// fields are replaced, what is kept by key (tags, parameters, aliases) is merged. So the same item again changes nothing.
/// Nothing is deleted, and webhooks are told of nothing.
#[async_trait]
pub trait ImportStore: Send + Sync + 'static {
    /// Takes over some items, in their order, each whole or not at all; answers one by one what became of them. All of
    /// them that were taken are durable when this answers.
    ///
    /// An item that names an experiment, run, model, dataset, scorer, queue or trace that it belongs to and that is not
    /// there is `NotFound`; one whose name something else has is `AlreadyExists`.
    async fn import_items(&self, items: Vec<ImportItem>) -> StoreResult<Vec<StoreResult<Imported>>>;
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is here.
    Done,
    /// The experiment is here, with this id and name.
    Experiment(ExperimentId, String),
}

/// One thing out of another store.
#[derive(Debug, Clone)]
pub enum ImportItem {
    /// An experiment.
    ///
    /// - The one of the same id and time of creation is the same one. Else the active one of the same name is, which
    ///   then only gets the tags. Else it is made, with its id if that is free; the default one, as long as nobody took
    ///   it over, counts as free.
    /// - An empty artifact location stands for that which a new experiment would have.
    Experiment(Experiment),
    /// A run with all but its metrics.
    Run(Box<Run>),
    /// Points of a run's metrics.
    Metrics {
        /// The run, which may be deleted.
        run_id: RunId,
        /// The points.
        points: Vec<Metric>,
    },
    /// A logged model with the latest of its metrics.
    LoggedModel(Box<LoggedModel>),
    /// A dataset without its records; its schema is that of the other store, its record count and version are not.
    Dataset(Dataset),
    /// Records of a dataset. One with the inputs of a record that is there replaces that, but keeps its id.
    Records {
        /// The dataset.
        dataset_id: String,
        /// The records.
        records: Vec<DatasetRecord>,
    },
    /// A registered model without its versions and aliases.
    RegisteredModel(RegisteredModel),
    /// A version of a registered model, with the aliases that stand for it.
    ModelVersion(Box<ModelVersion>),
    /// A version of a scorer.
    ScorerVersion(ScorerVersion),
    /// How a scorer runs on traces as they arrive.
    OnlineScoring(OnlineScoring),
    /// An issue.
    Issue(Issue),
    /// A label schema. The default one of its experiment takes the place of the default one that is there.
    LabelSchema(LabelSchema),
    /// A review queue without its items.
    ReviewQueue(ReviewQueue),
    /// A trace in a review queue.
    ReviewItem(ReviewItem),
    /// A webhook; one that is made gets the secret, one that is there keeps its own.
    Webhook(Webhook, Option<String>),
}
