//! MLflow's file of a trace, `{"spans": […]}`, as a way in: a client that could not export its spans uploads them so.

use crate::App;
use crate::error::{Failure, MlflowResult};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use spanwise_ingest::{Body, Format, IngestError, IngestOutcome, Route};
use spanwise_model::{ErrorKind, SpanId, TraceId};
use spanwise_store::StoreResult;

/// Takes in the spans of an upload to `<experiment>/traces/<trace>/artifacts/traces.json`, if its trace has none.
///
/// An upload to any other path, and one whose spans can't be taken in, is only a file. What may succeed later is an
/// error, so that the client uploads again.
pub(super) async fn ingest_upload(app: &App, path: &str) -> MlflowResult<()> {
    let Some((experiment, trace_id)) = trace_of_upload(path) else { return Ok(()) };
    let Some(id) = trace_id.otel_bytes() else { return Ok(()) };
    if has_spans(app, &trace_id).await? {
        return Ok(());
    }
    match ingest_file(app, path, experiment, id).await {
        Ok(outcome) if outcome.rejected == 0 => {}
        Ok(outcome) => {
            let rejected = outcome.rejected;
            tracing::warn!(trace.id = %trace_id, rejected, "spans of a traces.json refused: {}", outcome.reason);
        }
        Err(error) if matches!(error.kind, ErrorKind::InvalidArgument | ErrorKind::NotFound) => {
            tracing::warn!(trace.id = %trace_id, "a traces.json is kept as a file only: {}", error.message);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn ingest_file(
    app: &App,
    path: &str,
    experiment: &str,
    id: &[u8; 16],
) -> Result<IngestOutcome, Failure> {
    let file = app.artifacts.get(path).await?;
    let size_bytes = usize::try_from(file.size_bytes).unwrap_or(usize::MAX);
    let limit = app.config.body_bytes_max;
    if size_bytes > limit {
        return Err(Failure::new(ErrorKind::InvalidArgument, format!("it is larger than {limit} bytes")));
    }
    let mut reservation = app.ingest.reserve();
    reservation.grow_to(size_bytes).map_err(IngestError::from)?;
    let mut text = Vec::with_capacity(size_bytes);
    let mut chunks = file.chunks;
    while let Some(chunk) = chunks.try_next().await? {
        text.extend_from_slice(&chunk);
    }
    let request = export_request(&text, id)
        .map_err(|error| Failure::new(ErrorKind::InvalidArgument, format!("it can't be read: {error}")))?;
    let body = Body { bytes: request.to_string().into(), format: Format::Json, reservation };
    let route = Route { experiment: Some(experiment.to_owned()), run_id: None };
    Ok(app.ingest.submit_traces(body, &route).await?)
}

fn trace_of_upload(path: &str) -> Option<(&str, TraceId)> {
    let mut parts = path.split('/');
    let experiment = parts.next()?;
    let is_traces = parts.next()? == "traces";
    let trace_id = parts.next()?.parse().ok()?;
    let is_file = parts.eq(["artifacts", "traces.json"]);
    (is_traces && is_file).then_some((experiment, trace_id))
}

async fn has_spans(app: &App, trace_id: &TraceId) -> StoreResult<bool> {
    match app.store.get_trace(trace_id).await {
        Ok(info) => Ok(info.span_count > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

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
fn export_request(text: &[u8], trace_id: &[u8; 16]) -> serde_json::Result<Value> {
    let file: TraceFile = serde_json::from_slice(text)?;
    let trace_id = hex(trace_id);
    let spans: Vec<Value> = file.spans.into_iter().map(|span| otlp_span(span, &trace_id)).collect();
    Ok(json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
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

    #[test]
    fn only_files_of_traces_are_read() {
        let id = "tr-00112233445566778899aabbccddeeff";
        let path = format!("2/traces/{id}/artifacts/traces.json");
        assert_eq!(trace_of_upload(&path), Some(("2", id.parse().unwrap())));
        for path in [
            "2/traces/x/artifacts/attachments/y",
            "2/traces/x/artifacts/traces.json/z",
            "2/x/y",
            "traces.json",
        ] {
            assert_eq!(trace_of_upload(path), None, "{path}");
        }
    }
}
