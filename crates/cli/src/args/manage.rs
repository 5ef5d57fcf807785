//! What `tag`, `delete`, `experiments`, `config` and `completions` take.

use super::{BulkSelection, help};
use crate::config::{ClientFlags, ServeFlags};
use clap::{Args, Subcommand};
use clap_complete::Shell;
use std::convert::Infallible;
use std::str::FromStr;

/// An argument of `tag`: a trace, or a tag to set. It is a tag if it has a `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagPosition {
    Trace(String),
    Set(String, String),
}

impl FromStr for TagPosition {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((key, value)) => TagPosition::Set(key.to_owned(), value.to_owned()),
            None => TagPosition::Trace(text.to_owned()),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct TagArgs {
    /// Traces (or use --where), and the tags to set
    #[arg(value_name = "TRACE_ID|KEY=VALUE", required_unless_present = "remove")]
    pub(crate) positions: Vec<TagPosition>,
    /// A tag to remove; may be repeated
    #[arg(long, value_name = "KEY")]
    pub(crate) remove: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: BulkSelection,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Traces, e.g. tr-5b8efff798038103d269b633813fc60c (or use --where)
    #[arg(value_name = "TRACE_ID", conflicts_with_all = ["filter", "experiment", "from", "to", "all"])]
    pub(crate) trace_ids: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) selection: BulkSelection,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ExperimentsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<ExperimentsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExperimentsCommand {
    /// List experiments, those with the newest traces first (this is the default)
    #[command(after_help = help::EXPERIMENTS_LIST)]
    List(ListArgs),
    /// Create an experiment
    #[command(after_help = help::EXPERIMENTS_CREATE)]
    Create(CreateArgs),
    /// Give an experiment another name
    #[command(after_help = help::EXPERIMENTS_RENAME)]
    Rename(RenameArgs),
    /// Hide an experiment with its traces; `restore` brings it back
    #[command(after_help = help::EXPERIMENTS_DELETE)]
    Delete(DeleteExperimentArgs),
    /// Bring a deleted experiment back
    #[command(after_help = help::EXPERIMENTS_RESTORE)]
    Restore(RestoreArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// List the deleted ones
    #[arg(long)]
    pub(crate) deleted: bool,
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
    /// Show times in UTC instead of the local time zone
    #[arg(long)]
    pub(crate) utc: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print the experiment as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub(crate) name: String,
    /// Print the experiment as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteExperimentArgs {
    /// The experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The deleted experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    /// Print the experiment as JSON
    #[arg(long)]
    pub(crate) json: bool,
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

#[derive(Debug, Args)]
pub(crate) struct ConfigPathArgs {
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: TagPosition) {
        assert_eq!(text.parse(), Ok(expected));
    }

    #[test]
    fn what_has_an_equals_sign_is_a_tag() {
        check("tr-1", TagPosition::Trace("tr-1".into()));
        check("env=prod", TagPosition::Set("env".into(), "prod".into()));
        check("query=a=b", TagPosition::Set("query".into(), "a=b".into()));
        check("empty=", TagPosition::Set("empty".into(), String::new()));
    }
}
