//! Starting spans.

use crate::body::{Body, Identity};
use crate::local;
use crate::sdk::{self, Core};
use crate::span::{Span, SpanInner};
use crate::span_ref::{SpanContext, SpanRef, Target};
use crate::value::AttributeValue;
use crate::{Kind, Level, SpanId, TraceId, key};
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
    Unsampled(SpanContext),
    Recording { inner: Arc<SpanInner>, body: Body, kind: Kind, is_local_root: bool },
}

/// What a new span has from its parent.
struct Inherited {
    trace_id: TraceId,
    parent: Option<SpanId>,
    is_remote: bool,
    root: Option<Arc<SpanInner>>,
    trace_state: Option<Arc<str>>,
    is_sampled: bool,
}

impl SpanBuilder {
    /// Begins a child of the current span, or the root of a trace.
    #[inline]
    pub fn new(name: &str) -> SpanBuilder {
        SpanBuilder::with(name, StartOptions::default())
    }

    /// Begins a span.
    #[inline]
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

    fn begin(core: Option<&Arc<Core>>, active: u64, name: &str, options: StartOptions<'_>) -> SpanBuilder {
        let draft = local::with(|local| {
            let core = match core {
                Some(core) => {
                    local.seed();
                    Arc::clone(core)
                }
                None => local.core(active)?,
            };
            let parent = match options.parent {
                Parent::Current => local.current().cloned(),
                Parent::Of(parent) => Some(parent.clone()),
                Parent::Root => None,
            };
            let inherited = inherit(parent, || {
                let trace_id = local.ids.trace_id();
                (trace_id, core.samples(trace_id, options.sampling))
            });
            let span_id = local.ids.span_id();
            Some(if inherited.is_sampled {
                record(local.take_inner(&core), inherited, span_id, name)
            } else {
                Draft::Unsampled(SpanContext {
                    trace_id: inherited.trace_id,
                    span_id,
                    is_sampled: false,
                    trace_state: inherited.trace_state,
                })
            })
        });
        SpanBuilder(draft.flatten().unwrap_or(Draft::Off))
    }

    /// Returns whether the span will be recorded.
    #[inline]
    pub fn is_recording(&self) -> bool {
        matches!(self.0, Draft::Recording { .. })
    }

    #[inline]
    fn edit(mut self, edit: impl FnOnce(&mut Body)) -> Self {
        if let Draft::Recording { body, .. } = &mut self.0 {
            edit(body);
        }
        self
    }

    /// Says what role it has in a call between processes.
    pub fn kind(mut self, wanted: Kind) -> Self {
        if let Draft::Recording { kind, .. } = &mut self.0 {
            *kind = wanted;
        }
        self
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
    #[inline]
    pub fn attribute(self, key: &str, value: impl AttributeValue) -> Self {
        self.edit(|body| body.attribute(key, &value))
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
    #[inline]
    pub fn start(self) -> Span {
        match self.0 {
            Draft::Off => Span::none(),
            Draft::Unsampled(context) => Span::of(SpanRef(Target::Plain(context))),
            Draft::Recording { inner, body, kind, is_local_root } => start(inner, body, kind, is_local_root),
        }
    }
}

/// Decides which trace a span is part of, and whether it is recorded.
#[inline]
fn inherit(parent: Option<SpanRef>, new_trace: impl FnOnce() -> (TraceId, bool)) -> Inherited {
    match parent.map(|parent| parent.0).unwrap_or_default() {
        Target::None => {
            let (trace_id, is_sampled) = new_trace();
            Inherited { trace_id, parent: None, is_remote: false, root: None, trace_state: None, is_sampled }
        }
        Target::Plain(context) => Inherited {
            trace_id: context.trace_id,
            parent: Some(context.span_id),
            is_remote: true,
            root: None,
            trace_state: context.trace_state,
            is_sampled: context.is_sampled,
        },
        Target::Recording(parent) => {
            // After a fork, the parent is in the other process.
            let is_remote = parent.core.is_of_parent_process();
            Inherited {
                trace_id: parent.trace_id,
                parent: Some(parent.span_id),
                is_remote,
                trace_state: parent.trace_state.clone(),
                root: (!is_remote).then(|| Arc::clone(parent.root())),
                is_sampled: true,
            }
        }
    }
}

#[inline]
fn record(mut inner: Arc<SpanInner>, inherited: Inherited, span_id: SpanId, name: &str) -> Draft {
    let Some(unique) = Arc::get_mut(&mut inner) else { return Draft::Off };
    let is_local_root = inherited.root.is_none();
    unique.trace_id = inherited.trace_id;
    unique.span_id = span_id;
    unique.root = inherited.root;
    let state = unique.state.get_mut().unwrap_or_else(PoisonError::into_inner);
    let mut body = Body::begin(std::mem::replace(&mut state.body, Body::NONE).into_buffer());
    body.put_name(name);
    body.put_identity(&Identity {
        trace_id: inherited.trace_id,
        span_id,
        parent: inherited.parent,
        parent_is_remote: inherited.is_remote,
        trace_state: inherited.trace_state.as_deref(),
    });
    unique.trace_state = inherited.trace_state;
    Draft::Recording { inner, body, kind: Kind::Internal, is_local_root }
}

#[inline]
fn start(mut inner: Arc<SpanInner>, mut body: Body, kind: Kind, is_local_root: bool) -> Span {
    let Some(unique) = Arc::get_mut(&mut inner) else { return Span::none() };
    let core = &unique.core;
    unique.start = core.clock.now();
    unique.offset_ns = core.clock.offset_ns();
    body.put_start(kind, unique.start.saturating_add(unique.offset_ns));
    if core.announces {
        core.announce(&body);
    }
    unique.is_watched = is_local_root && core.open.is_watching();
    let state = unique.state.get_mut().unwrap_or_else(PoisonError::into_inner);
    state.begin(body);
    if inner.is_watched {
        inner.core.open.insert(&inner);
    }
    Span::of(SpanRef(Target::Recording(inner)))
}
