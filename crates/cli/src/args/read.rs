//! What `search`, `get`, `tail`, `export` and `import` take.

use super::{Selection, help};
use crate::config::ClientFlags;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// In which order, e.g. "tokens DESC"; may be repeated [default: newest first]
    #[arg(long, value_name = "ORDER")]
    pub(crate) order_by: Vec<String>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Print a JSON array of trace summaries
    #[arg(long, conflicts_with = "jsonl")]
    pub(crate) json: bool,
    /// Print a JSON object for each trace, one a line
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    /// End with 1 if no trace matches
    #[arg(long)]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// What `stats` prints a line for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatsBy {
    /// Calls by their model
    Model,
    /// Calls by their provider
    Provider,
    /// Traces by their experiment
    Experiment,
}

impl StatsBy {
    /// Returns its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            StatsBy::Model => "model",
            StatsBy::Provider => "provider",
            StatsBy::Experiment => "experiment",
        }
    }

    /// Returns the header of its column.
    pub(crate) fn header(self) -> &'static str {
        match self {
            StatsBy::Model => "MODEL",
            StatsBy::Provider => "PROVIDER",
            StatsBy::Experiment => "EXPERIMENT",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// One line for each of these
    #[arg(long, value_enum, value_name = "GROUP")]
    pub(crate) by: Option<StatsBy>,
    /// Length of the stretches of time: 15m, 30m, 1h, 2h, 3h, 4h, 6h, 12h, 1d, 1w or 1mo [default: one that suits]
    #[arg(long, value_name = "INTERVAL")]
    pub(crate) every: Option<String>,
    /// Print the answer of the native API
    #[arg(long)]
    pub(crate) json: bool,
    /// Count hours and days in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// How `get` prints a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GetFormat {
    /// For people
    Tree,
    /// The record and all spans, read: {"trace": …, "spans": [ … ]}
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
    /// Show one span, by its id (see --ids): its messages, inputs, outputs and errors
    #[arg(long, value_name = "SPAN_ID")]
    pub(crate) span: Option<String>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = GetFormat::Tree)]
    pub(crate) format: GetFormat,
    /// Show only spans down to this level; the root is level 1
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) depth: Option<u32>,
    /// Show which spans the trace's tokens and cost come from, and why
    #[arg(long, conflicts_with_all = ["errors", "depth", "all", "ids", "span"])]
    pub(crate) usage: bool,
    /// Show only failed spans and what leads to them
    #[arg(long)]
    pub(crate) errors: bool,
    /// Show the id of each span
    #[arg(long)]
    pub(crate) ids: bool,
    /// Show every span, also in long runs of siblings of the same name, which are folded otherwise
    #[arg(long)]
    pub(crate) all: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// Which traces, e.g. "has:error" [default: all]
    #[arg(long = "where", value_name = "FILTER", visible_alias = "filter")]
    pub(crate) filter: Option<String>,
    /// An experiment's name or id; may be repeated [default: all]
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// Print a JSON object for each change of a trace, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// What `export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A trace a line, with its tags and assessments; what `import` gives back whole
    Jsonl,
    /// An OTLP/JSON request a line, for other tools
    OtlpJson,
}

impl ExportFormat {
    /// Returns its name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ExportFormat::Jsonl => "jsonl",
            ExportFormat::OtlpJson => "otlp-json",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Where to write; `-` is standard output
    #[arg(long, short, value_name = "FILE|-", default_value = "-")]
    pub(crate) output: PathBuf,
    /// What to write
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub(crate) format: ExportFormat,
    /// Compress with Zstandard [default: if FILE ends in .zst]
    #[arg(long)]
    pub(crate) compress: bool,
    /// Replace FILE if it is there
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ImportCommand>,
    /// Files of either export format, compressed with Zstandard or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Put all traces into this experiment (made if it is missing) [default: the ones they came from]
    #[arg(long, value_name = "NAME")]
    pub(crate) experiment: Option<String>,
    /// Start from the beginning, whatever FILE.import-state says
    #[arg(long)]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Take a store of MLflow's over whole: its database, or its tracking server
    #[command(after_help = help::IMPORT_MLFLOW)]
    Mlflow(MlflowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct MlflowArgs {
    /// A database (sqlite:///PATH, a PATH, postgresql://USER:PASSWORD@HOST/DATABASE) or a server (http://HOST:PORT)
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    /// Only this experiment; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) experiment: Vec<String>,
    /// Only traces and runs that started since then: a day, a time, or how long ago
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,
    /// Leave artifacts where they are
    #[arg(long)]
    pub(crate) no_artifacts: bool,
    /// The folder that MLflow's server keeps artifacts in (its --artifacts-destination) [default: `mlartifacts` beside the
    /// database, if it is there]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) artifact_root: Option<PathBuf>,
    /// Read everything and say what would be taken and what does not fit, but write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write what was taken and what did not fit to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Where to keep how far the import is [default: mlflow-….import-state in the working directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Start from the beginning, whatever the state says
    #[arg(long)]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}
