//! Issues.

use crate::StoreResult;
use async_trait::async_trait;
use spanwise_model::{ExperimentId, Issue, IssueId, IssueSeverity, IssueStatus};
use spanwise_query::EntityFilter;

/// A store of issues.
#[async_trait]
pub trait IssueStore: Send + Sync + 'static {
    /// Creates an issue in an active experiment, and returns it.
    async fn create_issue(&self, new: NewIssue) -> StoreResult<Issue>;

    /// Returns one issue.
    async fn get_issue(&self, id: &IssueId) -> StoreResult<Issue>;

    /// Changes an issue and returns it.
    async fn update_issue(&self, id: &IssueId, change: IssueChange) -> StoreResult<Issue>;

    /// Returns one page of the issues that match: the worst first, those of no known severity last; then, if traces are
    /// counted, that of most traces; then the newest, then by id from the end of the alphabet.
    async fn find_issues(&self, query: IssueQuery) -> StoreResult<IssuePage>;
}

/// An issue to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    /// Its id.
    pub issue_id: IssueId,
    /// Where it shall live.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What became of it.
    pub status: IssueStatus,
    /// How bad it is.
    pub severity: Option<IssueSeverity>,
    /// Why it is there.
    pub root_causes: Vec<String>,
    /// What kinds of issue it belongs to.
    pub categories: Vec<String>,
    /// The run that found it.
    pub source_run_id: Option<String>,
    /// Who makes it.
    pub created_by: Option<String>,
}

/// A change of an issue; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IssueChange {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New status.
    pub status: Option<IssueStatus>,
    /// New severity.
    pub severity: Option<IssueSeverity>,
}

/// A search of issues.
#[derive(Debug, Clone)]
pub struct IssueQuery {
    /// Where to look; `None` = everywhere.
    pub experiment: Option<ExperimentId>,
    /// `None` = all; of `query::entity::ISSUE`.
    pub filter: Option<EntityFilter>,
    /// Whether to count the traces that assessments link to each issue.
    pub with_traces: bool,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip.
    pub offset: usize,
}

/// One page of issues.
#[derive(Debug, Clone)]
pub struct IssuePage {
    /// The issues, each with how many traces are linked to it if that was asked for.
    pub issues: Vec<(Issue, Option<u64>)>,
    /// Whether more follow. A page of much text ends before it has as many as asked for.
    pub has_more: bool,
}
