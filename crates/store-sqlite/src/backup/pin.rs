//! Keeps files from being removed while a backup or a check reads them.

use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by those who remove files and those who read all of them.
#[derive(Debug, Default)]
pub(crate) struct Pins(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    are_files: bool,
    is_log: bool,
}

/// As long as it lives, nothing is removed.
#[derive(Debug)]
pub(crate) struct Pin(Arc<Pins>);

impl Pins {
    /// Keeps everything from now on; waits for a removal that is under way.
    ///
    /// # Errors
    /// `Exhausted` if somebody else reads all files.
    pub(crate) fn pin(self: &Arc<Pins>) -> StoreResult<Pin> {
        let mut held = self.held();
        if held.are_files {
            let message = "a backup or a check is under way; try again when it is done";
            return Err(StoreError::new(ErrorKind::Exhausted, message));
        }
        *held = Held { are_files: true, is_log: true };
        Ok(Pin(Arc::clone(self)))
    }

    /// Returns whether the index is being copied, which keeps its log from being emptied.
    pub(crate) fn is_log_held(&self) -> bool {
        self.held().is_log
    }

    /// Runs a removal, unless something is kept; then it returns nothing.
    pub(crate) fn unless_pinned<T>(&self, remove: impl FnOnce() -> T) -> Option<T> {
        let held = self.held();
        (!held.are_files).then(remove)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pin {
    /// Says that the index was copied: from now on only files are read.
    pub(crate) fn release_log(&self) {
        self.0.held().is_log = false;
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        *self.0.held() = Held::default();
    }
}
