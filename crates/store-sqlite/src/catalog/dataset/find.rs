//! Reading and searching datasets.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::super::key_array;
use super::parse_json;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use spanwise_model::{Dataset, ExperimentId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{DatasetPage, DatasetQuery, refusal};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

const COLUMNS: &str = "dataset_key, dataset_id, name, schema, record_count, version, created_ns, last_updated_ns, \
                       created_by, last_updated_by";

const FIELDS: Columns = Columns {
    attributes: &[
        ("name", Column::Plain("name")),
        ("dataset_id", Column::Plain("dataset_id")),
        ("created_time", Column::TimeNs("created_ns")),
        ("last_update_time", Column::TimeNs("last_updated_ns")),
        ("created_by", Column::Plain("created_by")),
        ("last_updated_by", Column::Plain("last_updated_by")),
    ],
    maps: &[(
        "tags",
        Rows {
            from: "dataset_tag AS m WHERE m.dataset_key = dataset.dataset_key",
            key: RowKey::Column { key: "m.key", value: "m.value" },
        },
    )],
};

/// See [`spanwise_store::catalog::DatasetStore::get_dataset`].
pub(crate) fn get_dataset(conn: &Connection, id: &str) -> StoreResult<Dataset> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM dataset WHERE dataset_id = ?1"))
        .and_then(|mut select| select.query_row([id], read_row).optional())
        .map_err(sql_error)?;
    complete(conn, found.ok_or_else(|| refusal::no_dataset(id))?)
}

/// See [`spanwise_store::catalog::DatasetStore::find_datasets`].
pub(crate) fn find_datasets(conn: &Connection, query: &DatasetQuery) -> StoreResult<DatasetPage> {
    let mut sql = Sql::default();
    sql.text.push_str(&format!("SELECT {COLUMNS} FROM dataset WHERE 1"));
    if !query.experiments.is_empty() {
        sql.push(
            " AND dataset_key IN (SELECT dataset_key FROM dataset_experiment WHERE experiment_id IN rarray(?))",
            key_array(query.experiments.iter().map(|id| id.0)),
        );
    }
    sql.push_filter(&FIELDS, query.filter.as_ref());
    sql.push_page(&FIELDS, &query.order, query.limit, query.offset);
    let mut statement = conn.prepare(&sql.text).map_err(sql_error)?;
    let found = statement.query_map(params_from_iter(&sql.params), read_row).map_err(sql_error)?;
    let mut found = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = found.len() > query.limit;
    found.truncate(query.limit);
    let datasets = found.into_iter().map(|row| complete(conn, row)).collect::<StoreResult<_>>()?;
    Ok(DatasetPage { datasets, has_more })
}

/// The key, the schema as text, and the dataset without what is in other tables.
type DatasetRow = (i64, Option<String>, Dataset);

fn read_row(row: &Row<'_>) -> rusqlite::Result<DatasetRow> {
    let (name, last_updated_ns): (String, i64) = (row.get(2)?, row.get(7)?);
    let dataset = Dataset {
        dataset_id: row.get(1)?,
        // As upstream, of name and time; the eight digits of it need not be its own.
        digest: format!("{:08x}", xxh3_64(format!("{name}:{last_updated_ns}").as_bytes()) >> 32),
        name,
        tags: BTreeMap::new(),
        experiments: Vec::new(),
        schema: None,
        record_count: row.get::<_, i64>(4)?.max(0) as u64,
        version: row.get(5)?,
        created_ns: row.get(6)?,
        last_updated_ns,
        created_by: row.get(8)?,
        last_updated_by: row.get(9)?,
    };
    Ok((row.get(0)?, row.get(3)?, dataset))
}

fn complete(conn: &Connection, (dataset_key, schema, mut dataset): DatasetRow) -> StoreResult<Dataset> {
    dataset.schema = schema.map(|text| parse_json(&text)).transpose()?;
    dataset.tags = conn
        .prepare_cached("SELECT key, value FROM dataset_tag WHERE dataset_key = ?1")
        .and_then(|mut select| select.query_map([dataset_key], |row| row.try_into())?.collect())
        .map_err(sql_error)?;
    dataset.experiments = conn
        .prepare_cached("SELECT experiment_id FROM dataset_experiment WHERE dataset_key = ?1 ORDER BY 1")
        .and_then(|mut select| select.query_map([dataset_key], |row| row.get(0).map(ExperimentId))?.collect())
        .map_err(sql_error)?;
    Ok(dataset)
}
