//! What another library has as current span on the same threads, so that its spans and ours are one tree.

use crate::local;
use crate::span::{SpanArc, SpanInner};
use crate::span_ref::{SpanContext, SpanRef, Target};
use std::sync::{Arc, OnceLock};

/// Another library that has a current span on each thread, such as OpenTelemetry.
///
/// All of it is called on the thread that it is about, outside of any lock of this crate, and must not panic.
pub trait SharedContext: Send + Sync {
    /// Returns the current span of the other library, if it began inside of `ours`, the current span of this one; `None` if
    /// `ours` is the inner one.
    fn current(&self, ours: &SpanRef) -> Option<SpanRef>;

    /// Makes `span` the other library's current span too. `place` tells guards of one thread apart.
    fn attached(&self, place: usize, span: &SpanRef);

    /// Takes back what [`SharedContext::attached`] did for `place`, in whatever order guards are dropped.
    fn detached(&self, place: usize);
}

static SHARED: OnceLock<Box<dyn SharedContext>> = OnceLock::new();

/// Shares the context of all threads with another library from now on; false if that was done before, since there can only
/// be one.
pub fn share_context(with: impl SharedContext + 'static) -> bool {
    SHARED.set(Box::new(with)).is_ok()
}

/// Returns what the context is shared with: a load of an atomic.
#[inline]
pub(crate) fn get() -> Option<&'static dyn SharedContext> {
    SHARED.get().map(Box::as_ref)
}

/// Returns the current span of either library, if the context is shared.
#[inline]
pub(crate) fn current() -> Option<SpanRef> {
    get().map(inner_of_both)
}

#[inline(never)]
fn inner_of_both(shared: &dyn SharedContext) -> SpanRef {
    let ours = local::with(|local| local.current().cloned()).flatten().unwrap_or_default();
    shared.current(&ours).unwrap_or(ours)
}

/// Makes a span current in both libraries, and returns its place on the stack.
#[inline(never)]
pub(crate) fn attach(shared: &dyn SharedContext, span: SpanRef) -> Option<usize> {
    let place = local::with(|local| local.attach(span.clone()))?;
    shared.attached(place, &span);
    Some(place)
}

/// A span of this process that another library records.
pub(crate) struct SharedSpan {
    pub(crate) context: SpanContext,
    /// The root of the trace in this process, if it is one of ours.
    pub(crate) root: Option<SpanArc>,
}

impl SpanRef {
    /// Returns a reference to a span of this process that another library records. `above` is a span of ours that it began
    /// in: what is said of the trace in it is said of the root of that.
    pub fn shared(context: SpanContext, above: &SpanRef) -> SpanRef {
        let root = match &above.0 {
            Target::Recording(inner) if inner.trace_id == context.trace_id => {
                Some(SpanArc::clone(SpanInner::root_of(inner)))
            }
            Target::Shared(shared) if shared.context.trace_id == context.trace_id => shared.root.clone(),
            _ => None,
        };
        SpanRef(Target::Shared(Arc::new(SharedSpan { context, root })))
    }
}
