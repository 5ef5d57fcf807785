//! What `serve`, `demo`, `backup`, `restore`, `compact`, `check` and `renormalize` take.

use crate::config::{ClientFlags, ServeFlags};
use clap::Args;
use std::path::PathBuf;

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

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// A new or empty folder, or one with an earlier backup, which the new one replaces
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreBackupArgs {
    /// What `spanwise backup` wrote
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct CompactArgs {
    /// Print what changed as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RenormalizeArgs {
    /// Only the traces of this experiment (name or id); may be repeated [default: all]
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// Print what changed as JSON
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
