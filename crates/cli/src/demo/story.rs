//! A trace as it happens: time passes, spans open and close, and each says what its library would say.

use super::proto::{
    Event, ExportTraceServiceRequest, KeyValue, Resource, ResourceSpans, Scope, ScopeSpans, Span, Status,
    Value, attribute,
};
use rand::Rng;
use rand::rngs::StdRng;
use std::ops::Range;

/// OTLP's `SpanKind`: what happens inside the process, and calls to others.
pub(super) const INTERNAL: i32 = 1;
pub(super) const CLIENT: i32 = 3;

const STATUS_OK: i32 = 1;
const STATUS_ERROR: i32 = 2;

/// A span of a story, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanRef(usize);

/// A trace under way.
pub(super) struct Story<'a> {
    pub(super) rng: &'a mut StdRng,
    trace_id: [u8; 16],
    now_ns: u64,
    spans: Vec<Span>,
    /// Open spans, the innermost last: what opens next is its child.
    open: Vec<usize>,
}

/// What made a trace: a service and its instrumentation library.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) environment: &'static str,
    pub(super) library: &'static str,
    pub(super) library_version: &'static str,
}

impl<'a> Story<'a> {
    /// Begins a story at a time.
    pub(super) fn new(rng: &'a mut StdRng, start_ns: u64) -> Self {
        let trace_id = rng.random();
        Story { rng, trace_id, now_ns: start_ns, spans: Vec::new(), open: Vec::new() }
    }

    /// Opens a span below the innermost open one.
    pub(super) fn open(&mut self, name: impl Into<String>, kind: i32) -> SpanRef {
        let parent = self.open.last().map(|&parent| self.spans[parent].span_id.clone());
        self.spans.push(Span {
            trace_id: self.trace_id.to_vec(),
            span_id: self.rng.random::<[u8; 8]>().to_vec(),
            parent_span_id: parent.unwrap_or_default(),
            name: name.into(),
            kind,
            start_time_unix_nano: self.now_ns,
            ..Span::default()
        });
        self.open.push(self.spans.len() - 1);
        SpanRef(self.spans.len() - 1)
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, span: SpanRef, key: &str, value: impl Into<Value>) {
        self.spans[span.0].attributes.push(attribute(key, value));
    }

    /// Lets time pass.
    pub(super) fn pass_ms(&mut self, range: Range<u64>) {
        // Fractions of a millisecond, so that no two steps take the same time.
        self.now_ns += self.rng.random_range(range.start * 1_000_000..range.end * 1_000_000);
    }

    /// Closes a span, and all that are still open below it.
    pub(super) fn close(&mut self, span: SpanRef) {
        self.end(span, Status { message: String::new(), code: STATUS_OK });
    }

    /// Closes a span with an exception.
    pub(super) fn fail(&mut self, span: SpanRef, exception: &str, message: &str) {
        let attributes: Vec<KeyValue> = vec![
            attribute("exception.type", exception),
            attribute("exception.message", message),
            attribute("exception.stacktrace", stacktrace(exception, message)),
        ];
        let event = Event { time_unix_nano: self.now_ns, name: "exception".into(), attributes };
        self.spans[span.0].events.push(event);
        self.end(span, Status { message: format!("{exception}: {message}"), code: STATUS_ERROR });
    }

    fn end(&mut self, span: SpanRef, status: Status) {
        while let Some(open) = self.open.pop() {
            self.spans[open].end_time_unix_nano = self.now_ns;
            if open == span.0 {
                break;
            }
        }
        self.spans[span.0].status = Some(status);
        // Something always happens between two steps.
        self.now_ns += self.rng.random_range(50_000..2_000_000);
    }

    /// Returns the trace id as MLflow's API writes it.
    pub(super) fn trace_id(&self) -> String {
        let digits: String = self.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("tr-{digits}")
    }

    /// Ends the story: a request as an exporter would send it, spans in the order in which they ended.
    pub(super) fn into_request(mut self, service: &Service) -> ExportTraceServiceRequest {
        self.spans.sort_by_key(|span| span.end_time_unix_nano);
        let scope = Scope { name: service.library.into(), version: service.library_version.into() };
        let attributes = vec![
            attribute("service.name", service.name),
            attribute("service.version", service.version),
            attribute("deployment.environment.name", service.environment),
            attribute("telemetry.sdk.language", "python"),
            attribute("telemetry.sdk.name", "opentelemetry"),
            attribute("telemetry.sdk.version", "1.38.0"),
        ];
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(Resource { attributes }),
                scope_spans: vec![ScopeSpans { scope: Some(scope), spans: self.spans }],
            }],
        }
    }
}

fn stacktrace(exception: &str, message: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/app/agent/runner.py\", line 148, in step\n    result = await \
         tool.invoke(arguments)\n  File \"/app/agent/tools.py\", line 61, in invoke\n    raise error\n{exception}: \
         {message}\n"
    )
}

/// Estimates tokens of a text, at about four characters each.
pub(super) fn tokens(text: &str) -> i64 {
    (text.len() as i64 / 4).max(1)
}
