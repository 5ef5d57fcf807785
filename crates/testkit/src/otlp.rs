//! OTLP requests in a few words. Ids are single bytes, repeated.

pub use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
pub use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
pub use opentelemetry_proto::tonic::trace::v1::Span;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Status, status};

/// When test spans start: 2023-11-14 22:13:20 UTC.
pub const START_NS: u64 = 1_700_000_000_000_000_000;

/// Returns a span of one millisecond that ended well, `span_id` milliseconds after [`START_NS`].
pub fn span(trace_id: u8, span_id: u8, name: &str) -> Span {
    let start = START_NS + u64::from(span_id) * 1_000_000;
    Span {
        trace_id: vec![trace_id; 16],
        span_id: vec![span_id; 8],
        name: name.to_owned(),
        kind: 1,
        start_time_unix_nano: start,
        end_time_unix_nano: start + 1_000_000,
        status: Some(Status { code: status::StatusCode::Ok.into(), message: String::new() }),
        ..Span::default()
    }
}

/// Returns the span as a child.
pub fn child_of(parent_id: u8, span: Span) -> Span {
    Span { parent_span_id: vec![parent_id; 8], ..span }
}

/// Returns the span with a text attribute.
pub fn with_attribute(mut span: Span, key: &str, value: &str) -> Span {
    span.attributes.push(attribute(key, value));
    span
}

/// Returns a text attribute.
pub fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

/// Returns a request of spans that come from a service.
pub fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope { name: "testkit".to_owned(), ..InstrumentationScope::default() };
    let scope_spans = ScopeSpans { scope: Some(scope), spans, ..ScopeSpans::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource(service)),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        }],
    }
}

/// Returns a request with one log record that belongs to a span, or to none.
pub fn log_request(
    service: &str,
    belongs_to: Option<(u8, u8)>,
    event_name: &str,
) -> ExportLogsServiceRequest {
    let (trace_id, span_id) =
        belongs_to.map_or((vec![], vec![]), |(trace, span)| (vec![trace; 16], vec![span; 8]));
    let record = LogRecord {
        time_unix_nano: START_NS,
        trace_id,
        span_id,
        event_name: event_name.to_owned(),
        body: attribute("", "a body").value,
        ..LogRecord::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource(service)),
            scope_logs: vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }],
            ..ResourceLogs::default()
        }],
    }
}

/// Returns the id that MLflow's API gives to a trace of these builders.
pub fn trace_id(trace_id: u8) -> String {
    format!("tr-{}", format!("{trace_id:02x}").repeat(16))
}

fn resource(service: &str) -> Resource {
    Resource { attributes: vec![attribute("service.name", service)], ..Resource::default() }
}
