//! One read of a monotonic clock for each end of a span, and what time of day that is.

use crate::counter;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long the processor's counter is watched before it is believed.
const WATCH_FOR: Duration = Duration::from_millis(100);
/// How far the counter may go astray between two checks: this, and a thousandth of the time between them, which is twice
/// what the system's clock may be slewed by. Beyond, it is not used any more.
const APART_MAX_NS: u64 = 1_000_000;
const APART_MAX_PARTS: u64 = 1_000;
/// Steps of the counter that a read of the system's clock may take: in more, the thread was interrupted.
const READ_STEPS_MAX: u64 = 20_000;
/// Tries to read both without being interrupted.
const READ_TRIES: usize = 8;
/// Bits behind the point of the counter's rate: a nanosecond is exact for years, and 128 nanoseconds a step fit.
const RATE_BITS: u32 = 56;
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
/// the processor's counter, that is read directly, once its rate has been measured. Each check makes it agree with the
/// system's clock again, which may be slewed; when the two have gone apart by more than that, it is given up for good.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    /// The counter at `origin`.
    counter: Option<u64>,
    /// Nanoseconds a step of the counter, from `origin` to the last check.
    rate: AtomicU64,
    /// When that was, in nanoseconds since `origin`.
    checked_ns: AtomicU64,
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
            checked_ns: AtomicU64::new(0),
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

    /// Makes the counter agree with the system's clock. Only one thread does so.
    pub(crate) fn check(&self) {
        let Some(start) = self.counter else { return };
        let rate = self.rate.load(Ordering::Relaxed);
        if rate == DISTRUSTED {
            return;
        }
        let Some((steps, system_ns)) = self.read_both(start) else { return };
        if rate == UNKNOWN && system_ns < WATCH_FOR.as_nanos() as u64 {
            return;
        }
        let since_ns = system_ns.saturating_sub(self.checked_ns.load(Ordering::Relaxed));
        let is_astray = rate != UNKNOWN
            && scaled(steps, rate).abs_diff(system_ns) > APART_MAX_NS + since_ns / APART_MAX_PARTS;
        let measured = (u128::from(system_ns) << RATE_BITS).checked_div(steps.into());
        let measured = measured.and_then(|rate| u64::try_from(rate).ok()).filter(|rate| *rate != UNKNOWN);
        self.checked_ns.store(system_ns, Ordering::Relaxed);
        match measured {
            Some(rate) if !is_astray => self.rate.store(rate, Ordering::Relaxed),
            _ => {
                self.rate.store(DISTRUSTED, Ordering::Relaxed);
                self.adjust();
            }
        }
    }

    /// Reads the counter, as steps since `start`, and the system's clock at one moment; `None` on a machine so busy that
    /// something came between them each time.
    fn read_both(&self, start: u64) -> Option<(u64, u64)> {
        (0..READ_TRIES).find_map(|_| {
            let before = counter::read().wrapping_sub(start);
            let system_ns = self.system_now().cast_unsigned();
            let took = counter::read().wrapping_sub(start).wrapping_sub(before);
            (took <= READ_STEPS_MAX).then_some((before + took / 2, system_ns))
        })
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

    #[inline(never)]
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
    fn a_counter_that_is_a_little_off_is_made_right() {
        let clock = Clock::new();
        while clock.system_now().cast_unsigned() <= WATCH_FOR.as_nanos() as u64 {
            std::hint::spin_loop();
        }
        clock.check();
        let right = clock.rate.load(Ordering::Relaxed);
        let wrong = right + right / 2_000;
        clock.rate.store(wrong, Ordering::Relaxed);
        clock.check();
        let mended = clock.rate.load(Ordering::Relaxed);
        assert!(
            mended != DISTRUSTED && mended.abs_diff(right) < wrong.abs_diff(right) / 10,
            "{right} {mended}"
        );
    }

    #[test]
    fn a_counter_that_goes_astray_is_given_up() {
        let clock =
            Clock { counter: Some(counter::read()), rate: AtomicU64::new(u64::MAX / 2), ..Clock::new() };
        while clock.system_now().cast_unsigned() <= WATCH_FOR.as_nanos() as u64 {
            std::hint::spin_loop();
        }
        clock.check();
        assert_eq!(clock.rate.load(Ordering::Relaxed), DISTRUSTED);
        assert!(clock.now() <= clock.system_now());
    }
}
