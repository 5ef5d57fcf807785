//! Searching experiments: the filter compiled to one SQL query.

use super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::experiment::{COLUMNS, add_tags, read_experiment};
use crate::error::sql_error;
use rusqlite::{Connection, params_from_iter};
use spanwise_store::{ExperimentPage, ExperimentQuery, LifecycleFilter, StoreResult};

const FIELDS: Columns = Columns {
    attributes: &[
        ("name", Column::Plain("name")),
        ("experiment_id", Column::Plain("experiment_id")),
        ("creation_time", Column::TimeNs("created_ns")),
        ("last_update_time", Column::TimeNs("last_updated_ns")),
    ],
    maps: &[(
        "tag",
        Rows {
            from: "experiment_tag AS tag WHERE tag.experiment_id = experiment.experiment_id",
            key: RowKey::Column { key: "tag.key", value: "tag.value" },
        },
    )],
};

/// See [`spanwise_store::Store::find_experiments`].
pub(crate) fn find_experiments(conn: &Connection, query: &ExperimentQuery) -> StoreResult<ExperimentPage> {
    let mut sql = Sql::default();
    sql.text.push_str(&format!("SELECT {COLUMNS} FROM experiment WHERE "));
    sql.text.push_str(lifecycle(query.lifecycle));
    sql.push_filter(&FIELDS, query.filter.as_ref());
    sql.push_page(&FIELDS, &query.order, query.limit, query.offset);
    let mut statement = conn.prepare(&sql.text).map_err(sql_error)?;
    let found = statement.query_map(params_from_iter(&sql.params), read_experiment).map_err(sql_error)?;
    let mut experiments = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = experiments.len() > query.limit;
    experiments.truncate(query.limit);
    add_tags(conn, &mut experiments)?;
    Ok(ExperimentPage { experiments, has_more })
}

/// The condition of a stage, on a column `deleted`.
pub(crate) fn lifecycle(filter: LifecycleFilter) -> &'static str {
    match filter {
        LifecycleFilter::Active => "deleted = 0",
        LifecycleFilter::Deleted => "deleted <> 0",
        LifecycleFilter::All => "1",
    }
}
