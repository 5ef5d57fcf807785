//! Datasets of another store.

use super::change::Change;
use super::merge::next_position;
use super::record::{find_current, write};
use super::{add_experiments, key_of, upsert_tag};
use crate::error::sql_error;
use crate::store::now_ns;
use rusqlite::{Connection, params};
use serde_json::Value;
use spanwise_model::{Dataset, DatasetRecord};
use spanwise_store::StoreResult;
use spanwise_store::catalog::canonical_inputs;

/// See [`spanwise_store::catalog::ImportItem::Dataset`].
pub(crate) fn import_dataset(conn: &Connection, dataset: &Dataset) -> StoreResult<()> {
    let dataset_key: i64 = conn
        .prepare_cached(
            "INSERT INTO dataset (dataset_id, name, schema, created_ns, last_updated_ns, created_by, last_updated_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (dataset_id) DO UPDATE SET
                 name = excluded.name, schema = coalesce(excluded.schema, schema), created_ns = excluded.created_ns,
                 last_updated_ns = excluded.last_updated_ns, created_by = excluded.created_by,
                 last_updated_by = excluded.last_updated_by
             RETURNING dataset_key",
        )
        .and_then(|mut insert| {
            let values = params![
                dataset.dataset_id,
                dataset.name,
                dataset.schema.as_ref().map(Value::to_string),
                dataset.created_ns,
                dataset.last_updated_ns,
                dataset.created_by,
                dataset.last_updated_by,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    for (key, value) in &dataset.tags {
        upsert_tag(conn, dataset_key, key, value)?;
    }
    add_experiments(conn, dataset_key, &dataset.experiments)
}

/// See [`spanwise_store::catalog::ImportItem::Records`]; what is there already makes no new version.
pub(crate) fn import_records(conn: &Connection, id: &str, records: &[DatasetRecord]) -> StoreResult<()> {
    let dataset_key = key_of(conn, id)?;
    let mut change = Change::begin(conn, dataset_key, None)?;
    let now_ns = now_ns();
    for record in records {
        let (position, record) = match find_current(conn, dataset_key, &canonical_inputs(&record.inputs))? {
            Some((position, known)) => {
                let record = DatasetRecord {
                    record_id: known.record_id.clone(),
                    since: known.since,
                    ..record.clone()
                };
                if record == known {
                    continue;
                }
                change.changed += 1;
                (position, record)
            }
            None => {
                change.added += 1;
                (next_position(conn)?, record.clone())
            }
        };
        write(conn, dataset_key, position, &DatasetRecord { since: change.version, ..record })?;
    }
    if change.added + change.changed > 0 {
        change.finish_import(conn, dataset_key, now_ns)?;
    }
    Ok(())
}
