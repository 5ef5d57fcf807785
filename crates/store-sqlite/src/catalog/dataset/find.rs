//! Reading and searching datasets.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::super::key_array;
use super::parse_json;
use crate::error::sql_error;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use spanwise_model::{Dataset, ExperimentId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{DatasetPage, DatasetQuery, dataset_digest, refusal};
use std::collections::BTreeMap;

const COLUMNS: &str = "dataset_key, dataset_id, name, schema, record_count, version, created_ns, last_updated_ns, \
                       created_by, last_updated_by, mapping";

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

/// A dataset without what is in other tables.
struct DatasetRow {
    dataset_key: i64,
    /// JSON, as the mapping is.
    schema: Option<String>,
    mapping: Option<String>,
    dataset: Dataset,
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<DatasetRow> {
    let (dataset_id, version): (String, i64) = (row.get(1)?, row.get(5)?);
    let dataset = Dataset {
        digest: dataset_digest(&dataset_id, version),
        dataset_id,
        name: row.get(2)?,
        tags: BTreeMap::new(),
        experiments: Vec::new(),
        schema: None,
        record_count: row.get::<_, i64>(4)?.max(0) as u64,
        version,
        created_ns: row.get(6)?,
        last_updated_ns: row.get(7)?,
        created_by: row.get(8)?,
        last_updated_by: row.get(9)?,
        mapping: None,
    };
    Ok(DatasetRow { dataset_key: row.get(0)?, schema: row.get(3)?, mapping: row.get(10)?, dataset })
}

fn complete(conn: &Connection, row: DatasetRow) -> StoreResult<Dataset> {
    let DatasetRow { dataset_key, schema, mapping, mut dataset } = row;
    dataset.mapping = mapping.map(|text| parse_json(&text)).transpose()?;
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
