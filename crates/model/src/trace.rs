//! A trace as a record: what a list shows of it, without its spans.

use crate::{Assessment, Cost, ExperimentId, TokenUsage, TraceId};
use std::collections::BTreeMap;

/// How a trace ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TraceState {
    /// The client gave none.
    #[default]
    Unspecified,
    /// It ended well.
    Ok,
    /// It ended with an error.
    Error,
    /// Its root has not ended, or has not arrived.
    InProgress,
}

/// One trace without its spans.
///
/// Session, usage, cost and name are fields, not entries of `metadata` or `tags`; MLflow's reserved keys for
/// them are made when answering MLflow.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceInfo {
    /// Its id.
    pub trace_id: TraceId,
    /// Where it lives.
    pub experiment_id: ExperimentId,
    /// An id that the client chose.
    pub client_request_id: Option<String>,
    /// When it started.
    pub start_ns: i64,
    /// How long it took; `None` while unknown.
    pub duration_ns: Option<i64>,
    /// How it ended.
    pub state: TraceState,
    /// Its name: as set, else the root span's name.
    pub name: Option<String>,
    /// The session (conversation) it belongs to.
    pub session: Option<String>,
    /// The root's inputs, shortened by MLflow's rule.
    pub request_preview: Option<String>,
    /// The root's outputs, shortened by MLflow's rule.
    pub response_preview: Option<String>,
    /// What a person wants to read of the inputs (the question), shortened.
    pub input_text: Option<String>,
    /// What a person wants to read of the outputs (the answer), shortened.
    pub output_text: Option<String>,
    /// Tokens, each counted once; `None` if no span reports any.
    pub usage: Option<TokenUsage>,
    /// Cost of the same spans; `None` if unknown.
    pub cost: Option<Cost>,
    /// Whether the client has sent the final record (MLflow's start_trace); time, duration and state then stay.
    pub finalized: bool,
    /// Spans stored for it.
    pub span_count: u64,
    /// Those of them that failed, whatever became of the trace; `None` where they are not counted.
    pub error_span_count: Option<u64>,
    /// Metadata, set by the client when the trace ended.
    pub metadata: BTreeMap<String, String>,
    /// Tags, which may change at any time.
    pub tags: BTreeMap<String, String>,
    /// Tags that come from the resource of its root span; a tag of the same key in `tags` hides one.
    pub resource_tags: BTreeMap<String, String>,
    /// All assessments, overridden ones too, in order of creation.
    pub assessments: Vec<Assessment>,
}

/// The record of a trace as its client sends it when the trace ends (MLflow's start_trace).
#[derive(Debug, Clone, PartialEq)]
pub struct TraceStart {
    /// Its id.
    pub trace_id: TraceId,
    /// Where it shall live; wins over what its spans said.
    pub experiment_id: ExperimentId,
    /// An id that the client chose.
    pub client_request_id: Option<String>,
    /// When it started.
    pub start_ns: i64,
    /// How long it took.
    pub duration_ns: Option<i64>,
    /// How it ended.
    pub state: TraceState,
    /// Its name, if given.
    pub name: Option<String>,
    /// Its session, if given.
    pub session: Option<String>,
    /// Preview of the inputs; what is stored stays when `None`.
    pub request_preview: Option<String>,
    /// Preview of the outputs; what is stored stays when `None`.
    pub response_preview: Option<String>,
    /// Authoritative usage, if the client gave it.
    pub usage: Option<TokenUsage>,
    /// Authoritative cost, if the client gave it.
    pub cost: Option<Cost>,
    /// Metadata to merge.
    pub metadata: BTreeMap<String, String>,
    /// Tags to merge.
    pub tags: BTreeMap<String, String>,
    /// Assessments to merge by id.
    pub assessments: Vec<Assessment>,
}
