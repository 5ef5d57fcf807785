//! The current span of a thread, told from each library to the other.
//!
//! When a span of ours becomes current, a context of OpenTelemetry with that span is attached too, so that OpenTelemetry's
//! stack has the spans of both, and its top is the inner one. What our own stack adds is which of them are ours.

use super::convert;
use crate::{AttributeValue, SpanRef};
use opentelemetry::baggage::{BaggageExt, KeyValueMetadata};
use opentelemetry::trace::{self as otel, TraceContextExt};
use opentelemetry::{Context, ContextGuard, KeyValue};
use spanwise_sdk_core::SharedContext;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::SystemTime;

/// Makes spans of Spanwise and of OpenTelemetry children of each other from now on: what starts while a span of the other
/// library is current becomes its child, and [`current`](crate::current) is the inner one of both. Call it before the first
/// span starts; later calls do nothing. [`Processor::new`](super::Processor::new) and
/// [`Exporter::new`](super::Exporter::new) do it too.
///
/// A span of ours is OpenTelemetry's current span in full: what `Context::current().span()` is told goes to it.
///
/// Making a span current then costs some 0.2 µs more. What is said of the trace (tags, metadata, previews) goes with its
/// root, and so does not if that is a span of OpenTelemetry.
///
/// Returns false if the context is shared with another library already.
///
/// ```
/// use opentelemetry::trace::TraceContextExt;
///
/// # struct Nowhere;
/// # impl spanwise::Exporter for Nowhere {
/// #     fn export(&mut self, _: &spanwise::Request<'_>) -> Result<spanwise::Accepted, spanwise::ExportError> {
/// #         Ok(Default::default())
/// #     }
/// # }
/// # let _guard = spanwise::Config::new().exporter("docs", || Box::new(Nowhere)).install()?;
/// spanwise::opentelemetry::share_context();
/// let ours = spanwise::span!("ours");
/// let theirs = opentelemetry::Context::current().span().span_context().span_id();
/// assert_eq!(Some(theirs.to_string()), ours.span_id().map(|id| id.to_string()));
/// # Ok::<(), spanwise::ConfigError>(())
/// ```
pub fn share_context() -> bool {
    static SHARED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *SHARED.get_or_init(|| spanwise_sdk_core::share_context(Bridge))
}

thread_local! {
    /// What keeps OpenTelemetry's contexts attached, by the place of our span on its stack.
    static ATTACHED: RefCell<Vec<Option<ContextGuard>>> = {
        // OpenTelemetry panics where its own is gone when a thread ends; made before this, that ends after it.
        Context::map_current(|_| ());
        const { RefCell::new(Vec::new()) }
    };
    /// OpenTelemetry may tell what it does through `tracing`, while its stack is borrowed.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls OpenTelemetry, unless this thread does so already or ends; it panics where its stack is borrowed, as in
/// `map_current`, or gone.
fn outside<R>(call: impl FnOnce(&RefCell<Vec<Option<ContextGuard>>>) -> R) -> Option<R> {
    if IS_INSIDE.replace(true) {
        return None;
    }
    let result = catch_unwind(AssertUnwindSafe(|| ATTACHED.try_with(call).ok()));
    IS_INSIDE.set(false);
    result.ok().flatten()
}

/// In a context of OpenTelemetry, the innermost span of ours that it is inside of.
struct Ours(SpanRef);

struct Bridge;

impl SharedContext for Bridge {
    fn current(&self, ours: &SpanRef) -> Option<SpanRef> {
        outside(|_| Context::map_current(|context| inner_of(context, ours))).flatten()
    }

    fn attached(&self, place: usize, span: &SpanRef) {
        outside(|attached| {
            let guard = Context::map_current(|context| inside(context, span)).attach();
            let mut attached = attached.borrow_mut();
            if attached.len() <= place {
                attached.resize_with(place + 1, || None);
            }
            attached[place] = Some(guard);
        });
    }

    fn detached(&self, place: usize) {
        outside(|attached| {
            // Not dropped while this is borrowed: what a context holds may be the last of a span of theirs.
            let guard = attached.borrow_mut().get_mut(place).and_then(Option::take);
            drop(guard);
        });
    }
}

/// Returns the span that OpenTelemetry has as current one, if it is another one than `ours`.
fn inner_of(context: &Context, ours: &SpanRef) -> Option<SpanRef> {
    let span = context.span();
    let theirs = span.span_context();
    let is_theirs = |span: &SpanRef| span.span_id() == Some(convert::span_id(theirs.span_id()));
    if !theirs.is_valid() || is_theirs(ours) {
        return None;
    }
    let above = context.get::<Ours>().map(|above| &above.0);
    // A context of OpenTelemetry that was handed to another thread or task.
    if let Some(above) = above.filter(|above| is_theirs(above)) {
        return Some(above.clone());
    }
    let context = convert::ours(theirs);
    Some(if theirs.is_remote() {
        SpanRef::remote(context)
    } else {
        SpanRef::shared(context, above.unwrap_or(ours))
    })
}

/// Returns a context that is inside of a span of ours.
fn inside(context: &Context, span: &SpanRef) -> Context {
    let Some(ours) = span.span_context() else {
        // A context without a span: one with an invalid span would not be sampled, and there is no way to take it out. So
        // what else there is gets lost, but for what is meant to go along everywhere.
        let baggage = context.baggage().iter().map(|(key, (value, metadata))| {
            KeyValueMetadata::new(key.clone(), value.clone(), metadata.clone())
        });
        return Context::new().with_baggage(baggage);
    };
    if context.span().span_context().span_id().to_bytes() == ours.span_id.0 {
        return context.clone();
    }
    let is_recording = span.is_recording();
    let theirs = convert::theirs(&ours, !is_recording && ours.is_sampled);
    let context = context.with_value(Ours(span.clone()));
    if is_recording {
        context.with_span(Handle { span: span.clone(), context: theirs })
    } else {
        context.with_remote_span_context(theirs)
    }
}

/// A span of ours as OpenTelemetry sees it. It does not end by this.
struct Handle {
    span: SpanRef,
    context: otel::SpanContext,
}

impl otel::Span for Handle {
    fn add_event_with_timestamp<T>(&mut self, name: T, timestamp: SystemTime, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        let attributes = convert::attributes(&attributes);
        let attributes: Vec<_> =
            attributes.iter().map(|(key, value)| (*key, value as &dyn AttributeValue)).collect();
        self.span.add_event_at(&name.into(), convert::unix_ns(timestamp), &attributes);
    }

    fn span_context(&self) -> &otel::SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        self.span.is_recording()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.span.set_attribute(attribute.key.as_str(), convert::value(&attribute.value));
    }

    fn set_status(&mut self, status: otel::Status) {
        match status {
            otel::Status::Unset => {}
            otel::Status::Ok => self.span.set_ok(),
            otel::Status::Error { description } => self.span.set_error(&description),
        }
    }

    fn update_name<T>(&mut self, name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        self.span.set_name(&name.into());
    }

    fn add_link(&mut self, to: otel::SpanContext, attributes: Vec<KeyValue>) {
        let attributes = convert::attributes(&attributes);
        let attributes: Vec<_> =
            attributes.iter().map(|(key, value)| (*key, value as &dyn AttributeValue)).collect();
        self.span.add_link(&SpanRef::remote(convert::ours(&to)), &attributes);
    }

    fn end_with_timestamp(&mut self, _timestamp: SystemTime) {}
}
