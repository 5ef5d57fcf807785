//! The values of one group: their sums, and what their percentiles are told from.

use spanwise_model::Aggregation;
use std::collections::{BTreeMap, HashSet};

/// Values that one answer keeps as they are, over all groups: up to so many, percentiles are exact. Of more, counts in bins
/// are kept that are as wide as those of the roll-ups, so that percentiles are at most 0.8 % off.
pub const EXACT_VALUES_MAX: usize = 1 << 20;
/// Different things that one answer counts, over all groups.
pub const DISTINCT_MAX: usize = 1 << 21;
/// Bits of a float below those that tell its bin: a bin is 1/64 of a power of two.
const BIN_SHIFT: u32 = 46;

/// What is kept over all groups.
pub(super) struct Kept {
    wants_percentile: bool,
    count: usize,
    max: usize,
    is_coarse: bool,
}

impl Kept {
    pub(super) fn new(wants_percentile: bool, counts_distinct: bool) -> Kept {
        let max = if counts_distinct { DISTINCT_MAX } else { EXACT_VALUES_MAX };
        Kept { wants_percentile, count: 0, max, is_coarse: false }
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.count > self.max
    }

    /// From now on only bins are kept.
    pub(super) fn forget(&mut self) {
        (self.count, self.is_coarse) = (0, true);
    }

    /// Forgets a group that was dropped.
    pub(super) fn release(&mut self, dropped: &Values) {
        self.count -= dropped.exact.len() + dropped.distinct.len();
    }
}

/// The values of a group.
#[derive(Default)]
pub(super) struct Values {
    count: u64,
    sum: f64,
    range: Option<(f64, f64)>,
    exact: Vec<f64>,
    bins: BTreeMap<i32, u64>,
    distinct: HashSet<u64>,
}

impl Values {
    pub(super) fn add(&mut self, value: f64, kept: &mut Kept) {
        self.count += 1;
        self.sum += value;
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
        if !kept.wants_percentile {
        } else if kept.is_coarse {
            *self.bins.entry(bin_of(value)).or_default() += 1;
        } else {
            self.exact.push(value);
            kept.count += 1;
        }
    }

    pub(super) fn add_distinct(&mut self, hash: u64, kept: &mut Kept) {
        if self.distinct.insert(hash) {
            kept.count += 1;
            self.count += 1;
        }
    }

    pub(super) fn add_sum(&mut self, count: u64, sum: f64) {
        self.count += count;
        self.sum += sum;
    }

    /// Puts the values into bins.
    pub(super) fn coarsen(&mut self) {
        for value in std::mem::take(&mut self.exact) {
            *self.bins.entry(bin_of(value)).or_default() += 1;
        }
    }

    pub(super) fn sum_up(&mut self, aggregation: Aggregation) -> Option<f64> {
        let some = |value| (self.count > 0).then_some(value);
        match aggregation {
            Aggregation::Count => Some(self.count as f64),
            Aggregation::Sum => some(self.sum),
            Aggregation::Avg => some(self.sum / self.count as f64),
            Aggregation::Min => self.range.map(|(min, _)| min),
            Aggregation::Max => self.range.map(|(_, max)| max),
            Aggregation::Percentile(percent) => self.percentile(percent),
        }
    }

    /// Interpolates between the two values that are nearest to that share of them.
    fn percentile(&mut self, percent: f64) -> Option<f64> {
        let (min, max) = self.range?;
        self.exact.sort_unstable_by(f64::total_cmp);
        let rank = percent / 100.0 * (self.count - 1) as f64;
        let below = self.value_of(rank.floor() as u64)?.clamp(min, max);
        let above = self.value_of(rank.ceil() as u64)?.clamp(min, max);
        Some(below + (above - below) * rank.fract())
    }

    /// Returns the value of that rank, counted from 0.
    fn value_of(&self, rank: u64) -> Option<f64> {
        if self.bins.is_empty() {
            return self.exact.get(rank as usize).copied();
        }
        let mut below = 0;
        for (bin, count) in &self.bins {
            below += count;
            if below > rank {
                return Some(middle_of(*bin));
            }
        }
        None
    }
}

/// Returns the number of a value's bin; these are in the order of the values.
fn bin_of(value: f64) -> i32 {
    let magnitude = (value.abs().to_bits() >> BIN_SHIFT) as i32;
    // 0 has a bin of its own.
    let magnitude = if value == 0.0 { 0 } else { magnitude + 1 };
    if value < 0.0 { -magnitude } else { magnitude }
}

/// Returns the middle of a bin.
fn middle_of(bin: i32) -> f64 {
    if bin == 0 {
        return 0.0;
    }
    let bits = (u64::from(bin.unsigned_abs() - 1) << BIN_SHIFT) | (1 << (BIN_SHIFT - 1));
    f64::from_bits(bits).copysign(f64::from(bin))
}
