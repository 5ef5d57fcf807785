//! Metrics over time from the rows and packed columns of the traces that match a filter.

use super::figures::Sums;
use super::read::{largest, ordered, point_of};
use super::record::{FACT_COLUMNS, TraceFacts};
use crate::explore::{DurationSketch, TraceColumns};
use crate::rollup::SpanFacts;
use crate::search::{self, SearchContext};
use rusqlite::{Connection, Row};
use spanwise_genai::rollup::UsageTree;
use spanwise_model::ExperimentId;
use spanwise_store::{
    Metrics, MetricsGroup, MetricsGroupBy, MetricsPoint, MetricsQuery, MetricsSeries, StoreResult,
};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Traces whose packed columns are read for the calls of a filter.
const CALL_TRACES_MAX: usize = 50_000;
/// How long reading them may take; what was counted by then is the answer.
const CALL_TIME_MAX: Duration = Duration::from_secs(2);

/// Adds up traces.
pub(super) fn of_traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &MetricsQuery,
) -> StoreResult<Metrics> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let sql = |compiled: &mut search::Compiled| {
        format!("SELECT start_ns, duration_ns, {FACT_COLUMNS} FROM trace t WHERE {}", compiled.sql)
    };
    let mut builder = Builder::new(query);
    let read = |row: &Row<'_>| {
        let facts = TraceFacts::from_columns(row, 2)?;
        let mut sums = Sums::default();
        sums.add_share(&facts.share);
        builder.add(facts.experiment_id, &sums, row.get(0)?, row.get(1)?, None);
        Ok(())
    };
    // Nothing is collected.
    search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    Ok(builder.finish(true))
}

/// Adds up calls of the newest traces.
pub(super) fn of_calls(
    conn: &mut Connection,
    context: &SearchContext,
    query: &MetricsQuery,
) -> StoreResult<Metrics> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let sql = |compiled: &mut search::Compiled| {
        format!(
            "SELECT t.trace_key, t.experiment_id FROM trace t WHERE {} ORDER BY t.start_ns DESC LIMIT {}",
            compiled.sql,
            CALL_TRACES_MAX + 1
        )
    };
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let traces: Vec<(i64, i64)> =
        search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    let deadline = Instant::now() + CALL_TIME_MAX;
    let mut builder = Builder::new(query);
    let mut counted = 0;
    for (trace_key, experiment_id) in traces.iter().take(CALL_TRACES_MAX) {
        if Instant::now() > deadline {
            break;
        }
        add_calls(&mut builder, &TraceColumns::load(conn, *trace_key)?, *experiment_id);
        counted += 1;
    }
    Ok(builder.finish(counted == traces.len()))
}

fn add_calls(builder: &mut Builder<'_>, columns: &TraceColumns, experiment_id: i64) {
    let mut usage = UsageTree::default();
    for (_, row) in columns.rows() {
        usage.insert(row.span_id, row.parent_id, row.usage, row.cost);
    }
    for (columns, row) in columns.rows() {
        let facts = SpanFacts::of_row(columns, row);
        let Some(share) = facts.counted_share(usage.counts(row.span_id)) else { continue };
        let mut sums = Sums::default();
        sums.add_share(&share);
        let duration = share.bin.and(row.end_ns).map(|end_ns| end_ns.saturating_sub(row.start_ns));
        builder.add(experiment_id, &sums, row.start_ns, duration, Some(&facts));
    }
}

/// Sums of a group in one stretch of time.
#[derive(Default)]
struct Cell {
    sums: Sums,
    durations: DurationSketch,
}

impl Cell {
    fn add(&mut self, sums: &Sums, duration_ns: Option<i64>) {
        self.sums.add(sums);
        duration_ns.iter().for_each(|duration| self.durations.add(*duration));
    }

    fn add_all(&mut self, other: &Cell) {
        self.sums.add(&other.sums);
        self.durations.merge(&other.durations);
    }

    fn point(&self) -> MetricsPoint {
        point_of(&self.sums, self.durations.percentiles())
    }
}

/// The cells of one group, and their sum.
#[derive(Default)]
struct Group {
    total: Cell,
    cells: BTreeMap<usize, Cell>,
}

struct Builder<'a> {
    query: &'a MetricsQuery,
    groups: HashMap<MetricsGroup, Group>,
}

impl<'a> Builder<'a> {
    fn new(query: &'a MetricsQuery) -> Builder<'a> {
        let mut groups = HashMap::new();
        if query.group_by == MetricsGroupBy::None {
            groups.insert(MetricsGroup::All, Group::default());
        }
        Builder { query, groups }
    }

    fn add(
        &mut self,
        experiment_id: i64,
        sums: &Sums,
        start_ns: i64,
        duration_ns: Option<i64>,
        call: Option<&SpanFacts<'_>>,
    ) {
        let Some(point) = self.query.point_of(start_ns) else { return };
        let group = match self.query.group_by {
            MetricsGroupBy::None => MetricsGroup::All,
            MetricsGroupBy::Experiment => MetricsGroup::Experiment(ExperimentId(experiment_id)),
            MetricsGroupBy::Model => MetricsGroup::Model(call.and_then(|call| call.model().map(Into::into))),
            MetricsGroupBy::Provider => {
                MetricsGroup::Provider(call.and_then(|call| call.provider().map(Into::into)))
            }
        };
        let group = self.groups.entry(group).or_default();
        group.total.add(sums, duration_ns);
        group.cells.entry(point).or_default().add(sums, duration_ns);
    }

    fn finish(mut self, complete: bool) -> Metrics {
        let count = self.groups.len() as u64;
        let sums = self.groups.iter().map(|(group, sum)| (group, &sum.total.sums));
        if let Some(kept) = largest(sums, self.query.groups_max) {
            let mut others = Group::default();
            self.groups.retain(|name, group| {
                let is_kept = kept.contains(name);
                if !is_kept {
                    others.total.add_all(&group.total);
                    group
                        .cells
                        .iter()
                        .for_each(|(point, cell)| others.cells.entry(*point).or_default().add_all(cell));
                }
                is_kept
            });
            self.groups.insert(MetricsGroup::Others, others);
        }
        let series = self.groups.into_iter().map(|(group, sums)| {
            let mut points = vec![MetricsPoint::default(); self.query.points()];
            sums.cells.iter().for_each(|(point, cell)| points[*point] = cell.point());
            MetricsSeries { group, total: sums.total.point(), points }
        });
        Metrics { series: ordered(series.collect()), groups: count, complete }
    }
}
