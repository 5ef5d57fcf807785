//! Metrics over time, from the roll-ups where they can answer.

use super::build::are_built;
use super::figures::{ERRORS, OPEN, Sums, unpack_into};
use super::name;
use super::pending::Pending;
use super::rows;
use super::scan::{Stored, Table, scan};
use super::sketch::SketchSum;
use crate::error::sql_error;
use crate::search::SearchContext;
use rusqlite::Connection;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::{
    Metrics, MetricsGroup, MetricsGroupBy, MetricsPoint, MetricsQuery, MetricsSeries, MetricsSubject,
    Percentiles, StoreResult,
};
use std::cmp::Reverse;
use std::collections::HashMap;

/// See [`spanwise_store::Store::trace_metrics`].
pub(crate) fn trace_metrics(
    conn: &mut Connection,
    context: &SearchContext,
    query: &MetricsQuery,
) -> StoreResult<Metrics> {
    query.check()?;
    match query.subject {
        MetricsSubject::ModelCalls if query.filter.is_some() => rows::of_calls(conn, context, query),
        MetricsSubject::ModelCalls => of_rollups(conn, query),
        MetricsSubject::Traces if query.filter.is_some() => rows::of_traces(conn, context, query),
        MetricsSubject::Traces => match of_rollups(conn, query) {
            Ok(metrics) if metrics.complete => Ok(metrics),
            Err(error) if error.kind() != ErrorKind::Internal => Err(error),
            // Not computed yet, or damaged: the rows can say it too, if slower.
            _ => rows::of_traces(conn, context, query),
        },
    }
}

fn of_rollups(conn: &mut Connection, query: &MetricsQuery) -> StoreResult<Metrics> {
    // One transaction: all roll-ups are of one moment.
    let txn = conn.transaction().map_err(sql_error)?;
    let table = match query.subject {
        MetricsSubject::Traces => Table::Trace,
        MetricsSubject::ModelCalls => Table::Call,
    };
    let waiting = table.waiting(&txn, query)?;
    let experiments = table.experiments(&txn, &query.experiments, &waiting)?;
    let mut grouper = Grouper::new(query);
    let mut sums: HashMap<MetricsGroup, Sums> = HashMap::new();
    if grouper.may_be_too_many(&txn, experiments.len())? {
        scan(&txn, table, &experiments, &waiting, &query.edges_ns, |stored| {
            if let Stored::Row { experiment_id, model_key, figures } = stored {
                let group = grouper.group(&txn, experiment_id, model_key)?;
                sums.entry(group).or_default().add(&unpack_into(figures, |_, _| {})?);
            } else if let Stored::Change(change) = stored {
                let group = grouper.group(&txn, change.experiment_id, change.model_key)?;
                sums.entry(group).or_default().change(&change.share, change.is_added);
            }
            Ok(())
        })?;
        sums.retain(|_, sums| !sums.is_empty());
        grouper.keep_largest(&sums);
    }
    let mut all = AllSeries::new(query);
    let mut point = 0;
    scan(&txn, table, &experiments, &waiting, &query.edges_ns, |stored| {
        match stored {
            Stored::Row { experiment_id, model_key, figures } => {
                let group = grouper.group(&txn, experiment_id, model_key)?;
                all.series(&group).add(figures)?;
            }
            Stored::Change(change) => {
                let group = grouper.group(&txn, change.experiment_id, change.model_key)?;
                all.series(&group).change(change);
            }
            Stored::EndOfPoint => {
                all.list.iter_mut().for_each(|series| series.end_point(point));
                point += 1;
            }
        }
        Ok(())
    })?;
    // What waits may have emptied a group.
    all.list.retain(|series| !series.total.is_empty() || series.series.group == MetricsGroup::All);
    let groups = sums.len().max(all.list.len()) as u64;
    let complete = are_built(&txn)?;
    let series = all.list.into_iter().map(SeriesSum::finish).collect();
    Ok(Metrics { series: ordered(series), groups, complete })
}

/// Puts series in their order.
pub(super) fn ordered(mut series: Vec<MetricsSeries>) -> Vec<MetricsSeries> {
    series.sort_by(|left, right| {
        let key = |series: &MetricsSeries| {
            (series.group == MetricsGroup::Others, Reverse((series.total.count, series.total.total_tokens)))
        };
        key(left).cmp(&key(right)).then_with(|| left.group.cmp(&right.group))
    });
    series
}

/// Returns the groups that get a series of their own, if they are more than there may be.
pub(super) fn largest<'a>(
    sums: impl Iterator<Item = (&'a MetricsGroup, &'a Sums)>,
    groups_max: usize,
) -> Option<Vec<MetricsGroup>> {
    let mut sums: Vec<_> = sums.collect();
    if sums.len() <= groups_max {
        return None;
    }
    sums.sort_by_key(|(group, sums)| {
        (Reverse((sums.counts.iter().sum::<u64>(), sums.tokens[2])), (*group).clone())
    });
    Some(sums.into_iter().take(groups_max).map(|(group, _)| group.clone()).collect())
}

/// Finds the group of a roll-up.
struct Grouper<'a> {
    query: &'a MetricsQuery,
    of_models: HashMap<i64, MetricsGroup>,
    kept: Option<Vec<MetricsGroup>>,
}

impl Grouper<'_> {
    fn new(query: &MetricsQuery) -> Grouper<'_> {
        Grouper { query, of_models: HashMap::new(), kept: None }
    }

    fn may_be_too_many(&self, conn: &Connection, experiments: usize) -> StoreResult<bool> {
        let max = self.query.groups_max;
        match self.query.group_by {
            MetricsGroupBy::None => Ok(false),
            MetricsGroupBy::Experiment => Ok(experiments > max),
            MetricsGroupBy::Model | MetricsGroupBy::Provider => conn
                .query_row("SELECT count(*) FROM rollup_model", [], |row| row.get::<_, usize>(0))
                .map(|models| models > max)
                .map_err(sql_error),
        }
    }

    fn keep_largest(&mut self, sums: &HashMap<MetricsGroup, Sums>) {
        self.kept = largest(sums.iter(), self.query.groups_max);
    }

    fn group(&mut self, conn: &Connection, experiment_id: i64, model_key: i64) -> StoreResult<MetricsGroup> {
        let group = match self.query.group_by {
            MetricsGroupBy::None => MetricsGroup::All,
            MetricsGroupBy::Experiment => MetricsGroup::Experiment(ExperimentId(experiment_id)),
            MetricsGroupBy::Model | MetricsGroupBy::Provider => match self.of_models.get(&model_key) {
                Some(group) => group.clone(),
                None => {
                    let group = model_group(conn, model_key, self.query.group_by)?;
                    self.of_models.insert(model_key, group.clone());
                    group
                }
            },
        };
        Ok(match &self.kept {
            Some(kept) if !kept.contains(&group) => MetricsGroup::Others,
            _ => group,
        })
    }
}

fn model_group(conn: &Connection, model_key: i64, by: MetricsGroupBy) -> StoreResult<MetricsGroup> {
    let name = name::load(conn, model_key)?;
    Ok(match by {
        MetricsGroupBy::Model => MetricsGroup::Model(name.model),
        _ => MetricsGroup::Provider(name.provider),
    })
}

/// All series, by group.
struct AllSeries {
    list: Vec<SeriesSum>,
    places: HashMap<MetricsGroup, usize>,
    points: usize,
}

impl AllSeries {
    fn new(query: &MetricsQuery) -> AllSeries {
        let mut all = AllSeries { list: Vec::new(), places: HashMap::new(), points: query.points() };
        if query.group_by == MetricsGroupBy::None {
            all.series(&MetricsGroup::All);
        }
        all
    }

    fn series(&mut self, group: &MetricsGroup) -> &mut SeriesSum {
        let place = match self.places.get(group) {
            Some(place) => *place,
            None => {
                self.list.push(SeriesSum::new(group.clone(), self.points));
                self.places.insert(group.clone(), self.list.len() - 1);
                self.list.len() - 1
            }
        };
        &mut self.list[place]
    }
}

/// One series while it is added up: the present stretch of time, and the whole.
struct SeriesSum {
    series: MetricsSeries,
    point: Sums,
    point_durations: SketchSum,
    total: Sums,
    total_durations: SketchSum,
}

impl SeriesSum {
    fn new(group: MetricsGroup, points: usize) -> SeriesSum {
        let points = vec![MetricsPoint::default(); points];
        SeriesSum {
            series: MetricsSeries { group, total: MetricsPoint::default(), points },
            point: Sums::default(),
            point_durations: SketchSum::new(),
            total: Sums::default(),
            total_durations: SketchSum::new(),
        }
    }

    fn add(&mut self, figures: &[u8]) -> StoreResult<()> {
        let durations = &mut self.point_durations;
        self.point.add(&unpack_into(figures, |bin, count| durations.add(bin, count))?);
        Ok(())
    }

    fn change(&mut self, change: &Pending) {
        self.point.change(&change.share, change.is_added);
        let durations = &mut self.point_durations;
        match change.share.bin {
            Some(bin) if change.is_added => durations.add(bin, 1),
            Some(bin) => durations.subtract(bin),
            None => {}
        }
    }

    fn end_point(&mut self, number: usize) {
        self.series.points[number] = point_of(&self.point, self.point_durations.percentiles());
        self.total.add(&self.point);
        self.total_durations.add_all(&self.point_durations);
        self.point = Sums::default();
        self.point_durations.clear();
    }

    fn finish(mut self) -> MetricsSeries {
        self.series.total = point_of(&self.total, self.total_durations.percentiles());
        self.series
    }
}

/// Returns sums as they are answered.
pub(super) fn point_of(sums: &Sums, durations: Percentiles) -> MetricsPoint {
    let [input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens] =
        sums.tokens.map(|tokens| u64::try_from(tokens).unwrap_or(u64::MAX));
    MetricsPoint {
        count: sums.counts.iter().fold(0, |sum, count| sum.saturating_add(*count)),
        errors: sums.counts[ERRORS],
        in_progress: sums.counts[OPEN],
        input_tokens,
        output_tokens,
        total_tokens,
        cache_read_tokens,
        cache_creation_tokens,
        cost: sums.dollars(),
        durations,
    }
}
