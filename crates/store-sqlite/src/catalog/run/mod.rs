//! Runs: their rows, and what is logged to them.

mod find;
mod history;
mod import;
mod input;
mod load;
mod log;

pub(crate) use find::find_runs;
pub(crate) use history::{metric_history, sample_metric};
pub(crate) use import::{import_metrics, import_run};
pub(crate) use input::{log_run_inputs, run_datasets};
pub(crate) use load::get_run;
pub(crate) use log::{append_to_run_tag, delete_run_tag, log_run};

use super::experiment::writable_experiment;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{LifecycleStage, Run, RunId, RunStatus};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewRun, RunChange, refusal};

/// MLflow's reserved tag for the run's name, which is a column too.
const NAME_TAG: &str = "mlflow.runName";

/// See [`spanwise_store::catalog::RunStore::create_run`].
pub(crate) fn create_run(conn: &Connection, new: &NewRun) -> StoreResult<Run> {
    let experiment = writable_experiment(conn, new.experiment_id)?;
    let artifact_uri = format!("{}/{}/artifacts", experiment.artifact_location, new.run_id);
    conn.prepare_cached(
        "INSERT INTO run (run_id, experiment_id, name, user, status, start_ns, artifact_uri)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut insert| {
        insert.execute((
            &new.run_id.0,
            new.experiment_id.0,
            &new.name,
            &new.user,
            RunStatus::Running.name(),
            new.start_ns,
            artifact_uri,
        ))
    })
    .map_err(sql_error)?;
    let run_key = conn.last_insert_rowid();
    for (key, value) in &new.tags {
        log::upsert_tag(conn, run_key, key, value)?;
    }
    log::upsert_tag(conn, run_key, NAME_TAG, &new.name)?;
    get_run(conn, &new.run_id)
}

/// See [`spanwise_store::catalog::RunStore::update_run`].
pub(crate) fn update_run(conn: &Connection, id: &RunId, change: &RunChange) -> StoreResult<Run> {
    let run_key = active_key(conn, id)?;
    conn.prepare_cached(
        "UPDATE run SET status = coalesce(?2, status), end_ns = coalesce(?3, end_ns), name = coalesce(?4, name)
         WHERE run_key = ?1",
    )
    .and_then(|mut update| {
        update.execute((run_key, change.status.map(RunStatus::name), change.end_ns, &change.name))
    })
    .map_err(sql_error)?;
    if let Some(name) = &change.name {
        log::upsert_tag(conn, run_key, NAME_TAG, name)?;
    }
    get_run(conn, id)
}

/// See [`spanwise_store::catalog::RunStore::set_run_stage`].
pub(crate) fn set_run_stage(conn: &Connection, id: &RunId, stage: LifecycleStage) -> StoreResult<()> {
    let (run_key, _) = find_key(conn, id)?;
    conn.prepare_cached("UPDATE run SET deleted = ?2 WHERE run_key = ?1")
        .and_then(|mut update| update.execute((run_key, stage == LifecycleStage::Deleted)))
        .map_err(sql_error)?;
    Ok(())
}

/// Deletes the active runs of an experiment with it, or restores those that were deleted so.
pub(super) fn follow_experiment(
    conn: &Connection,
    experiment_id: i64,
    stage: LifecycleStage,
) -> StoreResult<()> {
    let (from, to) = match stage {
        LifecycleStage::Deleted => (0, 2),
        LifecycleStage::Active => (2, 0),
    };
    conn.prepare_cached("UPDATE run SET deleted = ?3 WHERE experiment_id = ?1 AND deleted = ?2")
        .and_then(|mut update| update.execute((experiment_id, from, to)))
        .map_err(sql_error)?;
    Ok(())
}

/// Returns the key of a run that may be written to.
fn active_key(conn: &Connection, id: &RunId) -> StoreResult<i64> {
    match find_key(conn, id)? {
        (run_key, false) => Ok(run_key),
        (_, true) => Err(refusal::deleted_run(id)),
    }
}

/// Returns the key of a run, and whether it is deleted.
fn find_key(conn: &Connection, id: &RunId) -> StoreResult<(i64, bool)> {
    conn.prepare_cached("SELECT run_key, deleted <> 0 FROM run WHERE run_id = ?1")
        .and_then(|mut select| select.query_row([&id.0], |row| row.try_into()).optional())
        .map_err(sql_error)?
        .ok_or_else(|| refusal::no_run(id))
}
