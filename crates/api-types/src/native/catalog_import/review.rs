//! Issues, and what reviewers work with, as lines of an import.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An issue of another store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedIssue {
    /// Its id.
    pub issue_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// What it is called.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// `pending`, `rejected` or `resolved`.
    pub status: String,
    /// `not_an_issue`, `low`, `medium` or `high`.
    pub severity: Option<String>,
    /// Why it is there.
    #[serde(default)]
    pub root_causes: Vec<String>,
    /// What kinds of issue it belongs to.
    #[serde(default)]
    pub categories: Vec<String>,
    /// The run that found it.
    pub source_run_id: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}

/// A label schema of another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportedLabelSchema {
    /// Its id.
    pub schema_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// What it is called.
    pub name: String,
    /// `FEEDBACK` or `EXPECTATION`.
    pub r#type: String,
    /// What reviewers are told.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    #[serde(default)]
    pub enable_comment: bool,
    /// How it is answered.
    pub input: ImportedInput,
    /// Whether it is the one that every experiment has.
    #[serde(default)]
    pub is_default: bool,
    /// When it was made.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ImportedInput {
    /// By one of two labels.
    PassFail {
        /// That for yes.
        positive_label: String,
        /// That for no.
        negative_label: String,
    },
    /// By one or several of some options.
    Categorical {
        /// The options.
        options: Vec<String>,
        /// Whether several may be chosen.
        #[serde(default)]
        multi_select: bool,
    },
    /// By a number.
    Numeric {
        /// The smallest.
        min_value: Option<f64>,
        /// The largest.
        max_value: Option<f64>,
    },
    /// By a text.
    Text {
        /// Its longest length.
        max_length: Option<i64>,
    },
}

/// A review queue of another store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedReviewQueue {
    /// Its id.
    pub queue_id: String,
    /// The experiment here.
    pub experiment_id: i64,
    /// What it is called.
    pub name: String,
    /// Whether it is that of the user whose name it has.
    #[serde(default)]
    pub is_user: bool,
    /// Who made it.
    pub created_by: Option<String>,
    /// Who is to review.
    #[serde(default)]
    pub users: Vec<String>,
    /// What is asked.
    #[serde(default)]
    pub schema_ids: Vec<String>,
    /// When it was made.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}

/// A trace in a review queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedReviewItem {
    /// The queue.
    pub queue_id: String,
    /// The trace.
    pub trace_id: String,
    /// `PENDING`, `COMPLETE` or `DECLINED`.
    pub status: String,
    /// Who completed or declined it.
    pub completed_by: Option<String>,
    /// When.
    pub completed_ns: Option<i64>,
    /// When it came into the queue.
    pub created_ns: i64,
    /// When it last changed.
    pub last_updated_ns: i64,
}
