//! Export requests: what the batch processor of each service sends.

use crate::trace::{GIANT_SPANS, Generator, SERVICES, Trace};
use crate::write::{attribute, text};
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use std::ops::Range;
use std::sync::Arc;

/// An encoded `ExportTraceServiceRequest`.
#[derive(Clone)]
pub(crate) struct Request {
    /// The protobuf.
    pub(crate) body: Bytes,
    /// How many spans it holds.
    pub(crate) spans: usize,
}

/// The requests of a stretch of traces.
pub(crate) struct Requests {
    generator: Arc<Generator>,
    traces: Range<u64>,
    spans_max: usize,
    waiting: [Vec<Span>; SERVICES.len()],
}

impl Requests {
    /// Makes requests of `spans_max` spans (the last of each service may be smaller).
    pub(crate) fn new(generator: &Arc<Generator>, traces: Range<u64>, spans_max: usize) -> Requests {
        Requests { generator: Arc::clone(generator), traces, spans_max, waiting: Default::default() }
    }
}

impl Requests {
    /// Returns the number of the next trace.
    pub(crate) fn position(&self) -> u64 {
        self.traces.start
    }
}

impl Iterator for Requests {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        loop {
            if let Some(service) = self.waiting.iter().position(|spans| spans.len() >= self.spans_max) {
                let rest = self.waiting[service].split_off(self.spans_max);
                let spans = std::mem::replace(&mut self.waiting[service], rest);
                return Some(encode(service, spans));
            }
            match self.traces.next() {
                Some(number) => {
                    let Trace { service, spans } = self.generator.trace(number);
                    self.waiting[service].extend(spans);
                }
                None => {
                    let service = self.waiting.iter().position(|spans| !spans.is_empty())?;
                    return Some(encode(service, std::mem::take(&mut self.waiting[service])));
                }
            }
        }
    }
}

/// Returns a request of one small span, the root of a trace of its own: what a client sends that waits for each.
pub(crate) fn single(generator: &Generator, number: u64) -> Request {
    encode(0, vec![generator.single(number)])
}

/// Returns the requests of the trace of many spans.
pub(crate) fn giant(generator: &Generator, spans_max: u64) -> Vec<Request> {
    (0..GIANT_SPANS)
        .step_by(spans_max as usize)
        .map(|first| {
            encode(
                1,
                (first..GIANT_SPANS.min(first + spans_max)).map(|number| generator.giant(number)).collect(),
            )
        })
        .collect()
}

/// Returns the raw bytes of all bodies.
pub(crate) fn total_bytes(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.body.len()).sum()
}

/// Returns the spans of all requests.
pub(crate) fn total_spans(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.spans).sum()
}

fn encode(service: usize, spans: Vec<Span>) -> Request {
    let count = spans.len();
    let resource = Resource {
        attributes: vec![
            attribute("service.name", text(SERVICES[service])),
            attribute("service.version", text("1.4.2")),
            attribute("deployment.environment.name", text("production")),
            attribute("telemetry.sdk.language", text("python")),
            attribute("telemetry.sdk.name", text("opentelemetry")),
            attribute("telemetry.sdk.version", text("1.38.0")),
        ],
        ..Resource::default()
    };
    let scope = InstrumentationScope {
        name: "bench".into(),
        version: "1.0.0".into(),
        ..InstrumentationScope::default()
    };
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }];
    let resource_spans =
        vec![ResourceSpans { resource: Some(resource), scope_spans, schema_url: String::new() }];
    Request { body: ExportTraceServiceRequest { resource_spans }.encode_to_vec().into(), spans: count }
}
