//! What the roll-ups can answer: how many traces, the sum of their tokens, and the sum of the costs of models.
//!
//! Roll-ups are of whole quarters of an hour. What lies before the first and after the last whole one is left to a scan, and
//! so is everything where a sum of 0 may stand for no value at all.

use crate::rollup;
use crate::search::SearchContext;
use rusqlite::Connection;
use spanwise_model::{Aggregation, CostKind, Measure, MetricDimension, TokenKind};
use spanwise_store::{
    AggregateQuery, Grouping, METRICS_GROUPS_MAX, METRICS_POINTS_MAX, METRICS_STEP_NS, Metrics, MetricsGroup,
    MetricsGroupBy, MetricsPoint, MetricsQuery, MetricsSubject, Place, StoreResult,
};

const STEP_MS: i64 = METRICS_STEP_NS / super::NS_PER_MS;
/// Between these two, in milliseconds, lies every time that nanoseconds can tell.
const FIRST_MS: i64 = i64::MIN / METRICS_STEP_NS * STEP_MS;
const LAST_MS: i64 = i64::MAX / METRICS_STEP_NS * STEP_MS;

/// Not before, and before, in milliseconds.
type Range = (Option<i64>, Option<i64>);

/// Adds what the roll-ups know, and returns the stretches of time that they don't tell about.
pub(super) fn take(
    conn: &mut Connection,
    context: &SearchContext,
    query: &AggregateQuery,
    grouping: &mut Grouping<'_>,
) -> StoreResult<Vec<Range>> {
    let all = vec![(query.from_ms, query.to_ms)];
    let Some((subject, group_by)) = subject(query) else { return Ok(all) };
    let Some(edges_ms) = edges(query) else { return Ok(all) };
    let metrics = rollup::trace_metrics(
        conn,
        context,
        &MetricsQuery {
            experiments: query.experiments.clone(),
            filter: None,
            edges_ns: edges_ms.iter().map(|edge| edge * super::NS_PER_MS).collect(),
            subject,
            group_by,
            groups_max: METRICS_GROUPS_MAX,
        },
    )?;
    let Some(sums) = sums(query, &metrics, &edges_ms) else { return Ok(all) };
    for (place, count, sum) in sums {
        grouping.add_sum(place, count, sum);
    }
    let (first, last) = (edges_ms.first().copied(), edges_ms.last().copied());
    let before = query.from_ms.is_some().then_some((query.from_ms, first));
    let after = query.to_ms.is_some().then_some((last, query.to_ms));
    Ok(before.into_iter().chain(after).filter(|(from_ms, to_ms)| from_ms != to_ms).collect())
}

/// Returns what to ask the roll-ups, if they know what is asked.
fn subject(query: &AggregateQuery) -> Option<(MetricsSubject, MetricsGroupBy)> {
    let wanted = match query.measure {
        Measure::TraceCount => Aggregation::Count,
        Measure::Tokens(_) | Measure::SpanCost(CostKind::Total) => Aggregation::Sum,
        _ => return None,
    };
    if !query.filters.is_empty() || query.aggregations.iter().any(|aggregation| *aggregation != wanted) {
        return None;
    }
    match (query.measure, query.dimensions.as_slice()) {
        (Measure::SpanCost(_), []) => Some((MetricsSubject::ModelCalls, MetricsGroupBy::None)),
        (Measure::SpanCost(_), [MetricDimension::SpanModelName]) => {
            Some((MetricsSubject::ModelCalls, MetricsGroupBy::Model))
        }
        (Measure::SpanCost(_), [MetricDimension::SpanModelProvider]) => {
            Some((MetricsSubject::ModelCalls, MetricsGroupBy::Provider))
        }
        (Measure::TraceCount | Measure::Tokens(_), []) => {
            Some((MetricsSubject::Traces, MetricsGroupBy::None))
        }
        _ => None,
    }
}

/// Returns the borders of the whole quarters of an hour, in milliseconds, one at each border of a bucket.
fn edges(query: &AggregateQuery) -> Option<Vec<i64>> {
    let up =
        |ms: i64| ms.div_euclid(STEP_MS) * STEP_MS + if ms.rem_euclid(STEP_MS) == 0 { 0 } else { STEP_MS };
    let first = query.from_ms.map_or(FIRST_MS, |ms| up(ms.clamp(FIRST_MS, LAST_MS)));
    let last = query.to_ms.map_or(LAST_MS, |ms| ms.clamp(FIRST_MS, LAST_MS).div_euclid(STEP_MS) * STEP_MS);
    if first >= last {
        return None;
    }
    let mut edges = vec![first];
    if let Some(width) = query.bucket_ms {
        if width % STEP_MS != 0 || (last - first) / width >= METRICS_POINTS_MAX as i64 - 1 {
            return None;
        }
        let mut edge = (first.div_euclid(width) + 1) * width;
        while edge < last {
            edges.push(edge);
            edge += width;
        }
    }
    edges.push(last);
    Some(edges)
}

/// Returns what is to be added where, or nothing if that can't be told.
fn sums(query: &AggregateQuery, metrics: &Metrics, edges_ms: &[i64]) -> Option<Vec<(Place, u64, f64)>> {
    if !metrics.complete || metrics.groups > METRICS_GROUPS_MAX as u64 {
        return None;
    }
    let mut sums = Vec::new();
    for series in &metrics.series {
        let texts = match &series.group {
            MetricsGroup::All => Vec::new(),
            MetricsGroup::Model(Some(name)) | MetricsGroup::Provider(Some(name)) => vec![name.clone()],
            // What has no such name is in no row.
            _ => continue,
        };
        for (point, edge) in series.points.iter().zip(edges_ms) {
            let (count, sum) = amount(query.measure, point);
            if sum == 0.0 && query.measure != Measure::TraceCount && may_have_values(query.measure, point) {
                return None;
            }
            let bucket_ms = query.bucket_ms.map(|width| edge.div_euclid(width) * width);
            if sum != 0.0 {
                sums.push((Place { bucket_ms, texts: texts.clone() }, count, sum));
            }
        }
    }
    Some(sums)
}

fn amount(measure: Measure, point: &MetricsPoint) -> (u64, f64) {
    let sum = match measure {
        Measure::Tokens(TokenKind::Input) => point.input_tokens as f64,
        Measure::Tokens(TokenKind::Output) => point.output_tokens as f64,
        Measure::Tokens(TokenKind::Total) => point.total_tokens as f64,
        Measure::Tokens(TokenKind::CacheRead) => point.cache_read_tokens as f64,
        Measure::Tokens(TokenKind::CacheCreation) => point.cache_creation_tokens as f64,
        Measure::SpanCost(_) => point.cost,
        _ => return (point.count, point.count as f64),
    };
    // How many values there are is not known, but that there are some.
    (1, sum)
}

/// Returns whether values of 0 may be there.
fn may_have_values(measure: Measure, point: &MetricsPoint) -> bool {
    match measure {
        Measure::SpanCost(_) => point.count > 0 || point.total_tokens > 0,
        _ => point.count > 0,
    }
}
