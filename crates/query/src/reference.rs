//! What a filter and an order mean, said as plainly as possible over plain values: no index, no columns, one
//! trace after the other. Engines are compared with it in randomized tests.

use crate::expr::Expr;
use crate::filter::{
    AssessmentField, Filter, NumberField, Predicate, RUN_METADATA_KEY, SESSION_METADATA_KEY, SpanField,
    SpanTest, TextField, state_name,
};
use crate::json::{assessment_text, cost_text, usage_text};
use crate::operator::whole_ms;
use crate::order::{OrderBy, OrderKey};
use spanwise_model::{Assessment, AssessmentKind, SpanStatus, TraceInfo};
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
    /// The texts of its attributes: strings as they are, anything else as JSON.
    pub attributes: BTreeMap<String, String>,
    /// The whole span as MLflow's JSON.
    pub content: String,
}

/// Returns those of `searched` that match `filter`, in `order`. `searched` is all traces of the experiments that
/// are searched, since session-level assessments reach across them.
pub fn search<'a>(searched: &'a [Trace], filter: &Filter, order: &[OrderBy]) -> Vec<&'a Trace> {
    let mut found: Vec<&Trace> = searched.iter().filter(|trace| matches(trace, filter, searched)).collect();
    found.sort_by(|a, b| compare(a, b, order));
    found
}

/// Returns whether `trace`, one of `searched`, matches `filter`.
pub fn matches(trace: &Trace, filter: &Filter, searched: &[Trace]) -> bool {
    filter.holds(&mut |predicate| match predicate {
        Predicate::Number { field, test } => {
            number(trace, *field).is_some_and(|value| test.int_range().contains(value))
        }
        Predicate::Text { field, test } => test.matches(text(trace, field).as_deref()),
        Predicate::Run(run) => {
            trace.info.metadata.get(RUN_METADATA_KEY) == Some(run) || trace.linked_runs.contains(run)
        }
        Predicate::Prompt { name, version } => trace.prompts.contains(&(name.clone(), version.clone())),
        Predicate::Assessment { kind, name, test } => {
            let values = assessed_values(trace, *kind, name, searched);
            match test.is_absence() {
                true => values.is_empty(),
                false => values.iter().any(|value| test.matches(value)),
            }
        }
        Predicate::Issue(id) => trace
            .info
            .assessments
            .iter()
            .any(|one| one.value.kind() == AssessmentKind::Issue && one.name == *id),
        Predicate::Span(group) => trace.spans.iter().any(|span| span_matches(span, group)),
    })
}

fn number(trace: &Trace, field: NumberField) -> Option<i64> {
    let start = whole_ms(trace.info.start_ns);
    let duration = trace.info.duration_ns.map(whole_ms);
    match field {
        NumberField::StartMs => Some(start),
        NumberField::DurationMs => duration,
        NumberField::EndMs => Some(start.saturating_add(duration.unwrap_or(0))),
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

/// Returns the JSON texts of the valid assessments of this kind and name that count for `trace`: its own, and the
/// session-level ones of other traces of its session.
fn assessed_values(trace: &Trace, kind: AssessmentField, name: &str, searched: &[Trace]) -> Vec<String> {
    let wanted = |one: &&Assessment| {
        let kind = match kind {
            AssessmentField::Feedback => AssessmentKind::Feedback,
            AssessmentField::Expectation => AssessmentKind::Expectation,
        };
        one.valid && one.name == name && one.value.kind() == kind
    };
    let own = trace.info.assessments.iter().filter(wanted);
    let siblings = searched
        .iter()
        .filter(|other| !other.info.assessments.is_empty())
        .filter(|other| trace.info.session.is_some() && other.info.session == trace.info.session);
    let of_session = siblings
        .flat_map(|other| &other.info.assessments)
        .filter(|one| one.metadata.contains_key(SESSION_METADATA_KEY))
        .filter(wanted);
    own.chain(of_session).map(|one| assessment_text(&one.value)).collect()
}

fn span_matches(span: &Span, group: &Expr<SpanTest>) -> bool {
    group.holds(&mut |SpanTest { field, test }| {
        test.matches(match field {
            SpanField::Name => Some(&span.name),
            SpanField::Type => Some(&span.span_type),
            SpanField::Status => Some(span.status.as_str()),
            SpanField::Attribute(key) => span.attributes.get(key).map(String::as_str),
            SpanField::Content => Some(&span.content),
        })
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

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(i64),
    Text(String),
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
    }
}

fn compare_values(a: &Option<Value>, b: &Option<Value>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
