//! Figures over many traces: histogram, facets, sessions, activity of experiments.

use super::build::{
    DEFAULT, EPOCH_NS, MS, Span, assessment, at_ms, derived, feedback, logs, span, spans, spans_of, start,
    texts, trace_id,
};
use super::find::count;
use crate::{
    DeleteTraces, ExperimentActivity, FacetCounts, FacetField, FacetQuery, NewExperiment, Selection,
    SessionInfo, SessionQuery, Store, StoreResult, TraceHistogram,
};
use serde_json::json;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentValue, ExperimentId, SpanStatus, TraceId, TraceSpans, TraceState,
};
use spanwise_query::parse_filter;

const EPOCH_MS: i64 = EPOCH_NS / MS;

/// Selects in the experiments that the suite uses.
fn selection(filter: &str) -> Selection {
    Selection {
        experiments: (0..4).map(ExperimentId).collect(),
        filter: Some(parse_filter(filter).expect("the suite's filters are right")),
        from_ms: None,
        to_ms: None,
        budget: None,
    }
}

/// Selects from one millisecond after [`EPOCH_NS`] to another.
fn within(from_ms: i64, to_ms: i64) -> Selection {
    Selection { from_ms: Some(EPOCH_MS + from_ms), to_ms: Some(EPOCH_MS + to_ms), ..selection("") }
}

/// Makes a trace of each root, numbered from 1.
async fn traces(store: &dyn Store, roots: &[Span]) -> StoreResult<()> {
    let batch =
        roots.iter().zip(1..).map(|(root, number)| spans(&trace_id(number), std::slice::from_ref(root)));
    store.append_spans(batch.collect()).await?;
    Ok(())
}

/// Starts and numbers of traces of the buckets that are not empty.
fn filled(histogram: &TraceHistogram) -> Vec<(i64, u64)> {
    let starts = (0..).map(|index| (histogram.start_ns + index * histogram.bucket_ns - EPOCH_NS) / MS);
    let counts = histogram.buckets.iter().map(|one| one.ok + one.error + one.in_progress + one.unspecified);
    starts.zip(counts).filter(|(_, count)| *count > 0).collect()
}

/// Total, errors, tokens and cost are exact, by bucket too; so are the states.
pub async fn a_histogram_sums_the_selection(store: &dyn Store) -> StoreResult<()> {
    let roots = [
        span(1).from_to(0, 100).usage(1, 2).cost(0.25, 0.5),
        span(1).from_to(10, 1_010).usage(10, 20).status(SpanStatus::Error),
        span(1).from_to(2_000, 0).open(),
        span(1).from_to(2_000, 2_000).cost(1.0, 0.0),
    ];
    traces(store, &roots).await?;
    let unspecified = spanwise_model::TraceStart {
        start_ns: at_ms(2_500),
        duration_ns: None,
        state: TraceState::Unspecified,
        ..start(&trace_id(9), ExperimentId::DEFAULT)
    };
    store.start_trace(unspecified).await?;
    let all = store.trace_histogram(selection(""), 3).await?;
    assert_eq!((all.total, all.errors, all.tokens, all.cost), (5, 1, 33, 1.75));
    assert_eq!((all.bucket_ns, all.start_ns), (1_000 * MS, EPOCH_NS));
    let states: Vec<_> =
        all.buckets.iter().map(|one| (one.ok, one.error, one.in_progress, one.unspecified)).collect();
    assert_eq!(states, [(1, 1, 0, 0), (0, 0, 0, 0), (1, 0, 1, 1)]);
    let sums: Vec<_> = all.buckets.iter().map(|one| (one.tokens, one.cost)).collect();
    assert_eq!(sums, [(33, 0.75), (0, 0.0), (0, 1.0)]);
    let close = |found: Option<i64>, exact: i64| {
        let found = found.expect("there are durations");
        assert!((found - exact * MS).abs() * 100 <= exact * MS, "{found} ns against {exact} ms");
    };
    close(all.durations.p50_ns, 100);
    close(all.durations.p99_ns, 1_000);
    close(all.buckets[0].durations.p95_ns, 1_000);
    assert_eq!(all.buckets[1].durations, crate::Percentiles::default());
    assert_eq!(all.buckets[2].durations.p50_ns, Some(0));
    Ok(())
}

/// Buckets begin at multiples of their width, follow each other without gaps, and hold their start, not their end.
pub async fn buckets_of_a_histogram_are_round_and_contiguous(store: &dyn Store) -> StoreResult<()> {
    let roots = [0, 999, 1_000, 1_999, 2_000, 9_999].map(|at| span(1).from_to(at, at));
    traces(store, &roots).await?;
    let all = store.trace_histogram(selection(""), 10).await?;
    assert_eq!((all.bucket_ns, all.buckets.len()), (1_000 * MS, 10));
    assert_eq!(filled(&all), [(0, 2), (1_000, 2), (2_000, 1), (9_000, 1)]);
    for buckets_max in 1..=20 {
        let some = store.trace_histogram(selection(""), buckets_max).await?;
        assert!(some.buckets.len() <= buckets_max, "{} of {buckets_max}", some.buckets.len());
        assert_eq!(some.start_ns.rem_euclid(some.bucket_ns), 0);
        assert_eq!(filled(&some).iter().map(|(_, count)| count).sum::<u64>(), 6);
    }
    Ok(())
}

/// `from` is included and `to` is not, to the nanosecond; they are the ends of the chart. A filter selects too.
pub async fn a_histogram_is_of_its_range_and_filter(store: &dyn Store) -> StoreResult<()> {
    let roots = [-1, 0, 3_999, 4_000].map(|at| span(1).from_to(at, at).tag("at", &at.to_string()));
    traces(store, &roots).await?;
    let some = store.trace_histogram(within(0, 4_000), 4).await?;
    assert_eq!((some.total, some.start_ns, some.bucket_ns), (2, EPOCH_NS, 1_000 * MS));
    assert_eq!(filled(&some), [(0, 1), (3_000, 1)]);
    assert_eq!(some.buckets.len(), 4);
    let one = store.trace_histogram(selection("tag.at = '3999'"), 60).await?;
    assert_eq!((one.total, filled(&one)), (1, vec![(3_999, 1)]));
    let both = Selection { filter: selection("tag.at = '4000'").filter, ..within(0, 4_000) };
    assert_eq!(store.trace_histogram(both, 4).await?.total, 0);
    let from = Selection { from_ms: Some(EPOCH_MS), ..selection("") };
    assert_eq!(store.trace_histogram(from, 4).await?.total, 3);
    let to = Selection { to_ms: Some(EPOCH_MS), ..selection("") };
    assert_eq!(store.trace_histogram(to, 4).await?.total, 1);
    Ok(())
}

/// Nothing selected: no sums, and empty buckets only where both ends are given.
pub async fn a_histogram_of_nothing_is_empty(store: &dyn Store) -> StoreResult<()> {
    let nothing = TraceHistogram::default();
    assert_eq!(store.trace_histogram(selection(""), 10).await?, nothing);
    let nowhere = Selection { experiments: Vec::new(), ..selection("") };
    assert_eq!(store.trace_histogram(nowhere, 10).await?, nothing);
    assert_eq!(store.trace_histogram(within(5, 5), 10).await?, nothing);
    assert_eq!(store.trace_histogram(within(9, 5), 10).await?, nothing);
    let range = store.trace_histogram(within(0, 10_000), 10).await?;
    assert_eq!((range.total, range.buckets.len(), filled(&range)), (0, 10, vec![]));
    Ok(())
}

/// Times before 1970, and ranges of all of time, are counted like others.
pub async fn a_histogram_survives_odd_times(store: &dyn Store) -> StoreResult<()> {
    let epoch = -EPOCH_MS;
    let far = i64::MAX / MS - EPOCH_MS - 1;
    let roots = [epoch - 1_500, epoch - 1, epoch, epoch + 500, far].map(|at| span(1).from_to(at, at + 1));
    traces(store, &roots).await?;
    let near = Selection { from_ms: Some(-2_000), to_ms: Some(1_000), ..selection("") };
    let near = store.trace_histogram(near, 3).await?;
    assert_eq!((near.total, near.start_ns, near.bucket_ns), (4, -2_000 * MS, 1_000 * MS));
    let counts: Vec<u64> = near.buckets.iter().map(|one| one.ok).collect();
    assert_eq!(counts, [1, 1, 2]);
    let ends =
        [(None, None), (Some(i64::MIN), Some(i64::MAX)), (Some(i64::MIN), None), (None, Some(i64::MAX))];
    for (from_ms, to_ms) in ends {
        for buckets_max in [1, 2, 500] {
            let all = Selection { from_ms, to_ms, ..selection("") };
            let all = store.trace_histogram(all, buckets_max).await?;
            assert!(all.buckets.len() <= buckets_max, "{} of {buckets_max}", all.buckets.len());
            assert_eq!(all.buckets.iter().map(|one| one.ok).sum::<u64>(), 5, "{from_ms:?} to {to_ms:?}");
        }
    }
    let none = Selection { from_ms: Some(i64::MAX), to_ms: Some(i64::MIN), ..selection("") };
    assert_eq!(store.trace_histogram(none, 10).await?.total, 0);
    Ok(())
}

async fn facets_of(
    store: &dyn Store,
    filter: &str,
    fields: &[FacetField],
    values_max: usize,
    containing: &str,
) -> StoreResult<Vec<FacetCounts>> {
    let query = FacetQuery {
        selection: selection(filter),
        fields: fields.to_vec(),
        values_max,
        containing: containing.to_owned(),
    };
    store.trace_facets(query).await
}

/// Checks the values of one field over all traces.
async fn check_facet(store: &dyn Store, field: FacetField, expected: &[(&str, u64)]) -> StoreResult<()> {
    let found = facets_of(store, "", std::slice::from_ref(&field), 100, "").await?.remove(0);
    let values: Vec<(&str, u64)> =
        found.values.iter().map(|(value, count)| (value.as_str(), *count)).collect();
    assert_eq!(values, expected, "{field:?}");
    assert_eq!((found.distinct, found.complete), (expected.len() as u64, true), "{field:?}");
    assert_eq!(found.field, field);
    Ok(())
}

/// Gives the spans of a batch a model and a provider.
fn with_model(mut batch: TraceSpans, model: &str, provider: &str) -> TraceSpans {
    for one in &mut batch.spans {
        (one.model, one.provider) = (Some(model.into()), Some(provider.into()));
    }
    batch
}

/// Three traces with values of every field.
async fn three_traces(store: &dyn Store) -> StoreResult<()> {
    let first = [
        span(1).name("chat").span_type("AGENT").session("s").user("u").tag("env", "dev").attribute("k", "v"),
        span(2).parent(1).name("call").span_type("LLM").attribute("k", "v"),
        span(3).parent(1).name("call").span_type("LLM").status(SpanStatus::Error).attribute("j", "w"),
    ];
    let second = [span(1).name("chat").span_type("AGENT").from_to(5, 9).session("s").attribute("k", "w")];
    store
        .append_spans(vec![
            with_model(spans_of(&trace_id(1), DEFAULT, "front", &first), "m", "p"),
            spans_of(&trace_id(2), DEFAULT, "front", &second),
        ])
        .await?;
    store.set_trace_tag(&trace_id(2), "service.name", "own").await?;
    let third = spanwise_model::TraceStart {
        tags: texts([("env", "Dev")]),
        metadata: texts([("k", "v"), ("mlflow.trace.user", "u")]),
        state: TraceState::Error,
        ..start(&trace_id(3), ExperimentId::DEFAULT)
    };
    store.start_trace(third).await?;
    let wrong = assessment(&trace_id(1), "a-1", "good", feedback(1));
    store.create_assessment(wrong).await?;
    let right = Assessment {
        overrides: Some(AssessmentId("a-1".to_owned())),
        ..assessment(&trace_id(1), "a-2", "good", feedback(2))
    };
    store.create_assessment(right).await?;
    for (number, id) in [(2, "a-3"), (2, "a-4"), (3, "a-5")] {
        store.create_assessment(assessment(&trace_id(number), id, "good", feedback(true))).await?;
    }
    let expected = AssessmentValue::Expectation { value: json!("Paris"), serialized: false };
    store.create_assessment(assessment(&trace_id(3), "a-6", "answer", expected)).await?;
    Ok(())
}

/// Each field counts the traces that have each of its values: the most frequent first, then by value.
pub async fn facets_count_every_field(store: &dyn Store) -> StoreResult<()> {
    use FacetField::{
        Attribute, AttributeKeys, Expectation, ExpectationNames, Feedback, FeedbackNames, Metadata,
        MetadataKeys, Model, Name, Provider, Session, SpanName, SpanStatus, SpanType, State, Tag, TagKeys,
        User,
    };
    three_traces(store).await?;
    let key = str::to_owned;
    let cases: [(FacetField, &[(&str, u64)]); 21] = [
        (State, &[("OK", 2), ("ERROR", 1)]),
        (Name, &[("chat", 2)]),
        (Session, &[("s", 2)]),
        (User, &[("u", 2)]),
        (Tag(key("env")), &[("Dev", 1), ("dev", 1)]),
        (Tag(key("service.name")), &[("front", 1), ("own", 1)]),
        (Tag(key("none")), &[]),
        (TagKeys, &[("env", 2), ("service.name", 2)]),
        (Metadata(key("k")), &[("v", 1)]),
        (Metadata(key("mlflow.trace.user")), &[("u", 2)]),
        (MetadataKeys, &[("k", 1)]),
        (Feedback(key("good")), &[("true", 2), ("2", 1)]),
        (FeedbackNames, &[("good", 3)]),
        (Expectation(key("answer")), &[("\"Paris\"", 1)]),
        (ExpectationNames, &[("answer", 1)]),
        (Model, &[("m", 1)]),
        (Provider, &[("p", 1)]),
        (SpanType, &[("AGENT", 2), ("LLM", 1)]),
        (SpanName, &[("chat", 2), ("call", 1)]),
        (SpanStatus, &[("UNSET", 2), ("ERROR", 1)]),
        (Attribute(key("k")), &[("v", 1), ("w", 1)]),
    ];
    for (field, expected) in cases {
        check_facet(store, field, expected).await?;
    }
    let keys = facets_of(store, "", &[AttributeKeys], 100, "").await?.remove(0);
    for wanted in [("k", 2), ("j", 1)] {
        assert!(keys.values.contains(&(wanted.0.to_owned(), wanted.1)), "{keys:?}");
    }
    Ok(())
}

/// Several fields come in the order asked, over the traces that the filter selects only.
pub async fn facets_are_of_the_selection(store: &dyn Store) -> StoreResult<()> {
    three_traces(store).await?;
    let fields = [FacetField::SpanName, FacetField::State, FacetField::SpanName, FacetField::Model];
    let found = facets_of(store, "tag.`service.name` = 'own'", &fields, 10, "").await?;
    assert_eq!(found.iter().map(|one| one.field.clone()).collect::<Vec<_>>(), fields);
    let values: Vec<_> = found.iter().map(|one| one.values.clone()).collect();
    let chat = vec![("chat".to_owned(), 1)];
    assert_eq!(values, [chat.clone(), vec![("OK".to_owned(), 1)], chat, vec![]]);
    assert!(found.iter().all(|one| one.counted == 1 && one.complete), "{found:?}");
    let nothing = facets_of(store, "name = 'nope'", &fields[..2], 10, "").await?;
    assert!(
        nothing.iter().all(|one| one.counted == 0 && one.complete && one.values.is_empty()),
        "{nothing:?}"
    );
    let query = FacetQuery {
        selection: Selection { experiments: Vec::new(), ..selection("") },
        fields: fields.to_vec(),
        values_max: 10,
        containing: String::new(),
    };
    assert!(store.trace_facets(query).await?.iter().all(|one| one.counted == 0 && one.complete));
    assert_eq!(facets_of(store, "", &[], 10, "").await?, []);
    Ok(())
}

/// Only so many values are returned, only those that contain a text in any case; `distinct` counts all of these.
pub async fn values_of_facets_are_limited_and_searched(store: &dyn Store) -> StoreResult<()> {
    let names = ["Éclair", "éclat", "other", "other"];
    traces(store, &names.map(|name| span(1).name(name))).await?;
    let all = facets_of(store, "", &[FacetField::Name], 2, "").await?.remove(0);
    assert_eq!(all.values, [("other".to_owned(), 2), ("Éclair".to_owned(), 1)]);
    assert_eq!((all.distinct, all.counted, all.complete), (3, 4, true));
    let some = facets_of(store, "", &[FacetField::Name], 9, "ÉCLA").await?.remove(0);
    assert_eq!(some.values, [("Éclair".to_owned(), 1), ("éclat".to_owned(), 1)]);
    assert_eq!(some.distinct, 2);
    Ok(())
}

/// What a replaced span said is not counted, as no filter finds it.
pub async fn facets_forget_replaced_spans(store: &dyn Store) -> StoreResult<()> {
    let trace = trace_id(1);
    let before = span(1).name("root").attribute("k", "before").span_type("LLM").status(SpanStatus::Error);
    let after = span(1).name("root").attribute("k", "after").span_type("TOOL");
    let other = span(2).parent(1).name("child").attribute("k", "other");
    store.append_spans(vec![with_model(spans(&trace, &[before, other]), "old", "old")]).await?;
    store.append_spans(vec![with_model(spans(&trace, &[after]), "new", "new")]).await?;
    check_facet(store, FacetField::SpanType, &[("TOOL", 1), ("UNKNOWN", 1)]).await?;
    check_facet(store, FacetField::Model, &[("new", 1), ("old", 1)]).await?;
    check_facet(store, FacetField::SpanStatus, &[("UNSET", 1)]).await?;
    check_facet(store, FacetField::Attribute("k".to_owned()), &[("after", 1), ("other", 1)]).await?;
    assert_eq!(count(store, "span.attributes.k = 'before'").await?, 0);
    assert_eq!(count(store, "span.attributes.k = 'after'").await?, 1);
    Ok(())
}

async fn sessions(
    store: &dyn Store,
    filter: &str,
    limit: usize,
    after: Option<&SessionInfo>,
) -> StoreResult<(Vec<SessionInfo>, bool)> {
    let after = after.map(|last| (last.last_start_ns, last.session.clone()));
    let page = store.find_sessions(SessionQuery { selection: selection(filter), limit, after }).await?;
    Ok((page.sessions, page.has_more))
}

fn names(sessions: &[SessionInfo]) -> Vec<&str> {
    sessions.iter().map(|one| one.session.as_str()).collect()
}

/// A session sums its traces, from the first question to the last answer; traces without one are of none.
pub async fn sessions_sum_their_traces(store: &dyn Store) -> StoreResult<()> {
    let roots = [
        span(1).from_to(100, 5_000).session("s").user("old").preview("q1", "a1").usage(1, 2).cost(0.5, 0.25),
        span(1).from_to(200, 300).session("s").user("new").preview("q2", "a2").usage(3, 4),
        span(1).from_to(300, 400).session("s").status(SpanStatus::Error),
        span(1).from_to(50, 60),
        span(1).from_to(400, 0).session("t").open(),
    ];
    traces(store, &roots).await?;
    let (found, has_more) = sessions(store, "", 10, None).await?;
    let empty = SessionInfo {
        session: "t".to_owned(),
        user: None,
        traces: 1,
        errors: 0,
        first_start_ns: at_ms(400),
        last_start_ns: at_ms(400),
        end_ns: at_ms(400),
        tokens: 0,
        cost: 0.0,
        first_input: None,
        last_output: None,
        last_trace: trace_id(5),
    };
    let full = SessionInfo {
        session: "s".to_owned(),
        user: Some("new".to_owned()),
        traces: 3,
        errors: 1,
        first_start_ns: at_ms(100),
        last_start_ns: at_ms(300),
        end_ns: at_ms(5_000),
        tokens: 10,
        cost: 0.75,
        first_input: Some("q1".to_owned()),
        last_output: Some("a2".to_owned()),
        last_trace: trace_id(3),
    };
    assert_eq!((found, has_more), (vec![empty, full], false));
    Ok(())
}

/// Figures count the selected traces only, and only their sessions are there.
pub async fn sessions_are_of_the_selection(store: &dyn Store) -> StoreResult<()> {
    let roots = [
        span(1).from_to(0, 9).session("s").preview("q1", "a1").name("in"),
        span(1).from_to(10, 19).session("s").preview("q2", "a2").name("out"),
        span(1).from_to(20, 29).session("t").name("out"),
    ];
    traces(store, &roots).await?;
    let (found, _) = sessions(store, "name = 'in'", 10, None).await?;
    assert_eq!(names(&found), ["s"]);
    assert_eq!((found[0].traces, found[0].last_start_ns, &found[0].last_trace), (1, at_ms(0), &trace_id(1)));
    assert_eq!(found[0].last_output.as_deref(), Some("a1"));
    let nowhere = Selection { experiments: Vec::new(), ..selection("") };
    let page = store.find_sessions(SessionQuery { selection: nowhere, limit: 5, after: None }).await?;
    assert!(page.sessions.is_empty() && !page.has_more);
    let late = SessionQuery { selection: within(10, 20), limit: 5, after: None };
    assert_eq!(names(&store.find_sessions(late).await?.sessions), ["s"]);
    Ok(())
}

/// Pages follow each other, sessions of equal last starts by name, and stay right while traces arrive.
pub async fn sessions_are_paged_while_traces_arrive(store: &dyn Store) -> StoreResult<()> {
    let roots = [("a", 50), ("c", 40), ("b", 40), ("é", 40), ("d", 10), ("a", 5)]
        .map(|(session, at)| span(1).from_to(at, at + 1).session(session));
    traces(store, &roots).await?;
    let (first, has_more) = sessions(store, "", 2, None).await?;
    assert_eq!((names(&first), has_more), (vec!["a", "b"], true));
    let newer = [span(1).from_to(60, 61).session("new"), span(1).from_to(70, 71).session("d")];
    for (number, root) in newer.into_iter().enumerate() {
        store.append_spans(vec![spans(&trace_id(20 + number as u32), &[root])]).await?;
    }
    let (second, has_more) = sessions(store, "", 2, first.last()).await?;
    assert_eq!((names(&second), has_more), (vec!["c", "é"], false));
    let (all, has_more) = sessions(store, "", 6, None).await?;
    assert_eq!((names(&all), has_more), (vec!["d", "new", "a", "b", "c", "é"], false));
    Ok(())
}

/// Absurd token counts and times don't make sessions unreadable.
pub async fn sessions_survive_absurd_values(store: &dyn Store) -> StoreResult<()> {
    let huge = u64::MAX / 2;
    let end = (i64::MAX - EPOCH_NS) / MS;
    let roots = [
        span(1).from_to(0, end).session("s").usage(huge, huge),
        span(1).from_to(end, end).session("s").usage(huge, huge).cost(f64::MAX, f64::MAX),
    ];
    traces(store, &roots).await?;
    let absurd = spanwise_model::TraceStart {
        start_ns: i64::MAX - 5,
        duration_ns: Some(i64::MAX),
        session: Some("s".to_owned()),
        ..start(&trace_id(9), ExperimentId::DEFAULT)
    };
    store.start_trace(absurd).await?;
    let (found, _) = sessions(store, "", 10, None).await?;
    assert_eq!((names(&found), found[0].traces, found[0].end_ns), (vec!["s"], 3, i64::MAX));
    assert!(found[0].tokens >= i64::MAX as u64, "{}", found[0].tokens);
    store.trace_histogram(selection(""), 10).await?;
    Ok(())
}

/// Activity is that of the traces that can be seen, by experiment.
pub async fn activity_counts_visible_traces(store: &dyn Store) -> StoreResult<()> {
    assert_eq!(store.experiment_activity().await?, []);
    let new = NewExperiment { name: "other".to_owned(), ..NewExperiment::default() };
    let other = store.create_experiment(new).await?.experiment_id;
    traces(store, &[span(1).from_to(5, 6), span(1).from_to(7, 8)]).await?;
    let elsewhere = spans_of(&trace_id(9), derived(other), "", &[span(1).from_to(-3, 0)]);
    store.append_spans(vec![elsewhere]).await?;
    // Records of a trace that no read finds, which are younger than all traces.
    store.append_logs(vec![logs(&trace_id(77), &[(1, "a")])]).await?;
    let activity = async || -> StoreResult<Vec<ExperimentActivity>> {
        let mut activity = store.experiment_activity().await?;
        activity.sort_by_key(|one| one.experiment_id);
        Ok(activity)
    };
    let of_default =
        ExperimentActivity { experiment_id: ExperimentId::DEFAULT, traces: 2, last_start_ns: at_ms(7) };
    let of_other = ExperimentActivity { experiment_id: other, traces: 1, last_start_ns: at_ms(-3) };
    assert_eq!(activity().await?, [of_default, of_other]);
    let ids: Vec<TraceId> = vec![trace_id(1), trace_id(2)];
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(ids)).await?;
    assert_eq!(activity().await?, [of_other]);
    Ok(())
}
