//! Percentiles in bounded memory: counts in the bins of the roll-ups, and the durations themselves while they are few.

use crate::rollup::{bin_of, middle_of};
use spanwise_store::Percentiles;

/// Durations that are kept as they are; of more, only the bins are.
const EXACT_MAX: usize = 1_000;

/// Counts of durations, each known to 1 %, and exact while they are few; some thousand numbers whatever is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct DurationSketch {
    /// As many bins as are needed.
    counts: Vec<u64>,
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
        let bin = usize::from(bin_of(duration_ns));
        if bin >= self.counts.len() {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] += 1;
        self.total += 1;
        self.widen(duration_ns, duration_ns);
        if self.exact.len() < EXACT_MAX {
            self.exact.push(duration_ns);
        }
    }

    /// Adds all that was added to another one.
    pub(crate) fn merge(&mut self, other: &DurationSketch) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.total += other.total;
        if let Some((min, max)) = other.range {
            self.widen(min, max);
        }
        let room = EXACT_MAX - self.exact.len();
        self.exact.extend(other.exact.iter().take(room));
    }

    fn widen(&mut self, min: i64, max: i64) {
        let (old_min, old_max) = self.range.unwrap_or((min, max));
        self.range = Some((old_min.min(min), old_max.max(max)));
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
        for (bin, count) in self.counts.iter().enumerate() {
            below += count;
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
