//! Durations in buckets whose width grows with them: a log histogram of whole numbers, so that what was added can be
//! taken away again and every machine counts alike.
//!
//! A power of two is cut into 64 bins of equal width; durations below 64 ns have a bin each. The middle of a bin is at
//! most 1/128 (0.8 %) from all in it.

use spanwise_store::Percentiles;
use std::ops::Range;

/// Bits of a duration, below its highest, that tell its bin.
const BITS: u32 = 6;
/// Bins of a power of two.
const BINS_PER_POWER: u64 = 1 << BITS;
/// All bins: those of the durations below 64 ns, and of the 57 powers of two above.
pub(crate) const BINS: usize = 58 << BITS;

/// Returns the bin of a duration in nanoseconds; a negative one counts as 0.
pub(crate) fn bin_of(duration_ns: i64) -> u16 {
    let duration = duration_ns.max(0).cast_unsigned();
    if duration < BINS_PER_POWER {
        return duration as u16;
    }
    let shift = duration.ilog2() - BITS;
    (u64::from(shift) * BINS_PER_POWER + (duration >> shift)) as u16
}

/// Returns the middle of a bin in nanoseconds.
pub(crate) fn middle_of(bin: u16) -> i64 {
    let bin = u64::from(bin);
    if bin < BINS_PER_POWER {
        return bin.cast_signed();
    }
    let shift = bin / BINS_PER_POWER - 1;
    let low = (bin % BINS_PER_POWER + BINS_PER_POWER) << shift;
    (low + ((1 << shift) >> 1)).cast_signed()
}

/// No bin holds anything.
const NONE_USED: (usize, usize) = (BINS, 0);

/// Counts by bin, those that are not zero, in ascending order. (Four thousand million in a quarter of an hour are more
/// than a store can hold.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sketch(Vec<(u16, u32)>);

impl Sketch {
    /// Counts one more duration.
    pub(crate) fn add(&mut self, bin: u16, count: u32) {
        match self.0.binary_search_by_key(&bin, |entry| entry.0) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(count),
            Err(place) => self.0.insert(place, (bin, count)),
        }
    }

    /// Takes one duration away that was added.
    pub(crate) fn subtract(&mut self, bin: u16) {
        if let Ok(place) = self.0.binary_search_by_key(&bin, |entry| entry.0) {
            match self.0[place].1 {
                0 | 1 => drop(self.0.remove(place)),
                count => self.0[place].1 = count - 1,
            }
        }
    }

    /// Returns the bins that hold something with their counts, ascending.
    pub(crate) fn bins(&self) -> &[(u16, u32)] {
        &self.0
    }
}

/// Counts of every bin, for adding up many sketches; about 30 KiB.
pub(crate) struct SketchSum {
    counts: Box<[u64]>,
    /// The first bin that may hold something, and the end of those.
    used: (usize, usize),
    total: u64,
}

impl SketchSum {
    /// Holds nothing yet.
    pub(crate) fn new() -> SketchSum {
        SketchSum { counts: vec![0; BINS].into(), used: NONE_USED, total: 0 }
    }

    /// Adds a count of one bin; a bin that does not exist counts as the last.
    pub(crate) fn add(&mut self, bin: u16, count: u64) {
        let bin = usize::from(bin).min(BINS - 1);
        self.counts[bin] = self.counts[bin].saturating_add(count);
        self.total = self.total.saturating_add(count);
        self.used = (self.used.0.min(bin), self.used.1.max(bin + 1));
    }

    /// Takes one of a bin away that was added.
    pub(crate) fn subtract(&mut self, bin: u16) {
        let count = &mut self.counts[usize::from(bin).min(BINS - 1)];
        *count = count.saturating_sub(1);
        self.total = self.total.saturating_sub(1);
    }

    /// Adds another sum.
    pub(crate) fn add_all(&mut self, other: &SketchSum) {
        for bin in other.used() {
            self.counts[bin] = self.counts[bin].saturating_add(other.counts[bin]);
        }
        self.total = self.total.saturating_add(other.total);
        self.used = (self.used.0.min(other.used.0), self.used.1.max(other.used.1));
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.used().for_each(|bin| self.counts[bin] = 0);
        self.used = NONE_USED;
        self.total = 0;
    }

    /// Returns the percentiles of what was added.
    pub(crate) fn percentiles(&self) -> Percentiles {
        let [p50_ns, p95_ns, p99_ns] = [0.5, 0.95, 0.99].map(|share| self.quantile(share));
        Percentiles { p50_ns, p95_ns, p99_ns }
    }

    fn used(&self) -> Range<usize> {
        self.used.0..self.used.1
    }

    fn quantile(&self, share: f64) -> Option<i64> {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for bin in self.used() {
            below += self.counts[bin];
            if below >= rank {
                return Some(middle_of(bin as u16));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_follow_each_other_and_their_middle_is_near() {
        let mut last = 0;
        for exponent in 0..63 {
            for step in 0..200 {
                let duration = (1_i64 << exponent).saturating_add((1_i64 << exponent) / 200 * step);
                let bin = bin_of(duration);
                assert!(usize::from(bin) < BINS && bin >= last, "{duration} is in bin {bin} after {last}");
                last = bin;
                let middle = middle_of(bin) as f64;
                assert!((middle - duration as f64).abs() <= duration as f64 / 128.0, "{duration}: {middle}");
            }
        }
        assert_eq!((bin_of(-5), bin_of(0), middle_of(bin_of(63))), (0, 0, 63));
        assert_eq!(usize::from(bin_of(i64::MAX)), BINS - 1);
    }

    #[test]
    fn what_was_added_can_be_taken_away() {
        let mut sketch = Sketch::default();
        [5, 9, 5].into_iter().for_each(|bin| sketch.add(bin, 1));
        sketch.subtract(5);
        assert_eq!(sketch.bins(), [(5, 1), (9, 1)]);
        [5, 9].into_iter().for_each(|bin| sketch.subtract(bin));
        assert_eq!(sketch, Sketch::default());
    }

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut sum = SketchSum::new();
        (1..=1000).for_each(|ms| sum.add(bin_of(ms * 1_000_000), 3));
        let mut twice = SketchSum::new();
        twice.add_all(&sum);
        let Percentiles { p50_ns, p95_ns, p99_ns } = twice.percentiles();
        for (found, exact) in [(p50_ns, 500e6), (p95_ns, 950e6), (p99_ns, 990e6)] {
            let found = found.unwrap() as f64;
            assert!((found - exact).abs() / exact <= 0.01, "{found} against {exact}");
        }
        sum.clear();
        assert_eq!(sum.percentiles(), Percentiles::default());
    }
}
