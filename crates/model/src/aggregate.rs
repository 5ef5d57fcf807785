//! What MLflow's trace metrics can be asked: three views, the measures of each, and how measures are grouped and summed up.

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricView {
    /// Traces.
    Traces,
    /// Spans.
    Spans,
    /// Valid assessments.
    Assessments,
}

impl MetricView {
    /// All of them, in the order of MLflow's protobuf numbers, which count from 1.
    pub const ALL: [MetricView; 3] = [MetricView::Traces, MetricView::Spans, MetricView::Assessments];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            MetricView::Traces => "TRACES",
            MetricView::Spans => "SPANS",
            MetricView::Assessments => "ASSESSMENTS",
        }
    }

    /// Returns what can be measured in it, in MLflow's order.
    pub fn measures(self) -> &'static [Measure] {
        match self {
            MetricView::Traces => &[
                Measure::TraceCount,
                Measure::SessionCount,
                Measure::TraceLatency,
                Measure::Tokens(TokenKind::Input),
                Measure::Tokens(TokenKind::Output),
                Measure::Tokens(TokenKind::Total),
                Measure::Tokens(TokenKind::CacheRead),
                Measure::Tokens(TokenKind::CacheCreation),
            ],
            MetricView::Spans => &[
                Measure::SpanCount,
                Measure::SpanLatency,
                Measure::SpanCost(CostKind::Input),
                Measure::SpanCost(CostKind::Output),
                Measure::SpanCost(CostKind::Total),
            ],
            MetricView::Assessments => &[Measure::AssessmentCount, Measure::AssessmentValue],
        }
    }
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Traces.
    TraceCount,
    /// Sessions, each once.
    SessionCount,
    /// Whole milliseconds that a trace took.
    TraceLatency,
    /// Tokens of a trace.
    Tokens(TokenKind),
    /// Spans.
    SpanCount,
    /// Whole milliseconds that a span took.
    SpanLatency,
    /// US dollars of a span, where they count in the total of its trace.
    SpanCost(CostKind),
    /// Assessments.
    AssessmentCount,
    /// Feedback as a number: numbers, true and "yes" as 1, false and "no" as 0.
    AssessmentValue,
}

/// Which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Of the prompt, cached ones included.
    Input,
    /// Of the answer.
    Output,
    /// The total.
    Total,
    /// Read from a cache.
    CacheRead,
    /// Written to a cache.
    CacheCreation,
}

/// Which part of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CostKind {
    /// For input tokens.
    Input,
    /// For output tokens.
    Output,
    /// The sum.
    Total,
}

/// What an answer has a row for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetricDimension {
    /// The trace's name.
    TraceName,
    /// MLflow's name of the trace's state.
    TraceStatus,
    /// The span's name.
    SpanName,
    /// The span's type.
    SpanType,
    /// The span's status.
    SpanStatus,
    /// The model that a span called.
    SpanModelName,
    /// Its provider.
    SpanModelProvider,
    /// The assessment's name.
    AssessmentName,
    /// The assessment's value as JSON text.
    AssessmentValue,
}

/// How measures are summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregation {
    /// How many there are.
    Count,
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// A percentile, 0 to 100, by linear interpolation.
    Percentile(f64),
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

const COUNT: &[&str] = &["COUNT"];
const OF_VALUES: &[&str] = &["AVG", "MAX", "MIN", "PERCENTILE"];
const OF_AMOUNTS: &[&str] = &["AVG", "MAX", "MIN", "PERCENTILE", "SUM"];

impl Measure {
    /// Returns MLflow's name, which is that of a measure of its view.
    pub fn name(self) -> &'static str {
        match self {
            Measure::TraceCount => "trace_count",
            Measure::SessionCount => "session_count",
            Measure::TraceLatency | Measure::SpanLatency => "latency",
            Measure::Tokens(TokenKind::Input) => "input_tokens",
            Measure::Tokens(TokenKind::Output) => "output_tokens",
            Measure::Tokens(TokenKind::Total) => "total_tokens",
            Measure::Tokens(TokenKind::CacheRead) => "cache_read_input_tokens",
            Measure::Tokens(TokenKind::CacheCreation) => "cache_creation_input_tokens",
            Measure::SpanCount => "span_count",
            Measure::SpanCost(CostKind::Input) => "input_cost",
            Measure::SpanCost(CostKind::Output) => "output_cost",
            Measure::SpanCost(CostKind::Total) => "total_cost",
            Measure::AssessmentCount => "assessment_count",
            Measure::AssessmentValue => "assessment_value",
        }
    }

    /// Returns the names of the aggregations that it can be summed up by, in the order of the alphabet.
    pub fn aggregations(self) -> &'static [&'static str] {
        match self {
            Measure::TraceCount | Measure::SessionCount | Measure::SpanCount | Measure::AssessmentCount => {
                COUNT
            }
            Measure::TraceLatency | Measure::SpanLatency | Measure::AssessmentValue => OF_VALUES,
            Measure::Tokens(_) | Measure::SpanCost(_) => OF_AMOUNTS,
        }
    }

    /// Returns the dimensions that it can be grouped by, in the order of the alphabet.
    pub fn dimensions(self) -> &'static [MetricDimension] {
        use MetricDimension::{
            AssessmentName, AssessmentValue, SpanModelName, SpanModelProvider, SpanName, SpanStatus,
            SpanType, TraceName, TraceStatus,
        };
        match self {
            Measure::TraceCount => &[TraceName, TraceStatus],
            Measure::SessionCount => &[],
            Measure::TraceLatency | Measure::Tokens(_) => &[TraceName],
            Measure::SpanCount => &[SpanModelName, SpanModelProvider, SpanName, SpanStatus, SpanType],
            Measure::SpanLatency => &[SpanName, SpanStatus],
            Measure::SpanCost(_) => &[SpanModelName, SpanModelProvider],
            Measure::AssessmentCount => &[AssessmentName, AssessmentValue],
            Measure::AssessmentValue => &[AssessmentName],
        }
    }
}

impl MetricDimension {
    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            MetricDimension::TraceName => "trace_name",
            MetricDimension::TraceStatus => "trace_status",
            MetricDimension::SpanName => "span_name",
            MetricDimension::SpanType => "span_type",
            MetricDimension::SpanStatus => "span_status",
            MetricDimension::SpanModelName => "span_model_name",
            MetricDimension::SpanModelProvider => "span_model_provider",
            MetricDimension::AssessmentName => "assessment_name",
            MetricDimension::AssessmentValue => "assessment_value",
        }
    }
}

impl Aggregation {
    /// MLflow's names in the order of its protobuf numbers, which count from 1.
    pub const NAMES: [&'static str; 6] = ["COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"];

    /// Returns MLflow's name.
    pub fn name(self) -> &'static str {
        match self {
            Aggregation::Count => "COUNT",
            Aggregation::Sum => "SUM",
            Aggregation::Avg => "AVG",
            Aggregation::Percentile(_) => "PERCENTILE",
            Aggregation::Min => "MIN",
            Aggregation::Max => "MAX",
        }
    }
}
