//! Keeps files from being removed while a backup may need them.

use std::sync::{Arc, Mutex, PoisonError};

/// Shared by those who remove files and those who copy them.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<usize>);

/// As long as it lives, nothing is removed.
#[derive(Debug)]
pub(crate) struct Pin(Arc<Pins>);

impl Pins {
    /// Keeps everything from now on; waits for a removal that is under way.
    pub(crate) fn pin(self: &Arc<Pins>) -> Pin {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Pin(Arc::clone(self))
    }

    /// Returns whether something is kept.
    pub(crate) fn is_pinned(&self) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) > 0
    }

    /// Runs a removal, unless something is kept; then it returns nothing.
    pub(crate) fn unless_pinned<T>(&self, remove: impl FnOnce() -> T) -> Option<T> {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (*count == 0).then(remove)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }
}
