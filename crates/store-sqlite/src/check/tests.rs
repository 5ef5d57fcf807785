use crate::error::sql_error;
use crate::segment::segment_path;
use crate::store::{OpenOptions, SqliteStore};
use futures_util::TryStreamExt;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::conformance::build::{logs, span, spans, trace_id};
use spanwise_store::{DeleteTraces, Progress, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Offset and length of a block.
type Place = (u64, u64);

/// A store with a trace in each of three blocks, and where those are.
async fn store() -> (SqliteStore, TempDir, Vec<Place>) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    for number in 1..=3 {
        store.append_spans(vec![spans(&trace_id(number), &[span(1), span(2).parent(1)])]).await.unwrap();
    }
    store.append_logs(vec![logs(&trace_id(3), &[(2, "said")])]).await.unwrap();
    let places = store
        .read(|conn| {
            conn.prepare("SELECT offset, length FROM block ORDER BY block_id")
                .and_then(|mut statement| {
                    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
                })
                .map_err(sql_error)
        })
        .await
        .unwrap();
    (store, folder, places)
}

async fn problems(store: &SqliteStore) -> Vec<String> {
    store.check().await.unwrap().problems
}

fn flip(store: &SqliteStore, offset: u64) {
    let path = segment_path(&store.data_dir.join("segments"), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offset as usize] ^= 0x10;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_store_has_no_problems() {
    let (store, _folder, _) = store().await;
    let report = store.check().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!((report.traces, report.spans, report.blocks), (3, 6, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flipped_byte_is_found_and_the_rest_is_read() {
    let (store, _folder, places) = store().await;
    let (start, length) = places[1];
    for offset in start..start + length {
        flip(&store, offset);
        let found = problems(&store).await;
        assert_eq!(found.len(), 1, "byte {offset}: {found:?}");
        let place = format!("is damaged at byte {start}:");
        let lost = format!("trace {} loses 2 spans", trace_id(2));
        assert!(found[0].contains(&place) && found[0].ends_with(&lost), "{found:?}");
        flip(&store, offset);
    }
    flip(&store, start + 20);
    for number in [1, 3] {
        let read: Vec<_> = store.read_spans(&trace_id(number)).await.unwrap().try_collect().await.unwrap();
        assert_eq!(read.iter().flatten().count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_named_by_what_it_costs() {
    let (store, _folder, places) = store().await;
    flip(&store, places[3].0 + 20);
    let found = problems(&store).await;
    assert!(found[0].ends_with("loses 1 log record"), "{found:?}");
    flip(&store, places[3].0 + 20);
    // Behind the header of the file lies the resource, of which the index has a copy.
    flip(&store, 16 + 20);
    let found = problems(&store).await;
    assert!(found.len() == 1 && found[0].ends_with("no trace needs it"), "{found:?}");
    flip(&store, 16 + 20);
    flip(&store, 3);
    let found = problems(&store).await;
    assert!(found.len() == 1 && found[0].contains("does not begin as a segment does"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_point_nowhere_are_named() {
    let cases = [
        ("UPDATE block SET offset = offset + 1 WHERE block_id = 1", "has no block at byte"),
        ("UPDATE block SET segment_id = 99 WHERE block_id = 1", "there is no segment 99; trace "),
        ("UPDATE trace SET span_count = 7 WHERE trace_key = 1", "2 spans are stored, but its record says 7"),
        ("UPDATE segment SET live_bytes = live_bytes - 1", "but its row says"),
        ("UPDATE block SET trace_key = 99 WHERE block_id = 1", "1 blocks belong to no trace"),
        ("UPDATE trace_by_id_build SET through_trace_key = 2", "2 traces are not found by their ids"),
        ("INSERT INTO trace_by_id VALUES ('x', 1), ('y', 99)", "2 ids of traces belong to no trace"),
        ("UPDATE trace SET trace_id = 'x' WHERE trace_key < 3", "1 ids are those of several traces"),
        (
            "PRAGMA foreign_keys = off; UPDATE trace_tag SET trace_key = 99",
            "1 rows of `trace_tag` belong to nothing",
        ),
    ];
    for (sql, expected) in cases {
        let (store, _folder, _) = store().await;
        store.set_trace_tag(&trace_id(1), "key", "value").await.unwrap();
        let database = store.data_dir.join("index.db");
        store.close().await.unwrap();
        let conn = rusqlite::Connection::open(&database).unwrap();
        conn.execute_batch(sql).unwrap();
        drop((conn, store));
        let store = SqliteStore::open(&OpenOptions::new(database.parent().unwrap())).unwrap();
        let found = problems(&store).await;
        assert!(found.iter().any(|problem| problem.contains(expected)), "{sql}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_how_far_it_is_and_can_be_ended() {
    let (store, _folder, _) = store().await;
    let last = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&last);
    let progress = Progress::new(move |step| {
        let before = seen.swap(step.done, Ordering::Relaxed);
        assert!(before <= step.done && step.done <= step.total);
        true
    });
    store.check_with(progress).await.unwrap();
    assert!(last.load(Ordering::Relaxed) > 0);
    let error = store.check_with(Progress::new(|step| step.done == 0)).await.unwrap_err();
    assert!(error.message().contains("interrupted while checking segments"), "{error}");
}

/// Checks a store, and does something in between, once, when the check has come to a stage.
async fn check_while(
    store: &Arc<SqliteStore>,
    stage: &'static str,
    work: impl AsyncFn(Arc<SqliteStore>) + Send + Sync + 'static,
) -> Vec<String> {
    let (runtime, once) = (tokio::runtime::Handle::current(), AtomicU64::new(0));
    let inner = Arc::clone(store);
    let progress = Progress::new(move |step| {
        if step.stage == stage && once.fetch_add(1, Ordering::Relaxed) == 0 {
            runtime.block_on(work(Arc::clone(&inner)));
        }
        true
    });
    store.check_with(progress).await.unwrap().problems
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_is_checked_as_it_was_when_the_check_began() {
    for stage in ["checking the index", "checking segments", "checking the roll-ups"] {
        let (store, folder, _) = store().await;
        let store = Arc::new(store);
        let found = check_while(&store, stage, async |store| {
            let which = DeleteTraces::Ids(vec![trace_id(1), trace_id(2)]);
            store.delete_traces(ExperimentId::DEFAULT, which).await.unwrap();
            store.append_spans(vec![spans(&trace_id(4), &[span(1)])]).await.unwrap();
            store.append_spans(vec![spans(&trace_id(3), &[span(1).from_to(0, 9_000_000)])]).await.unwrap();
            store.compact(Progress::silent()).await.unwrap();
            let backup = store.backup(Default::default()).await.map(drop).unwrap_err();
            assert_eq!(backup.kind(), ErrorKind::Exhausted);
        })
        .await;
        assert_eq!(found, Vec::<String>::new(), "{stage}");
        assert_eq!(problems(&store).await, Vec::<String>::new());
        assert!(!folder.path().join("backup").exists());
        assert!(segment_path(&folder.path().join("segments"), 1).exists());
        store.compact(Progress::silent()).await.unwrap();
        assert!(!segment_path(&folder.path().join("segments"), 1).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_tidied_up_while_a_store_is_checked_without_a_copy() {
    let (store, _folder, _) = store().await;
    let compactor = store.compactor().unwrap();
    let progress = Progress::new(move |_| compactor.try_lock().is_err());
    assert_eq!(store.check_alone(progress).await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_in_the_pages_of_a_copy_too() {
    let (store, folder, _) = store().await;
    store.close().await.unwrap();
    drop(store);
    let database = folder.path().join("index.db");
    let conn = rusqlite::Connection::open(&database).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let page: u64 = conn
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'trace_by_session'", [], |row| row.get(0))
        .unwrap();
    drop(conn);
    let mut bytes = std::fs::read(&database).unwrap();
    // The number of cells of an empty page.
    bytes[(page as usize - 1) * 8192 + 4] = 3;
    std::fs::write(&database, bytes).unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    let found = problems(&store).await;
    assert!(found.iter().any(|problem| problem.starts_with("index.db: ")), "{found:?}");
}
