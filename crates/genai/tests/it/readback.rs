//! Spans of real libraries against what MLflow's own server made of them.
//!
//! `samples/NAME.binpb` is what a library sent, `readback/NAME.json` what an MLflow 3.17.2 server answered.

use crate::fixture::{self, each_span, read};
use crate::render::{dict, plain_dict_attributes};
use serde_json::{Map, Value, json};
use spanwise_genai::rollup::UsageTree;
use spanwise_genai::{PriceTable, derive, root_facts};
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
    let derived = derive(span, &[], PriceTable::built_in());
    let (_, span_id, parent) = span.ids().unwrap();
    trace.totals.insert(span_id, parent, derived.usage, derived.cost);
    if parent.is_none() {
        trace.roots.push(root_facts(span, &[], &derived));
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
        let name = span["name"].as_str().unwrap();
        for part in ["span_type", "inputs", "outputs"] {
            pairs.push((format!("{name} / {part}"), own[part].clone(), span[part].clone()));
        }
        for (key, value) in span["mlflow_attributes"].as_object().unwrap() {
            pairs.push((format!("{name} / {key}"), own["mlflow_attributes"][key].clone(), value.clone()));
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

/// Where MLflow says something and we say something else on purpose: the sample, the start of a line
/// `place: ours, not theirs`, and why.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("ag2", "conversation user / span_type: \"WORKFLOW\"", A_WORKFLOW),
    ("ag2", "conversation user / mlflow.spanType: \"WORKFLOW\"", A_WORKFLOW),
    ("ag2-v1", "record_usage model_call / mlflow.llm.cost: null", COUNTED_TWICE),
    ("ag2-v1", "token_usage: {\"input_tokens\":151", COUNTED_TWICE),
    ("ag2-v1", "cost: 0.00003345", COUNTED_TWICE),
    ("langchain-langsmith-otel", "ChatPromptTemplate / span_type: \"CHAIN\"", NO_CALL),
    ("langchain-langsmith-otel", "ChatPromptTemplate / mlflow.spanType: \"CHAIN\"", NO_CALL),
    ("langchain-langsmith-otel", "VectorStoreRetriever / span_type: \"RETRIEVER\"", A_RETRIEVER),
    ("langchain-langsmith-otel", "VectorStoreRetriever / mlflow.spanType: \"RETRIEVER\"", A_RETRIEVER),
    ("openai-otel-v2", "token_usage: {\"input_tokens\":2,\"output_tokens\":0,\"total_tokens\":2", A_TOTAL),
    ("openai-traceloop", "token_usage: {\"input_tokens\":2,\"output_tokens\":0,\"total_tokens\":2", A_TOTAL),
    ("vercel-ai-sdk-v7", "token_usage: {\"input_tokens\":1,\"output_tokens\":0,\"total_tokens\":1", A_TOTAL),
    ("voltagent", "llm:generateText / mlflow.chat.tokenUsage: {\"input_tokens\":89", ALL_COUNTS),
    ("voltagent", "llm:streamText / mlflow.chat.tokenUsage: {\"input_tokens\":15", ALL_COUNTS),
];

const A_WORKFLOW: &str = "a conversation of agents is no call of a model, only because it names one";
const COUNTED_TWICE: &str = "AG2's usage spans say again what the calls beside them used";
const NO_CALL: &str = "filling in a prompt template is no call of a model";
const A_RETRIEVER: &str = "LangSmith calls retrieval an embedding; its own kind says what it is";
const A_TOTAL: &str = "an embedding has no output tokens; the total is never less than its parts";
const ALL_COUNTS: &str = "MLflow takes the total for Traceloop's, and then misses input and output";

#[test]
fn nothing_is_read_worse_than_mlflow_reads_it() {
    let mut unused: Vec<_> = ACCEPTED.iter().collect();
    let mut wrong = Vec::new();
    for name in readback_names() {
        for line in worse(&name) {
            let accepted =
                |(sample, start, _): &(&str, &str, &str)| *sample == name && line.starts_with(start);
            if ACCEPTED.iter().any(accepted) {
                unused.retain(|entry| !accepted(entry));
            } else {
                wrong.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(unused.is_empty(), "these are no differences any more: {unused:#?}");
}

fn readback_names() -> Vec<String> {
    let files = std::fs::read_dir(fixture::path("readback")).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Returns the places where MLflow says something and we do not say the same.
fn worse(name: &str) -> Vec<String> {
    let mut ours = read_traces(&read(&format!("samples/{name}.binpb")));
    let theirs: Vec<Value> = serde_json::from_slice(&read(&format!("readback/{name}.json"))).unwrap();
    let mut found = Vec::new();
    for trace in &theirs {
        let own = ours.get_mut(trace["trace_id"].as_str().unwrap()).unwrap();
        let differences = compare(own, trace).into_iter().filter(|(_, _, theirs)| says_something(theirs));
        found.extend(differences.map(|(place, own, their)| format!("{place}: {own}, not {their}")));
    }
    found
}

fn says_something(value: &Value) -> bool {
    !value.is_null() && value != "UNKNOWN" && value != ""
}
