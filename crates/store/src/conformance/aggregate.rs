//! Measures by group and time.

use super::build::{EPOCH_NS, MS, assessment, feedback, span, spans, start, trace_id};
use crate::{AggregateQuery, METRICS_STEP_NS, Store, StoreResult};
use spanwise_model::{Aggregation, CostKind, ExperimentId, Measure, MetricDimension, SpanStatus, TokenKind};
use spanwise_query::parse_metric_filter;

const EPOCH_MS: i64 = EPOCH_NS / MS;

fn query(measure: Measure, aggregations: &[Aggregation], dimensions: &[MetricDimension]) -> AggregateQuery {
    AggregateQuery {
        experiments: vec![ExperimentId::DEFAULT],
        measure,
        aggregations: aggregations.to_vec(),
        dimensions: dimensions.to_vec(),
        filters: Vec::new(),
        from_ms: None,
        to_ms: None,
        bucket_ms: None,
        rows_max: 100,
    }
}

fn filtered(query: AggregateQuery, filter: &str) -> AggregateQuery {
    let filter = parse_metric_filter(filter).expect("the suite's filters are right");
    AggregateQuery { filters: vec![filter], ..query }
}

/// Returns the rows as texts: the bucket in milliseconds after the suite's epoch, the texts, the values.
async fn answer(store: &dyn Store, query: AggregateQuery) -> StoreResult<String> {
    let rows = store.aggregate(query).await?;
    let row = |row: &crate::AggregateRow| {
        let bucket = row.bucket_ms.map(|ms| format!("{}", ms - EPOCH_MS));
        let values = row.values.iter().map(|value| value.map_or("-".to_owned(), |value| value.to_string()));
        let texts = row.texts.iter().map(|text| text.to_string());
        bucket.into_iter().chain(texts).chain(values).collect::<Vec<_>>().join(" ")
    };
    Ok(rows.iter().map(row).collect::<Vec<_>>().join(", "))
}

/// Makes traces 1 to 4, which start at 0, 1, 2 and 3 s and take 100, 200, 300 and 400 ms; the last one fails.
async fn make_some(store: &dyn Store) -> StoreResult<()> {
    for number in 1..=4_i64 {
        let from = (number - 1) * 1_000;
        let root = span(1).name(if number == 1 { "a" } else { "b" }).from_to(from, from + number * 100);
        let root = if number == 4 { root.status(SpanStatus::Error) } else { root.status(SpanStatus::Ok) };
        let root = if number < 4 { root.session(if number == 1 { "s" } else { "t" }) } else { root };
        let call = span(2).parent(1).name("call").span_type("LLM").from_to(from + 10, from + 60);
        let call = if number == 2 {
            call.model("m", "p").usage(100, 10).cost(1.0, 0.5)
        } else {
            call.model("n", "p").usage(5, 1).cost(0.25, 0.25)
        };
        store.append_spans(vec![spans(&trace_id(number as u32), &[root, call])]).await?;
    }
    Ok(())
}

const SUMS: [Aggregation; 4] =
    [Aggregation::Avg, Aggregation::Min, Aggregation::Max, Aggregation::Percentile(50.0)];

/// Traces are counted and measured, by name and by state.
pub async fn traces_are_measured(store: &dyn Store) -> StoreResult<()> {
    make_some(store).await?;
    let count = query(Measure::TraceCount, &[Aggregation::Count], &[]);
    assert_eq!(answer(store, count.clone()).await?, "4");
    let by =
        |dimensions: &[MetricDimension]| AggregateQuery { dimensions: dimensions.to_vec(), ..count.clone() };
    assert_eq!(answer(store, by(&[MetricDimension::TraceName])).await?, "a 1, b 3");
    let by_both = by(&[MetricDimension::TraceStatus, MetricDimension::TraceName]);
    assert_eq!(answer(store, by_both.clone()).await?, "ERROR b 1, OK a 1, OK b 2");
    assert_eq!(answer(store, AggregateQuery { rows_max: 2, ..by_both }).await?, "ERROR b 1, OK a 1");
    let sessions = query(Measure::SessionCount, &[Aggregation::Count], &[]);
    assert_eq!(answer(store, sessions).await?, "2");
    let latency = query(Measure::TraceLatency, &SUMS, &[MetricDimension::TraceName]);
    assert_eq!(answer(store, latency).await?, "a 100 100 100 100, b 300 200 400 300");
    let tokens = query(Measure::Tokens(TokenKind::Input), &[Aggregation::Sum, Aggregation::Max], &[]);
    assert_eq!(answer(store, tokens).await?, "115 100");
    let cached = query(Measure::Tokens(TokenKind::CacheRead), &[Aggregation::Sum], &[]);
    assert_eq!(answer(store, cached).await?, "");
    let elsewhere = AggregateQuery { experiments: vec![ExperimentId(9)], ..count };
    assert_eq!(answer(store, elsewhere).await?, "0");
    Ok(())
}

/// Spans are counted and measured; cost is that of the spans that count in their trace.
pub async fn spans_are_measured(store: &dyn Store) -> StoreResult<()> {
    make_some(store).await?;
    let agent = span(1).name("agent").usage(9, 9).cost(2.0, 2.0);
    let inner = span(2).parent(1).name("call").model("m", "p").usage(4, 4).cost(1.0, 1.0);
    store.append_spans(vec![spans(&trace_id(9), &[agent, inner])]).await?;
    let count = query(Measure::SpanCount, &[Aggregation::Count], &[]);
    assert_eq!(answer(store, count.clone()).await?, "10");
    let by = |dimension| AggregateQuery { dimensions: vec![dimension], ..count.clone() };
    assert_eq!(answer(store, by(MetricDimension::SpanName)).await?, "a 1, agent 1, b 3, call 5");
    assert_eq!(answer(store, by(MetricDimension::SpanType)).await?, "LLM 4, UNKNOWN 6");
    assert_eq!(answer(store, by(MetricDimension::SpanModelName)).await?, "m 2, n 3");
    assert_eq!(answer(store, by(MetricDimension::SpanModelProvider)).await?, "p 5");
    assert_eq!(answer(store, by(MetricDimension::SpanStatus)).await?, "ERROR 1, OK 3, UNSET 6");
    assert_eq!(answer(store, filtered(count.clone(), "span.type = 'LLM'")).await?, "4");
    assert_eq!(answer(store, filtered(count.clone(), "span.name = 'b'")).await?, "3");
    assert_eq!(answer(store, filtered(count, "span.status = 'ERROR'")).await?, "1");
    let latency = query(Measure::SpanLatency, &SUMS, &[MetricDimension::SpanName]);
    let calls = filtered(latency, "span.name = 'call'");
    assert_eq!(answer(store, calls).await?, "call 60 50 100 50");
    let cost = |kind, aggregations: &[Aggregation], dimensions: &[MetricDimension]| {
        query(Measure::SpanCost(kind), aggregations, dimensions)
    };
    let sum = [Aggregation::Sum];
    assert_eq!(answer(store, cost(CostKind::Total, &sum, &[])).await?, "7");
    let by_model = [MetricDimension::SpanModelName];
    assert_eq!(answer(store, cost(CostKind::Total, &sum, &by_model)).await?, "m 1.5, n 1.5");
    assert_eq!(
        answer(store, cost(CostKind::Input, &SUMS, &by_model)).await?,
        "m 1 1 1 1, n 0.25 0.25 0.25 0.25"
    );
    Ok(())
}

/// Time is cut into buckets from the epoch on, whether a quarter of an hour or less, and both ends are kept to.
pub async fn measures_are_of_their_time(store: &dyn Store) -> StoreResult<()> {
    let quarter_ms = METRICS_STEP_NS / MS;
    for (number, start_ms) in [0, 1_000, 99_999, 100_000, quarter_ms, 3 * quarter_ms].into_iter().enumerate()
    {
        let root = span(1).from_to(start_ms, start_ms + 10).model("m", "p").usage(1, 1).cost(0.5, 0.5);
        store.append_spans(vec![spans(&trace_id(number as u32 + 1), &[root])]).await?;
    }
    // The suite's epoch is 800 s after the start of a quarter.
    let within = |measure, aggregation, bucket_s: i64, from_ms: i64, to_ms: i64| AggregateQuery {
        bucket_ms: Some(bucket_s * 1_000),
        from_ms: Some(EPOCH_MS + from_ms),
        to_ms: Some(EPOCH_MS + to_ms),
        ..query(measure, &[aggregation], &[])
    };
    let (all, count) = (4 * quarter_ms, Aggregation::Count);
    for (measure, aggregation) in [
        (Measure::TraceCount, count),
        (Measure::Tokens(TokenKind::Input), Aggregation::Sum),
        (Measure::SpanCount, count),
        (Measure::SpanCost(CostKind::Total), Aggregation::Sum),
    ] {
        let of = async |bucket_s, from_ms, to_ms| {
            answer(store, within(measure, aggregation, bucket_s, from_ms, to_ms)).await
        };
        assert_eq!(of(900, 0, all).await?, "-800000 3, 100000 2, 1900000 1", "{measure:?}");
        assert_eq!(of(1_800, 0, all).await?, "-800000 5, 1000000 1", "{measure:?}");
        assert_eq!(of(900, 1, all).await?, "-800000 2, 100000 2, 1900000 1", "{measure:?}");
        assert_eq!(of(900, 0, 3 * quarter_ms).await?, "-800000 3, 100000 2", "{measure:?}");
        assert_eq!(of(100, 0, 100_001).await?, "0 3, 100000 1", "{measure:?}");
        let whole = AggregateQuery { bucket_ms: None, ..within(measure, aggregation, 1, 1, 900_001) };
        assert_eq!(answer(store, whole).await?, "4", "{measure:?}");
    }
    Ok(())
}

/// Filters are of traces, and all must hold.
pub async fn measures_are_of_the_filter(store: &dyn Store) -> StoreResult<()> {
    make_some(store).await?;
    store.set_trace_tag(&trace_id(1), "env", "dev").await?;
    store.link_traces_to_run(&[trace_id(1), trace_id(4)], "r").await?;
    let count = || query(Measure::TraceCount, &[Aggregation::Count], &[]);
    for (filter, expected) in [
        ("trace.status = 'OK'", "3"),
        ("trace.status = 'NOPE'", "0"),
        ("trace.tag.env = 'dev'", "1"),
        ("trace.tag.mlflow.traceName = 'b'", "3"),
        ("trace.metadata.`mlflow.trace.session` = 't'", "2"),
        ("trace.metadata.mlflow.sourceRun = 'r'", "2"),
    ] {
        assert_eq!(answer(store, filtered(count(), filter)).await?, expected, "{filter}");
        let spans = filtered(query(Measure::SpanCount, &[Aggregation::Count], &[]), filter);
        let expected = expected.parse::<u32>().expect("it is a number") * 2;
        assert_eq!(answer(store, spans).await?, expected.to_string(), "{filter}");
    }
    Ok(())
}

/// Valid assessments are counted by name and value; as numbers count true and "yes" too.
pub async fn assessments_are_measured(store: &dyn Store) -> StoreResult<()> {
    let id = trace_id(1);
    store.start_trace(start(&id, ExperimentId::DEFAULT)).await?;
    for (number, (name, value)) in [
        ("n", serde_json::json!(2)),
        ("n", serde_json::json!(0.5)),
        ("y", serde_json::json!("yes")),
        ("y", serde_json::json!(" No")),
        ("y", serde_json::json!(true)),
        ("y", serde_json::json!("maybe")),
    ]
    .into_iter()
    .enumerate()
    {
        let made = assessment(&id, &format!("a-{number}"), name, feedback(value));
        store.create_assessment(made).await?;
    }
    let overriding = assessment(&id, "a-9", "n", feedback(serde_json::json!(4.0)));
    let overrides = Some(spanwise_model::AssessmentId("a-1".to_owned()));
    store.create_assessment(spanwise_model::Assessment { overrides, ..overriding }).await?;
    let name = [MetricDimension::AssessmentName];
    let count = query(Measure::AssessmentCount, &[Aggregation::Count], &name);
    assert_eq!(answer(store, count.clone()).await?, "n 2, y 4");
    assert_eq!(answer(store, filtered(count.clone(), "assessment.name = 'n'")).await?, "n 2");
    assert_eq!(answer(store, filtered(count.clone(), "assessment.type = 'issue'")).await?, "");
    assert_eq!(answer(store, filtered(count.clone(), "trace.status = 'ERROR'")).await?, "");
    let by_value = AggregateQuery { dimensions: vec![MetricDimension::AssessmentValue], ..count };
    let expected = "\" No\" 1, \"maybe\" 1, \"yes\" 1, 2.0 1, 4.0 1, true 1";
    assert_eq!(answer(store, by_value).await?, expected);
    let value = query(Measure::AssessmentValue, &SUMS, &name);
    assert_eq!(answer(store, value).await?, format!("n 3 2 4 3, y {} 0 1 1", 2.0 / 3.0));
    Ok(())
}
