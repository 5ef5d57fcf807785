//! What evaluation needs beside traces: a trait for each noun, and [`Catalog`] for all of them.
//!
//! They are small, read by name and edited, unlike traces; nothing but links crosses between the two, and a link to what is
//! gone is read as such. What is refused is said in MLflow's words, since clients know them: see [`refusal`].

pub mod refusal;
mod registry;
mod run;
mod webhook;

pub use registry::{
    ModelVersionPage, NewModelVersion, NewRegisteredModel, RegisteredModelPage, RegistryQuery, RegistryStore,
};
pub use run::{
    DatasetSummary, MetricHistoryPage, MetricPosition, MetricSampleQuery, NewRun, RunChange, RunInputs,
    RunLog, RunPage, RunQuery, RunStore,
};
pub use webhook::{
    AttemptOutcome, Delivery, DueDeliveries, NewWebhook, WebhookChange, WebhookPage, WebhookStore,
};

/// A store of everything that is not a trace.
pub trait Catalog: RunStore + RegistryStore + WebhookStore {}

impl<T: RunStore + RegistryStore + WebhookStore> Catalog for T {}
