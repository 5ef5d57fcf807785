//! Metrics over time: traces, or calls of models, added up.

use super::DurationPercentiles;
use serde::Serialize;
use utoipa::ToSchema;

/// Metrics over time, one series a group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Metrics {
    /// When each stretch of time starts, ascending and without gaps.
    pub starts_ns: Vec<String>,
    /// When the last of them ends.
    pub end_ns: String,
    /// How long a stretch is, as `interval` names it. Days, weeks and months follow the time zone.
    pub interval: String,
    /// The group with the most traces or calls first; what is left over is last.
    pub series: Vec<MetricsSeries>,
    /// How many groups there are.
    pub groups: u64,
    /// Whether everything that was asked for is counted: false for calls while the figures of older traces are being
    /// computed, and for the calls of a filter that matches very many traces, of which the newest are counted.
    pub complete: bool,
}

/// The course of one group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MetricsSeries {
    /// Which group it is.
    pub group: MetricsGroup,
    /// Over the whole time.
    pub total: MetricsTotal,
    /// In each stretch of time, in the order of `starts_ns`.
    pub points: MetricsColumns,
}

/// Which group it is: the part that was grouped by is set, or nothing for what names none; `others` for what is left
/// over. Of a single series, all is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MetricsGroup {
    /// Id of the experiment.
    pub experiment_id: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// Whether it is all groups that have no series of their own.
    pub others: bool,
}

/// Sums over the whole time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct MetricsTotal {
    /// Traces or calls.
    pub count: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Of them, those that have not ended.
    pub in_progress: u64,
    /// Tokens of prompts, cached ones included.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What providers called the total.
    pub total_tokens: u64,
    /// Input tokens that were read from a cache.
    pub cache_read_tokens: u64,
    /// Input tokens that were written to a cache.
    pub cache_creation_tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// Percentiles of the known durations, at most 1 % off.
    pub duration_ns: DurationPercentiles,
}

/// Sums in each stretch of time; all columns are of the same length.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct MetricsColumns {
    /// Traces or calls.
    pub count: Vec<u64>,
    /// Of them, those that ended with an error.
    pub errors: Vec<u64>,
    /// Of them, those that have not ended.
    pub in_progress: Vec<u64>,
    /// Tokens of prompts, cached ones included.
    pub input_tokens: Vec<u64>,
    /// Tokens of answers.
    pub output_tokens: Vec<u64>,
    /// What providers called the total.
    pub total_tokens: Vec<u64>,
    /// Input tokens that were read from a cache.
    pub cache_read_tokens: Vec<u64>,
    /// Input tokens that were written to a cache.
    pub cache_creation_tokens: Vec<u64>,
    /// Cost in US dollars.
    pub cost: Vec<f64>,
    /// Half of the known durations are at most this; null where none is known.
    pub p50_ns: Vec<Option<i64>>,
    /// 95 % of the known durations are at most this.
    pub p95_ns: Vec<Option<i64>>,
    /// 99 % of the known durations are at most this.
    pub p99_ns: Vec<Option<i64>>,
}
