//! Metrics, parameters and tags of runs on their way in.

use super::super::logged_model::log_model_metric;
use super::{NAME_TAG, active_key};
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;
use spanwise_model::{Metric, RunId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{RunLog, refusal};

/// See [`spanwise_store::catalog::RunStore::log_run`].
pub(crate) fn log_run(conn: &Connection, id: &RunId, log: &RunLog) -> StoreResult<()> {
    let run_key = active_key(conn, id)?;
    for (key, value) in &log.params {
        insert_param(conn, id, run_key, key, value)?;
    }
    for metric in &log.metrics {
        insert_metric(conn, run_key, metric)?;
    }
    for measured in &log.model_metrics {
        log_model_metric(conn, measured)?;
    }
    for (key, value) in &log.tags {
        upsert_tag(conn, run_key, key, value)?;
        if key == NAME_TAG {
            conn.prepare_cached("UPDATE run SET name = ?2 WHERE run_key = ?1")
                .and_then(|mut update| update.execute((run_key, value)))
                .map_err(sql_error)?;
        }
    }
    Ok(())
}

/// See [`spanwise_store::catalog::RunStore::append_to_run_tag`].
pub(crate) fn append_to_run_tag(conn: &Connection, id: &RunId, key: &str, item: &Value) -> StoreResult<()> {
    let run_key = active_key(conn, id)?;
    let kept: Option<String> = conn
        .prepare_cached("SELECT value FROM run_tag WHERE run_key = ?1 AND key = ?2")
        .and_then(|mut select| select.query_row((run_key, key), |row| row.get(0)).optional())
        .map_err(sql_error)?;
    let mut list: Vec<Value> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    list.push(item.clone());
    upsert_tag(conn, run_key, key, &Value::from(list).to_string())
}

/// See [`spanwise_store::catalog::RunStore::delete_run_tag`].
pub(crate) fn delete_run_tag(conn: &Connection, id: &RunId, key: &str) -> StoreResult<()> {
    let run_key = active_key(conn, id)?;
    let deleted = conn
        .prepare_cached("DELETE FROM run_tag WHERE run_key = ?1 AND key = ?2")
        .and_then(|mut delete| delete.execute((run_key, key)))
        .map_err(sql_error)?;
    if deleted == 0 { Err(refusal::no_run_tag(id, key)) } else { Ok(()) }
}

pub(super) fn upsert_tag(conn: &Connection, run_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO run_tag (run_key, key, value) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute((run_key, key, value)))
        .map_err(sql_error)?;
    Ok(())
}

fn insert_param(conn: &Connection, id: &RunId, run_key: i64, key: &str, value: &str) -> StoreResult<()> {
    let inserted = conn
        .prepare_cached("INSERT OR IGNORE INTO run_param (run_key, key, value) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute((run_key, key, value)))
        .map_err(sql_error)?;
    if inserted == 1 {
        return Ok(());
    }
    let old: String = conn
        .prepare_cached("SELECT value FROM run_param WHERE run_key = ?1 AND key = ?2")
        .and_then(|mut select| select.query_row((run_key, key), |row| row.get(0)))
        .map_err(sql_error)?;
    if old == value { Ok(()) } else { Err(refusal::changed_param(id, key, &old, value)) }
}

pub(super) fn insert_metric(conn: &Connection, run_key: i64, metric: &Metric) -> StoreResult<()> {
    let metric_key = latest(conn, run_key, metric)?;
    let is_nan = metric.value.is_nan();
    let value = if is_nan { 0.0 } else { metric.value };
    conn.prepare_cached(
        "INSERT OR IGNORE INTO metric_point (metric_key, timestamp_ns, step, value, is_nan)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut insert| insert.execute((metric_key, metric.timestamp_ns, metric.step, value, is_nan)))
    .map_err(sql_error)?;
    Ok(())
}

/// Keeps the latest value of a metric, and returns its key.
fn latest(conn: &Connection, run_key: i64, metric: &Metric) -> StoreResult<i64> {
    // SQLite takes what is no number for NULL.
    let known: Option<(i64, i64, i64, Option<f64>)> = conn
        .prepare_cached(
            "SELECT metric_key, step, timestamp_ns, value FROM run_metric WHERE run_key = ?1 AND key = ?2",
        )
        .and_then(|mut select| select.query_row((run_key, &metric.key), |row| row.try_into()).optional())
        .map_err(sql_error)?;
    let Some((metric_key, step, timestamp_ns, value)) = known else {
        conn.prepare_cached(
            "INSERT INTO run_metric (run_key, key, value, timestamp_ns, step) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| {
            insert.execute((run_key, &metric.key, metric.value, metric.timestamp_ns, metric.step))
        })
        .map_err(sql_error)?;
        return Ok(conn.last_insert_rowid());
    };
    let is_later = match (metric.step, metric.timestamp_ns).cmp(&(step, timestamp_ns)) {
        std::cmp::Ordering::Equal => value.is_none_or(|value| metric.value > value),
        ordering => ordering.is_gt(),
    };
    if is_later {
        conn.prepare_cached(
            "UPDATE run_metric SET value = ?2, timestamp_ns = ?3, step = ?4 WHERE metric_key = ?1",
        )
        .and_then(|mut update| update.execute((metric_key, metric.value, metric.timestamp_ns, metric.step)))
        .map_err(sql_error)?;
    }
    Ok(metric_key)
}
