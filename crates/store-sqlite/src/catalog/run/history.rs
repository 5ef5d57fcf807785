//! The history of metrics.

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{Metric, RunId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{MetricHistoryPage, MetricPosition, MetricSampleQuery};

/// See [`spanwise_store::catalog::RunStore::metric_history`].
pub(crate) fn metric_history(
    conn: &Connection,
    id: &RunId,
    key: &str,
    limit: usize,
    after: Option<MetricPosition>,
) -> StoreResult<MetricHistoryPage> {
    super::find_key(conn, id)?;
    let mut page = MetricHistoryPage { points: Vec::new(), next: None };
    let Some(metric_key) = find_metric(conn, id, key)? else { return Ok(page) };
    let first = MetricPosition { timestamp_ns: i64::MIN, step: i64::MIN, value: f64::NEG_INFINITY };
    let from = after.unwrap_or(first);
    let (value, is_nan) = if from.value.is_nan() { (0.0, true) } else { (from.value, false) };
    // No point has `is_nan` = -1, so that the first page leaves nothing out.
    let is_nan = if after.is_some() { i64::from(is_nan) } else { -1 };
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement = conn
        .prepare_cached(
            "SELECT timestamp_ns, step, value, is_nan FROM metric_point
             WHERE metric_key = ?1 AND (timestamp_ns, step, value, is_nan) > (?2, ?3, ?4, ?5)
             ORDER BY timestamp_ns, step, value, is_nan LIMIT ?6",
        )
        .map_err(sql_error)?;
    let found = statement
        .query_map((metric_key, from.timestamp_ns, from.step, value, is_nan, rows), |row| {
            let is_nan: bool = row.get(3)?;
            let value = if is_nan { f64::NAN } else { row.get(2)? };
            Ok(Metric { key: key.to_owned(), value, timestamp_ns: row.get(0)?, step: row.get(1)? })
        })
        .map_err(sql_error)?;
    page.points = found.collect::<Result<_, _>>().map_err(sql_error)?;
    if page.points.len() > limit {
        page.points.truncate(limit);
        page.next = page.points.last().map(|last| MetricPosition {
            timestamp_ns: last.timestamp_ns,
            step: last.step,
            value: last.value,
        });
    }
    Ok(page)
}

/// See [`spanwise_store::catalog::RunStore::sample_metric`].
pub(crate) fn sample_metric(
    conn: &Connection,
    query: &MetricSampleQuery,
) -> StoreResult<Vec<(RunId, Metric)>> {
    let mut points = Vec::new();
    let (first, last) = query.steps.unwrap_or((i64::MIN, i64::MAX));
    let mut select = conn
        .prepare_cached(
            "SELECT step, timestamp_ns, value, is_nan FROM metric_point
             WHERE metric_key = ?1 AND step BETWEEN ?2 AND ?3 ORDER BY step, timestamp_ns, value, is_nan",
        )
        .map_err(sql_error)?;
    for run in &query.runs {
        let Some(metric_key) = find_metric(conn, run, &query.key)? else { continue };
        let chosen = choose_steps(conn, metric_key, (first, last), query.steps_max)?;
        // Who logs without a step has all points at one.
        let of_step_max = (query.steps_max / chosen.len().max(1)).max(1);
        let (mut at, mut of_step) = (None, 0);
        let mut rows = select.query((metric_key, first, last)).map_err(sql_error)?;
        while let Some(row) = rows.next().map_err(sql_error)? {
            let (step, timestamp_ns, value, is_nan): (i64, i64, f64, bool) =
                row.try_into().map_err(sql_error)?;
            of_step = if at == Some(step) { of_step + 1 } else { 1 };
            at = Some(step);
            if of_step <= of_step_max && chosen.binary_search(&step).is_ok() {
                let value = if is_nan { f64::NAN } else { value };
                let metric = Metric { key: query.key.clone(), value, timestamp_ns, step };
                points.push((run.clone(), metric));
            }
        }
    }
    Ok(points)
}

/// Returns steps of a metric in order: all, or at most `steps_max` of them with the first and the last.
fn choose_steps(
    conn: &Connection,
    metric_key: i64,
    (first, last): (i64, i64),
    steps_max: usize,
) -> StoreResult<Vec<i64>> {
    let steps: Vec<i64> = conn
        .prepare_cached(
            "SELECT DISTINCT step FROM metric_point WHERE metric_key = ?1 AND step BETWEEN ?2 AND ?3 ORDER BY step",
        )
        .and_then(|mut select| {
            select.query_map((metric_key, first, last), |row| row.get(0))?.collect()
        })
        .map_err(sql_error)?;
    if steps.len() <= steps_max || steps_max < 2 {
        return Ok(steps);
    }
    let at = |index: usize| steps[index * (steps.len() - 1) / (steps_max - 1)];
    Ok((0..steps_max).map(at).collect())
}

fn find_metric(conn: &Connection, id: &RunId, key: &str) -> StoreResult<Option<i64>> {
    conn.prepare_cached(
        "SELECT metric_key FROM run_metric JOIN run USING (run_key) WHERE run_id = ?1 AND key = ?2",
    )
    .and_then(|mut select| select.query_row((&id.0, key), |row| row.get(0)).optional())
    .map_err(sql_error)
}
