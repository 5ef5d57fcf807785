//! Percentiles in bounded memory: counts in buckets whose bounds grow by a constant factor.

use spanwise_store::Percentiles;
use std::collections::BTreeMap;

/// Ratio of a bucket's bounds; the middle of a bucket is less than 1 % from all in it.
const GROWTH: f64 = 1.02;

/// Counts of durations, each known to 1 %; a few hundred numbers whatever is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct DurationSketch {
    counts: BTreeMap<i32, u64>,
    total: u64,
}

impl DurationSketch {
    /// Adds a duration; one that is not positive counts as 0.
    pub(crate) fn add(&mut self, duration_ns: i64) {
        let bucket =
            if duration_ns <= 0 { i32::MIN } else { ((duration_ns as f64).ln() / GROWTH.ln()).ceil() as i32 };
        *self.counts.entry(bucket).or_default() += 1;
        self.total += 1;
    }

    /// Returns the percentiles of what was added.
    pub(crate) fn percentiles(&self) -> Percentiles {
        Percentiles { p50_ns: self.quantile(0.5), p95_ns: self.quantile(0.95), p99_ns: self.quantile(0.99) }
    }

    fn quantile(&self, share: f64) -> Option<i64> {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        for (bucket, count) in &self.counts {
            below += count;
            if below >= rank {
                return Some(middle(*bucket));
            }
        }
        None
    }
}

fn middle(bucket: i32) -> i64 {
    match bucket {
        i32::MIN => 0,
        _ => (2.0 * GROWTH.powi(bucket) / (GROWTH + 1.0)).round() as i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_one_percent() {
        let mut sketch = DurationSketch::default();
        (1..=1000).for_each(|ms| sketch.add(ms * 1_000_000));
        let Percentiles { p50_ns, p95_ns, p99_ns } = sketch.percentiles();
        for (found, exact) in [(p50_ns, 500e6), (p95_ns, 950e6), (p99_ns, 990e6)] {
            let found = found.unwrap() as f64;
            assert!((found - exact).abs() / exact <= 0.01, "{found} against {exact}");
        }
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
