//! Writes at the same time, figures, checks, and closing.

use super::build::{
    DEFAULT, Span, assessment, feedback, logs, span, spans, spans_of, start, texts, trace_id, usage,
};
use super::{assert_fails, read_all};
use crate::{AppendOutcome, DeleteTraces, NewExperiment, PromptLink, Store, StoreResult};
use futures_util::future::{try_join, try_join_all};
use spanwise_model::ErrorKind::{AlreadyExists, Unavailable};
use spanwise_model::{ExperimentId, LifecycleStage};

/// Many writes to one trace at once lose nothing.
pub async fn writes_to_one_trace_are_serialised(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let appends = (0..40_u64).map(|number| {
        let first = number * 10 + 1;
        let part: Vec<Span> =
            (first..first + 10).map(|number| span(number).parent(9_999).usage(1, 2)).collect();
        let (trace, service) = (trace.clone(), format!("service {}", number % 3));
        async move { store.append_spans(vec![spans_of(&trace, DEFAULT, &service, &part)]).await }
    });
    let tags = (0..40).map(|number| {
        let trace = trace.clone();
        // The trace may not be there yet; this makes it.
        async move {
            let record = spanwise_model::TraceStart {
                tags: texts([(format!("k{number}").as_str(), "v")]),
                ..start(&trace, ExperimentId::DEFAULT)
            };
            store.start_trace(record).await
        }
    });
    try_join(try_join_all(appends), try_join_all(tags)).await?;
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.span_count, info.usage, info.tags.len()), (400, Some(usage(400, 800)), 40));
    assert_eq!(read_all(store, &trace).await?.len(), 400);
    Ok(())
}

/// The same spans sent many times at once are stored once.
pub async fn concurrent_duplicates_are_stored_once(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let appends = (0..20).map(|_| store.append_spans(vec![spans(&trace, &[span(1), span(2).parent(1)])]));
    let outcomes = try_join_all(appends).await?;
    let sum = |part: fn(&AppendOutcome) -> usize| outcomes.iter().map(part).sum::<usize>();
    assert_eq!((sum(|one| one.stored), sum(|one| one.replaced), sum(|one| one.unchanged)), (2, 0, 38));
    Ok(())
}

/// Of many that create the same experiment at once one does; all that ensure it get the same.
pub async fn one_of_many_creates_an_experiment(store: &dyn Store) -> StoreResult<()> {
    let new = || NewExperiment { name: "a".to_owned(), ..NewExperiment::default() };
    let results = futures_util::future::join_all((0..10).map(|_| store.create_experiment(new()))).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    results.into_iter().filter(Result::is_err).for_each(|result| assert_fails(result, AlreadyExists));
    let ensured = try_join_all((0..10).map(|_| store.ensure_experiment("b", 1))).await?;
    assert!(ensured.iter().all(|one| one.experiment_id == ensured[0].experiment_id));
    Ok(())
}

/// A write that fails leaves the others that came with it alone.
pub async fn a_failing_write_fails_alone(store: &dyn Store) -> StoreResult<()> {
    let (good, bad) = (trace_id(1), trace_id(2));
    let unknown = ExperimentId(99);
    let writes = (0..20).map(|number| {
        let record = start(
            if number % 2 == 0 { &good } else { &bad },
            if number % 2 == 0 { DEFAULT.experiment_id } else { unknown },
        );
        store.start_trace(record)
    });
    let results = futures_util::future::join_all(writes).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 10);
    assert!(store.get_trace(&good).await?.finalized);
    assert!(store.get_traces(&[bad]).await?.is_empty());
    Ok(())
}

/// Figures count what is there, and a check finds nothing wrong.
pub async fn figures_and_check_agree_with_what_was_written(store: &dyn Store) -> StoreResult<()> {
    store
        .append_spans(vec![
            spans(&trace_id(1), &[span(1), span(2).parent(1)]),
            spans(&trace_id(2), &[span(1)]),
            spans(&trace_id(3), &[span(1)]),
        ])
        .await?;
    store.append_spans(vec![spans(&trace_id(1), &[span(2).parent(1).attribute("k", "replaced")])]).await?;
    store.append_logs(vec![logs(&trace_id(1), &[(1, "a")])]).await?;
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![trace_id(3)])).await?;
    let stats = store.stats().await?;
    assert_eq!((stats.traces, stats.spans), (2, 3));
    let report = store.check().await?;
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!((report.traces, report.spans), (2, 3));
    Ok(())
}

/// A closed store refuses writes as `Unavailable`, and may be closed again.
pub async fn a_closed_store_refuses_writes(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1)])]).await?;
    store.close().await?;
    store.close().await?;
    let id = spanwise_model::AssessmentId("a-1".to_owned());
    let default = ExperimentId::DEFAULT;
    let prompt = PromptLink { name: "p".to_owned(), version: "1".to_owned() };
    assert_fails(store.append_spans(vec![spans(&trace, &[span(2)])]).await, Unavailable);
    assert_fails(store.append_logs(vec![logs(&trace, &[(1, "a")])]).await, Unavailable);
    assert_fails(store.start_trace(start(&trace, default)).await, Unavailable);
    assert_fails(
        store.create_experiment(NewExperiment { name: "a".to_owned(), ..NewExperiment::default() }).await,
        Unavailable,
    );
    assert_fails(store.ensure_experiment("new", 10).await, Unavailable);
    assert_fails(store.rename_experiment(default, "new").await, Unavailable);
    assert_fails(store.set_experiment_stage(default, LifecycleStage::Deleted).await, Unavailable);
    assert_fails(store.set_experiment_tag(default, "k", "v").await, Unavailable);
    assert_fails(store.delete_experiment_tag(default, "k").await, Unavailable);
    assert_fails(store.set_trace_tag(&trace, "k", "v").await, Unavailable);
    assert_fails(store.delete_trace_tag(&trace, "k").await, Unavailable);
    assert_fails(store.create_assessment(assessment(&trace, "a-1", "x", feedback(1))).await, Unavailable);
    assert_fails(store.update_assessment(&trace, &id, crate::AssessmentChange::default()).await, Unavailable);
    assert_fails(store.delete_assessment(&trace, &id).await, Unavailable);
    assert_fails(store.link_traces_to_run(std::slice::from_ref(&trace), "run").await, Unavailable);
    assert_fails(store.link_prompts(&trace, &[prompt]).await, Unavailable);
    assert_fails(store.delete_traces(default, DeleteTraces::Ids(vec![trace])).await, Unavailable);
    Ok(())
}
