//! What is recorded, and what must not leave the process: sampling, redaction, turning off and on, counters.
//!
//! ```text
//! cargo run -p spanwise --example control
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use spanwise::{Config, SpanData, trace};
use std::error::Error;
use std::time::Duration;

#[trace]
fn login(user: &str, password: &str) -> bool {
    user.len() + password.len() > 3
}

/// One call in a hundred, where it begins a trace.
#[trace(sample = 0.01)]
fn health() -> bool {
    true
}

/// Runs before a span is queued, on the thread that ends it.
fn redact(span: &mut SpanData) -> bool {
    span.for_each_text(|_, text| *text = text.replace("hunter2", "***"));
    span.name != "noise"
}

fn main() -> Result<(), Box<dyn Error>> {
    let config =
        Config::from_env()?.service_name("control").processor(redact).trace_timeout(Duration::from_secs(600));
    let sdk = config.announce_open_spans(true).queue_bytes(8 << 20).install()?;
    login("ada", "hunter2");
    for _ in 0..1_000 {
        health();
    }
    spanwise::disable();
    login("nobody", "sees this");
    spanwise::enable();
    drop(spanwise::span!("noise"));
    if let Err(late) = sdk.flush(Duration::from_secs(5)) {
        println!("{late}");
    }
    println!("{:#?}", sdk.stats());
    Ok(())
}
