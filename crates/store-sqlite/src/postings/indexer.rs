//! The thread that keeps the index up to date, and the handle that the store has on it.

use super::keeper::{Keeper, KeeperContext};
use super::set::Postings;
use super::wake::{Reason, Wake};
use crate::error::io_error;
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// The running indexer.
pub(crate) struct Indexer {
    wake: Arc<Wake>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Indexer {
    /// Opens the parts that there are, so that searches can use them at once, and starts the thread.
    pub(crate) fn start(context: KeeperContext, postings: &Postings) -> StoreResult<Indexer> {
        let mut keeper = Keeper::open(context, postings.clone())?;
        let wake = Arc::clone(postings.wake());
        // Blocks may wait since the last run.
        wake.blocks(1);
        let handle = thread::Builder::new()
            .name("index".into())
            .spawn(move || run(&mut keeper))
            .map_err(|error| io_error("cannot start the indexing thread", error))?;
        Ok(Indexer { wake, thread: Mutex::new(Some(handle)) })
    }

    /// Indexes everything that is committed by now, merges what is to be merged, and returns.
    pub(crate) fn index_now(&self) -> StoreResult<()> {
        let (done, answer) = channel();
        self.wake.ask(done);
        answer
            .recv()
            .unwrap_or_else(|_| Err(StoreError::new(ErrorKind::Unavailable, "the indexer has stopped")))
    }

    /// As [`Indexer::index_now`], and takes every deleted trace out of the index.
    pub(crate) fn purge_now(&self) -> StoreResult<()> {
        let (done, answer) = channel();
        self.wake.ask_to_purge(done);
        answer
            .recv()
            .unwrap_or_else(|_| Err(StoreError::new(ErrorKind::Unavailable, "the indexer has stopped")))
    }

    /// Ends the thread, in the middle of a part if need be, and waits for it.
    pub(crate) fn stop(&self) {
        self.wake.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the indexing thread panicked");
        }
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells the others when the thread ends, even by a panic.
struct StopOnExit(Arc<Wake>);

impl Drop for StopOnExit {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn run(keeper: &mut Keeper) {
    let wake = Arc::clone(keeper.wake());
    let _stop = StopOnExit(Arc::clone(&wake));
    while let Reason::Work(asked) = wake.wait(keeper.next_purge()) {
        let result = keeper.work();
        if let Err(error) = &result {
            tracing::error!(error = %error, source = ?std::error::Error::source(error), "cannot index");
            metrics::counter!("spanwise_index_failures_total").increment(1);
            wake.failed();
        }
        for answer in asked {
            let result = result.as_ref().map(|_| ());
            // Whoever asked may have gone.
            let _ = answer.send(result.map_err(|error| StoreError::new(error.kind(), error.to_string())));
        }
    }
}
