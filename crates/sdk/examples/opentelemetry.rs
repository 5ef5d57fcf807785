//! Spans of OpenTelemetry and of Spanwise in one tree, sent together.
//!
//! ```text
//! cargo run -p spanwise --example opentelemetry --features opentelemetry
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use opentelemetry::trace::{FutureExt, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue, global};
use opentelemetry_sdk::trace::SdkTracerProvider;
use spanwise::opentelemetry::Processor;
use spanwise::trace;

#[tokio::main]
async fn main() {
    let _guard = spanwise::init();
    let provider = SdkTracerProvider::builder().with_span_processor(Processor::new()).build();
    global::set_tracer_provider(provider.clone());
    let tracer = provider.tracer("shop");
    let request = tracer.start("GET /advice");
    let context = Context::current_with_span(request);
    println!("{}", advice("tea").with_context(context).await);
}

/// What Spanwise records, inside of a request that OpenTelemetry does.
#[trace(type = "AGENT")]
async fn advice(about: &str) -> String {
    let stock = tokio::spawn(stock(about.to_owned()).with_current_context());
    let stock = stock.await.unwrap_or_default();
    // What a library says to OpenTelemetry's current span goes to this one.
    Context::current().span().set_attribute(KeyValue::new("stock", stock));
    write(about, stock)
}

/// A library that only knows OpenTelemetry.
async fn stock(item: String) -> i64 {
    let tracer = global::tracer("database");
    let query =
        tracer.span_builder("SELECT stock").with_attributes([KeyValue::new("db.system.name", "sqlite")]);
    let context = Context::current_with_span(query.start(&tracer));
    async {
        tokio::task::yield_now().await;
        count(&item)
    }
    .with_context(context)
    .await
}

#[trace(type = "TOOL")]
fn count(item: &str) -> i64 {
    item.len() as i64
}

#[trace(type = "CHAT_MODEL", attributes("gen_ai.request.model" = "gpt-4o-mini"))]
fn write(about: &str, stock: i64) -> String {
    format!("There are {stock} boxes of {about}.")
}
