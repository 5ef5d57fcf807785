//! Review queues: the questions, the traces, who is at what, and whether reviewers agree.

use super::assessment::{Assessment, AssessmentKindName};
use super::trace::TraceSummary;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use spanwise_model::{LabelInput, LabelSchemaType, ReviewQueueType, ReviewStatus};
use utoipa::ToSchema;

/// How a question is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = LabelInput)]
pub enum LabelInputForm {
    /// By one of two labels; the value is true or false.
    PassFail {
        /// That for true.
        positive_label: String,
        /// That for false.
        negative_label: String,
    },
    /// By one of some options, or by several, which are then a list.
    Categorical {
        /// The options.
        options: Vec<String>,
        /// Whether several may be chosen.
        #[serde(default)]
        multi_select: bool,
    },
    /// By a number.
    Numeric {
        /// The smallest that is allowed.
        #[serde(default)]
        min_value: Option<f64>,
        /// The largest that is allowed.
        #[serde(default)]
        max_value: Option<f64>,
    },
    /// By a text.
    Text {
        /// Its longest length, in characters.
        #[serde(default)]
        max_length: Option<i64>,
    },
}

/// A question to reviewers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LabelSchema {
    /// Its id.
    pub schema_id: String,
    /// Where it lives.
    pub experiment_id: String,
    /// What it is called, which is what the assessments of its answers are called.
    pub name: String,
    /// What an answer becomes: feedback or an expectation.
    pub kind: AssessmentKindName,
    /// What reviewers are told.
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    pub enable_comment: bool,
    /// How it is answered.
    pub input: LabelInputForm,
    /// Whether it is the question that every experiment has, which can't be changed.
    pub is_default: bool,
    /// When it was made.
    pub created_ns: String,
}

/// The answer of `GET /api/v1/label-schemas`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LabelSchemaList {
    /// The questions of the experiment, the oldest first.
    pub schemas: Vec<LabelSchema>,
    /// Whether these are all.
    pub complete: bool,
}

/// A question to create.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLabelSchema {
    /// Name or id of the experiment.
    pub experiment: String,
    /// What it is called.
    pub name: String,
    /// What an answer becomes: feedback or an expectation.
    pub kind: AssessmentKindName,
    /// What reviewers are told.
    #[serde(default)]
    pub instruction: Option<String>,
    /// Whether a comment may be added.
    #[serde(default)]
    pub enable_comment: bool,
    /// How it is answered.
    pub input: LabelInputForm,
}

/// A change of a question; what is left out stays. The kind of its input can't be changed.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelSchemaChange {
    /// New name.
    pub name: Option<String>,
    /// New instruction.
    pub instruction: Option<String>,
    /// Whether a comment may be added from now on.
    pub enable_comment: Option<bool>,
    /// New input.
    pub input: Option<LabelInputForm>,
}

/// What one reviewer did in a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewerProgress {
    /// Who.
    pub reviewer: String,
    /// Traces that the reviewer has on the screen.
    pub in_progress: u64,
    /// Traces that the reviewer completed, second opinions included.
    pub complete: u64,
    /// Traces that the reviewer left to others.
    pub skipped: u64,
    /// The mean time for a trace; null where that is not known.
    pub mean_ns: Option<i64>,
}

/// How far a queue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewProgress {
    /// All traces in it.
    pub total: u64,
    /// To be done, and nobody is at it.
    pub pending: u64,
    /// To be done, and somebody is at it.
    pub in_progress: u64,
    /// Done.
    pub complete: u64,
    /// Not to be done.
    pub declined: u64,
    /// By reviewer.
    pub reviewers: Vec<ReviewerProgress>,
}

/// A review queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewQueue {
    /// Its id.
    pub queue_id: String,
    /// Where it lives.
    pub experiment_id: String,
    /// What it is called.
    pub name: String,
    /// Whether it is that of one user, whose name it has; it asks all questions of the experiment and can't be changed.
    pub is_personal: bool,
    /// Who made or owns it.
    pub created_by: Option<String>,
    /// Who is to review.
    pub users: Vec<String>,
    /// The questions that were chosen; some may be deleted.
    pub schema_ids: Vec<String>,
    /// When it was made.
    pub created_ns: String,
    /// How far it is.
    pub progress: ReviewProgress,
}

/// The answer of `GET /api/v1/review-queues`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReviewQueueList {
    /// Queues, the newest first.
    pub queues: Vec<ReviewQueue>,
    /// Whether these are all.
    pub complete: bool,
}

/// The answer of `GET /api/v1/review-queues/{queue_id}`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewQueueDetail {
    /// The queue.
    pub queue: ReviewQueue,
    /// What is asked about each trace, in this order.
    pub questions: Vec<LabelSchema>,
}

/// A queue to create.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReviewQueue {
    /// Name or id of the experiment.
    pub experiment: String,
    /// What it is called.
    pub name: String,
    /// Who makes it.
    #[serde(default)]
    pub created_by: Option<String>,
    /// Who is to review.
    #[serde(default)]
    pub users: Vec<String>,
    /// What is asked; of none, the question that every experiment has.
    #[serde(default)]
    pub schema_ids: Vec<String>,
}

/// A change of a queue; what is left out stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReviewQueueChange {
    /// New name.
    pub name: Option<String>,
    /// New owner.
    pub created_by: Option<String>,
    /// Who is to review from now on.
    pub users: Option<Vec<String>>,
    /// What is asked from now on; only of a queue without traces.
    pub schema_ids: Option<Vec<String>>,
}

/// Which traces to put into a queue; of its experiment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddToReview {
    /// Of the filter language.
    pub filter: String,
    /// Started at or after: milliseconds, ISO 8601 or `-1h`.
    pub from: Option<String>,
    /// Started before.
    pub to: Option<String>,
    /// Only these traces.
    pub trace_ids: Option<Vec<String>>,
    /// Must be true for a request that names neither filter, time nor traces.
    pub all: bool,
    /// Only so many, the newest; 10,000 at most and if absent.
    pub limit: Option<usize>,
}

/// What became of traces that were to be put into a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AddedToReview {
    /// New ones.
    pub added: u64,
    /// Those that were there, which stay as they are.
    pub present: u64,
    /// Those that were named and are not in the queue's experiment.
    pub missing: u64,
    /// Whether more were selected than are put in by one request.
    pub is_cut: bool,
}

/// Which traces to take out of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFromReview {
    /// These.
    pub trace_ids: Vec<String>,
}

/// Where a trace of a queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStateName {
    /// To be done, and nobody is at it.
    Pending,
    /// To be done, and somebody is at it.
    InProgress,
    /// Done.
    Complete,
    /// Not to be done.
    Declined,
}

/// A trace in a queue.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewItem {
    /// The trace.
    pub trace_id: String,
    /// Where it stands.
    pub state: ReviewStateName,
    /// Who is at it.
    pub held_by: Option<String>,
    /// Until when nobody else gets it.
    pub held_until_ns: Option<String>,
    /// Who completed or declined it.
    pub completed_by: Option<String>,
    /// When.
    pub completed_ns: Option<String>,
    /// Who answered, second opinions included.
    pub answered_by: Vec<String>,
    /// Who left it to others.
    pub skipped_by: Vec<String>,
    /// When it came into the queue.
    pub created_ns: String,
    /// The trace in short; null if it is gone.
    pub trace: Option<TraceSummary>,
}

/// The answer of `GET /api/v1/review-queues/{queue_id}/items`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewItemList {
    /// The page, those that came first at the beginning.
    pub items: Vec<ReviewItem>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// Which traces are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReviewScope)]
pub enum ReviewScopeName {
    /// Those to be done that the reviewer did not skip.
    #[default]
    Pending,
    /// Those to be done that the reviewer skipped.
    Skipped,
    /// Those that others completed and the reviewer did not.
    SecondOpinion,
}

/// A reviewer wants something to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimReviews {
    /// Who.
    pub reviewer: String,
    /// How many to hold in all, 1 to 50; 1 if absent.
    #[serde(default)]
    pub count: Option<usize>,
    /// Which.
    #[serde(default)]
    pub scope: ReviewScopeName,
    /// This trace in place of the next one, whatever its state.
    #[serde(default)]
    pub trace_id: Option<String>,
}

/// What a reviewer holds now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ClaimedReviews {
    /// The traces, the first handed out first.
    pub items: Vec<ReviewItem>,
    /// For how long nobody else gets them, in milliseconds; asking again counts from then.
    pub held_ms: u64,
    /// How far the queue is.
    pub progress: ReviewProgress,
}

/// Who a request speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ByReviewer {
    /// Who.
    pub reviewer: String,
}

/// A reviewer takes back what was done with a trace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenReview {
    /// Who.
    pub reviewer: String,
    /// Whether the reviewer goes on with it now, so that nobody else gets it; true if absent.
    #[serde(default)]
    pub hold: Option<bool>,
}

/// How many traces were given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReleasedReviews {
    /// So many.
    pub released: u64,
}

/// What a reviewer answers about a trace.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteReview {
    /// Who.
    pub reviewer: String,
    /// The answers; a question without one is not answered.
    #[serde(default)]
    pub answers: Vec<GivenAnswer>,
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenAnswer {
    /// The question.
    pub schema_id: String,
    /// What its input allows; null if the question does not apply.
    #[serde(default)]
    pub value: Value,
    /// Why, where the question allows a comment.
    #[serde(default)]
    pub comment: Option<String>,
}

/// What a change of a review came to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewDone {
    /// The trace as it stands now.
    pub item: ReviewItem,
    /// The assessments that the answers became.
    pub assessments: Vec<Assessment>,
    /// How far the queue is.
    pub progress: ReviewProgress,
}

/// How far two reviewers agree on a question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewerPair {
    /// The first.
    pub first: String,
    /// The second.
    pub second: String,
    /// Traces that both answered about.
    pub traces: usize,
    /// Of them, those about which both said the same.
    pub agreed: usize,
    /// Cohen's kappa; null where chance alone makes them agree.
    pub kappa: Option<f64>,
}

/// How far reviewers agree on a question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct QuestionAgreement {
    /// The question.
    pub schema_id: String,
    /// What it is called.
    pub name: String,
    /// Answers to it.
    pub answers: usize,
    /// Traces that at least two reviewers answered about.
    pub traces: usize,
    /// Of them, those about which all said the same.
    pub unanimous: usize,
    /// The share of pairs of answers about the same trace that are the same; null without pairs.
    pub share: Option<f64>,
    /// Of two reviewers Cohen's kappa, of more the mean over each two; null where there is none.
    pub kappa: Option<f64>,
    /// Each two reviewers who answered about the same trace.
    pub pairs: Vec<ReviewerPair>,
}

/// The answer of `GET /api/v1/review-queues/{queue_id}/agreement`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReviewAgreement {
    /// The questions of the queue but those that are answered by a text, of which no two are the same.
    pub questions: Vec<QuestionAgreement>,
    /// Whether there are more answers than are looked at.
    pub is_cut: bool,
}

impl LabelInputForm {
    /// Returns it as MLflow's API takes it, where what is wrong about it is said.
    pub fn mlflow_value(&self) -> Value {
        match self {
            LabelInputForm::PassFail { positive_label, negative_label } => {
                json!({"pass_fail": {"positive_label": positive_label, "negative_label": negative_label}})
            }
            LabelInputForm::Categorical { options, multi_select } => {
                json!({"categorical": {"options": options, "multi_select": multi_select}})
            }
            LabelInputForm::Numeric { min_value, max_value } => {
                json!({"numeric": {"min_value": min_value, "max_value": max_value}})
            }
            LabelInputForm::Text { max_length } => json!({"text": {"max_length": max_length}}),
        }
    }
}

impl NewLabelSchema {
    /// Returns it as MLflow's API takes it, in the experiment of that id; `type_name` is MLflow's of the kind.
    pub fn mlflow_fields(&self, experiment_id: &str, type_name: &str) -> Map<String, Value> {
        let fields = [
            ("experiment_id", experiment_id.into()),
            ("name", self.name.as_str().into()),
            ("type", type_name.into()),
            ("instruction", self.instruction.clone().into()),
            ("enable_comment", self.enable_comment.into()),
            ("input", self.input.mlflow_value()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl LabelSchemaChange {
    /// Returns it as MLflow's API takes it.
    pub fn mlflow_fields(&self, schema_id: &str) -> Map<String, Value> {
        let fields = [
            ("schema_id", schema_id.into()),
            ("name", self.name.clone().into()),
            ("instruction", self.instruction.clone().into()),
            ("enable_comment", self.enable_comment.into()),
            ("input", self.input.as_ref().map(LabelInputForm::mlflow_value).into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl NewReviewQueue {
    /// Returns it as MLflow's API takes it, in the experiment of that id.
    pub fn mlflow_fields(&self, experiment_id: &str) -> Map<String, Value> {
        let fields = [
            ("experiment_id", experiment_id.into()),
            ("name", self.name.as_str().into()),
            ("queue_type", "CUSTOM".into()),
            ("created_by", self.created_by.clone().into()),
            ("users", self.users.clone().into()),
            ("schema_ids", self.schema_ids.clone().into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl From<LabelInput> for LabelInputForm {
    fn from(input: LabelInput) -> Self {
        match input {
            LabelInput::PassFail { positive_label, negative_label } => {
                LabelInputForm::PassFail { positive_label, negative_label }
            }
            LabelInput::Categorical { options, multi_select } => {
                LabelInputForm::Categorical { options, multi_select }
            }
            LabelInput::Numeric { min_value, max_value } => LabelInputForm::Numeric { min_value, max_value },
            LabelInput::Text { max_length } => LabelInputForm::Text { max_length },
        }
    }
}

impl From<spanwise_model::LabelSchema> for LabelSchema {
    fn from(schema: spanwise_model::LabelSchema) -> Self {
        LabelSchema {
            schema_id: schema.schema_id.0,
            experiment_id: schema.experiment_id.to_string(),
            name: schema.name,
            kind: match schema.schema_type {
                LabelSchemaType::Feedback => AssessmentKindName::Feedback,
                LabelSchemaType::Expectation => AssessmentKindName::Expectation,
            },
            instruction: schema.instruction,
            enable_comment: schema.enable_comment,
            input: schema.input.into(),
            is_default: schema.is_default,
            created_ns: schema.created_ns.to_string(),
        }
    }
}

impl ReviewQueue {
    /// Makes the answer of a queue.
    pub fn new(queue: spanwise_model::ReviewQueue, progress: ReviewProgress) -> ReviewQueue {
        ReviewQueue {
            queue_id: queue.queue_id.0,
            experiment_id: queue.experiment_id.to_string(),
            name: queue.name,
            is_personal: queue.queue_type == ReviewQueueType::User,
            created_by: queue.created_by,
            users: queue.users,
            schema_ids: queue.schema_ids.into_iter().map(|id| id.0).collect(),
            created_ns: queue.created_ns.to_string(),
            progress,
        }
    }
}

impl ReviewStateName {
    /// Returns where a trace stands that has this status and that somebody holds or not.
    pub fn new(status: ReviewStatus, is_held: bool) -> ReviewStateName {
        match status {
            ReviewStatus::Pending if is_held => ReviewStateName::InProgress,
            ReviewStatus::Pending => ReviewStateName::Pending,
            ReviewStatus::Complete => ReviewStateName::Complete,
            ReviewStatus::Declined => ReviewStateName::Declined,
        }
    }
}
