//! What evaluation needs beside traces: a trait for each noun, and [`Catalog`] for all of them.
//!
//! They are small, read by name and edited, unlike traces; nothing but links crosses between the two, and a link to what is
//! gone is read as such. What is refused is said in MLflow's words, since clients know them: see [`refusal`].

mod issue;
mod label_schema;
pub mod refusal;
mod review_queue;
mod run;

pub use issue::{IssueChange, IssuePage, IssueQuery, IssueStore, NewIssue};
pub use label_schema::{
    DEFAULT_SCHEMA_INSTRUCTION, DEFAULT_SCHEMA_NAME, LabelSchemaChange, LabelSchemaPage, LabelSchemaStore,
    NewLabelSchema,
};
pub use review_queue::{
    NewReviewQueue, ReviewItemPage, ReviewQueueChange, ReviewQueuePage, ReviewQueueQuery, ReviewQueueStore,
};
pub use run::{
    DatasetSummary, MetricHistoryPage, MetricPosition, MetricSampleQuery, NewRun, RunChange, RunInputs,
    RunLog, RunPage, RunQuery, RunStore,
};

/// A store of everything that is not a trace.
pub trait Catalog: IssueStore + LabelSchemaStore + ReviewQueueStore + RunStore {}

impl<T: IssueStore + LabelSchemaStore + ReviewQueueStore + RunStore> Catalog for T {}
