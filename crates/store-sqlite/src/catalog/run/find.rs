//! Searching runs.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::super::experiment_find::lifecycle;
use super::load::{COLUMNS, add_data, read_run};
use crate::error::sql_error;
use rusqlite::{Connection, params_from_iter};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{RunPage, RunQuery};

const FIELDS: Columns = Columns {
    attributes: &[
        ("run_id", Column::Plain("run_id")),
        ("run_name", Column::Plain("name")),
        ("status", Column::Plain("status")),
        ("artifact_uri", Column::Plain("artifact_uri")),
        ("user_id", Column::Plain("user")),
        ("start_time", Column::TimeNs("start_ns")),
        ("end_time", Column::TimeNs("end_ns")),
    ],
    maps: &[
        (
            "metric",
            Rows {
                from: "run_metric AS m WHERE m.run_key = run.run_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
        (
            "parameter",
            Rows {
                from: "run_param AS m WHERE m.run_key = run.run_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
        (
            "tag",
            Rows {
                from: "run_tag AS m WHERE m.run_key = run.run_key",
                key: RowKey::Column { key: "m.key", value: "m.value" },
            },
        ),
        (
            "dataset",
            Rows {
                from: "run_input AS i JOIN run_dataset AS d USING (dataset_key) WHERE i.run_key = run.run_key",
                key: RowKey::Fixed(&[("name", "d.name"), ("digest", "d.digest"), ("context", "i.context")]),
            },
        ),
    ],
};

/// See [`spanwise_store::catalog::RunStore::find_runs`].
pub(crate) fn find_runs(conn: &Connection, query: &RunQuery) -> StoreResult<RunPage> {
    let mut sql = Sql::default();
    sql.text.push_str(&format!("SELECT {COLUMNS} FROM run WHERE {}", lifecycle(query.lifecycle)));
    sql.push_experiments(&query.experiments);
    sql.push_filter(&FIELDS, query.filter.as_ref());
    sql.push_page(&FIELDS, &query.order, query.limit, query.offset);
    let mut statement = conn.prepare(&sql.text).map_err(sql_error)?;
    let found = statement.query_map(params_from_iter(&sql.params), read_run).map_err(sql_error)?;
    let mut runs = found.collect::<Result<Vec<_>, _>>().map_err(sql_error)?;
    let has_more = runs.len() > query.limit;
    runs.truncate(query.limit);
    add_data(conn, &mut runs)?;
    Ok(RunPage { runs: runs.into_iter().map(|(_, run)| run).collect(), has_more })
}
