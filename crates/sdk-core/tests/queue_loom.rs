//! The queue under every interleaving of two threads that push and one that collects.

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use loom::thread::yield_now;
    pub(crate) use std::sync::PoisonError;

    pub(crate) type Locked<'a, T> = MutexGuard<'a, T>;

    /// A lock that is never waited for.
    #[derive(Debug, Default)]
    pub(crate) struct TryLock<T>(Mutex<T>);

    impl<T> TryLock<T> {
        pub(crate) fn try_lock(&self) -> Option<Locked<'_, T>> {
            self.0.try_lock().ok()
        }
    }
}

#[path = "../src/queue.rs"]
#[expect(dead_code, reason = "the whole queue is here, and not all of it is asked for")]
mod queue;

use loom::thread;
use queue::{Chunk, Pushed, Queue};
use std::sync::Arc;

const PREEMPTIONS: usize = 2;
/// Parts of a chunk, of which at least one is used, or it is copied: here, one of 64 bytes with a single message.
const SPARSE_PARTS: u64 = 4;

fn message() -> Vec<u8> {
    b"0123456789".to_vec()
}

/// Pushes `messages`, and returns how many there was no room for.
fn push(queue: &Queue, shard: usize, messages: usize) -> u64 {
    let dropped = |_: &usize| queue.push(shard, &mut message(), 0) == Pushed::Dropped;
    (0..messages).filter(dropped).count() as u64
}

fn check(bytes_max: u64, shards: [usize; 2], messages: usize) {
    let mut model = loom::model::Builder::new();
    // Threads are interrupted at most so often where they need not be: more finds nothing else, and takes minutes.
    model.preemption_bound = Some(PREEMPTIONS);
    model.check(move || {
        let queue = Arc::new(Queue::new(2, bytes_max, bytes_max / 2));
        let threads = shards.map(|shard| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || push(&queue, shard, messages))
        });
        let early = queue.collect(false);
        assert!(queue.used() <= bytes_max);
        let dropped: u64 =
            threads.into_iter().map(|thread| thread.join().expect("pushing does not panic")).sum();
        let collected: Vec<_> = early.into_iter().chain(queue.collect(true)).collect();
        let spans: u64 = collected.iter().map(|chunk| chunk.spans).sum();
        let bytes: usize = collected.iter().map(|chunk| chunk.bytes().len()).sum();
        let counts = queue.counts();
        assert_eq!(counts.recorded, 2 * messages as u64);
        assert_eq!(counts.dropped, dropped);
        assert_eq!(spans + dropped, counts.recorded);
        assert_eq!(bytes as u64, spans * message().len() as u64);
        // What is held costs what it says, and little more than what is in it.
        assert_eq!(queue.used(), collected.iter().map(Chunk::cost).sum::<u64>());
        assert!(collected.iter().all(|chunk| chunk.cost() <= SPARSE_PARTS * chunk.bytes().len() as u64));
        collected.into_iter().for_each(|chunk| queue.release(chunk));
        assert_eq!(queue.used(), 0);
    });
}

#[test]
fn threads_with_shards_of_their_own_lose_nothing() {
    check(16 * 64, [0, 1], 2);
}

#[test]
fn threads_that_want_one_shard_lose_nothing() {
    check(16 * 64, [0, 0], 2);
}

#[test]
fn what_has_no_room_is_counted() {
    // Room for one or two chunks, which each take one message.
    check(16, [0, 1], 1);
    check(32, [0, 1], 2);
}
