//! The reference itself, on cases small enough to be sure of.

use serde_json::{Value, json};
use spanwise_model::{
    Assessment, AssessmentId, AssessmentSource, AssessmentValue, Cost, ExperimentId, SourceType, SpanStatus,
    TokenUsage, TraceId, TraceInfo, TraceState,
};
use spanwise_query::reference::{Span, Trace, search};
use spanwise_query::{parse_filter, parse_order_by};
use std::collections::BTreeMap;

fn trace(id: &str) -> Trace {
    let info = TraceInfo {
        trace_id: TraceId::Text(id.into()),
        experiment_id: ExperimentId(1),
        client_request_id: None,
        start_ns: 1_000_000_000,
        duration_ns: None,
        state: TraceState::Ok,
        name: None,
        session: None,
        request_preview: None,
        response_preview: None,
        input_text: None,
        output_text: None,
        usage: None,
        cost: None,
        finalized: true,
        span_count: 0,
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        resource_tags: BTreeMap::new(),
        assessments: Vec::new(),
    };
    Trace { info, spans: Vec::new(), linked_runs: Vec::new(), prompts: Vec::new() }
}

fn with(id: &str, change: impl FnOnce(&mut Trace)) -> Trace {
    let mut trace = trace(id);
    change(&mut trace);
    trace
}

fn span(name: &str, span_type: &str, attributes: &[(&str, &str)]) -> Span {
    Span {
        name: name.into(),
        span_type: span_type.into(),
        status: SpanStatus::Unset,
        model: None,
        provider: None,
        duration_ns: None,
        usage: None,
        cost: None,
        attributes: attributes.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        content: format!("{{\"name\": \"{name}\"}}"),
    }
}

fn assessment(name: &str, value: AssessmentValue, metadata: &[(&str, &str)]) -> Assessment {
    Assessment {
        assessment_id: AssessmentId("a-1".into()),
        trace_id: TraceId::Text("x".into()),
        name: name.into(),
        value,
        source: AssessmentSource { source_type: SourceType::Human, source_id: None },
        span_id: None,
        created_ns: 0,
        last_updated_ns: 0,
        rationale: None,
        metadata: metadata.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        overrides: None,
        valid: true,
    }
}

fn feedback(name: &str, value: Value) -> Assessment {
    assessment(name, AssessmentValue::Feedback { value: Some(value), error: None }, &[])
}

#[track_caller]
fn check(traces: &[Trace], filter: &str, expected: &[&str]) {
    check_order(traces, filter, &["request_id"], expected);
}

#[track_caller]
fn check_order(traces: &[Trace], filter: &str, order: &[&str], expected: &[&str]) {
    let found =
        search(traces, &parse_filter(filter).expect(filter), &parse_order_by(order).expect("a valid order"));
    let ids: Vec<String> = found.iter().map(|trace| trace.info.trace_id.to_string()).collect();
    assert_eq!(ids, expected, "{filter}");
}

#[test]
fn a_missing_key_is_only_found_by_null_and_by_not() {
    let traces = [
        trace("none"),
        with("v", |t| drop(t.info.tags.insert("k".into(), "v".into()))),
        with("w", |t| drop(t.info.tags.insert("k".into(), "w".into()))),
    ];
    check(&traces, "tags.k != 'v'", &["w"]);
    check(&traces, "NOT tags.k = 'v'", &["none", "w"]);
    check(&traces, "tags.k IS NULL", &["none"]);
    check(&traces, "tags.k IS NOT NULL", &["v", "w"]);
    check(&traces, "tags.k ILIKE 'V'", &["v"]);
    check(&traces, "tags.k LIKE 'V'", &[]);
    check(&traces, "tags.k = 'v' OR tags.k RLIKE '^w$'", &["v", "w"]);
}

#[test]
fn resource_tags_are_tags_that_a_tag_hides() {
    let resource = |t: &mut Trace| drop(t.info.resource_tags.insert("service.name".into(), "shop".into()));
    let traces = [
        with("a", resource),
        with("b", |t| {
            resource(t);
            t.info.tags.insert("service.name".into(), "own".into());
        }),
    ];
    check(&traces, "tags.service.name = 'shop'", &["a"]);
    check(&traces, "tags.service.name = 'own'", &["b"]);
}

#[test]
fn numbers_are_whole_milliseconds_and_unknown_durations_match_nothing() {
    let traces = [with("long", |t| t.info.duration_ns = Some(2_999_999)), trace("open")];
    check(&traces, "execution_time = 2", &["long"]);
    check(&traces, "execution_time != 5", &["long"]);
    check(&traces, "end_time = 1000", &["open"]);
    check(&traces, "end_time_ms = 1002", &["long"]);
    check(&traces, "timestamp >= 1000 AND timestamp < 1001", &["long", "open"]);
}

#[test]
fn span_clauses_of_one_group_bind_one_span() {
    let traces = [
        with("both", |t| t.spans = vec![span("a", "LLM", &[("k", "v")]), span("b", "TOOL", &[])]),
        with("apart", |t| t.spans = vec![span("a", "TOOL", &[]), span("b", "LLM", &[("k", "w")])]),
        trace("empty"),
    ];
    check(&traces, "span.name = 'a' AND span.type = 'LLM'", &["both"]);
    check(&traces, "span(name = 'a') AND span(type = 'LLM')", &["apart", "both"]);
    check(&traces, "NOT span.type = 'LLM'", &["empty"]);
    check(&traces, "span(NOT type = 'LLM')", &["apart", "both"]);
    check(&traces, "span.attributes.k != 'v'", &["apart"]);
    check(&traces, "span.attributes.k IN ('v', 'x')", &["both"]);
    check(&traces, "text LIKE '%\"b\"%' AND span.type = 'LLM'", &["apart"]);
    check(&traces, "span.status = 'UNSET'", &["apart", "both"]);
}

#[test]
fn runs_and_prompts_and_issues_are_links() {
    let traces = [
        with("ran", |t| drop(t.info.metadata.insert("mlflow.sourceRun".into(), "r".into()))),
        with("linked", |t| t.linked_runs.push("r".into())),
        with("prompt", |t| t.prompts.push(("p".into(), "1".into()))),
        with("issue", |t| {
            let value = AssessmentValue::Issue { issue_name: "slow".into() };
            t.info.assessments.push(assessment("iss-1", value, &[]));
        }),
    ];
    check(&traces, "run_id = 'r'", &["linked", "ran"]);
    check(&traces, "run_id LIKE 'r'", &["ran"]);
    check(&traces, "prompt = 'p/1'", &["prompt"]);
    check(&traces, "prompt = 'p/2'", &[]);
    check(&traces, "issue.id = 'iss-1'", &["issue"]);
}

#[test]
fn assessments_match_if_any_valid_one_of_kind_and_name_does() {
    let traces = [
        with("two", |t| t.info.assessments = vec![feedback("q", json!("yes")), feedback("q", json!(0.5))]),
        with("bool", |t| t.info.assessments = vec![feedback("q", json!(true))]),
        with("old", |t| {
            let invalid = Assessment { valid: false, ..feedback("q", json!("yes")) };
            t.info.assessments = vec![invalid];
        }),
        with("expected", |t| {
            let value = AssessmentValue::Expectation { value: json!("yes"), serialized: false };
            t.info.assessments = vec![assessment("q", value, &[])];
        }),
        trace("none"),
    ];
    check(&traces, "feedback.q = 'yes'", &["two"]);
    check(&traces, "feedback.q = 'true'", &["bool"]);
    check(&traces, "feedback.q > 0.4", &["two"]);
    check(&traces, "feedback.q = '0.50'", &["two"]);
    check(&traces, "feedback.q != 'yes'", &["bool", "two"]);
    check(&traces, "feedback.q LIKE '\"y%'", &["two"]);
    check(&traces, "feedback.q IS NULL", &["expected", "none", "old"]);
    check(&traces, "expectation.q IS NOT NULL", &["expected"]);
    check(&traces, "feedback.q = 'yes' AND feedback.q > 0", &["two"]);
}

#[test]
fn session_level_assessments_reach_the_whole_session() {
    let in_session = |id: &str, session: &str| with(id, |t| t.info.session = Some(session.into()));
    let mut judged = in_session("judged", "s");
    let mut session_level = feedback("q", json!("yes"));
    session_level.metadata.insert("mlflow.trace.session".into(), "s".into());
    judged.info.assessments = vec![session_level, feedback("own", json!("yes"))];
    let traces = [judged, in_session("sibling", "s"), in_session("other", "t"), trace("alone")];
    check(&traces, "feedback.q = 'yes'", &["judged", "sibling"]);
    check(&traces, "feedback.q IS NULL", &["alone", "other"]);
    check(&traces, "feedback.own = 'yes'", &["judged"]);
    check(&traces, "metadata.mlflow.trace.session = 's'", &["judged", "sibling"]);
}

#[test]
fn usage_and_cost_compare_by_their_canonical_text() {
    let traces = [
        with("used", |t| {
            t.info.usage = Some(TokenUsage { input: 1, output: 2, total: 3, ..TokenUsage::default() });
            t.info.cost = Some(Cost { input: 0.5, output: 0.0, total: 0.5 });
        }),
        trace("free"),
    ];
    let usage =
        r#"metadata.mlflow.trace.tokenUsage = '{"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}'"#;
    check(&traces, usage, &["used"]);
    check(&traces, &usage.replace("= '", "!= '"), &[]);
    check(&traces, "metadata.mlflow.trace.cost IS NULL", &["free"]);
    check(
        &traces,
        r#"metadata.mlflow.trace.cost = '{"input_cost": 0.5, "output_cost": 0.0, "total_cost": 0.5}'"#,
        &["used"],
    );
}

#[test]
fn absent_values_come_last_in_both_directions_and_ties_go_to_the_newest() {
    let at = |id: &str, start_ms: i64, duration_ms: Option<i64>| {
        with(id, |t| {
            t.info.start_ns = start_ms * 1_000_000;
            t.info.duration_ns = duration_ms.map(|ms| ms * 1_000_000);
        })
    };
    let traces = [at("a", 1, Some(5)), at("b", 2, None), at("c", 3, Some(5)), at("d", 3, Some(9))];
    check_order(&traces, "", &[], &["c", "d", "b", "a"]);
    check_order(&traces, "", &["execution_time"], &["c", "a", "d", "b"]);
    check_order(&traces, "", &["execution_time DESC"], &["d", "c", "a", "b"]);
    check_order(&traces, "", &["end_time"], &["b", "a", "c", "d"]);
    check_order(&traces, "", &["tags.none"], &["c", "d", "b", "a"]);
}
