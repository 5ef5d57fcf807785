use super::attachment_path;
use crate::backup::{BackupFolder, restore};
use crate::store::{OpenOptions, SqliteStore};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt;
use spanwise_model::{AttachmentHash, ErrorKind, ExperimentId, TraceId};
use spanwise_otlp::attachment::{Attachment, Kind, hash_of, references};
use spanwise_store::conformance::build::{Span, logs, span, span_id, spans, trace_id};
use spanwise_store::{
    BackupItem, DeleteTraces, KnownFiles, Progress, RenormalizeScope, Store, StoreResult, StoredSpan,
};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn open(data_dir: &Path) -> SqliteStore {
    SqliteStore::open(&OpenOptions::new(data_dir)).unwrap()
}

fn store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(folder.path()), folder)
}

/// Bytes that do not compress, other ones for each number.
fn picture(number: u64) -> Vec<u8> {
    (0..10_000_u64)
        .map(|at| ((at + 1).wrapping_mul(number * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect()
}

fn with_picture(number: u64, id: u64) -> Span {
    let text = format!("data:image/png;base64,{}", STANDARD.encode(picture(number)));
    span(id).attribute("input", &text)
}

async fn add(store: &SqliteStore, trace: u32, picture: u64) {
    store.append_spans(vec![spans(&trace_id(trace), &[with_picture(picture, 1)])]).await.unwrap();
}

async fn read(store: &SqliteStore, trace: &TraceId) -> StoreResult<Vec<StoredSpan>> {
    let chunks: Vec<_> = store.read_spans(trace).await?.try_collect().await?;
    Ok(chunks.into_iter().flatten().collect())
}

async fn comes_back(store: &SqliteStore, trace: u32, picture: u64) {
    let raw = with_picture(picture, 1).raw(&trace_id(trace));
    assert_eq!(read(store, &trace_id(trace)).await.unwrap()[0].raw, raw);
}

async fn delete(store: &SqliteStore, traces: &[u32]) {
    let ids = traces.iter().map(|trace| trace_id(*trace)).collect();
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(ids)).await.unwrap();
}

fn path_of(store: &SqliteStore, number: u64) -> std::path::PathBuf {
    attachment_path(&store.data_dir, &hash_of(&picture(number)))
}

async fn wait_until_gone(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while path.exists() {
        assert!(Instant::now() < deadline, "{} is still there", path.display());
        tokio::task::yield_now().await;
    }
}

async fn problems(store: &SqliteStore) -> Vec<String> {
    store.check().await.unwrap().problems
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_picture_is_stored_once_and_every_span_comes_back() {
    let (store, _folder) = store();
    for trace in 1..=20 {
        add(&store, trace, 1).await;
    }
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.attachments, stats.attachment_bytes), (1, 10_000));
    assert!(stats.segment_bytes < 20_000, "{} bytes of segments", stats.segment_bytes);
    assert_eq!(fs::read(path_of(&store, 1)).unwrap(), picture(1));
    for trace in 1..=20 {
        comes_back(&store, trace, 1).await;
    }
    let kept = store.read_some_spans_as_kept(&trace_id(1), &[span_id(1)]).await.unwrap();
    assert_eq!(references(&kept[0].raw, Kind::Span)[0].hash, hash_of(&picture(1)));
    let again = store.append_spans(vec![spans(&trace_id(1), &[with_picture(1, 1)])]).await.unwrap();
    assert_eq!((again.unchanged, again.stored), (1, 0), "a retry is recognised");
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_records_have_attachments_too() {
    let (store, folder) = store();
    let text = STANDARD.encode(picture(1));
    let sent = logs(&trace_id(1), &[(1, &text)]);
    store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await.unwrap();
    store.append_logs(vec![sent.clone()]).await.unwrap();
    assert_eq!(store.stats().await.unwrap().attachments, 1);
    assert_eq!(read(&store, &trace_id(1)).await.unwrap()[0].logs, [sent.records[0].raw.clone()]);
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path());
    assert_eq!(read(&store, &trace_id(1)).await.unwrap()[0].logs, [sent.records[0].raw.clone()]);
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_with_the_last_trace_that_uses_it() {
    let (store, _folder) = store();
    add(&store, 1, 1).await;
    add(&store, 2, 1).await;
    add(&store, 3, 2).await;
    delete(&store, &[1, 3]).await;
    wait_until_gone(&path_of(&store, 2)).await;
    comes_back(&store, 2, 1).await;
    delete(&store, &[2]).await;
    wait_until_gone(&path_of(&store, 1)).await;
    assert_eq!(store.stats().await.unwrap().attachments, 0);
    // It is known no more, and may come again.
    add(&store, 4, 1).await;
    comes_back(&store, 4, 1).await;
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_write_needs_is_not_removed() {
    let (store, _folder) = store();
    add(&store, 1, 1).await;
    let attachments = store.spans.attachments.clone();
    let one = [Attachment { hash: hash_of(&picture(1)), bytes: picture(1).into() }];
    let hold = attachments.keep(&one).unwrap();
    add(&store, 2, 2).await;
    delete(&store, &[1, 2]).await;
    wait_until_gone(&path_of(&store, 2)).await;
    assert!(path_of(&store, 1).exists());
    drop(hold);
    // Anything wakes the thread.
    add(&store, 3, 3).await;
    wait_until_gone(&path_of(&store, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_keeps_what_it_reads() {
    let (store, folder) = store();
    add(&store, 1, 1).await;
    let pin = store.pins.pin().unwrap();
    delete(&store, &[1]).await;
    add(&store, 2, 2).await;
    assert!(path_of(&store, 1).exists());
    drop(pin);
    add(&store, 3, 2).await;
    wait_until_gone(&path_of(&store, 1)).await;
    let (backup, restored) = (folder.path().join("backup-to"), folder.path().join("restored"));
    let mut to = BackupFolder::open(&backup).unwrap();
    let mut items = store.backup(KnownFiles::new()).await.unwrap();
    while let Some(item) = items.try_next().await.unwrap() {
        match item {
            BackupItem::File { path, bytes } => to.begin(&path, bytes).unwrap(),
            BackupItem::Data(bytes) => to.write(&bytes).unwrap(),
            BackupItem::End { xxh3 } => to.end(&xxh3).unwrap(),
            _ => {}
        }
    }
    to.finish().unwrap();
    restore(&backup, &restored, &Progress::silent()).unwrap();
    let store = open(&restored);
    comes_back(&store, 2, 2).await;
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_committed_is_removed_after_a_start() {
    let (store, folder) = store();
    add(&store, 1, 1).await;
    let one = [Attachment { hash: hash_of(&picture(2)), bytes: picture(2).into() }];
    drop(store.spans.attachments.keep(&one).unwrap());
    let lost = path_of(&store, 2);
    assert!(lost.exists());
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path());
    wait_until_gone(&lost).await;
    comes_back(&store, 1, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_is_found_and_the_rest_is_read() {
    let (store, folder) = store();
    add(&store, 1, 1).await;
    add(&store, 2, 2).await;
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path());
    let path = path_of(&store, 1);
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[5_000] ^= 1;
    for (bytes, word) in [(&damaged[..], "is damaged"), (&whole[..9_999], "is damaged")] {
        fs::write(&path, bytes).unwrap();
        let found = problems(&store).await;
        let name = hash_of(&picture(1)).to_string();
        let is_named = |problem: &String| problem.contains(&name) && problem.contains(word);
        assert!(found.len() == 1 && is_named(&found[0]), "{found:?}");
        assert!(found[0].contains(&trace_id(1).to_string()), "{found:?}");
        let error = read(&store, &trace_id(1)).await.unwrap_err();
        assert!(error.message().contains(&name), "{error}");
        comes_back(&store, 2, 2).await;
    }
    fs::remove_file(&path).unwrap();
    assert_eq!(problems(&store).await.len(), 1);
    let error = read(&store, &trace_id(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    // It comes again, and heals what refers to it.
    add(&store, 3, 1).await;
    comes_back(&store, 1, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_and_renormalization_keep_it() {
    let (store, _folder) = store();
    store.append_spans(vec![spans(&trace_id(1), &[with_picture(1, 1)])]).await.unwrap();
    store.append_spans(vec![spans(&trace_id(1), &[with_picture(2, 2).parent(1)])]).await.unwrap();
    store.compact(Progress::silent()).await.unwrap();
    store.renormalize(RenormalizeScope::All, Progress::silent()).await.unwrap();
    let read = read(&store, &trace_id(1)).await.unwrap();
    let trace = trace_id(1);
    let expected = [with_picture(1, 1).raw(&trace), with_picture(2, 2).parent(1).raw(&trace)];
    assert_eq!(read.iter().map(|span| span.raw.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_read_whole_or_in_part() {
    let (store, _folder) = store();
    add(&store, 1, 1).await;
    let hash = hash_of(&picture(1));
    for range in [None, Some(0..10_000), Some(100..200), Some(9_999..u64::MAX)] {
        let reader = store.read_attachment(&hash, range.clone()).await.unwrap();
        assert_eq!((reader.size_bytes, &reader.head[..]), (10_000, &picture(1)[..16]));
        let chunks: Vec<_> = reader.chunks.try_collect().await.unwrap();
        let range = range.map_or(0..10_000, |range| range.start as usize..range.end.min(10_000) as usize);
        assert_eq!(chunks.concat(), picture(1)[range]);
    }
    let kind = async |hash, range| store.read_attachment(&hash, range).await.map(drop).unwrap_err().kind();
    assert_eq!(kind(hash, Some(10_000..10_001)).await, ErrorKind::InvalidArgument);
    assert_eq!(kind(AttachmentHash([0; 32]), None).await, ErrorKind::NotFound);
}
