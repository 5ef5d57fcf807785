//! A store without an index of spans finds the same, compacts, and gets its index when it is opened with one.

use spanwise_model::ExperimentId;
use spanwise_query::parse_filter;
use spanwise_store::conformance::build::{span, spans, trace_id};
use spanwise_store::{Progress, Store, TraceQuery};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use std::path::Path;

fn open(folder: &Path, span_index: bool) -> SqliteStore {
    SqliteStore::open(&OpenOptions { span_index, ..OpenOptions::new(folder) }).unwrap()
}

/// Returns how many files the index has.
fn index_files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("postings")).unwrap().count()
}

async fn add(store: &SqliteStore, trace: u32, number: u8, name: &str) {
    store.append_spans(vec![spans(&trace_id(trace), &[span(number.into()).name(name)])]).await.unwrap();
}

async fn count(store: &SqliteStore, name: &str) -> u64 {
    let filter = Some(parse_filter(&format!("span.name = '{name}'")).unwrap());
    let experiments = vec![ExperimentId::DEFAULT];
    store
        .count_traces(TraceQuery { experiments, filter, order: vec![], limit: 1, after: None })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_goes_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), true);
    add(&store, 1, 1, "before").await;
    store.index_now().await.unwrap();
    assert!(index_files(folder.path()) > 0);
    store.close().await.unwrap();
    drop(store);

    let store = open(folder.path(), false);
    add(&store, 1, 2, "without").await;
    store.index_now().await.unwrap();
    assert_eq!(index_files(folder.path()), 0);
    assert_eq!(store.compact(Progress::silent()).await.unwrap().traces, 1);
    assert_eq!((count(&store, "before").await, count(&store, "without").await), (1, 1));
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
    store.close().await.unwrap();
    drop(store);

    let store = open(folder.path(), true);
    store.index_now().await.unwrap();
    assert!(index_files(folder.path()) > 0);
    assert_eq!(store.stats().await.unwrap().unindexed_bytes, 0);
    assert_eq!((count(&store, "before").await, count(&store, "without").await), (1, 1));
}
