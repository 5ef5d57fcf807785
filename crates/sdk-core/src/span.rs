//! Spans: the object that all references share, its owner, and the guard that makes it current.

use crate::body::Body;
use crate::clock::MonotonicNs;
use crate::kind::status;
use crate::local;
use crate::sdk::Core;
use crate::shared;
use crate::span_ref::{SpanContext, SpanRef, Target};
use crate::trace_update::TraceUpdate;
use crate::{SpanId, TraceId};
use std::marker::PhantomData;
use std::mem;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What is said of a span that was unwound by a panic of which no more is known.
const PANICKED: &str = "panicked";

/// A reference to a recorded span.
pub(crate) type SpanArc = triomphe::Arc<SpanInner>;
/// The only one.
pub(crate) type UniqueSpan = triomphe::UniqueArc<SpanInner>;

/// What all references to a recorded span share.
pub(crate) struct SpanInner {
    pub(crate) core: Arc<Core>,
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// The root of the trace in this process; `None` if it is this span.
    pub(crate) root: Option<SpanArc>,
    pub(crate) trace_state: Option<Arc<str>>,
    pub(crate) start: MonotonicNs,
    /// What to add to monotonic time; one for the whole span, so that its duration is right.
    pub(crate) offset_ns: i64,
    /// It is to be closed when it takes too long.
    pub(crate) is_watched: bool,
    pub(crate) state: Mutex<State>,
}

/// What changes while a span is under way.
pub(crate) struct State {
    /// Empty before it starts and after it ended.
    pub(crate) body: Option<Box<Body>>,
    pub(crate) status: u8,
    pub(crate) status_message: String,
    trace: Option<Box<TraceUpdate>>,
}

impl State {
    #[inline]
    pub(crate) fn begin(&mut self, body: Box<Body>) {
        self.body = Some(body);
        self.status = status::OK;
        self.status_message.clear();
        self.trace = None;
    }

    pub(crate) fn fail(&mut self, message: &str) {
        self.status = status::ERROR;
        self.status_message.clear();
        self.status_message.push_str(message);
    }

    pub(crate) fn update_trace(&mut self, update: TraceUpdate) {
        self.trace.get_or_insert_default().merge(update);
    }
}

impl SpanInner {
    pub(crate) fn new(core: Arc<Core>) -> SpanInner {
        SpanInner {
            core,
            trace_id: TraceId([0; 16]),
            span_id: SpanId([0; 8]),
            root: None,
            trace_state: None,
            start: 0,
            offset_ns: 0,
            is_watched: false,
            state: Mutex::new(State {
                body: None,
                status: status::OK,
                status_message: String::new(),
                trace: None,
            }),
        }
    }

    #[inline]
    pub(crate) fn belongs_to(&self, core: &Arc<Core>) -> bool {
        Arc::ptr_eq(&self.core, core)
    }

    /// Lets go of everything but the buffer.
    #[inline]
    pub(crate) fn forget_trace(&mut self) {
        self.root = None;
        self.trace_state = None;
    }

    /// No user code runs under the lock, so that what a panic left is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the span; `None` if it has ended, or belongs to the process that this one was forked from.
    #[inline]
    pub(crate) fn edit<R>(&self, edit: impl FnOnce(&mut State) -> R) -> Option<R> {
        if self.core.is_of_parent_process() {
            return None;
        }
        let mut state = self.lock();
        state.body.is_some().then(|| edit(&mut state))
    }

    pub(crate) fn edit_body(&self, edit: impl FnOnce(&mut Body)) {
        if !self.core.is_of_parent_process()
            && let Some(body) = &mut self.lock().body
        {
            edit(body);
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.edit(|_| ()).is_some()
    }

    /// Returns the root of the trace in this process.
    pub(crate) fn root_of(span: &SpanArc) -> &SpanArc {
        span.root.as_ref().unwrap_or(span)
    }

    pub(crate) fn span_context(&self) -> SpanContext {
        SpanContext {
            trace_id: self.trace_id,
            span_id: self.span_id,
            is_sampled: true,
            trace_state: self.trace_state.clone(),
        }
    }

    pub(crate) fn unix_now(&self) -> i64 {
        self.core.clock.now().saturating_add(self.offset_ns)
    }

    /// Ends the span and queues it; a second time does nothing. `failure` is what is said of a span that says nothing.
    pub(crate) fn end(&self, failure: Option<&str>) {
        if self.core.is_of_parent_process() {
            return;
        }
        self.end_as_of(self.core.clock.now(), failure);
    }

    fn end_as_of(&self, end: MonotonicNs, failure: Option<&str>) {
        let body = self.lock().close(self.start, end, self.offset_ns, failure);
        self.queue(body);
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment(self.core.clock.now())
    }

    /// As [`SpanInner::end`], for one that nobody else has.
    #[inline]
    fn end_unique(&mut self, failure: Option<&str>) {
        if self.core.is_of_parent_process() {
            return;
        }
        let end = self.core.clock.now();
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let body = state.close(self.start, end, self.offset_ns, failure);
        self.queue(body);
    }

    #[inline]
    fn queue(&self, body: Option<Box<Body>>) {
        let Some(body) = body else { return };
        if self.is_watched {
            self.core.open.remove(self.span_id);
        }
        // Processors run here, and may do what they like: the lock is not held.
        self.core.queue_span(body);
    }
}

impl State {
    /// Writes the end, and takes the message out; `None` if that was done before.
    #[inline]
    fn close(
        &mut self,
        start: MonotonicNs,
        end: MonotonicNs,
        offset_ns: i64,
        failure: Option<&str>,
    ) -> Option<Box<Body>> {
        let mut body = self.body.take()?;
        if let Some(failure) = failure
            && self.status != status::ERROR
        {
            self.fail(failure);
        }
        if let Some(trace) = self.trace.take() {
            trace.put(&mut body);
        }
        body.put_end(end.max(start).saturating_add(offset_ns), self.status, &self.status_message);
        Some(body)
    }
}

/// A span under way; it ends when this is dropped.
///
/// It is not current by itself: [`Span::enter`] makes it so on one thread, and [`Span::scope`] for the time of a call.
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    span: SpanRef,
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.span.fmt(f)
    }
}

impl Deref for Span {
    type Target = SpanRef;

    fn deref(&self) -> &SpanRef {
        &self.span
    }
}

impl Span {
    /// Returns a span that records nothing and says nothing.
    pub const fn none() -> Span {
        Span { span: SpanRef::none() }
    }

    #[inline]
    pub(crate) const fn of(span: SpanRef) -> Span {
        Span { span }
    }

    /// Returns a reference to it.
    pub fn to_ref(&self) -> SpanRef {
        self.span.clone()
    }

    /// Makes it current on this thread until the guard is dropped, which ends it.
    #[inline]
    pub fn enter(self) -> SpanGuard {
        let context = match self.span.0 {
            Target::None => None,
            _ => Some(ContextGuard::new(self.span.clone())),
        };
        SpanGuard { context, span: self }
    }

    /// Runs `run` with the span as current one. While recording is off there is no span, and what is current stays so;
    /// [`SpanRef::scope`] of no span lets nothing be current.
    #[inline]
    pub fn scope<R>(&self, run: impl FnOnce() -> R) -> R {
        match self.span.0 {
            Target::None => run(),
            _ => self.span.scope(run),
        }
    }

    /// Ends it now.
    pub fn end(self) {}

    /// Ends it as of a moment that [`SpanRef::moment`] gave, which is before now, and not before the start.
    pub fn end_at(self, moment: Moment) {
        if let Target::Recording(inner) = &self.span.0
            && !inner.core.is_of_parent_process()
        {
            inner.end_as_of(moment.0, thread::panicking().then_some(PANICKED));
        }
    }

    /// Ends it as failed, which says `message` unless something else was said.
    pub fn end_with_error(self, message: &str) {
        if let Target::Recording(inner) = &self.span.0 {
            inner.end(Some(message));
        }
    }
}

impl Drop for Span {
    // Small where it is inlined: most of what a program pays while recording is off is this.
    #[inline]
    fn drop(&mut self) {
        if let Target::Recording(_) = self.span.0 {
            self.end_recording();
        }
    }
}

impl Span {
    #[inline(never)]
    fn end_recording(&mut self) {
        let Target::Recording(inner) = mem::take(&mut self.span.0) else { return };
        let failure = thread::panicking().then_some(PANICKED);
        match SpanArc::try_unique(inner) {
            Ok(mut unique) => {
                unique.end_unique(failure);
                unique.forget_trace();
                local::with(|local| local.keep_inner(unique));
            }
            Err(inner) => inner.end(failure),
        }
    }
}

/// A moment on the clock that times a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(MonotonicNs);

/// A span that is current on this thread; both end when this is dropped.
#[must_use = "the span ends when the guard is dropped"]
#[derive(Debug)]
pub struct SpanGuard {
    // Dropped first: what ends the span may then take it as its own.
    context: Option<ContextGuard>,
    span: Span,
}

impl SpanGuard {
    /// Ends the span now.
    pub fn end(self) {}

    /// Gives the span back, which is no longer current.
    pub fn exit(self) -> Span {
        drop(self.context);
        self.span
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

/// Keeps a span current on the thread that made it.
#[must_use = "the span is current until the guard is dropped"]
#[derive(Debug)]
pub struct ContextGuard {
    place: Option<usize>,
    /// It can't go to another thread, whose stack is another.
    thread: PhantomData<*const ()>,
}

impl ContextGuard {
    #[inline]
    pub(crate) fn new(span: SpanRef) -> ContextGuard {
        let place = match shared::get() {
            None => local::with(|local| local.attach(span)),
            Some(shared) => shared::attach(shared, span),
        };
        ContextGuard { place, thread: PhantomData }
    }
}

impl Drop for ContextGuard {
    #[inline]
    fn drop(&mut self) {
        if let Some(place) = self.place {
            local::with(|local| local.detach(place));
            if let Some(shared) = shared::get() {
                shared.detached(place);
            }
        }
    }
}
