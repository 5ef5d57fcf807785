//! Threads that read: each with a connection of its own, so that no SQLite call runs on the async runtime.

use crate::schema;
use crate::trace_ids::{self, TraceIds};
use rusqlite::Connection;
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A fixed number of reading threads that share one queue.
pub(crate) struct ReaderPool {
    jobs: Sender<Job>,
}

impl ReaderPool {
    /// Opens `threads` connections to the database at `path`.
    pub(crate) fn open(path: &Path, threads: usize, ids: &Arc<TraceIds>) -> StoreResult<ReaderPool> {
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let conn = schema::open_reader(path)?;
            trace_ids::attach(&conn, ids)?;
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("read-{number}"))
                .spawn(move || run(conn, &queue))
                .map_err(|error| crate::error::io_error("cannot start a reading thread", error))?;
        }
        Ok(ReaderPool { jobs })
    }

    /// Runs `job` on a reading thread; when the caller stops waiting before it started, it does not run.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            if !reply.is_closed() {
                // The caller may have gone while the job ran; then nobody wants the answer.
                let _ = reply.send(job(conn));
            }
        });
        self.jobs.send(job).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn run(mut conn: Connection, queue: &Mutex<Receiver<Job>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A job that panics costs its own answer, not the thread: the connection holds no state of the job.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&mut conn))).is_err() {
            tracing::error!("a read panicked");
        }
    }
}

fn gone() -> StoreError {
    StoreError::new(ErrorKind::Unavailable, "the store is closed")
}
