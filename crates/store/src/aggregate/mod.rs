//! Measures of traces, spans and assessments, grouped by their texts and by time and summed up: MLflow's trace metrics.

mod group;
mod values;

pub use group::{Grouping, Place};
pub use values::{DISTINCT_MAX, EXACT_VALUES_MAX};

use crate::Selection;
use spanwise_model::{Aggregation, ExperimentId, Measure, MetricDimension};
use spanwise_query::{Filter, MetricFilter, SpanField};

/// How far before its trace's start or after its end a span's start is looked for, in milliseconds, where spans are asked
/// for by their own time: an hour.
pub const SPAN_MARGIN_MS: i64 = 60 * 60 * 1_000;

/// A question about measures.
#[derive(Debug, Clone)]
pub struct AggregateQuery {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// What is measured.
    pub measure: Measure,
    /// How it is summed up; those of the measure.
    pub aggregations: Vec<Aggregation>,
    /// What there is a row for; those of the measure.
    pub dimensions: Vec<MetricDimension>,
    /// All must hold; of spans and assessments only where these are measured.
    pub filters: Vec<MetricFilter>,
    /// Not before, in milliseconds since the epoch. The time is that of the trace's start; of costs, the span's.
    pub from_ms: Option<i64>,
    /// Before, in milliseconds since the epoch.
    pub to_ms: Option<i64>,
    /// Width of a stretch of time that gets rows of its own, at least 1; the time is that of the trace's start; of spans,
    /// the span's.
    pub bucket_ms: Option<i64>,
    /// Rows at most, the first in their order; at least 1, at most [`spanwise_model::limit::METRIC_ROWS_MAX`].
    pub rows_max: usize,
}

/// One group, summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateRow {
    /// Where its stretch of time starts, in milliseconds since the epoch.
    pub bucket_ms: Option<i64>,
    /// The texts of the dimensions, in their order.
    pub texts: Vec<Box<str>>,
    /// The sums in the order of the aggregations; `None` where there is no value.
    pub values: Vec<Option<f64>>,
}

impl AggregateQuery {
    /// Returns the traces that may have what is measured.
    pub fn selection(&self) -> Selection {
        let filters = self.filters.iter().filter_map(|filter| match filter {
            MetricFilter::Trace(filter) => Some(filter.clone()),
            _ => None,
        });
        let filter = Some(Filter::and(filters.collect())).filter(|filter| !filter.is_all());
        let (from_ms, to_ms) = if self.is_by_span_time() {
            // What ended before can't be told by the start.
            (None, self.to_ms.map(|to_ms| to_ms.saturating_add(SPAN_MARGIN_MS)))
        } else {
            (self.from_ms, self.to_ms)
        };
        Selection { experiments: self.experiments.clone(), filter, from_ms, to_ms, budget: None }
    }

    /// Returns whether `from_ms` and `to_ms` are about the spans' starts.
    pub fn is_by_span_time(&self) -> bool {
        matches!(self.measure, Measure::SpanCost(_))
    }

    /// Returns whether a time, in milliseconds, is asked for.
    pub fn contains(&self, time_ms: i64) -> bool {
        self.from_ms.is_none_or(|from_ms| time_ms >= from_ms)
            && self.to_ms.is_none_or(|to_ms| time_ms < to_ms)
    }

    /// Returns whether all filters of spans hold of a span with these texts.
    pub fn matches_span<'t>(&self, text: impl Fn(&SpanField) -> &'t str) -> bool {
        self.filters.iter().all(|filter| match filter {
            MetricFilter::Span(field, value) => text(field) == value,
            _ => true,
        })
    }
}
