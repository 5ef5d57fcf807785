//! The same spans as other exporters would write them: in another order of attributes, with texts in place of numbers, JSON
//! in place of maps and maps in place of JSON. What is read of them stays.

use crate::content::outline;
use crate::fixture::{Sample, any_value, sample_names};
use serde_json::{Value, json};
use spanwise_genai::{PriceTable, derive, read_content};
use spanwise_otlp::json::transcode_traces;
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView, pyjson, scan_traces, scope_name};

/// What must not change.
fn seen(span: &SpanView<'_>, logs: &[LogRecordView<'_>]) -> Value {
    let derived = derive(span, logs, PriceTable::built_in());
    let content = read_content(span, logs, &derived);
    let tools = content.tools.map(|tools| tools.into_iter().map(|tool| tool.name).collect::<Vec<_>>());
    json!({
        "type": derived.span_type(),
        "model": derived.model,
        "provider": derived.provider,
        "session": derived.session,
        "user": derived.user,
        "usage": format!("{:?}", derived.usage),
        "cost": format!("{:?}", derived.cost),
        "input_messages": content.input_messages.as_ref().map(|messages| outline(Some(messages))),
        "output_messages": content.output_messages.as_ref().map(|messages| outline(Some(messages))),
        "tools": tools,
        "documents": content.documents.map(|documents| documents.len()),
        "agent": content.details.agent,
        "finish_reasons": content.details.finish_reasons,
        "first_token": content.details.time_to_first_token_ns,
    })
}

/// Returns an OTLP/JSON value.
fn otlp(value: AnyValueView<'_>) -> Value {
    match value {
        AnyValueView::Array(list) => {
            json!({"arrayValue": {"values": list.iter().map(otlp).collect::<Vec<_>>()}})
        }
        AnyValueView::KvList(map) => {
            let entry = |(key, value): (&str, AnyValueView<'_>)| json!({"key": key, "value": otlp(value)});
            json!({"kvlistValue": {"values": map.iter().map(entry).collect::<Vec<_>>()}})
        }
        AnyValueView::String(text) => json!({"stringValue": text}),
        AnyValueView::Bool(flag) => json!({"boolValue": flag}),
        AnyValueView::Int(number) => json!({"intValue": number.to_string()}),
        AnyValueView::Double(number) if number.is_finite() => json!({"doubleValue": number}),
        _ => json!({}),
    }
}

/// Calls `check` with the span as it is with other attributes.
fn with_attributes<T>(
    span: &SpanView<'_>,
    attributes: &[Value],
    check: impl FnOnce(&SpanView<'_>) -> T,
) -> T {
    let pairs = |attributes: &mut dyn Iterator<Item = (&str, AnyValueView<'_>)>| {
        attributes.map(|(key, value)| json!({"key": key, "value": otlp(value)})).collect::<Vec<_>>()
    };
    let events: Vec<_> = span
        .events()
        .map(|event| {
            json!({
                "name": event.name,
                "timeUnixNano": event.time_unix_nano.to_string(),
                "attributes": pairs(&mut event.attributes()),
            })
        })
        .collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let one = json!({
        "traceId": hex(span.trace_id), "spanId": hex(span.span_id), "parentSpanId": hex(span.parent_span_id),
        "name": span.name, "attributes": attributes, "events": events,
        "startTimeUnixNano": span.start_time_unix_nano.to_string(),
        "endTimeUnixNano": span.end_time_unix_nano.to_string(),
        "status": {"code": span.status_code, "message": span.status_message},
    });
    let scopes = json!([{"scope": {"name": span.scope_name}, "spans": [one]}]);
    let request = json!({"resourceSpans": [{"scopeSpans": scopes}]});
    let body = transcode_traces(request.to_string().as_bytes()).unwrap().body;
    let resources = scan_traces(&body).unwrap();
    let scope = &resources[0].scopes[0];
    check(&SpanView::parse(scope.spans[0]).unwrap().in_scope(scope_name(scope.scope)))
}

/// Changes the attributes of every span of every sample, and returns what is read otherwise.
fn differences(change: impl Fn(Vec<(&str, AnyValueView<'_>)>) -> Vec<Value>) -> Vec<String> {
    let mut found = Vec::new();
    for name in sample_names() {
        let sample = Sample::read(&name);
        for (span, logs) in sample.spans() {
            let before = seen(&span, &logs);
            let attributes = change(span.attributes().collect());
            let after = with_attributes(&span, &attributes, |span| seen(span, &logs));
            for (field, value) in before.as_object().unwrap() {
                if after[field] != *value {
                    found.push(format!("{name}: {}: {field}: {value} | {}", span.name, after[field]));
                }
            }
        }
    }
    found
}

fn pair(key: &str, value: Value) -> Value {
    json!({"key": key, "value": value})
}

/// Returns whether a key is there twice, which OpenTelemetry forbids: which of the values is meant nobody knows.
fn has_twins(attributes: &[(&str, AnyValueView<'_>)]) -> bool {
    let mut keys: Vec<_> = attributes.iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.windows(2).any(|pair| pair[0] == pair[1])
}

#[test]
fn the_order_of_attributes_says_nothing() {
    let found = differences(|mut attributes| {
        if !has_twins(&attributes) {
            attributes.reverse();
        }
        attributes.into_iter().map(|(key, value)| pair(key, otlp(value))).collect()
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn numbers_may_be_texts() {
    let found = differences(|attributes| {
        let text = |value| match value {
            AnyValueView::Int(number) => json!({"stringValue": number.to_string()}),
            value => otlp(value),
        };
        // The number of a thread is told from an id only by being a number.
        let pairs = attributes.into_iter().map(|(key, value)| match key {
            "thread.id" => pair(key, otlp(value)),
            _ => pair(key, text(value)),
        });
        pairs.collect()
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn maps_and_lists_may_be_json() {
    let found = differences(|attributes| {
        let text = |value| match value {
            AnyValueView::KvList(_) | AnyValueView::Array(_) => {
                let mut text = String::new();
                pyjson::write_json(value, &mut text);
                json!({"stringValue": text})
            }
            value => otlp(value),
        };
        attributes.into_iter().map(|(key, value)| pair(key, text(value))).collect()
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn json_may_be_maps_and_lists() {
    let found = differences(|attributes| {
        let native = |value| match value {
            AnyValueView::String(text) if text.starts_with(['{', '[']) => {
                serde_json::from_str(text).map_or_else(|_| otlp(value), |json| any_value(&json))
            }
            value => otlp(value),
        };
        // An object that was asked for is an answer in JSON; as a map it is a part of another kind.
        let pairs = attributes.into_iter().map(|(key, value)| match key {
            "ai.response.object" => pair(key, otlp(value)),
            _ => pair(key, native(value)),
        });
        pairs.collect()
    });
    assert_eq!(found, Vec::<String>::new());
}
