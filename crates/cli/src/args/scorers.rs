//! What `spanwise scorers` takes.

use super::help;
use crate::config::ClientFlags;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ScorersArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ScorersCommand>,
    #[command(flatten)]
    pub(crate) list: ScorerListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScorersCommand {
    /// List scorers: what they are, whether they run, and what came of them (this is the default)
    #[command(after_help = help::SCORERS_LIST)]
    List(ScorerListArgs),
    /// Show what a scorer looks for, what it may spend, and its versions
    #[command(after_help = help::SCORERS_SHOW)]
    Show(ScorerArgs),
    /// Make a scorer, or the next version of it, from a definition in JSON
    #[command(after_help = help::SCORERS_SET)]
    Set(ScorerSetArgs),
    /// Let a scorer run on traces as they arrive
    #[command(after_help = help::SCORERS_START)]
    Start(ScorerStartArgs),
    /// Let a scorer run no more; what waits for it is forgotten
    #[command(after_help = help::SCORERS_STOP)]
    Stop(ScorerArgs),
    /// Say what a scorer, or a definition, makes of a trace; nothing is stored
    #[command(after_help = help::SCORERS_TRY)]
    Try(ScorerTryArgs),
    /// Score stored traces: start it, see how it stands, or cancel it
    #[command(after_help = help::SCORERS_BACKFILL)]
    Backfill(ScorerBackfillArgs),
    /// Show how a scorer stands: what waits, what it spent, what failed, what it passed over and why
    #[command(after_help = help::SCORERS_STATUS)]
    Status(ScorerArgs),
    /// Delete a scorer with all of its versions; its scores stay
    #[command(after_help = help::SCORERS_DELETE)]
    Delete(ScorerArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ScorerListArgs {
    /// An experiment's name or id [default: all active ones]
    #[arg(long, short = 'e', value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// Which scorer.
#[derive(Debug, Args)]
pub(crate) struct ScorerName {
    /// The scorer's name or id
    #[arg(value_name = "SCORER")]
    pub(crate) scorer: String,
    /// Its experiment, where several have a scorer of that name
    #[arg(long, short = 'e', value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ScorerArgs {
    #[command(flatten)]
    pub(crate) name: ScorerName,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ScorerSetArgs {
    /// The scorer's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Its experiment
    #[arg(long, short = 'e', value_name = "NAME|ID", default_value = "Default")]
    pub(crate) experiment: String,
    /// What it looks for, e.g. '{"kind": "latency", "max_ms": 2000}'
    #[arg(long, short = 'd', value_name = "JSON", required_unless_present_any = ["file", "usd_per_day", "usd_in_all", "calls_per_day"], conflicts_with = "file")]
    pub(crate) definition: Option<String>,
    /// The file that says it
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// US dollars that it may spend on models on a UTC day
    #[arg(long, value_name = "USD")]
    pub(crate) usd_per_day: Option<f64>,
    /// US dollars that it may spend in all
    #[arg(long, value_name = "USD")]
    pub(crate) usd_in_all: Option<f64>,
    /// Calls of models that it may make on a UTC day
    #[arg(long, value_name = "COUNT")]
    pub(crate) calls_per_day: Option<u64>,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ScorerStartArgs {
    #[command(flatten)]
    pub(crate) name: ScorerName,
    /// The share of traces, above 0 and at most 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0)]
    pub(crate) rate: f64,
    /// Which traces
    #[arg(long, short = 'f', value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ScorerTryArgs {
    /// The trace
    #[arg(value_name = "TRACE_ID")]
    pub(crate) trace: String,
    /// A scorer's name or id
    #[arg(long, short = 's', value_name = "SCORER", required_unless_present_any = ["definition", "file"])]
    pub(crate) scorer: Option<String>,
    /// The scorer's experiment, where several have one of that name
    #[arg(long, short = 'e', value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
    /// A definition in its place
    #[arg(long, short = 'd', value_name = "JSON", conflicts_with_all = ["scorer", "file"])]
    pub(crate) definition: Option<String>,
    /// The file that says it
    #[arg(long, value_name = "PATH", conflicts_with = "scorer")]
    pub(crate) file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ScorerBackfillArgs {
    #[command(flatten)]
    pub(crate) name: ScorerName,
    /// Which traces
    #[arg(long, short = 'f', value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// How many at most, the newest first
    #[arg(long, value_name = "COUNT")]
    pub(crate) limit: Option<u64>,
    /// Score again what this version of the scorer has scored
    #[arg(long)]
    pub(crate) again: bool,
    /// Return at once, and let the server go on
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// List the scorer's backfills in place of starting one
    #[arg(long, conflicts_with_all = ["filter", "limit", "again", "no_wait", "cancel"])]
    pub(crate) list: bool,
    /// Cancel a backfill in place of starting one
    #[arg(long, value_name = "ID", conflicts_with_all = ["filter", "limit", "again", "no_wait"])]
    pub(crate) cancel: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}
