//! Experiments and their tags, one at a time.

use super::key_array;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use spanwise_model::{ErrorKind, Experiment, ExperimentId, LifecycleStage};
use spanwise_store::catalog::refusal;
use spanwise_store::{NewExperiment, StoreError, StoreResult};
use std::collections::BTreeMap;

/// The columns that [`read_experiment`] reads.
pub(super) const COLUMNS: &str =
    "experiment_id, name, artifact_location, deleted, created_ns, last_updated_ns";

/// See [`spanwise_store::Store::create_experiment`].
pub(crate) fn create_experiment(
    conn: &Connection,
    new: &NewExperiment,
    now_ns: i64,
) -> StoreResult<Experiment> {
    refuse_taken_name(conn, &new.name)?;
    insert(conn, new, false, now_ns)
}

/// See [`spanwise_store::Store::ensure_experiment`].
pub(crate) fn ensure_experiment(
    conn: &Connection,
    name: &str,
    derived_max: usize,
    now_ns: i64,
) -> StoreResult<Experiment> {
    if let Some(experiment) = find_experiment_by_name(conn, name)? {
        return Ok(experiment);
    }
    let derived: i64 = conn
        .query_row("SELECT count(*) FROM experiment WHERE derived = 1", [], |row| row.get(0))
        .map_err(sql_error)?;
    if derived as usize >= derived_max {
        return Err(StoreError::new(
            ErrorKind::Exhausted,
            format!(
                "cannot create experiment `{name}` on first sight: {derived_max} were already created so"
            ),
        ));
    }
    insert(conn, &NewExperiment { name: name.to_owned(), ..NewExperiment::default() }, true, now_ns)
}

/// See [`spanwise_store::Store::get_experiment`].
pub(crate) fn get_experiment(conn: &Connection, id: ExperimentId) -> StoreResult<Experiment> {
    find_one(conn, "experiment_id = ?1", [id.0])?
        .ok_or_else(|| StoreError::not_found(format!("no experiment with id {id}")))
}

/// Returns an experiment in which something is to be made.
pub(super) fn active_experiment(conn: &Connection, id: ExperimentId) -> StoreResult<Experiment> {
    let experiment = known_experiment(conn, id)?;
    match experiment.lifecycle_stage {
        LifecycleStage::Active => Ok(experiment),
        LifecycleStage::Deleted => Err(refusal::deleted_experiment(id)),
    }
}

/// Returns an experiment, active or deleted, that a request to the catalog names.
pub(super) fn known_experiment(conn: &Connection, id: ExperimentId) -> StoreResult<Experiment> {
    get_experiment(conn, id).map_err(|error| match error.kind() {
        ErrorKind::NotFound => refusal::no_experiment(id),
        _ => error,
    })
}

/// See [`spanwise_store::Store::find_experiment_by_name`].
pub(crate) fn find_experiment_by_name(conn: &Connection, name: &str) -> StoreResult<Option<Experiment>> {
    find_one(conn, "name = ?1", [name])
}

/// See [`spanwise_store::Store::rename_experiment`].
pub(crate) fn rename_experiment(
    conn: &Connection,
    id: ExperimentId,
    name: &str,
    now_ns: i64,
) -> StoreResult<()> {
    let experiment = get_active(conn, id)?;
    if experiment.name == name {
        return Ok(());
    }
    refuse_taken_name(conn, name)?;
    conn.prepare_cached("UPDATE experiment SET name = ?2, last_updated_ns = ?3 WHERE experiment_id = ?1")
        .and_then(|mut update| update.execute((id.0, name, now_ns)))
        .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::Store::set_experiment_stage`].
pub(crate) fn set_experiment_stage(
    conn: &Connection,
    id: ExperimentId,
    stage: LifecycleStage,
    now_ns: i64,
) -> StoreResult<()> {
    if get_experiment(conn, id)?.lifecycle_stage == stage {
        let state = if stage == LifecycleStage::Deleted { "deleted" } else { "active" };
        return Err(StoreError::invalid(format!("experiment {id} is {state} already")));
    }
    conn.prepare_cached("UPDATE experiment SET deleted = ?2, last_updated_ns = ?3 WHERE experiment_id = ?1")
        .and_then(|mut update| update.execute((id.0, stage == LifecycleStage::Deleted, now_ns)))
        .map_err(sql_error)?;
    super::run::follow_experiment(conn, id.0, stage)
}

/// See [`spanwise_store::Store::set_experiment_tag`].
pub(crate) fn set_experiment_tag(
    conn: &Connection,
    id: ExperimentId,
    key: &str,
    value: &str,
    now_ns: i64,
) -> StoreResult<()> {
    get_active(conn, id)?;
    insert_tag(conn, id, key, value)?;
    touch(conn, id, now_ns)
}

/// See [`spanwise_store::Store::delete_experiment_tag`].
pub(crate) fn delete_experiment_tag(
    conn: &Connection,
    id: ExperimentId,
    key: &str,
    now_ns: i64,
) -> StoreResult<()> {
    get_active(conn, id)?;
    let deleted = conn
        .prepare_cached("DELETE FROM experiment_tag WHERE experiment_id = ?1 AND key = ?2")
        .and_then(|mut delete| delete.execute((id.0, key)))
        .map_err(sql_error)?;
    if deleted == 0 {
        return Err(StoreError::not_found(format!("experiment {id} has no tag `{key}`")));
    }
    touch(conn, id, now_ns)
}

/// Returns an experiment that may be written to.
pub(super) fn get_active(conn: &Connection, id: ExperimentId) -> StoreResult<Experiment> {
    let experiment = get_experiment(conn, id)?;
    match experiment.lifecycle_stage {
        LifecycleStage::Active => Ok(experiment),
        LifecycleStage::Deleted => {
            Err(StoreError::invalid(format!("experiment {id} is deleted; restore it before writing to it")))
        }
    }
}

/// As [`get_active`], for what the catalog makes in experiments, which says so in MLflow's words.
pub(super) fn writable_experiment(conn: &Connection, id: ExperimentId) -> StoreResult<Experiment> {
    let found = find_one(conn, "experiment_id = ?1", [id.0])?.ok_or_else(|| refusal::no_experiment(id))?;
    match found.lifecycle_stage {
        LifecycleStage::Active => Ok(found),
        LifecycleStage::Deleted => Err(refusal::deleted_experiment(id)),
    }
}

/// Reads a row of [`COLUMNS`]; the tags are missing yet.
pub(super) fn read_experiment(row: &Row<'_>) -> rusqlite::Result<Experiment> {
    let deleted: bool = row.get(3)?;
    Ok(Experiment {
        experiment_id: ExperimentId(row.get(0)?),
        name: row.get(1)?,
        artifact_location: row.get(2)?,
        lifecycle_stage: if deleted { LifecycleStage::Deleted } else { LifecycleStage::Active },
        created_ns: row.get(4)?,
        last_updated_ns: row.get(5)?,
        tags: BTreeMap::new(),
    })
}

/// Fills in the tags of experiments.
pub(super) fn add_tags(conn: &Connection, experiments: &mut [Experiment]) -> StoreResult<()> {
    let mut tags: BTreeMap<i64, BTreeMap<String, String>> = BTreeMap::new();
    let mut statement = conn
        .prepare_cached(
            "SELECT experiment_id, key, value FROM experiment_tag WHERE experiment_id IN rarray(?1)",
        )
        .map_err(sql_error)?;
    let keys = key_array(experiments.iter().map(|experiment| experiment.experiment_id.0));
    let mut rows = statement.query([keys]).map_err(sql_error)?;
    while let Some(row) = rows.next().map_err(sql_error)? {
        let (id, key, value) = row.try_into().map_err(sql_error)?;
        tags.entry(id).or_default().insert(key, value);
    }
    for experiment in experiments {
        experiment.tags = tags.remove(&experiment.experiment_id.0).unwrap_or_default();
    }
    Ok(())
}

fn find_one(conn: &Connection, condition: &str, params: impl Params) -> StoreResult<Option<Experiment>> {
    let mut statement = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM experiment WHERE {condition}"))
        .map_err(sql_error)?;
    let mut found = statement.query_row(params, read_experiment).optional().map_err(sql_error)?;
    add_tags(conn, found.as_mut_slice())?;
    Ok(found)
}

fn refuse_taken_name(conn: &Connection, name: &str) -> StoreResult<()> {
    match find_experiment_by_name(conn, name)? {
        None => Ok(()),
        Some(taken) => Err(StoreError::new(
            ErrorKind::AlreadyExists,
            match taken.lifecycle_stage {
                LifecycleStage::Active => {
                    format!("experiment name `{name}` is taken by {}", taken.experiment_id)
                }
                LifecycleStage::Deleted => {
                    format!("experiment name `{name}` is taken by {}, which is deleted", taken.experiment_id)
                }
            },
        )),
    }
}

fn insert(conn: &Connection, new: &NewExperiment, derived: bool, now_ns: i64) -> StoreResult<Experiment> {
    conn.prepare_cached(
        "INSERT INTO experiment (name, artifact_location, derived, created_ns, last_updated_ns)
         VALUES (?1, ?2, ?3, ?4, ?4)",
    )
    .and_then(|mut insert| {
        insert.execute((&new.name, new.artifact_location.as_deref().unwrap_or(""), derived, now_ns))
    })
    .map_err(sql_error)?;
    let id = ExperimentId(conn.last_insert_rowid());
    if new.artifact_location.is_none() {
        // The default holds the id, which is known only now.
        conn.prepare_cached("UPDATE experiment SET artifact_location = ?2 WHERE experiment_id = ?1")
            .and_then(|mut update| update.execute((id.0, format!("mlflow-artifacts:/{id}"))))
            .map_err(sql_error)?;
    }
    for (key, value) in &new.tags {
        insert_tag(conn, id, key, value)?;
    }
    get_experiment(conn, id)
}

fn insert_tag(conn: &Connection, id: ExperimentId, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO experiment_tag (experiment_id, key, value) VALUES (?1, ?2, ?3)",
    )
    .and_then(|mut insert| insert.execute((id.0, key, value)))
    .map_err(sql_error)?;
    Ok(())
}

fn touch(conn: &Connection, id: ExperimentId, now_ns: i64) -> StoreResult<()> {
    conn.prepare_cached("UPDATE experiment SET last_updated_ns = ?2 WHERE experiment_id = ?1")
        .and_then(|mut update| update.execute((id.0, now_ns)))
        .map_err(sql_error)?;
    Ok(())
}
