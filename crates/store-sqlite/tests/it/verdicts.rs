//! What was verified of conditions on spans is remembered, and forgotten when the traces change.

use crate::open_store;
use spanwise_model::{ExperimentId, SpanStatus, TraceId, TraceSpans};
use spanwise_query::{parse_filter, parse_order_text};
use spanwise_store::conformance::build::{logs, span, spans, trace_id};
use spanwise_store::{DeleteTraces, FacetField, FacetQuery, Selection, Store, TraceHistogram, TraceQuery};
use spanwise_store_sqlite::SqliteStore;
use std::time::Duration;
use tempfile::TempDir;

/// No index can tell these: two conditions on one span, and two words of one span.
const FILTER: &str = "span(name = 'call' AND status = 'ERROR') OR text ~ 'alpha beta'";
const TRACES: u32 = 300;
/// So short that each call verifies no more than it has to.
const LITTLE: Option<Duration> = Some(Duration::from_nanos(1));

fn selection(filter: &str, budget: Option<Duration>) -> Selection {
    let filter = Some(parse_filter(filter).unwrap());
    Selection { experiments: vec![ExperimentId::DEFAULT], filter, from_ms: None, to_ms: None, budget }
}

async fn histogram(store: &SqliteStore, budget: Option<Duration>) -> TraceHistogram {
    store.trace_histogram(selection(FILTER, budget), 10).await.unwrap()
}

/// Every third trace has a call and an error in one span, the others in two; every fifth has both words in one span.
fn trace(number: u32) -> TraceSpans {
    let (call, other) = if number.is_multiple_of(3) { ("call", "other") } else { ("other", "call") };
    let (words, rest) = if number.is_multiple_of(5) { ("alpha beta", "") } else { ("alpha", "beta") };
    let batch = [
        // Traces that start together are looked at together.
        span(1).from_to(number.into(), 500).name(call).status(SpanStatus::Error).attribute("a", words),
        span(2).parent(1).from_to(number.into(), 500).name(other).status(SpanStatus::Ok).attribute("a", rest),
    ];
    spans(&trace_id(number), &batch)
}

fn matches(number: &u32) -> bool {
    number.is_multiple_of(3) || number.is_multiple_of(5)
}

async fn filled_store() -> (SqliteStore, TempDir) {
    let (store, folder) = open_store();
    store.columns_loaded().await.unwrap();
    store.append_spans((0..TRACES).map(trace).collect()).await.unwrap();
    store.index_now().await.unwrap();
    (store, folder)
}

#[tokio::test]
async fn a_count_with_little_time_goes_on_where_it_ended() {
    let (store, _folder) = filled_store().await;
    let expected = (0..TRACES).filter(matches).count() as u64;
    let mut last = TraceHistogram { open: u64::from(TRACES) + 1, ..TraceHistogram::default() };
    let mut calls = 0;
    while last.open > 0 {
        let next = histogram(&store, LITTLE).await;
        assert!(next.open < last.open, "{} are open after {}", next.open, last.open);
        assert!(next.total >= last.total && next.total <= expected && next.total + next.open >= expected);
        let of_buckets: u64 = next.buckets.iter().map(|bucket| bucket.error).sum();
        assert_eq!(of_buckets, next.total);
        last = next;
        calls += 1;
    }
    assert!(calls > 1, "one call looked at everything");
    assert_eq!(last, histogram(&store, None).await);
    assert_eq!(last.total, expected);
}

#[tokio::test]
async fn facets_with_little_time_go_on_where_they_ended() {
    let (store, _folder) = filled_store().await;
    let ask = async |budget| {
        let (fields, containing) = (vec![FacetField::State], String::new());
        let query = FacetQuery { selection: selection(FILTER, budget), fields, values_max: 9, containing };
        store.trace_facets(query).await.unwrap().remove(0)
    };
    let first = ask(LITTLE).await;
    assert!(first.unfinished && !first.complete);
    let mut last = first.clone();
    while last.unfinished {
        let next = ask(LITTLE).await;
        assert!(next.counted >= last.counted);
        last = next;
    }
    assert!(last.complete && first.counted < last.counted);
    assert_eq!(last, ask(None).await);
}

/// Some of what is left open here are texts that are too long to be kept: what is verified of them is not remembered.
#[tokio::test]
async fn a_count_that_can_not_go_on_takes_its_time() {
    let (store, _folder) = filled_store().await;
    let long = "x".repeat(300);
    for number in 0..100 {
        store.set_trace_tag(&trace_id(number), "long", &long).await.unwrap();
    }
    let filter = format!("tags.long LIKE '%{long}' AND text ~ 'alpha beta'");
    let found = store.trace_histogram(selection(&filter, LITTLE), 10).await.unwrap();
    assert_eq!((found.total, found.open), (20, 0));
}

async fn found(store: &SqliteStore) -> Vec<TraceId> {
    let (filter, order) = (selection(FILTER, None).filter, parse_order_text("").unwrap());
    let query =
        TraceQuery { experiments: vec![ExperimentId::DEFAULT], filter, order, limit: 1_000, after: None };
    store.find_traces(query).await.unwrap().traces.into_iter().map(|info| info.trace_id).collect()
}

#[tokio::test]
async fn verdicts_are_forgotten_when_traces_change() {
    let (store, _folder) = filled_store().await;
    let mut expected: Vec<u32> = (0..TRACES).filter(matches).collect();
    let check = async |expected: &[u32], when: &str| {
        assert_eq!(histogram(&store, None).await.total, expected.len() as u64, "{when}");
        let found = found(&store).await;
        assert_eq!(found.len(), expected.len(), "{when}");
        assert!(expected.iter().all(|number| found.contains(&trace_id(*number))), "{when}");
    };
    check(&expected, "at first").await;

    // A late span makes a trace match.
    let late = span(3).parent(1).name("call").status(SpanStatus::Error);
    store.append_spans(vec![spans(&trace_id(1), &[late])]).await.unwrap();
    expected.push(1);
    check(&expected, "after a late span").await;

    // A span that comes again takes its match away.
    let mended = span(1).name("call").status(SpanStatus::Ok).attribute("a", "alpha").from_to(0, 9);
    store.append_spans(vec![spans(&trace_id(3), &[mended])]).await.unwrap();
    expected.retain(|number| *number != 3);
    check(&expected, "after a replacement").await;

    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![trace_id(5)])).await.unwrap();
    expected.retain(|number| *number != 5);
    check(&expected, "after a delete").await;

    // Words of log records are not what filters see.
    store.append_logs(vec![logs(&trace_id(2), &[(1, "alpha beta")])]).await.unwrap();
    store.append_spans(vec![trace(TRACES), trace(TRACES + 1)]).await.unwrap();
    store.index_now().await.unwrap();
    expected.extend((TRACES..TRACES + 2).filter(matches));
    check(&expected, "after log records and new traces").await;
}
