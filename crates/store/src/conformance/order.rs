//! What a trace's record says does not depend on the order in which its parts arrive.

use super::build::{DEFAULT, Span, at_ms, derived, explicit, span, spans_of, start, texts, trace_id, usage};
use crate::{NewExperiment, Store, StoreResult};
use spanwise_model::{
    Cost, ExperimentChoice, ExperimentId, SpanStatus, TraceId, TraceInfo, TraceSpans, TraceStart, TraceState,
};

/// One thing that arrives for a trace.
#[derive(Clone)]
enum Part {
    Spans(&'static str, ExperimentChoice, Vec<Span>),
    Start(ExperimentId),
}

/// Sends the parts in every order, each order as a trace of its own, and returns the record that all agree on.
async fn in_every_order(store: &dyn Store, parts: &[Part]) -> StoreResult<TraceInfo> {
    in_every_order_of(store, parts, |record| record).await
}

/// The same with a change to the final record.
async fn in_every_order_of(
    store: &dyn Store,
    parts: &[Part],
    change: fn(TraceStart) -> TraceStart,
) -> StoreResult<TraceInfo> {
    let orders = permutations(parts.len());
    for step in 0..parts.len() {
        let mut batch: Vec<TraceSpans> = Vec::new();
        for (number, order) in orders.iter().enumerate() {
            let trace = trace_id(number as u32);
            match &parts[order[step]] {
                Part::Spans(service, choice, spans) => batch.push(spans_of(&trace, *choice, service, spans)),
                Part::Start(experiment) => {
                    drop(store.start_trace(change(final_record(&trace, *experiment))).await?)
                }
            }
        }
        store.append_spans(batch).await?;
    }
    let first = store.get_trace(&trace_id(0)).await?;
    for (number, order) in orders.iter().enumerate() {
        let mut info = store.get_trace(&trace_id(number as u32)).await?;
        info.trace_id = first.trace_id.clone();
        assert_eq!(info, first, "parts in the order {order:?} against {:?}", orders[0]);
    }
    Ok(first)
}

fn final_record(trace: &TraceId, experiment: ExperimentId) -> TraceStart {
    let mut record = start(trace, experiment);
    record.start_ns = at_ms(3);
    record.tags = texts([("env", "of the client")]);
    record.metadata = texts([("k", "v")]);
    record
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..count {
        orders = orders
            .iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, next);
                    longer
                })
            })
            .collect();
    }
    orders
}

async fn experiment(store: &dyn Store, name: &str) -> StoreResult<ExperimentId> {
    let new = NewExperiment { name: name.to_owned(), ..NewExperiment::default() };
    Ok(store.create_experiment(new).await?.experiment_id)
}

/// All permutations of a trace's spans, in batches of their own, give one record.
pub async fn spans_may_come_in_any_order(store: &dyn Store) -> StoreResult<()> {
    let (front, back) = (experiment(store, "front").await?, experiment(store, "back").await?);
    let root = span(1).name("root").from_to(10, 100).session("root's").preview("q", "a").tag("env", "dev");
    let parts = [
        Part::Spans("front", derived(front), vec![root]),
        Part::Spans(
            "back",
            derived(back),
            vec![span(2).parent(1).from_to(20, 50).usage(2, 2).session("2's").user("2's")],
        ),
        Part::Spans(
            "back",
            derived(back),
            vec![span(3).parent(2).from_to(12, 50).usage(1, 1).user("3's").cost(0.5, 0.25)],
        ),
        Part::Spans("", DEFAULT, vec![span(4).parent(1).from_to(20, 130).usage(4, 4).cost(1.5, 2.25)]),
        Part::Spans(
            "back",
            derived(back),
            vec![span(5).parent(99).from_to(5, 40).usage(8, 8).session("5's")],
        ),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.experiment_id, front);
    assert_eq!((info.start_ns, info.duration_ns), (at_ms(5), Some(at_ms(130) - at_ms(5))));
    assert_eq!(info.state, TraceState::Ok);
    assert_eq!(info.name.as_deref(), Some("root"));
    assert_eq!(info.session.as_deref(), Some("root's"));
    assert_eq!(info.metadata, texts([("mlflow.trace.user", "3's")]));
    assert_eq!(info.usage, Some(usage(14, 14)));
    // Span 2 counts in place of span 3, and has twice its tokens at twice its cost.
    assert_eq!(info.cost.map(|cost| cost.total), Some(3.75 + 1.5));
    assert_eq!(info.resource_tags, texts([("service.name", "front")]));
    assert_eq!(info.tags, texts([("env", "dev")]));
    assert_eq!(info.span_count, 5);
    Ok(())
}

/// Where the root has no texts, the first call that has inputs lends these, and the last one to end its outputs.
pub async fn calls_lend_texts_to_a_root_without_any(store: &dyn Store) -> StoreResult<()> {
    let chosen = experiment(store, "lent").await?;
    let spans = |spans| Part::Spans("app", derived(chosen), spans);
    let parts = [
        spans(vec![span(1).name("root").from_to(10, 100)]),
        spans(vec![span(2).parent(1).from_to(12, 20).lends(None, Some("too early"))]),
        spans(vec![
            span(3).parent(1).from_to(14, 90).lends(Some("the question"), None),
            span(4).parent(1).from_to(15, 60).lends(Some("too late"), Some("the first word")),
        ]),
        spans(vec![span(5).parent(1).from_to(60, 80).lends(Some("a repetition"), Some("the answer"))]),
        spans(vec![span(6).parent(1).from_to(5, 95).span_type("TOOL")]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.name.as_deref(), Some("root"));
    assert_eq!(info.input_text.as_deref(), Some("the question"));
    assert_eq!(info.output_text.as_deref(), Some("the answer"));
    assert_eq!(info.request_preview.as_deref(), Some("\"the question\""));
    assert_eq!(info.response_preview.as_deref(), Some("\"the answer\""));
    Ok(())
}

/// A root with texts of its own needs none of others.
pub async fn a_root_says_more_than_what_is_lent(store: &dyn Store) -> StoreResult<()> {
    let chosen = experiment(store, "told").await?;
    let spans = |spans| Part::Spans("app", derived(chosen), spans);
    let root = span(1).from_to(10, 100).preview("q", "a");
    let call = span(2).parent(1).from_to(5, 200).lends(Some("lent"), Some("lent too"));
    let info = in_every_order(store, &[spans(vec![root]), spans(vec![call])]).await?;
    assert_eq!((info.input_text.as_deref(), info.output_text.as_deref()), (Some("q"), Some("a")));
    assert_eq!(info.request_preview.as_deref(), Some("\"q\""));
    Ok(())
}

/// What a client says stays, and what it does not say is lent.
pub async fn a_client_says_more_than_what_is_lent(store: &dyn Store) -> StoreResult<()> {
    let chosen = experiment(store, "finished").await?;
    let spans = |spans| Part::Spans("app", derived(chosen), spans);
    let call = span(2).parent(1).from_to(5, 200).lends(Some("lent"), Some("lent too"));
    let parts = [spans(vec![span(1).from_to(10, 100)]), spans(vec![call]), Part::Start(chosen)];
    let info = in_every_order_of(store, &parts, |mut record| {
        record.response_preview = Some("the client's".to_owned());
        record
    })
    .await?;
    assert_eq!(info.request_preview.as_deref(), Some("\"lent\""));
    assert_eq!(info.response_preview.as_deref(), Some("the client's"));
    assert_eq!((info.input_text.as_deref(), info.output_text.as_deref()), (Some("lent"), Some("lent too")));
    Ok(())
}

/// Without a root, the smallest (start, span id) decides.
pub async fn without_a_root_the_earliest_span_decides(store: &dyn Store) -> StoreResult<()> {
    let (a, b) = (experiment(store, "a").await?, experiment(store, "b").await?);
    let parts = [
        Part::Spans("a", derived(a), vec![span(7).parent(99).from_to(5, 6).session("7's")]),
        Part::Spans("b", derived(b), vec![span(6).parent(99).from_to(5, 6).session("6's")]),
        Part::Spans("a", derived(a), vec![span(1).parent(99).from_to(6, 7).session("1's").user("1's")]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.experiment_id, b);
    assert_eq!(info.session.as_deref(), Some("6's"));
    assert_eq!(info.metadata, texts([("mlflow.trace.user", "1's")]));
    assert_eq!(info.state, TraceState::InProgress);
    assert_eq!(info.resource_tags, texts([("service.name", "b")]));
    Ok(())
}

/// Whoever tells more counts, a span or those below it, with tokens and cost alike: a wrapper that has only told its last
/// call, a call that is told twice.
pub async fn usage_counts_alike_in_every_order(store: &dyn Store) -> StoreResult<()> {
    let part = |span: Span| Part::Spans("", DEFAULT, vec![span]);
    let parts = [
        part(span(1)),
        part(span(2).parent(1).span_type("AGENT").usage(5, 5)),
        part(span(3).parent(2).model("gpt-4o", "openai").usage(10, 10).cost(1.0, 1.0)),
        part(span(4).parent(3).model("gpt-4o", "openai").usage(10, 10).cost(1.0, 1.0)),
        part(span(5).parent(2).model("gpt-4o", "openai").usage(5, 5).cost(0.5, 0.5)),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.usage, Some(usage(15, 15)));
    assert_eq!(info.cost, Some(Cost { input: 1.5, output: 1.5, total: 3.0 }));
    let tree = store.read_tree(&trace_id(0)).await?;
    let counted = tree.spans.iter().map(|span| tree.report(span).is_some_and(|report| report.counted));
    assert_eq!(counted.collect::<Vec<_>>(), [false, false, true, false, true]);
    // What is added up by model agrees, whatever order it came in.
    let traces = permutations(parts.len()).len() as u64;
    let by_model = super::metrics::calls_by_model(store).await?;
    assert_eq!(by_model, [(Some("gpt-4o".to_owned()), 30 * traces)]);
    assert_eq!(store.check().await?.problems, Vec::<String>::new());
    Ok(())
}

/// Without a root, the earliest span speaks whose parent is in another process and never came: name, state and previews
/// are its own. One whose parent is there does not, and a tag of the trace is only a root's to set.
pub async fn a_span_with_a_remote_parent_stands_in(store: &dyn Store) -> StoreResult<()> {
    let parts = [
        // Its clock is behind, so that it seems to start before the span that calls it.
        Part::Spans("back", DEFAULT, vec![span(4).remote_parent(3).from_to(1, 2).status(SpanStatus::Error)]),
        Part::Spans("front", DEFAULT, vec![span(3).parent(2).from_to(6, 9)]),
        Part::Spans(
            "front",
            DEFAULT,
            vec![
                span(2)
                    .remote_parent(99)
                    .name("entry")
                    .from_to(5, 20)
                    .preview("q", "a")
                    .attribute("mlflow.spanInputs", "\"q\"")
                    .attribute("mlflow.spanOutputs", "\"a\"")
                    .tag("k", "v"),
            ],
        ),
        Part::Spans("front", DEFAULT, vec![span(5).remote_parent(98).name("second").from_to(8, 30)]),
        Part::Spans("front", DEFAULT, vec![span(6).parent(97).name("unknown").from_to(4, 30)]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.name.as_deref(), Some("entry"));
    assert_eq!(info.state, TraceState::Ok);
    assert_eq!((info.start_ns, info.duration_ns), (at_ms(1), Some(at_ms(30) - at_ms(1))));
    assert_eq!((info.input_text.as_deref(), info.output_text.as_deref()), (Some("q"), Some("a")));
    assert_eq!(info.tags, texts([]));
    Ok(())
}

/// A parent or a root that comes late takes over, whatever stood in for it, and so does its state.
pub async fn a_late_root_takes_over_from_what_stood_in(store: &dyn Store) -> StoreResult<()> {
    let entry = span(2).remote_parent(1).name("entry").from_to(5, 20).status(SpanStatus::Error);
    let parts = [
        Part::Spans("", DEFAULT, vec![entry]),
        Part::Spans("", DEFAULT, vec![span(1).remote_parent(99).name("gateway").from_to(6, 19)]),
        Part::Spans("", DEFAULT, vec![span(3).remote_parent(98).name("other").from_to(7, 30)]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!((info.name.as_deref(), info.state), (Some("gateway"), TraceState::Ok));
    let mut parts = parts.to_vec();
    parts.push(Part::Spans("", DEFAULT, vec![span(7).name("root").from_to(9, 0).open()]));
    let other = super::build::trace_id(1_000);
    for part in &parts {
        let Part::Spans(service, choice, spans) = part else { continue };
        store.append_spans(vec![spans_of(&other, *choice, service, spans)]).await?;
    }
    let info = store.get_trace(&other).await?;
    assert_eq!((info.name.as_deref(), info.state), (Some("root"), TraceState::InProgress));
    Ok(())
}

/// Of several roots, the one with the smallest (start, span id) decides.
pub async fn of_several_roots_the_earliest_decides(store: &dyn Store) -> StoreResult<()> {
    let (a, b) = (experiment(store, "a").await?, experiment(store, "b").await?);
    let parts = [
        Part::Spans(
            "a",
            derived(a),
            vec![span(1).name("late").from_to(9, 20).session("late").preview("l", "l")],
        ),
        Part::Spans(
            "b",
            derived(b),
            vec![span(2).name("early").from_to(8, 21).session("early").preview("e", "e")],
        ),
        Part::Spans("a", derived(a), vec![span(3).parent(1).from_to(1, 2).session("child")]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.experiment_id, b);
    assert_eq!(info.name.as_deref(), Some("early"));
    assert_eq!(info.session.as_deref(), Some("early"));
    assert_eq!(info.input_text.as_deref(), Some("e"));
    Ok(())
}

/// An experiment named by a header or the URL wins over one that a resource names, a root's included.
pub async fn an_explicit_experiment_wins_over_a_derived_one(store: &dyn Store) -> StoreResult<()> {
    let (a, b) = (experiment(store, "a").await?, experiment(store, "b").await?);
    let parts = [
        Part::Spans("a", derived(a), vec![span(1)]),
        Part::Spans("b", explicit(b), vec![span(2).parent(1)]),
        Part::Spans("", DEFAULT, vec![span(3).parent(1)]),
    ];
    assert_eq!(in_every_order(store, &parts).await?.experiment_id, b);
    Ok(())
}

/// Of two explicit experiments the root's wins.
pub async fn of_two_explicit_experiments_the_roots_wins(store: &dyn Store) -> StoreResult<()> {
    let (a, b) = (experiment(store, "a").await?, experiment(store, "b").await?);
    let parts = [
        Part::Spans("", explicit(a), vec![span(1).from_to(5, 9)]),
        Part::Spans("", explicit(b), vec![span(2).parent(1).from_to(1, 9)]),
    ];
    assert_eq!(in_every_order(store, &parts).await?.experiment_id, a);
    Ok(())
}

/// The final record may come before, between or after the spans; its experiment wins over theirs.
pub async fn the_final_record_may_come_at_any_time(store: &dyn Store) -> StoreResult<()> {
    let (a, b) = (experiment(store, "a").await?, experiment(store, "b").await?);
    let root =
        span(1).name("root").from_to(-40, 900).session("s").preview("q", "a").tag("env", "dev").tag("x", "y");
    let parts = [
        Part::Start(a),
        Part::Spans("svc", explicit(b), vec![root]),
        Part::Spans("svc", derived(b), vec![span(2).parent(1).from_to(0, 10).usage(10, 10).user("u")]),
        Part::Spans("svc", explicit(b), vec![span(3).parent(2).from_to(0, 990).usage(9, 9)]),
    ];
    let info = in_every_order(store, &parts).await?;
    assert_eq!(info.experiment_id, a);
    assert_eq!((info.start_ns, info.duration_ns), (at_ms(3), Some(at_ms(250) - at_ms(0))));
    assert_eq!(info.tags, texts([("env", "of the client"), ("x", "y")]));
    assert_eq!(info.metadata, texts([("k", "v"), ("mlflow.trace.user", "u")]));
    assert_eq!((info.name.as_deref(), info.session.as_deref()), (Some("root"), Some("s")));
    assert_eq!(info.request_preview.as_deref(), Some("\"q\""));
    assert_eq!(info.usage, Some(usage(10, 10)));
    assert!(info.finalized);
    Ok(())
}
