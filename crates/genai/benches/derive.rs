//! What deriving costs, by convention; each figure is for all spans of a sample.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use spanwise_genai::{PriceTable, derive, derive_without_bodies, root_facts};
use spanwise_otlp::{SpanView, scan_traces};

fn main() {
    divan::main();
}

/// Samples of each large family of conventions.
const SAMPLES: [&str; 8] = [
    "mlflow-openai",
    "mlflow-langchain",
    "openai-otel-v2",
    "google-adk-2",
    "openai-openinference",
    "langgraph-openinference",
    "vercel-ai-sdk-v6",
    "strands",
];

/// Calls `visit` again and again with each span of a sample.
fn bench(bencher: Bencher<'_, '_>, name: &str, visit: impl Fn(&SpanView<'_>) + Sync) {
    let path = format!("{}/tests/samples/{name}.binpb", env!("CARGO_MANIFEST_DIR"));
    let body = std::fs::read(path).expect("the sample is there");
    let resources = scan_traces(&body).expect("the sample is valid");
    let raw = resources.iter().flat_map(|resource| &resource.scopes).flat_map(|scope| &scope.spans);
    let spans: Vec<_> = raw.map(|raw| SpanView::parse(raw).expect("the sample is valid")).collect();
    bencher.counter(ItemsCount::new(spans.len())).bench(|| spans.iter().for_each(&visit));
}

#[divan::bench(args = SAMPLES)]
fn every_span(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |span| drop(black_box(derive(black_box(span), &[], PriceTable::built_in()))));
}

/// As spans with a parent are read at ingestion.
#[divan::bench(args = SAMPLES)]
fn without_bodies(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |span| {
        drop(black_box(derive_without_bodies(black_box(span), PriceTable::built_in())))
    });
}

/// What a root says about its trace comes on top.
#[divan::bench(args = SAMPLES)]
fn as_root(bencher: Bencher<'_, '_>, name: &str) {
    bench(bencher, name, |span| {
        let derived = derive(black_box(span), &[], PriceTable::built_in());
        drop(black_box(root_facts(span, &[], &derived)));
    });
}
