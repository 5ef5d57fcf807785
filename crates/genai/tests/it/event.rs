//! Inputs and outputs out of message events, on the span and as log records.

use crate::fixture::{any_value, entries, with_records, with_span};
use serde_json::{Value, json};
use spanwise_genai::mlflow::{mlflow_attributes, write_dict_span};
use spanwise_genai::{PriceTable, derive};
use spanwise_otlp::{LogRecordView, SpanView};

/// Returns inputs and outputs of a span with these events and log records.
fn read(attributes: Value, events: &[(&str, Value)], records: Vec<Value>) -> [Value; 2] {
    let read = |span: &SpanView<'_>, records: &[LogRecordView<'_>]| {
        let derived = derive(span, records, PriceTable::built_in());
        let mut text = String::new();
        write_dict_span(span, &mlflow_attributes(span, &derived, "tr-1", None), &mut text);
        let dict: Value = serde_json::from_str(&text).unwrap();
        ["mlflow.spanInputs", "mlflow.spanOutputs"].map(|key| {
            dict["attributes"][key].as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
        })
    };
    with_span(&attributes, events, |span| with_records(records, |records| read(span, records)))
}

fn check(events: &[(&str, Value)], inputs: Value, outputs: Value) {
    assert_eq!(read(json!({}), events, Vec::new()), [inputs, outputs]);
}

#[test]
fn each_event_is_a_message() {
    check(
        &[
            ("gen_ai.system.message", json!({"content": "sys"})),
            ("gen_ai.user.message", json!({"content": "{\"a\":1}", "role": "customer"})),
            ("gen_ai.choice", json!({"content": "yo"})),
        ],
        json!([{"role": "system", "content": "sys"}, {"role": "customer", "content": {"a": 1}}]),
        json!([{"role": "assistant", "content": "yo"}]),
    );
}

#[test]
fn tool_calls_and_wrapped_messages_are_kept() {
    check(
        &[
            ("gen_ai.assistant.message", json!({"content": "", "tool_calls": "[{\"id\":\"1\"}]"})),
            ("gen_ai.tool.message", json!({"content": "22C", "id": "1"})),
            ("gen_ai.assistant.message", json!({"content": ""})),
            (
                "gen_ai.choice",
                json!({"index": 0, "finish_reason": "stop", "message": "{\"content\":\"yo\"}"}),
            ),
            ("gen_ai.choice", json!({"message": "plain"})),
        ],
        json!([
            {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "content": "22C", "id": "1"},
        ]),
        json!([
            {"role": "assistant", "content": "yo", "finish_reason": "stop"},
            {"role": "assistant", "content": "plain"},
        ]),
    );
}

#[test]
fn the_details_event_carries_whole_lists() {
    let event = |key: &str, text: &str| ("gen_ai.client.inference.operation.details", json!({key: text}));
    check(
        &[
            event("gen_ai.input.messages", "[1]"),
            event("gen_ai.input.messages", "[2, 3]"),
            event("gen_ai.output.messages", "x"),
        ],
        json!([1, 2, 3]),
        json!(null),
    );
}

#[test]
fn other_events_say_nothing() {
    check(
        &[("exception", json!({"content": "x"})), ("gen_ai.evaluation.result", json!({"content": "x"}))],
        json!(null),
        json!(null),
    );
}

#[test]
fn attributes_come_before_events_and_events_before_logs() {
    let events = [
        ("gen_ai.user.message", json!({"content": "event"})),
        ("gen_ai.choice", json!({"content": "event"})),
    ];
    let log = |name: &str, body: Value| json!({"eventName": name, "body": any_value(&body)});
    let records = || {
        vec![
            log("gen_ai.user.message", json!("log")),
            log("gen_ai.choice", json!({"message": {"content": "log"}})),
        ]
    };
    let message = |role: &str, text: &str| json!([{"role": role, "content": text}]);
    assert_eq!(
        read(json!({"input.value": "attribute"}), &events, records()),
        [json!("attribute"), message("assistant", "event")]
    );
    assert_eq!(
        read(json!({}), &events[1..], records()),
        [message("user", "log"), message("assistant", "event")]
    );
    assert_eq!(read(json!({}), &[], records()), [message("user", "log"), message("assistant", "log")]);
}

#[test]
fn log_records_may_be_named_by_an_attribute() {
    let body = json!({"content": "hi", "role": "user"});
    let named = json!({"attributes": entries(&json!({"event.name": "gen_ai.user.message"})), "body": any_value(&body)});
    let details = json!({
        "eventName": "gen_ai.client.inference.operation.details",
        "attributes": entries(&json!({"gen_ai.output.messages": [{"role": "assistant"}]})),
    });
    assert_eq!(
        read(json!({}), &[], vec![named, details]),
        [json!([{"role": "user", "content": "hi"}]), json!([{"role": "assistant"}])]
    );
}
