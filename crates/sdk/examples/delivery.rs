//! Where spans go, and what happens when that is away: several targets, a spool, limits, counters, an exporter of one's own.
//!
//! ```text
//! cargo run -p spanwise --example delivery -- ./data
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use spanwise::{Accepted, Config, ExportError, Exporter, LOCAL_SERVER, Request, Target, trace};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

/// Counts what others would send: an `ExportTraceServiceRequest` of OTLP, in pieces.
struct Counts;

impl Exporter for Counts {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        println!("{} spans in one request", request.spans);
        Ok(Accepted::default())
    }
}

#[trace]
fn work(part: u32) -> u32 {
    part * 2
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "./data".to_owned()));
    let address = std::env::var("SPANWISE_TRACKING_URI").unwrap_or_else(|_| LOCAL_SERVER.to_owned());
    let sdk = Config::new()
        .service_name("delivery")
        .attribute("service.version", "1.2.0")
        // Each of these three gets all spans, at its own pace.
        .target(Target::parse(&address)?.header("x-team", "research"))
        .target(Target::DataDir(folder.clone()))
        .exporter("counts", || Box::new(Counts))
        // What the server does not take waits on disk, also until the next run.
        .spool(folder.join("spool"), 64 << 20)
        .queue_bytes(8 << 20)
        .batch_interval(Duration::from_millis(500))
        .request_timeout(Duration::from_secs(5))
        .flush_timeout(Duration::from_secs(2))
        .on_problem(|problem| println!("{}: {}", problem.endpoint, problem.message))
        .install()?;
    for part in 0..100 {
        work(part);
    }
    sdk.flush(Duration::from_secs(5))?;
    for endpoint in sdk.stats().endpoints {
        println!("{}: {} sent, {} waiting", endpoint.endpoint, endpoint.sent, endpoint.waiting);
    }
    Ok(())
}
