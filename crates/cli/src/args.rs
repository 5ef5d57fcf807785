//! The command line as types.

use crate::config::{ClientFlags, ServeFlags};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Records what LLM applications and agents do, and finds it again.
#[derive(Debug, Parser)]
#[command(name = "spanwise", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Add realistic traces of chats, retrieval and agents, without calling any model
    Demo(DemoArgs),
    /// Show one trace
    Get(GetArgs),
    /// List traces
    Search(SearchArgs),
    /// Verify every checksum and reference of a data directory that no server has open
    Check(CheckArgs),
    /// Show the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print each value and where it comes from
    Show(ConfigShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Add demo traces if the store is empty
    #[arg(long)]
    pub(crate) demo: bool,
    /// Print nothing on standard output (logs go to standard error)
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) flags: ServeFlags,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// How many traces to add
    #[arg(long, value_name = "COUNT", default_value_t = 60)]
    pub(crate) traces: usize,
    /// Make the same traces again for the same number [default: different ones each time]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// How `get` prints a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GetFormat {
    /// For people
    Tree,
    /// As MLflow's REST API answers it
    Json,
    /// A binary OTLP `ExportTraceServiceRequest`, with the spans byte for byte as they came
    Otlp,
    /// The same in OTLP/JSON
    OtlpJson,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The trace, e.g. tr-5b8efff798038103d269b633813fc60c (`tr-` may be left out)
    #[arg(value_name = "TRACE_ID")]
    pub(crate) trace_id: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = GetFormat::Tree)]
    pub(crate) format: GetFormat,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    /// An experiment's name or id; may be repeated [default: all]
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// Which traces, e.g. "status = 'ERROR' AND tags.env = 'prod'"
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// In which order, e.g. "execution_time DESC"; may be repeated [default: newest first]
    #[arg(long, value_name = "ORDER")]
    pub(crate) order_by: Vec<String>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Print a JSON array of trace records, as MLflow's REST API answers them
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigShowArgs {
    /// Print JSON: an object of `{value, origin}` by key
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ServeFlags,
}
