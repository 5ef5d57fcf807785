//! Logged models: their rows, and what is logged to them.

mod find;
mod import;
mod load;

pub(crate) use find::find_logged_models;
pub(crate) use import::import_model;
pub(crate) use load::get_logged_model;

use super::experiment::writable_experiment;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{LoggedModel, ModelMetric, ModelStatus};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewLoggedModel, refusal};
use std::collections::BTreeMap;

/// See [`spanwise_store::catalog::LoggedModelStore::create_logged_model`].
pub(crate) fn create_logged_model(
    conn: &Connection,
    new: &NewLoggedModel,
    now_ns: i64,
) -> StoreResult<LoggedModel> {
    let experiment = writable_experiment(conn, new.experiment_id)?;
    let artifact_uri = format!("{}/models/{}/artifacts", experiment.artifact_location, new.model_id);
    conn.prepare_cached(
        "INSERT INTO logged_model (model_id, experiment_id, name, model_type, source_run_id, status, created_ns,
                                   last_updated_ns, artifact_uri)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
    )
    .and_then(|mut insert| {
        insert.execute((
            &new.model_id,
            new.experiment_id.0,
            &new.name,
            &new.model_type,
            &new.source_run_id,
            ModelStatus::Pending.name(),
            now_ns,
            artifact_uri,
        ))
    })
    .map_err(sql_error)?;
    log_logged_model(conn, &new.model_id, &new.params, &new.tags)?;
    get_logged_model(conn, &new.model_id)
}

/// See [`spanwise_store::catalog::LoggedModelStore::finalize_logged_model`].
pub(crate) fn finalize_logged_model(
    conn: &Connection,
    id: &str,
    status: ModelStatus,
    now_ns: i64,
) -> StoreResult<LoggedModel> {
    let model_key = active_key(conn, id)?;
    conn.prepare_cached("UPDATE logged_model SET status = ?2, last_updated_ns = ?3 WHERE model_key = ?1")
        .and_then(|mut update| update.execute((model_key, status.name(), now_ns)))
        .map_err(sql_error)?;
    get_logged_model(conn, id)
}

/// See [`spanwise_store::catalog::LoggedModelStore::delete_logged_model`].
pub(crate) fn delete_logged_model(conn: &Connection, id: &str, now_ns: i64) -> StoreResult<()> {
    let model_key = active_key(conn, id)?;
    conn.prepare_cached("UPDATE logged_model SET deleted = 1, last_updated_ns = ?2 WHERE model_key = ?1")
        .and_then(|mut update| update.execute((model_key, now_ns)))
        .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::catalog::LoggedModelStore::log_logged_model`].
pub(crate) fn log_logged_model(
    conn: &Connection,
    id: &str,
    params: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> StoreResult<()> {
    let model_key = active_key(conn, id)?;
    insert_pairs(conn, model_key, params, tags)
}

fn insert_pairs(
    conn: &Connection,
    model_key: i64,
    params: &BTreeMap<String, String>,
    tags: &BTreeMap<String, String>,
) -> StoreResult<()> {
    for (table, pairs) in [("param", params), ("tag", tags)] {
        let sql = format!(
            "INSERT OR REPLACE INTO logged_model_{table} (model_key, key, value) VALUES (?1, ?2, ?3)"
        );
        let mut insert = conn.prepare_cached(&sql).map_err(sql_error)?;
        for (key, value) in pairs {
            insert.execute((model_key, key, value)).map_err(sql_error)?;
        }
    }
    Ok(())
}

/// See [`spanwise_store::catalog::LoggedModelStore::delete_logged_model_tag`].
pub(crate) fn delete_logged_model_tag(conn: &Connection, id: &str, key: &str) -> StoreResult<()> {
    let model_key = active_key(conn, id)?;
    let deleted = conn
        .prepare_cached("DELETE FROM logged_model_tag WHERE model_key = ?1 AND key = ?2")
        .and_then(|mut delete| delete.execute((model_key, key)))
        .map_err(sql_error)?;
    if deleted == 0 { Err(refusal::no_logged_model_tag(id, key)) } else { Ok(()) }
}

/// Keeps what a run measured of a model if it is the latest; a model that is not there keeps nothing.
pub(super) fn log_model_metric(conn: &Connection, measured: &ModelMetric) -> StoreResult<()> {
    let metric = &measured.metric;
    conn.prepare_cached(
        "INSERT INTO logged_model_metric (model_key, key, dataset_name, dataset_digest, value, timestamp_ns, step, run_id)
         SELECT model_key, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM logged_model WHERE model_id = ?1
         ON CONFLICT DO UPDATE SET
             value = excluded.value, timestamp_ns = excluded.timestamp_ns, step = excluded.step, run_id = excluded.run_id
         WHERE (excluded.step, excluded.timestamp_ns) >= (step, timestamp_ns)",
    )
    .and_then(|mut insert| {
        insert.execute((
            &measured.model_id,
            &metric.key,
            &measured.dataset.0,
            &measured.dataset.1,
            metric.value,
            metric.timestamp_ns,
            metric.step,
            &measured.run_id.0,
        ))
    })
    .map_err(sql_error)?;
    Ok(())
}

/// Returns the key of a model that may be written to.
fn active_key(conn: &Connection, id: &str) -> StoreResult<i64> {
    conn.prepare_cached("SELECT model_key FROM logged_model WHERE model_id = ?1 AND deleted = 0")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_logged_model(id))
}
