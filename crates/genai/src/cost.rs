//! The cost of a span: what it reports, else what the price table says, and why.

use crate::derive::Derived;
use crate::dialect::OWN_DIALECT;
use crate::engine::{CostPart, Part, Slot};
use crate::json::{Cursor, Node};
use crate::prices::{Match, PriceTable, Priced, Unknown};
use spanwise_model::Cost;
use spanwise_otlp::AnyValueView;

/// How far a reported total may be from the price table's and still be the same, as a part of it: rounding.
const SAME: f64 = 1e-6;

/// Where a span's cost is from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CostSource {
    /// Nowhere: it is not known.
    #[default]
    Unknown,
    /// The span reports it.
    Reported,
    /// The price table says it.
    Priced,
    /// Other spans: this one says again what they used.
    Repeated,
}

/// Why a span's cost is what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct CostReason {
    /// How its model was found among the prices, or why it was not; `None` if the span names no model.
    pub found: Option<Match>,
    /// What its tokens cost at these prices.
    pub priced: Option<Priced>,
    /// Why its cost is not known, if it is not.
    pub unknown: Option<Unknown>,
}

/// Says why the cost of a span is what it is; `prices` are those that it was derived with.
pub fn explain_cost(derived: &Derived<'_>, prices: &PriceTable) -> CostReason {
    let found = derived.model.as_deref().map(|model| prices.find(derived.provider.as_deref(), model));
    let row = found.as_ref().map(|found| found.row.clone());
    let priced = match (&row, &derived.usage) {
        (Some(Ok(row)), Some(usage)) => PriceTable::explain(row, usage, derived.usage_details()),
        _ => None,
    };
    let unknown = match derived.cost_source {
        CostSource::Reported | CostSource::Priced => None,
        CostSource::Repeated => Some(Unknown::Repeated),
        CostSource::Unknown => Some(match row {
            _ if derived.usage.is_none_or(|usage| usage.input == 0 && usage.output == 0) => Unknown::NoTokens,
            None => Unknown::NoModel,
            Some(row) => row.err().unwrap_or(Unknown::NoTokens),
        }),
    };
    CostReason { found, priced, unknown }
}

/// Finds the cost among hits that come in order of precedence.
#[derive(Default)]
pub(crate) struct CostPick {
    map: Option<Cost>,
    input: Option<f64>,
    output: Option<f64>,
    total: Option<f64>,
}

impl CostPick {
    pub(crate) fn take(&mut self, slot: &Slot, value: AnyValueView<'_>) {
        let Part::Cost(part) = slot.part else {
            let is_told = |cost: &Cost| slot.dialect == OWN_DIALECT || cost.total > 0.0;
            self.map = self.map.or_else(|| read_cost(value).filter(is_told));
            return;
        };
        let place = match part {
            CostPart::Input => &mut self.input,
            CostPart::Output => &mut self.output,
            CostPart::Total => &mut self.total,
        };
        *place = place.or_else(|| amount(Cursor::Native(value)));
    }

    /// Returns the cost; `priced` is asked where the span does not tell all of it.
    ///
    /// A reported cost of nothing is what libraries write for a model whose price they don't know. A total alone is
    /// split as the price table would.
    pub(crate) fn finish(&self, priced: impl FnOnce() -> Option<Cost>) -> (Option<Cost>, CostSource) {
        if let Some(reported) = self.reported() {
            return (Some(self.split(reported, priced)), CostSource::Reported);
        }
        match priced() {
            Some(cost) => (Some(cost), CostSource::Priced),
            None => (None, CostSource::Unknown),
        }
    }

    /// Returns the total, or the whole, that is reported.
    fn reported(&self) -> Option<Cost> {
        let (input, output) = (self.input.unwrap_or(0.0), self.output.unwrap_or(0.0));
        let total = self.total.unwrap_or(input + output);
        self.map.or(Some(Cost { input, output, total }).filter(|cost| cost.total > 0.0))
    }

    fn split(&self, reported: Cost, priced: impl FnOnce() -> Option<Cost>) -> Cost {
        if self.map.is_some() {
            return reported;
        }
        let total = reported.total;
        let priced = priced();
        if let Some(priced) = priced.filter(|priced| (priced.total - total).abs() <= SAME * total) {
            return priced;
        }
        let has_parts = reported.input + reported.output > 0.0;
        let Some(priced) = priced.filter(|priced| priced.total > 0.0 && !has_parts) else { return reported };
        let share = total / priced.total;
        Cost { input: priced.input * share, output: priced.output * share, total }
    }
}

/// Reads a map of costs; a missing part is 0, a missing total the sum.
fn read_cost(value: AnyValueView<'_>) -> Option<Cost> {
    let map = Cursor::of_attribute(value);
    let part = |keys: [&str; 2]| map.get_all(&keys).into_iter().flatten().find_map(amount);
    let input = part(["input_cost", "input"]);
    let output = part(["output_cost", "output"]);
    let total = part(["total_cost", "total"]);
    input.or(output).or(total)?;
    let (input, output) = (input.unwrap_or(0.0), output.unwrap_or(0.0));
    Some(Cost { input, output, total: total.unwrap_or(input + output) })
}

fn amount(cursor: Cursor<'_>) -> Option<f64> {
    match cursor.node() {
        Node::Number(text) | Node::Text(text) => {
            text.trim().parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICED: Cost = Cost { input: 1.0, output: 3.0, total: 4.0 };

    fn check(
        input: Option<f64>,
        output: Option<f64>,
        total: Option<f64>,
        priced: Option<Cost>,
        expected: Option<[f64; 3]>,
    ) {
        let found = CostPick { map: None, input, output, total }.finish(|| priced).0;
        assert_eq!(found.map(|cost| [cost.input, cost.output, cost.total]), expected);
    }

    #[test]
    fn a_map_fills_what_is_missing() {
        let cost = |text| read_cost(AnyValueView::String(text));
        assert_eq!(
            cost("{\"input_cost\": 1, \"output_cost\": 0.5}"),
            Some(Cost { input: 1.0, output: 0.5, total: 1.5 })
        );
        assert_eq!(cost("{\"total_cost\": 2e0}"), Some(Cost { input: 0.0, output: 0.0, total: 2.0 }));
        assert_eq!(cost("{\"input\": 1, \"total\": 3}"), Some(Cost { input: 1.0, output: 0.0, total: 3.0 }));
        assert_eq!(cost("{\"total_cost\": 1e999}"), None);
        assert_eq!(cost("{}"), None);
    }

    #[test]
    fn what_is_reported_wins_over_the_price_table() {
        check(Some(1.0), Some(2.0), None, Some(PRICED), Some([1.0, 2.0, 3.0]));
        check(Some(1.0), Some(2.0), Some(2.5), None, Some([1.0, 2.0, 2.5]));
        check(None, None, None, Some(PRICED), Some([1.0, 3.0, 4.0]));
        check(None, None, None, None, None);
    }

    #[test]
    fn a_total_alone_is_split_as_the_price_table_would() {
        check(None, None, Some(2.0), Some(PRICED), Some([0.5, 1.5, 2.0]));
        check(None, None, Some(4.0 + 1e-9), Some(PRICED), Some([1.0, 3.0, 4.0]));
        check(None, None, Some(2.0), None, Some([0.0, 0.0, 2.0]));
    }

    #[test]
    fn a_cost_of_nothing_is_not_known() {
        check(Some(0.0), Some(0.0), Some(0.0), Some(PRICED), Some([1.0, 3.0, 4.0]));
        check(None, None, Some(0.0), None, None);
    }
}
