//! Reading registered models and versions with all that belongs to them.

use super::super::key_array;
use crate::error::{damaged, sql_error};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};
use spanwise_model::{ModelStage, ModelVersion, RegisteredModel};
use spanwise_store::StoreResult;
use spanwise_store::catalog::refusal;
use std::collections::{BTreeMap, HashMap};

/// The columns that [`read_model`] reads.
pub(super) const MODEL_COLUMNS: &str = "model_key, name, created_ns, last_updated_ns, description";

/// The columns that [`read_version`] reads, of [`VERSIONS`].
pub(super) const VERSION_COLUMNS: &str =
    "v.version_key, m.name, v.version, v.created_ns, v.last_updated_ns, v.stage,
    v.description, v.source, v.storage_location, v.run_id, v.run_link, v.model_id";

/// The versions with the models that they are of.
pub(super) const VERSIONS: &str =
    "model_version AS v JOIN registered_model AS m ON m.model_key = v.model_key";

/// See [`spanwise_store::catalog::RegistryStore::get_registered_model`].
pub(crate) fn get_registered_model(conn: &Connection, name: &str) -> StoreResult<RegisteredModel> {
    let found = conn
        .prepare_cached(&format!("SELECT {MODEL_COLUMNS} FROM registered_model WHERE name = ?1"))
        .and_then(|mut select| select.query_row([name], read_model).optional())
        .map_err(sql_error)?;
    let mut models = vec![found.ok_or_else(|| refusal::no_registered_model(name))?];
    add_model_data(conn, &mut models)?;
    models.pop().map(|(_, model)| model).ok_or_else(|| refusal::no_registered_model(name))
}

/// See [`spanwise_store::catalog::RegistryStore::get_model_version`].
pub(crate) fn get_model_version(conn: &Connection, name: &str, version: i64) -> StoreResult<ModelVersion> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {VERSION_COLUMNS} FROM {VERSIONS} WHERE m.name = ?1 AND v.version = ?2"
        ))
        .and_then(|mut select| select.query_row((name, version), read_version).optional())
        .map_err(sql_error)?;
    let mut versions = vec![found.ok_or_else(|| refusal::no_model_version(name, version))?];
    add_version_data(conn, &mut versions)?;
    versions.pop().map(|(_, version)| version).ok_or_else(|| refusal::no_model_version(name, version))
}

/// Reads a row of [`MODEL_COLUMNS`]: the key, and the model without what belongs to it.
pub(super) fn read_model(row: &Row<'_>) -> rusqlite::Result<(i64, RegisteredModel)> {
    let model = RegisteredModel {
        name: row.get(1)?,
        created_ns: row.get(2)?,
        last_updated_ns: row.get(3)?,
        description: row.get(4)?,
        tags: BTreeMap::new(),
        aliases: BTreeMap::new(),
        latest_versions: Vec::new(),
    };
    Ok((row.get(0)?, model))
}

/// Reads a row of [`VERSION_COLUMNS`]: the key, and the version without what belongs to it.
pub(super) fn read_version(row: &Row<'_>) -> rusqlite::Result<(i64, ModelVersion)> {
    let stage: String = row.get(5)?;
    let stage = ModelStage::from_name(&stage).ok_or_else(|| {
        let what = format!("a version of a registered model has the unknown stage `{stage}`");
        rusqlite::Error::FromSqlConversionFailure(5, Type::Text, Box::new(damaged(what)))
    })?;
    let version = ModelVersion {
        name: row.get(1)?,
        version: row.get(2)?,
        created_ns: row.get(3)?,
        last_updated_ns: row.get(4)?,
        stage,
        description: row.get(6)?,
        source: row.get(7)?,
        storage_location: row.get(8)?,
        run_id: row.get(9)?,
        run_link: row.get(10)?,
        model_id: row.get(11)?,
        tags: BTreeMap::new(),
        aliases: Vec::new(),
    };
    Ok((row.get(0)?, version))
}

/// Fills in what belongs to models, their latest versions included.
pub(super) fn add_model_data(conn: &Connection, models: &mut [(i64, RegisteredModel)]) -> StoreResult<()> {
    let mut latest = latest_versions(conn, models)?;
    let mut by_key: HashMap<i64, &mut RegisteredModel> =
        models.iter_mut().map(|(key, model)| (*key, model)).collect();
    for (key, model) in &mut by_key {
        model.latest_versions = latest.remove(key).unwrap_or_default();
    }
    let tags = "SELECT model_key, key, value FROM registered_model_tag WHERE model_key IN rarray(?1)";
    each(conn, tags, &mut by_key, |model, row| {
        model.tags.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })?;
    let aliases = "SELECT a.model_key, a.alias, v.version FROM model_alias AS a JOIN model_version AS v USING (version_key)
                   WHERE a.model_key IN rarray(?1)";
    each(conn, aliases, &mut by_key, |model, row| {
        model.aliases.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })
}

/// Fills in what belongs to versions.
pub(super) fn add_version_data(conn: &Connection, versions: &mut [(i64, ModelVersion)]) -> StoreResult<()> {
    let mut by_key: HashMap<i64, &mut ModelVersion> =
        versions.iter_mut().map(|(key, version)| (*key, version)).collect();
    let tags = "SELECT version_key, key, value FROM model_version_tag WHERE version_key IN rarray(?1)";
    each(conn, tags, &mut by_key, |version, row| {
        version.tags.insert(row.get(1)?, row.get(2)?);
        Ok(())
    })?;
    let aliases = "SELECT version_key, alias FROM model_alias WHERE version_key IN rarray(?1) ORDER BY alias";
    each(conn, aliases, &mut by_key, |version, row| {
        version.aliases.push(row.get(1)?);
        Ok(())
    })
}

/// Returns the latest version of each stage by the key of its model.
fn latest_versions(
    conn: &Connection,
    models: &[(i64, RegisteredModel)],
) -> StoreResult<HashMap<i64, Vec<ModelVersion>>> {
    let mut statement = conn
        .prepare_cached(&format!(
            "SELECT {VERSION_COLUMNS}, v.model_key FROM {VERSIONS}
             WHERE (v.model_key, v.stage, v.version) IN
                   (SELECT model_key, stage, max(version) FROM model_version
                    WHERE model_key IN rarray(?1) GROUP BY model_key, stage)
             ORDER BY v.version"
        ))
        .map_err(sql_error)?;
    let keys = key_array(models.iter().map(|(key, _)| *key));
    let rows = statement
        .query_map([keys], |row| Ok((row.get::<_, i64>(12)?, read_version(row)?)))
        .map_err(sql_error)?;
    let (model_keys, mut versions): (Vec<i64>, Vec<_>) =
        rows.collect::<Result<Vec<_>, _>>().map_err(sql_error)?.into_iter().unzip();
    add_version_data(conn, &mut versions)?;
    let mut latest: HashMap<i64, Vec<ModelVersion>> = HashMap::new();
    for (model_key, (_, version)) in model_keys.into_iter().zip(versions) {
        latest.entry(model_key).or_default().push(version);
    }
    Ok(latest)
}

/// Hands each row of a query over the keys, which is its first column, to the thing of that key.
fn each<T>(
    conn: &Connection,
    sql: &str,
    by_key: &mut HashMap<i64, &mut T>,
    add: impl Fn(&mut T, &Row<'_>) -> rusqlite::Result<()>,
) -> StoreResult<()> {
    let keys = key_array(by_key.keys().copied());
    let read = || {
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query([keys])?;
        while let Some(row) = rows.next()? {
            if let Some(thing) = by_key.get_mut(&row.get(0)?) {
                add(thing, row)?;
            }
        }
        Ok(())
    };
    read().map_err(sql_error)
}
