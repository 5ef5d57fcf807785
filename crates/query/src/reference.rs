//! What a filter and an order mean, said as plainly as possible over plain values: no index, no columns, one
//! trace after the other. Engines are compared with it in randomized tests.

use crate::expr::Expr;
use crate::filter::{
    AssessmentField, Filter, NumberField, Predicate, RUN_METADATA_KEY, SESSION_METADATA_KEY, SpanField,
    SpanNumber, SpanTest, TextField, TokenPart, state_name,
};
use crate::json::{assessment_text, cost_text, order_text, usage_text};
use crate::operator::{NumberTest, whole_ms};
use crate::order::{OrderBy, OrderKey};
use spanwise_model::{Assessment, AssessmentKind, AssessmentValue, Cost, SpanStatus, TokenUsage, TraceInfo};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A trace with all that a filter can ask for.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The record, with its assessments.
    pub info: TraceInfo,
    /// Its spans.
    pub spans: Vec<Span>,
    /// Runs that it was linked to after it ran.
    pub linked_runs: Vec<String>,
    /// Names and versions of the prompts that it is linked to.
    pub prompts: Vec<(String, String)>,
}

/// A span as a filter sees it.
#[derive(Debug, Clone)]
pub struct Span {
    /// Its name.
    pub name: String,
    /// Its type.
    pub span_type: String,
    /// Its status.
    pub status: SpanStatus,
    /// The model that answered.
    pub model: Option<String>,
    /// The provider of the model.
    pub provider: Option<String>,
    /// How long it took; `None` while it is open.
    pub duration_ns: Option<i64>,
    /// Tokens that it reports.
    pub usage: Option<TokenUsage>,
    /// Its cost.
    pub cost: Option<Cost>,
    /// The texts of its attributes: strings as they are, anything else as JSON.
    pub attributes: BTreeMap<String, String>,
    /// All texts of the span, as a search sees them.
    pub content: String,
}

/// Returns those of `searched` that match `filter`, in `order`. `searched` is all traces of the experiments that
/// are searched, since session-level assessments reach across them.
pub fn search<'a>(searched: &'a [Trace], filter: &Filter, order: &[OrderBy]) -> Vec<&'a Trace> {
    let judged = session_level(searched);
    let mut found: Vec<&Trace> =
        searched.iter().filter(|trace| matches_among(trace, filter, &judged)).collect();
    found.sort_by(|a, b| compare(a, b, order));
    found
}

/// Returns whether `trace`, one of `searched`, matches `filter`.
pub fn matches(trace: &Trace, filter: &Filter, searched: &[Trace]) -> bool {
    matches_among(trace, filter, &session_level(searched))
}

/// Returns the traces that have an assessment of their whole session.
fn session_level(searched: &[Trace]) -> Vec<&Trace> {
    searched.iter().filter(|trace| trace.info.assessments.iter().any(is_session_level)).collect()
}

fn is_session_level(assessment: &Assessment) -> bool {
    assessment.metadata.contains_key(SESSION_METADATA_KEY)
}

/// `judged`: the searched traces that have an assessment of their whole session.
fn matches_among(trace: &Trace, filter: &Filter, judged: &[&Trace]) -> bool {
    filter.holds(&mut |predicate| match predicate {
        Predicate::Number { field, test } => {
            number(trace, *field).is_some_and(|value| value.satisfies(*test))
        }
        Predicate::Present(field) => number(trace, *field).is_some(),
        Predicate::Text { field, test } => test.matches(text(trace, field).as_deref()),
        Predicate::Run(run) => {
            trace.info.metadata.get(RUN_METADATA_KEY) == Some(run) || trace.linked_runs.contains(run)
        }
        Predicate::Prompt { name, version } => trace.prompts.contains(&(name.clone(), version.clone())),
        Predicate::Assessment { kind, name, test } => {
            let values = assessed_values(trace, *kind, Some(name), judged);
            match test.is_absence() {
                true => values.is_empty(),
                false => values.iter().any(|value| test.matches(value)),
            }
        }
        Predicate::HasAssessment(kind) => !assessed_values(trace, *kind, None, judged).is_empty(),
        Predicate::Issue(id) => trace
            .info
            .assessments
            .iter()
            .any(|one| one.value.kind() == AssessmentKind::Issue && one.name == *id),
        Predicate::Span(group) => trace.spans.iter().any(|span| span_matches(span, group)),
    })
}

/// A number of a trace or span.
enum Plain {
    Int(i64),
    Float(f64),
}

impl Plain {
    fn satisfies(&self, test: NumberTest) -> bool {
        match self {
            Plain::Int(value) => test.int_range().contains(*value),
            Plain::Float(value) => test.matches_float(*value),
        }
    }
}

fn number(trace: &Trace, field: NumberField) -> Option<Plain> {
    let info = &trace.info;
    let start = whole_ms(info.start_ns);
    let duration = info.duration_ns.map(whole_ms);
    match field {
        NumberField::StartMs => Some(Plain::Int(start)),
        NumberField::DurationMs => duration.map(Plain::Int),
        NumberField::EndMs => Some(Plain::Int(start.saturating_add(duration.unwrap_or(0)))),
        NumberField::Start => Some(Plain::Int(info.start_ns)),
        NumberField::Duration => info.duration_ns.map(Plain::Int),
        NumberField::End => Some(Plain::Int(info.start_ns.saturating_add(info.duration_ns.unwrap_or(0)))),
        NumberField::Tokens(part) => tokens(info.usage.as_ref(), part),
        NumberField::Cost(part) => info.cost.as_ref().map(|cost| Plain::Float(part.of(cost))),
        NumberField::SpanCount => Some(Plain::Int(count(info.span_count))),
    }
}

fn tokens(usage: Option<&TokenUsage>, part: TokenPart) -> Option<Plain> {
    part.of(usage?).map(|tokens| Plain::Int(count(tokens)))
}

/// Counts beyond 63 bits are nonsense and saturate.
fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn span_number(span: &Span, field: SpanNumber) -> Option<Plain> {
    match field {
        SpanNumber::Duration => span.duration_ns.map(Plain::Int),
        SpanNumber::Tokens(part) => tokens(span.usage.as_ref(), part),
        SpanNumber::Cost(part) => span.cost.as_ref().map(|cost| Plain::Float(part.of(cost))),
    }
}

fn text(trace: &Trace, field: &TextField) -> Option<String> {
    let info = &trace.info;
    match field {
        TextField::State => Some(state_name(info.state).to_owned()),
        TextField::TraceId => Some(info.trace_id.to_string()),
        TextField::ClientRequestId => info.client_request_id.clone(),
        TextField::Name => info.name.clone(),
        TextField::Session => info.session.clone(),
        TextField::Tag(key) => info.tags.get(key).or_else(|| info.resource_tags.get(key)).cloned(),
        TextField::Metadata(key) => info.metadata.get(key).cloned(),
        TextField::UsageText => info.usage.as_ref().map(usage_text),
        TextField::CostText => info.cost.as_ref().map(cost_text),
    }
}

/// Returns the JSON texts of the valid assessments of this kind, and name if there is one, that count for `trace`: its own, and the
/// session-level ones of other traces of its session.
fn assessed_values(
    trace: &Trace,
    kind: AssessmentField,
    name: Option<&str>,
    judged: &[&Trace],
) -> Vec<String> {
    let wanted = |one: &&Assessment| {
        one.valid && name.is_none_or(|name| one.name == name) && one.value.kind() == assessment_kind(kind)
    };
    let own = trace.info.assessments.iter().filter(wanted);
    let siblings = judged
        .iter()
        .filter(|other| trace.info.session.is_some() && other.info.session == trace.info.session);
    let of_session =
        siblings.flat_map(|other| &other.info.assessments).filter(|one| is_session_level(one)).filter(wanted);
    own.chain(of_session).map(|one| assessment_text(&one.value)).collect()
}

fn assessment_kind(kind: AssessmentField) -> AssessmentKind {
    match kind {
        AssessmentField::Feedback => AssessmentKind::Feedback,
        AssessmentField::Expectation => AssessmentKind::Expectation,
    }
}

fn span_matches(span: &Span, group: &Expr<SpanTest>) -> bool {
    group.holds(&mut |test| match test {
        SpanTest::Text { field, test } => test.matches(match field {
            SpanField::Name => Some(&span.name),
            SpanField::Type => Some(&span.span_type),
            SpanField::Status => Some(span.status.as_str()),
            SpanField::Model => span.model.as_deref(),
            SpanField::Provider => span.provider.as_deref(),
            SpanField::Attribute(key) => span.attributes.get(key).map(String::as_str),
            SpanField::Content => Some(&span.content),
        }),
        SpanTest::Number { field, test } => {
            span_number(span, *field).is_some_and(|value| value.satisfies(*test))
        }
        SpanTest::Present(field) => span_number(span, *field).is_some(),
    })
}

/// Compares two traces in an order.
pub fn compare(a: &Trace, b: &Trace, order: &[OrderBy]) -> Ordering {
    order
        .iter()
        .map(|by| compare_values(&order_value(a, &by.key), &order_value(b, &by.key), by.descending))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// A value to order by: numbers by size, then texts.
enum Value {
    Number(i64),
    Float(f64),
    Text(String),
}

impl Value {
    fn compare(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Text(_), _) => Ordering::Greater,
            (_, Value::Text(_)) => Ordering::Less,
            (Value::Number(a), Value::Number(b)) => a.cmp(b),
            (a, b) => a.float().total_cmp(&b.float()),
        }
    }

    fn float(&self) -> f64 {
        match self {
            Value::Number(int) => *int as f64,
            Value::Float(float) => *float,
            Value::Text(_) => f64::NAN,
        }
    }
}

impl From<Plain> for Value {
    fn from(plain: Plain) -> Value {
        match plain {
            Plain::Int(int) => Value::Number(int),
            Plain::Float(float) => Value::Float(float),
        }
    }
}

/// The value of the newest valid assessment, which is the last: they are in order of creation.
fn assessed_value(trace: &Trace, kind: AssessmentField, name: &str) -> Option<Value> {
    let is_wanted =
        |one: &&Assessment| one.valid && one.name == name && one.value.kind() == assessment_kind(kind);
    let value = match &trace.info.assessments.iter().rfind(is_wanted)?.value {
        AssessmentValue::Feedback { value, .. } => value.as_ref()?,
        AssessmentValue::Expectation { value, .. } => value,
        AssessmentValue::Issue { .. } => return None,
    };
    Some(value.as_f64().map_or_else(|| Value::Text(order_text(value)), Value::Float))
}

fn order_value(trace: &Trace, key: &OrderKey) -> Option<Value> {
    let info = &trace.info;
    match key {
        OrderKey::Start => Some(Value::Number(info.start_ns)),
        OrderKey::Duration => info.duration_ns.map(Value::Number),
        OrderKey::End => Some(Value::Number(info.start_ns.saturating_add(info.duration_ns.unwrap_or(0)))),
        OrderKey::ExperimentId => Some(Value::Number(info.experiment_id.0)),
        OrderKey::State => text(trace, &TextField::State).map(Value::Text),
        OrderKey::TraceId => text(trace, &TextField::TraceId).map(Value::Text),
        OrderKey::Name => text(trace, &TextField::Name).map(Value::Text),
        OrderKey::Session => text(trace, &TextField::Session).map(Value::Text),
        OrderKey::Tag(key) => text(trace, &TextField::Tag(key.clone())).map(Value::Text),
        OrderKey::Metadata(key) => text(trace, &TextField::Metadata(key.clone())).map(Value::Text),
        OrderKey::Tokens(part) => number(trace, NumberField::Tokens(*part)).map(Value::from),
        OrderKey::Cost(part) => number(trace, NumberField::Cost(*part)).map(Value::from),
        OrderKey::SpanCount => number(trace, NumberField::SpanCount).map(Value::from),
        OrderKey::Assessment { kind, name } => assessed_value(trace, *kind, name),
    }
}

fn compare_values(a: &Option<Value>, b: &Option<Value>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.compare(a),
        (Some(a), Some(b)) => a.compare(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
