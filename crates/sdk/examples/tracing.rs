//! Spans of `tracing` and of Spanwise in one tree: a library that only knows `tracing`, a call of a model with fields of
//! GenAI as `rig` records them, tasks, links, and an error.
//!
//! ```text
//! cargo run -p spanwise --example tracing --features tracing
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use tracing::field::Empty;
use tracing::{Instrument, info, info_span, instrument, warn};
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() {
    let _guard = spanwise::init();
    tracing_subscriber::registry().with(spanwise::tracing::layer()).init();
    println!("{}", answer("Where is it warmer, in Oslo or in Rome?").await);
}

#[spanwise::trace(type = "AGENT")]
async fn answer(question: &str) -> String {
    spanwise::update_trace(spanwise::TraceUpdate::new().session("s-1").tag("env", "example"));
    let cities = plan(question).await;
    let tools = cities.iter().map(|city| {
        // A task does not inherit what is current: its span is made here, and goes along.
        tokio::spawn(forecast(city.clone()).instrument(info_span!("task")))
    });
    let mut facts = Vec::new();
    for tool in tools.collect::<Vec<_>>() {
        facts.push(tool.await.ok().and_then(Result::ok).unwrap_or_else(|| "no forecast".to_owned()));
    }
    facts.join(", ")
}

/// A call of a model: what it said and what it cost is known when it has answered.
async fn plan(question: &str) -> Vec<String> {
    let span = info_span!(
        "chat",
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o-mini",
        gen_ai.input.messages = Empty,
        gen_ai.output.messages = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    );
    let input = serde_json::json!([{"role": "user", "parts": [{"type": "text", "content": question}]}]);
    let output = serde_json::json!([
        {"role": "assistant", "parts": [{"type": "text", "content": "Oslo, Rome"}], "finish_reason": "stop"}
    ]);
    let answer = async {
        info!(attempt = 1, "asking");
        tokio::task::yield_now().await;
        parse("Oslo, Rome")
    };
    let cities = answer.instrument(span.clone()).await;
    span.record("gen_ai.input.messages", input.to_string());
    span.record("gen_ai.output.messages", output.to_string());
    span.record("gen_ai.usage.input_tokens", 12);
    span.record("gen_ai.usage.output_tokens", 4);
    cities
}

#[spanwise::trace(type = "PARSER")]
fn parse(text: &str) -> Vec<String> {
    text.split(", ").map(str::to_owned).collect()
}

#[derive(Debug)]
struct NoStation(String);

impl std::fmt::Display for NoStation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no station in {}", self.0)
    }
}

#[instrument(err, fields(mlflow.spanType = "TOOL"))]
async fn forecast(city: String) -> Result<String, NoStation> {
    tokio::task::yield_now().await;
    if city == "Rome" {
        warn!(stations = 0, "nobody measures here");
        return Err(NoStation(city));
    }
    Ok(format!("sunny in {city}"))
}
