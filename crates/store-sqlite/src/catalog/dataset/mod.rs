//! Evaluation datasets: their rows, tags and experiments. Their records are in `record`.

mod change;
mod find;
mod import;
mod merge;
mod record;

pub(crate) use change::{compare_versions, find_changes};
pub(crate) use find::{find_datasets, get_dataset};
pub(crate) use import::{import_dataset, import_records};
pub(crate) use merge::{continue_merge, try_merge};
pub(crate) use record::{delete_records, find_records, get_record, replace_record};

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};
use spanwise_model::{Dataset, ErrorKind, ExperimentId};
use spanwise_store::catalog::{NewDataset, refusal};
use spanwise_store::{StoreError, StoreResult};
use std::collections::BTreeMap;

/// See [`spanwise_store::catalog::DatasetStore::create_dataset`].
pub(crate) fn create_dataset(conn: &Connection, new: &NewDataset, now_ns: i64) -> StoreResult<Dataset> {
    conn.prepare_cached(
        "INSERT INTO dataset (dataset_id, name, created_ns, last_updated_ns, created_by, last_updated_by)
         VALUES (?1, ?2, ?3, ?3, ?4, ?4)",
    )
    .and_then(|mut insert| insert.execute((&new.dataset_id, &new.name, now_ns, &new.created_by)))
    .map_err(sql_error)?;
    let dataset_key = conn.last_insert_rowid();
    for (key, value) in &new.tags {
        upsert_tag(conn, dataset_key, key, value)?;
    }
    add_experiments(conn, dataset_key, &new.experiments)?;
    get_dataset(conn, &new.dataset_id)
}

/// See [`spanwise_store::catalog::DatasetStore::delete_dataset`].
pub(crate) fn delete_dataset(conn: &Connection, id: &str) -> StoreResult<()> {
    conn.prepare_cached("DELETE FROM dataset WHERE dataset_id = ?1")
        .and_then(|mut delete| delete.execute([id]))
        .map(drop)
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::DatasetStore::rename_dataset`].
pub(crate) fn rename_dataset(
    conn: &Connection,
    id: &str,
    name: &str,
    user: Option<&str>,
    now_ns: i64,
) -> StoreResult<Dataset> {
    let dataset_key = key_of(conn, id)?;
    conn.prepare_cached(
        "UPDATE dataset SET name = ?2, last_updated_ns = ?3, last_updated_by = coalesce(?4, last_updated_by)
         WHERE dataset_key = ?1",
    )
    .and_then(|mut update| update.execute((dataset_key, name, now_ns, user)))
    .map_err(sql_error)?;
    get_dataset(conn, id)
}

/// See [`spanwise_store::catalog::DatasetStore::remember_mapping`].
pub(crate) fn remember_mapping(conn: &Connection, id: &str, mapping: &Value) -> StoreResult<()> {
    let dataset_key = key_of(conn, id)?;
    conn.prepare_cached("UPDATE dataset SET mapping = ?2 WHERE dataset_key = ?1")
        .and_then(|mut update| update.execute((dataset_key, mapping.to_string())))
        .map(drop)
        .map_err(sql_error)
}

/// See [`spanwise_store::catalog::DatasetStore::set_dataset_tags`].
pub(crate) fn set_dataset_tags(
    conn: &Connection,
    id: &str,
    tags: &BTreeMap<String, Option<String>>,
    now_ns: i64,
) -> StoreResult<()> {
    let dataset_key = key_of(conn, id)?;
    for (key, value) in tags {
        match value {
            Some(value) => upsert_tag(conn, dataset_key, key, value)?,
            None => {
                conn.prepare_cached("DELETE FROM dataset_tag WHERE dataset_key = ?1 AND key = ?2")
                    .and_then(|mut delete| delete.execute((dataset_key, key)))
                    .map_err(sql_error)?;
            }
        }
    }
    touch(conn, dataset_key, now_ns)
}

/// See [`spanwise_store::catalog::DatasetStore::change_dataset_experiments`].
pub(crate) fn change_dataset_experiments(
    conn: &Connection,
    id: &str,
    add: &[ExperimentId],
    remove: &[ExperimentId],
    now_ns: i64,
) -> StoreResult<Dataset> {
    let dataset_key = key_of(conn, id)?;
    add_experiments(conn, dataset_key, add)?;
    let mut delete = conn
        .prepare_cached("DELETE FROM dataset_experiment WHERE dataset_key = ?1 AND experiment_id = ?2")
        .map_err(sql_error)?;
    for experiment in remove {
        delete.execute((dataset_key, experiment.0)).map_err(sql_error)?;
    }
    touch(conn, dataset_key, now_ns)?;
    get_dataset(conn, id)
}

fn add_experiments(conn: &Connection, dataset_key: i64, experiments: &[ExperimentId]) -> StoreResult<()> {
    for experiment in experiments {
        super::experiment::get_experiment(conn, *experiment).map_err(|error| match error.kind() {
            ErrorKind::NotFound => StoreError::not_found(format!("No Experiment with id={experiment}")),
            _ => error,
        })?;
        conn.prepare_cached(
            "INSERT OR IGNORE INTO dataset_experiment (dataset_key, experiment_id) VALUES (?1, ?2)",
        )
        .and_then(|mut insert| insert.execute((dataset_key, experiment.0)))
        .map_err(sql_error)?;
    }
    Ok(())
}

fn upsert_tag(conn: &Connection, dataset_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO dataset_tag (dataset_key, key, value) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute((dataset_key, key, value)))
        .map(drop)
        .map_err(sql_error)
}

fn touch(conn: &Connection, dataset_key: i64, now_ns: i64) -> StoreResult<()> {
    conn.prepare_cached("UPDATE dataset SET last_updated_ns = ?2 WHERE dataset_key = ?1")
        .and_then(|mut update| update.execute((dataset_key, now_ns)))
        .map(drop)
        .map_err(sql_error)
}

/// Returns the key of a dataset.
fn key_of(conn: &Connection, id: &str) -> StoreResult<i64> {
    conn.prepare_cached("SELECT dataset_key FROM dataset WHERE dataset_id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_dataset(id))
}

/// Returns JSON that is kept as a text.
fn parse_json(text: &str) -> StoreResult<Value> {
    serde_json::from_str(text).map_err(not_json)
}

/// Returns a JSON object that is kept as a text.
fn parse_object(text: &str) -> StoreResult<Map<String, Value>> {
    serde_json::from_str(text).map_err(not_json)
}

fn not_json(error: serde_json::Error) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "a column of a dataset is not the JSON it should be", error)
}
