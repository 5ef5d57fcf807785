//! The final record of a trace.

use super::build::{MS, assessment, at_ms, feedback, span, spans, start, texts, trace_id, usage};
use super::{assert_fails, read_all};
use crate::{NewExperiment, Store, StoreResult};
use spanwise_model::{
    AssessmentId, Cost, ErrorKind, ExperimentId, TraceId, TraceInfo, TraceStart, TraceState,
};
use std::collections::BTreeMap;

fn full(trace: &TraceId) -> TraceStart {
    TraceStart {
        client_request_id: Some("request 1".to_owned()),
        state: TraceState::Error,
        name: Some("name".to_owned()),
        session: Some("session".to_owned()),
        request_preview: Some("q".to_owned()),
        response_preview: Some("a".to_owned()),
        usage: Some(spanwise_model::TokenUsage { cache_read: Some(1), ..usage(2, 3) }),
        cost: Some(Cost { input: 0.1, output: 0.2, total: 0.3 }),
        metadata: texts([("k", "v"), ("mlflow.trace.user", "u")]),
        tags: texts([("t", "1"), ("kept", "2")]),
        assessments: vec![assessment(trace, "a-1", "quality", feedback(1))],
        ..start(trace, ExperimentId::DEFAULT)
    }
}

/// A final record alone makes a trace, which says what the record says and has no spans.
pub async fn a_final_record_makes_a_trace(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let record = full(&trace);
    let answered = store.start_trace(record.clone()).await?;
    let expected = TraceInfo {
        trace_id: trace.clone(),
        experiment_id: record.experiment_id,
        client_request_id: record.client_request_id,
        start_ns: record.start_ns,
        duration_ns: record.duration_ns,
        state: record.state,
        name: record.name,
        session: record.session,
        request_preview: record.request_preview,
        response_preview: record.response_preview,
        input_text: None,
        output_text: None,
        usage: record.usage,
        cost: record.cost,
        finalized: true,
        span_count: 0,
        error_span_count: Some(0),
        metadata: record.metadata,
        tags: record.tags,
        resource_tags: BTreeMap::new(),
        assessments: record.assessments,
    };
    assert_eq!(answered, expected);
    assert_eq!(store.get_trace(&trace).await?, expected);
    assert!(read_all(store, &trace).await?.is_empty());
    Ok(())
}

/// A second record overwrites what the contract says it overwrites, and merges or leaves the rest.
pub async fn a_second_final_record_overwrites_and_merges(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let other = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(other).await?.experiment_id;
    let first = store.start_trace(full(&trace)).await?;
    let mut changed = assessment(&trace, "a-1", "quality", feedback(2));
    changed.rationale = Some("better".to_owned());
    let second = TraceStart {
        start_ns: at_ms(7),
        duration_ns: None,
        state: TraceState::InProgress,
        metadata: texts([("k", "w"), ("new", "x")]),
        tags: texts([("t", "3")]),
        assessments: vec![assessment(&trace, "a-2", "quality", feedback("no")), changed.clone()],
        ..start(&trace, other)
    };
    let added = second.assessments[0].clone();
    let answered = store.start_trace(second).await?;
    let expected = TraceInfo {
        experiment_id: other,
        client_request_id: None,
        start_ns: at_ms(7),
        duration_ns: None,
        state: TraceState::InProgress,
        metadata: texts([("k", "w"), ("new", "x"), ("mlflow.trace.user", "u")]),
        tags: texts([("t", "3"), ("kept", "2")]),
        assessments: vec![changed, added],
        ..first
    };
    assert_eq!(answered, expected);
    assert_eq!(store.get_trace(&trace).await?, expected);
    Ok(())
}

/// The same record sent again, as clients do after a timeout, changes nothing.
pub async fn a_final_record_may_be_repeated(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1).usage(1, 1)])]).await?;
    let first = store.start_trace(full(&trace)).await?;
    assert_eq!(store.start_trace(full(&trace)).await?, first);
    assert_eq!(first.span_count, 1);
    Ok(())
}

/// Spans move with their trace when its final record names another experiment.
pub async fn a_final_record_moves_the_trace(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let other = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(other).await?.experiment_id;
    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    store.start_trace(start(&trace, other)).await?;
    assert_eq!(super::find::ids_in(store, &[ExperimentId::DEFAULT], "", &[]).await?, []);
    assert_eq!(super::find::ids_in(store, &[other], "", &[]).await?, std::slice::from_ref(&trace));
    assert_eq!(read_all(store, &trace).await?.len(), 1);
    // A span that comes later does not move it back.
    store.append_spans(vec![spans(&trace, &[span(2).parent(1)])]).await?;
    assert_eq!(store.get_trace(&trace).await?.experiment_id, other);
    Ok(())
}

/// An assessment of the record that overrides another makes that one invalid.
pub async fn an_assessment_of_the_record_overrides(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let first = assessment(&trace, "a-1", "quality", feedback(1));
    let mut second = assessment(&trace, "a-2", "quality", feedback(2));
    second.overrides = Some(AssessmentId("a-1".to_owned()));
    let record = TraceStart { assessments: vec![first, second], ..start(&trace, ExperimentId::DEFAULT) };
    let valid: Vec<_> = store.start_trace(record).await?.assessments.iter().map(|one| one.valid).collect();
    assert_eq!(valid, [false, true]);
    Ok(())
}

/// An assessment id that another trace has is refused, and nothing of the record is kept.
pub async fn a_record_with_a_taken_assessment_id_is_refused_whole(store: &dyn Store) -> StoreResult<()> {
    store.start_trace(full(&trace_id(1))).await?;
    assert_fails(store.start_trace(full(&trace_id(2))).await, ErrorKind::AlreadyExists);
    assert_fails(store.get_trace(&trace_id(2)).await, ErrorKind::NotFound);
    assert_eq!(store.get_trace(&trace_id(1)).await?.duration_ns, Some(250 * MS));
    Ok(())
}
