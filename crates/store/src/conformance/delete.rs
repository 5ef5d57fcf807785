//! Deleting traces.

use super::build::{
    DEFAULT, EPOCH_NS, MS, Span, assessment, explicit, feedback, logs, span, spans, spans_of, trace_id,
};
use super::{assert_fails, find, read_all};
use crate::{DeleteTraces, NewExperiment, PromptLink, Store, StoreResult};
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::{AssessmentId, ExperimentId, TraceId};

const EPOCH_MS: i64 = EPOCH_NS / MS;

/// Makes traces that start at these milliseconds, numbered from 1.
async fn traces_at(store: &dyn Store, starts: &[i64]) -> StoreResult<()> {
    let batch = starts.iter().zip(1..).map(|(start, number)| {
        let root: Span = span(1).from_to(*start, start + 5);
        spans(&trace_id(number), &[root])
    });
    store.append_spans(batch.collect()).await?;
    Ok(())
}

async fn left(store: &dyn Store) -> StoreResult<Vec<TraceId>> {
    find::ids(store, "", &["request_id"]).await
}

/// Traces are deleted by id, those of the experiment only, each counted once.
pub async fn traces_are_deleted_by_id(store: &dyn Store) -> StoreResult<()> {
    let other = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(other).await?.experiment_id;
    traces_at(store, &[1, 2, 3]).await?;
    store.append_spans(vec![spans_of(&trace_id(4), explicit(other), "", &[span(1)])]).await?;
    let which = DeleteTraces::Ids(vec![trace_id(1), trace_id(4), trace_id(9), trace_id(1), trace_id(3)]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which.clone()).await?, 2);
    assert_eq!(left(store).await?, [trace_id(2), trace_id(4)]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await?, 0);
    assert_eq!(store.delete_traces(ExperimentId(99), DeleteTraces::Ids(vec![trace_id(2)])).await?, 0);
    assert_eq!(store.delete_traces(other, DeleteTraces::Ids(Vec::new())).await?, 0);
    assert_eq!(left(store).await?, [trace_id(2), trace_id(4)]);
    Ok(())
}

/// Traces are deleted by time, that millisecond included, oldest first.
pub async fn traces_are_deleted_by_time(store: &dyn Store) -> StoreResult<()> {
    traces_at(store, &[50, 10, 30, 20, 40]).await?;
    let mut at_30 = spans(&trace_id(6), &[span(1).from_to(30, 35)]);
    at_30.spans[0].start_ns += MS - 1;
    store.append_spans(vec![at_30]).await?;
    let until = |ms, limit| DeleteTraces::Until { max_start_ms: EPOCH_MS + ms, limit };
    assert_eq!(store.delete_traces(ExperimentId(99), until(100, None)).await?, 0);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(9, None)).await?, 0);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(30, Some(1))).await?, 1);
    assert_eq!(left(store).await?, [1, 3, 4, 5, 6].map(trace_id));
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(30, None)).await?, 3);
    assert_eq!(left(store).await?, [1, 5].map(trace_id));
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(i64::MAX - EPOCH_MS, Some(100))).await?, 2);
    assert_eq!(left(store).await?, []);
    Ok(())
}

/// All that belonged to a trace is gone, and does not come back with a new trace of the same id.
pub async fn nothing_of_a_deleted_trace_is_left(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let rich = [span(1).session("s").user("u").tag("k", "v").usage(1, 1), span(2).parent(1).usage(2, 2)];
    store.append_spans(vec![spans_of(&trace, DEFAULT, "svc", &rich)]).await?;
    store.append_logs(vec![logs(&trace, &[(1, "a")])]).await?;
    store.set_trace_tag(&trace, "set", "v").await?;
    store.create_assessment(assessment(&trace, "a-1", "quality", feedback(1))).await?;
    store.link_traces_to_run(std::slice::from_ref(&trace), "run").await?;
    store.link_prompts(&trace, &[PromptLink { name: "p".to_owned(), version: "1".to_owned() }]).await?;
    let which = DeleteTraces::Ids(vec![trace.clone()]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await?, 1);

    assert_fails(store.get_trace(&trace).await, NotFound);
    assert_fails(store.read_spans(&trace).await.map(drop), NotFound);
    assert_fails(store.get_assessment(&trace, &AssessmentId("a-1".to_owned())).await, NotFound);
    assert_eq!(find::ids(store, "span.name = 'span 1'", &[]).await?, []);

    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    let fresh = store.get_trace(&trace).await?;
    assert_eq!((fresh.span_count, fresh.usage, &fresh.session), (1, None, &None));
    assert!(fresh.tags.is_empty() && fresh.metadata.is_empty() && fresh.assessments.is_empty(), "{fresh:?}");
    let read = read_all(store, &trace).await?;
    assert_eq!(read.iter().map(|span| span.logs.len()).collect::<Vec<_>>(), [0]);
    assert_eq!(find::ids(store, "run_id = 'run'", &[]).await?, []);
    assert_eq!(find::ids(store, "prompt = 'p/1'", &[]).await?, []);
    store.create_assessment(assessment(&trace, "a-1", "quality", feedback(1))).await?;
    Ok(())
}

/// The same spans sent again after a delete are new, not duplicates.
pub async fn spans_sent_again_after_a_delete_are_new(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let both = [span(1), span(2).parent(1)];
    store.append_spans(vec![spans(&trace, &both)]).await?;
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![trace.clone()])).await?;
    assert_eq!(store.append_spans(vec![spans(&trace, &both)]).await?.stored, 2);
    assert_eq!(read_all(store, &trace).await?.len(), 2);
    Ok(())
}

/// A page goes on behind a trace that was deleted meanwhile.
pub async fn a_cursor_survives_the_delete_of_its_trace(store: &dyn Store) -> StoreResult<()> {
    traces_at(store, &[10, 20, 30, 40]).await?;
    let first = store.find_traces(find::query("", &["timestamp_ms ASC"], 2)).await?;
    assert_eq!(find::trace_ids(&first), [1, 2].map(trace_id));
    let which = DeleteTraces::Ids(vec![trace_id(2), trace_id(3)]);
    store.delete_traces(ExperimentId::DEFAULT, which).await?;
    let rest = crate::TraceQuery { after: first.next, ..find::query("", &["timestamp_ms ASC"], 2) };
    assert_eq!(find::trace_ids(&store.find_traces(rest).await?), [trace_id(4)]);
    Ok(())
}

/// A large delete takes all that it names, by time as by id, and the limit holds.
pub async fn many_traces_are_deleted(store: &dyn Store) -> StoreResult<()> {
    let starts: Vec<i64> = (1..=2_500).collect();
    traces_at(store, &starts).await?;
    let until = |limit| DeleteTraces::Until { max_start_ms: EPOCH_MS + 10_000, limit };
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(Some(1_200))).await?, 1_200);
    assert_eq!(find::count(store, "").await?, 1_300);
    let some = (1_000..=2_300).map(trace_id).collect();
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(some)).await?, 1_100);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, until(None)).await?, 200);
    assert_eq!(find::count(store, "").await?, 0);
    Ok(())
}
