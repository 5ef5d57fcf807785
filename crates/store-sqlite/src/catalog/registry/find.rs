//! Searching registered models and versions.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::load::{
    MODEL_COLUMNS, VERSION_COLUMNS, VERSIONS, add_model_data, add_version_data, read_model, read_version,
};
use crate::error::sql_error;
use rusqlite::{Connection, Row, params_from_iter};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ModelVersionPage, RegisteredModelPage, RegistryQuery};

const MODEL_FIELDS: Columns = Columns {
    attributes: &[
        ("name", Column::Plain("name")),
        ("creation_timestamp", Column::TimeNs("created_ns")),
        ("last_updated_timestamp", Column::TimeNs("last_updated_ns")),
    ],
    maps: &[(
        "tag",
        Rows {
            from: "registered_model_tag AS t WHERE t.model_key = registered_model.model_key",
            key: RowKey::Column { key: "t.key", value: "t.value" },
        },
    )],
};

const VERSION_FIELDS: Columns = Columns {
    attributes: &[
        ("name", Column::Plain("m.name")),
        ("version_number", Column::Plain("v.version")),
        ("run_id", Column::Plain("v.run_id")),
        ("source_path", Column::Plain("v.source")),
        ("creation_timestamp", Column::TimeNs("v.created_ns")),
        ("last_updated_timestamp", Column::TimeNs("v.last_updated_ns")),
    ],
    maps: &[(
        "tag",
        Rows {
            from: "model_version_tag AS t WHERE t.version_key = v.version_key",
            key: RowKey::Column { key: "t.key", value: "t.value" },
        },
    )],
};

/// See [`spanwise_store::catalog::RegistryStore::find_registered_models`].
pub(crate) fn find_registered_models(
    conn: &Connection,
    query: &RegistryQuery,
) -> StoreResult<RegisteredModelPage> {
    let select = format!("SELECT {MODEL_COLUMNS} FROM registered_model WHERE 1");
    let (mut models, has_more) = find(conn, select, &MODEL_FIELDS, query, read_model)?;
    add_model_data(conn, &mut models)?;
    Ok(RegisteredModelPage { models: models.into_iter().map(|(_, model)| model).collect(), has_more })
}

/// See [`spanwise_store::catalog::RegistryStore::find_model_versions`].
pub(crate) fn find_model_versions(conn: &Connection, query: &RegistryQuery) -> StoreResult<ModelVersionPage> {
    let select = format!("SELECT {VERSION_COLUMNS} FROM {VERSIONS} WHERE 1");
    let (mut versions, has_more) = find(conn, select, &VERSION_FIELDS, query, read_version)?;
    add_version_data(conn, &mut versions)?;
    Ok(ModelVersionPage { versions: versions.into_iter().map(|(_, version)| version).collect(), has_more })
}

/// Returns the rows of a page, and whether more follow.
fn find<T>(
    conn: &Connection,
    select: String,
    fields: &Columns,
    query: &RegistryQuery,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> StoreResult<(Vec<T>, bool)> {
    let mut sql = Sql { text: select, ..Sql::default() };
    sql.push_filter(fields, Some(&query.filter));
    sql.push_page(fields, &query.order, query.limit, query.offset);
    let mut statement = conn.prepare(&sql.text).map_err(sql_error)?;
    let found = statement.query_map(params_from_iter(&sql.params), read).map_err(sql_error)?;
    let mut rows = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = rows.len() > query.limit;
    rows.truncate(query.limit);
    Ok((rows, has_more))
}
