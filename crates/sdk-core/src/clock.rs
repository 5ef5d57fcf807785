//! One read of a monotonic clock for each end of a span, and what time of day that is.

use crate::counter;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the processor's counter is watched before it is believed: its rate is then known to better than a millionth.
const WATCH_FOR: Duration = Duration::from_millis(100);
/// How far the counter may be from the system's clock; beyond, it is not used any more.
const APART_MAX_NS: u64 = 1_000_000;
/// Bits behind the point of the counter's rate.
const RATE_BITS: u32 = 32;
/// The rate while the counter is not used yet, and when it is not used any more.
const UNKNOWN: u64 = 0;
const DISTRUSTED: u64 = u64::MAX;

/// Turns monotonic time into time of day.
///
/// A span's duration comes from monotonic time alone, so that it is right also where the time of day is set meanwhile. The
/// offset between the two is taken anew by the collecting thread, since they drift apart, and monotonic time stands still
/// while a machine sleeps.
///
/// Asking the system for the time is the most expensive part of a short span. Where the system itself takes its time from
/// the processor's counter, that is read directly, once its rate has been measured. It is compared with the system's clock
/// again and again, and given up for good when the two differ.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// The counter at `origin`.
    counter: Option<u64>,
    /// Nanoseconds a step of the counter.
    rate: AtomicU64,
    /// The time of day at `origin`, in nanoseconds since the Unix epoch.
    offset_ns: AtomicI64,
}

/// Nanoseconds since the origin of the clock.
pub(crate) type MonotonicNs = i64;

impl Clock {
    pub(crate) fn new() -> Clock {
        let counter = counter::is_time_source().then(counter::read);
        let clock = Clock {
            origin: Instant::now(),
            counter,
            rate: AtomicU64::new(if counter.is_some() { UNKNOWN } else { DISTRUSTED }),
            offset_ns: AtomicI64::new(0),
        };
        clock.adjust();
        clock
    }

    /// Takes the offset anew.
    pub(crate) fn adjust(&self) {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_ns = i64::try_from(unix.as_nanos()).unwrap_or(i64::MAX);
        self.offset_ns.store(unix_ns.saturating_sub(self.now()), Ordering::Relaxed);
    }

    /// Measures the counter's rate, or compares it with the system's clock.
    pub(crate) fn check(&self) {
        let Some(start) = self.counter else { return };
        let (system_ns, steps) = (self.system_now().cast_unsigned(), counter::read().wrapping_sub(start));
        match self.rate.load(Ordering::Relaxed) {
            DISTRUSTED => {}
            UNKNOWN if system_ns < WATCH_FOR.as_nanos() as u64 => {}
            UNKNOWN => {
                let rate = (u128::from(system_ns) << RATE_BITS).checked_div(steps.into());
                let rate = rate.and_then(|rate| u64::try_from(rate).ok()).unwrap_or(DISTRUSTED);
                self.rate.store(rate.max(1), Ordering::Relaxed);
            }
            rate if scaled(steps, rate).abs_diff(system_ns) > APART_MAX_NS => {
                self.rate.store(DISTRUSTED, Ordering::Relaxed);
                self.adjust();
            }
            _ => {}
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> MonotonicNs {
        let rate = self.rate.load(Ordering::Relaxed);
        match self.counter {
            Some(start) if rate != UNKNOWN && rate != DISTRUSTED => {
                scaled(counter::read().wrapping_sub(start), rate).cast_signed()
            }
            _ => self.system_now(),
        }
    }

    fn system_now(&self) -> MonotonicNs {
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

#[inline]
fn scaled(steps: u64, rate: u64) -> u64 {
    ((u128::from(steps) * u128::from(rate)) >> RATE_BITS) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_agrees_with_the_system() {
        let clock = Clock::new();
        while clock.system_now().cast_unsigned() <= WATCH_FOR.as_nanos() as u64 {
            std::hint::spin_loop();
        }
        clock.check();
        assert_ne!(clock.rate.load(Ordering::Relaxed), UNKNOWN);
        // Whoever runs in between makes the second read later, never earlier.
        let (before, now, after) = (clock.system_now(), clock.now(), clock.system_now());
        let slack = APART_MAX_NS.cast_signed();
        assert!((before - slack..=after + slack).contains(&now), "{before} {now} {after}");
    }

    #[test]
    fn a_counter_that_goes_astray_is_given_up() {
        let clock =
            Clock { counter: Some(counter::read()), rate: AtomicU64::new(u64::MAX / 2), ..Clock::new() };
        clock.check();
        assert_eq!(clock.rate.load(Ordering::Relaxed), DISTRUSTED);
        assert!(clock.now() <= clock.system_now());
    }
}
