//! Files of `tests/`, and spans made for a test.

use serde_json::{Value, json};
use spanwise_otlp::json::{transcode_logs, transcode_traces};
use spanwise_otlp::{LogRecordView, SpanView, scan_logs, scan_traces, scope_name};
use std::path::PathBuf;

/// Reads a file below `tests/`.
pub(crate) fn read(name: &str) -> Vec<u8> {
    let path = path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the path of a file below `tests/`.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
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

/// What one file of `samples/` holds.
pub(crate) struct Sample {
    traces: Vec<u8>,
    logs: Vec<u8>,
}

impl Sample {
    /// Reads `NAME.binpb`, an OTLP request as a library sent it, with its log records in `NAME.logs.binpb`; else
    /// `NAME.json`, spans written from documentation.
    pub(crate) fn read(name: &str) -> Sample {
        let sent = format!("samples/{name}.binpb");
        if path(&sent).exists() {
            let logs = format!("samples/{name}.logs.binpb");
            return Sample {
                traces: read(&sent),
                logs: if path(&logs).exists() { read(&logs) } else { Vec::new() },
            };
        }
        let written: Value = serde_json::from_slice(&read(&format!("samples/{name}.json"))).unwrap();
        let spans = written["spans"].as_array().unwrap();
        let scope = json!({"name": written["scope"]});
        let (mut otlp, mut records) = (Vec::new(), Vec::new());
        for (index, span) in spans.iter().enumerate() {
            let (span, logs) = written_span(index, span);
            otlp.push(span);
            records.extend(logs);
        }
        let traces = json!({"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": otlp}]}]});
        let logs = json!({"resourceLogs": [{"scopeLogs": [{"scope": scope, "logRecords": records}]}]});
        Sample {
            traces: transcode_traces(traces.to_string().as_bytes()).unwrap().body.to_vec(),
            logs: transcode_logs(logs.to_string().as_bytes()).unwrap().body.to_vec(),
        }
    }

    /// Returns the spans in the order they were sent, each with its log records.
    pub(crate) fn spans(&self) -> Vec<(SpanView<'_>, Vec<LogRecordView<'_>>)> {
        let records: Vec<_> = scan_logs(&self.logs)
            .unwrap()
            .iter()
            .flat_map(|resource| &resource.scopes)
            .flat_map(|scope| &scope.records)
            .map(|raw| LogRecordView::parse(raw).unwrap())
            .collect();
        let mut spans = Vec::new();
        for resource in scan_traces(&self.traces).unwrap() {
            for scope in &resource.scopes {
                spans.extend(scope.spans.iter().map(|raw| {
                    let span = SpanView::parse(raw).unwrap().in_scope(scope_name(scope.scope));
                    let is_own = |record: &&LogRecordView<'_>| record.span_id == span.span_id;
                    (span, records.iter().filter(is_own).copied().collect())
                }));
            }
        }
        spans
    }
}

/// Makes OTLP/JSON of a span and its log records that are written as plain maps; `parent` is the index of its parent.
fn written_span(index: usize, span: &Value) -> (Value, Vec<Value>) {
    let id = |index: u64| format!("{:016x}", index + 1);
    let events = span["events"].as_array().into_iter().flatten().map(|event| {
        json!({"timeUnixNano": "2", "name": event["name"], "attributes": entries(&event["attributes"])})
    });
    let logs = span["logs"].as_array().into_iter().flatten().map(|log| {
        json!({
            "traceId": "0102030405060708090a0b0c0d0e0f10",
            "spanId": id(index as u64),
            "eventName": log["name"],
            "body": any_value(&log["body"]),
            "attributes": log.get("attributes").map(entries).unwrap_or_default(),
        })
    });
    let otlp = json!({
        "traceId": "0102030405060708090a0b0c0d0e0f10",
        "spanId": id(index as u64),
        "parentSpanId": span["parent"].as_u64().map(id).unwrap_or_default(),
        "name": span["name"],
        "startTimeUnixNano": "1000000000",
        "endTimeUnixNano": "3000000000",
        "attributes": entries(&span["attributes"]),
        "events": events.collect::<Vec<_>>(),
        "status": span.get("status").cloned().unwrap_or_else(|| json!({})),
    });
    (otlp, logs.collect())
}

/// Returns the names of all samples, sorted.
pub(crate) fn sample_names() -> Vec<String> {
    let files = std::fs::read_dir(path("samples")).unwrap();
    let stem = |entry: std::fs::DirEntry| entry.path().file_stem()?.to_str().map(str::to_owned);
    let mut names: Vec<_> = files.flatten().filter_map(stem).collect();
    names.retain(|name| !name.ends_with(".logs"));
    names.sort();
    names.dedup();
    names
}
