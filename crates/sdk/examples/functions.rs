//! What `#[trace]` makes of functions: arguments, results, errors, methods, futures, streams.
//!
//! ```text
//! cargo run -p spanwise --example functions
//! ```

use anyhow::Context;
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use spanwise::trace;
use std::fmt::Debug;
use std::pin::Pin;

#[derive(Serialize)]
struct Question {
    text: String,
    limit: u32,
}

#[derive(Debug)]
struct Answer {
    #[expect(dead_code, reason = "it is recorded through `Debug`")]
    score: f64,
}

/// Has neither `Serialize` nor `Debug`: its type is recorded.
struct Connection;

/// `api_key` is left out, `q` has another name, and attributes may be made of arguments.
#[trace(
    name = "ask", type = "LLM", skip(api_key), rename(q = "question"),
    attributes("gen_ai.request.model" = model)
)]
async fn ask(q: &Question, model: &str, api_key: &str, connection: &Connection) -> anyhow::Result<Answer> {
    let _used = (api_key, connection);
    anyhow::ensure!(q.limit > 0, "a limit of {}", q.limit);
    Ok(Answer { score: q.text.len() as f64 / 100.0 })
}

/// The error is recorded with what it came from.
#[trace]
async fn ask_twice(model: &str) -> anyhow::Result<Answer> {
    let question = |limit| Question { text: "Why?".to_owned(), limit };
    ask(&question(3), model, "secret", &Connection).await?;
    ask(&question(0), model, "secret", &Connection).await.context("the second question")
}

/// No bound is asked for; without `Debug`, only the type of `values` would be recorded.
#[trace(skip_output)]
fn largest<T: PartialOrd + Copy + Debug>(values: &[T]) -> Option<T> {
    values.iter().copied().reduce(|largest, value| if value > largest { value } else { largest })
}

trait Tool {
    fn call(&self, city: String) -> Pin<Box<dyn Future<Output = String> + Send>>;
}

struct Weather;

impl Tool for Weather {
    /// A method, which returns a future: `self` is left out.
    #[trace(name = "weather", type = "TOOL")]
    fn call(&self, city: String) -> Pin<Box<dyn Future<Output = String> + Send>> {
        Box::pin(async move { format!("sunny in {city}") })
    }
}

/// The span ends with the stream, and has its texts put together.
#[trace(skip_all, stream_limit = 1000)]
fn tokens(secret: &str) -> impl Stream<Item = String> + use<> {
    stream::iter(secret.chars().map(String::from).collect::<Vec<_>>())
}

#[trace]
fn fails() {
    panic!("nobody expected this");
}

#[tokio::main]
async fn main() {
    let _guard = spanwise::init();
    let root = spanwise::span!("functions");
    if let Err(error) = ask_twice("gpt-4o-mini").await {
        root.add_event("went on without", &[("why", &format!("{error:#}"))]);
    }
    largest(&[1.5, 3.5, 2.5]);
    Weather.call("Oslo".to_owned()).await;
    tokens("abc").collect::<Vec<_>>().await;
    std::panic::set_hook(Box::new(|_| {}));
    drop(std::panic::catch_unwind(fails));
}
