//! Reading traces that have arrived, and saying something about them.
//!
//! ```text
//! cargo run -p spanwise --example feedback
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use spanwise::client::{Client, Feedback, Search, Source};
use spanwise::trace;
use std::error::Error;
use std::time::Duration;

#[trace(type = "CHAIN")]
fn ask(question: &str) -> (String, Option<spanwise::TraceId>) {
    (format!("{question} Because."), spanwise::current().trace_id())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let guard = spanwise::init().ok_or("the environment is not right")?;
    let trace_id = ask("Why?").1.ok_or("nothing was recorded")?;
    guard.flush(Duration::from_secs(5))?;

    let client = Client::from_env();
    client.log_feedback(trace_id, &Feedback::new("helpful", true))?;
    let judged = Feedback {
        rationale: Some("short".to_owned()),
        source: Source::Judge,
        ..Feedback::new("brevity", 0.9)
    };
    client.log_feedback_async(trace_id, judged).await?;
    client.log_expectation(trace_id, &Feedback::new("answer", "Because."))?;
    println!("{} spans", client.get(trace_id)?.spans.len());
    for found in client
        .search_async(Search { filter: "feedback.helpful = 'true'".to_owned(), ..Search::default() })
        .await?
    {
        println!("{} {}", found.trace_id, found.state);
    }
    Ok(())
}
