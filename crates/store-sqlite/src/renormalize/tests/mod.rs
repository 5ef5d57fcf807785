//! A store whose columns were derived by other tables becomes what it would be had its spans come in now.

mod fixture;

use crate::error::sql_error;
use crate::schema::step_back;
use crate::{OpenOptions, SqliteStore};
use fixture::{
    TOKENS, append, assert_is_fresh, database, doctored, fresh, input, input_logs, open, raw, renormalize,
    seen, stale,
};
use rusqlite::Connection;
use spanwise_model::{ExperimentId, TraceId, TraceStart};
use spanwise_query::parse_filter;
use spanwise_store::conformance::build::{
    assessment, explicit, feedback, span, spans, start, texts, trace_id, usage,
};
use spanwise_store::{NewExperiment, Progress, RenormalizeScope, Store, TraceQuery};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_as_if_it_had_come_in_now() {
    let (store, _folder) = stale().await;
    // What is remembered of queries and in the index is of before.
    let (before, bytes) = (seen(&store).await, raw(&store).await);
    let report = renormalize(&store).await;
    let traces = store.stats().await.unwrap().traces;
    assert_eq!((report.traces, report.changed_traces, report.unreadable_traces), (traces, traces, 0));
    assert_eq!(report.changed_spans, report.spans);
    assert_ne!(seen(&store).await, before);
    assert_eq!(raw(&store).await, bytes);
    assert_is_fresh(&store).await;
    let again = renormalize(&store).await;
    assert_eq!((again.traces, again.changed_traces, again.changed_spans), (traces, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_merged_and_closed_is_derived_again_too() {
    let (store, folder) = stale().await;
    store.compact(Progress::silent()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    renormalize(&store).await;
    assert_is_fresh(&store).await;
    store.compact(Progress::silent()).await.unwrap();
    assert_is_fresh(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_store_is_not_written_to() {
    let (store, folder) = fresh().await;
    let version = |conn: &Connection| -> i64 {
        conn.pragma_query_value(None, "data_version", |row| row.get(0)).unwrap()
    };
    let conn = database(folder.path());
    let before = version(&conn);
    assert_eq!(renormalize(&store).await.changed_traces, 0);
    assert_eq!(version(&conn), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_and_compactions_come_in_between() {
    let (store, _folder) = open();
    let (early, late): (Vec<_>, Vec<_>) =
        input().into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    append(&store, early.into_iter().map(|(_, spans)| doctored(spans)).collect()).await;
    let (store, is_done) = (Arc::new(store), Arc::new(AtomicBool::new(false)));
    let writing = {
        let (store, is_done) = (Arc::clone(&store), Arc::clone(&is_done));
        tokio::spawn(async move {
            for (_, spans) in late {
                store.append_spans(vec![spans]).await.unwrap();
            }
            store.append_logs(input_logs()).await.unwrap();
            is_done.store(true, Ordering::Release);
        })
    };
    let compacting = {
        let (store, is_done) = (Arc::clone(&store), Arc::clone(&is_done));
        tokio::spawn(async move {
            while !is_done.load(Ordering::Acquire) {
                store.compact(Progress::silent()).await.unwrap();
            }
        })
    };
    let mut runs = 0;
    while !is_done.load(Ordering::Acquire) || runs == 0 {
        renormalize(&store).await;
        runs += 1;
    }
    writing.await.unwrap();
    compacting.await.unwrap();
    let last = renormalize(&store).await;
    assert_eq!(last.busy_traces, 0);
    assert_is_fresh(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_leaves_whole_traces_and_the_next_one_ends_it() {
    let (store, _folder) = stale().await;
    let steps = AtomicU64::new(0);
    let stop = Progress::new(move |_| steps.fetch_add(1, Ordering::Relaxed) < 3);
    let error = store.renormalize(RenormalizeScope::All, stop).await.unwrap_err();
    assert!(error.message().starts_with("interrupted while deriving"), "{error}");
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
    let rest = renormalize(&store).await;
    assert!(0 < rest.changed_traces && rest.changed_traces < rest.traces, "{rest:?}");
    assert_is_fresh(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_leaves_the_store_sound() {
    // Before anything of a trace is written, and between its blocks and its row.
    for failing in ["BEFORE UPDATE ON block", "BEFORE UPDATE ON trace"] {
        let (store, folder) = stale().await;
        let conn = database(folder.path());
        let traces = store.stats().await.unwrap().traces;
        let mut failed = 0;
        for trace_key in 1..=traces {
            conn.execute_batch(&format!(
                "CREATE TRIGGER broken {failing} WHEN OLD.trace_key = {trace_key}
                 BEGIN SELECT RAISE(FAIL, 'the disk is broken'); END"
            ))
            .unwrap();
            let result = store.renormalize(RenormalizeScope::All, Progress::silent()).await;
            conn.execute_batch("DROP TRIGGER broken").unwrap();
            // Of the traces before it, those of its own step are undone, and the others done.
            failed += u64::from(result.is_err());
            assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new(), "trace {trace_key}");
        }
        assert_eq!(failed, traces);
        renormalize(&store).await;
        assert_is_fresh(&store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_gave_stays() {
    let (store, _folder) = stale().await;
    let trace = input()[0].trace_id.clone();
    let record = TraceStart {
        name: Some("given".into()),
        session: Some("given session".into()),
        request_preview: Some("given request".into()),
        usage: Some(usage(1, 2)),
        state: spanwise_model::TraceState::Error,
        tags: texts([("team", "red")]),
        metadata: texts([("k", "v"), ("mlflow.trace.user", "given user")]),
        assessments: vec![assessment(&trace, "a-1", "good", feedback(true))],
        ..start(&trace, ExperimentId::DEFAULT)
    };
    store.start_trace(record).await.unwrap();
    store.set_trace_tag(&trace, "queue", "review").await.unwrap();
    let before = store.get_trace(&trace).await.unwrap();
    renormalize(&store).await;
    let after = store.get_trace(&trace).await.unwrap();
    assert_ne!(after.input_text, before.input_text);
    assert_eq!(
        spanwise_model::TraceInfo {
            input_text: before.input_text.clone(),
            output_text: before.output_text.clone(),
            cost: before.cost,
            ..after
        },
        before
    );
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_the_root_sets_is_added_and_what_is_there_stays() {
    let (store, _folder) = open();
    let root = span(1)
        .attribute("spanwise.trace.metadata.release", "1.4")
        .attribute("spanwise.trace.metadata.k", "the span's")
        .attribute("mlflow.traceTag.deleted", "stays so");
    // As a release took it in that did not know of metadata.
    store.append_spans(vec![spans(&trace_id(1), &[root])]).await.unwrap();
    let record =
        TraceStart { metadata: texts([("k", "given")]), ..start(&trace_id(1), ExperimentId::DEFAULT) };
    store.start_trace(record).await.unwrap();
    store.columns_loaded().await.unwrap();
    assert_eq!(renormalize(&store).await.changed_traces, 1);
    let info = store.get_trace(&trace_id(1)).await.unwrap();
    assert_eq!(info.metadata, texts([("k", "given"), ("release", "1.4")]));
    assert_eq!(info.tags, BTreeMap::new());
    for (filter, count) in [("metadata.release = '1.4'", 1), ("metadata.k = 'given'", 1)] {
        let query = TraceQuery {
            experiments: vec![ExperimentId::DEFAULT],
            filter: Some(parse_filter(filter).unwrap()),
            order: Vec::new(),
            limit: 10,
            after: None,
        };
        assert_eq!(store.count_traces(query).await.unwrap(), count, "{filter}");
    }
    assert_eq!(renormalize(&store).await.changed_traces, 0);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_of_an_older_rule_are_sound_and_follow_the_new_one() {
    let (store, folder) = open();
    let call = |number| {
        span(number)
            .parent(2)
            .model("gpt-4o", "openai")
            .attribute(TOKENS, r#"{"input_tokens": 20, "output_tokens": 0}"#)
    };
    let wrapper = span(2).parent(1).attribute(TOKENS, r#"{"input_tokens": 5, "output_tokens": 0}"#);
    store.append_spans(vec![spans(&trace_id(1), &[span(1), wrapper, call(3), call(4)])]).await.unwrap();
    renormalize(&store).await;
    assert_eq!(store.get_trace(&trace_id(1)).await.unwrap().usage, Some(usage(40, 0)));
    store.close().await.unwrap();
    drop(store);
    // As the release before left it: the wrapper's figure counted, and nobody knows by which rule.
    let old = database(folder.path());
    old.execute_batch("UPDATE trace SET input_tokens = 5, output_tokens = 0, total_tokens = 5").unwrap();
    step_back(&old, 6);
    drop(old);
    let version = || -> i64 {
        database(folder.path()).query_row("SELECT version FROM derivation", [], |row| row.get(0)).unwrap()
    };
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !crate::rollup::are_built(&database(folder.path())).unwrap() {
        assert!(Instant::now() < deadline, "the roll-ups were not computed");
        tokio::task::yield_now().await;
    }
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
    let late = vec![spans(&trace_id(2), &[span(1)])];
    store.append_spans(late).await.unwrap();
    assert_eq!((store.get_trace(&trace_id(1)).await.unwrap().usage, version()), (Some(usage(5, 0)), 0));
    let report = renormalize(&store).await;
    assert_eq!((report.traces, report.changed_traces, report.changed_spans), (2, 1, 0));
    assert_eq!((store.get_trace(&trace_id(1)).await.unwrap().usage, version()), (Some(usage(40, 0)), 2));
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_leaves_other_experiments_alone() {
    let (store, _folder) = open();
    let new = NewExperiment { name: "other".into(), ..NewExperiment::default() };
    let other = store.create_experiment(new).await.unwrap().experiment_id;
    let mut by_trace: BTreeMap<TraceId, ExperimentId> = BTreeMap::new();
    for mut spans in input().into_iter().map(doctored) {
        let next = if by_trace.len().is_multiple_of(3) { other } else { ExperimentId::DEFAULT };
        let experiment = *by_trace.entry(spans.trace_id.clone()).or_insert(next);
        spans.runs[0].experiment = explicit(experiment);
        store.append_spans(vec![spans]).await.unwrap();
    }
    let scope = RenormalizeScope::Experiments(vec![other]);
    let report = store.renormalize(scope, Progress::silent()).await.unwrap();
    let in_other = by_trace.values().filter(|experiment| **experiment == other).count() as u64;
    assert_eq!((report.traces, report.changed_traces), (in_other, in_other));
    for (trace, experiment) in by_trace {
        let name = store.get_trace(&trace).await.unwrap().name;
        assert_eq!(name.as_deref() == Some("a name"), experiment != other);
    }
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_cannot_be_read_stays_and_holds_nobody_up() {
    let (store, folder) = stale().await;
    let offset: u64 = store
        .read(|conn| {
            let sql = "SELECT offset FROM block WHERE trace_key = 1 LIMIT 1";
            conn.query_row(sql, [], |row| row.get(0)).map_err(sql_error)
        })
        .await
        .unwrap();
    let path = crate::segment::segment_path(&folder.path().join("segments"), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[offset as usize + 20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = renormalize(&store).await;
    assert_eq!((report.unreadable_traces, report.changed_traces), (1, report.traces - 1));
    let problems = store.check().await.unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("is damaged at byte"), "{problems:?}");
}
