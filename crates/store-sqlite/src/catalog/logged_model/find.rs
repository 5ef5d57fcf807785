//! Searching logged models.

use super::super::entity::{Column, Columns, RowKey, Rows, Scope, Sql};
use super::super::page::{Reading, bytes_of};
use super::super::text_array;
use super::load::{COLUMNS, add_data, read_model};
use rusqlite::Connection;
use spanwise_model::LoggedModel;
use spanwise_store::StoreResult;
use spanwise_store::catalog::{LoggedModelPage, LoggedModelQuery};

const FIELDS: Columns = Columns {
    attributes: &[
        ("name", Column::Plain("name")),
        ("model_id", Column::Plain("model_id")),
        ("model_type", Column::Plain("model_type")),
        ("status", Column::Plain("status")),
        ("source_run_id", Column::Plain("source_run_id")),
        ("experiment_id", Column::Plain("experiment_id")),
        ("creation_timestamp", Column::TimeNs("created_ns")),
        ("last_updated_timestamp", Column::TimeNs("last_updated_ns")),
    ],
    maps: &[
        (
            "metrics",
            Rows {
                from: "logged_model_metric AS m WHERE m.model_key = logged_model.model_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
        (
            "params",
            Rows {
                from: "logged_model_param AS m WHERE m.model_key = logged_model.model_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
        (
            "tags",
            Rows {
                from: "logged_model_tag AS m WHERE m.model_key = logged_model.model_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
    ],
};

/// See [`spanwise_store::catalog::LoggedModelStore::find_logged_models`].
pub(crate) fn find_logged_models(
    conn: &Connection,
    query: &LoggedModelQuery,
) -> StoreResult<LoggedModelPage> {
    let mut sql = Sql::default();
    sql.text.push_str(&format!("SELECT {COLUMNS} FROM logged_model WHERE deleted = 0"));
    sql.push_experiments(&query.experiments);
    if !query.datasets.is_empty() {
        // A name alone stands for every digest.
        let wanted: Vec<String> = query
            .datasets
            .iter()
            .map(|(name, digest)| format!("{name}\n{}", digest.as_deref().unwrap_or("*")))
            .collect();
        sql.scope = Some(Scope {
            map: "metrics",
            condition: " AND EXISTS (SELECT 1 FROM rarray(?) WHERE value IN (m.dataset_name || char(10) || m.dataset_digest, \
                        m.dataset_name || char(10) || '*'))",
            values: text_array(&wanted),
        });
    }
    sql.push_filter(&FIELDS, query.filter.as_ref());
    sql.push_page(&FIELDS, &query.order, query.limit, query.offset);
    let (models, has_more) = READING.page(conn, &sql, query.limit)?;
    Ok(LoggedModelPage { models, has_more })
}

const READING: Reading<(i64, LoggedModel), LoggedModel> = Reading {
    read: read_model,
    complete: |conn, mut models| {
        add_data(conn, &mut models)?;
        Ok(models.into_iter().map(|(_, model)| model).collect())
    },
    bytes: |model| {
        let metrics: usize = model
            .metrics
            .iter()
            .map(|one| size_of_val(one) + one.metric.key.len() + one.dataset.0.len())
            .sum();
        size_of_val(model) + model.name.len() + bytes_of(&model.tags) + bytes_of(&model.params) + metrics
    },
};
