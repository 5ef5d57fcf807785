//! Measures are the same from the columns in memory and from rows.

use spanwise_model::{Aggregation, ExperimentId, Measure, MetricDimension};
use spanwise_store::conformance::aggregate;
use spanwise_store::conformance::build::{span, spans, trace_id};
use spanwise_store::{AggregateQuery, Store};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;

/// Longer than what columns keep.
const LONG_NAME_CHARS: usize = 300;

async fn open(trace_columns: bool) -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { trace_columns, ..OpenOptions::new(folder.path()) };
    let store = SqliteStore::open(&options).unwrap();
    if trace_columns {
        store.columns_loaded().await.unwrap();
    }
    (store, folder)
}

#[tokio::test]
async fn measures_are_the_same_without_columns() {
    for trace_columns in [false, true] {
        aggregate::traces_are_measured(&open(trace_columns).await.0).await.unwrap();
        aggregate::spans_are_measured(&open(trace_columns).await.0).await.unwrap();
        aggregate::measures_are_of_their_time(&open(trace_columns).await.0).await.unwrap();
        aggregate::measures_are_of_the_filter(&open(trace_columns).await.0).await.unwrap();
        aggregate::assessments_are_measured(&open(trace_columns).await.0).await.unwrap();
    }
}

#[tokio::test]
async fn names_and_sessions_that_columns_do_not_keep_are_told_apart() {
    for trace_columns in [false, true] {
        let (store, _folder) = open(trace_columns).await;
        let long = |letter: &str| letter.repeat(LONG_NAME_CHARS);
        for (number, name) in [(1, "a"), (2, "b"), (3, "b")] {
            let root = span(1).name(&long(name)).session(if number == 1 { "s" } else { "t" });
            store.append_spans(vec![spans(&trace_id(number), &[root])]).await.unwrap();
        }
        let query = |measure, dimensions: &[MetricDimension]| AggregateQuery {
            experiments: vec![ExperimentId::DEFAULT],
            measure,
            aggregations: vec![Aggregation::Count],
            dimensions: dimensions.to_vec(),
            filters: Vec::new(),
            from_ms: None,
            to_ms: None,
            bucket_ms: None,
            rows_max: 10,
        };
        let rows = store.aggregate(query(Measure::TraceCount, &[MetricDimension::TraceName])).await.unwrap();
        let rows: Vec<_> = rows.into_iter().map(|row| (row.texts[0].to_string(), row.values[0])).collect();
        assert_eq!(rows, [(long("a"), Some(1.0)), (long("b"), Some(2.0))], "{trace_columns}");
        let sessions = store.aggregate(query(Measure::SessionCount, &[])).await.unwrap();
        assert_eq!(sessions[0].values, [Some(2.0)]);
    }
}
