//! Searching runs.

use super::super::entity::{Column, Columns, RowKey, Rows, Sql};
use super::super::experiment_find::lifecycle;
use super::super::page::{Reading, bytes_of};
use super::load::{COLUMNS, add_data, read_run};
use rusqlite::Connection;
use spanwise_model::Run;
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
    let (runs, has_more) = READING.page(conn, &sql, query.limit)?;
    Ok(RunPage { runs, has_more })
}

const READING: Reading<(i64, Run), Run> = Reading {
    read: read_run,
    complete: |conn, mut runs| {
        add_data(conn, &mut runs)?;
        Ok(runs.into_iter().map(|(_, run)| run).collect())
    },
    bytes: run_bytes,
};

fn run_bytes(run: &Run) -> usize {
    let metrics: usize = run.metrics.iter().map(|metric| size_of_val(metric) + metric.key.len()).sum();
    let inputs = run.dataset_inputs.iter().map(|input| {
        let dataset = &input.dataset;
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        bytes_of(&input.tags) + dataset.source.len() + optional(&dataset.schema) + optional(&dataset.profile)
    });
    size_of_val(run) + bytes_of(&run.tags) + bytes_of(&run.params) + metrics + inputs.sum::<usize>()
}
