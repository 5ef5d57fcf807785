//! Runs of another store.

use super::super::experiment::known_experiment;
use super::find_key;
use super::input::insert_inputs;
use super::log::{insert_metric, upsert_tag};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::{LifecycleStage, Metric, Run, RunId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::RunInputs;

/// See [`spanwise_store::catalog::ImportItem::Run`].
pub(crate) fn import_run(conn: &Connection, run: &Run) -> StoreResult<()> {
    known_experiment(conn, run.experiment_id)?;
    let run_key: i64 = conn
        .prepare_cached(
            "INSERT INTO run (run_id, experiment_id, name, user, status, start_ns, end_ns, artifact_uri, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (run_id) DO UPDATE SET
                 experiment_id = excluded.experiment_id, name = excluded.name, user = excluded.user,
                 status = excluded.status, start_ns = excluded.start_ns, end_ns = excluded.end_ns,
                 artifact_uri = excluded.artifact_uri, deleted = excluded.deleted
             RETURNING run_key",
        )
        .and_then(|mut insert| {
            let values = params![
                run.run_id.0,
                run.experiment_id.0,
                run.name,
                run.user,
                run.status.name(),
                run.start_ns,
                run.end_ns,
                run.artifact_uri,
                run.lifecycle_stage == LifecycleStage::Deleted,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    for (key, value) in &run.tags {
        upsert_tag(conn, run_key, key, value)?;
    }
    let mut insert = conn
        .prepare_cached("INSERT OR REPLACE INTO run_param (run_key, key, value) VALUES (?1, ?2, ?3)")
        .map_err(sql_error)?;
    for (key, value) in &run.params {
        insert.execute((run_key, key, value)).map_err(sql_error)?;
    }
    let inputs = RunInputs {
        datasets: run.dataset_inputs.clone(),
        models: run.model_inputs.clone(),
        outputs: run.model_outputs.clone(),
    };
    insert_inputs(conn, run_key, &inputs)
}

/// See [`spanwise_store::catalog::ImportItem::Metrics`].
pub(crate) fn import_metrics(conn: &Connection, run: &RunId, points: &[Metric]) -> StoreResult<()> {
    let (run_key, _) = find_key(conn, run)?;
    points.iter().try_for_each(|point| insert_metric(conn, run_key, point))
}
