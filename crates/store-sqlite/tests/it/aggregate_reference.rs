//! Random questions of measures over random traces: the engine must answer as a naive reference does, whether from
//! roll-ups, from columns or from rows.

use spanwise_model::{
    Aggregation, CostKind, ExperimentId, Measure, MetricDimension, MetricView, SpanStatus, TokenKind, TraceId,
};
use spanwise_query::{MetricFilter, SpanField, parse_metric_filter};
use spanwise_store::conformance::build::{EPOCH_NS, MS, Span, span, spans, trace_id};
use spanwise_store::{AggregateQuery, DeleteTraces, Store};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

const TRACES: u32 = 300;
const QUESTIONS: usize = 600;
const EPOCH_MS: i64 = EPOCH_NS / MS;
/// Traces start within so many milliseconds.
const HOURS_MS: i64 = 6 * 3_600_000;
const NAMES: &[&str] = &["chat", "plan", "search", "é"];
const TYPES: &[&str] = &["LLM", "TOOL", "AGENT"];
const MODELS: &[(&str, &str)] = &[("m", "p"), ("n", "p"), ("m", "q")];
const SESSIONS: &[&str] = &["s", "t", "u", "v"];
const STATUSES: [SpanStatus; 3] = [SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error];

/// A small generator of pseudo-random numbers, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A span as the reference sees it.
#[derive(Debug, Clone)]
struct PlainSpan {
    name: &'static str,
    span_type: &'static str,
    status: SpanStatus,
    start_ms: i64,
    end_ms: Option<i64>,
    model: Option<(&'static str, &'static str)>,
    tokens: Option<(u64, u64)>,
    cost: Option<(f64, f64)>,
    session: Option<&'static str>,
}

/// The first span is the root.
type PlainTrace = Vec<PlainSpan>;

impl PlainSpan {
    /// A child only has tokens and cost if it has no children itself, so that nothing is counted twice.
    fn random(random: &mut Random, start_ms: i64, is_root: bool) -> PlainSpan {
        let is_call = !is_root && random.one_in(2);
        let length_max = if random.one_in(10) { 1_800_000 } else { 500 };
        let length_ms = random.below(length_max) as i64;
        PlainSpan {
            name: random.pick(NAMES),
            span_type: random.pick(TYPES),
            status: random.pick(&STATUSES),
            start_ms,
            end_ms: (!random.one_in(12)).then_some(start_ms + length_ms),
            model: (is_call && !random.one_in(5)).then(|| random.pick(MODELS)),
            tokens: (is_call && !random.one_in(4)).then(|| (random.below(50) as u64, random.below(9) as u64)),
            // Parts of a power of two, so that no order of adding changes the sum.
            cost: (is_call && !random.one_in(4))
                .then(|| (random.below(64) as f64 / 64.0, random.below(8) as f64 / 8.0)),
            session: (is_root && random.one_in(2)).then(|| random.pick(SESSIONS)),
        }
    }

    fn to_send(&self, number: u64) -> Span {
        let mut sent = span(number).name(self.name).span_type(self.span_type).status(self.status);
        // Two spans that differ must differ in their bytes.
        sent = sent.attribute("derived", &format!("{} {:?}", self.span_type, self.model));
        sent = if number > 1 { sent.parent(1) } else { sent };
        sent = match self.end_ms {
            Some(end_ms) => sent.from_to(self.start_ms, end_ms),
            None => sent.from_to(self.start_ms, self.start_ms).open(),
        };
        sent = if let Some((model, provider)) = self.model { sent.model(model, provider) } else { sent };
        sent = if let Some((input, output)) = self.tokens { sent.usage(input, output) } else { sent };
        sent = if let Some((input, output)) = self.cost { sent.cost(input, output) } else { sent };
        if let Some(session) = self.session { sent.session(session) } else { sent }
    }

    fn filtered_text(&self, field: &SpanField) -> &'static str {
        match field {
            SpanField::Status => self.status.as_str(),
            SpanField::Type => self.span_type,
            _ => self.name,
        }
    }

    fn text(&self, dimension: MetricDimension) -> Option<&'static str> {
        match dimension {
            MetricDimension::SpanName => Some(self.name),
            MetricDimension::SpanType => Some(self.span_type),
            MetricDimension::SpanStatus => Some(self.status.as_str()),
            MetricDimension::SpanModelName => self.model.map(|(model, _)| model),
            _ => self.model.map(|(_, provider)| provider),
        }
    }
}

/// One value with where and when it belongs.
struct Fact {
    /// What `from_ms` and `to_ms` are compared with.
    time_ms: i64,
    bucket_time_ms: i64,
    texts: Vec<Option<&'static str>>,
    value: f64,
    session: Option<&'static str>,
}

fn state(trace: &PlainTrace) -> &'static str {
    match (trace[0].end_ms, trace[0].status) {
        (None, _) => "IN_PROGRESS",
        (_, SpanStatus::Error) => "ERROR",
        _ => "OK",
    }
}

fn facts(query: &AggregateQuery, trace: &PlainTrace, facts: &mut Vec<Fact>) {
    let start_ms = trace.iter().map(|span| span.start_ms).min().unwrap();
    let end_ms = trace.iter().filter_map(|span| span.end_ms).max();
    let of_trace = |value: Option<f64>| {
        let texts = query.dimensions.iter().map(|dimension| match dimension {
            MetricDimension::TraceStatus => Some(state(trace)),
            _ => Some(trace[0].name),
        });
        let (time_ms, bucket_time_ms) = (start_ms, start_ms);
        let session = trace[0].session;
        value.map(|value| Fact { time_ms, bucket_time_ms, texts: texts.collect(), value, session })
    };
    let of_span = |span: &PlainSpan, time_ms: i64, value: f64| Fact {
        time_ms,
        bucket_time_ms: span.start_ms,
        texts: query.dimensions.iter().map(|dimension| span.text(*dimension)).collect(),
        value,
        session: None,
    };
    let tokens = |kind: TokenKind| {
        let known: Vec<(u64, u64)> = trace.iter().filter_map(|span| span.tokens).collect();
        let sum = |part: fn(&(u64, u64)) -> u64| known.iter().map(part).sum::<u64>() as f64;
        let sum = match kind {
            TokenKind::Input => sum(|tokens| tokens.0),
            TokenKind::Output => sum(|tokens| tokens.1),
            TokenKind::Total => sum(|tokens| tokens.0 + tokens.1),
            TokenKind::CacheRead | TokenKind::CacheCreation => return None,
        };
        (!known.is_empty()).then_some(sum)
    };
    let spans = trace.iter().filter(|span| query.matches_span(|field| span.filtered_text(field)));
    match query.measure {
        Measure::TraceCount => facts.extend(of_trace(Some(1.0))),
        Measure::SessionCount => facts.extend(of_trace(trace[0].session.map(|_| 1.0))),
        Measure::TraceLatency => facts.extend(of_trace(end_ms.map(|end_ms| (end_ms - start_ms) as f64))),
        Measure::Tokens(kind) => facts.extend(of_trace(tokens(kind))),
        Measure::SpanCount => facts.extend(spans.map(|span| of_span(span, start_ms, 1.0))),
        Measure::SpanLatency => facts.extend(
            spans.filter_map(|span| Some(of_span(span, start_ms, (span.end_ms? - span.start_ms) as f64))),
        ),
        Measure::SpanCost(kind) => facts.extend(spans.filter_map(|span| {
            let (input, output) = span.cost?;
            let value = match kind {
                CostKind::Input => input,
                CostKind::Output => output,
                CostKind::Total => input + output,
            };
            Some(of_span(span, span.start_ms, value))
        })),
        Measure::AssessmentCount | Measure::AssessmentValue => {}
    }
}

fn sum_up(aggregation: Aggregation, group: &[&Fact], is_distinct: bool) -> Option<f64> {
    let mut values: Vec<f64> = group.iter().map(|fact| fact.value).collect();
    values.sort_by(f64::total_cmp);
    if aggregation == Aggregation::Count && is_distinct {
        return Some(group.iter().map(|fact| fact.session).collect::<BTreeSet<_>>().len() as f64);
    }
    let (first, last) = (values.first().copied(), values.last().copied());
    let sum: f64 = values.iter().sum();
    match aggregation {
        Aggregation::Count => Some(values.len() as f64),
        Aggregation::Sum => first.map(|_| sum),
        Aggregation::Avg => first.map(|_| sum / values.len() as f64),
        Aggregation::Min => first,
        Aggregation::Max => last,
        Aggregation::Percentile(percent) => first.map(|_| {
            let rank = percent / 100.0 * (values.len() - 1) as f64;
            let (below, above) = (values[rank.floor() as usize], values[rank.ceil() as usize]);
            below + (above - below) * rank.fract()
        }),
    }
}

type Rows = Vec<(Option<i64>, Vec<String>, Vec<Option<f64>>)>;

/// Answers by looking at everything.
fn expected(query: &AggregateQuery, traces: &BTreeMap<u32, PlainTrace>) -> Rows {
    let mut all = Vec::new();
    for trace in traces.values() {
        let holds = |filter: &MetricFilter| match filter {
            MetricFilter::Trace(_) => state(trace) == "OK",
            _ => true,
        };
        if query.filters.iter().all(holds) {
            facts(query, trace, &mut all);
        }
    }
    let mut groups: BTreeMap<(Option<i64>, Vec<String>), Vec<&Fact>> = BTreeMap::new();
    for fact in &all {
        let bucket = query.bucket_ms.map(|width| (fact.bucket_time_ms + EPOCH_MS).div_euclid(width) * width);
        let texts: Option<Vec<String>> = fact.texts.iter().map(|text| text.map(str::to_owned)).collect();
        if let Some(texts) = texts.filter(|_| query.contains(fact.time_ms + EPOCH_MS)) {
            groups.entry((bucket, texts)).or_default().push(fact);
        }
    }
    if groups.is_empty() && query.dimensions.is_empty() && query.bucket_ms.is_none() {
        groups.insert((None, Vec::new()), Vec::new());
    }
    let is_distinct = query.measure == Measure::SessionCount;
    let rows = groups.into_iter().take(query.rows_max).map(|((bucket, texts), group)| {
        let values = query.aggregations.iter().map(|one| sum_up(*one, &group, is_distinct)).collect();
        (bucket, texts, values)
    });
    rows.filter(|(_, _, values): &(_, _, Vec<Option<f64>>)| values.iter().any(Option::is_some)).collect()
}

fn aggregation(random: &mut Random, name: &str) -> Aggregation {
    match name {
        "COUNT" => Aggregation::Count,
        "SUM" => Aggregation::Sum,
        "AVG" => Aggregation::Avg,
        "MIN" => Aggregation::Min,
        "MAX" => Aggregation::Max,
        _ => Aggregation::Percentile(random.pick(&[0.0, 12.5, 50.0, 95.0, 100.0])),
    }
}

fn question(random: &mut Random) -> AggregateQuery {
    let view = random.pick(&[MetricView::Traces, MetricView::Spans]);
    let measure = random.pick(view.measures());
    let names = measure.aggregations();
    // A sum alone is what roll-ups can answer.
    let wanted = if names.contains(&"SUM") && random.one_in(2) { vec!["SUM"] } else { names.to_vec() };
    let mut dimensions = measure.dimensions().to_vec();
    dimensions.retain(|_| random.one_in(3));
    let mut filters = Vec::new();
    let pool: &[&str] = match view {
        MetricView::Spans => {
            &["trace.status = 'OK'", "span.name = 'chat'", "span.type = 'LLM'", "span.status = 'ERROR'"]
        }
        _ => &["trace.status = 'OK'"],
    };
    for filter in pool {
        if random.one_in(8) {
            filters.push(parse_metric_filter(filter).unwrap());
        }
    }
    let edge = |random: &mut Random| {
        let ms = random.below(HOURS_MS as usize) as i64 + EPOCH_MS;
        if random.one_in(2) { ms.div_euclid(900_000) * 900_000 } else { ms }
    };
    let bucket_ms = random.pick(&[None, None, Some(60_000), Some(900_000), Some(1_800_000), Some(5_400_000)]);
    let with_edges = bucket_ms.is_some() || random.one_in(2);
    let (one, other) = (edge(random), edge(random));
    AggregateQuery {
        experiments: vec![ExperimentId::DEFAULT],
        measure,
        aggregations: wanted.into_iter().map(|name| aggregation(random, name)).collect(),
        dimensions,
        filters,
        from_ms: with_edges.then_some(one.min(other)),
        to_ms: with_edges.then_some(one.max(other)),
        bucket_ms,
        rows_max: random.pick(&[1, 3, 20, 1_000]),
    }
}

async fn open(trace_columns: bool) -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { trace_columns, ..OpenOptions::new(folder.path()) };
    let store = SqliteStore::open(&options).unwrap();
    if trace_columns {
        store.columns_loaded().await.unwrap();
    }
    (store, folder)
}

/// Sends spans in one or two parts; some come a second time and are different then, and some traces are deleted.
async fn fill(store: &SqliteStore, random: &mut Random) -> BTreeMap<u32, PlainTrace> {
    let mut traces = BTreeMap::new();
    for number in 1..=TRACES {
        let start_ms = random.below(HOURS_MS as usize) as i64;
        let mut trace = vec![PlainSpan::random(random, start_ms, true)];
        for _ in 0..random.below(5) {
            let after_max = if random.one_in(5) { 1_500_000 } else { 300 };
            let after_ms = random.below(after_max) as i64;
            trace.push(PlainSpan::random(random, start_ms + after_ms, false));
        }
        let send = |trace: &PlainTrace, from: usize, to: usize| {
            let some = (from..to).map(|at| trace[at].to_send(at as u64 + 1)).collect::<Vec<_>>();
            store.append_spans(vec![spans(&trace_id(number), &some)])
        };
        let cut = random.below(trace.len());
        if cut > 0 {
            send(&trace, cut, trace.len()).await.unwrap();
        }
        send(&trace, 0, if cut > 0 { cut } else { trace.len() }).await.unwrap();
        if trace.len() > 1 && random.one_in(4) {
            let again = 1 + random.below(trace.len() - 1);
            let old = &trace[again];
            // A span that ended does not become an open one again, nor does a trace begin later.
            let mut new = PlainSpan::random(random, old.start_ms, false);
            new.end_ms = Some(new.end_ms.or(old.end_ms).unwrap_or(old.start_ms + 5));
            new.end_ms = new.end_ms.max(old.end_ms);
            trace[again] = new;
            send(&trace, again, again + 1).await.unwrap();
        }
        traces.insert(number, trace);
    }
    let gone: Vec<u32> = traces.keys().copied().filter(|_| random.one_in(10)).collect();
    let ids: Vec<TraceId> = gone.iter().map(|number| trace_id(*number)).collect();
    store.delete_traces(ExperimentId::DEFAULT, DeleteTraces::Ids(ids)).await.unwrap();
    traces.retain(|number, _| !gone.contains(number));
    traces
}

async fn answer(store: &SqliteStore, query: AggregateQuery) -> Rows {
    let rows = store.aggregate(query).await.unwrap().into_iter();
    rows.map(|row| (row.bucket_ms, row.texts.iter().map(|text| text.to_string()).collect(), row.values))
        .collect()
}

fn is_near(found: &Rows, expected: &Rows) -> bool {
    let near = |found: &Option<f64>, expected: &Option<f64>| match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    };
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, expected)| {
            (found.0, &found.1) == (expected.0, &expected.1)
                && found.2.iter().zip(&expected.2).all(|(found, expected)| near(found, expected))
        })
}

#[tokio::test]
async fn random_questions_are_answered_as_the_reference_does() {
    for trace_columns in [true, false] {
        let mut random = Random(15);
        let (store, _folder) = open(trace_columns).await;
        let traces = fill(&store, &mut random).await;
        let mut full = 0;
        for number in 0..QUESTIONS {
            let query = question(&mut random);
            let found = answer(&store, query.clone()).await;
            let expected = expected(&query, &traces);
            assert!(
                is_near(&found, &expected),
                "question {number}, columns {trace_columns}: {query:?}\n   found {found:?}\nexpected {expected:?}"
            );
            full += usize::from(!found.is_empty());
        }
        assert!(full > QUESTIONS / 2, "{full} answers with rows");
    }
}

/// Makes traces whose spans have usage on every level, of which some counts and some does not.
async fn fill_nested(store: &SqliteStore, random: &mut Random) {
    for number in 1..=TRACES {
        let start_ms = random.below(HOURS_MS as usize) as i64;
        let mut sent = Vec::new();
        for at in 1..=1 + random.below(7) as u64 {
            let after_ms = random.below(1_000_000) as i64;
            let mut one = PlainSpan::random(random, start_ms + after_ms, false);
            if random.one_in(3) {
                one.tokens = Some((random.below(100) as u64, random.below(20) as u64));
                one.cost = Some((random.below(64) as f64 / 64.0, 0.0));
            }
            let parent = 1 + random.below(at as usize) as u64;
            sent.push(if at == 1 { one.to_send(1) } else { one.to_send(at).parent(parent.min(at - 1)) });
        }
        store.append_spans(vec![spans(&trace_id(number), &sent)]).await.unwrap();
    }
}

#[tokio::test]
async fn roll_ups_and_columns_add_up_to_the_same() {
    let mut random = Random(16);
    let (store, _folder) = open(true).await;
    fill_nested(&store, &mut random).await;
    let mut full = 0;
    for number in 0..QUESTIONS {
        let measures = [
            Measure::Tokens(TokenKind::Input),
            Measure::Tokens(TokenKind::Total),
            Measure::SpanCost(CostKind::Total),
        ];
        let measure = random.pick(&measures);
        let mut query = AggregateQuery { measure, filters: Vec::new(), ..question(&mut random) };
        query.dimensions.clear();
        if random.one_in(2) && measure == Measure::SpanCost(CostKind::Total) {
            query.dimensions.extend([random.pick(measure.dimensions())]);
        }
        let sums = async |aggregations: &[Aggregation]| {
            let query = AggregateQuery { aggregations: aggregations.to_vec(), ..query.clone() };
            let mut rows = answer(&store, query).await;
            rows.iter_mut().for_each(|(_, _, values)| values.truncate(1));
            rows
        };
        let rolled_up = sums(&[Aggregation::Sum]).await;
        // No roll-up knows the largest value.
        let added_up = sums(&[Aggregation::Sum, Aggregation::Max]).await;
        assert!(
            is_near(&rolled_up, &added_up),
            "question {number}: {query:?}\nrolled up {rolled_up:?}\n added up {added_up:?}"
        );
        full += usize::from(!added_up.is_empty());
    }
    assert!(full > QUESTIONS / 2, "{full} answers with rows");
}
