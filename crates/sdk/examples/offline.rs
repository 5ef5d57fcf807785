//! Traces without a server: they wait in the inbox of a data directory, and `spanwise serve --data-dir` takes them in.
//!
//! ```text
//! cargo run -p spanwise --example offline -- ./data
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use spanwise::{Config, Target, trace};
use std::error::Error;

#[trace(type = "TOOL")]
fn measure(sensor: u32) -> f64 {
    f64::from(sensor) * 1.5
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "./data".to_owned());
    let config = Config::new().experiment("offline").target(Target::DataDir(folder.clone().into()));
    // For a server that may be away, rather than none: `.target(Target::parse(url)?).spool("./spool", 256 << 20)`.
    let guard = config.install()?;
    println!("measured {}", measure(2));
    drop(guard);
    println!("`spanwise serve --data-dir {folder}` shows it");
    Ok(())
}
