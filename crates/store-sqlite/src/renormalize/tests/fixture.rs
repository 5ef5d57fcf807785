//! Stores that hold what real libraries sent, as it is derived now, and as other tables derived it.

use crate::{OpenOptions, SqliteStore};
use futures_util::TryStreamExt;
use rusqlite::Connection;
use spanwise_genai::{PriceTable, lends_texts, lent_facts, span_columns};
use spanwise_model::{
    ExperimentId, NewLogRecord, NewSpan, SpanRun, SpanStatus, TraceId, TraceLogs, TraceSpans,
};
use spanwise_otlp::{LogRecordView, SpanView, scan_logs, scan_traces};
use spanwise_query::parse_filter;
use spanwise_store::conformance::build::{DEFAULT, resource, scope, usage};
use spanwise_store::{
    FacetField, FacetQuery, METRICS_STEP_NS, MetricsGroupBy, MetricsQuery, MetricsSubject, Progress,
    RenormalizeReport, RenormalizeScope, Selection, Store, StoredSpan, TraceQuery, TraceTree, TreeSpan,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

/// MLflow's attribute of a span's tokens.
pub(super) const TOKENS: &str = "mlflow.chat.tokenUsage";

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
pub(super) fn input() -> Vec<TraceSpans> {
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
    let lent = lends_texts(&columns.span_type).then(|| lent_facts(&view, &[])).flatten();
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
        lent,
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

pub(super) fn input_logs() -> Vec<TraceLogs> {
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
pub(super) fn doctored(mut spans: TraceSpans) -> TraceSpans {
    for span in &mut spans.spans {
        span.span_type = "UNKNOWN".into();
        span.usage = span.parent_id.is_none().then(|| usage(7, 7));
        span.cost = None;
        span.model = Some("a model".into());
        span.provider = None;
        span.session = Some("a session".into());
        span.user = None;
        span.lent = None;
        if let Some(facts) = &mut span.root {
            facts.request_preview = Some("wrong".into());
            facts.input_text = None;
            facts.trace_name = Some("a name".into());
        }
    }
    spans
}

pub(super) fn open() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteStore::open(&OpenOptions::new(folder.path())).unwrap(), folder)
}

pub(super) async fn append(store: &SqliteStore, input: Vec<TraceSpans>) {
    for batch in input.chunks(3) {
        store.append_spans(batch.to_vec()).await.unwrap();
    }
}

/// A store that holds the samples as they are derived now.
pub(super) async fn fresh() -> (SqliteStore, TempDir) {
    let (store, folder) = open();
    append(&store, input()).await;
    store.append_logs(input_logs()).await.unwrap();
    (store, folder)
}

/// A store that holds them as other tables derived them.
pub(super) async fn stale() -> (SqliteStore, TempDir) {
    let (store, folder) = open();
    append(&store, input().into_iter().map(doctored).collect()).await;
    store.append_logs(input_logs()).await.unwrap();
    (store, folder)
}

pub(super) async fn renormalize(store: &SqliteStore) -> RenormalizeReport {
    store.renormalize(RenormalizeScope::All, Progress::silent()).await.unwrap()
}

pub(super) fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("index.db")).unwrap()
}

/// All that can be seen of a store, but which blocks its spans are in.
pub(super) async fn seen(store: &SqliteStore) -> Vec<String> {
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
pub(super) async fn assert_is_fresh(store: &SqliteStore) {
    let (fresh, _folder) = fresh().await;
    assert_same(&seen(store).await, &seen(&fresh).await);
    assert_eq!(store.check().await.unwrap().problems, Vec::<String>::new());
}

pub(super) async fn raw(store: &SqliteStore) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for spans in input() {
        let chunks: Vec<Vec<StoredSpan>> =
            store.read_spans(&spans.trace_id).await.unwrap().try_collect().await.unwrap();
        all.extend(chunks.into_iter().flatten().map(|span| span.raw.to_vec()));
    }
    all
}
