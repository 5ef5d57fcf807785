//! Whatever happens to traces, the roll-ups are what their rows and columns add up to.

use super::writer::ALL_TRACES;
use crate::{OpenOptions, SqliteStore};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rusqlite::Connection;
use spanwise_model::{
    AssessmentValue, Cost, ExperimentChoice, ExperimentId, SpanStatus, TraceId, TraceLogs, TraceSpans,
    TraceStart, TraceState,
};
use spanwise_query::parse_filter;
use spanwise_store::conformance::build::{
    DEFAULT, Span, assessment, at_ms, derived, explicit, feedback, logs, span, spans, spans_of, start,
    trace_id, usage,
};
use spanwise_store::{
    DeleteTraces, MetricsGroupBy, MetricsQuery, MetricsSubject, NewExperiment, Percentiles, Progress,
    RenormalizeScope, Store, StoreError, StoreResult,
};
use std::path::Path;
use std::time::{Duration, Instant};

const QUARTER_MS: i64 = 15 * 60_000;
/// Ids are few, so that operations meet.
const TRACES: u32 = 24;
const SPANS: u64 = 9;
/// Operations that are under way at a time, so that some share a group.
const AT_A_TIME: usize = 10;
const ROUNDS: usize = 400;

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(&OpenOptions::new(folder)).unwrap()
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("index.db")).unwrap()
}

/// Returns whether changes wait to be added to their roll-ups.
fn changes_wait(folder: &Path) -> bool {
    let sql = "SELECT EXISTS (SELECT 1 FROM rollup_pending)";
    database(folder).query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn problems(store: &SqliteStore) -> Vec<String> {
    store.check().await.unwrap().problems
}

/// Checks that sums are read as they are stored: the same as from rows.
async fn assert_read_right(store: &SqliteStore, experiments: &[ExperimentId], when: &str) {
    for (subject, group_by) in [
        (MetricsSubject::Traces, MetricsGroupBy::Experiment),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Model),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Experiment),
    ] {
        let query = MetricsQuery { experiments: experiments.to_vec(), group_by, ..quarters(subject) };
        let filter = parse_filter("timestamp > 0").unwrap();
        let filtered = MetricsQuery { filter: Some(filter), ..query.clone() };
        let mut found = store.trace_metrics(query).await.unwrap();
        let mut expected = store.trace_metrics(filtered).await.unwrap();
        for series in found.series.iter_mut().chain(&mut expected.series) {
            // Percentiles of few are exact from rows.
            series.total.durations = Percentiles::default();
            series.points.iter_mut().for_each(|point| point.durations = Percentiles::default());
        }
        assert_eq!(found, expected, "{when}: {subject:?} by {group_by:?}");
    }
}

enum Operation {
    Spans(TraceSpans),
    Logs(TraceLogs),
    Record(Box<TraceStart>),
    Copy { from: TraceId, to: TraceId, experiment: ExperimentId },
    Delete(ExperimentId, DeleteTraces),
    Renormalize(RenormalizeScope),
}

impl Operation {
    async fn run(self, store: &SqliteStore) -> StoreResult<()> {
        match self {
            Operation::Spans(spans) => store.append_spans(vec![spans]).await.map(drop),
            Operation::Logs(logs) => store.append_logs(vec![logs]).await.map(drop),
            Operation::Record(record) => store.start_trace(*record).await.map(drop),
            Operation::Copy { from, to, experiment } => {
                let Some(mut archive) = store.archive_traces(&[from]).await?.pop() else { return Ok(()) };
                (archive.info.trace_id, archive.info.experiment_id) = (to, experiment);
                store.restore_trace(archive).await
            }
            Operation::Delete(experiment, which) => store.delete_traces(experiment, which).await.map(drop),
            Operation::Renormalize(scope) => store.renormalize(scope, Progress::silent()).await.map(drop),
        }
    }
}

struct World {
    experiments: Vec<ExperimentId>,
    random: StdRng,
}

impl World {
    async fn new(store: &SqliteStore, seed: u64) -> World {
        let mut experiments = vec![ExperimentId::DEFAULT];
        for name in ["a", "b"] {
            let new = NewExperiment { name: name.into(), ..NewExperiment::default() };
            experiments.push(store.create_experiment(new).await.unwrap().experiment_id);
        }
        World { experiments, random: StdRng::seed_from_u64(seed) }
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.random.random_range(0..list.len())]
    }

    fn experiment(&mut self) -> ExperimentId {
        self.experiments[self.random.random_range(0..self.experiments.len())]
    }

    fn choice(&mut self) -> ExperimentChoice {
        let id = self.experiment();
        self.one_of(&[explicit(id), derived(id), DEFAULT])
    }

    fn trace(&mut self) -> TraceId {
        trace_id(self.random.random_range(0..TRACES))
    }

    fn span(&mut self) -> Span {
        let number = self.random.random_range(1..=SPANS);
        self.span_numbered(number)
    }

    fn span_numbered(&mut self, number: u64) -> Span {
        let start_ms = self.random.random_range(-2..3) * QUARTER_MS + self.random.random_range(0..1_000);
        let end_ms = start_ms + self.random.random_range(0..5_000);
        let mut any = span(number).from_to(start_ms, end_ms);
        if self.random.random_bool(0.15) {
            any = any.open();
        }
        if self.random.random_bool(0.7) {
            let parent = self.random.random_range(1..=SPANS);
            any = if self.random.random_bool(0.2) { any.remote_parent(parent) } else { any.parent(parent) };
        }
        if self.random.random_bool(0.5) {
            any = any.model(self.one_of(&["gpt-4o", "claude", "mistral"]), self.one_of(&["openai", "azure"]));
        }
        if self.random.random_bool(0.4) {
            any = any.usage(self.random.random_range(0..1_000), self.random.random_range(0..100));
        }
        if self.random.random_bool(0.3) {
            any = any.cost(self.random.random_range(0.0..0.01), 1e-7);
        }
        any.span_type(self.one_of(&["UNKNOWN", "LLM", "AGENT"])).status(self.one_of(&[
            SpanStatus::Unset,
            SpanStatus::Ok,
            SpanStatus::Error,
        ]))
    }

    fn record(&mut self) -> TraceStart {
        let id = self.trace();
        let mut record = TraceStart {
            start_ns: at_ms(self.random.random_range(-2..3) * QUARTER_MS),
            duration_ns: self.random.random_bool(0.8).then(|| self.random.random_range(0..1_000_000_000)),
            state: self.one_of(&[TraceState::Ok, TraceState::Error, TraceState::InProgress]),
            usage: self.random.random_bool(0.2).then(|| usage(self.random.random_range(0..99), 1)),
            cost: self.random.random_bool(0.2).then_some(Cost { input: 0.0, output: 0.5, total: 0.5 }),
            ..start(&id, self.experiment())
        };
        if self.random.random_bool(0.3) {
            // One trace has it; of the others the whole record is refused, after its row was written.
            let verdict: AssessmentValue = feedback(true);
            record.assessments.push(assessment(&id, "a-1", "good", verdict));
        }
        record
    }

    fn operation(&mut self) -> Operation {
        match self.random.random_range(0..100) {
            0..70 => {
                let count = self.random.random_range(1..5);
                let batch: Vec<Span> = (0..count).map(|_| self.span()).collect();
                Operation::Spans(spans_of(&self.trace(), self.choice(), "", &batch))
            }
            70..76 => {
                let number = self.random.random_range(1..=SPANS);
                Operation::Logs(logs(&self.trace(), &[(number, "hello")]))
            }
            76..86 => Operation::Record(Box::new(self.record())),
            86..91 => Operation::Copy { from: self.trace(), to: self.trace(), experiment: self.experiment() },
            91..96 => Operation::Delete(self.experiment(), DeleteTraces::Ids(vec![self.trace()])),
            // What the columns say is not in the bytes of these spans, so that it goes.
            96 => Operation::Renormalize(RenormalizeScope::Experiments(vec![self.experiment()])),
            _ => {
                let max_start_ms = at_ms(-QUARTER_MS) / 1_000_000;
                Operation::Delete(self.experiment(), DeleteTraces::Until { max_start_ms, limit: Some(3) })
            }
        }
    }
}

#[tokio::test]
async fn rollups_are_what_rows_and_columns_add_up_to_whatever_happens() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut world = World::new(&store, 7).await;
    let (mut refused, mut waited) = (0, 0);
    for round in 0..ROUNDS {
        let operations: Vec<Operation> = (0..AT_A_TIME).map(|_| world.operation()).collect();
        let results = join_all(operations.into_iter().map(|operation| operation.run(&store))).await;
        refused += results.iter().filter(|result| result.is_err()).count();
        if round % 10 == 0 {
            assert_eq!(problems(&store).await, Vec::<String>::new(), "in round {round}");
            assert_read_right(&store, &world.experiments, &format!("in round {round}")).await;
            waited += u64::from(changes_wait(folder.path()));
        }
        if round % 50 == 0 {
            store.close().await.unwrap();
            drop(store);
            store = open(folder.path());
        }
    }
    assert_eq!(problems(&store).await, Vec::<String>::new());
    assert!(refused > 10, "{refused} were refused");
    let looks = ROUNDS as u64 / 10;
    assert!((5..looks).contains(&waited), "changes waited at {waited} of {looks} looks; both should be seen");
    for experiment in world.experiments {
        let which = DeleteTraces::Until { max_start_ms: at_ms(1_000 * QUARTER_MS) / 1_000_000, limit: None };
        store.delete_traces(experiment, which).await.unwrap();
    }
    assert_eq!(problems(&store).await, Vec::<String>::new());
    for subject in [MetricsSubject::Traces, MetricsSubject::ModelCalls] {
        assert_eq!(count(&store, subject).await, (0, true));
    }
}

#[tokio::test]
async fn figures_do_not_depend_on_the_order_of_arrival() {
    let mut expected = None;
    for order in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        // The same spans each time: wrappers, circles of parents, some sent twice.
        let mut world = World::new(&store, 11).await;
        let mut parts = Vec::new();
        for trace in 0..TRACES {
            for number in 1..=SPANS {
                let one = spans(&trace_id(trace), &[world.span_numbered(number)]);
                let times = if world.random.random_bool(0.2) { 2 } else { 1 };
                parts.extend(std::iter::repeat_n(one, times));
            }
        }
        parts.shuffle(&mut StdRng::seed_from_u64(order));
        for batch in parts.chunks(7) {
            store.append_spans(batch.to_vec()).await.unwrap();
        }
        let mut found = Vec::new();
        for trace in 0..TRACES {
            let info = store.get_trace(&trace_id(trace)).await.unwrap();
            let tree = store.read_tree(&trace_id(trace)).await.unwrap();
            let reports: Vec<_> = tree.spans.iter().map(|span| tree.report(span).copied()).collect();
            found.push(format!("{:?} {:?} {reports:?}", info.usage, info.cost));
        }
        for group_by in [MetricsGroupBy::Model, MetricsGroupBy::Provider] {
            let query = MetricsQuery { group_by, ..quarters(MetricsSubject::ModelCalls) };
            let mut metrics = store.trace_metrics(query).await.unwrap();
            metrics.series.sort_by_key(|series| format!("{:?}", series.group));
            found.push(format!("{metrics:?}"));
        }
        assert_eq!(problems(&store).await, Vec::<String>::new());
        let before = expected.get_or_insert_with(|| found.clone());
        before.iter().zip(&found).for_each(|(before, found)| assert_eq!(found, before, "order {order}"));
    }
}

#[tokio::test]
async fn a_write_that_fails_late_gives_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let batch = [span(1), span(2).parent(1).model("gpt-4o", "openai").usage(10, 1)];
    store.append_spans(vec![spans(&trace_id(1), &batch)]).await.unwrap();
    let failed = store.write(|context| {
        super::take_back(context, &[(1, trace_id(1))])?;
        Err::<(), _>(StoreError::invalid("it can't be deleted after all"))
    });
    failed.await.unwrap_err();
    assert_eq!(count(&store, MetricsSubject::ModelCalls).await, (1, true));
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

/// A store with a few traces of calls.
async fn filled(folder: &Path) -> SqliteStore {
    let store = open(folder);
    for number in 0..450 {
        let call = span(2).parent(1).model("gpt-4o", "openai").usage(10, 1).cost(0.25, 0.5);
        let batch = [span(1).from_to(i64::from(number) * 60_000, i64::from(number) * 60_000 + 5), call];
        store.append_spans(vec![spans(&trace_id(number), &batch)]).await.unwrap();
    }
    store
}

fn everything(subject: MetricsSubject) -> MetricsQuery {
    let edges_ns =
        [-8, 100].map(|quarters| (at_ms(0) / 1_000_000 / QUARTER_MS + quarters) * QUARTER_MS * 1_000_000);
    MetricsQuery {
        experiments: vec![ExperimentId::DEFAULT],
        filter: None,
        edges_ns: edges_ns.into(),
        subject,
        group_by: MetricsGroupBy::None,
        groups_max: 10,
    }
}

fn quarters(subject: MetricsSubject) -> MetricsQuery {
    let first = everything(subject).edges_ns[0];
    let edges_ns = (0..100).map(|number| first + number * QUARTER_MS * 1_000_000).collect();
    MetricsQuery { edges_ns, ..everything(subject) }
}

async fn count(store: &SqliteStore, subject: MetricsSubject) -> (u64, bool) {
    let metrics = store.trace_metrics(everything(subject)).await.unwrap();
    (metrics.series[0].total.count, metrics.complete)
}

/// Waits until the roll-ups of older traces are there.
async fn built(store: &SqliteStore) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !count(store, MetricsSubject::ModelCalls).await.1 {
        assert!(Instant::now() < deadline, "the roll-ups were not computed");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_store_of_an_older_version_gets_its_rollups() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    store.close().await.unwrap();
    drop(store);
    // As the version before left it.
    database(folder.path()).execute_batch(crate::schema::DROP_CATALOG).unwrap();
    database(folder.path())
        .execute_batch(
            "DROP TABLE rollup_trace; DROP TABLE rollup_call; DROP TABLE rollup_model; DROP TABLE rollup_build;
             DROP TABLE rollup_pending; DROP INDEX trace_from_ahead; DROP TABLE artifact_removal;
             DROP TABLE error_span_build; ALTER TABLE trace DROP COLUMN error_span_count;
             ALTER TABLE trace DROP COLUMN input_place; ALTER TABLE trace DROP COLUMN output_place;
             DROP TABLE derivation; DROP TABLE redaction; DROP TABLE price_list;
             DROP TABLE price_override; PRAGMA user_version = 2;",
        )
        .unwrap();
    let store = open(folder.path());
    // Traces may come, change and go while the others are computed.
    assert_eq!(count(&store, MetricsSubject::Traces).await, (450, true));
    let late = span(3).parent(1).model("gpt-4o", "openai");
    store.append_spans(vec![spans(&trace_id(449), &[late])]).await.unwrap();
    store.append_spans(vec![spans(&trace_id(450), &[span(1).model("gpt-4o", "openai")])]).await.unwrap();
    let which = DeleteTraces::Ids(vec![trace_id(0), trace_id(448)]);
    store.delete_traces(ExperimentId::DEFAULT, which).await.unwrap();
    built(&store).await;
    assert_eq!(count(&store, MetricsSubject::Traces).await, (449, true));
    assert_eq!(count(&store, MetricsSubject::ModelCalls).await, (450, true));
    assert_eq!(problems(&store).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_damaged_rollup_is_named_and_computed_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    store.close().await.unwrap();
    drop(store);
    let damage =
        "UPDATE rollup_trace SET figures = x'01ff' WHERE bucket = (SELECT min(bucket) FROM rollup_trace)";
    database(folder.path()).execute_batch(damage).unwrap();
    let store = open(folder.path());
    let found = problems(&store).await;
    assert!(found.len() == 1 && found[0].contains("the roll-up of traces of experiment 0"), "{found:?}");
    // It is read from the rows, and a write finds the damage and goes on.
    assert_eq!(count(&store, MetricsSubject::Traces).await, (450, true));
    store.append_spans(vec![spans(&trace_id(1_000), &[span(1)])]).await.unwrap();
    assert_eq!(count(&store, MetricsSubject::Traces).await, (451, true));
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path());
    built(&store).await;
    assert_eq!(problems(&store).await, Vec::<String>::new());
    assert_eq!(count(&store, MetricsSubject::ModelCalls).await, (450, true));
}

#[tokio::test]
async fn a_wrong_rollup_of_calls_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let query = "UPDATE rollup_call SET figures = (SELECT figures FROM rollup_trace LIMIT 1)";
    database(folder.path()).execute_batch(query).unwrap();
    let found = problems(&store).await;
    assert!(
        found.iter().all(|problem| problem.contains("calls") && problem.contains("model `gpt-4o`")),
        "{found:?}"
    );
    assert!(!found.is_empty());
    let through: i64 =
        database(folder.path()).query_row("SELECT * FROM rollup_build", [], |row| row.get(0)).unwrap();
    assert_eq!(through, ALL_TRACES);
}
