//! References to spans: what makes a child, what is current, what another process is told, and what sets things.

use crate::body::{Body, EXCEPTION};
use crate::kind::status;
use crate::local;
use crate::shared::{self, SharedSpan};
use crate::span::{ContextGuard, Moment, SpanArc, SpanInner};
use crate::trace_update::TraceUpdate;
use crate::url_secret::without_url_secrets;
use crate::value::AttributeValue;
use crate::{Level, SpanId, TraceId, key};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Sources of an error that are looked at; a chain that is longer, or a circle, ends there.
const CHAIN_MAX: usize = 32;

/// What another process is told of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// Whether the trace is recorded.
    pub is_sampled: bool,
    /// The W3C trace state, as it came.
    pub trace_state: Option<Arc<str>>,
}

/// A reference to a span, which may be under way, ended, in another process, not recorded, or none at all.
///
/// Setting something on a span that is not under way here does nothing. References are cheap to clone and can go to other
/// threads; a span does not end while it has references, but when its owner ends it.
#[derive(Clone, Default)]
pub struct SpanRef(pub(crate) Target);

#[derive(Clone, Default)]
pub(crate) enum Target {
    /// No span.
    #[default]
    None,
    /// In another process, or not recorded.
    Plain(Arc<SpanContext>),
    /// Recorded in this process by another library.
    Shared(Arc<SharedSpan>),
    /// Recorded here.
    Recording(SpanArc),
}

impl fmt::Debug for SpanRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span_context() {
            Some(context) => write!(f, "SpanRef({}, {})", context.trace_id, context.span_id),
            None => f.write_str("SpanRef(none)"),
        }
    }
}

impl SpanRef {
    /// Returns a reference to no span: a child of it is the root of a trace of its own.
    pub const fn none() -> SpanRef {
        SpanRef(Target::None)
    }

    /// Returns a reference to a span in another process.
    pub fn remote(context: SpanContext) -> SpanRef {
        SpanRef(Target::Plain(Arc::new(context)))
    }

    /// Returns the current span of this thread, or none.
    pub fn current() -> SpanRef {
        let ours = || local::with(|local| local.current().cloned()).flatten().unwrap_or_default();
        shared::current().unwrap_or_else(ours)
    }

    /// Makes the span current on this thread until the guard is dropped.
    #[must_use = "the span is current until the guard is dropped"]
    pub fn attach(&self) -> ContextGuard {
        ContextGuard::new(self.clone())
    }

    /// Runs `run` with the span as current one.
    pub fn scope<R>(&self, run: impl FnOnce() -> R) -> R {
        let _guard = self.attach();
        run()
    }

    /// Returns whether the span is recorded here, so that what is set on it will be sent.
    pub fn is_recording(&self) -> bool {
        matches!(&self.0, Target::Recording(inner) if inner.is_open())
    }

    /// Returns what another process is told of it; `None` for no span.
    pub fn span_context(&self) -> Option<SpanContext> {
        match &self.0 {
            Target::None => None,
            Target::Plain(context) => Some(SpanContext::clone(context)),
            Target::Shared(shared) => Some(shared.context.clone()),
            Target::Recording(inner) => Some(inner.span_context()),
        }
    }

    /// Returns the id of its trace.
    pub fn trace_id(&self) -> Option<TraceId> {
        self.span_context().map(|context| context.trace_id)
    }

    /// Returns its id.
    pub fn span_id(&self) -> Option<SpanId> {
        self.span_context().map(|context| context.span_id)
    }

    /// Returns the time as [`Span::end_at`](crate::Span::end_at) takes it; `None` if the span was never recorded here.
    pub fn moment(&self) -> Option<Moment> {
        match &self.0 {
            Target::Recording(inner) => Some(inner.moment()),
            _ => None,
        }
    }

    /// Changes what is recorded, if the span is under way.
    fn edit(&self, edit: impl FnOnce(&mut Body)) {
        if let Target::Recording(inner) = &self.0 {
            inner.edit_body(edit);
        }
    }

    /// Sets an attribute; the last value of a key is kept.
    pub fn set_attribute(&self, key: &str, value: impl AttributeValue) {
        self.edit(|body| body.attribute(key, value));
    }

    /// Sets an attribute to the text that `write` appends; it is not called if nothing is recorded.
    pub fn set_text(&self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if self.is_recording() {
            // Not into the span itself, which is locked then: `write` may look at it, or panic.
            let mut text = Vec::new();
            write(&mut text);
            let text = String::from_utf8_lossy(&text);
            self.edit(|body| body.attribute(key, &*text));
        }
    }

    /// Sets the inputs: a text, or a JSON text.
    pub fn set_inputs(&self, inputs: impl AttributeValue) {
        self.set_attribute(key::INPUTS, inputs);
    }

    /// Sets the outputs: a text, or a JSON text.
    pub fn set_outputs(&self, outputs: impl AttributeValue) {
        self.set_attribute(key::OUTPUTS, outputs);
    }

    /// Sets the type, such as `TOOL`: a step of which the reader knows what it does.
    pub fn set_type(&self, span_type: &str) {
        self.set_attribute(key::TYPE, span_type);
    }

    /// Sets the log level.
    pub fn set_level(&self, level: Level) {
        self.set_attribute(key::LEVEL, level as i64);
    }

    /// Gives the span another name.
    pub fn set_name(&self, name: &str) {
        self.edit(|body| body.rename(name));
    }

    /// Adds something that happened now.
    pub fn add_event(&self, name: &str, attributes: &[(&str, &dyn AttributeValue)]) {
        if let Target::Recording(inner) = &self.0 {
            self.add_event_at(name, inner.unix_now(), attributes);
        }
    }

    /// Adds something that happened at `unix_ns`, in nanoseconds since the Unix epoch.
    pub fn add_event_at(&self, name: &str, unix_ns: i64, attributes: &[(&str, &dyn AttributeValue)]) {
        self.edit(|body| body.event(name, unix_ns, attributes));
    }

    /// Adds a link to another span, also of another trace.
    pub fn add_link(&self, to: &SpanRef, attributes: &[(&str, &dyn AttributeValue)]) {
        if let Some(to) = to.span_context() {
            self.edit(|body| body.link(to.trace_id, to.span_id, attributes));
        }
    }

    /// Says that the span failed, and why.
    pub fn set_error(&self, message: &str) {
        if let Target::Recording(inner) = &self.0 {
            inner.edit(|state| state.fail(message));
        }
    }

    /// Says that the span went well, whatever was said before.
    pub fn set_ok(&self) {
        if let Target::Recording(inner) = &self.0 {
            inner.edit(|state| {
                state.status = status::OK;
                state.status_message.clear();
            });
        }
    }

    /// Records an error with its sources: an `exception` event, and the status.
    pub fn record_error(&self, error: &(dyn Error + 'static)) {
        self.record_error_as("error", error);
    }

    /// Records an error as one of a type that it says itself.
    pub fn record_error_as(&self, kind: &str, error: &(dyn Error + 'static)) {
        if !self.is_recording() {
            return;
        }
        let mut chain = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source.filter(|_| chain.len() < CHAIN_MAX) {
            chain.push(cause.to_string());
            source = cause.source();
        }
        self.record_exception(kind, &chain);
    }

    /// Records what went wrong: `chain` is what is said of it, from the outermost cause to the innermost.
    ///
    /// URLs in it lose their queries, users and passwords: clients name the whole URL in their errors, and some have a key in
    /// it.
    pub fn record_exception(&self, kind: &str, chain: &[String]) {
        let Target::Recording(inner) = &self.0 else { return };
        let chain: Vec<_> = chain.iter().map(|text| without_url_secrets(text)).collect();
        let message = chain.first().map_or("", |text| text);
        let causes = chain.join("\ncaused by: ");
        let now = inner.unix_now();
        inner.edit(|state| {
            let attributes: [(&str, &dyn AttributeValue); 3] = [
                ("exception.type", &kind),
                ("exception.message", &message),
                ("exception.stacktrace", &causes),
            ];
            if let Some(body) = &mut state.body {
                body.event(EXCEPTION, now, &attributes);
            }
            // Innermost causes say most, and lists show the status.
            state.fail(&chain.join(": "));
        });
    }

    /// Changes what the trace of this span says of itself: name, session, user, tags, metadata, previews. Later calls
    /// change what they name, and nothing else.
    ///
    /// It goes with the root of the trace in this process; false if that has ended, or nothing is recorded.
    pub fn update_trace(&self, update: TraceUpdate) -> bool {
        match &self.0 {
            Target::Recording(inner) => {
                SpanInner::root_of(inner).edit(|state| state.update_trace(update)).is_some()
            }
            Target::Shared(shared) => {
                let root = shared.root.as_ref();
                root.is_some_and(|root| root.edit(|state| state.update_trace(update)).is_some())
            }
            Target::Plain(_) | Target::None => false,
        }
    }
}
