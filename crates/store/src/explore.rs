//! Parameters and answers of the reads behind lists, charts and the trace page: figures over many traces, and the
//! structure of one.

use crate::{Cursor, PromptLink, TraceQuery};
use spanwise_model::{Cost, ExperimentId, SpanId, SpanStatus, TokenUsage, TraceId, TraceInfo};
use spanwise_query::{Expr, Filter, Number, NumberField, NumberOperator, NumberTest, OrderBy, Predicate};
use std::sync::Arc;
use std::time::Duration;

/// Which traces a figure is about: those of a [`crate::TraceQuery`] without order and page.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Where to look; unknown ids match nothing, empty matches nothing.
    pub experiments: Vec<ExperimentId>,
    /// `None` = all.
    pub filter: Option<Filter>,
    /// Started at or after, in milliseconds since the epoch.
    pub from_ms: Option<i64>,
    /// Started before, in milliseconds since the epoch.
    pub to_ms: Option<i64>,
    /// How long to look at spans, for conditions that no index can tell; `None` = until all are looked at.
    ///
    /// An engine that remembers what it looked at says in the answer what it left open, and goes on with the next call
    /// for the same condition; any other takes its time.
    pub budget: Option<Duration>,
}

/// The course of a selection over time, and its sums.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceHistogram {
    /// Traces, exactly; all figures are of these.
    pub total: u64,
    /// Traces that may match too: the budget ended before they were looked at.
    pub open: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// Total tokens.
    pub tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// Percentiles of the known durations.
    pub durations: Percentiles,
    /// Start of the first bucket.
    pub start_ns: i64,
    /// Width of a bucket.
    pub bucket_ns: i64,
    /// The buckets, without gaps; none if the selection is empty and has an open end.
    pub buckets: Vec<TraceBucket>,
}

/// The traces that started in one stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TraceBucket {
    /// Ended well.
    pub ok: u64,
    /// Ended with an error.
    pub error: u64,
    /// Not ended.
    pub in_progress: u64,
    /// Without a state.
    pub unspecified: u64,
    /// Total tokens.
    pub tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// Percentiles of the known durations.
    pub durations: Percentiles,
}

/// Percentiles of durations in nanoseconds, each at most 1 % off; `None` of no duration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50_ns: Option<i64>,
    /// 95 % are at most this.
    pub p95_ns: Option<i64>,
    /// 99 % are at most this.
    pub p99_ns: Option<i64>,
}

/// What facets count. A trace counts once for each value that it has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FacetField {
    /// MLflow's name of the state.
    State,
    /// The trace's name.
    Name,
    /// The session.
    Session,
    /// The user.
    User,
    /// The values of one tag.
    Tag(String),
    /// The keys of tags.
    TagKeys,
    /// The values of one metadata key.
    Metadata(String),
    /// The keys of metadata.
    MetadataKeys,
    /// The values of valid feedback of one name, as JSON text.
    Feedback(String),
    /// The names of valid feedback.
    FeedbackNames,
    /// The values of valid expectations of one name, as JSON text.
    Expectation(String),
    /// The names of valid expectations.
    ExpectationNames,
    /// Models of spans.
    Model,
    /// Providers of spans.
    Provider,
    /// Types of spans.
    SpanType,
    /// Names of spans.
    SpanName,
    /// Statuses of spans.
    SpanStatus,
    /// Keys of span attributes, from the newest traces.
    AttributeKeys,
    /// Values of one span attribute, from the newest traces.
    Attribute(String),
}

/// A count of values.
#[derive(Debug, Clone)]
pub struct FacetQuery {
    /// Over which traces.
    pub selection: Selection,
    /// What to count.
    pub fields: Vec<FacetField>,
    /// How many values to return of each field.
    pub values_max: usize,
    /// Only values that contain this, without regard to case; empty = all.
    pub containing: String,
}

/// The values of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    /// The field.
    pub field: FacetField,
    /// The most frequent values with the number of traces that have them, then by value.
    pub values: Vec<(String, u64)>,
    /// How many values there are.
    pub distinct: u64,
    /// How many traces were looked at: the newest of the selection.
    pub counted: u64,
    /// Whether that is all of the selection.
    pub complete: bool,
    /// Whether the budget ended before they were found.
    pub unfinished: bool,
}

/// A search of sessions.
#[derive(Debug, Clone)]
pub struct SessionQuery {
    /// The traces that count.
    pub selection: Selection,
    /// Page size, at least 1.
    pub limit: usize,
    /// Continue after this session: when its last trace started, and its name.
    pub after: Option<(i64, String)>,
}

/// One session, as the selected traces of it tell.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionInfo {
    /// Its name.
    pub session: String,
    /// The user of its last trace that has one.
    pub user: Option<String>,
    /// Traces.
    pub traces: u64,
    /// Of them, those that ended with an error.
    pub errors: u64,
    /// When the first trace started.
    pub first_start_ns: i64,
    /// When the last trace started.
    pub last_start_ns: i64,
    /// When the last of them ended.
    pub end_ns: i64,
    /// Total tokens.
    pub tokens: u64,
    /// Cost in US dollars.
    pub cost: f64,
    /// What was asked first; of equal starts, the trace that arrived first is the first.
    pub first_input: Option<String>,
    /// What was answered last.
    pub last_output: Option<String>,
    /// The last trace.
    pub last_trace: TraceId,
}

/// How much there is in an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExperimentActivity {
    /// The experiment.
    pub experiment_id: ExperimentId,
    /// Its traces.
    pub traces: u64,
    /// When the newest of them started.
    pub last_start_ns: i64,
}

/// The structure of one trace without the bodies of its spans.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TraceTree {
    /// Names, types, models and providers, each once.
    pub texts: Vec<Arc<str>>,
    /// The spans in the order of [`crate::Store::read_spans`].
    pub spans: Vec<TreeSpan>,
    /// What some of them report. Most spans of a large trace report nothing, and these are large.
    pub reports: Vec<TreeReport>,
}

/// Tokens and cost of a span in a [`TraceTree`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeReport {
    /// Tokens that it reports.
    pub usage: Option<TokenUsage>,
    /// Cost of those tokens.
    pub cost: Option<Cost>,
    /// Whether tokens and cost count in the trace's totals; false if a span above, or those below, count in its place.
    pub counted: bool,
}

impl TraceTree {
    /// Returns what a span of it reports.
    pub fn report(&self, span: &TreeSpan) -> Option<&TreeReport> {
        self.reports.get(span.report? as usize)
    }
}

/// A span in a [`TraceTree`]; texts are indexes into it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeSpan {
    /// Its id.
    pub span_id: SpanId,
    /// The parent that it names.
    pub parent_id: Option<SpanId>,
    /// When it started.
    pub start_ns: i64,
    /// When it ended; `None` while it is open.
    pub end_ns: Option<i64>,
    /// Its status.
    pub status: SpanStatus,
    /// Its name.
    pub name: u32,
    /// Its type.
    pub span_type: u32,
    /// The model.
    pub model: Option<u32>,
    /// The provider.
    pub provider: Option<u32>,
    /// What it reports: an index into [`TraceTree::reports`].
    pub report: Option<u32>,
}

/// Traces that changed, as a feed that a reader follows by sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceChanges {
    /// The traces, each once, in the order of their last change.
    pub traces: Vec<TraceId>,
    /// Where to go on.
    pub position: FeedPosition,
    /// The position that was asked for is not known any more: something may have been missed.
    pub missed: bool,
}

/// A place in the feed of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedPosition {
    /// Which feed: an engine starts a new one when it is opened.
    pub feed: u64,
    /// Changes before this place.
    pub sequence: u64,
}

/// All that is known of a trace but its spans, to be restored in another store.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceArchive {
    /// The record, with assessments.
    pub info: TraceInfo,
    /// Which values of the record the client gave itself; they are not derived from spans.
    pub explicit: ExplicitValues,
    /// Runs that it was linked to.
    pub runs: Vec<String>,
    /// Prompt versions that it is linked to.
    pub prompts: Vec<PromptLink>,
}

/// Values of a trace's record that the client gave (or removed) itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExplicitValues {
    /// The name.
    pub name: bool,
    /// The session.
    pub session: bool,
    /// The user.
    pub user: bool,
    /// The preview of the request.
    pub request_preview: bool,
    /// The preview of the response.
    pub response_preview: bool,
    /// The token counts.
    pub usage: bool,
    /// The cost.
    pub cost: bool,
}

/// One page of sessions.
#[derive(Debug, Clone)]
pub struct SessionPage {
    /// The sessions, the one with the newest trace first, then by name.
    pub sessions: Vec<SessionInfo>,
    /// Whether more may follow.
    pub has_more: bool,
}

impl Selection {
    /// Returns the filter together with the range of time; `None` = all.
    pub fn whole_filter(&self) -> Option<Filter> {
        let bound = |operator, value: Option<i64>| {
            let test = NumberTest { operator, value: Number::Int(value?) };
            Some(Expr::Is(Predicate::Number { field: NumberField::StartMs, test }))
        };
        let range = [bound(NumberOperator::Ge, self.from_ms), bound(NumberOperator::Lt, self.to_ms)];
        let parts: Vec<Filter> = range.into_iter().flatten().chain(self.filter.clone()).collect();
        Some(Expr::and(parts)).filter(|filter| !filter.is_all())
    }

    /// Returns the query of one page of the selection.
    pub fn page(&self, order: Vec<OrderBy>, limit: usize, after: Option<Cursor>) -> TraceQuery {
        TraceQuery { experiments: self.experiments.clone(), filter: self.whole_filter(), order, limit, after }
    }
}
