//! One read of the monotonic clock for each end of a span, and what time of day that is.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Turns monotonic time into time of day.
///
/// A span's duration comes from the monotonic clock alone, so that it is right also where the time of day is set
/// meanwhile. The offset between the two is taken anew by the collecting thread, since they drift apart, and the
/// monotonic clock stands still while a machine sleeps.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// The time of day at `origin`, in nanoseconds since the Unix epoch.
    offset_ns: AtomicI64,
}

/// Nanoseconds since the origin of the clock.
pub(crate) type MonotonicNs = i64;

impl Clock {
    pub(crate) fn new() -> Clock {
        let clock = Clock { origin: Instant::now(), offset_ns: AtomicI64::new(0) };
        clock.adjust();
        clock
    }

    /// Takes the offset anew.
    pub(crate) fn adjust(&self) {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_ns = i64::try_from(unix.as_nanos()).unwrap_or(i64::MAX);
        self.offset_ns.store(unix_ns.saturating_sub(self.now()), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn now(&self) -> MonotonicNs {
        let since = self.origin.elapsed();
        // 292 years fit.
        since.as_secs() as i64 * 1_000_000_000 + i64::from(since.subsec_nanos())
    }

    /// Returns what to add to monotonic time for nanoseconds since the Unix epoch.
    #[inline]
    pub(crate) fn offset_ns(&self) -> i64 {
        self.offset_ns.load(Ordering::Relaxed)
    }
}
