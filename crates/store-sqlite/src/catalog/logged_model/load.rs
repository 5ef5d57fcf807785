//! Reading logged models with all that belongs to them.

use super::super::key_array;
use crate::error::{damaged, sql_error};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{ExperimentId, LifecycleStage, LoggedModel, Metric, ModelMetric, ModelStatus, RunId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::refusal;
use std::collections::{BTreeMap, HashMap};

/// The columns that [`read_model`] reads.
pub(super) const COLUMNS: &str = "model_key, model_id, experiment_id, name, model_type, source_run_id, status, created_ns, \
                                  last_updated_ns, artifact_uri, deleted";

/// See [`spanwise_store::catalog::LoggedModelStore::get_logged_model`].
pub(crate) fn get_logged_model(conn: &Connection, id: &str) -> StoreResult<LoggedModel> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM logged_model WHERE model_id = ?1"))
        .and_then(|mut select| select.query_row([id], read_model).optional())
        .map_err(sql_error)?;
    let mut models = vec![found.ok_or_else(|| refusal::no_logged_model(id))?];
    add_data(conn, &mut models)?;
    models.pop().map(|(_, model)| model).ok_or_else(|| refusal::no_logged_model(id))
}

/// Reads a row of [`COLUMNS`]: the key, and the model without what belongs to it.
pub(super) fn read_model(row: &Row<'_>) -> rusqlite::Result<(i64, LoggedModel)> {
    let status: String = row.get(6)?;
    let status = ModelStatus::from_name(&status).ok_or_else(|| {
        let what = format!("a logged model has the unknown status `{status}`");
        rusqlite::Error::FromSqlConversionFailure(6, Type::Text, Box::new(damaged(what)))
    })?;
    let deleted: bool = row.get(10)?;
    let model = LoggedModel {
        model_id: row.get(1)?,
        experiment_id: ExperimentId(row.get(2)?),
        name: row.get(3)?,
        model_type: row.get(4)?,
        source_run_id: row.get(5)?,
        status,
        created_ns: row.get(7)?,
        last_updated_ns: row.get(8)?,
        artifact_uri: row.get(9)?,
        lifecycle_stage: if deleted { LifecycleStage::Deleted } else { LifecycleStage::Active },
        params: BTreeMap::new(),
        tags: BTreeMap::new(),
        metrics: Vec::new(),
    };
    Ok((row.get(0)?, model))
}

/// Fills in what belongs to models.
pub(super) fn add_data(conn: &Connection, models: &mut [(i64, LoggedModel)]) -> StoreResult<()> {
    let mut by_key: HashMap<i64, &mut LoggedModel> =
        models.iter_mut().map(|(key, model)| (*key, model)).collect();
    let mut each = |sql: &str, add: fn(&mut LoggedModel, &Row<'_>) -> rusqlite::Result<()>| {
        let keys = key_array(by_key.keys().copied());
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([keys])?;
        while let Some(row) = rows.next()? {
            if let Some(model) = by_key.get_mut(&row.get(0)?) {
                add(model, row)?;
            }
        }
        Ok(())
    };
    each("SELECT model_key, key, value FROM logged_model_tag WHERE model_key IN rarray(?1)", |model, row| {
        model.tags.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })
    .map_err(sql_error)?;
    each(
        "SELECT model_key, key, value FROM logged_model_param WHERE model_key IN rarray(?1)",
        |model, row| {
            model.params.insert(row.get(1)?, row.get(2)?);
            Ok(())
        },
    )
    .map_err(sql_error)?;
    each(
        "SELECT model_key, key, value, timestamp_ns, step, run_id, dataset_name, dataset_digest
         FROM logged_model_metric WHERE model_key IN rarray(?1) ORDER BY model_key, key, dataset_name, dataset_digest",
        |model, row| {
            let metric = Metric {
                key: row.get(1)?,
                value: row.get::<_, Option<f64>>(2)?.unwrap_or(f64::NAN),
                timestamp_ns: row.get(3)?,
                step: row.get(4)?,
            };
            model.metrics.push(ModelMetric {
                model_id: model.model_id.clone(),
                metric,
                run_id: RunId(row.get(5)?),
                dataset: (row.get(6)?, row.get(7)?),
            });
            Ok(())
        },
    )
    .map_err(sql_error)
}
