//! Traces on their way out of one store and into another: here, out, deleted, and in again.

use super::build::{
    DEFAULT, MS, Span, assessment, at_ms, derived, explicit, feedback, logs, span, spans, spans_of, start,
    texts, trace_id, usage,
};
use super::{assert_fails, find, read_all};
use crate::{DeleteTraces, NewExperiment, PromptLink, Store, StoreResult, StoredSpan, TraceArchive};
use serde_json::json;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentValue, Cost, ErrorKind, ExperimentChoice, ExperimentId,
    LifecycleStage, SpanStatus, TraceId, TraceInfo, TraceStart, TraceState,
};

/// What makes a trace: its record, spans and log records, in the order in which its client sent them.
struct Made {
    batches: Vec<Vec<Span>>,
    logs: Vec<(u64, &'static str)>,
    record: Option<TraceStart>,
}

/// All that a store says of a trace.
type Said = (TraceInfo, Vec<StoredSpan>, TraceArchive);

async fn said(store: &dyn Store) -> StoreResult<Said> {
    let trace = trace_id(1);
    Ok((store.get_trace(&trace).await?, read_all(store, &trace).await?, store.archive_trace(&trace).await?))
}

async fn send(store: &dyn Store, made: &Made, choice: ExperimentChoice) -> StoreResult<()> {
    for batch in &made.batches {
        store.append_spans(vec![spans_of(&trace_id(1), choice, "svc", batch)]).await?;
    }
    store.append_logs(vec![logs(&trace_id(1), &made.logs)]).await.map(drop)
}

/// Sends the last word of each span, as an export gives them, with the experiment that an import names.
async fn send_again(store: &dyn Store, made: &Made, experiment: ExperimentId) -> StoreResult<()> {
    let mut last: Vec<Span> = Vec::new();
    for one in made.batches.iter().flatten() {
        last.retain(|other| other.number() != one.number());
        last.push(one.clone());
    }
    let batches = if last.is_empty() { Vec::new() } else { vec![last] };
    let again = Made { batches, logs: made.logs.clone(), record: None };
    send(store, &again, explicit(experiment)).await
}

async fn delete(store: &dyn Store) -> StoreResult<()> {
    let info = store.get_trace(&trace_id(1)).await?;
    let which = DeleteTraces::Ids(vec![info.trace_id]);
    assert_eq!(store.delete_traces(info.experiment_id, which).await?, 1);
    Ok(())
}

/// Checks that a trace is restored as it was, whether its spans come before its record or after it, and that doing
/// it again changes nothing.
async fn check(store: &dyn Store, made: &Made) -> StoreResult<Said> {
    send(store, made, DEFAULT).await?;
    if let Some(record) = &made.record {
        store.start_trace(record.clone()).await?;
    }
    check_as_it_is(store, made).await
}

async fn check_as_it_is(store: &dyn Store, made: &Made) -> StoreResult<Said> {
    let before = said(store).await?;
    let (info, _, archive) = &before;
    for spans_first in [true, false] {
        delete(store).await?;
        for round in ["first", "second"] {
            if spans_first {
                send_again(store, made, info.experiment_id).await?;
            }
            store.restore_trace(archive.clone()).await?;
            if !spans_first {
                send_again(store, made, info.experiment_id).await?;
            }
            assert_eq!(said(store).await?, before, "spans first: {spans_first}, {round} time");
        }
    }
    Ok(before)
}

fn spans_with_everything() -> Vec<Vec<Span>> {
    let root =
        span(1).name("root").from_to(10, 100).session("s").user("u").preview("q", "a").tag("env", "dev");
    let child = span(2).parent(1).from_to(20, 130).usage(3, 4).cost(0.5, 0.25).status(SpanStatus::Error);
    vec![vec![root], vec![child, span(3).parent(2).from_to(25, 30).usage(1, 1).open()]]
}

/// What is derived from spans is derived again.
pub async fn a_trace_of_spans_is_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made {
        batches: spans_with_everything(),
        logs: vec![(1, "a"), (3, "b"), (77, "of none")],
        record: None,
    };
    let (info, _, archive) = check(store, &made).await?;
    assert_eq!((info.finalized, info.span_count, info.usage), (false, 3, Some(usage(3, 4))));
    assert_eq!(archive.explicit, crate::ExplicitValues::default());
    Ok(())
}

/// A trace that has not ended goes on where it was.
pub async fn an_open_trace_is_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made { batches: vec![vec![span(1).open(), span(2).parent(1)]], logs: vec![], record: None };
    let (info, ..) = check(store, &made).await?;
    assert_eq!(info.state, TraceState::InProgress);
    store.append_spans(vec![spans(&trace_id(1), &[span(1).status(SpanStatus::Error)])]).await?;
    assert_eq!(store.get_trace(&trace_id(1)).await?.state, TraceState::Error);
    Ok(())
}

/// State and times of a trace are those that it had, also where its spans were replaced since.
pub async fn a_trace_with_replaced_spans_is_restored(store: &dyn Store) -> StoreResult<()> {
    let first = span(1).from_to(0, 500).status(SpanStatus::Error);
    let made =
        Made { batches: vec![vec![first], vec![span(1).from_to(50, 100)]], logs: vec![], record: None };
    let (info, ..) = check(store, &made).await?;
    assert_eq!((info.state, info.start_ns, info.duration_ns), (TraceState::Error, at_ms(0), Some(500 * MS)));
    Ok(())
}

fn full_record(experiment_id: ExperimentId) -> TraceStart {
    TraceStart {
        client_request_id: Some("req".to_owned()),
        start_ns: at_ms(3),
        duration_ns: Some(77 * MS),
        state: TraceState::Error,
        name: Some("given".to_owned()),
        session: Some("given".to_owned()),
        request_preview: Some("\"given\"".to_owned()),
        response_preview: Some("\"given\"".to_owned()),
        usage: Some(usage(100, 200)),
        cost: Some(Cost { input: 1.0, output: 2.0, total: 3.0 }),
        metadata: texts([("k", "v"), ("mlflow.trace.user", "given")]),
        tags: texts([("env", "of the client"), ("t", "1")]),
        ..start(&trace_id(1), experiment_id)
    }
}

/// What a client gave itself stays what it gave, with spans that say otherwise.
pub async fn a_finalized_trace_is_restored(store: &dyn Store) -> StoreResult<()> {
    let new = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(new).await?.experiment_id;
    let record = Some(full_record(other));
    let made = Made { batches: spans_with_everything(), logs: vec![(2, "a")], record };
    let (info, _, archive) = check(store, &made).await?;
    assert_eq!((info.experiment_id, info.finalized, info.state), (other, true, TraceState::Error));
    assert_eq!((info.name.as_deref(), info.usage), (Some("given"), Some(usage(100, 200))));
    let explicit = archive.explicit;
    let all = [
        explicit.name,
        explicit.session,
        explicit.user,
        explicit.request_preview,
        explicit.response_preview,
        explicit.usage,
        explicit.cost,
    ];
    assert_eq!(all, [true; 7]);
    Ok(())
}

/// A final record that says little leaves the rest to the spans, here and there.
pub async fn a_trace_with_a_short_record_is_restored(store: &dyn Store) -> StoreResult<()> {
    let record = Some(start(&trace_id(1), ExperimentId::DEFAULT));
    let made = Made { batches: spans_with_everything(), logs: vec![], record };
    let (info, _, archive) = check(store, &made).await?;
    assert_eq!((info.name.as_deref(), info.session.as_deref()), (Some("root"), Some("s")));
    assert_eq!(archive.explicit, crate::ExplicitValues::default());
    Ok(())
}

/// A trace of which there is only a record is restored.
pub async fn a_trace_without_spans_is_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made { batches: vec![], logs: vec![], record: Some(full_record(ExperimentId::DEFAULT)) };
    let (info, spans, _) = check(store, &made).await?;
    assert_eq!((info.span_count, spans.len()), (0, 0));
    Ok(())
}

/// A name that was set, and a tag that was set over a root's, stay.
pub async fn names_and_tags_that_were_set_are_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made { batches: spans_with_everything(), logs: vec![], record: None };
    send(store, &made, DEFAULT).await?;
    store.set_trace_tag(&trace_id(1), "mlflow.traceName", "set").await?;
    store.set_trace_tag(&trace_id(1), "env", "set").await?;
    store.set_trace_tag(&trace_id(1), "service.name", "set").await?;
    let (info, _, archive) = check_as_it_is(store, &made).await?;
    assert_eq!((info.name.as_deref(), archive.explicit.name), (Some("set"), true));
    assert_eq!(info.tags, texts([("env", "set"), ("service.name", "set")]));
    store.set_trace_tag(&trace_id(1), "more", "x").await?;
    store.restore_trace(archive).await?;
    let merged = store.get_trace(&trace_id(1)).await?.tags;
    assert_eq!(merged, texts([("env", "set"), ("more", "x"), ("service.name", "set")]));
    Ok(())
}

/// Assessments come back in their order, those that were overridden too.
pub async fn assessments_are_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made { batches: spans_with_everything(), logs: vec![], record: None };
    send(store, &made, DEFAULT).await?;
    let trace = trace_id(1);
    let over = |id: &str, overridden: &str| Assessment {
        overrides: Some(AssessmentId(overridden.to_owned())),
        rationale: Some("because".to_owned()),
        metadata: texts([("k", "v")]),
        span_id: Some("00000000000000ff".to_owned()),
        ..assessment(&trace, id, "good", feedback(json!({"a": [1, null]})))
    };
    let expected = AssessmentValue::Expectation { value: json!(["x"]), serialized: true };
    let all = [
        assessment(&trace, "a-9", "good", feedback(1)),
        over("a-5", "a-9"),
        over("a-7", "a-5"),
        assessment(&trace, "a-1", "answer", expected),
        assessment(&trace, "a-0", "link", AssessmentValue::Issue { issue_name: "slow".to_owned() }),
        assessment(&trace, "a-2", "none", AssessmentValue::Feedback { value: None, error: None }),
    ];
    for one in all {
        store.create_assessment(one).await?;
    }
    let (info, ..) = check_as_it_is(store, &made).await?;
    let found: Vec<_> =
        info.assessments.iter().map(|one| (one.assessment_id.0.as_str(), one.valid)).collect();
    let expected =
        [("a-9", false), ("a-5", false), ("a-7", true), ("a-1", true), ("a-0", true), ("a-2", true)];
    assert_eq!(found, expected);
    store.delete_assessment(&trace, &AssessmentId("a-7".to_owned())).await?;
    assert!(store.get_assessment(&trace, &AssessmentId("a-5".to_owned())).await?.valid);
    Ok(())
}

/// An assessment id that another trace has is refused, and nothing of the record is restored.
pub async fn a_taken_assessment_id_is_refused_whole(store: &dyn Store) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(1), &[span(1)]), spans(&trace_id(2), &[span(1)])]).await?;
    store.create_assessment(assessment(&trace_id(1), "a-1", "good", feedback(1))).await?;
    let mut archive = store.archive_trace(&trace_id(1)).await?;
    archive.info.trace_id = trace_id(2);
    archive.info.tags = texts([("k", "v")]);
    let before = store.get_trace(&trace_id(2)).await?;
    assert_fails(store.restore_trace(archive).await, ErrorKind::AlreadyExists);
    assert_eq!(store.get_trace(&trace_id(2)).await?, before);
    Ok(())
}

/// Links to runs and prompts come back, and are found.
pub async fn links_are_restored(store: &dyn Store) -> StoreResult<()> {
    let made = Made { batches: spans_with_everything(), logs: vec![], record: None };
    send(store, &made, DEFAULT).await?;
    let prompt = |version: &str| PromptLink { name: "p".to_owned(), version: version.to_owned() };
    store.link_prompts(&trace_id(1), &[prompt("2"), prompt("1")]).await?;
    for run in ["run b", "run a"] {
        store.link_traces_to_run(&[trace_id(1)], run).await?;
    }
    let (_, _, archive) = check_as_it_is(store, &made).await?;
    assert_eq!(archive.runs, ["run a", "run b"]);
    assert_eq!(archive.prompts, [prompt("1"), prompt("2")]);
    assert_eq!(find::ids(store, "run_id = 'run b'", &[]).await?, [trace_id(1)]);
    assert_eq!(find::ids(store, "prompt = 'p/2'", &[]).await?, [trace_id(1)]);
    Ok(())
}

/// An archive of a trace that went on since takes nothing back.
pub async fn an_old_archive_takes_nothing_back(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.append_spans(vec![spans(&trace, &[span(1).from_to(10, 0).open()])]).await?;
    let open = store.archive_trace(&trace).await?;
    let end = [span(1).from_to(10, 200), span(2).parent(1).from_to(5, 300).usage(1, 1)];
    store.append_spans(vec![spans(&trace, &end)]).await?;
    let ended = store.get_trace(&trace).await?;
    store.restore_trace(open.clone()).await?;
    assert_eq!(store.get_trace(&trace).await?, ended);
    store.start_trace(full_record(ExperimentId::DEFAULT)).await?;
    let finalized = store.get_trace(&trace).await?;
    store.restore_trace(open).await?;
    assert_eq!(store.get_trace(&trace).await?, finalized);
    Ok(())
}

/// A restored trace goes where the archive says; an unknown experiment is `NotFound`, a deleted one is refused.
pub async fn a_trace_is_restored_in_the_experiment_named(store: &dyn Store) -> StoreResult<()> {
    let new = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(new).await?.experiment_id;
    store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    let mut archive = store.archive_trace(&trace_id(1)).await?;
    archive.info.experiment_id = other;
    store.restore_trace(archive.clone()).await?;
    assert_eq!(store.get_trace(&trace_id(1)).await?.experiment_id, other);
    let late = spans_of(&trace_id(1), derived(ExperimentId::DEFAULT), "svc", &[span(2).parent(1)]);
    store.append_spans(vec![late]).await?;
    assert_eq!(store.get_trace(&trace_id(1)).await?.experiment_id, other);
    store.set_experiment_stage(other, LifecycleStage::Deleted).await?;
    assert_fails(store.restore_trace(archive.clone()).await, ErrorKind::InvalidArgument);
    archive.info.experiment_id = ExperimentId(99);
    assert_fails(store.restore_trace(archive).await, ErrorKind::NotFound);
    assert_fails(store.archive_trace(&TraceId::Text("own".into())).await, ErrorKind::NotFound);
    Ok(())
}
