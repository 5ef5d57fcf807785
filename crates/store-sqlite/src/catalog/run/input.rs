//! The datasets and models that runs read and make.

use super::super::key_array;
use super::active_key;
use crate::error::sql_error;
use rusqlite::Connection;
use spanwise_model::{DatasetInput, ErrorKind, ExperimentId, RunId};
use spanwise_store::catalog::{DatasetSummary, RunInputs};
use spanwise_store::{StoreError, StoreResult};

/// The tag of an input that says what the dataset was used for.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// See [`spanwise_store::catalog::RunStore::log_run_inputs`].
pub(crate) fn log_run_inputs(conn: &Connection, id: &RunId, inputs: &RunInputs) -> StoreResult<()> {
    let run_key = active_key(conn, id)?;
    insert_inputs(conn, run_key, inputs)
}

pub(super) fn insert_inputs(conn: &Connection, run_key: i64, inputs: &RunInputs) -> StoreResult<()> {
    for input in &inputs.datasets {
        insert_dataset(conn, run_key, input)?;
    }
    let used = inputs.models.iter().map(|model_id| (0, model_id, 0));
    let made = inputs.outputs.iter().map(|output| (1, &output.model_id, output.step));
    let mut insert = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO run_model (run_key, kind, model_id, step) VALUES (?1, ?2, ?3, ?4)",
        )
        .map_err(sql_error)?;
    for (kind, model_id, step) in used.chain(made) {
        insert.execute((run_key, kind, model_id, step)).map_err(sql_error)?;
    }
    Ok(())
}

fn insert_dataset(conn: &Connection, run_key: i64, input: &DatasetInput) -> StoreResult<()> {
    let dataset = &input.dataset;
    conn.prepare_cached(
        "INSERT OR IGNORE INTO run_dataset (experiment_id, name, digest, source_type, source, schema, profile)
         SELECT experiment_id, ?2, ?3, ?4, ?5, ?6, ?7 FROM run WHERE run_key = ?1",
    )
    .and_then(|mut insert| {
        insert.execute((
            run_key,
            &dataset.name,
            &dataset.digest,
            &dataset.source_type,
            &dataset.source,
            &dataset.schema,
            &dataset.profile,
        ))
    })
    .map_err(sql_error)?;
    let tags = serde_json::to_string(&input.tags).map_err(|error| {
        StoreError::with_source(ErrorKind::Internal, "cannot write the tags of a run's input", error)
    })?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO run_input (run_key, dataset_key, tags, context)
         SELECT run.run_key, d.dataset_key, ?4, ?5
         FROM run JOIN run_dataset AS d USING (experiment_id)
         WHERE run.run_key = ?1 AND d.name = ?2 AND d.digest = ?3",
    )
    .and_then(|mut insert| {
        let context = input.tags.get(CONTEXT_TAG);
        insert.execute((run_key, &dataset.name, &dataset.digest, tags, context))
    })
    .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::catalog::RunStore::run_datasets`].
pub(crate) fn run_datasets(
    conn: &Connection,
    experiments: &[ExperimentId],
) -> StoreResult<Vec<DatasetSummary>> {
    let mut statement = conn
        .prepare_cached(
            "SELECT DISTINCT d.experiment_id, d.name, d.digest, i.context
             FROM run_dataset AS d JOIN run_input AS i USING (dataset_key) JOIN run USING (run_key)
             WHERE d.experiment_id IN rarray(?1) AND run.deleted = 0
             ORDER BY 1, 2, 3, 4",
        )
        .map_err(sql_error)?;
    let keys = key_array(experiments.iter().map(|id| id.0));
    let rows = statement
        .query_map([keys], |row| {
            Ok(DatasetSummary {
                experiment_id: ExperimentId(row.get(0)?),
                name: row.get(1)?,
                digest: row.get(2)?,
                context: row.get(3)?,
            })
        })
        .map_err(sql_error)?;
    rows.collect::<Result<_, _>>().map_err(sql_error)
}
