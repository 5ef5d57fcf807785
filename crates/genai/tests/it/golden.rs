//! What is read of every sample, as reviewed snapshots: `samples/NAME.binpb` in, `golden/NAME.json` out.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p spanwise-genai golden` writes them anew; look at the difference before you
//! commit it.

use crate::content::outline;
use crate::fixture::{self, Sample, sample_names};
use serde_json::{Map, Value, json};
use spanwise_genai::content::{Content, Details, Document};
use spanwise_genai::rollup::UsageTree;
use spanwise_genai::{
    Derived, PriceTable, derive, derive_without_bodies, lends_texts, lent_facts, preview_texts, read_content,
    root_facts,
};
use spanwise_model::{Cost, TokenUsage};
use spanwise_otlp::{LogRecordView, SpanView};
use std::cmp::Reverse;

/// Longest text that is shown whole.
const TEXT_CHARS_MAX: usize = 200;

#[test]
fn samples_are_read_as_reviewed() {
    let mut wrong = Vec::new();
    for name in sample_names() {
        let path = fixture::path(&format!("golden/{name}.json"));
        let found = format!("{:#}\n", golden(&Sample::read(&name)));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != found {
            wrong.push(name);
        }
    }
    assert!(
        wrong.is_empty(),
        "read otherwise than reviewed: {wrong:?}; UPDATE_GOLDEN=1 shows the difference"
    );
}

#[test]
fn columns_are_the_same_without_bodies() {
    for name in sample_names() {
        for (span, logs) in Sample::read(&name).spans() {
            let (whole, columns) = (
                derive(&span, &logs, PriceTable::built_in()),
                derive_without_bodies(&span, PriceTable::built_in()),
            );
            assert_eq!(columns_of(&columns), columns_of(&whole), "{name}: {}", span.name);
        }
    }
}

fn columns_of(derived: &Derived<'_>) -> Value {
    json!([
        derived.span_type(),
        derived.model,
        derived.provider,
        derived.session,
        derived.user,
        derived.usage.map(usage_text),
        derived.cost.map(cost_text),
    ])
}

/// A span and its log records.
type Logged<'a> = (SpanView<'a>, Vec<LogRecordView<'a>>);

/// Returns the traces of a sample, in the order of their first spans.
fn golden(sample: &Sample) -> Value {
    let mut traces: Vec<Vec<Logged<'_>>> = Vec::new();
    for span in sample.spans() {
        match traces.iter_mut().find(|spans| spans[0].0.trace_id == span.0.trace_id) {
            Some(spans) => spans.push(span),
            None => traces.push(vec![span]),
        }
    }
    traces.iter().map(|spans| trace_golden(spans)).collect()
}

fn trace_golden(spans: &[Logged<'_>]) -> Value {
    let mut totals = UsageTree::default();
    let mut trace = Map::new();
    for (span, logs) in spans {
        let derived = derive(span, logs, PriceTable::built_in());
        let (_, span_id, parent) = span.ids().unwrap();
        totals.insert(span_id, parent, derived.usage, derived.cost);
        if parent.is_none() {
            let facts = root_facts(span, logs, &derived);
            put(&mut trace, "request_preview", facts.request_preview.map(clipped));
            put(&mut trace, "response_preview", facts.response_preview.map(clipped));
            put(&mut trace, "input_text", facts.input_text.map(clipped));
            put(&mut trace, "output_text", facts.output_text.map(clipped));
            put(&mut trace, "name", facts.trace_name);
        }
    }
    lend(&mut trace, spans);
    let (usage, cost) = totals.totals();
    put(&mut trace, "usage", usage.map(usage_text));
    put(&mut trace, "cost", cost.map(cost_text));
    trace.insert("spans".into(), spans.iter().map(|span| span_golden(span, spans)).collect());
    trace.into()
}

/// Puts in the texts that calls lend to a root without any, as a store does.
fn lend(trace: &mut Map<String, Value>, spans: &[Logged<'_>]) {
    let facts = |span: &&Logged<'_>| lent_facts(&span.0, &span.1);
    let lends =
        |span: &&Logged<'_>| lends_texts(derive(&span.0, &span.1, PriceTable::built_in()).span_type());
    let mut lenders: Vec<&Logged<'_>> = spans.iter().filter(lends).collect();
    lenders.sort_by_key(|(span, _)| (span.start_ns(), span.span_id));
    let has_preview = |trace: &Map<String, Value>, key| trace.contains_key(key);
    if !trace.contains_key("input_text")
        && let Some(facts) = lenders.iter().filter_map(facts).find(|facts| facts.input_text.is_some())
    {
        let preview = facts.request_preview.filter(|_| !has_preview(trace, "request_preview"));
        put(trace, "request_preview", preview.map(clipped));
        put(trace, "input_text", facts.input_text.map(clipped));
    }
    lenders.sort_by_key(|(span, _)| (Reverse(span.end_ns()), span.start_ns(), span.span_id));
    if !trace.contains_key("output_text")
        && let Some(facts) = lenders.iter().filter_map(facts).find(|facts| facts.output_text.is_some())
    {
        let preview = facts.response_preview.filter(|_| !has_preview(trace, "response_preview"));
        put(trace, "response_preview", preview.map(clipped));
        put(trace, "output_text", facts.output_text.map(clipped));
    }
}

fn span_golden((span, logs): &Logged<'_>, all: &[Logged<'_>]) -> Value {
    let derived = derive(span, logs, PriceTable::built_in());
    let content = read_content(span, logs, &derived);
    let (input, output) = preview_texts(span, logs, &derived);
    let parent = all.iter().map(|(other, _)| other).find(|other| other.span_id == span.parent_span_id);
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    let mut golden = Map::new();
    put(&mut golden, "name", Some(span.name));
    put(&mut golden, "parent", parent.map(|parent| parent.name));
    put(&mut golden, "type", Some(derived.span_type()));
    put(&mut golden, "model", text(&derived.model));
    put(&mut golden, "provider", text(&derived.provider));
    put(&mut golden, "session", text(&derived.session));
    put(&mut golden, "user", text(&derived.user));
    put(&mut golden, "usage", derived.usage.map(usage_text));
    put(&mut golden, "cost", derived.cost.map(cost_text));
    put(&mut golden, "input_text", input.map(clipped));
    put(&mut golden, "output_text", output.map(clipped));
    put_content(&mut golden, content);
    golden.into()
}

fn put_content(golden: &mut Map<String, Value>, content: Content) {
    let lines = |messages: Option<&Vec<_>>| {
        messages.map(|_| outline(messages).into_iter().map(clipped).collect::<Vec<_>>())
    };
    put(golden, "input_messages", lines(content.input_messages.as_ref()));
    put(golden, "output_messages", lines(content.output_messages.as_ref()));
    put(golden, "inputs", content.inputs.map(|body| clipped(body.to_string())));
    put(golden, "outputs", content.outputs.map(|body| clipped(body.to_string())));
    let tools = content.tools.map(|tools| tools.into_iter().map(|tool| tool.name).collect::<Vec<_>>());
    put(golden, "tools", tools);
    let documents = content.documents.map(|documents| {
        let document = |document: Document| json!([document.id, document.score, clipped(document.content)]);
        documents.into_iter().map(document).collect::<Vec<_>>()
    });
    put(golden, "documents", documents);
    put(
        golden,
        "template",
        content.template.map(|prompt| {
            clipped(format!("{:?} {:?} {}", prompt.template, prompt.version, Value::from(prompt.variables)))
        }),
    );
    put_details(golden, content.details);
    let parameters = Some(content.parameters).filter(|parameters| !parameters.is_empty());
    put(golden, "parameters", parameters.map(|parameters| clipped(Value::from(parameters).to_string())));
}

fn put_details(golden: &mut Map<String, Value>, details: Details) {
    put(golden, "agent", details.agent);
    put(golden, "prompt", details.prompt.map(|prompt| format!("{} {:?}", prompt.name, prompt.version)));
    put(golden, "asked_model", details.asked_model);
    put(golden, "finish_reasons", Some(details.finish_reasons).filter(|reasons| !reasons.is_empty()));
    put(golden, "time_to_first_token_ns", details.time_to_first_token_ns);
    put(golden, "reasoning_tokens", details.reasoning_tokens);
    put(golden, "audio_input_tokens", details.audio_input_tokens);
    put(golden, "audio_output_tokens", details.audio_output_tokens);
    put(golden, "embedding_dimensions", details.embedding_dimensions);
    put(golden, "error", details.error.map(clipped));
}

fn put(map: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        map.insert(key.to_owned(), value.into());
    }
}

fn usage_text(usage: TokenUsage) -> String {
    let mut text = format!("{} + {} = {}", usage.input, usage.output, usage.total);
    let caches = [
        ("cache read", usage.cache_read),
        ("cache creation", usage.cache_creation),
        ("of an hour", usage.cache_creation_above_1h),
    ];
    for (name, count) in caches {
        text.push_str(&count.map(|count| format!(", {name} {count}")).unwrap_or_default());
    }
    text
}

/// Sums of floating point differ in the last digits.
fn cost_text(cost: Cost) -> String {
    format!("{:.10} + {:.10} = {:.10}", cost.input, cost.output, cost.total)
}

fn clipped(text: String) -> String {
    let count = text.chars().count();
    if count <= TEXT_CHARS_MAX {
        return text;
    }
    format!("{}… ({count} characters)", text.chars().take(TEXT_CHARS_MAX).collect::<String>())
}
