//! The primitives that the queue is made of, in one place: its test under every interleaving has others.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
pub(crate) use std::thread::yield_now;
pub(crate) use try_lock::{Locked, TryLock};
