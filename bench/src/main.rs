//! Measures Spanwise on the machine at hand: a deterministic load, the machine's own limit in the same run, one table.
//! `docs/performance.md` explains each figure.

mod derive;
mod dialect;
mod http;
mod limit;
mod load;
mod peers;
mod process;
mod query;
mod quiet;
mod report;
mod request;
mod run;
mod soak;
mod text;
mod trace;
mod write;

use anyhow::{Context, Result};
use clap::Parser;
use std::io::Write as _;
use std::path::PathBuf;

/// Measures a Spanwise server and the limit of the machine
#[derive(Debug, Parser)]
struct Args {
    /// The server's binary
    #[arg(long, default_value = "target/release/spanwise")]
    binary: PathBuf,
    /// Where stores are made, and the results written; what is in it is removed
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Store sizes in traces, ascending; a million traces need about 16 GB of disk
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    sizes: Vec<u64>,
    /// The server's port; gRPC has the next one
    #[arg(long, default_value_t = 15_990)]
    port: u16,
    /// Wait for compaction at the last size only
    #[arg(long)]
    compact_last: bool,
    /// Only measure so many traces on an empty store, until text is indexed
    #[arg(long)]
    probe: Option<u64>,
    /// Let `--probe` go on with the data directory that a run left, which it changes
    #[arg(long, value_name = "DATA_DIR")]
    store: Option<PathBuf>,
    /// Connections of `--probe`
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Spans in a request of `--probe`
    #[arg(long, default_value_t = 128)]
    spans: usize,
    /// Instead, keep a server under mixed load for so many minutes
    #[arg(long, value_name = "MINUTES")]
    soak: Option<u64>,
    /// Spans that `--soak` sends in a second
    #[arg(long, default_value_t = 3_000.0)]
    soak_rate: f64,
    /// Instead, compare with the MLflow server of this command
    #[arg(long, value_name = "COMMAND")]
    mlflow: Option<PathBuf>,
    /// Traces that both servers get
    #[arg(long, default_value_t = 2_000)]
    peer_traces: u64,
    /// A flag for the server of `--probe`
    #[arg(long, allow_hyphen_values = true)]
    flag: Vec<String>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let plan = run::Plan {
        binary: args.binary,
        folder: args.folder,
        sizes: args.sizes,
        port: args.port,
        compact_each: !args.compact_last,
    };
    // The server has the other core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(mlflow) = args.mlflow {
        let run::Plan { binary, folder, port, .. } = plan;
        let comparison = peers::Comparison { binary, mlflow, folder, port, traces: args.peer_traces };
        return runtime.block_on(peers::run(&comparison));
    }
    if let Some(minutes) = args.soak {
        let run::Plan { binary, folder, port, .. } = plan;
        return runtime.block_on(soak::run(&soak::Soak {
            binary,
            folder,
            port,
            minutes,
            spans_per_s: args.soak_rate,
        }));
    }
    if let Some(traces) = args.probe {
        let flags: Vec<&str> = args.flag.iter().map(String::as_str).collect();
        let probe = run::Probe {
            traces,
            store: args.store.as_deref(),
            connections: args.connections,
            spans_max: args.spans,
            flags: &flags,
        };
        let found = runtime.block_on(run::probe(&plan, &probe))?;
        return Ok(writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&found)?)?);
    }
    let results = runtime.block_on(run::run(&plan))?;
    let path = plan.folder.join("results.json");
    let json = serde_json::to_string_pretty(&results)?;
    std::fs::write(&path, json).with_context(|| format!("cannot write {}", path.display()))?;
    std::io::stdout().write_all(report::markdown(&results).as_bytes())?;
    Ok(())
}
