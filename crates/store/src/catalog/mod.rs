//! What evaluation needs beside traces: a trait for each noun, and [`Catalog`] for all of them.
//!
//! They are small, read by name and edited, unlike traces; nothing but links crosses between the two, and a link to what is
//! gone is read as such. What is refused is said in MLflow's words, since clients know them: see [`refusal`].

mod dataset;
mod import;
mod issue;
mod label_schema;
mod logged_model;
pub mod refusal;
mod registry;
mod review_queue;
mod review_work;
mod run;
mod scorer;
mod scoring;
mod webhook;

pub use dataset::{
    DatasetPage, DatasetQuery, DatasetStore, Differences, MergeEffect, Merged, NewDataset, NewRecord,
    RecordContent, RecordPage, RecordQuery, VersionPair, canonical_inputs, dataset_digest, extend_schema,
};
pub use import::{ImportItem, ImportStore, Imported};
pub use issue::{IssueChange, IssuePage, IssueQuery, IssueStore, NewIssue};
pub use label_schema::{
    DEFAULT_SCHEMA_INSTRUCTION, DEFAULT_SCHEMA_NAME, LabelSchemaChange, LabelSchemaPage, LabelSchemaStore,
    NewLabelSchema,
};
pub use logged_model::{LoggedModelPage, LoggedModelQuery, LoggedModelStore, NewLoggedModel};
pub use registry::{
    ModelVersionPage, NewModelVersion, NewRegisteredModel, RegisteredModelPage, RegistryQuery, RegistryStore,
};
pub use review_queue::{
    NewReviewQueue, ReviewItemPage, ReviewQueueChange, ReviewQueuePage, ReviewQueueQuery, ReviewQueueStore,
};
pub use review_work::{
    AddedToReview, FinishedReview, HELD_MAX, Review, ReviewAnswer, ReviewClaim, ReviewOutcome, ReviewPage,
    ReviewProgress, ReviewQuery, ReviewScope, ReviewState, ReviewWorkStore, ReviewerProgress,
};
pub use run::{
    DatasetSummary, MetricHistoryPage, MetricPosition, MetricSampleQuery, NewRun, RunChange, RunInputs,
    RunLog, RunPage, RunQuery, RunStore,
};
pub use scorer::ScorerStore;
pub use scoring::{
    Backfill, BackfillState, BackfillStep, DueScores, NewBackfill, QueuedScore, RunningBackfill,
    RunningScorer, ScoreEnd, ScoreResult, ScoreSpend, ScoringCounts, ScoringError, ScoringLimits,
    ScoringStatus, ScoringStore, Settled, SettledTrace, Settling,
};
pub use webhook::{
    AttemptOutcome, Delivery, DueDeliveries, NewWebhook, WebhookChange, WebhookPage, WebhookStore,
};

/// A store of everything that is not a trace.
pub trait Catalog:
    RunStore
    + LoggedModelStore
    + DatasetStore
    + ScorerStore
    + ScoringStore
    + RegistryStore
    + IssueStore
    + LabelSchemaStore
    + ReviewQueueStore
    + ReviewWorkStore
    + WebhookStore
    + ImportStore
{
}

impl<T> Catalog for T where
    T: RunStore
        + LoggedModelStore
        + DatasetStore
        + ScorerStore
        + ScoringStore
        + RegistryStore
        + IssueStore
        + LabelSchemaStore
        + ReviewQueueStore
        + ReviewWorkStore
        + WebhookStore
        + ImportStore
{
}
