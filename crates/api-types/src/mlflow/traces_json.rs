//! MLflow's file of a trace, `{"spans": […]}`, and the same form of one span in its database, as OTLP/JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use spanwise_model::{SpanId, TraceId};

#[derive(Deserialize)]
struct TraceFile {
    spans: Vec<SpanDict>,
}

/// A span as `Span.to_dict()` writes it. Times and status may be numbers or texts, as in OTLP/JSON.
#[derive(Deserialize)]
struct SpanDict {
    span_id: String,
    parent_span_id: Option<String>,
    name: String,
    start_time_unix_nano: Value,
    #[serde(default)]
    end_time_unix_nano: Value,
    #[serde(default)]
    events: Vec<EventDict>,
    #[serde(default)]
    status: StatusDict,
    #[serde(default)]
    attributes: Map<String, Value>,
    #[serde(default)]
    links: Vec<LinkDict>,
}

#[derive(Deserialize)]
struct EventDict {
    name: String,
    time_unix_nano: Value,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct LinkDict {
    trace_id: String,
    span_id: String,
    #[serde(default)]
    attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct StatusDict {
    code: Value,
    message: Option<String>,
}

/// Rewrites a file as an export request in OTLP/JSON; its spans become those of `trace_id`, whatever they say.
///
/// # Errors
/// The text is not such a file.
pub fn export_request(text: &[u8], trace_id: &[u8; 16]) -> serde_json::Result<Value> {
    let file: TraceFile = serde_json::from_slice(text)?;
    let trace_id = hex(trace_id);
    let spans: Vec<Value> = file.spans.into_iter().map(|span| otlp_span(span, &trace_id)).collect();
    Ok(json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
}

/// Rewrites one span, as the file has them, in OTLP/JSON; it becomes one of `trace_id`.
///
/// # Errors
/// The text is not such a span.
pub fn export_span(text: &[u8], trace_id: &[u8; 16]) -> serde_json::Result<Value> {
    Ok(otlp_span(serde_json::from_slice(text)?, &hex(trace_id)))
}

fn otlp_span(span: SpanDict, trace_id: &str) -> Value {
    let encoded = |(key, value)| json!({"key": key, "value": any_value(decoded(value))});
    json!({
        "traceId": trace_id,
        "spanId": span_id(&span.span_id),
        "parentSpanId": span.parent_span_id.as_deref().map(span_id).unwrap_or_default(),
        "name": span.name,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "attributes": span.attributes.into_iter().map(encoded).collect::<Vec<_>>(),
        "events": span.events.into_iter().map(otlp_event).collect::<Vec<_>>(),
        "links": span.links.into_iter().map(otlp_link).collect::<Vec<_>>(),
        "status": {"code": span.status.code, "message": span.status.message},
    })
}

fn otlp_event(event: EventDict) -> Value {
    json!({
        "name": event.name, "timeUnixNano": event.time_unix_nano, "attributes": plain_attributes(event.attributes),
    })
}

fn otlp_link(link: LinkDict) -> Value {
    let trace_id: Option<TraceId> = link.trace_id.parse().ok();
    let from_hex = trace_id.as_ref().and_then(TraceId::otel_bytes).map(|id| hex(id));
    json!({
        "traceId": from_hex.unwrap_or_else(|| hex_of_base64(&link.trace_id)),
        "spanId": span_id(&link.span_id),
        "attributes": plain_attributes(link.attributes),
    })
}

/// Reads 16 hex digits, or the base64 of 8 bytes; any other text is left for the decoder to refuse by name.
fn span_id(text: &str) -> String {
    if text.parse::<SpanId>().is_ok() { text.to_owned() } else { hex_of_base64(text) }
}

fn hex_of_base64(text: &str) -> String {
    STANDARD.decode(text).map_or_else(|_| text.to_owned(), |bytes| hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn plain_attributes(attributes: Option<Map<String, Value>>) -> Vec<Value> {
    attributes
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| json!({"key": key, "value": any_value(value)}))
        .collect()
}

/// Reads the value of a span's attribute, which is the text of a JSON value.
fn decoded(value: Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        other => other,
    }
}

/// Writes a value as OTLP's `AnyValue`; null is one without a value.
fn any_value(value: Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(flag) => json!({"boolValue": flag}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(items) => {
            json!({"arrayValue": {"values": items.into_iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(entries) => json!({"kvlistValue": {"values": plain_attributes(Some(entries))}}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: [u8; 16] = [7; 16];

    #[test]
    fn a_span_of_the_client_is_rewritten() {
        let file = json!({"spans": [{
            "trace_id": "fKj5HG+bFg0+rDZ86U2boA==", "span_id": "AEhq3G9P7HI=", "parent_span_id": "NzRK/BPt04A=",
            "name": "inner", "start_time_unix_nano": 1_795_369_429_364_579_218_u64, "end_time_unix_nano": "5",
            "events": [{"name": "ev", "time_unix_nano": 3, "attributes": {"a": 1, "b": [1.5, null]}}],
            "status": {"code": "STATUS_CODE_ERROR", "message": "boom"},
            "attributes": {"mlflow.spanType": "\"LLM\"", "o": "{\"q\": true}", "raw": "not json"},
            "links": [{"trace_id": format!("tr-{}", "0b".repeat(16)), "span_id": "37344afc13edd380", "attributes": null}],
        }]});
        let expected = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": "07".repeat(16), "spanId": "00486adc6f4fec72", "parentSpanId": "37344afc13edd380",
            "name": "inner", "startTimeUnixNano": 1_795_369_429_364_579_218_u64, "endTimeUnixNano": "5",
            "attributes": [
                {"key": "mlflow.spanType", "value": {"stringValue": "LLM"}},
                {"key": "o", "value": {"kvlistValue": {"values": [{"key": "q", "value": {"boolValue": true}}]}}},
                {"key": "raw", "value": {"stringValue": "not json"}},
            ],
            "events": [{"name": "ev", "timeUnixNano": 3, "attributes": [
                {"key": "a", "value": {"intValue": 1}},
                {"key": "b", "value": {"arrayValue": {"values": [{"doubleValue": 1.5}, {}]}}},
            ]}],
            "links": [{"traceId": "0b".repeat(16), "spanId": "37344afc13edd380", "attributes": []}],
            "status": {"code": "STATUS_CODE_ERROR", "message": "boom"},
        }]}]}]});
        assert_eq!(export_request(file.to_string().as_bytes(), &ID).unwrap(), expected);
    }
}
