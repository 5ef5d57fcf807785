use super::{Retention, SharedStatus};
use crate::store::{OpenOptions, SqliteStore};
use spanwise_model::{ExperimentId, TraceSpans};
use spanwise_store::conformance::build::{EPOCH_NS, MS, explicit, span, spans_of, trace_id};
use spanwise_store::{AgeRule, ExperimentRule, NewExperiment, RetentionRules, RetentionStatus, Store};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const HOUR_MS: i64 = 3_600_000;
const NOW_NS: i64 = EPOCH_NS + 100 * HOUR_MS * MS;

async fn store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&OpenOptions::new(folder.path())).unwrap(), folder)
}

/// Stores a trace of one span with a text that does not compress.
async fn add(store: &SqliteStore, number: u32, start_hours: i64, arrival_ns: i64, experiment: ExperimentId) {
    let start = start_hours * HOUR_MS;
    let text: String = (0..3000u64)
        .map(|n| (n + 1).wrapping_mul(u64::from(number + 7)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .map(|n| format!("{:x}", n >> 48))
        .collect();
    let one = span(1).from_to(start, start + 100).attribute("text", &text);
    let batch = spans_of(&trace_id(number), explicit(experiment), "", &[one]);
    let batch = TraceSpans { arrival_ns, ..batch };
    store.append_spans(vec![batch]).await.unwrap();
}

/// Runs retention once, as if it were [`NOW_NS`], and returns the numbers of the traces that are left.
async fn left_after(store: &SqliteStore, rules: RetentionRules, numbers: std::ops::Range<u32>) -> Vec<u32> {
    let status: SharedStatus = Arc::new(Mutex::new(RetentionStatus { rules, ..RetentionStatus::default() }));
    let retention = open(store, &status);
    let run = tokio::task::block_in_place(|| retention.run(NOW_NS, &mut || true).unwrap());
    assert_eq!(status.lock().unwrap().deleted_traces, run.traces);
    let mut left = Vec::new();
    for number in numbers {
        if store.get_trace(&trace_id(number)).await.is_ok() {
            left.push(number);
        }
    }
    left
}

fn open(store: &SqliteStore, status: &SharedStatus) -> Retention {
    let database = store.data_dir.join("index.db");
    let (status, artifacts) = (Arc::clone(status), Arc::clone(&store.artifact_removal));
    Retention::open(&database, store.writer().unwrap(), status, artifacts).unwrap().unwrap()
}

fn by_age(hours: u64) -> RetentionRules {
    RetentionRules { max_age: Some(Duration::from_secs(hours * 3600)), ..RetentionRules::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earlier_of_start_and_arrival_decides() {
    let (store, _folder) = store().await;
    let hour = HOUR_MS * MS;
    add(&store, 1, 10, EPOCH_NS + 99 * hour, ExperimentId::DEFAULT).await; // started long ago, came late
    add(&store, 2, 99, EPOCH_NS + 10 * hour, ExperimentId::DEFAULT).await; // its clock runs ahead
    add(&store, 3, 99, EPOCH_NS + 99 * hour, ExperimentId::DEFAULT).await;
    assert_eq!(left_after(&store, by_age(24), 1..4).await, [3]);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_traces_than_a_step_takes_go_in_one_run() {
    let (store, _folder) = store().await;
    for number in 0..super::STEP_TRACES as u32 + 10 {
        add(&store, number, 1, EPOCH_NS, ExperimentId::DEFAULT).await;
    }
    assert_eq!(left_after(&store, by_age(24), 0..super::STEP_TRACES as u32 + 10).await, Vec::<u32>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_between_two_writes_when_the_store_closes() {
    let (store, _folder) = store().await;
    for number in 0..super::STEP_TRACES as u32 + 10 {
        add(&store, number, 1, EPOCH_NS, ExperimentId::DEFAULT).await;
    }
    let status: SharedStatus =
        Arc::new(Mutex::new(RetentionStatus { rules: by_age(24), ..RetentionStatus::default() }));
    let retention = open(&store, &status);
    let error = tokio::task::block_in_place(|| retention.run(NOW_NS, &mut || false).unwrap_err());
    assert!(error.message().contains("closing"), "{error}");
    assert_eq!(store.stats().await.unwrap().traces, 10);
    assert_eq!(status.lock().unwrap().deleted_traces, super::STEP_TRACES as u64, "what it did is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experiment_may_keep_its_traces_longer() {
    let (store, _folder) = store().await;
    let name = NewExperiment { name: "golden".into(), ..NewExperiment::default() };
    let golden = store.create_experiment(name).await.unwrap().experiment_id;
    add(&store, 1, 1, EPOCH_NS, ExperimentId::DEFAULT).await;
    add(&store, 2, 1, EPOCH_NS, golden).await;
    let rule = ExperimentRule { max_age: AgeRule::Off, max_bytes: None };
    let rules = RetentionRules { experiments: BTreeMap::from([("golden".into(), rule)]), ..by_age(24) };
    assert_eq!(left_after(&store, rules, 1..3).await, [2]);
}

/// How many more runs a small store may need.
const RUNS_TO_REST: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_go_until_what_is_stored_is_below_the_bound() {
    let (store, _folder) = store().await;
    for number in 0..300 {
        // The later they come, the older they are.
        add(&store, number, 90 - i64::from(number), NOW_NS, ExperimentId::DEFAULT).await;
    }
    let stored = store.retention().await.unwrap().stored_bytes;
    let max_bytes = stored * 3 / 4;
    let rules = RetentionRules { max_bytes: Some(max_bytes), ..RetentionRules::default() };
    // The empty part of the index does not shrink with the traces, so the first runs fall a little short.
    let mut left = left_after(&store, rules.clone(), 0..300).await;
    for _ in 0..RUNS_TO_REST {
        left = left_after(&store, rules.clone(), 0..300).await;
    }
    assert!((150..260).contains(&left.len()), "{} of 300 are left", left.len());
    assert_eq!(left, (0..left.len() as u32).collect::<Vec<_>>(), "the oldest went");
    let stored = store.retention().await.unwrap().stored_bytes;
    assert!(stored <= max_bytes, "{stored} of {max_bytes} bytes are stored");
    assert_eq!(left_after(&store, rules, 0..300).await, left, "it has come to rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_are_those_of_all_experiments() {
    let (store, _folder) = store().await;
    let name = NewExperiment { name: "other".into(), ..NewExperiment::default() };
    let other = store.create_experiment(name).await.unwrap().experiment_id;
    for (number, hour) in [(1, 10), (2, 30), (3, 50)] {
        add(&store, number, hour, NOW_NS, ExperimentId::DEFAULT).await;
    }
    for (number, hour) in [(4, 40), (5, 20)] {
        add(&store, number, hour, NOW_NS, other).await;
    }
    let oldest = move |conn: &_| super::select::oldest(conn, &[ExperimentId::DEFAULT, other], 3);
    let keys: Vec<i64> = store.read(oldest).await.unwrap().into_iter().map(|trace| trace.trace_key).collect();
    // Keys are given in the order of arrival.
    assert_eq!(keys, [1, 5, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_counts_with_its_share_of_the_index() {
    let (store, _folder) = store().await;
    // Traces of little text: most of what is stored of them is the index.
    let trace = |number: u32| {
        let one = span(1).from_to(i64::from(number), 100);
        spans_of(&trace_id(number), explicit(ExperimentId::DEFAULT), "", &[one])
    };
    store.append_spans((0..2_000).map(trace).collect()).await.unwrap();
    let max_bytes = store.retention().await.unwrap().stored_bytes * 3 / 4;
    let rules = RetentionRules { max_bytes: Some(max_bytes), ..RetentionRules::default() };
    let left = left_after(&store, rules, 0..2_000).await.len();
    assert!((1_000..1_800).contains(&left), "{left} of 2000 are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_store_deletes_by_itself_and_frees_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    add(&store, 1, 0, EPOCH_NS, ExperimentId::DEFAULT).await;
    let artifact = folder.path().join(format!("artifacts/0/traces/{}/artifacts/a.txt", trace_id(1)));
    std::fs::create_dir_all(artifact.parent().unwrap()).unwrap();
    std::fs::write(&artifact, "text").unwrap();
    store.close().await.unwrap();
    drop(store);
    let options = OpenOptions { retention: by_age(1), ..OpenOptions::new(folder.path()) };
    let store = SqliteStore::open(&options).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let is_there = async || store.get_trace(&trace_id(1)).await.is_ok();
    // What it did is said once it is done.
    let is_said = async || store.retention().await.unwrap().last.is_some();
    let segments = || std::fs::read_dir(folder.path().join("segments")).unwrap().count();
    while is_there().await || segments() > 1 || artifact.exists() || !is_said().await {
        assert!(std::time::Instant::now() < deadline, "retention did nothing");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_counts_once_and_goes_with_its_last_trace() {
    let (store, _folder) = store().await;
    let text = {
        let digit = |n: u64| {
            char::from(
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 59) as usize],
            )
        };
        (1..=4_000_000).map(digit).collect::<String>()
    };
    // The first of 30 traces has a picture of 3 MB of its own, the others share one.
    for number in 1..=30_u32 {
        let picture = if number == 1 { &text[..] } else { &text[..3_999_996] };
        let start = i64::from(number) * HOUR_MS;
        let one = span(1).from_to(start, start + 100).attribute("picture", picture);
        let batch = spans_of(&trace_id(number), explicit(ExperimentId::DEFAULT), "", &[one]);
        store.append_spans(vec![batch]).await.unwrap();
    }
    let stored = store.retention().await.unwrap().stored_bytes;
    assert!((6_000_000..9_000_000).contains(&stored), "{stored} bytes");
    let rules = RetentionRules { max_bytes: Some(5_500_000), ..RetentionRules::default() };
    let left = left_after(&store, rules, 1..31).await;
    assert_eq!(left, (2..=30).collect::<Vec<_>>(), "the first is enough");
    assert_eq!(store.stats().await.unwrap().attachments, 1);
}
