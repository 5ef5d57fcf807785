//! A trace's record in an export: all that is known of it but its spans, so that an import restores it as it was.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spanwise_model::{
    AssessmentError, AssessmentId, AssessmentSource, AssessmentValue, ErrorKind, ExperimentId, SourceType,
    TraceInfo, TraceState,
};
use std::collections::BTreeMap;

/// The version of the form that [`ArchivedTrace`] is part of; an import refuses later ones.
pub const ARCHIVE_VERSION: u32 = 1;

/// A trace's record; times are nanoseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchivedTrace {
    /// Its id.
    pub trace_id: String,
    /// The name of its experiment.
    pub experiment: String,
    /// An id that the client chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// When it started.
    pub start_ns: i64,
    /// How long it took.
    pub duration_ns: Option<i64>,
    /// `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`.
    pub state: String,
    /// Whether its client sent a final record.
    pub finalized: bool,
    /// Spans stored for it.
    pub span_count: u64,
    /// Its name.
    pub name: Option<String>,
    /// Its session.
    pub session: Option<String>,
    /// Its user.
    pub user: Option<String>,
    /// MLflow's preview of the inputs.
    pub request_preview: Option<String>,
    /// MLflow's preview of the outputs.
    pub response_preview: Option<String>,
    /// Tokens.
    pub usage: Option<ArchivedUsage>,
    /// Cost: input, output, total, in US dollars.
    pub cost: Option<[f64; 3]>,
    /// Which of the fields above its client gave; the others are derived from spans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explicit: Vec<String>,
    /// Metadata.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Own tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Assessments, in order of creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assessments: Vec<ArchivedAssessment>,
    /// Runs that it is linked to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<String>,
    /// Prompt versions that it is linked to: name, version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<(String, String)>,
}

/// Tokens of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedUsage {
    input: u64,
    output: u64,
    total: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_read: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_creation: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_creation_above_1h: Option<u64>,
}

/// An assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArchivedAssessment {
    assessment_id: String,
    name: String,
    #[serde(flatten)]
    value: ArchivedValue,
    source_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    created_ns: i64,
    last_updated_ns: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rationale: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overrides: Option<String>,
    valid: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum ArchivedValue {
    Feedback {
        value: Value,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<ArchivedError>,
    },
    Expectation {
        value: Value,
        #[serde(default)]
        serialized: bool,
    },
    Issue {
        issue_name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ArchivedError {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stack_trace: Option<String>,
}

/// Why an archived record can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not a trace id.
    #[error(transparent)]
    Id(#[from] spanwise_model::IdError),
    /// No such state.
    #[error("unknown state `{0}`; expected `OK`, `ERROR`, `IN_PROGRESS` or `STATE_UNSPECIFIED`")]
    State(String),
    /// No such source.
    #[error("unknown source type `{0}`; expected `HUMAN`, `LLM_JUDGE`, `CODE` or `UNSPECIFIED`")]
    Source(String),
}

impl ArchiveError {
    /// Returns [`ErrorKind::InvalidArgument`]: the line is wrong.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}

const USER: &str = "mlflow.trace.user";

const STATES: [(&str, TraceState); 4] = [
    ("OK", TraceState::Ok),
    ("ERROR", TraceState::Error),
    ("IN_PROGRESS", TraceState::InProgress),
    ("STATE_UNSPECIFIED", TraceState::Unspecified),
];

const SOURCES: [(&str, SourceType); 4] = [
    ("HUMAN", SourceType::Human),
    ("LLM_JUDGE", SourceType::LlmJudge),
    ("CODE", SourceType::Code),
    ("UNSPECIFIED", SourceType::Unspecified),
];

impl ArchivedTrace {
    /// Writes a record; `explicit`, `runs` and `prompts` are left for the caller to fill.
    pub fn new(info: TraceInfo, experiment: String) -> ArchivedTrace {
        let state = STATES.iter().find(|(_, state)| *state == info.state);
        let mut metadata = info.metadata;
        let user = metadata.remove(USER);
        ArchivedTrace {
            trace_id: info.trace_id.to_string(),
            experiment,
            client_request_id: info.client_request_id,
            start_ns: info.start_ns,
            duration_ns: info.duration_ns,
            state: state.map(|(name, _)| (*name).to_owned()).unwrap_or_default(),
            finalized: info.finalized,
            span_count: info.span_count,
            name: info.name,
            session: info.session,
            user,
            request_preview: info.request_preview,
            response_preview: info.response_preview,
            usage: info.usage.map(|usage| ArchivedUsage {
                input: usage.input,
                output: usage.output,
                total: usage.total,
                cache_read: usage.cache_read,
                cache_creation: usage.cache_creation,
                cache_creation_above_1h: usage.cache_creation_above_1h,
            }),
            cost: info.cost.map(|cost| [cost.input, cost.output, cost.total]),
            explicit: Vec::new(),
            metadata,
            tags: info.tags,
            assessments: info.assessments.into_iter().map(archived).collect(),
            runs: Vec::new(),
            prompts: Vec::new(),
        }
    }

    /// Reads the record back, for the experiment with this id.
    pub fn into_info(self, experiment_id: ExperimentId) -> Result<TraceInfo, ArchiveError> {
        let trace_id: spanwise_model::TraceId = self.trace_id.parse()?;
        let state = STATES.iter().find(|(name, _)| *name == self.state).map(|(_, state)| *state);
        let mut metadata = self.metadata;
        metadata.extend(self.user.map(|user| (USER.to_owned(), user)));
        let restored = |one: ArchivedAssessment| restored(one, trace_id.clone());
        let assessments = self.assessments.into_iter().map(restored).collect::<Result<_, _>>()?;
        Ok(TraceInfo {
            experiment_id,
            client_request_id: self.client_request_id,
            start_ns: self.start_ns,
            duration_ns: self.duration_ns,
            state: state.ok_or(ArchiveError::State(self.state))?,
            name: self.name,
            session: self.session,
            request_preview: self.request_preview,
            response_preview: self.response_preview,
            input_text: None,
            output_text: None,
            usage: self.usage.map(|usage| spanwise_model::TokenUsage {
                input: usage.input,
                output: usage.output,
                total: usage.total,
                cache_read: usage.cache_read,
                cache_creation: usage.cache_creation,
                cache_creation_above_1h: usage.cache_creation_above_1h,
            }),
            cost: self.cost.map(|[input, output, total]| spanwise_model::Cost { input, output, total }),
            finalized: self.finalized,
            span_count: self.span_count,
            error_span_count: None,
            metadata,
            tags: self.tags,
            resource_tags: BTreeMap::new(),
            assessments,
            trace_id,
        })
    }
}

fn archived(assessment: spanwise_model::Assessment) -> ArchivedAssessment {
    let source = SOURCES.iter().find(|(_, source)| *source == assessment.source.source_type);
    ArchivedAssessment {
        assessment_id: assessment.assessment_id.0,
        name: assessment.name,
        value: match assessment.value {
            AssessmentValue::Feedback { value, error } => ArchivedValue::Feedback {
                value: value.unwrap_or_default(),
                error: error.map(|error| ArchivedError {
                    error_code: error.error_code,
                    error_message: error.error_message,
                    stack_trace: error.stack_trace,
                }),
            },
            AssessmentValue::Expectation { value, serialized } => {
                ArchivedValue::Expectation { value, serialized }
            }
            AssessmentValue::Issue { issue_name } => ArchivedValue::Issue { issue_name },
        },
        source_type: source.map(|(name, _)| (*name).to_owned()).unwrap_or_default(),
        source_id: assessment.source.source_id,
        span_id: assessment.span_id,
        created_ns: assessment.created_ns,
        last_updated_ns: assessment.last_updated_ns,
        rationale: assessment.rationale,
        metadata: assessment.metadata,
        overrides: assessment.overrides.map(|id| id.0),
        valid: assessment.valid,
    }
}

fn restored(
    assessment: ArchivedAssessment,
    trace_id: spanwise_model::TraceId,
) -> Result<spanwise_model::Assessment, ArchiveError> {
    let source = SOURCES.iter().find(|(name, _)| *name == assessment.source_type);
    let source_type =
        source.map(|(_, source)| *source).ok_or(ArchiveError::Source(assessment.source_type))?;
    Ok(spanwise_model::Assessment {
        assessment_id: AssessmentId(assessment.assessment_id),
        trace_id,
        name: assessment.name,
        value: match assessment.value {
            ArchivedValue::Feedback { value, error } => AssessmentValue::Feedback {
                value: Some(value).filter(|value| !value.is_null()),
                error: error.map(|error| AssessmentError {
                    error_code: error.error_code,
                    error_message: error.error_message,
                    stack_trace: error.stack_trace,
                }),
            },
            ArchivedValue::Expectation { value, serialized } => {
                AssessmentValue::Expectation { value, serialized }
            }
            ArchivedValue::Issue { issue_name } => AssessmentValue::Issue { issue_name },
        },
        source: AssessmentSource { source_type, source_id: assessment.source_id },
        span_id: assessment.span_id,
        created_ns: assessment.created_ns,
        last_updated_ns: assessment.last_updated_ns,
        rationale: assessment.rationale,
        metadata: assessment.metadata,
        overrides: assessment.overrides.map(AssessmentId),
        valid: assessment.valid,
    })
}
