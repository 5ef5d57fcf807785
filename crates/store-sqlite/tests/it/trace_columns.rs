//! The columns in memory follow every write: what is found, counted and drawn is what the index would say.

use crate::open_store;
use futures_util::future::join_all;
use spanwise_model::{Assessment, ExperimentId, SpanStatus, TraceId, TraceSpans};
use spanwise_query::{parse_filter, parse_order_text};
use spanwise_store::conformance::build::{
    assessment, derived, explicit, feedback, logs, span, spans, spans_of, trace_id,
};
use spanwise_store::{
    AssessmentChange, DeleteTraces, FacetField, FacetQuery, NewExperiment, Selection, SessionQuery, Store,
    TraceQuery,
};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use std::path::Path;
use tempfile::TempDir;

async fn loaded_store() -> (SqliteStore, TempDir) {
    let (store, folder) = open_store();
    store.columns_loaded().await.unwrap();
    (store, folder)
}

fn query(experiment: ExperimentId, filter: &str, order: &str) -> TraceQuery {
    let (filter, order) = (Some(parse_filter(filter).unwrap()), parse_order_text(order).unwrap());
    TraceQuery { experiments: vec![experiment], filter, order, limit: 100, after: None }
}

fn selection(filter: &str) -> Selection {
    let filter = Some(parse_filter(filter).unwrap());
    Selection { experiments: vec![ExperimentId::DEFAULT], filter, from_ms: None, to_ms: None, budget: None }
}

/// Returns the numbers of the traces that are found, in order; the count must say the same.
async fn found_in(store: &SqliteStore, experiment: ExperimentId, filter: &str) -> Vec<u32> {
    let query = query(experiment, filter, "");
    let page = store.find_traces(query.clone()).await.unwrap();
    assert_eq!(store.count_traces(query).await.unwrap(), page.traces.len() as u64, "{filter}");
    let mut numbers: Vec<u32> = page.traces.iter().map(|info| number_of(&info.trace_id)).collect();
    numbers.sort_unstable();
    numbers
}

fn number_of(id: &TraceId) -> u32 {
    (0..10_000).find(|number| trace_id(*number) == *id).unwrap()
}

/// Checks which traces of the default experiment a filter finds.
async fn check(store: &SqliteStore, filter: &str, expected: &[u32]) {
    assert_eq!(found_in(store, ExperimentId::DEFAULT, filter).await, expected, "{filter}");
}

fn one_span(number: u32) -> TraceSpans {
    spans(&trace_id(number), &[span(1).name("first").from_to(0, 10)])
}

#[tokio::test]
async fn late_spans_change_what_is_found() {
    let (store, _folder) = loaded_store().await;
    let child = span(2).parent(1).from_to(5, 9);
    store.append_spans(vec![spans(&trace_id(1), &[child]), one_span(2)]).await.unwrap();
    check(&store, "status = 'IN_PROGRESS'", &[1]).await;
    check(&store, "session = 's' OR tokens > 5 OR cost > 1 OR spans > 1", &[]).await;
    let root =
        span(1).from_to(0, 50).status(SpanStatus::Error).session("s").user("u").usage(7, 1).cost(1.0, 0.5);
    store.append_spans(vec![spans(&trace_id(1), &[root])]).await.unwrap();
    for filter in [
        "status = 'ERROR'",
        "session = 's'",
        "user = 'u'",
        "tokens = 8",
        "cost > 1",
        "spans = 2",
        "latency > 40ms",
    ] {
        check(&store, filter, &[1]).await;
    }
    check(&store, "status = 'IN_PROGRESS'", &[]).await;
    let histogram = store.trace_histogram(selection(""), 10).await.unwrap();
    assert_eq!((histogram.total, histogram.errors, histogram.tokens, histogram.cost), (2, 1, 8, 1.5));
}

#[tokio::test]
async fn what_a_replaced_span_said_is_not_found() {
    let (store, _folder) = loaded_store().await;
    let text = |text: &'static str| span(1).name(text).attribute("input.text", text);
    store.append_spans(vec![spans(&trace_id(1), &[text("before")]), one_span(2)]).await.unwrap();
    store.append_spans(vec![spans(&trace_id(1), &[text("after")])]).await.unwrap();
    store.append_logs(vec![logs(&trace_id(2), &[(1, "logged")])]).await.unwrap();
    store.index_now().await.unwrap();
    check(&store, "span.name = 'before' OR text ~ 'before'", &[]).await;
    check(&store, "span.name = 'after' AND text ~ 'after'", &[1]).await;
    check(&store, "text ~ 'logged'", &[]).await;
    check(&store, "span.name = 'first' AND NOT text ~ 'logged'", &[2]).await;
}

#[tokio::test]
async fn of_an_attribute_that_comes_twice_the_first_is_found() {
    let (store, _folder) = loaded_store().await;
    let twice = span(1).attribute("k", "one").attribute("k", "two");
    store.append_spans(vec![spans(&trace_id(1), &[twice]), one_span(2)]).await.unwrap();
    store.index_now().await.unwrap();
    check(&store, "span.attributes.k = 'one'", &[1]).await;
    check(&store, "span.attributes.k = 'two' OR span.attributes.k ~ 'wo'", &[]).await;
}

#[tokio::test]
async fn tags_are_followed_and_hide_those_of_the_resource() {
    let (store, _folder) = loaded_store().await;
    let of_service = |number| {
        spans_of(&trace_id(number), derived(ExperimentId::DEFAULT), "shop", &[span(1).tag("env", "dev")])
    };
    store.append_spans(vec![of_service(1), of_service(2), one_span(3)]).await.unwrap();
    check(&store, "tags.`service.name` = 'shop' AND tags.env = 'dev'", &[1, 2]).await;
    store.set_trace_tag(&trace_id(1), "service.name", "own").await.unwrap();
    store.set_trace_tag(&trace_id(3), "env", "prod").await.unwrap();
    check(&store, "tags.`service.name` = 'shop'", &[2]).await;
    check(&store, "tags.`service.name` IS NULL OR tags.env = 'prod'", &[3]).await;
    store.delete_trace_tag(&trace_id(1), "service.name").await.unwrap();
    store.delete_trace_tag(&trace_id(3), "env").await.unwrap();
    check(&store, "tags.`service.name` = 'shop'", &[1, 2]).await;
    check(&store, "tags.env IS NULL", &[3]).await;
    let fields = vec![FacetField::Tag("service.name".into()), FacetField::TagKeys];
    let query = FacetQuery { selection: selection(""), fields, values_max: 9, containing: String::new() };
    let facets = store.trace_facets(query).await.unwrap();
    assert_eq!(facets[0].values, [("shop".to_owned(), 2)]);
    assert_eq!(facets[1].values, [("env".to_owned(), 2), ("service.name".to_owned(), 2)]);
}

#[tokio::test]
async fn assessments_are_followed() {
    let (store, _folder) = loaded_store().await;
    let in_session = |number| spans(&trace_id(number), &[span(1).session("s")]);
    store.append_spans(vec![one_span(1), in_session(2), in_session(3)]).await.unwrap();
    let of = |number, id: &str, value: &str| assessment(&trace_id(number), id, "tone", feedback(value));
    store.create_assessment(of(1, "a", "good")).await.unwrap();
    check(&store, "feedback.tone = 'good'", &[1]).await;
    let overriding = Assessment { overrides: Some("a".parse_id()), ..of(1, "b", "bad") };
    let overriding = store.create_assessment(overriding).await.unwrap();
    check(&store, "feedback.tone = 'good'", &[]).await;
    store.delete_assessment(&trace_id(1), &overriding.assessment_id).await.unwrap();
    check(&store, "feedback.tone = 'good' AND has:feedback", &[1]).await;
    let change = AssessmentChange { valid: Some(false), ..AssessmentChange::default() };
    store.update_assessment(&trace_id(1), &"a".parse_id(), change).await.unwrap();
    check(&store, "feedback.tone IS NULL", &[1, 2, 3]).await;
    let mut of_session = of(2, "c", "good");
    of_session.metadata.insert("mlflow.trace.session".into(), "s".into());
    store.create_assessment(of_session).await.unwrap();
    check(&store, "feedback.tone = 'good'", &[2, 3]).await;
    check(&store, "NOT has:feedback", &[1]).await;
}

trait ParseId {
    fn parse_id(self) -> spanwise_model::AssessmentId;
}

impl ParseId for &str {
    fn parse_id(self) -> spanwise_model::AssessmentId {
        spanwise_model::AssessmentId(self.to_owned())
    }
}

#[tokio::test]
async fn deleted_and_moved_traces_are_where_they_belong() {
    let (store, _folder) = loaded_store().await;
    let new = NewExperiment { name: "other".into(), artifact_location: None, tags: Default::default() };
    let other = store.create_experiment(new).await.unwrap().experiment_id;
    store.append_spans((1..=3).map(one_span).collect()).await.unwrap();
    let moved = spans_of(&trace_id(1), explicit(other), "", &[span(1).name("first").from_to(0, 10)]);
    store.append_spans(vec![moved]).await.unwrap();
    let ids = DeleteTraces::Ids(vec![trace_id(2)]);
    store.delete_traces(ExperimentId::DEFAULT, ids).await.unwrap();
    check(&store, "", &[3]).await;
    assert_eq!(found_in(&store, other, "name = 'first'").await, [1]);
    let activity = store.experiment_activity().await.unwrap();
    let counts: Vec<u64> = activity.iter().map(|activity| activity.traces).collect();
    assert_eq!(counts, [1, 1]);
    assert_eq!(store.trace_histogram(selection(""), 10).await.unwrap().total, 1);
}

/// Texts that are too long, and keys of tags that are too many, to be in columns.
#[tokio::test]
async fn what_is_in_no_column_is_found_all_the_same() {
    const KEYS: u32 = 1_100;
    let (store, _folder) = loaded_store().await;
    let long = |end: &str| "x".repeat(300) + end;
    store.append_spans((0..KEYS).map(one_span).collect()).await.unwrap();
    let tag = async |number: u32| {
        store.set_trace_tag(&trace_id(number), &format!("key-{number}"), "v").await.unwrap();
    };
    join_all((0..KEYS).map(tag)).await;
    for (number, end) in [(1, "a"), (2, "b")] {
        store.set_trace_tag(&trace_id(number), "key-3", &long(end)).await.unwrap();
        store.set_trace_tag(&trace_id(number), "mlflow.traceName", &long(end)).await.unwrap();
    }
    store.create_assessment(assessment(&trace_id(7), "a", "tone", feedback("good"))).await.unwrap();
    check(&store, "feedback.tone = 'good' OR feedback.other = 'good'", &[7]).await;
    check(&store, "feedback.tone IS NULL AND tags.key-7 = 'v'", &[]).await;
    check(&store, "tags.key-1099 = 'v' OR tags.key-5 = 'v'", &[5, 1099]).await;
    check(&store, &format!("tags.key-3 = '{}'", long("a")), &[1]).await;
    check(&store, &format!("name = '{}' OR name ~ 'xa'", long("a")), &[1]).await;
    check(&store, &format!("tags.key-3 != '{}'", long("a")), &[2, 3]).await;
    let by_name = store.find_traces(query(ExperimentId::DEFAULT, "name ~ 'xx'", "name DESC")).await.unwrap();
    let names: Vec<String> = by_name.traces.into_iter().filter_map(|info| info.name).collect();
    assert_eq!(names, [long("b"), long("a")]);
    let fields = vec![FacetField::Name, FacetField::TagKeys];
    let facets = FacetQuery {
        selection: selection("tags.key-3 IS NOT NULL"),
        fields,
        values_max: 9,
        containing: String::new(),
    };
    let facets = store.trace_facets(facets).await.unwrap();
    assert_eq!((facets[0].distinct, facets[1].distinct), (3, 3));
}

fn open(folder: &Path, trace_columns: bool) -> SqliteStore {
    SqliteStore::open(&OpenOptions { trace_columns, ..OpenOptions::new(folder) }).unwrap()
}

/// Everything that columns answer, as text.
async fn answers(store: &SqliteStore) -> Vec<String> {
    let mut answers = Vec::new();
    for filter in [
        "",
        "status = 'ERROR'",
        "tags.env = 'dev'",
        "user = 'ada' AND spans = 2",
        "has:session",
        "text ~ 'first'",
    ] {
        for order in ["", "start", "latency, name", "session DESC"] {
            let mut query = TraceQuery { limit: 7, ..query(ExperimentId::DEFAULT, filter, order) };
            loop {
                let page = store.find_traces(query.clone()).await.unwrap();
                answers.extend(page.traces.iter().map(|info| format!("{filter} {order}: {}", info.trace_id)));
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
        }
        answers.push(format!("{:?}", store.trace_histogram(selection(filter), 10).await.unwrap()));
        let sessions = SessionQuery { selection: selection(filter), limit: 3, after: None };
        answers.push(format!("{:?}", store.find_sessions(sessions).await.unwrap()));
    }
    answers.push(format!("{:?}", store.experiment_activity().await.unwrap()));
    answers
}

fn some_traces(numbers: std::ops::Range<u32>) -> Vec<TraceSpans> {
    let trace = |number: u32| {
        // Many start at the same time: their ids decide.
        let start = i64::from(number / 5);
        let mut root =
            span(1).name("first").from_to(start, start + 1 + i64::from(number % 3)).preview("in", "out");
        root = if number.is_multiple_of(2) { root.session("even") } else { root.tag("env", "dev") };
        root = if number.is_multiple_of(3) { root.user("ada").status(SpanStatus::Error) } else { root };
        let child = span(2).parent(1).usage(u64::from(number), 1).cost(0.25, 0.5);
        spans(&trace_id(number), &[root, child])
    };
    numbers.map(trace).collect()
}

#[tokio::test]
async fn a_store_that_is_opened_again_answers_as_before_and_as_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), true);
    store.append_spans(some_traces(0..200)).await.unwrap();
    store.index_now().await.unwrap();
    store.columns_loaded().await.unwrap();
    let before = answers(&store).await;
    store.close().await.unwrap();
    drop(store);
    let again = open(folder.path(), true);
    again.columns_loaded().await.unwrap();
    assert_eq!(answers(&again).await, before);
    again.close().await.unwrap();
    drop(again);
    let without = open(folder.path(), false);
    assert!(without.columns_loaded().await.is_err());
    assert_eq!(answers(&without).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_come_while_columns_are_loaded_are_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), true);
    store.append_spans(some_traces(0..3_000)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = open(folder.path(), true);
    store.append_spans(some_traces(3_000..3_100)).await.unwrap();
    for number in (0..3_000).step_by(100) {
        store.set_trace_tag(&trace_id(number), "env", "late").await.unwrap();
        let late = span(3).parent(1).from_to(1, 2);
        store.append_spans(vec![spans(&trace_id(number + 1), &[late])]).await.unwrap();
        let gone = DeleteTraces::Ids(vec![trace_id(number + 2)]);
        store.delete_traces(ExperimentId::DEFAULT, gone).await.unwrap();
    }
    let (traces, bytes) = store.columns_loaded().await.unwrap();
    assert_eq!(traces, 3_070);
    assert!(bytes < 3_070 * 100, "{bytes}");
    for (filter, count) in
        [("", 3_070), ("tags.env = 'late'", 30), ("spans = 3", 30), ("tags.env = 'dev'", 1_550)]
    {
        let counted = store.count_traces(query(ExperimentId::DEFAULT, filter, "")).await.unwrap();
        assert_eq!(counted, count, "{filter}");
    }
}
