//! What the native API answers, as far as commands show it. Fields that nobody reads here are left out.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Reads nanoseconds, which the API writes as text so that JavaScript keeps them whole.
fn nanoseconds<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no time in nanoseconds")))
}

fn some_nanoseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| {
        text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no time in nanoseconds")))
    })
    .transpose()
}

fn all_nanoseconds<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i64>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let read = |text: &String| {
        text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no time in nanoseconds")))
    };
    texts.iter().map(read).collect()
}

/// A trace in a list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TraceSummary {
    pub(crate) trace_id: String,
    pub(crate) name: Option<String>,
    pub(crate) state: String,
    #[serde(deserialize_with = "nanoseconds")]
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: Option<i64>,
    pub(crate) input: Option<String>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Cost>,
}

/// Tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) total: u64,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
}

/// US dollars.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Cost {
    pub(crate) total: f64,
}

/// Sums over time.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metrics {
    #[serde(deserialize_with = "all_nanoseconds")]
    pub(crate) starts_ns: Vec<i64>,
    pub(crate) series: Vec<MetricsSeries>,
    pub(crate) complete: bool,
}

/// The course of one group.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MetricsSeries {
    pub(crate) group: MetricsGroup,
    pub(crate) total: MetricsTotal,
    pub(crate) points: MetricsColumns,
}

/// Which group it is.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct MetricsGroup {
    pub(crate) experiment_id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) others: bool,
}

/// Sums over the whole time.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MetricsTotal {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) total_tokens: u64,
    pub(crate) cost: f64,
    pub(crate) duration_ns: Percentiles,
}

/// Percentiles of durations.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: Option<i64>,
    pub(crate) p95: Option<i64>,
    pub(crate) p99: Option<i64>,
}

/// Sums in each stretch of time.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MetricsColumns {
    pub(crate) count: Vec<u64>,
    pub(crate) errors: Vec<u64>,
    pub(crate) total_tokens: Vec<u64>,
    pub(crate) cost: Vec<f64>,
    pub(crate) p50_ns: Vec<Option<i64>>,
    pub(crate) p95_ns: Vec<Option<i64>>,
    pub(crate) p99_ns: Vec<Option<i64>>,
}

/// A trace's record.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TraceRecord {
    #[serde(flatten)]
    pub(crate) summary: TraceSummary,
    pub(crate) experiment_name: String,
    pub(crate) output: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) span_count: u64,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) assessments: Vec<Assessment>,
}

/// What somebody thinks of a trace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Assessment {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) value: Value,
    pub(crate) error: Option<AssessmentError>,
    pub(crate) source: AssessmentSource,
    pub(crate) rationale: Option<String>,
    pub(crate) valid: bool,
}

/// Why a judge could not judge.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AssessmentError {
    pub(crate) error_code: Option<String>,
    pub(crate) error_message: Option<String>,
}

/// Who judged.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AssessmentSource {
    #[serde(rename = "type")]
    pub(crate) source_type: String,
    pub(crate) id: Option<String>,
}

/// The skeleton of a trace in columns, as the API has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TreeColumns {
    pub(crate) count: usize,
    pub(crate) ids: String,
    pub(crate) parents: Vec<i64>,
    pub(crate) starts: Vec<i64>,
    pub(crate) durations: Vec<i64>,
    pub(crate) statuses: String,
    pub(crate) names: Dictionary,
    pub(crate) types: Dictionary,
    pub(crate) models: SparseDictionary,
    pub(crate) usage: SparseUsage,
    pub(crate) cost: SparseCost,
}

/// A value for each row.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dictionary {
    pub(crate) values: Vec<String>,
    pub(crate) rows: Vec<usize>,
}

/// A value for some rows; `rows` are differences to the row before.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SparseDictionary {
    pub(crate) values: Vec<String>,
    pub(crate) rows: Vec<usize>,
    pub(crate) indexes: Vec<usize>,
}

/// Tokens of the rows that report them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SparseUsage {
    pub(crate) rows: Vec<usize>,
    pub(crate) total: Vec<u64>,
}

/// Costs of the rows that have them.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SparseCost {
    pub(crate) rows: Vec<usize>,
    pub(crate) total: Vec<f64>,
}

/// The texts of a span that a line has room for.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpanPreview {
    pub(crate) span_id: String,
    pub(crate) error: Option<String>,
}

/// One span, read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpanDetail {
    pub(crate) span_id: String,
    pub(crate) parent_id: Option<String>,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) span_type: String,
    #[serde(deserialize_with = "nanoseconds")]
    pub(crate) start_ns: i64,
    pub(crate) duration_ns: Option<i64>,
    pub(crate) status: String,
    pub(crate) status_message: String,
    pub(crate) model: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) usage: Option<Usage>,
    pub(crate) cost: Option<Cost>,
    pub(crate) cost_reason: Option<CostReason>,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) inputs: Option<Body>,
    pub(crate) outputs: Option<Body>,
    pub(crate) input_messages: Option<Vec<Message>>,
    pub(crate) output_messages: Option<Vec<Message>>,
    pub(crate) tools: Option<Vec<Tool>>,
    pub(crate) documents: Option<Vec<Document>>,
    pub(crate) events: Vec<SpanEvent>,
    pub(crate) exception: Option<Exception>,
    pub(crate) attributes: Vec<Attribute>,
}

/// Why a span costs what it does.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CostReason {
    pub(crate) text: String,
}

/// A span's inputs or outputs.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Body {
    pub(crate) value: Value,
    pub(crate) bytes: u64,
    pub(crate) cut: bool,
}

/// A turn of a chat.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    pub(crate) role: String,
    pub(crate) name: Option<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) finish_reason: Option<String>,
}

/// What a turn is made of; a kind that is added later is shown as its JSON.
pub(crate) type Part = Value;

/// A tool on offer.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Tool {
    pub(crate) name: String,
}

/// What a retriever returned.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Document {
    pub(crate) id: Option<String>,
    pub(crate) content: String,
    pub(crate) score: Option<f64>,
}

/// Something that happened within a span.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SpanEvent {
    #[serde(deserialize_with = "nanoseconds")]
    pub(crate) time_ns: i64,
    pub(crate) name: String,
}

/// The exception that ended a span.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Exception {
    #[serde(rename = "type")]
    pub(crate) exception_type: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) stacktrace: Option<String>,
}

/// An attribute; here only its name matters.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) key: String,
}

/// An experiment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Experiment {
    pub(crate) experiment_id: String,
    pub(crate) name: String,
    pub(crate) trace_count: u64,
    #[serde(deserialize_with = "some_nanoseconds")]
    pub(crate) last_trace_ns: Option<i64>,
}

/// What a bulk request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct BulkResult {
    pub(crate) matched: u64,
    pub(crate) changed: u64,
}

/// What an import of some lines did.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct ImportResult {
    /// Records restored; lines of OTLP/JSON have none.
    pub(crate) traces: u64,
    pub(crate) spans: u64,
    /// The first of the lines that could not be taken.
    pub(crate) errors: Vec<LineError>,
    /// How many could not be.
    pub(crate) error_count: u64,
}

/// A line that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct LineError {
    /// From 1, in the request.
    pub(crate) line: u64,
    pub(crate) message: String,
}

/// What is wrong with a filter or an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FilterProblem {
    pub(crate) message: String,
    /// Its place in the text, in bytes; `end` is excluded.
    pub(crate) start: usize,
    pub(crate) end: usize,
    #[serde(default)]
    pub(crate) expected: Vec<String>,
    pub(crate) suggestion: Option<String>,
}
