//! Fills a store with many small traces, and measures what searches take with the columns in memory and without.
//!
//! `cargo run --release -p spanwise-store-sqlite --example search_at_size -- FOLDER [TRACES [SPANS [columns]]]`: SPANS
//! are those of each trace; with `columns` only they are measured, and a folder that has a store is not filled again.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "what fails in a measurement ends it")]

use futures_util::{StreamExt, stream};
use spanwise_model::{ExperimentId, SpanStatus, TraceSpans};
use spanwise_query::{parse_filter, parse_order_text};
use spanwise_store::conformance::build::{assessment, derived, feedback, span, spans_of, trace_id, usage};
use spanwise_store::{FacetField, FacetQuery, Selection, SessionQuery, Store, TraceQuery};
use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use std::time::{Duration, Instant};

const BATCH_TRACES: u32 = 500;
const WRITES_AT_ONCE: usize = 512;
const SAMPLES: usize = 15;
/// A query that takes longer than this is asked only once.
const SLOW: Duration = Duration::from_millis(500);

const FILTERS: &[&str] = &[
    "",
    "status = 'ERROR'",
    "tags.env = 'prod'",
    "tags.team = 'blue'",
    "user = 'user-17'",
    "session = 's-1234'",
    "tokens > 900",
    "latency > 4s",
    "cost > 0.009",
    "feedback.quality = 'yes'",
    "model = 'gpt-4o'",
    "model = 'rare-model'",
    "tags.team = 'blue' AND status = 'ERROR'",
    "user = 'user-17' AND tokens > 900",
    "model = 'gpt-4o' AND tags.env = 'prod'",
    "session = 's-1234' AND latency > 1s",
    "feedback.quality = 'yes' AND status = 'ERROR'",
    "tags.team != 'blue' OR NOT tokens > 10",
    "span.name = 'search_web'",
    "span.type = 'TOOL'",
    "span.attributes.k = 'value-7'",
    "span.type = 'TOOL' AND span.status = 'ERROR'",
    "has:error",
    "text ~ 'weather'",
    "text ~ 'zebra'",
    "text ~ 'weather policy'",
    "name ~ 'trip'",
];

/// A small generator of pseudo-random numbers, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len() as u64) as usize]
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

struct Names {
    sessions: Vec<&'static str>,
    users: Vec<&'static str>,
}

fn sentence(random: &mut Random) -> String {
    let words = ["refund", "policy", "weather", "order", "invoice", "shipping", "late", "trip", "hotel"];
    let mut text: Vec<&str> = (0..8).map(|_| random.pick(&words)).collect();
    if random.one_in(20_000) {
        text.push("zebra");
    }
    text.join(" ")
}

fn make_trace(number: u32, count: u64, random: &mut Random, names: &Names) -> TraceSpans {
    let begin = i64::from(number) * 20 + random.below(5_000) as i64;
    let mut list = Vec::new();
    for index in 0..count {
        let status = if random.one_in(30) { SpanStatus::Error } else { SpanStatus::Ok };
        let mut one = span(index + 1)
            .name(random.pick(&["chat", "plan trip", "retrieve docs", "embed", "search_web"]))
            .span_type(random.pick(&["LLM", "TOOL", "AGENT", "RETRIEVER"]))
            .status(status)
            .from_to(begin, begin + 1 + random.below(5_000) as i64)
            .attribute("input.text", &sentence(random))
            .attribute("k", &format!("value-{}", random.below(1_000)));
        if index == 0 {
            one = one.session(names.sessions[random.below(names.sessions.len() as u64) as usize]);
            one = one.user(names.users[random.below(names.users.len() as u64) as usize]);
            one = one.tag("env", random.pick(&["prod", "dev", "stage"]));
            if random.one_in(5) {
                one = one.tag("team", random.pick(&["red", "blue", "green"]));
            }
        } else {
            one = one.parent(1);
        }
        list.push(one);
    }
    let mut batch = spans_of(&trace_id(number), derived(ExperimentId::DEFAULT), "shop", &list);
    for span in batch.spans.iter_mut().filter(|span| span.parent_id.is_some()) {
        span.model = Some(random.pick(&["gpt-4o", "gpt-4o-mini", "claude", "llama"]).into());
        span.usage = Some(usage(random.below(500), random.below(50)));
        let cost = random.below(1_000) as f64 / 200_000.0;
        span.cost = Some(spanwise_model::Cost { input: cost, output: 0.0, total: cost });
        if random.one_in(100_000) {
            span.model = Some("rare-model".into());
        }
    }
    batch
}

async fn fill(store: &SqliteStore, traces: u32, spans: u64) {
    let mut random = Random(1);
    let leak = |prefix: &str, count: u32| -> Vec<&'static str> {
        (0..count).map(|number| &*format!("{prefix}-{number}").leak()).collect()
    };
    let names = Names { sessions: leak("s", traces / 5 + 2_000), users: leak("user", 500) };
    let started = Instant::now();
    for first in (0..traces).step_by(BATCH_TRACES as usize) {
        let batch = (first..(first + BATCH_TRACES).min(traces))
            .map(|number| make_trace(number, spans, &mut random, &names))
            .collect();
        store.append_spans(batch).await.unwrap();
    }
    println!("filled with {traces} traces of {spans} spans in {:.1?}", started.elapsed());
    let assessments = (0..traces).step_by(20).map(|number| {
        let value = feedback(if number % 60 == 0 { "yes" } else { "no" });
        let one = assessment(&trace_id(number), &format!("a-{number}"), "quality", value);
        async move { drop(store.create_assessment(one).await.unwrap()) }
    });
    stream::iter(assessments).buffer_unordered(WRITES_AT_ONCE).collect::<Vec<()>>().await;
    store.index_now().await.unwrap();
    println!("assessed and indexed after {:.1?}", started.elapsed());
}

/// Returns the median and the 95th percentile of what `ask` takes, in milliseconds, after one call that does not count.
async fn times<F: Future>(mut ask: impl FnMut() -> F) -> String {
    let mut times = Vec::new();
    for sample in 0..=SAMPLES {
        let started = Instant::now();
        let _ = ask().await;
        let time = started.elapsed();
        if sample > 0 || time > SLOW {
            times.push(time);
        }
        if time > SLOW {
            break;
        }
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1e3;
    format!("{:.2}, {:.2}", at(50), at(95))
}

async fn measure(store: &SqliteStore) {
    println!("{:<50}{:>18}{:>18}{:>18}{:>10}", "p50, p95 in ms", "page", "count", "histogram", "matches");
    for text in FILTERS {
        let filter = Some(parse_filter(text).unwrap());
        let order = parse_order_text("").unwrap();
        let experiments = vec![ExperimentId::DEFAULT];
        let query = TraceQuery { experiments: experiments.clone(), filter, order, limit: 100, after: None };
        let selection =
            Selection { experiments, filter: query.filter.clone(), from_ms: None, to_ms: None, budget: None };
        let page = times(|| store.find_traces(query.clone())).await;
        let count = times(|| store.count_traces(query.clone())).await;
        let histogram = times(|| store.trace_histogram(selection.clone(), 60)).await;
        let matches = store
            .count_traces(query.clone())
            .await
            .map_or_else(|error| error.to_string(), |count| count.to_string());
        println!("{text:<50}{page:>18}{count:>18}{histogram:>18}{matches:>10}");
    }
    let all = Selection {
        experiments: vec![ExperimentId::DEFAULT],
        filter: None,
        from_ms: None,
        to_ms: None,
        budget: None,
    };
    let sessions = SessionQuery { selection: all.clone(), limit: 50, after: None };
    println!("sessions {}", times(|| store.find_sessions(sessions.clone())).await);
    for fields in [
        vec![FacetField::State],
        vec![FacetField::Name, FacetField::Session, FacetField::User],
        vec![FacetField::Tag("env".into()), FacetField::TagKeys, FacetField::Feedback("quality".into())],
    ] {
        let facets = FacetQuery { selection: all.clone(), fields, values_max: 20, containing: String::new() };
        println!("facets {:?} {}", facets.fields, times(|| store.trace_facets(facets.clone())).await);
    }
    println!("activity {}", times(|| store.experiment_activity()).await);
    for order in ["latency DESC", "tokens DESC", "name", "session, user DESC"] {
        let (experiments, order_by) = (vec![ExperimentId::DEFAULT], parse_order_text(order).unwrap());
        let query = TraceQuery { experiments, filter: None, order: order_by, limit: 100, after: None };
        println!("order {order} {}", times(|| store.find_traces(query.clone())).await);
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "search-at-size".into());
    let traces = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let spans = arguments.next().map_or(3, |text| text.parse().unwrap());
    let only_columns = arguments.next().is_some_and(|text| text == "columns");
    for trace_columns in [true, false].into_iter().filter(|columns| *columns || !only_columns) {
        let options = OpenOptions { trace_columns, ..OpenOptions::new(&folder) };
        let started = Instant::now();
        let store = SqliteStore::open(&options).unwrap();
        println!("\ncolumns in memory: {trace_columns}; opened in {:.1?}", started.elapsed());
        if store.stats().await.unwrap().traces == 0 {
            fill(&store, traces, spans).await;
        }
        if trace_columns {
            let (traces, bytes) = store.columns_loaded().await.unwrap();
            let of_each = bytes as f64 / traces as f64;
            println!("{traces} traces in columns after {:.1?}, {of_each:.0} bytes each", started.elapsed());
        }
        measure(&store).await;
        store.close().await.unwrap();
    }
}
