//! Roots under way that are closed when they take too long.

use crate::SpanId;
use crate::clock::MonotonicNs;
use crate::span::{SpanArc, SpanInner};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The roots of traces in this process, if they are watched.
pub(crate) struct OpenRoots {
    timeout: Option<Duration>,
    roots: Mutex<HashMap<SpanId, SpanArc>>,
}

impl OpenRoots {
    pub(crate) fn new(timeout: Option<Duration>) -> OpenRoots {
        OpenRoots { timeout, roots: Mutex::default() }
    }

    #[inline]
    pub(crate) fn is_watching(&self) -> bool {
        self.timeout.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SpanId, SpanArc>> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, root: &SpanArc) {
        self.lock().insert(root.span_id, SpanArc::clone(root));
    }

    pub(crate) fn remove(&self, span_id: SpanId) {
        self.lock().remove(&span_id);
    }

    /// Ends those that are under way for too long.
    pub(crate) fn close_late(&self, now: MonotonicNs) {
        let Some(timeout) = self.timeout else { return };
        let timeout_ns = i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX);
        let late = |root: &SpanInner| now.saturating_sub(root.start) >= timeout_ns;
        let roots: Vec<_> = self.lock().extract_if(|_, root| late(root)).map(|(_, root)| root).collect();
        for root in roots {
            root.end(Some(&format!("the trace was closed after {timeout:?}, while its root was under way")));
        }
    }
}
