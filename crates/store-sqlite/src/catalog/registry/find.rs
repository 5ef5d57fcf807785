//! Searching registered models and versions.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::super::page::{Reading, bytes_of};
use super::load::{
    MODEL_COLUMNS, VERSION_COLUMNS, VERSIONS, add_model_data, add_version_data, read_model, read_version,
};
use rusqlite::Connection;
use spanwise_model::{ModelVersion, RegisteredModel};
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
    let sql = search(format!("SELECT {MODEL_COLUMNS} FROM registered_model WHERE 1"), &MODEL_FIELDS, query);
    let (models, has_more) = MODELS.page(conn, &sql, query.limit)?;
    Ok(RegisteredModelPage { models, has_more })
}

/// See [`spanwise_store::catalog::RegistryStore::find_model_versions`].
pub(crate) fn find_model_versions(conn: &Connection, query: &RegistryQuery) -> StoreResult<ModelVersionPage> {
    let sql = search(format!("SELECT {VERSION_COLUMNS} FROM {VERSIONS} WHERE 1"), &VERSION_FIELDS, query);
    let (versions, has_more) = VERSION_READING.page(conn, &sql, query.limit)?;
    Ok(ModelVersionPage { versions, has_more })
}

fn search(select: String, fields: &Columns, query: &RegistryQuery) -> Sql {
    let mut sql = Sql { text: select, ..Sql::default() };
    sql.push_filter(fields, Some(&query.filter));
    sql.push_page(fields, &query.order, query.limit, query.offset);
    sql
}

const MODELS: Reading<(i64, RegisteredModel), RegisteredModel> = Reading {
    read: read_model,
    complete: |conn, mut models| {
        add_model_data(conn, &mut models)?;
        Ok(models.into_iter().map(|(_, model)| model).collect())
    },
    bytes: |model| {
        let aliases: usize = model.aliases.keys().map(String::len).sum();
        let latest: usize = model.latest_versions.iter().map(version_bytes).sum();
        size_of_val(model) + text_bytes(&model.description) + bytes_of(&model.tags) + aliases + latest
    },
};

const VERSION_READING: Reading<(i64, ModelVersion), ModelVersion> = Reading {
    read: read_version,
    complete: |conn, mut versions| {
        add_version_data(conn, &mut versions)?;
        Ok(versions.into_iter().map(|(_, version)| version).collect())
    },
    bytes: version_bytes,
};

fn version_bytes(version: &ModelVersion) -> usize {
    let texts = [&version.name, &version.source, &version.storage_location, &version.run_link];
    let texts: usize = texts.into_iter().chain(&version.aliases).map(String::len).sum();
    size_of_val(version) + text_bytes(&version.description) + bytes_of(&version.tags) + texts
}

fn text_bytes(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{database, plan_of};
    use super::*;
    use spanwise_query::entity::{MODEL_VERSION, without_prompts};
    use spanwise_query::{parse_entity_filter, parse_entity_order};

    #[test]
    fn the_versions_of_one_model_are_found_by_its_name() {
        let query = RegistryQuery {
            filter: without_prompts(
                parse_entity_filter(&MODEL_VERSION, "name = 'p' AND tag.`mlflow.prompt.is_prompt` = 'true'")
                    .unwrap(),
            ),
            order: parse_entity_order(&MODEL_VERSION, &["version_number DESC"]).unwrap(),
            limit: 100,
            offset: 0,
        };
        let select = format!("SELECT {VERSION_COLUMNS} FROM {VERSIONS} WHERE 1");
        let plan = plan_of(&database(), &search(select, &VERSION_FIELDS, &query));
        assert!(plan.contains("(name=?)") && !plan.contains("SCAN"), "{plan}");
    }
}
