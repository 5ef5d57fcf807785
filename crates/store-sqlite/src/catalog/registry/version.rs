//! Versions of registered models, and the aliases that stand for them.

use super::super::logged_model::get_logged_model;
use super::{event, get_model_version, model_key, touch_model};
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::{LifecycleStage, LoggedModel, ModelStage, ModelVersion};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewModelVersion, refusal};

/// The alias that always stands for the version with the largest number, in any case.
const LATEST: &str = "latest";

/// See [`spanwise_store::catalog::RegistryStore::create_model_version`].
pub(crate) fn create_model_version(
    conn: &Connection,
    new: &NewModelVersion,
    now_ns: i64,
) -> StoreResult<ModelVersion> {
    let model_key = model_key(conn, &new.name)?;
    let storage_location = storage_location(conn, &new.source)?;
    let run_id = run_id(conn, new)?;
    let version: i64 = conn
        .prepare_cached(
            "UPDATE registered_model SET last_version = last_version + 1, last_updated_ns = ?2
             WHERE model_key = ?1 RETURNING last_version",
        )
        .and_then(|mut update| update.query_row((model_key, now_ns), |row| row.get(0)))
        .map_err(sql_error)?;
    conn.prepare_cached(
        "INSERT INTO model_version (model_key, version, created_ns, last_updated_ns, stage, description, source,
                                    storage_location, run_id, run_link, model_id)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .and_then(|mut insert| {
        insert.execute((
            model_key,
            version,
            now_ns,
            ModelStage::None.name(),
            &new.description,
            &new.source,
            storage_location,
            run_id,
            &new.run_link,
            &new.model_id,
        ))
    })
    .map_err(sql_error)?;
    let version_key = conn.last_insert_rowid();
    for (key, value) in &new.tags {
        upsert_tag(conn, version_key, key, value)?;
    }
    event::version_created(conn, new, version, now_ns)?;
    get_model_version(conn, &new.name, version)
}

/// Returns where the files of a version from that source are: those of the version or of the logged model that the source
/// names, or the source.
fn storage_location(conn: &Connection, source: &str) -> StoreResult<String> {
    let Some(path) = models_path(source) else { return Ok(source.to_owned()) };
    let version =
        path.rsplit_once('/').and_then(|(name, version)| Some((name, version.parse::<i64>().ok()?)));
    match (version, logged_model_id(source)) {
        (Some((name, version)), _) => Ok(get_model_version(conn, name, version)?.storage_location),
        (None, Some(id)) => Ok(get_active_logged_model(conn, id)?.artifact_uri),
        (None, None) => Ok(source.to_owned()),
    }
}

/// Returns the run that made a version: the one that is named, or that of the logged model that it comes from.
fn run_id(conn: &Connection, new: &NewModelVersion) -> StoreResult<String> {
    let of_model = Some(new.model_id.as_str()).filter(|id| !id.is_empty());
    match logged_model_id(&new.source).or(of_model) {
        Some(id) if new.run_id.is_empty() => Ok(get_active_logged_model(conn, id)?.source_run_id),
        _ => Ok(new.run_id.clone()),
    }
}

fn models_path(source: &str) -> Option<&str> {
    source.strip_prefix("models:/").map(|path| path.trim_start_matches('/'))
}

/// Returns the id in a source such as `models:/m-0123…`.
fn logged_model_id(source: &str) -> Option<&str> {
    models_path(source).filter(|path| path.starts_with("m-") && !path.contains(['/', '@']))
}

fn get_active_logged_model(conn: &Connection, id: &str) -> StoreResult<LoggedModel> {
    let model = get_logged_model(conn, id)?;
    if model.lifecycle_stage == LifecycleStage::Deleted {
        return Err(refusal::no_logged_model(id));
    }
    Ok(model)
}

/// See [`spanwise_store::catalog::RegistryStore::describe_model_version`].
pub(crate) fn describe_model_version(
    conn: &Connection,
    name: &str,
    version: i64,
    description: Option<&str>,
    now_ns: i64,
) -> StoreResult<ModelVersion> {
    let version_key = version_key(conn, name, version)?;
    conn.prepare_cached(
        "UPDATE model_version SET description = ?2, last_updated_ns = ?3 WHERE version_key = ?1",
    )
    .and_then(|mut update| update.execute((version_key, description, now_ns)))
    .map_err(sql_error)?;
    get_model_version(conn, name, version)
}

/// See [`spanwise_store::catalog::RegistryStore::set_model_version_stage`].
pub(crate) fn set_model_version_stage(
    conn: &Connection,
    name: &str,
    version: i64,
    stage: ModelStage,
    archive_others: bool,
    now_ns: i64,
) -> StoreResult<ModelVersion> {
    let version_key = version_key(conn, name, version)?;
    let model_key = model_key(conn, name)?;
    if archive_others {
        conn.prepare_cached(
            "UPDATE model_version SET stage = ?4, last_updated_ns = ?5
             WHERE model_key = ?1 AND stage = ?2 AND version_key <> ?3",
        )
        .and_then(|mut update| {
            update.execute((model_key, stage.name(), version_key, ModelStage::Archived.name(), now_ns))
        })
        .map_err(sql_error)?;
    }
    conn.prepare_cached("UPDATE model_version SET stage = ?2, last_updated_ns = ?3 WHERE version_key = ?1")
        .and_then(|mut update| update.execute((version_key, stage.name(), now_ns)))
        .map_err(sql_error)?;
    touch_model(conn, model_key, now_ns)?;
    get_model_version(conn, name, version)
}

/// See [`spanwise_store::catalog::RegistryStore::delete_model_version`].
pub(crate) fn delete_model_version(
    conn: &Connection,
    name: &str,
    version: i64,
    now_ns: i64,
) -> StoreResult<()> {
    let version_key = version_key(conn, name, version)?;
    touch_model(conn, model_key(conn, name)?, now_ns)?;
    conn.prepare_cached("DELETE FROM model_version WHERE version_key = ?1")
        .and_then(|mut delete| delete.execute([version_key]))
        .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::catalog::RegistryStore::set_model_version_tag`].
pub(crate) fn set_model_version_tag(
    conn: &Connection,
    name: &str,
    version: i64,
    key: &str,
    value: &str,
    now_ns: i64,
) -> StoreResult<()> {
    upsert_tag(conn, version_key(conn, name, version)?, key, value)?;
    let of = (model_key(conn, name)?, name, version);
    event::version_tag_changed(conn, of, key, Some(value), now_ns)
}

/// See [`spanwise_store::catalog::RegistryStore::delete_model_version_tag`].
pub(crate) fn delete_model_version_tag(
    conn: &Connection,
    name: &str,
    version: i64,
    key: &str,
    now_ns: i64,
) -> StoreResult<()> {
    let version_key = version_key(conn, name, version)?;
    conn.prepare_cached("DELETE FROM model_version_tag WHERE version_key = ?1 AND key = ?2")
        .and_then(|mut delete| delete.execute((version_key, key)))
        .map_err(sql_error)?;
    let of = (model_key(conn, name)?, name, version);
    event::version_tag_changed(conn, of, key, None, now_ns)
}

/// See [`spanwise_store::catalog::RegistryStore::set_model_alias`].
pub(crate) fn set_model_alias(
    conn: &Connection,
    name: &str,
    alias: &str,
    version: i64,
    now_ns: i64,
) -> StoreResult<()> {
    let version_key = version_key(conn, name, version)?;
    let model_key = model_key(conn, name)?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO model_alias (model_key, alias, version_key) VALUES (?1, ?2, ?3)",
    )
    .and_then(|mut insert| insert.execute((model_key, alias, version_key)))
    .map_err(sql_error)?;
    event::alias_changed(conn, (model_key, name), alias, Some(version), now_ns)
}

/// See [`spanwise_store::catalog::RegistryStore::delete_model_alias`].
pub(crate) fn delete_model_alias(conn: &Connection, name: &str, alias: &str, now_ns: i64) -> StoreResult<()> {
    let model_key = model_key(conn, name)?;
    conn.prepare_cached("DELETE FROM model_alias WHERE model_key = ?1 AND alias = ?2")
        .and_then(|mut delete| delete.execute((model_key, alias)))
        .map_err(sql_error)?;
    event::alias_changed(conn, (model_key, name), alias, None, now_ns)
}

/// See [`spanwise_store::catalog::RegistryStore::get_model_version_by_alias`].
pub(crate) fn get_model_version_by_alias(
    conn: &Connection,
    name: &str,
    alias: &str,
) -> StoreResult<ModelVersion> {
    let model_key = model_key(conn, name)?;
    let is_latest = alias.eq_ignore_ascii_case(LATEST);
    let version: Option<i64> = if is_latest {
        conn.prepare_cached("SELECT max(version) FROM model_version WHERE model_key = ?1")
            .and_then(|mut select| select.query_row([model_key], |row| row.get(0)))
            .map_err(sql_error)?
    } else {
        conn.prepare_cached(
            "SELECT v.version FROM model_alias AS a JOIN model_version AS v USING (version_key)
             WHERE a.model_key = ?1 AND a.alias = ?2",
        )
        .and_then(|mut select| select.query_row((model_key, alias), |row| row.get(0)).optional())
        .map_err(sql_error)?
    };
    match version {
        Some(version) => get_model_version(conn, name, version),
        None if is_latest => Err(refusal::no_latest_version(name)),
        None => Err(refusal::no_model_alias(alias)),
    }
}

pub(super) fn upsert_tag(conn: &Connection, version_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO model_version_tag (version_key, key, value) VALUES (?1, ?2, ?3)",
    )
    .and_then(|mut insert| insert.execute((version_key, key, value)))
    .map_err(sql_error)?;
    Ok(())
}

fn version_key(conn: &Connection, name: &str, version: i64) -> StoreResult<i64> {
    conn.prepare_cached(
        "SELECT v.version_key FROM model_version AS v JOIN registered_model AS m USING (model_key)
         WHERE m.name = ?1 AND v.version = ?2",
    )
    .and_then(|mut select| select.query_row((name, version), |row| row.get(0)).optional())
    .map_err(sql_error)?
    .ok_or_else(|| refusal::no_model_version(name, version))
}
