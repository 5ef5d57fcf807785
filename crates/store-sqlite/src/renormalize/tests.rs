//! A store whose columns were derived by other tables becomes what it would be had its spans come in now.

use crate::error::sql_error;
use crate::{OpenOptions, SqliteStore};
use futures_util::TryStreamExt;
use rusqlite::Connection;
use spanwise_genai::{PriceTable, span_columns};
use spanwise_model::{ExperimentId, NewLogRecord, NewSpan, SpanRun, SpanStatus, TraceId};
use spanwise_model::{TraceLogs, TraceSpans, TraceStart};
use spanwise_otlp::{LogRecordView, SpanView, scan_logs, scan_traces};
use spanwise_query::parse_filter;
use spanwise_store::conformance::build::{
    DEFAULT, assessment, explicit, feedback, resource, scope, start, texts, usage,
};
use spanwise_store::{
    FacetField, FacetQuery, METRICS_STEP_NS, MetricsGroupBy, MetricsQuery, MetricsSubject, NewExperiment,
    Progress, RenormalizeReport, RenormalizeScope, Selection, Store, StoredSpan, TraceQuery, TraceTree,
    TreeSpan,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

/// What real libraries sent.
const SAMPLES: [&str; 8] = [
    "langgraph-openinference",
    "mlflow-openai-agents",
    "openai-otel-v2",
    "openai-v2-logs",
    "pydantic-ai-events",
    "strands",
    "vercel-ai-sdk-v6",
    "smolagents-openinference",
];

fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../genai/tests/samples");
    std::fs::read(folder.join(name)).unwrap_or_default()
}

/// Everything that the samples hold, span by span, in the order in which it was sent.
fn input() -> Vec<TraceSpans> {
    let mut input = Vec::new();
    for name in SAMPLES {
        let body = sample(&format!("{name}.binpb"));
        for group in scan_traces(&body).unwrap() {
            let spans = group.scopes.iter().flat_map(|scope| &scope.spans);
            input.extend(spans.map(|raw| spans_of(SpanView::parse(raw).unwrap())));
        }
    }
    assert!(input.len() > 100, "{} spans", input.len());
    input
}

fn spans_of(view: SpanView<'_>) -> TraceSpans {
    let (trace_id, span_id, parent_id) = view.ids().unwrap();
    let columns = span_columns(&view, parent_id.is_none(), &[], PriceTable::built_in());
    let span = NewSpan {
        raw: view.raw.to_vec().into(),
        content_hash: xxh3_64(view.raw),
        span_id,
        parent_id,
        name: view.name.into(),
        span_type: columns.span_type,
        status: if view.status_code == 2 { SpanStatus::Error } else { SpanStatus::Unset },
        start_ns: view.start_ns(),
        end_ns: view.end_ns(),
        usage: columns.usage,
        cost: columns.cost,
        model: columns.model,
        provider: columns.provider,
        session: columns.session,
        user: columns.user,
        root: columns.root,
    };
    let run = SpanRun {
        resource: resource("app"),
        scope: scope("library"),
        resource_tags: Arc::new(vec![("service.name".into(), "app".into())]),
        experiment: DEFAULT,
        count: 1,
    };
    let trace_id = TraceId::Otel(trace_id);
    TraceSpans { trace_id, arrival_ns: view.start_ns(), runs: vec![run], spans: vec![span], link_run: None }
}

fn input_logs() -> Vec<TraceLogs> {
    let body = sample("openai-v2-logs.logs.binpb");
    let mut logs = Vec::new();
    for group in scan_logs(&body).unwrap() {
        for raw in group.scopes.iter().flat_map(|scope| &scope.records) {
            let view = LogRecordView::parse(raw).unwrap();
            let record = NewLogRecord {
                raw: raw.to_vec().into(),
                content_hash: xxh3_64(raw),
                span_id: spanwise_model::SpanId(view.span_id.try_into().unwrap()),
            };
            logs.push(TraceLogs {
                trace_id: TraceId::Otel(view.trace_id.try_into().unwrap()),
                arrival_ns: 1,
                experiment: DEFAULT,
                records: vec![record],
            });
        }
    }
    assert!(!logs.is_empty());
    logs
}

/// The same as tables would have derived it that know little, and that wrongly.
fn doctored(mut spans: TraceSpans) -> TraceSpans {
    for span in &mut spans.spans {
        span.span_type = "UNKNOWN".into();
        span.usage = span.parent_id.is_none().then(|| usage(7, 7));
        span.cost = None;
        span.model = Some("a model".into());
        span.provider = None;
        span.session = Some("a session".into());
        span.user = None;
        if let Some(facts) = &mut span.root {
            facts.request_preview = Some("wrong".into());
            facts.input_text = None;
            facts.trace_name = Some("a name".into());
        }
    }
    spans
}

fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&OpenOptions::new(folder.path())).unwrap(), folder)
}

async fn append(store: &SqliteStore, input: Vec<TraceSpans>) {
    for batch in input.chunks(3) {
        store.append_spans(batch.to_vec()).await.unwrap();
    }
}

/// A store that holds the samples as they are derived now.
async fn fresh() -> (SqliteStore, TempDir) {
    let (store, folder) = open();
    append(&store, input()).await;
    store.append_logs(input_logs()).await.unwrap();
    (store, folder)
}

/// A store that holds them as other tables derived them.
async fn stale() -> (SqliteStore, TempDir) {
    let (store, folder) = open();
    append(&store, input().into_iter().map(doctored).collect()).await;
    store.append_logs(input_logs()).await.unwrap();
    (store, folder)
}

async fn renormalize(store: &SqliteStore) -> RenormalizeReport {
    store.renormalize(RenormalizeScope::All, Progress::silent()).await.unwrap()
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("index.db")).unwrap()
}

/// All that can be seen of a store, but which blocks its spans are in.
async fn seen(store: &SqliteStore) -> Vec<String> {
    store.index_now().await.unwrap();
    store.columns_loaded().await.unwrap();
    let selection = Selection {
        experiments: vec![ExperimentId::DEFAULT],
        filter: None,
        from_ms: None,
        to_ms: None,
        budget: None,
    };
    let mut seen = Vec::new();
    let mut infos = store.find_traces(selection.page(Vec::new(), 10_000, None)).await.unwrap().traces;
    infos.sort_by(|one, other| one.trace_id.cmp(&other.trace_id));
    for info in &infos {
        seen.push(format!("{info:?}"));
        seen.extend(tree(&store.read_tree(&info.trace_id).await.unwrap()));
    }
    let first = infos.iter().map(|info| info.start_ns).min().unwrap();
    let last = infos.iter().map(|info| info.start_ns).max().unwrap();
    let borders = first.div_euclid(METRICS_STEP_NS)..=last.div_euclid(METRICS_STEP_NS) + 1;
    for (subject, group_by) in [
        (MetricsSubject::Traces, MetricsGroupBy::None),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Model),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Provider),
    ] {
        let metrics = store.trace_metrics(MetricsQuery {
            experiments: vec![ExperimentId::DEFAULT],
            filter: None,
            edges_ns: vec![borders.start() * METRICS_STEP_NS, borders.end() * METRICS_STEP_NS],
            subject,
            group_by,
            groups_max: 100,
        });
        let mut metrics = metrics.await.unwrap();
        metrics.series.sort_by_key(|series| format!("{:?}", series.group));
        seen.push(format!("{metrics:?}"));
    }
    let fields = vec![
        FacetField::SpanType,
        FacetField::Model,
        FacetField::Provider,
        FacetField::Session,
        FacetField::Name,
    ];
    let facets = FacetQuery { selection, fields, values_max: 100, containing: String::new() };
    seen.push(format!("{:?}", store.trace_facets(facets).await.unwrap()));
    for filter in [
        "span.type = 'UNKNOWN'",
        "span.type = 'LLM' OR span.type = 'CHAT_MODEL'",
        "span.model LIKE 'gpt%'",
        "NOT span.type = 'AGENT'",
        "session != 'a session'",
        "tokens > 100",
        "name = 'a name'",
    ] {
        let query = TraceQuery {
            experiments: vec![ExperimentId::DEFAULT],
            filter: Some(parse_filter(filter).unwrap_or_else(|error| panic!("{filter}: {error:?}"))),
            order: Vec::new(),
            limit: 10_000,
            after: None,
        };
        let mut found: Vec<_> = store
            .find_traces(query.clone())
            .await
            .unwrap()
            .traces
            .into_iter()
            .map(|info| info.trace_id)
            .collect();
        found.sort();
        assert_eq!(store.count_traces(query).await.unwrap(), found.len() as u64, "{filter}");
        seen.push(format!("{filter}: {found:?}"));
    }
    seen
}

/// Returns the spans of a tree with their texts, whose numbers tell in which order they came.
fn tree(tree: &TraceTree) -> Vec<String> {
    let text = |number: u32| &*tree.texts[number as usize];
    let line = |span: &TreeSpan| {
        let texts = [Some(span.name), Some(span.span_type), span.model, span.provider];
        let texts = texts.map(|number| number.map(text));
        let times = (span.start_ns, span.end_ns);
        format!("{:?} {:?} {times:?} {texts:?} {:?}", span.span_id, span.parent_id, tree.report(span))
    };
    tree.spans.iter().map(line).collect()
}

fn assert_same(found: &[String], expected: &[String]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// Checks that a store is what one is that took its spans in now, and sound.
async fn assert_is_fresh(store: &SqliteStore) {
    let (fresh, _folder) = fresh().await;
    assert_same(&seen(store).await, &seen(&fresh).await);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

async fn raw(store: &SqliteStore) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for spans in input() {
        let chunks: Vec<Vec<StoredSpan>> =
            store.read_spans(&spans.trace_id).await.unwrap().try_collect().await.unwrap();
        all.extend(chunks.into_iter().flatten().map(|span| span.raw.to_vec()));
    }
    all
}

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
