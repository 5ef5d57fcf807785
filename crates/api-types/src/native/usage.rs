//! Which spans a trace's tokens and cost come from.

use super::trace::{Cost, Usage};
use serde::Serialize;
use utoipa::ToSchema;

/// The answer of `GET /api/v1/traces/{id}/usage-explained`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UsageExplained {
    /// The trace.
    pub trace_id: String,
    /// Tokens of the spans that count; null if none reports any.
    pub usage: Option<Usage>,
    /// Cost of the same spans; null if none of them knows it.
    pub cost: Option<Cost>,
    /// Spans that count with tokens whose cost is not known: the cost is that of the others.
    pub spans_without_cost: usize,
    /// Whether the client that sent the trace gave its tokens itself: then those are shown, and not the above.
    pub client_gave_usage: bool,
    /// The same of the cost.
    pub client_gave_cost: bool,
    /// Every span that reports tokens or cost, in the order of the trace's spans; at most 10,000.
    pub spans: Vec<SpanUsage>,
    /// Spans that report something, but are not listed.
    pub omitted: usize,
}

/// What one span reports, and whether it counts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpanUsage {
    /// Its id.
    pub span_id: String,
    /// Its name.
    pub name: String,
    /// Its type.
    pub span_type: String,
    /// Its model.
    pub model: Option<String>,
    /// Tokens that it reports.
    pub usage: Option<Usage>,
    /// Cost of them.
    pub cost: Option<Cost>,
    /// The cost that counts in place of one that it does not know: its tokens count, and the spans below it, which report
    /// fewer, all have a known cost. Each token costs as much as one of these on average.
    pub estimated_cost: Option<Cost>,
    /// Whether tokens and cost count in the trace's.
    pub counted: bool,
    /// Why.
    pub reason: UsageReason,
    /// The span above that counts in its place.
    pub counted_span_id: Option<String>,
}

/// Why the tokens and cost of a span count, or do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageReason {
    /// They count.
    Counted,
    /// A span above counts, which reports as many tokens as all below it or more.
    BelowReportingAncestor,
    /// As that, and the span above reports as many tokens as this one: one call, told twice.
    Duplicate,
    /// The spans below report more tokens together: it has only told a part of them.
    ReplacedByDescendants,
    /// The spans below report as many tokens together, and beside them their cost, which it does not.
    RepeatsDescendants,
}
