use super::{Compactor, Step};
use crate::store::{OpenOptions, SqliteStore};
use futures_util::TryStreamExt;
use spanwise_model::{ExperimentId, SpanStatus, TraceId, TraceState};
use spanwise_store::conformance::build::{log_raw, logs, span, spans, trace_id};
use spanwise_store::{DeleteTraces, Progress, Store, StoredSpan};
use std::sync::Arc;
use tempfile::TempDir;

/// A store with two traces that came span by span, one span replaced, one log record, and everything indexed.
async fn store_of_small_blocks() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    for number in 1..=5 {
        for trace in [trace_id(1), trace_id(2)] {
            let mut one = span(number).from_to(number as i64, 100);
            if number > 1 {
                one = one.parent(1);
            }
            store.append_spans(vec![spans(&trace, &[one])]).await.unwrap();
        }
    }
    let again = span(3).parent(1).from_to(3, 200).name("sent again");
    store.append_spans(vec![spans(&trace_id(1), &[again])]).await.unwrap();
    store.append_logs(vec![logs(&trace_id(1), &[(2, "said")])]).await.unwrap();
    store.index_now().await.unwrap();
    (store, folder)
}

fn compact(store: &SqliteStore) -> Step {
    let (database, segments) = (store.data_dir.join("index.db"), store.data_dir.join("segments"));
    let compactor = Compactor::open(
        &database,
        &segments,
        Arc::clone(&store.spans),
        store.writer().unwrap(),
        Arc::default(),
    )
    .unwrap();
    tokio::task::block_in_place(|| {
        let mut run = compactor.begin(i64::MAX, i64::MAX).unwrap();
        compactor.step(&mut run).unwrap()
    })
}

async fn read(store: &SqliteStore, trace: &TraceId) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let chunks: Vec<Vec<StoredSpan>> = store.read_spans(trace).await.unwrap().try_collect().await.unwrap();
    let plain = |span: StoredSpan| (span.raw.to_vec(), span.logs.iter().map(|log| log.to_vec()).collect());
    chunks.into_iter().flatten().map(plain).collect()
}

async fn block_count(store: &SqliteStore) -> i64 {
    store
        .read(|conn| {
            conn.query_row("SELECT count(*) FROM block", [], |row| row.get(0))
                .map_err(crate::error::sql_error)
        })
        .await
        .unwrap()
}

async fn assert_sound(store: &SqliteStore) {
    let report = store.check().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_traces_read_as_before() {
    let (store, _folder) = store_of_small_blocks().await;
    let before = (read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await);
    assert_eq!(before.0.len(), 5);
    assert_eq!(before.0[1].1, [log_raw(&trace_id(1), 2, "said").to_vec()]);
    assert_eq!(compact(&store).traces, 2);
    // One block of spans each, and one of log records.
    assert_eq!(block_count(&store).await, 3);
    assert_eq!((read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await), before);
    assert_sound(&store).await;
    assert!(compact(&store).is_idle());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_one_block_is_taken_over_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    let whole = [span(1).from_to(1, 9), span(2).parent(1).from_to(2, 5)];
    let twice = [span(1).from_to(1, 9), span(1).from_to(1, 20)];
    store.append_spans(vec![spans(&trace_id(1), &whole), spans(&trace_id(2), &twice)]).await.unwrap();
    store.index_now().await.unwrap();
    let before = (read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await);
    let bytes = stored_bytes(&store).await;
    assert_eq!(compact(&store).traces, 2);
    assert_eq!((read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await), before);
    let (first, second) = (bytes, stored_bytes(&store).await);
    assert_eq!(first[0], second[0]);
    assert!(second[1] < first[1], "what was sent twice is left out: {first:?}, {second:?}");
    assert_sound(&store).await;
    assert!(compact(&store).is_idle());
}

/// Returns the bytes of each block, by trace.
async fn stored_bytes(store: &SqliteStore) -> Vec<i64> {
    store
        .read(|conn| {
            conn.prepare("SELECT length FROM block ORDER BY trace_key, block_id")
                .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
                .map_err(crate::error::sql_error)
        })
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_traces_survive_a_restart_and_take_more_spans() {
    let (store, folder) = store_of_small_blocks().await;
    let before = read(&store, &trace_id(1)).await;
    compact(&store);
    store.close().await.unwrap();
    drop(store);
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    assert_eq!(read(&store, &trace_id(1)).await, before);
    store.append_spans(vec![spans(&trace_id(1), &[span(9).parent(1).from_to(9, 10)])]).await.unwrap();
    assert_eq!(store.get_trace(&trace_id(1)).await.unwrap().span_count, 6);
    store.index_now().await.unwrap();
    assert_eq!(compact(&store).traces, 1, "the trace is merged with what came since");
    assert_eq!(read(&store, &trace_id(1)).await.len(), 6);
    assert_sound(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_while_its_blocks_move() {
    let (store, _folder) = store_of_small_blocks().await;
    let before = read(&store, &trace_id(2)).await;
    let stream = store.read_spans(&trace_id(2)).await.unwrap();
    compact(&store);
    let chunks: Vec<Vec<StoredSpan>> = stream.try_collect().await.unwrap();
    let after: Vec<Vec<u8>> = chunks.into_iter().flatten().map(|span| span.raw.to_vec()).collect();
    assert_eq!(after, before.into_iter().map(|(raw, _)| raw).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_span_speaks_for_a_quiet_trace_whose_root_never_came() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    let trace = trace_id(1);
    let first = span(2).parent(99).name("entry").from_to(5, 9).attribute("mlflow.spanInputs", "\"q\"");
    let batch = [span(4).parent(98).from_to(6, 7), span(3).parent(2).from_to(1, 9), first];
    store.append_spans(vec![spans(&trace, &batch)]).await.unwrap();
    let told = async || {
        let info = store.get_trace(&trace).await.unwrap();
        (info.name, info.state, info.input_text)
    };
    let unknown = (None, TraceState::InProgress, None);
    assert_eq!(told().await, unknown);
    compact(&store);
    assert_eq!(told().await, (Some("entry".into()), TraceState::Ok, Some("q".into())));
    // It goes on after all: its root may still be to come.
    store.append_spans(vec![spans(&trace, &[span(5).parent(2).from_to(8, 9)])]).await.unwrap();
    assert_eq!(told().await, unknown);
    compact(&store);
    assert_eq!(told().await, (Some("entry".into()), TraceState::Ok, Some("q".into())));
    let root = span(99).name("root").from_to(7, 10).status(SpanStatus::Error);
    store.append_spans(vec![spans(&trace, &[root])]).await.unwrap();
    assert_eq!(told().await, (Some("root".into()), TraceState::Error, None));
    compact(&store);
    assert_eq!(told().await.0, Some("root".into()));
    assert_sound(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_without_life_is_removed() {
    let (store, folder) = store_of_small_blocks().await;
    compact(&store);
    let which = DeleteTraces::Ids(vec![trace_id(1), trace_id(2)]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await.unwrap(), 2);
    // The next step seals what is half dead only above a size; sealing by hand stands for that.
    store
        .write(|context| {
            let open: Vec<i64> = context
                .conn
                .prepare("SELECT segment_id FROM segment WHERE sealed = 0")
                .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
                .map_err(crate::error::sql_error)?;
            for segment_id in open {
                if !context.segment.seal_if_current(context.conn, segment_id)? {
                    crate::segment::seal(context.conn, segment_id)?;
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    assert!(compact(&store).removed_segments > 0);
    let left = std::fs::read_dir(folder.path().join("segments")).unwrap().count();
    assert_eq!(left, 0);
    assert_sound(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_cannot_be_read_stays_and_holds_nobody_up() {
    let (store, folder) = store_of_small_blocks().await;
    let path = crate::segment::segment_path(&folder.path().join("segments"), 1);
    let offset = store
        .read(|conn| {
            conn.query_row("SELECT offset FROM block WHERE trace_key = 1 LIMIT 1", [], |row| {
                row.get::<_, u64>(0)
            })
            .map_err(crate::error::sql_error)
        })
        .await
        .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offset as usize + 20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = read(&store, &trace_id(2)).await;
    let report = store.compact(Progress::silent()).await.unwrap();
    assert_eq!((report.traces, report.unreadable_traces), (1, 1));
    assert_eq!(read(&store, &trace_id(2)).await, before);
    let problems = store.check().await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("is damaged at byte"), "{problems:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_on_request_gives_the_disk_back() {
    let (store, folder) = store_of_small_blocks().await;
    let before = read(&store, &trace_id(2)).await;
    let which = DeleteTraces::Ids(vec![trace_id(1)]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await.unwrap(), 1);
    let report = store.compact(Progress::silent()).await.unwrap();
    assert_eq!((report.traces, report.removed_segments), (1, 1));
    assert!(report.after.segments < report.before.segments && report.after.total() < report.before.total());
    let free: u64 = store
        .read(|conn| {
            conn.pragma_query_value(None, "freelist_count", |row| row.get(0)).map_err(crate::error::sql_error)
        })
        .await
        .unwrap();
    let left = std::fs::read_dir(folder.path().join("segments")).unwrap().count();
    assert_eq!((free, left), (0, 1));
    assert_eq!(read(&store, &trace_id(2)).await, before);
    assert_eq!(store.compact(Progress::silent()).await.unwrap().traces, 0);
    assert_sound(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_that_nobody_wants_any_more_ends() {
    let (store, _folder) = store_of_small_blocks().await;
    let before = (read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await);
    let stop = Progress::new(|step| step.stage != "cleaning the word index");
    let error = store.compact(stop).await.unwrap_err();
    assert!(error.message().starts_with("interrupted"), "{error}");
    assert_eq!((read(&store, &trace_id(1)).await, read(&store, &trace_id(2)).await), before);
    assert_sound(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_that_are_not_quiet_hold_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    // More blocks than one step looks at.
    let busy: Vec<_> = (0..300).map(|number| spans(&trace_id(number), &[span(1)])).collect();
    let quiet: Vec<_> = (300..305).map(|number| spans(&trace_id(number), &[span(1)])).collect();
    let later: Vec<_> = (0..300).map(|number| spans(&trace_id(number), &[span(2).parent(1)])).collect();
    for batch in [busy, quiet, later] {
        store.append_spans(batch).await.unwrap();
    }
    let (database, segments) = (store.data_dir.join("index.db"), store.data_dir.join("segments"));
    let (spans, writer) = (Arc::clone(&store.spans), store.writer().unwrap());
    let compactor = Compactor::open(&database, &segments, spans, writer, Arc::default()).unwrap();
    let compactor = compactor.without_index();
    let all_of_a_run = |indexed_through| {
        let mut run = compactor.begin(indexed_through, i64::MAX).unwrap();
        let steps = std::iter::from_fn(|| Some(compactor.step(&mut run).unwrap()));
        steps.take_while(|step| !step.is_idle()).map(|step| step.traces).sum::<usize>()
    };
    tokio::task::block_in_place(|| {
        assert_eq!(all_of_a_run(305), 5);
        assert_eq!(all_of_a_run(i64::MAX), 300);
        assert_eq!(all_of_a_run(i64::MAX), 0);
    });
    assert_eq!(block_count(&store).await, 305);
    // What is deleted later leaves sealed segments to be emptied, of blocks that the walk has passed.
    let half = (0..300).filter(|number| number % 2 == 0).map(trace_id).collect();
    store.delete_traces(ExperimentId(0), DeleteTraces::Ids(half)).await.unwrap();
    store
        .write(|context| {
            let dead = "UPDATE segment SET sealed = 1, live_bytes = 1 WHERE day IS NOT NULL";
            context.conn.execute(dead, []).map(drop).map_err(crate::error::sql_error)
        })
        .await
        .unwrap();
    tokio::task::block_in_place(|| assert_eq!(all_of_a_run(i64::MAX), 155));
}
