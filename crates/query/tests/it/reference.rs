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
        error_span_count: Some(0),
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
fn numbers_of_traces_are_exact_and_absent_ones_match_nothing() {
    let traces = [
        with("long", |t| {
            t.info.duration_ns = Some(2_999_999);
            t.info.span_count = 3;
            t.info.usage = Some(TokenUsage {
                input: 7,
                output: 3,
                total: 10,
                cache_read: Some(2),
                ..TokenUsage::default()
            });
            t.info.cost = Some(Cost { input: 0.25, output: 0.5, total: 0.75 });
        }),
        trace("open"),
    ];
    check(&traces, "latency = 2999999ns", &["long"]);
    check(&traces, "latency < 2999.999us", &[]);
    check(&traces, "latency >= 2.9ms", &["long"]);
    check(&traces, "NOT latency > 1ms", &["open"]);
    check(&traces, "start = '1970-01-01T00:00:01Z'", &["long", "open"]);
    check(&traces, "end > '1970-01-01T00:00:01Z'", &["long"]);
    check(&traces, "tokens >= 0.01k AND tokens.input = 7 AND tokens.cache_read < 2.5", &["long"]);
    check(&traces, "tokens.cache_write != 5 OR tokens != 10", &[]);
    check(&traces, "cost > 0.7 AND cost.output = 0.5", &["long"]);
    check(&traces, "has:tokens AND has:cost AND NOT has:tokens.cache_write", &["long"]);
    check(&traces, "latency IS NULL", &["open"]);
    check(&traces, "spans = 0", &["open"]);
}

#[test]
fn texts_may_be_numbers_and_have_others_in_them() {
    let tagged = |id: &str, value: &str| with(id, |t| drop(t.info.tags.insert("k".into(), value.into())));
    let traces = [tagged("a", "10"), tagged("b", "9.5"), tagged("c", "Ten"), trace("none")];
    check(&traces, "tags.k > 9.5", &["a"]);
    check(&traces, "tags.k != 10", &["b"]);
    check(&traces, "tags.k = 10.0", &["a"]);
    check(&traces, "tags.k = '10.0'", &[]);
    check(&traces, "tags.k ~ 'TE'", &["c"]);
    check(&traces, "tags.k !~ 'te'", &["a", "b"]);
    check(&traces, "tags.k NOT IN ('10', 'Ten')", &["b"]);
    check(&traces, "has:tags.k", &["a", "b", "c"]);
}

#[test]
fn spans_have_models_numbers_and_words() {
    let call = |model: &str, duration_ns, text: &str| Span {
        model: Some(model.into()),
        duration_ns,
        usage: Some(TokenUsage { total: 5, ..TokenUsage::default() }),
        content: text.into(),
        ..span("call", "LLM", &[])
    };
    let traces = [
        with("fast", |t| t.spans = vec![call("gpt", Some(5), "refund the Policy"), span("b", "TOOL", &[])]),
        with("slow", |t| t.spans = vec![call("claude", Some(50), "refund"), call("gpt", None, "policy")]),
        with("failed", |t| t.spans = vec![Span { status: SpanStatus::Error, ..span("b", "TOOL", &[]) }]),
        trace("empty"),
    ];
    check(&traces, "model = 'gpt' AND span.latency > 1ns", &["fast"]);
    check(&traces, "model != 'gpt'", &["slow"]);
    check(&traces, "span(model = 'gpt' AND NOT has:latency)", &["slow"]);
    check(&traces, "model IS NULL", &["failed", "fast"]);
    check(&traces, "span.tokens = 5 AND span.type = 'TOOL'", &[]);
    check(&traces, "text ~ 'policy, REFUND!'", &["fast"]);
    check(&traces, "text ~ 'polic'", &[]);
    check(&traces, "text !~ 'refund'", &["empty", "failed"]);
    check(&traces, "span.content !~ 'refund' AND model = 'gpt'", &["slow"]);
    check(&traces, "has:error", &["failed"]);
    check(&traces, "NOT has:error AND NOT has:model", &["empty"]);
}

#[test]
fn the_newest_valid_assessment_gives_the_order() {
    let judged = |id: &str, values: &[Value]| {
        with(id, |t| t.info.assessments = values.iter().map(|value| feedback("q", value.clone())).collect())
    };
    let traces = [
        judged("a", &[json!("x"), json!(2)]),
        judged("b", &[json!(10)]),
        judged("c", &[json!(1), json!("été")]),
        judged("d", &[json!(true)]),
        trace("none"),
    ];
    check_order(&traces, "", &["feedback.q", "trace_id"], &["a", "b", "d", "c", "none"]);
    check_order(&traces, "", &["feedback.q DESC", "trace_id"], &["c", "d", "b", "a", "none"]);
    check_order(
        &traces,
        "feedback.q = 5 OR has:feedback",
        &["expectation.q", "trace_id"],
        &["a", "b", "c", "d"],
    );
    check(&traces, "feedback.q = true", &["d"]);
    check(&traces, "feedback.q > 1", &["a", "b"]);
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
