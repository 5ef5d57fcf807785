//! Registered models of another store, with their versions as they are numbered there.

use super::{model_key, upsert_tag, version};
use crate::error::sql_error;
use rusqlite::{Connection, params};
use spanwise_model::registry::is_prompt;
use spanwise_model::{ModelVersion, RegisteredModel};
use spanwise_store::StoreResult;
use spanwise_store::catalog::refusal;

/// See [`spanwise_store::catalog::ImportItem::RegisteredModel`].
pub(crate) fn import_model(conn: &Connection, model: &RegisteredModel) -> StoreResult<()> {
    if super::find_key(conn, &model.name)?.is_some() {
        let (taken, wanted) =
            (is_prompt(&super::get_registered_model(conn, &model.name)?.tags), is_prompt(&model.tags));
        if taken != wanted {
            return Err(refusal::taken_model_name(&model.name, taken, wanted));
        }
    }
    let model_key: i64 = conn
        .prepare_cached(
            "INSERT INTO registered_model (name, created_ns, last_updated_ns, description) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET
                 created_ns = excluded.created_ns, last_updated_ns = excluded.last_updated_ns,
                 description = excluded.description
             RETURNING model_key",
        )
        .and_then(|mut insert| {
            let values = (&model.name, model.created_ns, model.last_updated_ns, &model.description);
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    model.tags.iter().try_for_each(|(key, value)| upsert_tag(conn, model_key, key, value))
}

/// See [`spanwise_store::catalog::ImportItem::ModelVersion`].
pub(crate) fn import_version(conn: &Connection, new: &ModelVersion) -> StoreResult<()> {
    let model_key = model_key(conn, &new.name)?;
    let version_key: i64 = conn
        .prepare_cached(
            "INSERT INTO model_version (model_key, version, created_ns, last_updated_ns, stage, description, source,
                                        storage_location, run_id, run_link, model_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (model_key, version) DO UPDATE SET
                 created_ns = excluded.created_ns, last_updated_ns = excluded.last_updated_ns, stage = excluded.stage,
                 description = excluded.description, source = excluded.source,
                 storage_location = excluded.storage_location, run_id = excluded.run_id,
                 run_link = excluded.run_link, model_id = excluded.model_id
             RETURNING version_key",
        )
        .and_then(|mut insert| {
            let values = params![
                model_key,
                new.version,
                new.created_ns,
                new.last_updated_ns,
                new.stage.name(),
                new.description,
                new.source,
                new.storage_location,
                new.run_id,
                new.run_link,
                new.model_id,
            ];
            insert.query_row(values, |row| row.get(0))
        })
        .map_err(sql_error)?;
    conn.prepare_cached(
        "UPDATE registered_model SET last_version = max(last_version, ?2) WHERE model_key = ?1",
    )
    .and_then(|mut update| update.execute((model_key, new.version)))
    .map_err(sql_error)?;
    for (key, value) in &new.tags {
        version::upsert_tag(conn, version_key, key, value)?;
    }
    for alias in &new.aliases {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO model_alias (model_key, alias, version_key) VALUES (?1, ?2, ?3)",
        )
        .and_then(|mut insert| insert.execute((model_key, alias, version_key)))
        .map_err(sql_error)?;
    }
    Ok(())
}
