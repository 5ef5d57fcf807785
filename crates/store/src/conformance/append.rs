//! Appending spans: duplicates, replacements, totals, and late spans.

use super::build::{MS, Span, at_ms, span, spans, start, texts, trace_id, usage};
use super::{assert_fails, read_all};
use crate::{AppendOutcome, Store, StoreResult};
use spanwise_model::{Cost, ErrorKind, ExperimentId, SpanStatus, TraceId, TraceInfo, TraceState};
use std::collections::BTreeMap;

const NEW: AppendOutcome = AppendOutcome { stored: 1, replaced: 0, unchanged: 0 };
const REPLACED: AppendOutcome = AppendOutcome { stored: 0, replaced: 1, unchanged: 0 };
const UNCHANGED: AppendOutcome = AppendOutcome { stored: 0, replaced: 0, unchanged: 1 };

async fn append(store: &dyn Store, trace: &TraceId, part: &[Span]) -> StoreResult<AppendOutcome> {
    store.append_spans(vec![spans(trace, part)]).await
}

/// A trace that is not there is made, and its record says what its spans say.
pub async fn new_spans_make_a_trace(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let root = span(1)
        .name("ask")
        .from_to(10, 90)
        .session("s")
        .user("u")
        .preview("why?", "because")
        .tag("env", "dev")
        .metadata("release", "1.4");
    let child = span(2).parent(1).from_to(20, 95).usage(3, 4).cost(0.25, 0.5).status(SpanStatus::Error);
    let outcome = append(store, &trace, &[child, root]).await?;
    assert_eq!(outcome, AppendOutcome { stored: 2, replaced: 0, unchanged: 0 });
    let expected = TraceInfo {
        trace_id: trace.clone(),
        experiment_id: ExperimentId::DEFAULT,
        client_request_id: None,
        start_ns: at_ms(10),
        duration_ns: Some(85 * MS),
        state: TraceState::Ok,
        name: Some("ask".to_owned()),
        session: Some("s".to_owned()),
        request_preview: Some("\"why?\"".to_owned()),
        response_preview: Some("\"because\"".to_owned()),
        input_text: Some("why?".to_owned()),
        output_text: Some("because".to_owned()),
        usage: Some(usage(3, 4)),
        cost: Some(Cost { input: 0.25, output: 0.5, total: 0.75 }),
        finalized: false,
        span_count: 2,
        error_span_count: Some(1),
        metadata: texts([("mlflow.trace.user", "u"), ("release", "1.4")]),
        tags: texts([("env", "dev")]),
        resource_tags: BTreeMap::new(),
        assessments: Vec::new(),
    };
    assert_eq!(store.get_trace(&trace).await?, expected);
    assert_eq!(append(store, &trace, &[]).await?, AppendOutcome::default());
    assert_eq!(store.append_spans(Vec::new()).await?, AppendOutcome::default());
    assert_eq!(store.get_trace(&trace).await?, expected);
    Ok(())
}

/// One batch may hold several traces, and ids that clients chose themselves.
pub async fn a_batch_holds_several_traces(store: &dyn Store) -> StoreResult<()> {
    let own = TraceId::Text("my own".into());
    let batch = vec![spans(&trace_id(1), &[span(1)]), spans(&own, &[span(1), span(2).parent(1)])];
    assert_eq!(store.append_spans(batch).await?.stored, 3);
    assert_eq!(store.get_trace(&trace_id(1)).await?.span_count, 1);
    assert_eq!(store.get_trace(&own).await?.span_count, 2);
    Ok(())
}

/// The root's status is the trace's state; without a closed root it is in progress.
pub async fn the_root_decides_the_state(store: &dyn Store) -> StoreResult<()> {
    let failed = span(1).status(SpanStatus::Error);
    let cases: [(&[Span], TraceState); 5] = [
        (&[span(1)], TraceState::Ok),
        (std::slice::from_ref(&failed), TraceState::Error),
        (&[span(2).parent(1).status(SpanStatus::Error)], TraceState::InProgress),
        (&[span(1).open()], TraceState::InProgress),
        (&[span(1).open(), span(2).parent(1)], TraceState::InProgress),
    ];
    for (number, (part, expected)) in cases.into_iter().enumerate() {
        let trace = trace_id(number as u32);
        append(store, &trace, part).await?;
        assert_eq!(store.get_trace(&trace).await?.state, expected, "{part:?}");
    }
    // An open trace ends when its root does.
    append(store, &trace_id(4), &[failed]).await?;
    assert_eq!(store.get_trace(&trace_id(4)).await?.state, TraceState::Error);
    Ok(())
}

/// A state other than in progress is not changed by spans.
pub async fn an_ended_state_stays(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    append(store, &trace, &[span(1)]).await?;
    append(store, &trace, &[span(1).status(SpanStatus::Error)]).await?;
    append(store, &trace, &[span(2).status(SpanStatus::Error)]).await?;
    assert_eq!(store.get_trace(&trace).await?.state, TraceState::Ok);
    Ok(())
}

/// The same span with the same content changes nothing.
pub async fn the_same_span_again_changes_nothing(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let sent = span(1).usage(1, 2);
    assert_eq!(append(store, &trace, std::slice::from_ref(&sent)).await?, NEW);
    let before = store.get_trace(&trace).await?;
    assert_eq!(append(store, &trace, std::slice::from_ref(&sent)).await?, UNCHANGED);
    let outcome = append(store, &trace, &[sent, span(2).parent(1)]).await?;
    assert_eq!(outcome, AppendOutcome { stored: 1, replaced: 0, unchanged: 1 });
    let after = store.get_trace(&trace).await?;
    assert_eq!(after, TraceInfo { span_count: 2, ..before });
    assert_eq!(read_all(store, &trace).await?.len(), 2);
    Ok(())
}

/// The later arrival of a span replaces the earlier one, and what that gave to totals is taken back.
pub async fn a_later_arrival_replaces(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let first = span(2).parent(1).usage(10, 20).cost(1.0, 2.0);
    append(store, &trace, &[span(1), first, span(3).parent(1).usage(1, 1)]).await?;
    let second = span(2).parent(1).usage(5, 5).attribute("version", "2");
    assert_eq!(append(store, &trace, std::slice::from_ref(&second)).await?, REPLACED);
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.usage, info.cost, info.span_count), (Some(usage(6, 6)), None, 3));
    let raws: Vec<_> = read_all(store, &trace).await?.into_iter().map(|span| span.raw).collect();
    assert_eq!(raws.len(), 3);
    assert!(raws.contains(&second.raw(&trace)));
    // In one batch, too, the later one counts.
    let third = second.clone().usage(0, 7).attribute("version", "3");
    append(store, &trace, &[second.clone().attribute("version", "2½"), third.clone()]).await?;
    assert_eq!(store.get_trace(&trace).await?.usage, Some(usage(1, 8)));
    let raws: Vec<_> = read_all(store, &trace).await?.into_iter().map(|span| span.raw).collect();
    assert_eq!(raws.len(), 3);
    assert!(raws.contains(&third.raw(&trace)));
    Ok(())
}

/// A closed span replaces an open one, never the other way round.
pub async fn an_open_span_never_replaces_a_closed_one(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let closed = span(1).usage(1, 1);
    assert_eq!(append(store, &trace, &[span(1).open()]).await?, NEW);
    assert_eq!(
        append(store, &trace, &[span(1).open().usage(9, 9).attribute("still", "open")]).await?,
        REPLACED
    );
    assert_eq!(append(store, &trace, std::slice::from_ref(&closed)).await?, REPLACED);
    assert_eq!(append(store, &trace, &[span(1).open()]).await?, UNCHANGED);
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.usage, info.state, info.span_count), (Some(usage(1, 1)), TraceState::Ok, 1));
    let read = read_all(store, &trace).await?;
    assert_eq!(read.into_iter().map(|span| span.raw).collect::<Vec<_>>(), [closed.raw(&trace)]);
    Ok(())
}

/// A span's usage counts only if no span above it reports any.
pub async fn only_the_topmost_usage_counts(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let check = async |expected| {
        assert_eq!(store.get_trace(&trace).await?.usage, Some(expected));
        StoreResult::Ok(())
    };
    append(store, &trace, &[span(1), span(4).parent(3).usage(1, 1).from_to(1, 2)]).await?;
    check(usage(1, 1)).await?;
    append(store, &trace, &[span(5).parent(3).usage(2, 2)]).await?;
    check(usage(3, 3)).await?;
    // A wrapper arrives, then what puts it above both.
    append(store, &trace, &[span(2).parent(1).usage(20, 20)]).await?;
    check(usage(23, 23)).await?;
    append(store, &trace, &[span(3).parent(2)]).await?;
    check(usage(20, 20)).await?;
    // It comes again without usage.
    append(store, &trace, &[span(2).parent(1)]).await?;
    check(usage(3, 3)).await?;
    append(store, &trace, &[span(1).usage(50, 50)]).await?;
    check(usage(50, 50)).await
}

/// Parents that go round in a circle neither hang nor lose spans.
pub async fn parents_in_a_circle_are_survived(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    append(store, &trace, &[span(1).parent(2).usage(1, 1), span(2).parent(1)]).await?;
    append(store, &trace, &[span(3).parent(3).usage(1, 1)]).await?;
    assert_eq!(store.get_trace(&trace).await?.span_count, 3);
    assert_eq!(read_all(store, &trace).await?.len(), 3);
    Ok(())
}

/// Late spans leave time, duration, state and what the client said of a finalized trace alone.
pub async fn late_spans_leave_a_finalized_trace_alone(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    append(store, &trace, &[span(1).from_to(0, 100).usage(1, 1)]).await?;
    let mut record = start(&trace, ExperimentId::DEFAULT);
    record.state = TraceState::Error;
    record.name = Some("set".to_owned());
    record.session = Some("set".to_owned());
    record.usage = Some(usage(100, 100));
    record.cost = Some(Cost { input: 1.0, output: 1.0, total: 2.0 });
    record.request_preview = Some("set".to_owned());
    record.tags = texts([("k", "set")]);
    record.metadata = texts([("m", "set")]);
    let before = store.start_trace(record).await?;
    let late = span(2).parent(1).from_to(-50, 900).usage(7, 7).cost(9.0, 9.0).session("late").user("late");
    let root = span(1).from_to(-60, 950).session("root").preview("q", "a");
    let root = root.tag("k", "late").tag("new", "tag").metadata("m", "late").metadata("new", "metadata");
    append(store, &trace, &[late, root]).await?;
    let after = store.get_trace(&trace).await?;
    let expected = TraceInfo {
        span_count: 2,
        metadata: texts([("m", "set"), ("mlflow.trace.user", "late"), ("new", "metadata")]),
        tags: texts([("k", "set"), ("new", "tag")]),
        response_preview: Some("\"a\"".to_owned()),
        input_text: Some("q".to_owned()),
        output_text: Some("a".to_owned()),
        ..before
    };
    assert_eq!(after, expected);
    Ok(())
}

/// Usage that the client did not give keeps following the spans of a finalized trace.
pub async fn late_usage_counts_unless_the_client_gave_it(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    store.start_trace(start(&trace, ExperimentId::DEFAULT)).await?;
    append(store, &trace, &[span(1), span(2).parent(1).usage(7, 7).cost(1.0, 1.0)]).await?;
    let info = store.get_trace(&trace).await?;
    assert_eq!(info.usage, Some(usage(7, 7)));
    assert_eq!(info.cost, Some(Cost { input: 1.0, output: 1.0, total: 2.0 }));
    assert_eq!(info.duration_ns, Some(250 * MS));
    Ok(())
}

/// Absurd times and counts are kept without a panic, and a duration is never negative.
pub async fn absurd_values_are_survived(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let mut batch = spans(&trace, &[span(1).usage(u64::MAX, u64::MAX), span(2).usage(u64::MAX, 1), span(3)]);
    (batch.spans[0].start_ns, batch.spans[0].end_ns) = (i64::MIN, Some(i64::MAX));
    (batch.spans[1].start_ns, batch.spans[1].end_ns) = (i64::MAX, Some(i64::MIN));
    store.append_spans(vec![batch]).await?;
    let info = store.get_trace(&trace).await?;
    assert!(info.duration_ns.is_some_and(|duration| duration >= 0), "{:?}", info.duration_ns);
    assert_eq!(info.span_count, 3);
    assert_eq!(read_all(store, &trace).await?.len(), 3);

    let reversed = trace_id(2);
    append(store, &reversed, &[span(1).from_to(100, 40)]).await?;
    assert!(store.get_trace(&reversed).await?.duration_ns.is_some_and(|duration| duration >= 0));
    Ok(())
}

/// Names, ids and texts of any length and content come back.
pub async fn odd_texts_come_back(store: &dyn Store) -> StoreResult<()> {
    let long = "长".repeat(100_000);
    for (number, name) in
        ["", "\0", "a\0b", "it's \"quoted\" %_", "\u{feff}é\u{301}🦀", &long].into_iter().enumerate()
    {
        let trace = trace_id(number as u32);
        append(store, &trace, &[span(1).name(name).tag(name, name)]).await?;
        let info = store.get_trace(&trace).await?;
        assert_eq!(info.name.as_deref(), Some(name));
        assert_eq!(info.tags.get(name).map(String::as_str), Some(name));
    }
    Ok(())
}

/// A trace is linked to the run of a batch if its root is in that batch.
pub async fn a_root_links_its_trace_to_the_run(store: &dyn Store) -> StoreResult<()> {
    for (number, part) in [span(1), span(2).parent(1)].into_iter().enumerate() {
        let mut batch = spans(&trace_id(number as u32), &[part]);
        batch.link_run = Some("run".into());
        store.append_spans(vec![batch]).await?;
    }
    assert_eq!(super::find::ids(store, "run_id = 'run'", &[]).await?, [trace_id(0)]);
    Ok(())
}

/// A trace that only spans of an unknown parent speak of is a trace like any other.
pub async fn orphans_make_a_trace(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    assert_fails(store.get_trace(&trace).await, ErrorKind::NotFound);
    append(store, &trace, &[span(2).parent(1).session("s")]).await?;
    let info = store.get_trace(&trace).await?;
    assert_eq!((info.name, info.session), (None, Some("s".to_owned())));
    assert_eq!(read_all(store, &trace).await?.len(), 1);
    Ok(())
}
