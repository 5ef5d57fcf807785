//! Reading runs with all that belongs to them; of their metrics the latest values alone.

use super::super::key_array;
use crate::error::{damaged, sql_error};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{
    DatasetInput, ExperimentId, LifecycleStage, Metric, ModelOutput, Run, RunDataset, RunId, RunStatus,
};
use spanwise_store::catalog::refusal;
use spanwise_store::{StoreError, StoreResult};
use std::collections::{BTreeMap, HashMap};

/// The columns that [`read_run`] reads.
pub(super) const COLUMNS: &str =
    "run_key, run_id, experiment_id, name, user, status, start_ns, end_ns, artifact_uri, deleted <> 0";

/// See [`spanwise_store::catalog::RunStore::get_run`].
pub(crate) fn get_run(conn: &Connection, id: &RunId) -> StoreResult<Run> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM run WHERE run_id = ?1"))
        .and_then(|mut select| select.query_row([&id.0], read_run).optional())
        .map_err(sql_error)?;
    let mut runs = vec![found.ok_or_else(|| refusal::no_run(id))?];
    add_data(conn, &mut runs)?;
    runs.pop().map(|(_, run)| run).ok_or_else(|| refusal::no_run(id))
}

/// Reads a row of [`COLUMNS`]: the key, and the run without what belongs to it.
pub(super) fn read_run(row: &Row<'_>) -> rusqlite::Result<(i64, Run)> {
    let status: String = row.get(5)?;
    let status = RunStatus::from_name(&status).ok_or_else(|| {
        let what = format!("a run has the unknown status `{status}`");
        rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(damaged(what)))
    })?;
    let deleted: bool = row.get(9)?;
    let run = Run {
        run_id: RunId(row.get(1)?),
        experiment_id: ExperimentId(row.get(2)?),
        name: row.get(3)?,
        user: row.get(4)?,
        status,
        start_ns: row.get(6)?,
        end_ns: row.get(7)?,
        artifact_uri: row.get(8)?,
        lifecycle_stage: if deleted { LifecycleStage::Deleted } else { LifecycleStage::Active },
        metrics: Vec::new(),
        params: BTreeMap::new(),
        tags: BTreeMap::new(),
        dataset_inputs: Vec::new(),
        model_inputs: Vec::new(),
        model_outputs: Vec::new(),
    };
    Ok((row.get(0)?, run))
}

/// Fills in what belongs to runs.
pub(super) fn add_data(conn: &Connection, runs: &mut [(i64, Run)]) -> StoreResult<()> {
    let mut by_key: HashMap<i64, &mut Run> = runs.iter_mut().map(|(key, run)| (*key, run)).collect();
    let mut each = |sql: &str, add: &mut dyn FnMut(&mut Run, &Row<'_>) -> rusqlite::Result<()>| {
        let keys = key_array(by_key.keys().copied());
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([keys])?;
        while let Some(row) = rows.next()? {
            if let Some(run) = by_key.get_mut(&row.get(0)?) {
                add(run, row)?;
            }
        }
        Ok(())
    };
    each("SELECT run_key, key, value FROM run_tag WHERE run_key IN rarray(?1)", &mut |run, row| {
        run.tags.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })
    .map_err(sql_error)?;
    each("SELECT run_key, key, value FROM run_param WHERE run_key IN rarray(?1)", &mut |run, row| {
        run.params.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })
    .map_err(sql_error)?;
    each(
        "SELECT run_key, key, value, timestamp_ns, step FROM run_metric WHERE run_key IN rarray(?1) ORDER BY metric_key",
        &mut |run, row| {
            run.metrics.push(Metric {
                key: row.get(1)?,
                value: row.get::<_, Option<f64>>(2)?.unwrap_or(f64::NAN),
                timestamp_ns: row.get(3)?,
                step: row.get(4)?,
            });
            Ok(())
        },
    )
    .map_err(sql_error)?;
    each(
        "SELECT run_key, kind, model_id, step FROM run_model WHERE run_key IN rarray(?1) ORDER BY 1, 2, 3, 4",
        &mut |run, row| {
            let model_id: String = row.get(2)?;
            match row.get(1)? {
                0 => run.model_inputs.push(model_id),
                _ => run.model_outputs.push(ModelOutput { model_id, step: row.get(3)? }),
            }
            Ok(())
        },
    )
    .map_err(sql_error)?;
    each(
        "SELECT i.run_key, d.name, d.digest, d.source_type, d.source, d.schema, d.profile, i.tags
         FROM run_input AS i JOIN run_dataset AS d USING (dataset_key)
         WHERE i.run_key IN rarray(?1) ORDER BY i.run_key, d.dataset_key",
        &mut |run, row| {
            run.dataset_inputs.push(read_input(row)?);
            Ok(())
        },
    )
    .map_err(sql_error)
}

fn read_input(row: &Row<'_>) -> rusqlite::Result<DatasetInput> {
    let tags: String = row.get(7)?;
    let tags = serde_json::from_str(&tags).map_err(|error| {
        let error = StoreError::with_source(
            spanwise_model::ErrorKind::Internal,
            "the tags of a run's input are no JSON",
            error,
        );
        rusqlite::Error::FromSqlConversionFailure(7, Type::Text, Box::new(error))
    })?;
    let dataset = RunDataset {
        name: row.get(1)?,
        digest: row.get(2)?,
        source_type: row.get(3)?,
        source: row.get(4)?,
        schema: row.get(5)?,
        profile: row.get(6)?,
    };
    Ok(DatasetInput { dataset, tags })
}
