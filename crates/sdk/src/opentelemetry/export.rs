//! Spans of OpenTelemetry's SDK, sent as ours are.

use super::convert;
use super::share_context;
use crate::SpanContext;
use opentelemetry::{Context, trace as otel};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use spanwise_sdk_core::{FinishedSpan, Handed, announces_open_spans};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a flush takes at most where OpenTelemetry does not say.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// The attributes that say which library recorded a span, where a format has no other place for it.
///
/// <https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/#instrumentationscope>
const SCOPE_NAME: &str = "otel.scope.name";
const SCOPE_VERSION: &str = "otel.scope.version";

/// A processor for OpenTelemetry's `SdkTracerProvider` that hands each span to the installed SDK when it ends.
///
/// From there on they are as ours: processors see them, the queue and its counters ([`stats`](crate::stats)) hold for them, and
/// they are sent together. No batch processor is needed, and no thread of OpenTelemetry; what it costs on the thread that
/// ends a span is to encode it. With [`Config::announce_open_spans`](crate::Config::announce_open_spans), they are also
/// sent when they start. While recording is off, they are left out. The resource is the one of this SDK.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Processor {}

impl Processor {
    /// Makes it, and [shares the context](share_context).
    pub fn new() -> Processor {
        share_context();
        Processor {}
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, _context: &Context) {
        if announces_open_spans()
            && let Some(span) = span.exported_data()
            && span.span_context.is_sampled()
        {
            let _off = message(&span, None).hand_over();
        }
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            let _off = finished(&span).hand_over();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        flush(FLUSH_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        flush(timeout)
    }
}

/// An exporter for OpenTelemetry's batch or simple processor that hands spans to the installed SDK; else as [`Processor`],
/// which needs neither. Shut the provider down before the guard of the SDK is dropped, so that its last batch is sent.
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// # unsafe { std::env::set_var("SPANWISE_SDK_DISABLED", "true") };
/// let _guard = spanwise::init();
/// let exporter = spanwise::opentelemetry::Exporter::new();
/// let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
/// // …
/// provider.shutdown()?;
/// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
/// ```
///
/// # Errors
/// An export while recording is off fails, and says how many spans are left out.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Exporter {
    /// Spans that came while recording was off.
    left_out: AtomicU64,
}

impl Exporter {
    /// Makes it, and [shares the context](share_context).
    pub fn new() -> Exporter {
        share_context();
        Exporter::default()
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let off = batch.iter().filter(|span| finished(span).hand_over() == Handed::Off).count();
        if off == 0 {
            return Ok(());
        }
        let all = self.left_out.fetch_add(off as u64, Ordering::Relaxed) + off as u64;
        Err(OTelSdkError::InternalFailure(format!(
            "{off} spans are left out, {all} in all: Spanwise is not installed or disabled"
        )))
    }

    fn force_flush(&self) -> OTelSdkResult {
        flush(FLUSH_TIMEOUT)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        flush(timeout)
    }
}

fn flush(timeout: Duration) -> OTelSdkResult {
    crate::flush(timeout).map_err(|_| OTelSdkError::Timeout(timeout))
}

/// Returns a span that has ended.
fn finished(span: &SpanData) -> FinishedSpan {
    let mut message = message(span, Some(convert::unix_ns(span.end_time)));
    for event in span.events.iter() {
        let attributes = convert::attributes(&event.attributes);
        message.event(
            &event.name,
            convert::unix_ns(event.timestamp),
            &attributes,
            event.dropped_attributes_count,
        );
    }
    for link in span.links.iter() {
        let attributes = convert::attributes(&link.attributes);
        message.link(&convert::ours(&link.span_context), &attributes, link.dropped_attributes_count);
    }
    message.dropped(span.dropped_attributes_count, span.events.dropped_count, span.links.dropped_count);
    match &span.status {
        otel::Status::Unset => {}
        otel::Status::Ok => message.status(Ok(())),
        otel::Status::Error { description } => message.status(Err(description)),
    }
    message
}

/// Returns who a span is, and its attributes.
fn message(span: &SpanData, end_unix_ns: Option<i64>) -> FinishedSpan {
    let context: SpanContext = convert::ours(&span.span_context);
    let has_parent = span.parent_span_id != otel::SpanId::INVALID;
    let parent = has_parent.then(|| (convert::span_id(span.parent_span_id), span.parent_span_is_remote));
    let flags = span.span_context.trace_flags().to_u8();
    let (kind, start) = (convert::kind(&span.span_kind), convert::unix_ns(span.start_time));
    let mut message =
        FinishedSpan::new(&context, flags, parent).describe(&span.name, kind, start, end_unix_ns);
    let is_given = |key: &str| span.attributes.iter().any(|attribute| attribute.key.as_str() == key);
    for (index, attribute) in span.attributes.iter().enumerate() {
        // OpenTelemetry keeps all values that were set; the last one is meant.
        if !span.attributes[index + 1..].iter().any(|later| later.key == attribute.key) {
            message.attribute(attribute.key.as_str(), convert::value(&attribute.value));
        }
    }
    let scope = &span.instrumentation_scope;
    if !scope.name().is_empty() && !is_given(SCOPE_NAME) {
        message.attribute(SCOPE_NAME, scope.name());
    }
    if let Some(version) = scope.version().filter(|_| !is_given(SCOPE_VERSION)) {
        message.attribute(SCOPE_VERSION, version);
    }
    message
}
