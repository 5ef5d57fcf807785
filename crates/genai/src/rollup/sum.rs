//! Exact sums, from which can be taken what was added.

use spanwise_model::{Cost, TokenUsage};
use std::ops::Range;

/// What is summed: each kind counts by the rule on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Usage,
    Cost,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Usage, Kind::Cost];

    /// The amounts of this kind.
    fn range(self) -> Range<usize> {
        match self {
            Kind::Usage => 0..6,
            Kind::Cost => 6..AMOUNTS,
        }
    }
}

const AMOUNTS: usize = 9;

/// Costs are summed in units of 2^-90 dollars. Every double above 10^-11 is a whole number of them, so that a sum is
/// exact, the same in every order, and the cost of a single span comes out as it went in.
const COST_UNITS: f64 = (1u128 << 90) as f64;
/// Larger costs of one span are taken for this, so that sums can't overflow.
const COST_MAX: f64 = 1e6;

/// A sum over spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    amounts: [i128; AMOUNTS],
    /// How many spans reported each amount.
    reporters: [u32; AMOUNTS],
}

impl Sum {
    /// Returns the sum over one span.
    pub(super) fn of(usage: Option<&TokenUsage>, cost: Option<&Cost>) -> Sum {
        let count = |count: Option<u64>| count.map(i128::from);
        let amounts = [
            count(usage.map(|usage| usage.input)),
            count(usage.map(|usage| usage.output)),
            count(usage.map(|usage| usage.total)),
            count(usage.and_then(|usage| usage.cache_read)),
            count(usage.and_then(|usage| usage.cache_creation)),
            count(usage.and_then(|usage| usage.cache_creation_above_1h)),
            cost.map(|cost| cost_units(cost.input)),
            cost.map(|cost| cost_units(cost.output)),
            cost.map(|cost| cost_units(cost.total)),
        ];
        Sum {
            amounts: amounts.map(Option::unwrap_or_default),
            reporters: amounts.map(|amount| u32::from(amount.is_some())),
        }
    }

    /// Returns whether any span reported that kind.
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.reporters[kind.range().start] > 0
    }

    /// Returns whether nothing was reported.
    pub(super) fn is_empty(&self) -> bool {
        self.reporters == [0; AMOUNTS]
    }

    /// Adds one kind of another sum.
    pub(super) fn add(&mut self, kind: Kind, other: &Sum) {
        for index in kind.range() {
            self.amounts[index] = self.amounts[index].saturating_add(other.amounts[index]);
            self.reporters[index] += other.reporters[index];
        }
    }

    /// Takes away one kind of another sum, which was added before.
    pub(super) fn subtract(&mut self, kind: Kind, other: &Sum) {
        for index in kind.range() {
            self.amounts[index] = self.amounts[index].saturating_sub(other.amounts[index]);
            self.reporters[index] -= other.reporters[index];
        }
    }

    /// Replaces one kind by that of another sum.
    pub(super) fn set(&mut self, kind: Kind, other: &Sum) {
        for index in kind.range() {
            self.amounts[index] = other.amounts[index];
            self.reporters[index] = other.reporters[index];
        }
    }

    /// Returns the usage, if any was reported.
    pub(super) fn usage(&self) -> Option<TokenUsage> {
        let count = |index: usize| u64::try_from(self.amounts[index]).unwrap_or(u64::MAX);
        let reported = |index: usize| (self.reporters[index] > 0).then(|| count(index));
        self.has(Kind::Usage).then(|| TokenUsage {
            input: count(0),
            output: count(1),
            total: count(2),
            cache_read: reported(3),
            cache_creation: reported(4),
            cache_creation_above_1h: reported(5),
        })
    }

    /// Returns the cost, if any was reported.
    pub(super) fn cost(&self) -> Option<Cost> {
        let dollars = |index: usize| self.amounts[index] as f64 / COST_UNITS;
        self.has(Kind::Cost).then(|| Cost { input: dollars(6), output: dollars(7), total: dollars(8) })
    }
}

fn cost_units(dollars: f64) -> i128 {
    (dollars.clamp(-COST_MAX, COST_MAX) * COST_UNITS).round() as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_one_span_comes_out_as_it_went_in() {
        for amount in [1.2450000000000001e-05, 7.500000000000001e-06, 1e-9, 0.1, 123_456.789, 0.0] {
            let cost = Cost { input: amount, output: amount, total: amount };
            assert_eq!(Sum::of(None, Some(&cost)).cost(), Some(cost));
        }
    }

    #[test]
    fn sums_do_not_depend_on_order() {
        let costs = [0.1, 1e-9, 3.3e-6, 7.0, 0.2, 1e-5].map(|total| Cost { total, ..Cost::default() });
        let sum = |costs: &mut dyn Iterator<Item = &Cost>| {
            let mut sum = Sum::default();
            costs.for_each(|cost| sum.add(Kind::Cost, &Sum::of(None, Some(cost))));
            sum
        };
        assert_eq!(sum(&mut costs.iter()), sum(&mut costs.iter().rev()));
    }
}
