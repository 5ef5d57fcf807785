//! Issues: what is wrong with some traces, as people or judges found it.

use crate::ExperimentId;
use std::fmt;

/// The id of an issue: `iss-` and 32 hex digits where the server made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssueId(pub String);

impl fmt::Display for IssueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What became of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IssueStatus {
    /// Nobody decided yet.
    Pending,
    /// It is none.
    Rejected,
    /// It is gone.
    Resolved,
}

impl IssueStatus {
    /// All of them.
    pub const ALL: [IssueStatus; 3] = [IssueStatus::Pending, IssueStatus::Rejected, IssueStatus::Resolved];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            IssueStatus::Pending => "pending",
            IssueStatus::Rejected => "rejected",
            IssueStatus::Resolved => "resolved",
        }
    }

    /// Returns the status of that name.
    pub fn from_name(name: &str) -> Option<IssueStatus> {
        IssueStatus::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssueSeverity {
    /// Not at all.
    NotAnIssue,
    /// A little.
    Low,
    /// Rather.
    Medium,
    /// Very.
    High,
}

impl IssueSeverity {
    /// All of them, the least first.
    pub const ALL: [IssueSeverity; 4] =
        [IssueSeverity::NotAnIssue, IssueSeverity::Low, IssueSeverity::Medium, IssueSeverity::High];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            IssueSeverity::NotAnIssue => "not_an_issue",
            IssueSeverity::Low => "low",
            IssueSeverity::Medium => "medium",
            IssueSeverity::High => "high",
        }
    }

    /// Returns the severity of that name.
    pub fn from_name(name: &str) -> Option<IssueSeverity> {
        IssueSeverity::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

/// One issue. Assessments link traces to it: those of kind issue whose name is its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its id.
    pub issue_id: IssueId,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What became of it.
    pub status: IssueStatus,
    /// How bad it is, if someone said.
    pub severity: Option<IssueSeverity>,
    /// Why it is there.
    pub root_causes: Vec<String>,
    /// What kinds of issue it belongs to.
    pub categories: Vec<String>,
    /// The run that found it.
    pub source_run_id: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_ns: i64,
    /// When it was last changed.
    pub last_updated_ns: i64,
}
