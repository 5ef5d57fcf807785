use super::segment_path;
use crate::store::{OpenOptions, SqliteStore};
use spanwise_model::ErrorKind;
use spanwise_store::conformance::build::{span, spans, trace_id};
use spanwise_store::{Progress, Store};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_that_lost_acknowledged_bytes_is_refused_by_name() {
    let (folder, paths) = closed_store().await;
    for path in paths {
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let error = SqliteStore::open(&OpenOptions::new(folder.path())).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.message().contains(path.to_str().unwrap()), "{error}");
        assert!(error.message().ends_with(&format!("but {} were acknowledged", whole.len())), "{error}");
        fs::write(&path, whole).unwrap();
    }
    open(folder.path());
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
