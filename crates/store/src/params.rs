//! Parameters and answers of store operations.

use crate::{Cursor, StoreError};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use spanwise_model::{AssessmentError, Cost, Experiment, ExperimentId, Interned, TraceId, TraceInfo};
use spanwise_query::{EntityFilter, EntityOrderBy, Filter, OrderBy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an engine can do; a caller refuses what it can't, rather than approximating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Evaluates every filter of the MLflow grammar.
    pub mlflow_filters: bool,
    /// Finds words and attribute values through an index rather than by scanning.
    pub text_index: bool,
    /// Keeps GenAI log records and merges them on reading.
    pub log_records: bool,
}

/// An experiment to create.
#[derive(Debug, Clone, Default)]
pub struct NewExperiment {
    /// Its name; unique among all experiments, deleted ones included.
    pub name: String,
    /// Where its artifacts are; `None` = `mlflow-artifacts:/<id>`.
    pub artifact_location: Option<String>,
    /// Its first tags.
    pub tags: BTreeMap<String, String>,
}

/// Which experiments to list, by lifecycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub enum LifecycleFilter {
    /// Those in use.
    #[default]
    Active,
    /// Deleted ones.
    Deleted,
    /// Both.
    All,
}

/// A search of experiments.
#[derive(Debug, Clone)]
pub struct ExperimentQuery {
    /// By lifecycle.
    pub lifecycle: LifecycleFilter,
    /// `None` = all; of `query::entity::EXPERIMENT`.
    pub filter: Option<EntityFilter>,
    /// With what decides between equals already appended.
    pub order: Vec<EntityOrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Rows to skip: the experiments are few, and MLflow's tokens are offsets.
    pub offset: usize,
}

/// One page of experiments.
#[derive(Debug, Clone)]
pub struct ExperimentPage {
    /// The experiments.
    pub experiments: Vec<Experiment>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A search of traces.
#[derive(Debug, Clone)]
pub struct TraceQuery {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// `None` = all.
    pub filter: Option<Filter>,
    /// The order, with the tie-breakers (start time descending, trace id ascending) already appended.
    pub order: Vec<OrderBy>,
    /// Page size, at least 1.
    pub limit: usize,
    /// Continue after this row.
    pub after: Option<Cursor>,
}

/// One page of traces.
#[derive(Debug, Clone)]
pub struct TracePage {
    /// The traces with tags, metadata and assessments.
    pub traces: Vec<TraceInfo>,
    /// Where the next page starts. Set whenever the page is full, and also when a scan used up its time before the
    /// page was full: a caller that wants all pages goes on until it is `None`.
    pub next: Option<Cursor>,
}

/// Which traces of one experiment to delete.
#[derive(Debug, Clone)]
pub enum DeleteTraces {
    /// Those with these ids; ids of other experiments are left alone.
    Ids(Vec<TraceId>),
    /// Those that started at or before `max_start_ms`, oldest first, at most `limit`.
    Until {
        /// Milliseconds since the epoch.
        max_start_ms: i64,
        /// `None` = all.
        limit: Option<u64>,
    },
}

/// A change of an assessment; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AssessmentChange {
    /// New name.
    pub name: Option<String>,
    /// New feedback: replaces value and error.
    pub feedback: Option<(Option<serde_json::Value>, Option<AssessmentError>)>,
    /// New expectation and whether it came serialized.
    pub expectation: Option<(serde_json::Value, bool)>,
    /// New rationale; `Some(None)` removes it.
    pub rationale: Option<Option<String>>,
    /// Metadata to merge.
    pub metadata: Option<BTreeMap<String, String>>,
    /// New validity.
    pub valid: Option<bool>,
    /// When the change was made.
    pub now_ns: i64,
}

/// A link from a trace to a prompt version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptLink {
    /// The prompt's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What became of appended spans or log records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppendOutcome {
    /// New ones.
    pub stored: usize,
    /// Ones that replaced an earlier arrival.
    pub replaced: usize,
    /// Ones that changed nothing: the same bytes were there, or a closed span is never replaced by an open one.
    pub unchanged: usize,
}

/// One span as it was received, with what it came under.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSpan {
    /// The OTLP `Span` message.
    pub raw: Bytes,
    /// Its resource.
    pub resource: Arc<Interned>,
    /// Its scope.
    pub scope: Arc<Interned>,
    /// OTLP `LogRecord` messages that belong to it, in order of arrival.
    pub logs: Vec<Bytes>,
    /// The cost that is kept of it, which lists and sums have; only [`crate::Store::read_some_spans`] tells it.
    pub kept_cost: Option<Cost>,
}

/// Spans in chunks of about 64 KiB (at least one span each); the next chunk is read when it is asked for.
pub type SpanStream = BoxStream<'static, Result<Vec<StoredSpan>, StoreError>>;

/// Figures about a store, for `/metrics` and `check`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Traces.
    pub traces: u64,
    /// Spans.
    pub spans: u64,
    /// Bytes of segment files.
    pub segment_bytes: u64,
    /// Bytes of the index (database, write-ahead log, postings).
    pub index_bytes: u64,
    /// Bytes of blocks that wait to be indexed for text search.
    pub unindexed_bytes: u64,
    /// Attachments, each counted once.
    pub attachments: u64,
    /// Their bytes.
    pub attachment_bytes: u64,
}

/// What a check of the whole store found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Traces looked at.
    pub traces: u64,
    /// Blocks whose checksum and contents were verified.
    pub blocks: u64,
    /// Spans in them.
    pub spans: u64,
    /// Attachments whose bytes were compared with their names.
    pub attachments: u64,
    /// Artifacts that were read; they have no checksum.
    pub artifacts: u64,
    /// What is wrong, each naming the file, offset or row.
    pub problems: Vec<String>,
}
