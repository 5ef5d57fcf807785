//! Starting spans.

use crate::body::{Body, Identity};
use crate::local;
use crate::sdk::{self, Core};
use crate::span::{Span, SpanArc, SpanInner, UniqueSpan};
use crate::span_ref::{SpanContext, SpanRef, Target};
use crate::value::AttributeValue;
use crate::{Kind, Level, key, shared};
use std::sync::{Arc, PoisonError};

/// Whose child a span is.
#[derive(Debug, Clone, Copy, Default)]
pub enum Parent<'a> {
    /// The current span of this thread.
    #[default]
    Current,
    /// This one.
    Of(&'a SpanRef),
    /// Nobody's: it is the root of a trace of its own.
    Root,
}

/// What decides whether a span is recorded, besides the SDK.
#[derive(Debug, Clone, Copy, Default)]
pub struct StartOptions<'a> {
    /// Whose child it is.
    pub parent: Parent<'a>,
    /// The share of traces that are recorded among those that begin here, 0 to 1; `None` is the SDK's. A span in a trace
    /// does what its trace does, so that traces are whole.
    pub sampling: Option<f64>,
}

/// A span before it starts. What is set on it costs nothing if it will not be recorded.
#[must_use = "a span is started by `start`"]
pub struct SpanBuilder(Draft);

impl std::fmt::Debug for SpanBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SpanBuilder")
    }
}

enum Draft {
    Off,
    Unsampled(Arc<SpanContext>),
    Recording(UniqueSpan, Box<Body>),
}

impl SpanBuilder {
    /// Begins a child of the current span, or the root of a trace.
    #[inline(always)]
    pub fn new(name: &str) -> SpanBuilder {
        SpanBuilder::with(name, StartOptions::default())
    }

    /// Begins a span.
    #[inline(always)]
    pub fn with(name: &str, options: StartOptions<'_>) -> SpanBuilder {
        let active = sdk::active();
        if active == 0 {
            return SpanBuilder(Draft::Off);
        }
        SpanBuilder::begin(None, active, name, options)
    }

    /// Begins a span of an SDK that need not be the installed one.
    pub(crate) fn of_core(core: &Arc<Core>, name: &str, options: StartOptions<'_>) -> SpanBuilder {
        SpanBuilder::begin(Some(core), 0, name, options)
    }

    #[inline(never)]
    fn begin(core: Option<&Arc<Core>>, active: u64, name: &str, options: StartOptions<'_>) -> SpanBuilder {
        let current = matches!(options.parent, Parent::Current).then(shared::current).flatten();
        let parent = current.as_ref().map_or(options.parent, Parent::Of);
        let draft = local::with(|local| {
            if local.is_quiet() {
                return None;
            }
            match core {
                Some(_) => local.seed(),
                None => local.follow(active),
            }
            let mut inner = local.take_inner(core)?;
            let (span_id, mut body) = (local.ids.span_id(), local.take_body());
            let parent = match parent {
                Parent::Current => local.current().map(|current| &current.0),
                Parent::Of(parent) => Some(&parent.0),
                Parent::Root => None,
            };
            let parent = match parent {
                None | Some(Target::None) => {
                    let trace_id = local.ids.trace_id();
                    if !inner.core.samples(trace_id, options.sampling) {
                        local.keep_inner(inner);
                        local.keep_body(body);
                        let context = SpanContext { trace_id, span_id, is_sampled: false, trace_state: None };
                        return Some(Draft::Unsampled(Arc::new(context)));
                    }
                    inner.trace_id = trace_id;
                    None
                }
                // What is not recorded needs no ids of its own: nothing will ever name them.
                Some(Target::Plain(context)) if !context.is_sampled => {
                    return Some(Draft::Unsampled(Arc::clone(context)));
                }
                Some(Target::Plain(context)) => {
                    inner.trace_id = context.trace_id;
                    inner.trace_state.clone_from(&context.trace_state);
                    Some((context.span_id, true))
                }
                Some(Target::Shared(shared)) if !shared.context.is_sampled => {
                    return Some(Draft::Unsampled(Arc::new(shared.context.clone())));
                }
                Some(Target::Shared(shared)) => {
                    inner.trace_id = shared.context.trace_id;
                    inner.trace_state.clone_from(&shared.context.trace_state);
                    inner.root.clone_from(&shared.root);
                    Some((shared.context.span_id, false))
                }
                Some(Target::Recording(parent)) => {
                    // After a fork, the parent is in the other process.
                    let is_remote = parent.core.is_of_parent_process();
                    inner.trace_id = parent.trace_id;
                    inner.trace_state.clone_from(&parent.trace_state);
                    inner.root = (!is_remote).then(|| SpanArc::clone(SpanInner::root_of(parent)));
                    Some((parent.span_id, is_remote))
                }
            };
            inner.span_id = span_id;
            body.begin();
            body.put_name(name);
            body.put_identity(&Identity {
                trace_id: inner.trace_id,
                span_id,
                parent: parent.map(|(span_id, _)| span_id),
                parent_is_remote: parent.is_some_and(|(_, is_remote)| is_remote),
                trace_state: inner.trace_state.as_deref(),
            });
            Some(Draft::Recording(inner, body))
        });
        SpanBuilder(draft.flatten().unwrap_or(Draft::Off))
    }

    /// Returns whether the span will be recorded.
    #[inline]
    pub fn is_recording(&self) -> bool {
        matches!(self.0, Draft::Recording(..))
    }

    #[inline(always)]
    fn edit(mut self, edit: impl FnOnce(&mut Body)) -> Self {
        if let Draft::Recording(_, body) = &mut self.0 {
            edit(body);
        }
        self
    }

    /// Says what role it has in a call between processes.
    pub fn kind(self, kind: Kind) -> Self {
        self.edit(|body| body.kind = kind)
    }

    /// Sets the type, such as `TOOL`.
    #[inline]
    pub fn span_type(self, span_type: &str) -> Self {
        self.attribute(key::TYPE, span_type)
    }

    /// Sets the log level.
    pub fn level(self, level: Level) -> Self {
        self.attribute(key::LEVEL, level as i64)
    }

    /// Sets the inputs: a text, or a JSON text.
    #[inline]
    pub fn inputs(self, inputs: impl AttributeValue) -> Self {
        self.attribute(key::INPUTS, inputs)
    }

    /// Sets an attribute.
    #[inline(always)]
    pub fn attribute(self, key: &str, value: impl AttributeValue) -> Self {
        self.edit(|body| body.attribute(key, value))
    }

    /// Sets an attribute to the text that `write` appends, which must be UTF-8.
    pub fn text(self, key: &str, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.edit(|body| body.text_attribute(key, write))
    }

    /// Adds a link to another span.
    pub fn link(self, to: &SpanRef) -> Self {
        match to.span_context() {
            Some(to) => self.edit(|body| body.link(to.trace_id, to.span_id, &[])),
            None => self,
        }
    }

    /// Starts it. It is not current yet: [`Span::enter`] makes it so.
    #[inline(always)]
    pub fn start(self) -> Span {
        match self.0 {
            Draft::Off => Span::none(),
            Draft::Unsampled(context) => Span::of(SpanRef(Target::Plain(context))),
            Draft::Recording(inner, body) => start(inner, body),
        }
    }
}

#[inline(never)]
fn start(mut inner: UniqueSpan, mut body: Box<Body>) -> Span {
    let span = &mut *inner;
    let core = &span.core;
    span.start = core.clock.now();
    span.offset_ns = core.clock.offset_ns();
    body.put_start(span.start.saturating_add(span.offset_ns));
    if core.announces {
        core.announce(&body);
    }
    span.is_watched = span.root.is_none() && core.open.is_watching();
    span.state.get_mut().unwrap_or_else(PoisonError::into_inner).begin(body);
    let inner = inner.shareable();
    if inner.is_watched {
        inner.core.open.insert(&inner);
    }
    Span::of(SpanRef(Target::Recording(inner)))
}
