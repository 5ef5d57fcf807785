//! Which spans of `tracing` are entered on a thread, so that leaving one undoes what entering it did.

use crate::ContextGuard;
use std::cell::RefCell;
use tracing_core::span::Id;

thread_local! {
    static ENTERED: RefCell<Vec<(Id, ContextGuard)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what makes a span current.
pub(super) fn enter(id: &Id, guard: ContextGuard) {
    // A thread that ends keeps nothing any more; the guard is dropped then.
    let _ending = ENTERED.try_with(|entered| entered.borrow_mut().push((id.clone(), guard)));
}

/// Drops what the last entering of a span kept on this thread; returns whether there was something.
pub(super) fn exit(id: &Id) -> bool {
    let guard = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let place = entered.iter().rposition(|(entered, _)| entered == id)?;
        Some(entered.remove(place).1)
    });
    // Dropped here, since that may run code of others, which may enter spans.
    guard.ok().flatten().is_some()
}
