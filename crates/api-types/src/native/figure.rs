//! Figures over many traces: the histogram and the facets.

use serde::Serialize;
use utoipa::ToSchema;

/// A selection's exact count, its course over time and its sums.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Histogram {
    /// Traces, exactly; all figures are of these.
    pub total: u64,
    /// Traces that may match too, but were not looked at within `budget_ms`; the same request goes on with them.
    pub open: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Tokens of all.
    pub tokens: u64,
    /// Cost of all, in US dollars.
    pub cost: f64,
    /// Percentiles of the durations, at most 1 % off.
    pub duration_ns: DurationPercentiles,
    /// Start of the first bucket.
    pub start_ns: String,
    /// Width of a bucket.
    pub bucket_ns: i64,
    /// The buckets, without gaps.
    pub buckets: Vec<HistogramBucket>,
}

/// Percentiles of durations in nanoseconds; null where no duration is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct DurationPercentiles {
    /// Half take at most this.
    pub p50: Option<i64>,
    /// 95 % take at most this.
    pub p95: Option<i64>,
    /// 99 % take at most this.
    pub p99: Option<i64>,
}

/// The traces that started in one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct HistogramBucket {
    /// Ended well.
    pub ok: u64,
    /// Ended with an error.
    pub error: u64,
    /// Not ended.
    pub in_progress: u64,
    /// Without a state.
    pub unspecified: u64,
    /// Half of the known durations are at most this.
    pub p50_ns: Option<i64>,
    /// 95 % of the known durations are at most this.
    pub p95_ns: Option<i64>,
    /// Tokens.
    pub tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
}

/// Counts of values over a selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facets {
    /// One entry a field, in the order asked.
    pub facets: Vec<Facet>,
    /// Traces whose records were counted: the newest of the selection.
    pub counted_traces: u64,
    /// Whether those are all.
    pub complete: bool,
    /// Whether `budget_ms` was over before the newest were found; the same request goes on.
    pub unfinished: bool,
}

/// The most frequent values of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facet {
    /// The field, as the filter language names it.
    pub field: String,
    /// A heading for it.
    pub label: String,
    /// The most frequent first.
    pub values: Vec<FacetValue>,
    /// How many values there are in the counted traces.
    pub distinct: u64,
    /// Traces that were counted for this field; what spans say is counted over fewer than what records say.
    pub counted_traces: u64,
    /// Whether those are all of the selection.
    pub complete: bool,
}

/// A value and how many traces have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// Traces that have it.
    pub count: u64,
    /// The filter clause that asks for it.
    pub clause: String,
}
