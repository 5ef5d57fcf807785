//! Traces as a list shows them, and one as a whole record.

use super::assessment::{Assessment, AssessmentSummary};
use serde::{Deserialize, Serialize};
use spanwise_model::TraceInfo;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Metadata key of a trace's user.
const USER: &str = "mlflow.trace.user";
/// Tags of MLflow's own; they say nothing to a person.
const RESERVED_TAGS: &str = "mlflow.";

/// How a trace ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = State)]
pub enum StateName {
    /// It ended well.
    Ok,
    /// It ended with an error.
    Error,
    /// It has not ended.
    InProgress,
    /// Its client gave none.
    StateUnspecified,
}

/// Tokens, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usage {
    /// Of the prompt, cached ones included.
    pub input: u64,
    /// Of the answer, reasoning included.
    pub output: u64,
    /// Both.
    pub total: u64,
    /// Input tokens read from a cache, where reported.
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache, where reported.
    pub cache_write: Option<u64>,
}

/// Cost in US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Cost {
    /// For input tokens.
    pub input: f64,
    /// For output tokens.
    pub output: f64,
    /// Both.
    pub total: f64,
}

/// A trace as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TraceSummary {
    /// Its id: `tr-` and 32 hex digits, or the text that its client chose.
    pub trace_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// Its name.
    pub name: Option<String>,
    /// How it ended.
    pub state: StateName,
    /// When it started.
    pub start_ns: String,
    /// How long it took; null while unknown.
    pub duration_ns: Option<i64>,
    /// What was asked, as a person reads it; at most 1,000 characters.
    pub input: Option<String>,
    /// What was answered, as a person reads it; at most 1,000 characters.
    pub output: Option<String>,
    /// The conversation that it belongs to.
    pub session: Option<String>,
    /// The end user.
    pub user: Option<String>,
    /// Tokens; null if no span reports any.
    pub usage: Option<Usage>,
    /// Cost; null if it is not known.
    pub cost: Option<Cost>,
    /// Spans stored for it.
    pub span_count: u64,
    /// Spans that failed, which a trace that ended well may have too; null where they were not counted.
    pub error_span_count: Option<u64>,
    /// Its tags, its own over those of its resource, without MLflow's reserved ones.
    pub tags: BTreeMap<String, String>,
    /// Its valid assessments.
    pub assessments: Vec<AssessmentSummary>,
}

/// The answer of `GET /api/v1/traces`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TraceList {
    /// The page.
    pub traces: Vec<TraceSummary>,
    /// What to ask the next page with; null at the end.
    pub next_page_token: Option<String>,
}

/// A trace as a whole record.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TraceRecord {
    /// Its id.
    pub trace_id: String,
    /// Its experiment.
    pub experiment_id: String,
    /// The name of its experiment.
    pub experiment_name: String,
    /// Its name.
    pub name: Option<String>,
    /// How it ended.
    pub state: StateName,
    /// When it started.
    pub start_ns: String,
    /// How long it took; null while unknown.
    pub duration_ns: Option<i64>,
    /// When it ended; null while unknown.
    pub end_ns: Option<String>,
    /// What was asked, as a person reads it.
    pub input: Option<String>,
    /// What was answered, as a person reads it.
    pub output: Option<String>,
    /// MLflow's preview of the root's inputs.
    pub request_preview: Option<String>,
    /// MLflow's preview of the root's outputs.
    pub response_preview: Option<String>,
    /// The conversation that it belongs to.
    pub session: Option<String>,
    /// The end user.
    pub user: Option<String>,
    /// Tokens; null if no span reports any.
    pub usage: Option<Usage>,
    /// Cost; null if it is not known.
    pub cost: Option<Cost>,
    /// Spans stored for it.
    pub span_count: u64,
    /// An id that the client chose.
    pub client_request_id: Option<String>,
    /// Its tags, its own over those of its resource, without MLflow's reserved ones.
    pub tags: BTreeMap<String, String>,
    /// All of its own tags.
    pub own_tags: BTreeMap<String, String>,
    /// Tags that come from its root's resource.
    pub resource_tags: BTreeMap<String, String>,
    /// What its client told of it.
    pub metadata: BTreeMap<String, String>,
    /// All assessments, overridden ones too, in order of creation.
    pub assessments: Vec<Assessment>,
}

/// The value of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagValue {
    /// The value.
    pub value: String,
}

impl From<spanwise_model::TraceState> for StateName {
    fn from(state: spanwise_model::TraceState) -> Self {
        match state {
            spanwise_model::TraceState::Ok => StateName::Ok,
            spanwise_model::TraceState::Error => StateName::Error,
            spanwise_model::TraceState::InProgress => StateName::InProgress,
            spanwise_model::TraceState::Unspecified => StateName::StateUnspecified,
        }
    }
}

impl From<spanwise_model::TokenUsage> for Usage {
    fn from(usage: spanwise_model::TokenUsage) -> Self {
        Usage {
            input: usage.input,
            output: usage.output,
            total: usage.total,
            cache_read: usage.cache_read,
            cache_write: usage.cache_creation,
        }
    }
}

impl From<spanwise_model::Cost> for Cost {
    fn from(cost: spanwise_model::Cost) -> Self {
        Cost { input: cost.input, output: cost.output, total: cost.total }
    }
}

impl From<TraceInfo> for TraceSummary {
    fn from(info: TraceInfo) -> Self {
        TraceSummary {
            error_span_count: info.error_span_count,
            tags: shown_tags(&info),
            trace_id: info.trace_id.to_string(),
            experiment_id: info.experiment_id.to_string(),
            name: info.name,
            state: info.state.into(),
            start_ns: info.start_ns.to_string(),
            duration_ns: info.duration_ns,
            // A client that only sends records gives previews alone.
            input: info.input_text.or(info.request_preview),
            output: info.output_text.or(info.response_preview),
            session: info.session,
            user: info.metadata.get(USER).cloned(),
            usage: info.usage.map(Usage::from),
            cost: info.cost.map(Cost::from),
            span_count: info.span_count,
            assessments: info
                .assessments
                .into_iter()
                .filter(|assessment| assessment.valid)
                .map(AssessmentSummary::from)
                .collect(),
        }
    }
}

impl TraceRecord {
    /// Writes a record; `experiment_name` is that of its experiment.
    pub fn new(info: TraceInfo, experiment_name: String) -> TraceRecord {
        TraceRecord {
            tags: shown_tags(&info),
            trace_id: info.trace_id.to_string(),
            experiment_id: info.experiment_id.to_string(),
            experiment_name,
            name: info.name,
            state: info.state.into(),
            start_ns: info.start_ns.to_string(),
            duration_ns: info.duration_ns,
            end_ns: info.duration_ns.map(|duration| info.start_ns.saturating_add(duration).to_string()),
            input: info.input_text.or_else(|| info.request_preview.clone()),
            output: info.output_text.or_else(|| info.response_preview.clone()),
            request_preview: info.request_preview,
            response_preview: info.response_preview,
            session: info.session,
            user: info.metadata.get(USER).cloned(),
            usage: info.usage.map(Usage::from),
            cost: info.cost.map(Cost::from),
            span_count: info.span_count,
            client_request_id: info.client_request_id,
            own_tags: info.tags,
            resource_tags: info.resource_tags,
            metadata: info.metadata,
            assessments: info.assessments.into_iter().map(Assessment::from).collect(),
        }
    }
}

fn shown_tags(info: &TraceInfo) -> BTreeMap<String, String> {
    let all = info.resource_tags.iter().chain(&info.tags);
    all.filter(|(key, _)| !key.starts_with(RESERVED_TAGS))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
