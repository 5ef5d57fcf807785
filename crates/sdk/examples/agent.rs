//! An agent: a plan, tools in parallel, one of which fails once and is tried again, one in a second process, one that fails
//! for good, and an answer that is streamed. All of it is one tree.
//!
//! ```text
//! cargo run -p spanwise --example agent
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use futures_util::{Stream, StreamExt, stream};
use spanwise::{Config, FutureExt, SpanBuilder, SpanRef, TraceUpdate, propagation, trace};
use std::error::Error;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// How long the services that this example has no need of would take.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, city, traceparent] = &arguments[..] {
        // The second process: it goes on where the first one is.
        let _guard = Config::from_env()?.service_name("distances").install()?;
        let caller = propagation::extract(|name| (name == propagation::TRACEPARENT).then_some(traceparent));
        println!("{}", caller.scope(|| distance(city)));
        return Ok(());
    }
    let _guard = Config::from_env()?.service_name("weather-agent").install()?;
    println!("{}", answer("Where is it warmer, in Oslo or in Rome?").await?);
    Ok(())
}

#[trace(type = "AGENT")]
async fn answer(question: &str) -> Result<String> {
    spanwise::update_trace(
        TraceUpdate::new()
            .name("weather agent")
            .session("s-1")
            .user("ada")
            .tag("env", "example")
            .metadata("release", "1.0"),
    );
    let cities = plan(question).await;
    let mut facts = gather(&cities).await?;
    facts.push(elsewhere(&cities[1])?);
    if let Err(error) = parse("seven") {
        // It is in the trace; the agent goes on without it.
        spanwise::current().add_event("went on without", &[("tool", &error.to_string())]);
    }
    let tokens: Vec<_> = write(question, &facts).collect().await;
    Ok(tokens.concat())
}

#[trace(type = "CHAT_MODEL", attributes("gen_ai.request.model" = "gpt-4o-mini", "gen_ai.provider.name" = "openai"))]
async fn plan(question: &str) -> Vec<String> {
    tokio::time::sleep(PAUSE).await;
    let span = spanwise::current();
    span.set_attribute("gen_ai.usage.input_tokens", question.len());
    span.set_attribute("gen_ai.usage.output_tokens", 7);
    vec!["Oslo".to_owned(), "Rome".to_owned()]
}

/// Asks for all cities at once, each in a task and a span of its own.
#[trace(type = "CHAIN")]
async fn gather(cities: &[String]) -> Result<Vec<String>> {
    let span = |city: &str| SpanBuilder::new("weather").span_type("CHAIN").inputs(city).start();
    let ask = |city: &String| tokio::spawn(weather(city.clone()).in_span(span(city)));
    let mut facts = Vec::new();
    for task in cities.iter().map(ask).collect::<Vec<_>>() {
        facts.push(task.await??);
    }
    Ok(facts)
}

/// Asks until it works, each time in a span of its own.
async fn weather(city: String) -> Result<String> {
    match forecast(&city).await {
        Err(_) => forecast(&city).await,
        forecast => forecast,
    }
}

#[trace(type = "TOOL")]
async fn forecast(city: &str) -> Result<String> {
    static IS_BUSY: AtomicBool = AtomicBool::new(true);
    tokio::time::sleep(PAUSE).await;
    if city == "Oslo" && IS_BUSY.swap(false, Ordering::Relaxed) {
        return Err("the service is busy".into());
    }
    Ok(format!("{} °C in {city}", if city == "Oslo" { 4 } else { 17 }))
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

#[trace(type = "PARSER")]
fn parse(number: &str) -> std::result::Result<u8, std::num::ParseIntError> {
    number.parse()
}

#[trace(type = "CHAT_MODEL", attributes("gen_ai.request.model" = "gpt-4o-mini", "gen_ai.provider.name" = "openai"))]
fn write(question: &str, facts: &[String]) -> impl Stream<Item = String> + use<> {
    let tokens = ["So: ".to_owned(), facts.join(", "), ".".to_owned()];
    let span = spanwise::current();
    span.set_attribute("gen_ai.usage.input_tokens", question.len() + facts.len());
    span.set_attribute("gen_ai.usage.output_tokens", tokens.len());
    stream::iter(tokens).then(async |token| {
        tokio::time::sleep(PAUSE).await;
        token
    })
}
