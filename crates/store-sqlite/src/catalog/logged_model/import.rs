//! Logged models of another store.

use super::super::experiment::known_experiment;
use super::{insert_pairs, log_model_metric};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::{LifecycleStage, LoggedModel};
use spanwise_store::StoreResult;

/// See [`spanwise_store::catalog::ImportItem::LoggedModel`].
pub(crate) fn import_model(conn: &Connection, model: &LoggedModel) -> StoreResult<()> {
    known_experiment(conn, model.experiment_id)?;
    let model_key: i64 = conn
        .prepare_cached(
            "INSERT INTO logged_model (model_id, experiment_id, name, model_type, source_run_id, status, created_ns,
                                       last_updated_ns, artifact_uri, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (model_id) DO UPDATE SET
                 experiment_id = excluded.experiment_id, name = excluded.name, model_type = excluded.model_type,
                 source_run_id = excluded.source_run_id, status = excluded.status, created_ns = excluded.created_ns,
                 last_updated_ns = excluded.last_updated_ns, artifact_uri = excluded.artifact_uri,
                 deleted = excluded.deleted
             RETURNING model_key",
        )
        .and_then(|mut insert| {
            let values = params![
                model.model_id,
                model.experiment_id.0,
                model.name,
                model.model_type,
                model.source_run_id,
                model.status.name(),
                model.created_ns,
                model.last_updated_ns,
                model.artifact_uri,
                model.lifecycle_stage == LifecycleStage::Deleted,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    insert_pairs(conn, model_key, &model.params, &model.tags)?;
    model.metrics.iter().try_for_each(|measured| log_model_metric(conn, measured))
}
