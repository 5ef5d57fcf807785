//! Spans of real libraries against what MLflow's own server made of them.
//!
//! `fixtures/NAME.binpb` is what a library sent, `fixtures/readback/NAME.json` what an MLflow 3.17.2 server answered.

use crate::fixture::{each_span, read};
use crate::render::{dict, plain_dict_attributes};
use serde_json::{Map, Value, json};
use spanwise_genai::rollup::UsageTree;
use spanwise_genai::{derive, root_facts};
use spanwise_model::{Cost, RootFacts, TokenUsage};
use spanwise_otlp::SpanView;
use std::collections::BTreeMap;

/// Attributes that are shown as the span's type, inputs and outputs.
const SHOWN_APART: [&str; 3] = ["mlflow.traceRequestId", "mlflow.spanInputs", "mlflow.spanOutputs"];

/// One trace as we return it.
#[derive(Default)]
struct Trace {
    spans: BTreeMap<String, Value>,
    roots: Vec<RootFacts>,
    totals: UsageTree,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read_traces(body: &[u8]) -> BTreeMap<String, Trace> {
    let mut traces = BTreeMap::<String, Trace>::new();
    each_span(body, |span| {
        let trace_id = format!("tr-{}", hex(span.trace_id));
        read_span(span, &trace_id, traces.entry(trace_id.clone()).or_default());
    });
    traces
}

fn read_span(span: &SpanView<'_>, trace_id: &str, trace: &mut Trace) {
    trace.spans.insert(hex(span.span_id), shown(plain_dict_attributes(&dict(span, trace_id))));
    let derived = derive(span, &[]);
    let (_, span_id, parent) = span.ids().unwrap();
    trace.totals.insert(span_id, parent, derived.usage, derived.cost);
    if parent.is_none() {
        trace.roots.push(root_facts(span, &derived));
    }
}

/// Shows a span as the read-back does.
fn shown(attributes: Map<String, Value>) -> Value {
    let get = |key: &str| attributes.get(key).cloned().unwrap_or_default();
    let is_shown = |key: &str| key.starts_with("mlflow.") && !SHOWN_APART.contains(&key);
    let rest =
        attributes.iter().filter(|(key, _)| is_shown(key)).map(|(key, value)| (key.clone(), value.clone()));
    json!({
        "span_type": get("mlflow.spanType"),
        "inputs": get("mlflow.spanInputs"),
        "outputs": get("mlflow.spanOutputs"),
        "mlflow_attributes": rest.collect::<Map<_, _>>(),
    })
}

fn usage_json(usage: &TokenUsage) -> Value {
    let mut map =
        json!({"input_tokens": usage.input, "output_tokens": usage.output, "total_tokens": usage.total});
    let caches = [
        ("cache_read_input_tokens", usage.cache_read),
        ("cache_creation_input_tokens", usage.cache_creation),
    ];
    for (key, count) in caches {
        if let Some(count) = count {
            map[key] = json!(count);
        }
    }
    map
}

/// Compares one trace, and returns each place that differs with both values.
fn compare(ours: &mut Trace, theirs: &Value) -> Vec<(String, Value, Value)> {
    let mut pairs = Vec::new();
    for span in theirs["spans"].as_array().unwrap() {
        let own = &ours.spans[span["span_id"].as_str().unwrap()];
        for part in ["span_type", "inputs", "outputs", "mlflow_attributes"] {
            let place = format!("{} / {part}", span["name"].as_str().unwrap());
            pairs.push((place, own[part].clone(), span[part].clone()));
        }
    }
    let (usage, cost) = ours.totals.totals();
    let root = ours.roots.first().cloned().unwrap_or_default();
    pairs.push(("request_preview".into(), json!(root.request_preview), theirs["request_preview"].clone()));
    pairs.push(("response_preview".into(), json!(root.response_preview), theirs["response_preview"].clone()));
    pairs.push(("token_usage".into(), usage.as_ref().map(usage_json).into(), theirs["token_usage"].clone()));
    let their_cost = theirs["trace_metadata"]["mlflow.trace.cost"]
        .as_str()
        .map(|text| serde_json::from_str(text).unwrap());
    let differs = !same_cost(cost, their_cost.as_ref());
    let shown_cost = json!(cost.map(|cost| cost.total));
    pairs.push(("cost".into(), shown_cost.clone(), if differs { json!(their_cost) } else { shown_cost }));
    pairs.into_iter().filter(|(_, ours, theirs)| ours != theirs).collect()
}

/// Sums of floating point may differ in the last digits.
fn same_cost(ours: Option<Cost>, theirs: Option<&Value>) -> bool {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours.is_none() && theirs.is_none() };
    let close = |ours: f64, key: &str| (ours - theirs[key].as_f64().unwrap()).abs() <= 1e-12 * ours.abs();
    close(ours.input, "input_cost") && close(ours.output, "output_cost") && close(ours.total, "total_cost")
}

/// Compares a sample with its read-back. Each expected difference is a prefix of a line `place: ours, not theirs`.
fn check(name: &str, differences: &[&str]) {
    let mut ours = read_traces(&read(&format!("{name}.binpb")));
    let theirs: Vec<Value> = serde_json::from_slice(&read(&format!("readback/{name}.json"))).unwrap();
    let mut found = Vec::new();
    for trace in &theirs {
        let own = ours.get_mut(trace["trace_id"].as_str().unwrap()).unwrap();
        found.extend(
            compare(own, trace).into_iter().map(|(place, own, their)| format!("{place}: {own}, not {their}")),
        );
    }
    for line in &found {
        assert!(differences.iter().any(|expected| line.starts_with(expected)), "{name}: {line}");
    }
    for expected in differences {
        assert!(
            found.iter().any(|line| line.starts_with(expected)),
            "{name}: `{expected}` is no difference any more"
        );
    }
}

#[test]
fn openinference() {
    check("openai-openinference", &[]);
    check("anthropic-openinference", &[]);
    check("langchain-js-openinference", &[]);
    check("haystack-openinference", &[]);
}

#[test]
fn otel_genai() {
    check("rust-genai", &[]);
    check("semantic-kernel", &[]);
    check("google-adk-2", &[]);
    check("anthropic-sdk", &[]);
}

/// MLflow leaves the total of an embedding's tokens at 0, since it knows no output tokens.
#[test]
fn a_total_is_never_less_than_its_parts() {
    let total = r#"token_usage: {"input_tokens":2,"output_tokens":0,"total_tokens":2"#;
    check("openai-otel-v2", &[total]);
    check("openai-traceloop", &[total]);
}

/// MLflow does not read the event that carries whole message lists.
#[test]
fn inputs_and_outputs_come_from_the_details_event() {
    check(
        "bedrock-agentcore",
        &[
            "invoke_agent Strands Agents / inputs: [{\"role\":\"user\"",
            "invoke_agent Strands Agents / outputs: [{\"role\":\"assistant\"",
            "execute_event_loop_cycle / inputs: [{\"role\":\"user\"",
            "chat / inputs: [{\"role\":\"user\"",
            "chat / outputs: [{\"role\":\"assistant\"",
            "request_preview: \"[{",
            "response_preview: \"[{",
        ],
    );
}
