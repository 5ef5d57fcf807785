//! Spans on their way into a store: the bytes as they came, and the columns that were derived from them.

use crate::{Cost, ExperimentId, SpanId, TokenUsage, TraceId};
use bytes::Bytes;
use std::sync::Arc;

/// The status of a span, as OpenTelemetry numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SpanStatus {
    /// Not set.
    #[default]
    Unset = 0,
    /// Ended well.
    Ok = 1,
    /// Ended with an error.
    Error = 2,
}

impl SpanStatus {
    /// Returns MLflow's and OpenTelemetry's name: `UNSET`, `OK` or `ERROR`.
    pub fn as_str(self) -> &'static str {
        match self {
            SpanStatus::Unset => "UNSET",
            SpanStatus::Ok => "OK",
            SpanStatus::Error => "ERROR",
        }
    }
}

/// A resource or scope message, shared by the spans that came under it.
///
/// Equal bytes are one entry in a store, found by `hash` (xxh3-128 of `bytes`).
#[derive(Debug, PartialEq, Eq)]
pub struct Interned {
    /// xxh3-128 of `bytes`.
    pub hash: u128,
    /// For a resource: a `ResourceSpans` message with only `resource` and `schema_url`; for a scope: a
    /// `ScopeSpans` message with only `scope` and `schema_url`. Both as they came.
    pub bytes: Bytes,
}

/// One span as received, and what was derived from it.
#[derive(Debug, Clone)]
pub struct NewSpan {
    /// The OTLP `Span` message as it came (transcoded if it came as JSON).
    pub raw: Bytes,
    /// xxh3-64 of `raw`: a second arrival with the same hash changes nothing.
    pub content_hash: u64,
    /// Its id.
    pub span_id: SpanId,
    /// Its parent; `None` for a root.
    pub parent_id: Option<SpanId>,
    /// Its name.
    pub name: Box<str>,
    /// Its normalised type, e.g. `LLM`; `UNKNOWN` if nothing tells.
    pub span_type: Box<str>,
    /// Its status.
    pub status: SpanStatus,
    /// When it started.
    pub start_ns: i64,
    /// When it ended; `None` while it is open.
    pub end_ns: Option<i64>,
    /// Tokens that it reports.
    pub usage: Option<TokenUsage>,
    /// Cost of those tokens.
    pub cost: Option<Cost>,
    /// The model that answered, else the one asked.
    pub model: Option<Box<str>>,
    /// The provider.
    pub provider: Option<Box<str>>,
    /// The session that it names.
    pub session: Option<Box<str>>,
    /// The user that it names.
    pub user: Option<Box<str>>,
    /// What it says about its trace, if it may speak for it: a root, or a span whose parent is in another process and
    /// may never arrive. `None` for all others.
    pub root: Option<Box<RootFacts>>,
    /// Texts that its trace shows where the root has none. Only the calls and agents have them that come first and last
    /// among those of one trace that are appended together, and only where no root among them has its own.
    pub lent: Option<Box<RootFacts>>,
}

/// What a root span says about its trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RootFacts {
    /// MLflow's preview of the inputs.
    pub request_preview: Option<String>,
    /// MLflow's preview of the outputs.
    pub response_preview: Option<String>,
    /// The inputs as a person reads them.
    pub input_text: Option<String>,
    /// The outputs as a person reads them.
    pub output_text: Option<String>,
    /// A name that overrides the span's.
    pub trace_name: Option<String>,
    /// Tags that the root sets on the trace.
    pub tags: Vec<(String, String)>,
    /// Metadata that the root sets on the trace; no entry of it stands for a field of the trace.
    pub metadata: Vec<(String, String)>,
}

/// How a trace's experiment was chosen; a smaller one wins over a larger one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExperimentSource {
    /// The client's final record named it.
    TraceStart = 0,
    /// A header, gRPC metadata or the URL named it.
    Explicit = 1,
    /// The resource named it (`spanwise.experiment` or `service.name`).
    Resource = 2,
    /// Nothing did.
    Default = 3,
}

/// The experiment of some spans, and how it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExperimentChoice {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// How it was chosen.
    pub source: ExperimentSource,
}

/// Spans that follow each other and share resource and scope.
#[derive(Debug, Clone)]
pub struct SpanRun {
    /// The resource.
    pub resource: Arc<Interned>,
    /// The scope.
    pub scope: Arc<Interned>,
    /// What this resource adds to the trace as tags, if a span of this run becomes the trace's root.
    pub resource_tags: Arc<Vec<(String, String)>>,
    /// The experiment that these spans ask for.
    pub experiment: ExperimentChoice,
    /// How many of the following spans belong to this run.
    pub count: usize,
}

/// Spans of one trace out of one request.
#[derive(Debug, Clone)]
pub struct TraceSpans {
    /// The trace.
    pub trace_id: TraceId,
    /// When they arrived.
    pub arrival_ns: i64,
    /// Runs over `spans`, in order; their counts add up to `spans.len()`.
    pub runs: Vec<SpanRun>,
    /// The spans, in the order they came.
    pub spans: Vec<NewSpan>,
    /// A run to link the trace to if its root is among `spans` (`x-mlflow-run-id`).
    pub link_run: Option<Box<str>>,
}

/// One log record that belongs to a span (a GenAI event).
#[derive(Debug, Clone)]
pub struct NewLogRecord {
    /// The OTLP `LogRecord` message as it came (transcoded if it came as JSON).
    pub raw: Bytes,
    /// xxh3-64 of `raw`: a second arrival with the same hash changes nothing.
    pub content_hash: u64,
    /// The span it belongs to, which may not have arrived yet.
    pub span_id: SpanId,
}

/// Log records of one trace out of one request.
#[derive(Debug, Clone)]
pub struct TraceLogs {
    /// The trace, which may not have arrived yet.
    pub trace_id: TraceId,
    /// When they arrived.
    pub arrival_ns: i64,
    /// The experiment that they ask for, should they come before any span.
    pub experiment: ExperimentChoice,
    /// The records, in the order they came.
    pub records: Vec<NewLogRecord>,
}
