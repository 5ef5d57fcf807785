//! What each thread has for itself: the SDK in force, the stack of current spans, ids, and span objects to use again.

use crate::body::Body;
use crate::id::IdGenerator;
use crate::sdk::{self, Core};
use crate::span::{SpanInner, UniqueSpan};
use crate::span_ref::SpanRef;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Span objects that a thread keeps for its next spans.
const POOL_MAX: usize = 32;

/// The shard of the next thread that records something.
static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

/// What a thread has for itself.
pub(crate) struct Local {
    /// What `core` was taken for; see [`sdk::active`].
    active: u64,
    pub(crate) core: Option<Arc<Core>>,
    pub(crate) ids: IdGenerator,
    /// How often the process was forked when `ids` was seeded; `None` if it was not.
    seeded: Option<u32>,
    shard: Option<usize>,
    stack: Vec<Option<SpanRef>>,
    pool: Vec<UniqueSpan>,
    // In boxes, so that handing one on copies a pointer.
    #[expect(clippy::vec_box, reason = "bodies go in and out, and are then moved often")]
    bodies: Vec<Box<Body>>,
    /// Nothing that this thread does is recorded; see [`quiet`].
    is_quiet: bool,
}

thread_local! {
    static LOCAL: RefCell<Local> = const {
        RefCell::new(Local {
            active: 0,
            core: None,
            ids: IdGenerator::UNSEEDED,
            seeded: None,
            shard: None,
            stack: Vec::new(),
            pool: Vec::new(),
            bodies: Vec::new(),
            is_quiet: false,
        })
    };
}

/// Runs `with`, which must call no code of users; `None` while a thread ends and has nothing for itself any more.
#[inline]
pub(crate) fn with<R>(with: impl FnOnce(&mut Local) -> R) -> Option<R> {
    LOCAL.try_with(|local| local.try_borrow_mut().ok().map(|mut local| with(&mut local))).ok().flatten()
}

/// Lets this thread record nothing until the guard is dropped: what runs is part of recording itself, and what it recorded
/// would have to be recorded the same way, without end.
pub(crate) fn quiet() -> Quiet {
    Quiet { was: with(|local| std::mem::replace(&mut local.is_quiet, true)) }
}

/// Lets this thread record nothing for as long as it lives: it is one of the SDK's own.
pub(crate) fn stay_quiet() {
    // A thread without anything for itself records nothing either.
    with(|local| local.is_quiet = true);
}

/// While it is there, its thread records nothing.
#[must_use = "the thread records again when this is dropped"]
pub(crate) struct Quiet {
    /// Whether it did so before.
    was: Option<bool>,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(was) = self.was {
            with(|local| local.is_quiet = was);
        }
    }
}

impl Local {
    #[inline]
    pub(crate) fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// Sees to it that `core` is the SDK in force; `active` is what [`sdk::active`] says, and not 0.
    #[inline]
    pub(crate) fn follow(&mut self, active: u64) {
        if self.active != active {
            self.refresh(active);
        }
    }

    #[cold]
    fn refresh(&mut self, active: u64) {
        let known = self.core.take();
        let (active, core) = sdk::installed(active, known);
        (self.active, self.core) = (active, core);
        self.seed();
        self.pool.clear();
    }

    /// Sees to it that ids can be made. After a fork, they would repeat those of the parent.
    #[inline]
    pub(crate) fn seed(&mut self) {
        let forks = sdk::forks();
        if self.seeded != Some(forks) {
            self.seeded = Some(forks);
            self.ids = IdGenerator::seeded();
        }
    }

    #[inline]
    pub(crate) fn shard(&mut self) -> usize {
        *self.shard.get_or_insert_with(|| NEXT_SHARD.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the current span.
    #[inline]
    pub(crate) fn current(&self) -> Option<&SpanRef> {
        self.stack.last().and_then(Option::as_ref)
    }

    /// Makes a span current, and returns its place on the stack.
    #[inline]
    pub(crate) fn attach(&mut self, span: SpanRef) -> usize {
        self.stack.push(Some(span));
        self.stack.len() - 1
    }

    /// Takes the span at `place` from the stack, also where guards are dropped in another order than they were made in.
    #[inline]
    pub(crate) fn detach(&mut self, place: usize) {
        if place + 1 == self.stack.len() {
            self.stack.pop();
            while let Some(None) = self.stack.last() {
                self.stack.pop();
            }
        } else if let Some(slot) = self.stack.get_mut(place) {
            *slot = None;
        }
    }

    /// Returns a span object that nobody else has.
    #[inline]
    pub(crate) fn take_inner(&mut self, core: Option<&Arc<Core>>) -> Option<UniqueSpan> {
        let core = core.or(self.core.as_ref())?;
        match self.pool.pop() {
            Some(inner) if inner.belongs_to(core) => Some(inner),
            _ => Some(UniqueSpan::new(SpanInner::new(Arc::clone(core)))),
        }
    }

    /// Keeps a span object that nobody else has for the next span.
    #[inline]
    pub(crate) fn keep_inner(&mut self, inner: UniqueSpan) {
        if self.pool.len() < POOL_MAX {
            self.pool.push(inner);
        }
    }

    #[inline]
    pub(crate) fn take_body(&mut self) -> Box<Body> {
        self.bodies.pop().unwrap_or_else(|| Box::new(Body::new()))
    }

    /// Keeps a body with its buffer for the next span.
    #[inline]
    pub(crate) fn keep_body(&mut self, mut body: Box<Body>) {
        if self.bodies.len() < POOL_MAX {
            body.shrink();
            self.bodies.push(body);
        }
    }
}
