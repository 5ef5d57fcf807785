//! Files of `tests/fixtures` and `tests/samples`, and spans made for a test.

use serde_json::{Value, json};
use spanwise_otlp::json::{transcode_logs, transcode_traces};
use spanwise_otlp::{LogRecordView, SpanView, scan_logs, scan_traces};
use std::path::PathBuf;

/// Reads a fixture.
pub(crate) fn read(name: &str) -> Vec<u8> {
    read_from("tests/fixtures", name)
}

/// Reads a file of a directory of this crate.
pub(crate) fn read_from(directory: &str, name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(directory).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Calls `check` with each span of a request and its resource's raw message.
pub(crate) fn each_span(body: &[u8], mut check: impl FnMut(&SpanView<'_>)) {
    for resource in scan_traces(body).unwrap() {
        for raw in resource.scopes.iter().flat_map(|scope| &scope.spans) {
            check(&SpanView::parse(raw).unwrap());
        }
    }
}

/// Makes a root span with these attributes and events, given as plain JSON maps, and calls `check` with it.
pub(crate) fn with_span<T>(
    attributes: &Value,
    events: &[(&str, Value)],
    check: impl FnOnce(&SpanView<'_>) -> T,
) -> T {
    let events: Vec<_> = events
        .iter()
        .map(|(name, attributes)| json!({"timeUnixNano": "2", "name": name, "attributes": entries(attributes)}))
        .collect();
    let span = json!({
        "traceId": "0102030405060708090a0b0c0d0e0f10",
        "spanId": "0102030405060708",
        "name": "root",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "3",
        "attributes": entries(attributes),
        "events": events,
    });
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let body = transcode_traces(request.to_string().as_bytes()).unwrap().body;
    let resources = scan_traces(&body).unwrap();
    check(&SpanView::parse(resources[0].scopes[0].spans[0]).unwrap())
}

/// Calls `check` with log records given as OTLP/JSON.
pub(crate) fn with_records<T>(records: Vec<Value>, check: impl FnOnce(&[LogRecordView<'_>]) -> T) -> T {
    let request = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    let body = transcode_logs(request.to_string().as_bytes()).unwrap().body;
    let resources = scan_logs(&body).unwrap();
    let raw = resources.iter().flat_map(|resource| &resource.scopes).flat_map(|scope| &scope.records);
    let records: Vec<_> = raw.map(|raw| LogRecordView::parse(raw).unwrap()).collect();
    check(&records)
}

/// Returns OTLP/JSON key-value pairs.
pub(crate) fn entries(map: &Value) -> Vec<Value> {
    let entries = map.as_object().unwrap().iter();
    entries.map(|(key, value)| json!({"key": key, "value": any_value(value)})).collect()
}

/// Returns an OTLP/JSON `AnyValue`.
pub(crate) fn any_value(value: &Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(list) => {
            json!({"arrayValue": {"values": list.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(_) => json!({"kvlistValue": {"values": entries(value)}}),
    }
}
