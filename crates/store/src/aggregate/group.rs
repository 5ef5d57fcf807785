//! Values on their way into their groups, in bounded memory.

use super::values::{Kept, Values};
use super::{AggregateQuery, AggregateRow};
use crate::{StoreError, StoreResult};
use spanwise_model::{Aggregation, Measure};
use std::collections::BTreeMap;

/// Where a value belongs: rows are in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The start of its stretch of time, in milliseconds since the epoch.
    pub bucket_ms: Option<i64>,
    /// The texts of the dimensions, in their order.
    pub texts: Vec<Box<str>>,
}

/// The groups of one question while they are filled.
///
/// Only the first rows are asked for, so that a group beyond them is dropped: no more are ever held than asked for. The
/// values themselves are kept for exact percentiles as long as they are few; see [`super::EXACT_VALUES_MAX`].
pub struct Grouping<'a> {
    query: &'a AggregateQuery,
    groups: BTreeMap<Place, Values>,
    kept: Kept,
}

impl<'a> Grouping<'a> {
    /// Starts without any group.
    pub fn new(query: &'a AggregateQuery) -> Grouping<'a> {
        let wants_percentile =
            query.aggregations.iter().any(|aggregation| matches!(aggregation, Aggregation::Percentile(_)));
        let kept = Kept::new(wants_percentile, query.measure == Measure::SessionCount);
        Grouping { query, groups: BTreeMap::new(), kept }
    }

    /// Returns the start of the stretch of time that a time, in milliseconds, falls into.
    pub fn bucket_of(&self, time_ms: i64) -> Option<i64> {
        let width = self.query.bucket_ms?;
        Some(time_ms.div_euclid(width).saturating_mul(width))
    }

    /// Adds a value.
    pub fn add(&mut self, place: Place, value: f64) {
        let Some(values) = group(&mut self.groups, self.query.rows_max, &mut self.kept, place) else {
            return;
        };
        values.add(value, &mut self.kept);
        if self.kept.are_too_many() {
            self.kept.forget();
            self.groups.values_mut().for_each(Values::coarsen);
        }
    }

    /// Adds something that counts once however often it is added, by a hash of it.
    ///
    /// # Errors
    /// `InvalidArgument` if these are more than [`super::DISTINCT_MAX`].
    pub fn add_distinct(&mut self, place: Place, hash: u64) -> StoreResult<()> {
        let Some(values) = group(&mut self.groups, self.query.rows_max, &mut self.kept, place) else {
            return Ok(());
        };
        values.add_distinct(hash, &mut self.kept);
        if self.kept.are_too_many() {
            let message = format!(
                "more than {} different sessions to count; narrow the question by experiment, time or a filter",
                super::DISTINCT_MAX
            );
            return Err(StoreError::invalid(message));
        }
        Ok(())
    }

    /// Adds values that were added up elsewhere: how many there are, if that is known, and their sum.
    pub fn add_sum(&mut self, place: Place, count: u64, sum: f64) {
        if let Some(values) = group(&mut self.groups, self.query.rows_max, &mut self.kept, place) {
            values.add_sum(count, sum);
        }
    }

    /// Returns the rows in their order. Nothing is counted as 0 where no groups were asked for.
    pub fn finish(mut self) -> Vec<AggregateRow> {
        if self.groups.is_empty() && self.query.dimensions.is_empty() && self.query.bucket_ms.is_none() {
            self.groups.insert(Place { bucket_ms: None, texts: Vec::new() }, Values::default());
        }
        let rows = self.groups.into_iter().map(|(place, mut values)| AggregateRow {
            bucket_ms: place.bucket_ms,
            texts: place.texts,
            values: self.query.aggregations.iter().map(|aggregation| values.sum_up(*aggregation)).collect(),
        });
        rows.filter(|row| row.values.iter().any(Option::is_some)).collect()
    }
}

/// Returns the group of a place, unless it is beyond the rows that are asked for.
fn group<'g>(
    groups: &'g mut BTreeMap<Place, Values>,
    rows_max: usize,
    kept: &mut Kept,
    place: Place,
) -> Option<&'g mut Values> {
    if groups.len() >= rows_max && !groups.contains_key(&place) {
        if groups.last_key_value().is_some_and(|(last, _)| *last < place) {
            return None;
        }
        if let Some((_, dropped)) = groups.pop_last() {
            kept.release(&dropped);
        }
    }
    Some(groups.entry(place).or_default())
}

#[cfg(test)]
mod tests {
    use super::super::EXACT_VALUES_MAX;
    use super::*;
    use spanwise_model::MetricDimension;

    fn query(aggregations: &[Aggregation], rows_max: usize) -> AggregateQuery {
        AggregateQuery {
            experiments: Vec::new(),
            measure: Measure::TraceLatency,
            aggregations: aggregations.to_vec(),
            dimensions: vec![MetricDimension::TraceName],
            filters: Vec::new(),
            from_ms: None,
            to_ms: None,
            bucket_ms: None,
            rows_max,
        }
    }

    fn place(text: &str) -> Place {
        Place { bucket_ms: None, texts: vec![text.into()] }
    }

    const ALL: [Aggregation; 6] = [
        Aggregation::Count,
        Aggregation::Sum,
        Aggregation::Avg,
        Aggregation::Min,
        Aggregation::Max,
        Aggregation::Percentile(75.0),
    ];

    #[test]
    fn values_are_summed_up_by_group_in_the_order_of_the_places() {
        let query = query(&ALL, 10);
        let mut grouping = Grouping::new(&query);
        for (text, value) in [("b", 4.0), ("a", 1.0), ("b", 1.0), ("b", -2.0)] {
            grouping.add(place(text), value);
        }
        let rows = grouping.finish();
        let found: Vec<_> = rows.into_iter().map(|row| (row.texts[0].to_string(), row.values)).collect();
        let values = |values: [f64; 6]| values.map(Some).to_vec();
        assert_eq!(found[0], ("a".to_owned(), values([1.0; 6])));
        assert_eq!(found[1], ("b".to_owned(), values([3.0, 3.0, 1.0, -2.0, 4.0, 2.5])));
    }

    #[test]
    fn only_the_first_rows_are_held_and_they_are_whole() {
        let query = query(&[Aggregation::Count], 2);
        let mut grouping = Grouping::new(&query);
        for text in ["d", "b", "c", "b", "d", "a", "b", "c"] {
            grouping.add(place(text), 1.0);
        }
        let rows = grouping.finish();
        let found: Vec<_> = rows.iter().map(|row| (&*row.texts[0], row.values[0])).collect();
        assert_eq!(found, [("a", Some(1.0)), ("b", Some(3.0))]);
    }

    #[test]
    fn times_fall_into_buckets_from_the_epoch() {
        let query = AggregateQuery { bucket_ms: Some(60_000), ..query(&[Aggregation::Count], 2) };
        let grouping = Grouping::new(&query);
        let found = [0, 59_999, 60_000, -1].map(|time| grouping.bucket_of(time));
        assert_eq!(found, [Some(0), Some(0), Some(60_000), Some(-60_000)]);
    }

    #[test]
    fn nothing_is_counted_as_zero_without_groups_alone() {
        let grouped = query(&[Aggregation::Count, Aggregation::Avg], 2);
        assert_eq!(Grouping::new(&grouped).finish(), []);
        let whole = AggregateQuery { dimensions: Vec::new(), ..grouped };
        assert_eq!(Grouping::new(&whole).finish()[0].values, [Some(0.0), None]);
        let values = AggregateQuery { aggregations: vec![Aggregation::Avg, Aggregation::Sum], ..whole };
        assert_eq!(Grouping::new(&values).finish(), []);
    }

    #[test]
    fn many_values_have_percentiles_within_one_percent() {
        let query =
            query(&[Aggregation::Percentile(50.0), Aggregation::Percentile(99.0), Aggregation::Max], 2);
        let mut grouping = Grouping::new(&query);
        let count = EXACT_VALUES_MAX + 10;
        for number in 0..count {
            grouping.add(place(if number % 2 == 0 { "a" } else { "b" }), number as f64 - 1_000.0);
        }
        for row in grouping.finish() {
            let exact = [0.5, 0.99].map(|share| count as f64 * share - 1_000.0);
            for (found, exact) in row.values.iter().flatten().zip(exact) {
                assert!((found - exact).abs() / exact <= 0.01, "{found} against {exact}");
            }
            assert!(row.values[2].unwrap() >= count as f64 - 1_002.0);
        }
    }

    #[test]
    fn what_counts_once_is_counted_once() {
        let query = AggregateQuery { measure: Measure::SessionCount, ..query(&[Aggregation::Count], 2) };
        let mut grouping = Grouping::new(&query);
        for (text, hash) in [("a", 1), ("a", 2), ("a", 1), ("b", 1)] {
            grouping.add_distinct(place(text), hash).unwrap();
        }
        let counts: Vec<_> = grouping.finish().iter().map(|row| row.values[0]).collect();
        assert_eq!(counts, [Some(2.0), Some(1.0)]);
    }
}
