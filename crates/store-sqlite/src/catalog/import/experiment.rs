//! Experiments of another store: the same one, one of the same name, or a new one.

use super::super::experiment::{find_experiment_by_name, get_experiment};
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{ErrorKind, Experiment, ExperimentId, LifecycleStage};
use spanwise_store::catalog::Imported;
use spanwise_store::{StoreError, StoreResult};

/// See [`spanwise_store::catalog::ImportItem::Experiment`].
pub(super) fn import(conn: &Connection, experiment: &Experiment) -> StoreResult<Imported> {
    let by_name = find_experiment_by_name(conn, &experiment.name)?;
    let id = match find_same(conn, experiment)? {
        Some(id) => {
            // A name that another one has meanwhile stays with that one.
            let is_free = by_name.is_none_or(|taken| taken.experiment_id == id);
            write(conn, id, experiment, is_free)?;
            id
        }
        None => match by_name {
            Some(found) if found.lifecycle_stage == LifecycleStage::Deleted => {
                return Err(StoreError::new(
                    ErrorKind::AlreadyExists,
                    format!(
                        "the experiment `{}` of that name ({}) is deleted here; restore it, or rename it",
                        found.name, found.experiment_id
                    ),
                ));
            }
            Some(found) => found.experiment_id,
            None => make(conn, experiment)?,
        },
    };
    for (key, value) in &experiment.tags {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO experiment_tag (experiment_id, key, value) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| insert.execute((id.0, key, value)))
        .map_err(sql_error)?;
    }
    Ok(Imported::Experiment(id, get_experiment(conn, id)?.name))
}

/// Returns the experiment that is this one: of its id and time of creation, or the default one that nobody took over yet.
fn find_same(conn: &Connection, experiment: &Experiment) -> StoreResult<Option<ExperimentId>> {
    let id = experiment.experiment_id;
    let created_ns: Option<i64> = conn
        .prepare_cached("SELECT created_ns FROM experiment WHERE experiment_id = ?1")
        .and_then(|mut select| select.query_row([id.0], |row| row.get(0)).optional())
        .map_err(sql_error)?;
    let is_same = created_ns == Some(experiment.created_ns);
    let is_fresh = id == ExperimentId::DEFAULT && created_ns == Some(0);
    Ok((is_same || is_fresh).then_some(id))
}

fn write(conn: &Connection, id: ExperimentId, experiment: &Experiment, with_name: bool) -> StoreResult<()> {
    let deleted = experiment.lifecycle_stage == LifecycleStage::Deleted;
    conn.prepare_cached(
        "UPDATE experiment SET name = iif(?2, ?3, name), artifact_location = ?4, deleted = ?5, created_ns = ?6,
                               last_updated_ns = ?7 WHERE experiment_id = ?1",
    )
    .and_then(|mut update| {
        update.execute((
            id.0,
            with_name,
            &experiment.name,
            location(id, experiment),
            deleted,
            experiment.created_ns,
            experiment.last_updated_ns,
        ))
    })
    .map_err(sql_error)?;
    if deleted {
        // They were deleted with it, so restoring it restores them.
        conn.prepare_cached("UPDATE run SET deleted = 2 WHERE experiment_id = ?1 AND deleted = 1")
            .and_then(|mut update| update.execute([id.0]))
            .map_err(sql_error)?;
    }
    Ok(())
}

/// Makes the experiment, with its own id if that is free.
fn make(conn: &Connection, experiment: &Experiment) -> StoreResult<ExperimentId> {
    let wanted = experiment.experiment_id.0;
    let id: i64 = conn
        .prepare_cached(
            "INSERT INTO experiment (experiment_id, name, artifact_location, created_ns, last_updated_ns)
             VALUES (iif(EXISTS (SELECT 1 FROM experiment WHERE experiment_id = ?1), NULL, ?1), ?2, '', 0, 0)
             RETURNING experiment_id",
        )
        .and_then(|mut insert| insert.query_row((wanted, &experiment.name), |row| row.get(0)))
        .map_err(sql_error)?;
    write(conn, ExperimentId(id), experiment, true)?;
    Ok(ExperimentId(id))
}

fn location(id: ExperimentId, experiment: &Experiment) -> String {
    match experiment.artifact_location.as_str() {
        "" => format!("mlflow-artifacts:/{id}"),
        given => given.to_owned(),
    }
}
