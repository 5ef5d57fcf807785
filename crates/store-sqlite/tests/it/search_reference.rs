//! Random filters over 10,000 traces: the engine must answer as the naive reference does, before and after
//! indexing.

use crate::open_store;
use futures_util::future::{BoxFuture, join_all};
use serde_json::json;
use spanwise_model::{
    Assessment, AssessmentSource, AssessmentValue, Cost, ExperimentId, NewSpan, SourceType, SpanStatus,
    TokenUsage, TraceId, TraceSpans, TraceState,
};
use spanwise_otlp::{SpanView, write_search_text};
use spanwise_query::reference::{self, Span as PlainSpan, Trace as PlainTrace};
use spanwise_query::{parse_filter_at, parse_order_text};
use spanwise_store::conformance::build::{
    EPOCH_NS, MS, assessment, feedback, span, spans, start, texts, trace_id, usage,
};
use spanwise_store::{Cursor, PromptLink, Store, TraceQuery};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use std::collections::BTreeMap;

const TRACES: u32 = 10_000;
/// Traces that are searched without columns in memory, which is slower.
const TRACES_WITHOUT_COLUMNS: u32 = 2_000;
const FILTERS_PER_FAMILY: usize = 2;
/// A family that never finds anything proves nothing: it is asked again until it does, so often at most.
const EXTRA_FILTERS_MAX: usize = 8;
const PAGE_TRACES: usize = 150;
const PAGES_MAX: usize = 3;
const NAMES: &[&str] = &["chat", "plan trip", "Retrieve docs", "embed", "search_web", "é tude"];
const TYPES: &[&str] = &["LLM", "TOOL", "AGENT", "RETRIEVER", "UNKNOWN"];
const WORDS: &[&str] =
    &["refund", "policy", "Weather", "order", "42", "naïve", "invoice", "ship", "shipping", "late", "ok"];
const SESSIONS: usize = 400;
const USERS: &[&str] = &["ada", "Grace", "edsger"];
const MODELS: &[&str] = &["gpt-4o", "gpt-4o-mini", "Claude", "it's"];
const PROVIDERS: &[&str] = &["openai", "anthropic"];
const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "=", "!="];
/// What relative times count from: the middle of the traces.
const NOW_NS: i64 = EPOCH_NS + 35_000 * MS;

/// A small generator of pseudo-random numbers, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

fn sentence(random: &mut Random) -> String {
    let count = 1 + random.below(5);
    (0..count).map(|_| random.pick(WORDS)).collect::<Vec<_>>().join(" ")
}

fn session(random: &mut Random) -> String {
    format!("s-{}", random.below(SESSIONS))
}

/// Makes one trace: what is sent, and its spans as the reference sees them.
fn make_trace(number: u32, random: &mut Random) -> (TraceSpans, Vec<PlainSpan>) {
    let id = if random.one_in(50) { format!("own-{number}").parse().unwrap() } else { trace_id(number) };
    let mut plain = Vec::new();
    let mut sent = Vec::new();
    for index in 0..1 + random.below(4) as u64 {
        let (name, span_type) = (random.pick(NAMES), random.pick(TYPES));
        let status = [SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error][random.below(3)];
        let mut attributes = BTreeMap::new();
        if !random.one_in(3) {
            attributes.insert("input.text", sentence(random));
        }
        if random.one_in(3) {
            attributes.insert("k", random.pick(&["1", "true", "blue", "Blue sky"]).to_owned());
        }
        let begin = i64::from(number) * 7;
        let mut one = span(index + 1).name(name).span_type(span_type).status(status);
        one = one.from_to(begin, begin + 1 + random.below(5_000) as i64);
        if index > 0 {
            one = one.parent(1);
        }
        if random.one_in(3) {
            one = one.session(session(random).leak());
        }
        if random.one_in(4) {
            one = one.user(random.pick(USERS));
        }
        for (key, value) in &attributes {
            one = one.attribute(key, value);
        }
        if random.one_in(20) {
            one = one.open();
        }
        let mut content = String::new();
        write_search_text(&SpanView::parse(&one.raw(&id)).unwrap(), &mut content);
        sent.push(one);
        plain.push(PlainSpan {
            name: name.to_owned(),
            span_type: span_type.to_owned(),
            status,
            model: None,
            provider: None,
            duration_ns: None,
            usage: None,
            cost: None,
            attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            content,
        });
    }
    let mut batch = spans(&id, &sent);
    for (span, plain) in batch.spans.iter_mut().zip(&mut plain) {
        refine(span, random);
        plain.model = span.model.as_deref().map(str::to_owned);
        plain.provider = span.provider.as_deref().map(str::to_owned);
        plain.duration_ns = span.end_ns.map(|end| end - span.start_ns);
        (plain.usage, plain.cost) = (span.usage, span.cost);
    }
    (batch, plain)
}

/// Gives a span a model, tokens, cost and an end within a millisecond.
fn refine(span: &mut NewSpan, random: &mut Random) {
    span.end_ns = span.end_ns.map(|end| end + random.below(1_000) as i64 * 1_000);
    if random.one_in(2) {
        span.model = Some(random.pick(MODELS).into());
        span.provider = (!random.one_in(3)).then(|| random.pick(PROVIDERS).into());
    }
    if random.one_in(3) {
        let (input, output) = (random.below(1_000) as u64, random.below(50) as u64);
        let cached = |random: &mut Random| random.one_in(2).then(|| random.below(500) as u64);
        span.usage = Some(TokenUsage {
            cache_read: cached(random),
            cache_creation: cached(random),
            ..usage(input, output)
        });
        let (input, output) = (random.below(8) as f64 / 8.0, random.below(4) as f64 / 4.0);
        span.cost = random.one_in(2).then_some(Cost { input, output, total: input + output });
    }
}

type Write<'a> = BoxFuture<'a, ()>;

/// Gives some traces a final record, tags, assessments and links.
fn decorate<'a>(store: &'a SqliteStore, random: &mut Random, trace: &mut PlainTrace) -> Vec<Write<'a>> {
    let id = trace.info.trace_id.clone();
    let mut writes: Vec<Write<'a>> = Vec::new();
    if random.one_in(4) {
        let mut record = start(&id, ExperimentId::DEFAULT);
        record.start_ns = trace.info.start_ns;
        record.duration_ns = (!random.one_in(5)).then(|| random.below(4_000) as i64 * MS);
        record.state = [TraceState::Ok, TraceState::Error, TraceState::InProgress][random.below(3)];
        record.client_request_id = random.one_in(2).then(|| format!("req-{}", random.below(20)));
        record.metadata = texts([
            ("env", random.pick(&["dev", "prod"])),
            ("mlflow.sourceRun", random.pick(&["r1", "r2"])),
            ("n", random.pick(&["1", "2.5", "-3", "1e2", "two", "5x"])),
        ]);
        writes.push(Box::pin(async move { drop(store.start_trace(record).await.unwrap()) }));
    }
    if random.one_in(3) {
        let (id, team) = (id.clone(), random.pick(&["red", "blue", "Blue"]));
        writes.push(Box::pin(async move { store.set_trace_tag(&id, "team", team).await.unwrap() }));
    }
    if random.one_in(3) {
        let (id, n) = (id.clone(), random.pick(&["1", "2.0", "10", "-0.5", "many", ""]));
        writes.push(Box::pin(async move { store.set_trace_tag(&id, "n", n).await.unwrap() }));
    }
    if random.one_in(6) {
        let value = [json!("Paris"), json!("été"), json!(3), json!(2.5), json!(true), json!(["a"])]
            [random.below(6)]
        .clone();
        let value = AssessmentValue::Expectation { value, serialized: false };
        let one = assessment(&id, &format!("e-{id}"), "answer", value);
        writes.push(Box::pin(async move { drop(store.create_assessment(one).await.unwrap()) }));
    }
    if random.one_in(4) {
        let value = match random.below(5) {
            0 => feedback(random.below(5) as f64 / 2.0),
            1 => feedback(random.below(6) as i64),
            2 => feedback(random.one_in(2)),
            3 => feedback(random.pick(&["yes", "no", "5"])),
            _ => feedback(serde_json::json!({"a": [1, "x"]})),
        };
        let mut one = assessment(&id, &format!("a-{id}"), random.pick(&["quality", "tone"]), value);
        one.source = AssessmentSource { source_type: SourceType::Human, source_id: None };
        if random.one_in(40) {
            one.metadata.insert("mlflow.trace.session".into(), "s".into());
        }
        // A second one, newer or of another name; sometimes it replaces the first.
        let second = random.one_in(3).then(|| Assessment {
            overrides: random.one_in(2).then(|| one.assessment_id.clone()),
            ..assessment(
                &id,
                &format!("b-{id}"),
                random.pick(&["quality", "tone"]),
                feedback(random.below(9) as i64),
            )
        });
        writes.push(Box::pin(async move {
            drop(store.create_assessment(one).await.unwrap());
            if let Some(second) = second {
                drop(store.create_assessment(second).await.unwrap());
            }
        }));
    }
    if random.one_in(10) {
        let run = random.pick(&["r1", "r3"]);
        let id = id.clone();
        writes.push(Box::pin(async move { store.link_traces_to_run(&[id], run).await.unwrap() }));
        trace.linked_runs.push(run.to_owned());
    }
    if random.one_in(10) {
        let link = PromptLink { name: "p".into(), version: random.pick(&["1", "2"]).into() };
        trace.prompts.push((link.name.clone(), link.version.clone()));
        writes.push(Box::pin(async move { store.link_prompts(&id, &[link]).await.unwrap() }));
    }
    writes
}

/// The families of filters; each call makes another one of its family.
const FAMILIES: &[fn(&mut Random) -> String] = &[
    |r| format!("status {} '{}'", r.pick(&["=", "!=", "LIKE"]), r.pick(&["OK", "ERROR", "IN_PROGRESS"])),
    |r| {
        format!(
            "timestamp_ms {} {}",
            r.pick(&["<", "<=", ">", ">=", "!=", "="]),
            1_700_000_000_000 + r.below(70_000)
        )
    },
    |r| format!("execution_time {} {}", r.pick(&["<", ">=", "!=", "="]), r.below(5_000)),
    |r| format!("end_time_ms {} {}", r.pick(&["<", ">="]), 1_700_000_000_000 + r.below(80_000)),
    |r| format!("request_id {} 'own-%{}'", r.pick(&["LIKE", "ILIKE"]), r.below(10)),
    |r| format!("client_request_id {} 'req-{}'", r.pick(&["=", "!="]), r.below(20)),
    |r| {
        format!(
            "name {} '{}'",
            r.pick(&["=", "!=", "LIKE", "ILIKE", "RLIKE"]),
            r.pick(&["chat", "%a%", "RETRIEVE%", "^s", "é tude"])
        )
    },
    |r| format!("tags.team {} '{}'", r.pick(&["=", "!=", "ILIKE"]), r.pick(&["blue", "red"])),
    |r| format!("tags.`service.name` {}", r.pick(&["IS NULL", "IS NOT NULL", "= 'nowhere'"])),
    |r| format!("tags.team {}", r.pick(&["IS NULL", "IS NOT NULL"])),
    |r| format!("metadata.env {} '{}'", r.pick(&["=", "!="]), r.pick(&["dev", "prod"])),
    |r| format!("metadata.`mlflow.trace.session` {} '{}'", r.pick(&["=", "!=", "LIKE"]), session(r)),
    |r| format!("metadata.`mlflow.trace.tokenUsage` {}", r.pick(&["IS NULL", "IS NOT NULL"])),
    |r| format!("run_id = '{}'", r.pick(&["r1", "r2", "r3", "r9"])),
    |r| format!("prompt = 'p/{}'", r.pick(&["1", "2", "3"])),
    |r| {
        format!(
            "feedback.quality {} '{}'",
            r.pick(&["=", "!=", "LIKE"]),
            r.pick(&["yes", "5", "true", "2.5", "%\"a\"%"])
        )
    },
    |r| format!("feedback.tone {} {}", r.pick(&[">", "<=", ">=", "<"]), r.below(3)),
    |r| format!("feedback.{} IS NULL", r.pick(&["quality", "tone"])),
    |r| format!("feedback.{} IS NOT NULL", r.pick(&["quality", "tone"])),
    |r| {
        format!(
            "span.name {} '{}'",
            r.pick(&["=", "!=", "LIKE", "ILIKE", "RLIKE"]),
            r.pick(&["embed", "search%", "%docs", "^p"])
        )
    },
    |r| format!("span.type IN ('{}', 'AGENT')", r.pick(TYPES)),
    |r| {
        format!(
            "span.status = 'ERROR' AND span.type = '{}' AND span.name = '{}'",
            r.pick(TYPES),
            r.pick(NAMES)
        )
    },
    |r| {
        format!(
            "span.attributes.k {} '{}'",
            r.pick(&["=", "!=", "ILIKE", "RLIKE"]),
            r.pick(&["1", "blue%", "^B", "true"])
        )
    },
    |r| format!("span.attributes.`input.text` LIKE '%{}%'", r.pick(WORDS)),
    |r| {
        format!(
            "trace.text {} '%{}%'",
            r.pick(&["LIKE", "ILIKE"]),
            r.pick(&["refund", "ship", "policy order", "REFUND", "y o", "ïv"])
        )
    },
    |r| format!("trace.text LIKE '%{} {} {}%'", r.pick(WORDS), r.pick(WORDS), r.pick(WORDS)),
    |r| format!("span.content LIKE '%{}%' AND span.type = '{}'", r.pick(WORDS), r.pick(TYPES)),
    |r| format!("trace.text LIKE '%{}%' AND tags.team = 'blue' AND status = 'OK'", r.pick(WORDS)),
    |r| format!("latency {} {}us", r.pick(COMPARISONS), r.below(5_000_000)),
    |r| format!("duration {} {}.5ms", r.pick(COMPARISONS), r.below(5_000)),
    |r| format!("execution_time {} {}s", r.pick(COMPARISONS), r.below(5)),
    |r| format!("start {} {}.25", r.pick(COMPARISONS), 1_700_000_000_000 + r.below(70_000)),
    |r| format!("start {} '2023-11-14T22:13:{}.007Z'", r.pick(COMPARISONS), 20 + r.below(39)),
    |r| format!("timestamp {} -{}s", r.pick(&["<", ">="]), r.below(30)),
    |r| format!("end {} '2023-11-14 23:14:{}+01:00'", r.pick(&["<", ">="]), 10 + r.below(49)),
    |r| format!("tokens {} {}", r.pick(COMPARISONS), r.below(1_500)),
    |r| {
        let part = r.pick(&["input", "output", "cache_read", "cache_write"]);
        format!("tokens.{part} {} 0.{}k", r.pick(COMPARISONS), r.below(9))
    },
    |r| format!("cost {} {}", r.pick(COMPARISONS), r.below(16) as f64 / 8.0),
    |r| format!("cost.{} {} 0.5", r.pick(&["input", "output"]), r.pick(COMPARISONS)),
    |r| format!("spans {} {}", r.pick(COMPARISONS), 1 + r.below(4)),
    |r| format!("session {} 's-1{}'", r.pick(&["=", "!=", "~", "!~"]), r.below(10)),
    |r| format!("session IN ('{}', '{}')", session(r), session(r)),
    |r| format!("user {} '{}'", r.pick(&["=", "!=", "~", "LIKE"]), r.pick(USERS)),
    |r| format!("user {}", r.pick(&["IS NULL", "IS NOT NULL", "NOT IN ('ada')"])),
    |r| format!("state {} '{}'", r.pick(&["=", "!=", "~"]), r.pick(&["OK", "ERROR", "IN_PROGRESS"])),
    |r| format!("trace_id {} 'OWN-{}'", r.pick(&["~", "!~"]), r.below(10)),
    |r| format!("name {} '{}'", r.pick(&["~", "!~"]), r.pick(&["PLAN", "É", "e", "a%"])),
    |r| format!("tags.team {} ('blue', 'green')", r.pick(&["IN", "NOT IN"])),
    |r| format!("tags.team {} '{}'", r.pick(&["~", "!~"]), r.pick(&["BLUE", "e"])),
    |r| format!("tags.n {} {}", r.pick(COMPARISONS), r.pick(&["1", "2", "9.5", "-1"])),
    |r| format!("metadata.n {} {}", r.pick(COMPARISONS), r.pick(&["1", "100", "2.5"])),
    |r| format!("metadata.env IN ('{}')", r.pick(&["dev", "prod"])),
    |r| format!("span.attributes.k {} {}", r.pick(COMPARISONS), r.below(3)),
    |r| format!("span.attributes.k {} '{}'", r.pick(&["~", "!~"]), r.pick(&["BLUE", "1", "s"])),
    |r| format!("span.attributes.k {}", r.pick(&["IS NULL", "IS NOT NULL", "= true"])),
    |r| format!("model {} \"{}\"", r.pick(&["=", "!=", "~", "!~", "LIKE"]), r.pick(MODELS)),
    |r| format!("span.model IN ('{}', 'x') AND span.type = 'LLM'", r.pick(&["gpt-4o", "Claude"])),
    |r| format!("model {} AND span.status = 'ERROR'", r.pick(&["IS NULL", "IS NOT NULL"])),
    |r| format!("provider {} '{}'", r.pick(&["=", "!=", "~"]), r.pick(PROVIDERS)),
    |r| format!("provider = 'openai' AND model = 'Claude' AND span.name = '{}'", r.pick(NAMES)),
    |r| format!("span.latency {} {}us", r.pick(COMPARISONS), r.below(5_000_000)),
    |r| format!("span.tokens {} {} AND model = 'gpt-4o'", r.pick(COMPARISONS), r.below(1_000)),
    |r| format!("span.tokens.cache_read {} {}", r.pick(COMPARISONS), r.below(500)),
    |r| format!("span(cost {} {} AND NOT type = 'LLM')", r.pick(COMPARISONS), r.below(8) as f64 / 8.0),
    |r| format!("span.latency > 4s AND span.cost.output = 0.25 AND span.type = '{}'", r.pick(TYPES)),
    |r| {
        format!("feedback.quality {} {}", r.pick(&["=", "!="]), r.pick(&["true", "5", "2.5", "'5'", "false"]))
    },
    |r| format!("expectation.answer {}", r.pick(&["= 'été'", "> 2", "= 3", "IS NULL", "= true"])),
    |r| format!("has:{}", r.pick(&["error", "feedback", "expectation", "session", "user", "tokens", "cost"])),
    |r| {
        format!(
            "NOT has:{}",
            r.pick(&["error", "feedback", "expectation", "session", "user", "tokens", "cost"])
        )
    },
    |r| {
        format!(
            "has:{}",
            r.pick(&[
                "tags.n",
                "metadata.env",
                "feedback.tone",
                "model",
                "span.cost",
                "latency",
                "span.latency",
                "tokens.cache_write",
                "span.attributes.k"
            ])
        )
    },
    |r| format!("has:error AND span.type = '{}'", r.pick(TYPES)),
    |r| format!("text ~ '{}'", r.pick(WORDS)),
    |r| format!("text ~ '{} {}'", r.pick(WORDS), r.pick(&["POLICY", "ship", "late"])),
    |r| format!("text ~ '{}, {} ({})!'", r.pick(WORDS), r.pick(WORDS), r.pick(WORDS)),
    |r| format!("text ~ '{}' AND span.type = '{}' AND model = 'gpt-4o'", r.pick(WORDS), r.pick(TYPES)),
    |r| format!("text !~ '{}'", r.pick(WORDS)),
    |r| format!("span(content !~ '{}' AND name = '{}')", r.pick(WORDS), r.pick(NAMES)),
    |r| format!("text ~ '{}' AND text !~ '{}' AND latency < 3s", r.pick(WORDS), r.pick(WORDS)),
    |r| format!("NOT span.name = '{}' OR tags.team = 'red'", r.pick(NAMES)),
    |r| format!("NOT (tags.team = 'blue' OR trace.text LIKE '%{}%')", r.pick(WORDS)),
];

const ORDERS: &[&str] = &[
    "",
    "timestamp ASC",
    "execution_time DESC",
    "name, timestamp DESC",
    "status DESC, execution_time",
    "tags.team DESC",
    "request_id",
    "latency, start",
    "end DESC",
    "tokens DESC",
    "tokens.input, tokens.output DESC",
    "tokens.cache_read",
    "tokens.cache_write DESC, name",
    "cost",
    "cost.input DESC, cost.output",
    "spans DESC",
    "session, user DESC",
    "user",
    "tags.n",
    "metadata.env DESC, metadata.n",
    "feedback.quality",
    "feedback.quality DESC, feedback.tone",
    "expectation.answer",
    "expectation.answer DESC, spans",
];

/// Compares the answers, and returns how many traces match.
async fn check(store: &SqliteStore, traces: &[PlainTrace], filter_text: &str, order_text: &str) -> u64 {
    let filter =
        parse_filter_at(filter_text, NOW_NS).unwrap_or_else(|error| panic!("{filter_text}: {error}"));
    let order = parse_order_text(order_text).unwrap();
    let expected: Vec<String> = reference::search(traces, &filter, &order)
        .iter()
        .map(|trace| trace.info.trace_id.to_string())
        .collect();
    let mut query = TraceQuery {
        experiments: vec![ExperimentId::DEFAULT],
        filter: Some(filter),
        order,
        limit: PAGE_TRACES,
        after: None,
    };
    let mut found = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = store.find_traces(query.clone()).await.unwrap();
        found.extend(page.traces.iter().map(|info| info.trace_id.to_string()));
        // Each cursor goes through its token, as a client's does.
        let token = page.next.map(|cursor| cursor.to_token(order_text, filter_text));
        query.after = token.map(|token| Cursor::from_token(&token, order_text, filter_text).unwrap());
        if query.after.is_none() {
            break;
        }
    }
    // A large answer is compared by its first pages and its count: reading all of it would take minutes.
    let total = expected.len() as u64;
    let expected = &expected[..expected.len().min(PAGE_TRACES * PAGES_MAX)];
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{filter_text} ordered by `{order_text}`: {} found, {} expected, first difference at {first:?}",
        found.len(),
        expected.len()
    );
    assert_eq!(store.count_traces(query).await.unwrap(), total, "count of {filter_text}");
    total
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_family_answers_as_the_reference() {
    let (store, _folder) = open_store();
    store.columns_loaded().await.unwrap();
    check_families(&store, TRACES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_filter_family_answers_as_the_reference_without_columns() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { trace_columns: false, ..OpenOptions::new(folder.path()) };
    check_families(&SqliteStore::open(&options).unwrap(), TRACES_WITHOUT_COLUMNS).await;
}

async fn check_families(store: &SqliteStore, count: u32) {
    let mut random = Random(7);
    let (mut batches, plain): (Vec<TraceSpans>, Vec<_>) =
        (0..count).map(|number| make_trace(number, &mut random)).unzip();
    let ids: Vec<TraceId> = batches.iter().map(|batch| batch.trace_id.clone()).collect();
    let second_half = batches.split_off(batches.len() / 2);
    store.append_spans(batches).await.unwrap();
    // Half of the traces are found through the index, half by scanning.
    store.index_now().await.unwrap();
    store.append_spans(second_half).await.unwrap();
    let mut traces: Vec<PlainTrace> = store
        .get_traces(&ids)
        .await
        .unwrap()
        .into_iter()
        .zip(plain)
        .map(|(info, spans)| PlainTrace { info, spans, linked_runs: Vec::new(), prompts: Vec::new() })
        .collect();
    let writes: Vec<Write<'_>> =
        traces.iter_mut().flat_map(|trace| decorate(store, &mut random, trace)).collect();
    join_all(writes).await;
    for (trace, info) in traces.iter_mut().zip(store.get_traces(&ids).await.unwrap()) {
        trace.info = info;
    }
    for order in ORDERS {
        check(store, &traces, "", order).await;
    }
    let mut found = vec![0; FAMILIES.len()];
    for round in 0..FILTERS_PER_FAMILY + EXTRA_FILTERS_MAX {
        if round == FILTERS_PER_FAMILY / 2 {
            store.index_now().await.unwrap();
        }
        for (family, found) in FAMILIES.iter().zip(&mut found) {
            if round < FILTERS_PER_FAMILY || *found == 0 {
                let filter = family(&mut random);
                *found += check(store, &traces, &filter, ORDERS[random.below(ORDERS.len())]).await;
            }
        }
    }
    let fruitless: Vec<usize> = (0..FAMILIES.len()).filter(|number| found[*number] == 0).collect();
    assert!(fruitless.is_empty(), "families that found nothing, by number: {fruitless:?}");
}
