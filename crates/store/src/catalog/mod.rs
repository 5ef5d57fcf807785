//! What evaluation needs beside traces: a trait for each noun, and [`Catalog`] for all of them.
//!
//! They are small, read by name and edited, unlike traces; nothing but links crosses between the two, and a link to what is
//! gone is read as such. What is refused is said in MLflow's words, since clients know them: see [`refusal`].

mod issue;
pub mod refusal;
mod run;

pub use issue::{IssueChange, IssuePage, IssueQuery, IssueStore, NewIssue};
pub use run::{
    DatasetSummary, MetricHistoryPage, MetricPosition, MetricSampleQuery, NewRun, RunChange, RunInputs,
    RunLog, RunPage, RunQuery, RunStore,
};

/// A store of everything that is not a trace.
pub trait Catalog: IssueStore + RunStore {}

impl<T: IssueStore + RunStore> Catalog for T {}
