use super::segment_path;
use crate::store::{OpenOptions, SqliteStore};
use futures_util::TryStreamExt;
use spanwise_store::conformance::build::{span, spans, trace_id};
use spanwise_store::{Progress, Store, StoreResult};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(&OpenOptions::new(folder)).unwrap()
}

async fn add(store: &SqliteStore, number: u32) {
    store.append_spans(vec![spans(&trace_id(number), &[span(1), span(2).parent(1)])]).await.unwrap();
}

/// A closed store with two segments that are gone on with: what arrivals are written to, and what compaction wrote.
async fn closed_store() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    add(&store, 1).await;
    store.compact(Progress::silent()).await.unwrap();
    add(&store, 2).await;
    store.close().await.unwrap();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder.path().join("segments")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 2);
    (folder, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_were_never_acknowledged_are_cut_off() {
    let (folder, paths) = closed_store().await;
    let lengths = || paths.iter().map(|path| fs::metadata(path).unwrap().len()).collect::<Vec<_>>();
    let before = lengths();
    for path in &paths {
        File::options().append(true).open(path).unwrap().write_all(&[7; 5_000]).unwrap();
    }
    let store = open(folder.path());
    assert_eq!(lengths(), before);
    add(&store, 3).await;
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

/// Opens a store in which one segment was damaged: all but the trace in it can be read and the store goes on, and what
/// was lost is named.
async fn check_that_one_trace_is_lost(folder: &Path, damaged: &Path) {
    let store = open(folder);
    add(&store, 3).await;
    let mut readable = 0;
    for number in 1..=3 {
        readable += usize::from(span_count(&store, number).await.is_ok_and(|count| count == 2));
    }
    assert_eq!(readable, 2, "{}", damaged.display());
    let problems = store.check().await.unwrap().problems;
    let number = damaged.file_stem().unwrap().to_str().unwrap().trim_start_matches('0');
    assert!(problems.iter().any(|problem| problem.contains(number)), "{problems:?}");
    store.close().await.unwrap();
}

async fn span_count(store: &SqliteStore, number: u32) -> StoreResult<usize> {
    let chunks: Vec<_> = store.read_spans(&trace_id(number)).await?.try_collect().await?;
    Ok(chunks.iter().map(|chunk| chunk.len()).sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_lost_acknowledged_bytes_costs_those_alone() {
    for lost in 0..2 {
        let (folder, paths) = closed_store().await;
        let whole = fs::read(&paths[lost]).unwrap();
        fs::write(&paths[lost], &whole[..whole.len() - 1]).unwrap();
        check_that_one_trace_is_lost(folder.path(), &paths[lost]).await;
        // Nothing was written behind the loss.
        assert_eq!(fs::metadata(&paths[lost]).unwrap().len(), whole.len() as u64 - 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_is_gone_costs_its_traces_alone() {
    for lost in 0..2 {
        let (folder, paths) = closed_store().await;
        fs::remove_file(&paths[lost]).unwrap();
        check_that_one_trace_is_lost(folder.path(), &paths[lost]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_no_row_knows_is_removed_and_nothing_else() {
    let (folder, paths) = closed_store().await;
    let unknown = segment_path(&folder.path().join("segments"), 99);
    fs::copy(&paths[0], &unknown).unwrap();
    let other = folder.path().join("segments/notes.txt");
    fs::write(&other, "").unwrap();
    open(folder.path());
    assert!(!unknown.exists() && other.exists() && paths.iter().all(|path| path.exists()));
}
