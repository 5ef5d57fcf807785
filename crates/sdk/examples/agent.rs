//! An agent: a plan, tools in parallel, one of which fails once and is tried again, another one in a second process, and an
//! answer that is streamed. All of it is one tree.
//!
//! ```text
//! cargo run -p spanwise --example agent
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use futures_util::{Stream, StreamExt, stream};
use spanwise::{FutureExt, SpanBuilder, SpanRef, TraceUpdate, key, propagation, trace};
use std::error::Error;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let _guard = spanwise::init();
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, city, traceparent] = &arguments[..] {
        // The second process: it goes on where the first one is.
        let caller = propagation::extract(|name| (name == propagation::TRACEPARENT).then_some(traceparent));
        println!("{}", caller.scope(|| distance(city)));
        return Ok(());
    }
    println!("{}", answer("Where is it warmer, in Oslo or in Rome?").await?);
    Ok(())
}

#[trace(type = "AGENT")]
async fn answer(question: &str) -> Result<String> {
    spanwise::update_trace(
        TraceUpdate::new().name("weather agent").session("s-1").user("ada").tag("env", "example"),
    );
    let cities = plan(question).await;
    let [first, second] =
        [weather(&cities[0]), weather(&cities[1])].map(|tool| tokio::spawn(tool.in_span(tools())));
    let (first, second) = (first.await??, second.await??);
    let far = elsewhere(&cities[1])?;
    if let Err(error) = broken_tool() {
        // It is in the trace; the agent goes on without it.
        spanwise::current().add_event("went on without", &[("tool", &error.to_string())]);
    }
    let tokens: Vec<_> = write(&[first, second, far]).collect().await;
    Ok(tokens.concat())
}

/// A span that holds the calls of one tool.
fn tools() -> spanwise::Span {
    SpanBuilder::new("tools").span_type("CHAIN").start()
}

#[trace(type = "CHAT_MODEL", attributes("gen_ai.request.model" = "gpt-4o-mini", "gen_ai.provider.name" = "openai"))]
async fn plan(question: &str) -> Vec<String> {
    let span = spanwise::current();
    span.set_attribute("gen_ai.usage.input_tokens", question.len());
    span.set_attribute("gen_ai.usage.output_tokens", 7);
    tokio::task::yield_now().await;
    vec!["Oslo".to_owned(), "Rome".to_owned()]
}

/// Asks until it works, each time in a span of its own.
fn weather(city: &str) -> impl Future<Output = Result<String>> + Send + use<> {
    let city = city.to_owned();
    async move {
        match forecast(city.clone()).await {
            Err(_) => forecast(city).await,
            forecast => forecast,
        }
    }
}

#[trace(type = "TOOL")]
async fn forecast(city: String) -> Result<String> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    tokio::task::yield_now().await;
    if CALLS.fetch_add(1, Ordering::Relaxed) == 0 {
        return Err("the service is busy".into());
    }
    Ok(format!("sunny in {city}"))
}

/// Calls a tool in another process, which is told the current span.
#[trace(type = "TOOL")]
fn elsewhere(city: &str) -> Result<String> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(city);
    propagation::inject(&SpanRef::current(), |name, value| {
        if name == propagation::TRACEPARENT {
            command.arg(value);
        }
    });
    let output = command.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[trace(type = "TOOL")]
fn distance(city: &str) -> String {
    format!("{} km to {city}", city.len() * 500)
}

#[trace(type = "TOOL")]
fn broken_tool() -> std::result::Result<u8, std::num::ParseIntError> {
    "seven".parse()
}

#[trace(type = "CHAT_MODEL", attributes("gen_ai.request.model" = "gpt-4o-mini"))]
fn write(facts: &[String]) -> impl Stream<Item = String> + use<> {
    let facts = facts.join(", ");
    spanwise::current().set_attribute(key::LEVEL, 20);
    stream::iter(["So: ".to_owned(), facts, ".".to_owned()])
}
