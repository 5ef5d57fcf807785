//! Percentiles in bounded memory: counts in the bins of the roll-ups, and the durations themselves while they are few.

use crate::rollup::{bin_of, middle_of};
use spanwise_store::Percentiles;
use std::collections::BTreeMap;

/// Durations that are kept as they are; of more, only the bins are.
const EXACT_MAX: usize = 1_000;

/// Counts of durations, each known to 1 %, and exact while they are few; a few hundred numbers whatever is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct DurationSketch {
    counts: BTreeMap<u16, u64>,
    /// The durations themselves, as long as there are at most [`EXACT_MAX`].
    exact: Vec<i64>,
    total: u64,
    /// The smallest and the largest: no percentile lies beyond them.
    range: Option<(i64, i64)>,
}

impl DurationSketch {
    /// Adds a duration; one that is negative counts as 0.
    pub(crate) fn add(&mut self, duration_ns: i64) {
        let duration_ns = duration_ns.max(0);
        *self.counts.entry(bin_of(duration_ns)).or_default() += 1;
        self.total += 1;
        let (min, max) = self.range.unwrap_or((duration_ns, duration_ns));
        self.range = Some((min.min(duration_ns), max.max(duration_ns)));
        if self.exact.len() < EXACT_MAX {
            self.exact.push(duration_ns);
        }
    }

    /// Adds what was added to another.
    pub(crate) fn add_all(&mut self, other: &DurationSketch) {
        other.counts.iter().for_each(|(bin, count)| *self.counts.entry(*bin).or_default() += count);
        self.total += other.total;
        if let (Some(mine), Some(others)) = (self.range, other.range) {
            self.range = Some((mine.0.min(others.0), mine.1.max(others.1)));
        } else {
            self.range = self.range.or(other.range);
        }
        let space = EXACT_MAX - self.exact.len();
        self.exact.extend(other.exact.iter().take(space));
    }

    /// Returns the percentiles of what was added.
    pub(crate) fn percentiles(&self) -> Percentiles {
        let mut sorted = self.exact.clone();
        sorted.sort_unstable();
        let quantile = |share: f64| {
            let rank = ((self.total as f64 * share).ceil() as u64).max(1);
            if self.total as usize == sorted.len() {
                return sorted.get(rank as usize - 1).copied();
            }
            let (min, max) = self.range?;
            Some(self.value_of(rank)?.clamp(min, max))
        };
        Percentiles { p50_ns: quantile(0.5), p95_ns: quantile(0.95), p99_ns: quantile(0.99) }
    }

    /// Returns about the value that has this rank, counted from 1.
    fn value_of(&self, rank: u64) -> Option<i64> {
        let mut below = 0;
        for (bin, count) in &self.counts {
            below += count;
            if below >= rank {
                return Some(middle_of(*bin));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut sketch = DurationSketch::default();
        (1..=1000).flat_map(|ms| [ms; 3]).for_each(|ms| sketch.add(ms * 1_000_000));
        let Percentiles { p50_ns, p95_ns, p99_ns } = sketch.percentiles();
        for (found, exact) in [(p50_ns, 500e6), (p95_ns, 950e6), (p99_ns, 990e6)] {
            let found = found.unwrap() as f64;
            assert!((found - exact).abs() / exact <= 0.01, "{found} against {exact}");
        }
    }

    #[test]
    fn a_few_durations_are_exact_and_none_lies_beyond_them() {
        let mut sketch = DurationSketch::default();
        [16_110, 17_080, 44_321].into_iter().for_each(|duration| sketch.add(duration));
        let Percentiles { p50_ns, p95_ns, .. } = sketch.percentiles();
        assert_eq!((p50_ns, p95_ns), (Some(17_080), Some(44_321)));
        let mut same = DurationSketch::default();
        (0..5_000).for_each(|_| same.add(1_000_000));
        assert_eq!(same.percentiles().p50_ns, Some(1_000_000));
    }

    #[test]
    fn nothing_has_no_percentiles_and_zero_is_zero() {
        assert_eq!(DurationSketch::default().percentiles(), Percentiles::default());
        let mut sketch = DurationSketch::default();
        sketch.add(0);
        sketch.add(-5);
        assert_eq!(sketch.percentiles().p99_ns, Some(0));
    }
}
