//! Log records, which belong to spans.

use super::build::{assessment, feedback, log_raw, logs, span, spans, start, trace_id};
use super::{assert_fails, read_all};
use crate::{AppendOutcome, AssessmentChange, DeleteTraces, PromptLink, Store, StoreResult};
use bytes::Bytes;
use spanwise_model::ErrorKind::NotFound;
use spanwise_model::{AssessmentId, ExperimentId, TraceId};

async fn logs_by_span(store: &dyn Store, trace: &TraceId) -> StoreResult<Vec<Vec<Bytes>>> {
    Ok(read_all(store, trace).await?.into_iter().map(|span| span.logs).collect())
}

/// Records that come before their span, with it, or after it come back with it, in order of arrival.
pub async fn logs_come_back_with_their_span(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let outcome = store.append_logs(vec![logs(&trace, &[(2, "early"), (1, "root's")])]).await?;
    assert_eq!(outcome, AppendOutcome { stored: 2, replaced: 0, unchanged: 0 });
    store.append_spans(vec![spans(&trace, &[span(1), span(2).parent(1).from_to(1, 2)])]).await?;
    store.append_logs(vec![logs(&trace, &[(2, "late"), (77, "of no span")])]).await?;
    let raw = |span, body| log_raw(&trace, span, body);
    assert_eq!(
        logs_by_span(store, &trace).await?,
        [vec![raw(1, "root's")], vec![raw(2, "early"), raw(2, "late")]]
    );
    assert_eq!(store.get_trace(&trace).await?.span_count, 2);
    Ok(())
}

/// The same record again changes nothing.
pub async fn the_same_record_again_changes_nothing(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    store.append_logs(vec![logs(&trace, &[(1, "a")])]).await?;
    let outcome = store.append_logs(vec![logs(&trace, &[(1, "a"), (1, "b"), (1, "b")])]).await?;
    assert_eq!(outcome, AppendOutcome { stored: 1, replaced: 0, unchanged: 2 });
    assert_eq!(logs_by_span(store, &trace).await?, [vec![log_raw(&trace, 1, "a"), log_raw(&trace, 1, "b")]]);
    assert_eq!(store.append_logs(Vec::new()).await?, AppendOutcome::default());
    Ok(())
}

/// A trace of which only log records are known is not found by any operation.
pub async fn a_trace_of_only_logs_is_not_found(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_logs(vec![logs(&trace, &[(1, "a")])]).await?;
    assert_fails(store.get_trace(&trace).await, NotFound);
    assert_eq!(store.get_traces(std::slice::from_ref(&trace)).await?, []);
    assert_eq!(super::find::ids(store, "", &[]).await?, []);
    assert_eq!(super::find::count(store, "").await?, 0);
    assert_fails(store.read_spans(&trace).await.map(drop), NotFound);
    assert_fails(store.set_trace_tag(&trace, "k", "v").await, NotFound);
    assert_fails(store.set_trace_tag(&trace, "mlflow.traceName", "v").await, NotFound);
    assert_fails(store.delete_trace_tag(&trace, "k").await, NotFound);
    let id = AssessmentId("a-1".to_owned());
    assert_fails(store.create_assessment(assessment(&trace, "a-1", "x", feedback(1))).await, NotFound);
    assert_fails(store.get_assessment(&trace, &id).await, NotFound);
    assert_fails(store.update_assessment(&trace, &id, AssessmentChange::default()).await, NotFound);
    let prompt = PromptLink { name: "p".to_owned(), version: "1".to_owned() };
    assert_fails(store.link_prompts(&trace, &[prompt]).await, NotFound);
    let which = DeleteTraces::Ids(vec![trace.clone()]);
    assert_eq!(store.delete_traces(ExperimentId::DEFAULT, which).await?, 0);
    Ok(())
}

/// Such a trace is found once its final record or a span is there, and then has its records.
pub async fn a_trace_of_only_logs_becomes_visible(store: &dyn Store) -> StoreResult<()> {
    for trace in [trace_id(1), trace_id(2)] {
        store.append_logs(vec![logs(&trace, &[(1, "a")])]).await?;
    }
    store.start_trace(start(&trace_id(1), ExperimentId::DEFAULT)).await?;
    assert!(store.get_trace(&trace_id(1)).await?.finalized);
    let first = [span(1).from_to(5, 6)];
    store.append_spans(vec![spans(&trace_id(1), &first), spans(&trace_id(2), &first)]).await?;
    for trace in [trace_id(1), trace_id(2)] {
        assert_eq!(logs_by_span(store, &trace).await?, [vec![log_raw(&trace, 1, "a")]]);
    }
    // The time at which the records arrived is no longer the trace's start.
    assert_eq!(store.get_trace(&trace_id(2)).await?.start_ns, super::build::at_ms(5));
    Ok(())
}
