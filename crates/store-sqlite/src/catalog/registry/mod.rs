//! Registered models, which prompts are, and their versions.

mod engine;
mod event;
mod find;
mod import;
mod load;
mod version;

pub(crate) use find::{find_model_versions, find_registered_models};
pub(crate) use import::{import_model, import_version};
pub(crate) use load::{get_model_version, get_registered_model};
pub(crate) use version::{
    create_model_version, delete_model_alias, delete_model_version, delete_model_version_tag,
    describe_model_version, get_model_version_by_alias, set_model_alias, set_model_version_stage,
    set_model_version_tag,
};

use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension};
use spanwise_model::RegisteredModel;
use spanwise_model::registry::is_prompt;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{NewRegisteredModel, refusal};

/// See [`spanwise_store::catalog::RegistryStore::create_registered_model`].
pub(crate) fn create_registered_model(
    conn: &Connection,
    new: &NewRegisteredModel,
    now_ns: i64,
) -> StoreResult<RegisteredModel> {
    if find_key(conn, &new.name)?.is_some() {
        let taken = get_registered_model(conn, &new.name)?;
        return Err(refusal::taken_model_name(&new.name, is_prompt(&taken.tags), is_prompt(&new.tags)));
    }
    conn.prepare_cached(
        "INSERT INTO registered_model (name, created_ns, last_updated_ns, description) VALUES (?1, ?2, ?2, ?3)",
    )
    .and_then(|mut insert| insert.execute((&new.name, now_ns, &new.description)))
    .map_err(sql_error)?;
    let model_key = conn.last_insert_rowid();
    for (key, value) in &new.tags {
        upsert_tag(conn, model_key, key, value)?;
    }
    event::model_created(conn, new, now_ns)?;
    get_registered_model(conn, &new.name)
}

/// See [`spanwise_store::catalog::RegistryStore::describe_registered_model`].
pub(crate) fn describe_registered_model(
    conn: &Connection,
    name: &str,
    description: Option<&str>,
    now_ns: i64,
) -> StoreResult<RegisteredModel> {
    let model_key = model_key(conn, name)?;
    conn.prepare_cached(
        "UPDATE registered_model SET description = ?2, last_updated_ns = ?3 WHERE model_key = ?1",
    )
    .and_then(|mut update| update.execute((model_key, description, now_ns)))
    .map_err(sql_error)?;
    get_registered_model(conn, name)
}

/// See [`spanwise_store::catalog::RegistryStore::rename_registered_model`].
pub(crate) fn rename_registered_model(
    conn: &Connection,
    name: &str,
    new_name: &str,
    now_ns: i64,
) -> StoreResult<RegisteredModel> {
    let model_key = model_key(conn, name)?;
    if find_key(conn, new_name)?.is_some_and(|other| other != model_key) {
        let taken = is_prompt(&get_registered_model(conn, new_name)?.tags);
        return Err(refusal::taken_model_name(new_name, taken, taken));
    }
    conn.prepare_cached("UPDATE registered_model SET name = ?2, last_updated_ns = ?3 WHERE model_key = ?1")
        .and_then(|mut update| update.execute((model_key, new_name, now_ns)))
        .map_err(sql_error)?;
    conn.prepare_cached("UPDATE model_version SET last_updated_ns = ?2 WHERE model_key = ?1")
        .and_then(|mut update| update.execute((model_key, now_ns)))
        .map_err(sql_error)?;
    get_registered_model(conn, new_name)
}

/// See [`spanwise_store::catalog::RegistryStore::delete_registered_model`].
pub(crate) fn delete_registered_model(conn: &Connection, name: &str) -> StoreResult<()> {
    let model_key = model_key(conn, name)?;
    conn.prepare_cached("DELETE FROM registered_model WHERE model_key = ?1")
        .and_then(|mut delete| delete.execute([model_key]))
        .map_err(sql_error)?;
    Ok(())
}

/// See [`spanwise_store::catalog::RegistryStore::set_registered_model_tag`].
pub(crate) fn set_registered_model_tag(
    conn: &Connection,
    name: &str,
    key: &str,
    value: &str,
    now_ns: i64,
) -> StoreResult<()> {
    let model_key = model_key(conn, name)?;
    upsert_tag(conn, model_key, key, value)?;
    event::model_tag_changed(conn, (model_key, name), key, Some(value), now_ns)
}

/// See [`spanwise_store::catalog::RegistryStore::delete_registered_model_tag`].
pub(crate) fn delete_registered_model_tag(
    conn: &Connection,
    name: &str,
    key: &str,
    now_ns: i64,
) -> StoreResult<()> {
    let model_key = model_key(conn, name)?;
    conn.prepare_cached("DELETE FROM registered_model_tag WHERE model_key = ?1 AND key = ?2")
        .and_then(|mut delete| delete.execute((model_key, key)))
        .map_err(sql_error)?;
    event::model_tag_changed(conn, (model_key, name), key, None, now_ns)
}

fn upsert_tag(conn: &Connection, model_key: i64, key: &str, value: &str) -> StoreResult<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO registered_model_tag (model_key, key, value) VALUES (?1, ?2, ?3)",
    )
    .and_then(|mut insert| insert.execute((model_key, key, value)))
    .map_err(sql_error)?;
    Ok(())
}

fn touch_model(conn: &Connection, model_key: i64, now_ns: i64) -> StoreResult<()> {
    conn.prepare_cached("UPDATE registered_model SET last_updated_ns = ?2 WHERE model_key = ?1")
        .and_then(|mut update| update.execute((model_key, now_ns)))
        .map_err(sql_error)?;
    Ok(())
}

fn model_key(conn: &Connection, name: &str) -> StoreResult<i64> {
    find_key(conn, name)?.ok_or_else(|| refusal::no_registered_model(name))
}

fn find_key(conn: &Connection, name: &str) -> StoreResult<Option<i64>> {
    conn.prepare_cached("SELECT model_key FROM registered_model WHERE name = ?1")
        .and_then(|mut select| select.query_row([name], |row| row.get(0)).optional())
        .map_err(sql_error)
}
