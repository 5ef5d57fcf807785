//! Metrics over time: whatever becomes of traces and spans, what they gave is counted once and where it belongs.

use super::assert_fails;
use super::build::{
    DEFAULT, EPOCH_NS, MS, Span, assessment, at_ms, derived, explicit, feedback, logs, span, spans, spans_of,
    start, trace_id, usage,
};
use crate::{
    DeleteTraces, METRICS_GROUPS_MAX, METRICS_STEP_NS, Metrics, MetricsGroup, MetricsGroupBy, MetricsPoint,
    MetricsQuery, MetricsSubject, NewExperiment, Percentiles, Store, StoreResult,
};
use spanwise_model::{Cost, ErrorKind, ExperimentId, SpanStatus, TraceStart, TraceState};
use spanwise_query::parse_filter;

/// The border before [`EPOCH_NS`], which is 800 s later.
const FIRST_NS: i64 = EPOCH_NS - EPOCH_NS % METRICS_STEP_NS;
const QUARTER_MS: i64 = METRICS_STEP_NS / MS;
/// Into how many quarters of an hour the suite looks, from the one before [`EPOCH_NS`] on.
const QUARTERS: i64 = 4;

fn query(subject: MetricsSubject, group_by: MetricsGroupBy) -> MetricsQuery {
    MetricsQuery {
        experiments: (0..4).map(ExperimentId).collect(),
        filter: None,
        edges_ns: (-1..QUARTERS).map(|number| FIRST_NS + number * METRICS_STEP_NS).collect(),
        subject,
        group_by,
        groups_max: METRICS_GROUPS_MAX,
    }
}

async fn of_traces(store: &dyn Store) -> StoreResult<Metrics> {
    store.trace_metrics(query(MetricsSubject::Traces, MetricsGroupBy::None)).await
}

async fn of_models(store: &dyn Store) -> StoreResult<Metrics> {
    store.trace_metrics(query(MetricsSubject::ModelCalls, MetricsGroupBy::Model)).await
}

/// Returns the total tokens of the calls of each model.
pub(super) async fn calls_by_model(store: &dyn Store) -> StoreResult<Vec<(Option<String>, u64)>> {
    let series = of_models(store).await?.series.into_iter();
    let model = |group| match group {
        MetricsGroup::Model(model) => model.map(|name| name.to_string()),
        _ => None,
    };
    Ok(series.map(|series| (model(series.group), series.total.total_tokens)).collect())
}

/// Returns the counts of a metric's points: of one series, all that is not zero by place.
fn counts(metrics: &Metrics, group: &MetricsGroup) -> Vec<(usize, u64)> {
    let series = metrics.series.iter().filter(|series| series.group == *group);
    let points = series.flat_map(|series| series.points.iter().map(|point| point.count).enumerate());
    points.filter(|(_, count)| *count > 0).collect()
}

fn model(name: &str) -> MetricsGroup {
    MetricsGroup::Model(Some(name.into()))
}

/// Returns count, errors, total tokens and cost.
fn sums(point: &MetricsPoint) -> (u64, u64, u64, f64) {
    (point.count, point.errors, point.total_tokens, point.cost)
}

/// Returns the sums of a model over the whole time.
fn total(metrics: &Metrics, group: &MetricsGroup) -> (u64, u64, u64, f64) {
    let found = metrics.series.iter().find(|series| series.group == *group);
    found.map_or((0, 0, 0, 0.0), |series| sums(&series.total))
}

async fn experiment(store: &dyn Store, name: &str) -> StoreResult<ExperimentId> {
    let new = NewExperiment { name: name.to_owned(), ..NewExperiment::default() };
    Ok(store.create_experiment(new).await?.experiment_id)
}

fn call(number: u64, name: &'static str) -> Span {
    span(number).parent(1).span_type("LLM").model(name, "openai").usage(10, 5).cost(0.25, 0.5)
}

/// Traces count by when they started, with state, tokens, cost and percentiles.
pub async fn traces_are_added_up_over_time(store: &dyn Store) -> StoreResult<()> {
    let roots = [
        span(1).from_to(0, 100).usage(1, 2).cost(0.25, 0.5),
        span(1).from_to(99_999, 100_999).usage(10, 20).status(SpanStatus::Error),
        span(1).from_to(100_000, 100_000).open(),
        span(1).from_to(100_000 + 2 * QUARTER_MS, 100_100 + 2 * QUARTER_MS),
    ];
    let batch =
        roots.iter().zip(1..).map(|(root, number)| spans(&trace_id(number), std::slice::from_ref(root)));
    store.append_spans(batch.collect()).await?;
    let found = of_traces(store).await?;
    assert!(found.complete && found.groups == 1, "{found:?}");
    let [all] = &found.series[..] else { panic!("one series") };
    assert_eq!(all.group, MetricsGroup::All);
    let points: Vec<_> = all.points.iter().map(sums).collect();
    assert_eq!(points, [(0, 0, 0, 0.0), (2, 1, 33, 0.75), (1, 0, 0, 0.0), (0, 0, 0, 0.0)]);
    let first = &all.points[1];
    assert_eq!((first.input_tokens, first.output_tokens, all.points[2].in_progress), (11, 22, 1));
    let close = |found: Option<i64>, exact: i64| {
        let found = found.expect("there are durations");
        assert!((found - exact * MS).abs() * 100 <= exact * MS, "{found} ns against {exact} ms");
    };
    close(first.durations.p50_ns, 100);
    close(first.durations.p99_ns, 1_000);
    close(all.total.durations.p95_ns, 1_000);
    assert_eq!((sums(&all.total), all.points[3].durations), ((3, 1, 33, 0.75), Percentiles::default()));
    Ok(())
}

/// Calls count by model and by when each of them started; a wrapper is no call, and usage counts once.
pub async fn calls_are_added_up_by_model(store: &dyn Store) -> StoreResult<()> {
    let wrapper =
        span(2).parent(1).span_type("AGENT").model("gpt-4o", "openai").usage(40, 20).cost(0.25, 0.5);
    let batch = [
        span(1),
        wrapper,
        call(3, "gpt-4o").parent(2),
        call(4, "claude").from_to(100_000, 100_500).status(SpanStatus::Error),
        call(5, "claude").from_to(100_000, 0).open(),
        span(6).parent(1).usage(100, 1),
    ];
    store.append_spans(vec![spans(&trace_id(1), &batch)]).await?;
    let found = of_models(store).await?;
    let groups: Vec<_> = found.series.iter().map(|series| &series.group).collect();
    assert_eq!(groups, [&model("claude"), &model("gpt-4o"), &MetricsGroup::Model(None)]);
    assert_eq!(counts(&found, &model("claude")), [(2, 2)]);
    assert_eq!(total(&found, &model("claude")), (2, 1, 30, 1.5));
    assert_eq!(found.series[0].total.in_progress, 1);
    // The agent repeats what the call below it used; only the call is a call.
    assert_eq!(counts(&found, &model("gpt-4o")), [(1, 1)]);
    assert_eq!(total(&found, &model("gpt-4o")), (1, 0, 60, 0.75));
    assert_eq!(total(&found, &MetricsGroup::Model(None)), (0, 0, 101, 0.0));
    // Together they are what the trace counts.
    let traces = of_traces(store).await?;
    let tokens: u64 = found.series.iter().map(|series| series.total.total_tokens).sum();
    assert_eq!(tokens, traces.series[0].total.total_tokens);
    let by_provider = query(MetricsSubject::ModelCalls, MetricsGroupBy::Provider);
    let by_provider = store.trace_metrics(by_provider).await?;
    let openai = MetricsGroup::Provider(Some("openai".into()));
    assert_eq!(total(&by_provider, &openai), (3, 1, 90, 2.25));
    Ok(())
}

/// Spans that come again change nothing.
pub async fn duplicates_are_added_up_once(store: &dyn Store) -> StoreResult<()> {
    let batch = || vec![spans(&trace_id(1), &[span(1), call(2, "gpt-4o")])];
    for _ in 0..3 {
        store.append_spans(batch()).await?;
    }
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (1, 0, 15, 0.75));
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (1, 0, 15, 0.75));
    Ok(())
}

/// A late span may widen its trace, or let it begin in another stretch of time.
pub async fn a_late_span_moves_its_trace(store: &dyn Store) -> StoreResult<()> {
    let child = call(2, "gpt-4o").from_to(100_000, 100_100);
    store.append_spans(vec![spans(&trace_id(1), &[child])]).await?;
    assert_eq!(counts(&of_traces(store).await?, &MetricsGroup::All), [(2, 1)]);
    let root = span(1).from_to(0, 200_000).status(SpanStatus::Error);
    store.append_spans(vec![spans(&trace_id(1), &[root])]).await?;
    let found = of_traces(store).await?;
    assert_eq!(counts(&found, &MetricsGroup::All), [(1, 1)]);
    assert_eq!(sums(&found.series[0].total), (1, 1, 15, 0.75));
    let p50 = found.series[0].total.durations.p50_ns.expect("it has ended");
    assert!((p50 - 200_000 * MS).abs() <= 2_000 * MS, "{p50}");
    // The call stays where it is.
    assert_eq!(counts(&of_models(store).await?, &model("gpt-4o")), [(2, 1)]);
    Ok(())
}

/// What a replaced span gave is taken back: its model, its place in time, its tokens and its duration.
pub async fn a_replaced_span_is_taken_back(store: &dyn Store) -> StoreResult<()> {
    let id = trace_id(1);
    store.append_spans(vec![spans(&id, &[span(1), call(2, "gpt-4o").from_to(0, 0).open()])]).await?;
    let again = call(2, "claude").from_to(100_000, 100_100).usage(1, 1).status(SpanStatus::Error);
    store.append_spans(vec![spans(&id, &[again])]).await?;
    let found = of_models(store).await?;
    assert_eq!(total(&found, &model("gpt-4o")), (0, 0, 0, 0.0));
    assert_eq!(
        (counts(&found, &model("claude")), total(&found, &model("claude"))),
        (vec![(2, 1)], (1, 1, 2, 0.75))
    );
    // It is no call any more.
    store.append_spans(vec![spans(&id, &[span(2).parent(1)])]).await?;
    assert_eq!(of_models(store).await?.series, []);
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (1, 0, 0, 0.0));
    Ok(())
}

/// A late parent that reports usage counts in place of the calls below it, which stay calls.
pub async fn a_late_wrapper_counts_in_place_of_its_calls(store: &dyn Store) -> StoreResult<()> {
    let id = trace_id(1);
    let calls = [call(3, "gpt-4o").parent(2), call(4, "gpt-4o").parent(2)];
    store.append_spans(vec![spans(&id, &calls)]).await?;
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (2, 0, 30, 1.5));
    let wrapper = span(2).parent(1).span_type("AGENT").usage(40, 20);
    store.append_spans(vec![spans(&id, &[wrapper])]).await?;
    let found = of_models(store).await?;
    // It knows no cost: its tokens cost as much as theirs, of which it has twice as many.
    assert_eq!(total(&found, &model("gpt-4o")), (2, 0, 0, 0.0));
    assert_eq!(total(&found, &MetricsGroup::Model(None)), (0, 0, 60, 3.0));
    // Without its usage they count again.
    store.append_spans(vec![spans(&id, &[span(2).parent(1).span_type("AGENT")])]).await?;
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (2, 0, 30, 1.5));
    Ok(())
}

/// A trace that moves takes with it what it and its calls gave, whatever moved it.
pub async fn metrics_follow_a_trace_to_its_experiment(store: &dyn Store) -> StoreResult<()> {
    let (id, a) = (trace_id(1), experiment(store, "a").await?);
    let batch = [span(1), call(2, "gpt-4o")];
    let places = async || -> StoreResult<Vec<(MetricsGroup, u64)>> {
        let mut places = Vec::new();
        for subject in [MetricsSubject::Traces, MetricsSubject::ModelCalls] {
            let found = store.trace_metrics(query(subject, MetricsGroupBy::Experiment)).await?;
            places
                .extend(found.series.iter().map(|series| (series.group.clone(), series.total.total_tokens)));
        }
        Ok(places)
    };
    let at = |id| vec![(MetricsGroup::Experiment(id), 15); 2];
    store.append_spans(vec![spans_of(&id, DEFAULT, "", &batch)]).await?;
    assert_eq!(places().await?, at(ExperimentId::DEFAULT));
    // The same spans, with a better reason for an experiment.
    store.append_spans(vec![spans_of(&id, derived(a), "", &batch)]).await?;
    assert_eq!(places().await?, at(a));
    // Another span with the best one.
    store.append_spans(vec![spans_of(&id, explicit(ExperimentId::DEFAULT), "", &[span(0)])]).await?;
    assert_eq!(places().await?, at(ExperimentId::DEFAULT));
    store.start_trace(start(&id, a)).await?;
    assert_eq!(places().await?, at(a));
    let mut archive = store.archive_trace(&id).await?;
    archive.info.experiment_id = ExperimentId::DEFAULT;
    store.restore_trace(archive).await?;
    assert_eq!(places().await?, at(ExperimentId::DEFAULT));
    Ok(())
}

/// State, time, usage and cost of a final record count, not what spans say.
pub async fn a_final_record_is_what_counts(store: &dyn Store) -> StoreResult<()> {
    let id = trace_id(1);
    store.append_spans(vec![spans(&id, &[span(1), call(2, "gpt-4o")])]).await?;
    let record = TraceStart {
        start_ns: at_ms(100_000),
        duration_ns: Some(MS),
        state: TraceState::Error,
        usage: Some(usage(1_000, 1)),
        cost: Some(Cost { input: 0.0, output: 8.0, total: 8.0 }),
        ..start(&id, ExperimentId::DEFAULT)
    };
    store.start_trace(record.clone()).await?;
    store.start_trace(record).await?;
    store.append_spans(vec![spans(&id, &[call(3, "gpt-4o")])]).await?;
    let found = of_traces(store).await?;
    assert_eq!(counts(&found, &MetricsGroup::All), [(2, 1)]);
    assert_eq!(sums(&found.series[0].total), (1, 1, 1_001, 8.0));
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (2, 0, 30, 1.5));
    Ok(())
}

/// A trace of only log records is counted once its spans come, where they say.
pub async fn a_trace_of_only_logs_is_not_added_up(store: &dyn Store) -> StoreResult<()> {
    let id = trace_id(1);
    store.append_logs(vec![logs(&id, &[(1, "hello")])]).await?;
    assert_eq!(counts(&of_traces(store).await?, &MetricsGroup::All), []);
    store.append_spans(vec![spans(&id, &[span(1).from_to(100_000, 100_100)])]).await?;
    assert_eq!(counts(&of_traces(store).await?, &MetricsGroup::All), [(2, 1)]);
    Ok(())
}

/// Deleted traces leave nothing, by id or by time, and may come again.
pub async fn deleted_traces_leave_no_metrics(store: &dyn Store) -> StoreResult<()> {
    let batch = || (1..=30).map(|number| spans(&trace_id(number), &[span(1), call(2, "gpt-4o")])).collect();
    store.append_spans(batch()).await?;
    let default = ExperimentId::DEFAULT;
    store.delete_traces(default, DeleteTraces::Ids(vec![trace_id(1), trace_id(2)])).await?;
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (28, 0, 28 * 15, 21.0));
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (28, 0, 28 * 15, 21.0));
    let which = DeleteTraces::Until { max_start_ms: EPOCH_NS / MS, limit: None };
    store.delete_traces(default, which).await?;
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (0, 0, 0, 0.0));
    assert_eq!(of_models(store).await?.series, []);
    store.append_spans(batch()).await?;
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (30, 0, 30 * 15, 22.5));
    Ok(())
}

/// A restored record counts, and its spans once they come.
pub async fn restored_traces_are_added_up(store: &dyn Store) -> StoreResult<()> {
    let (id, batch) = (trace_id(1), || vec![spans(&trace_id(1), &[span(1), call(2, "gpt-4o")])]);
    store.append_spans(batch()).await?;
    let archive = store.archive_trace(&id).await?;
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(vec![id])).await?;
    store.restore_trace(archive.clone()).await?;
    assert_eq!(counts(&of_traces(store).await?, &MetricsGroup::All), [(1, 1)]);
    store.append_spans(batch()).await?;
    store.restore_trace(archive).await?;
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (1, 0, 15, 0.75));
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (1, 0, 15, 0.75));
    Ok(())
}

/// A write that is refused leaves nothing in the metrics.
pub async fn a_refused_write_is_not_added_up(store: &dyn Store) -> StoreResult<()> {
    let record = |number| {
        let id = trace_id(number);
        TraceStart {
            assessments: vec![assessment(&id, "a-1", "good", feedback(true))],
            ..start(&id, ExperimentId::DEFAULT)
        }
    };
    store.start_trace(record(1)).await?;
    assert_fails(store.start_trace(record(2)).await, ErrorKind::AlreadyExists);
    assert_eq!(counts(&of_traces(store).await?, &MetricsGroup::All), [(1, 1)]);
    Ok(())
}

/// With a filter, what matches is added up: the same as without one if that is all.
pub async fn metrics_are_of_the_filter(store: &dyn Store) -> StoreResult<()> {
    let a = experiment(store, "a").await?;
    for number in 0..20 {
        let start_ms = i64::from(number) * 100_000;
        let status = if number % 4 == 0 { SpanStatus::Error } else { SpanStatus::Ok };
        let root = span(1).from_to(start_ms, start_ms + 1_000).status(status);
        let name = if number % 3 == 0 { "gpt-4o" } else { "claude" };
        let batch = [root, call(2, name).from_to(start_ms, start_ms + 500)];
        let choice = if number % 2 == 0 { DEFAULT } else { explicit(a) };
        store.append_spans(vec![spans_of(&trace_id(number), choice, "", &batch)]).await?;
    }
    let kinds = [
        (MetricsSubject::Traces, MetricsGroupBy::None),
        (MetricsSubject::Traces, MetricsGroupBy::Experiment),
        (MetricsSubject::ModelCalls, MetricsGroupBy::None),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Experiment),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Model),
        (MetricsSubject::ModelCalls, MetricsGroupBy::Provider),
    ];
    let plain = |mut metrics: Metrics| {
        // Percentiles of few are exact from rows.
        for series in &mut metrics.series {
            series.total.durations = Percentiles::default();
            series.points.iter_mut().for_each(|point| point.durations = Percentiles::default());
        }
        metrics
    };
    for (subject, group_by) in kinds {
        let all = query(subject, group_by);
        let filter = parse_filter("timestamp > 0").expect("the suite's filters are right");
        let filtered = MetricsQuery { filter: Some(filter), ..all.clone() };
        let (all, filtered) = (store.trace_metrics(all).await?, store.trace_metrics(filtered).await?);
        assert_eq!(plain(all), plain(filtered), "{subject:?} {group_by:?}");
        let filter = parse_filter("status = 'ERROR'").expect("the suite's filters are right");
        let failed = MetricsQuery { filter: Some(filter), ..query(subject, group_by) };
        let failed = store.trace_metrics(failed).await?;
        assert_eq!(failed.series.iter().map(|series| series.total.count).sum::<u64>(), 5, "{failed:?}");
    }
    Ok(())
}

/// What more groups there are than asked for is one series together; only the experiments asked for count.
pub async fn groups_are_limited(store: &dyn Store) -> StoreResult<()> {
    let names = ["a", "b", "c", "d"];
    let batch = names.iter().zip(1..).map(|(name, number)| {
        let mut all = vec![span(1)];
        all.extend((0..number).map(|index| call(2 + index, name)));
        spans(&trace_id(number as u32), &all)
    });
    store.append_spans(batch.collect()).await?;
    let all = parse_filter("timestamp > 0").expect("the suite's filters are right");
    for filter in [None, Some(all)] {
        let few = MetricsQuery {
            groups_max: 2,
            filter,
            ..query(MetricsSubject::ModelCalls, MetricsGroupBy::Model)
        };
        let found = store.trace_metrics(few).await?;
        let groups: Vec<_> = found.series.iter().map(|series| (&series.group, series.total.count)).collect();
        assert_eq!(groups, [(&model("d"), 4), (&model("c"), 3), (&MetricsGroup::Others, 3)]);
        assert_eq!((found.groups, total(&found, &MetricsGroup::Others)), (4, (3, 0, 45, 2.25)));
        assert_eq!(counts(&found, &MetricsGroup::Others), [(1, 3)]);
    }
    let elsewhere = MetricsQuery {
        experiments: vec![ExperimentId(77)],
        ..query(MetricsSubject::ModelCalls, MetricsGroupBy::Model)
    };
    assert_eq!(store.trace_metrics(elsewhere).await?.series, []);
    Ok(())
}

/// Stretches of time may be of any whole number of quarters of an hour; other borders are refused.
pub async fn borders_are_whole_quarters_of_an_hour(store: &dyn Store) -> StoreResult<()> {
    store.append_spans(vec![spans(&trace_id(1), &[span(1)])]).await?;
    store.append_spans(vec![spans(&trace_id(2), &[span(1).from_to(100_000 + QUARTER_MS, 0).open()])]).await?;
    let of = |edges: &[i64]| MetricsQuery {
        edges_ns: edges.iter().map(|edge| FIRST_NS + edge * METRICS_STEP_NS).collect(),
        ..query(MetricsSubject::Traces, MetricsGroupBy::None)
    };
    for (edges, expected) in [(&[-4, 1, 2, 96][..], &[1, 0, 1][..]), (&[1, 2], &[0]), (&[-9, 99], &[2])] {
        let found = store.trace_metrics(of(edges)).await?;
        let points: Vec<_> = found.series[0].points.iter().map(|point| point.count).collect();
        assert_eq!(points, expected, "{edges:?}");
    }
    let crooked = MetricsQuery { edges_ns: vec![FIRST_NS, FIRST_NS + 1], ..of(&[]) };
    let by_model = query(MetricsSubject::Traces, MetricsGroupBy::Model);
    let none = MetricsQuery { groups_max: 0, ..of(&[0, 1]) };
    let long = of(&(0..=5_001).collect::<Vec<_>>());
    for bad in [of(&[]), of(&[1]), of(&[1, 1]), of(&[2, 1]), crooked, by_model, none, long] {
        assert_fails(store.trace_metrics(bad).await, ErrorKind::InvalidArgument);
    }
    Ok(())
}

/// Numbers that no client means, and the ends of time, do no harm.
pub async fn absurd_values_are_added_up(store: &dyn Store) -> StoreResult<()> {
    for number in 1..4 {
        let absurd = call(2, "gpt-4o").usage(u64::MAX, u64::MAX).cost(f64::MAX, f64::NAN);
        store.append_spans(vec![spans(&trace_id(number), &[span(1), absurd])]).await?;
    }
    let record = TraceStart {
        start_ns: i64::MIN,
        duration_ns: Some(i64::MAX),
        ..start(&trace_id(9), ExperimentId::DEFAULT)
    };
    store.start_trace(record).await?;
    let found = of_models(store).await?;
    assert_eq!((found.series[0].total.count, found.series[0].total.total_tokens), (3, u64::MAX));
    assert_eq!(store.check().await?.problems, Vec::<String>::new());
    for number in 1..3 {
        store.append_spans(vec![spans(&trace_id(number), &[call(2, "gpt-4o")])]).await?;
    }
    let which = DeleteTraces::Ids(vec![trace_id(3), trace_id(9)]);
    store.delete_traces(ExperimentId::DEFAULT, which).await?;
    assert_eq!(total(&of_models(store).await?, &model("gpt-4o")), (2, 0, 30, 1.5));
    assert_eq!(sums(&of_traces(store).await?.series[0].total), (2, 0, 30, 1.5));
    Ok(())
}
