//! Review queues: traces that people are to look at, with the questions that they answer.

use crate::{ExperimentId, LabelSchemaId, TraceId};
use std::fmt;

/// The id of a review queue: `rq-` and 32 hex digits where the server made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReviewQueueId(pub String);

impl fmt::Display for ReviewQueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewQueueType {
    /// That of one user, who gives it its name. All questions of the experiment are asked.
    User,
    /// That of whoever is named, with chosen questions.
    Custom,
}

impl ReviewQueueType {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [ReviewQueueType; 2] = [ReviewQueueType::User, ReviewQueueType::Custom];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            ReviewQueueType::User => "USER",
            ReviewQueueType::Custom => "CUSTOM",
        }
    }
}

/// How far the review of a trace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewStatus {
    /// To be done.
    Pending,
    /// Done.
    Complete,
    /// Not to be done.
    Declined,
}

impl ReviewStatus {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [ReviewStatus; 3] =
        [ReviewStatus::Pending, ReviewStatus::Complete, ReviewStatus::Declined];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            ReviewStatus::Pending => "PENDING",
            ReviewStatus::Complete => "COMPLETE",
            ReviewStatus::Declined => "DECLINED",
        }
    }

    /// Returns the status of that name.
    pub fn from_name(name: &str) -> Option<ReviewStatus> {
        ReviewStatus::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// One queue, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewQueue {
    /// Its id.
    pub queue_id: ReviewQueueId,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub queue_type: ReviewQueueType,
    /// Who made or owns it.
    pub created_by: Option<String>,
    /// Who is to review.
    pub users: Vec<String>,
    /// What is asked; some may be deleted.
    pub schema_ids: Vec<LabelSchemaId>,
    /// When it was made.
    pub created_ns: i64,
    /// When it was last changed.
    pub last_updated_ns: i64,
}

/// A trace in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewItem {
    /// The queue.
    pub queue_id: ReviewQueueId,
    /// The trace.
    pub trace_id: TraceId,
    /// How far its review is.
    pub status: ReviewStatus,
    /// Who completed or declined it.
    pub completed_by: Option<String>,
    /// When.
    pub completed_ns: Option<i64>,
    /// When it came into the queue.
    pub created_ns: i64,
    /// When it was last changed.
    pub last_updated_ns: i64,
}
