//! Metrics over time of the traces that match a filter: from the columns in memory, or from rows while those are being
//! loaded; of calls from the packed columns of spans.

use super::figures::Sums;
use super::read::{largest, ordered, point_of};
use super::record::{FACT_COLUMNS, TraceFacts};
use crate::error::sql_error;
use crate::explore::{DurationSketch, TraceColumns};
use crate::rollup::SpanFacts;
use crate::scan::{self, Selected};
use crate::search::{self, SearchContext};
use rusqlite::{Connection, Row};
use spanwise_genai::rollup::UsageTree;
use spanwise_model::ExperimentId;
use spanwise_store::{
    Metrics, MetricsGroup, MetricsGroupBy, MetricsPoint, MetricsQuery, MetricsSeries, Selection, StoreResult,
};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// Traces whose packed columns are read for the calls of a filter.
const CALL_TRACES_MAX: usize = 50_000;
/// How long reading them may take; what was counted by then is the answer.
const CALL_TIME_MAX: Duration = Duration::from_secs(2);
/// Traces that are read in one transaction: some milliseconds.
const TRACES_PER_READ: usize = 200;

/// Adds up traces.
pub(super) fn of_traces(
    conn: &mut Connection,
    context: &SearchContext,
    query: &MetricsQuery,
) -> StoreResult<Metrics> {
    let selection = query.selection();
    let filter = selection.whole_filter();
    let mut builder = Builder::new(query);
    match scan::select(conn, context, &selection.experiments, filter.as_ref(), None)? {
        Some(selected) => add_columns(&mut builder, &selected),
        None => add_rows(conn, context, &selection, &mut builder)?,
    }
    Ok(builder.finish(true))
}

fn add_columns(builder: &mut Builder<'_>, selected: &Selected) {
    for (_, chunk, rows) in selected.chunks() {
        for row in rows.iter() {
            let facts = TraceFacts::of_chunk(chunk, row);
            let mut sums = Sums::default();
            sums.add_share(&facts.share);
            let duration = chunk.has_duration.contains(row).then(|| chunk.duration_ns.get(row));
            builder.add(facts.experiment_id, &sums, chunk.start_ns[row], duration, None);
        }
    }
}

/// The same from the index, while the columns are being loaded.
fn add_rows(
    conn: &mut Connection,
    context: &SearchContext,
    selection: &Selection,
    builder: &mut Builder<'_>,
) -> StoreResult<()> {
    let filter = selection.whole_filter();
    let sql = |compiled: &mut search::Compiled| {
        format!("SELECT start_ns, duration_ns, {FACT_COLUMNS} FROM trace t WHERE {}", compiled.sql)
    };
    let read = |row: &Row<'_>| {
        let facts = TraceFacts::from_columns(row, 2)?;
        let mut sums = Sums::default();
        sums.add_share(&facts.share);
        builder.add(facts.experiment_id, &sums, row.get(0)?, row.get(1)?, None);
        Ok(())
    };
    // Nothing is collected.
    search::select(conn, context, &selection.experiments, filter.as_ref(), sql, read)?;
    Ok(())
}

/// Adds up calls of the newest traces. Whether these are all is in the answer.
pub(super) fn of_calls(
    conn: &mut Connection,
    context: &SearchContext,
    query: &MetricsQuery,
) -> StoreResult<Metrics> {
    let traces = newest(conn, context, &query.selection())?;
    let deadline = Instant::now() + CALL_TIME_MAX;
    let mut builder = Builder::new(query);
    let mut counted = 0;
    let first = &traces[..traces.len().min(CALL_TRACES_MAX)];
    for some in first.chunks(TRACES_PER_READ) {
        // By itself each trace would lock the database and give it back; a long transaction would hold up its log.
        let txn = conn.transaction().map_err(sql_error)?;
        for (trace_key, experiment_id) in some {
            if Instant::now() > deadline {
                return Ok(builder.finish(false));
            }
            add_calls(&mut builder, &TraceColumns::load(&txn, *trace_key)?, *experiment_id);
            counted += 1;
        }
    }
    Ok(builder.finish(counted == traces.len()))
}

/// Returns the newest traces of a selection with their experiments, one more than are counted.
fn newest(
    conn: &mut Connection,
    context: &SearchContext,
    selection: &Selection,
) -> StoreResult<Vec<(i64, i64)>> {
    let filter = selection.whole_filter();
    let (experiments, limit) = (&selection.experiments, CALL_TRACES_MAX + 1);
    if let Some(found) = scan::newest(conn, context, experiments, filter.as_ref(), None, limit)? {
        let snapshot = &found.selected.snapshot;
        let experiment =
            |key: i64| snapshot.find(key).map(|(at, row)| snapshot.chunks[at].1.experiment.get(row));
        return Ok(found.keys.iter().filter_map(|key| Some((*key, experiment(*key)?))).collect());
    }
    let sql = |compiled: &mut search::Compiled| {
        format!(
            "SELECT t.trace_key, t.experiment_id FROM trace t WHERE {} ORDER BY t.start_ns DESC LIMIT {limit}",
            compiled.sql,
        )
    };
    search::select(conn, context, experiments, filter.as_ref(), sql, |row| Ok((row.get(0)?, row.get(1)?)))
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
