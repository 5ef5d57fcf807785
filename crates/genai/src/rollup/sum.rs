//! Exact sums, from which can be taken what was added.

use spanwise_model::{Cost, TokenUsage};

const AMOUNTS: usize = 9;
/// Where the tokens are that every usage has; the totals are compared.
const INPUT: usize = 0;
const OUTPUT: usize = 1;
const TOTAL: usize = 2;
/// Where the parts of the cost are, and the whole, which is compared.
const COST_INPUT: usize = 6;
const COST_OUTPUT: usize = 7;
const COST_TOTAL: usize = 8;

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
    /// How many reported tokens without a cost of them.
    unpriced: u32,
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
            unpriced: u32::from(usage.is_some() && cost.is_none()),
        }
    }

    /// Returns whether any span reported tokens.
    pub(super) fn has_usage(&self) -> bool {
        self.reporters[INPUT] > 0
    }

    /// Returns whether any span reported a cost.
    pub(super) fn has_cost(&self) -> bool {
        self.reporters[COST_TOTAL] > 0
    }

    /// Returns whether nothing was reported.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_usage() && !self.has_cost()
    }

    /// Returns the total tokens.
    pub(super) fn total_tokens(&self) -> i128 {
        self.amounts[TOTAL]
    }

    /// Returns the total cost in units.
    pub(super) fn total_cost(&self) -> i128 {
        self.amounts[COST_TOTAL]
    }

    /// Returns it with what its tokens cost if each costs as much as those of `rates` on average: `None` if it knows its
    /// cost, or `rates` lacks the cost of some tokens, or has no tokens of a kind that this has.
    pub(super) fn priced_as(&self, rates: &Sum) -> Option<Sum> {
        let is_priced = rates.has_usage() && rates.has_cost() && rates.unpriced == 0;
        if !is_priced || !self.has_usage() || self.has_cost() {
            return None;
        }
        let scaled = |units: i128, kind: usize| match (self.amounts[kind], rates.amounts[kind]) {
            _ if units == 0 => Some(0),
            (0, _) => Some(0),
            (_, 0) => None,
            (own, all) => Some((units as f64 * (own as f64 / all as f64)).round() as i128),
        };
        let of = |part: usize| rates.amounts[part];
        let has_parts = of(COST_INPUT) != 0 || of(COST_OUTPUT) != 0;
        let lacks = |kind: usize| has_parts && self.amounts[kind] > 0 && rates.amounts[kind] == 0;
        if lacks(INPUT) || lacks(OUTPUT) {
            return None;
        }
        let (input, output) = (scaled(of(COST_INPUT), INPUT)?, scaled(of(COST_OUTPUT), OUTPUT)?);
        // What is told as a total alone, and what rounding left.
        let rest = scaled(of(COST_TOTAL) - of(COST_INPUT) - of(COST_OUTPUT), TOTAL)?;
        let mut priced = Sum { unpriced: 0, ..*self };
        for (part, units) in [(COST_INPUT, input), (COST_OUTPUT, output), (COST_TOTAL, input + output + rest)]
        {
            (priced.amounts[part], priced.reporters[part]) = (units, 1);
        }
        Some(priced)
    }

    /// Adds another sum.
    pub(super) fn add(&mut self, other: &Sum) {
        for index in 0..AMOUNTS {
            self.amounts[index] += other.amounts[index];
            self.reporters[index] += other.reporters[index];
        }
        self.unpriced += other.unpriced;
    }

    /// Takes away another sum, which was added before.
    pub(super) fn subtract(&mut self, other: &Sum) {
        for index in 0..AMOUNTS {
            self.amounts[index] -= other.amounts[index];
            self.reporters[index] -= other.reporters[index];
        }
        self.unpriced -= other.unpriced;
    }

    /// Returns the usage, if any was reported.
    pub(super) fn usage(&self) -> Option<TokenUsage> {
        let count = |index: usize| u64::try_from(self.amounts[index]).unwrap_or(u64::MAX);
        let reported = |index: usize| (self.reporters[index] > 0).then(|| count(index));
        self.has_usage().then(|| TokenUsage {
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
        self.has_cost().then(|| Cost { input: dollars(6), output: dollars(7), total: dollars(8) })
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
            costs.for_each(|cost| sum.add(&Sum::of(None, Some(cost))));
            sum
        };
        assert_eq!(sum(&mut costs.iter()), sum(&mut costs.iter().rev()));
    }
}
