//! The command line as types: the commands, and in the modules below what each takes.

mod datasets;
mod help;
mod manage;
mod prices;
mod read;
mod redaction;
mod run;
mod scorers;
mod selection;

pub(crate) use datasets::{
    DatasetExportArgs, DatasetImportArgs, DatasetListArgs, DatasetShowArgs, DatasetsArgs, DatasetsCommand,
    RecordFormat,
};
pub(crate) use manage::{
    CompletionsArgs, ConfigPathArgs, ConfigShowArgs, DeleteArgs, ExperimentsArgs, ExperimentsCommand,
    ListArgs, TagArgs, TagPosition,
};
pub(crate) use prices::{
    PriceListArgs, PriceScope, PriceSetArgs, PriceShowArgs, PriceUnsetArgs, PriceUpdateArgs, PricesArgs,
    PricesCommand,
};
pub(crate) use read::{
    ExportArgs, GetArgs, GetFormat, ImportArgs, ImportCommand, MlflowArgs, SearchArgs, StatsArgs, StatsBy,
    TailArgs,
};
pub(crate) use redaction::{RedactionCommand, RedactionRuleArgs, RedactionSetArgs};
pub(crate) use run::{
    BackupArgs, CheckArgs, CompactArgs, DemoArgs, RenormalizeArgs, RestoreBackupArgs, ServeArgs,
};
pub(crate) use scorers::{
    ScorerArgs, ScorerBackfillArgs, ScorerListArgs, ScorerName, ScorerSetArgs, ScorerStartArgs,
    ScorerTryArgs, ScorersArgs, ScorersCommand,
};
pub(crate) use selection::{BulkSelection, Scope, Selection};

use crate::terminal::ColorChoice;
use clap::{Parser, Subcommand};

/// Records what LLM applications and agents do, and finds it again.
#[derive(Debug, Parser)]
#[command(
    name = "spanwise", version, disable_help_subcommand = true, arg_required_else_help = true,
    max_term_width = help::WIDTH_MAX, after_help = help::MAIN
)]
pub(crate) struct Arguments {
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto, hide_possible_values = true, display_order = help::LAST)]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server
    #[command(after_help = help::SERVE)]
    Serve(ServeArgs),
    /// Add realistic traces of chats, retrieval and agents, without calling any model
    #[command(after_help = help::DEMO)]
    Demo(DemoArgs),
    /// List traces
    #[command(after_help = help::SEARCH)]
    Search(SearchArgs),
    /// Add up traces, or calls of models, over time
    #[command(after_help = help::STATS)]
    Stats(StatsArgs),
    /// Show one trace, or one of its spans
    #[command(after_help = help::GET)]
    Get(GetArgs),
    /// Follow traces as they come in, one line for each
    #[command(after_help = help::TAIL)]
    Tail(TailArgs),
    /// Write traces to a file, whole and in a form that `import` takes back
    #[command(after_help = help::EXPORT)]
    Export(ExportArgs),
    /// Take in what `export` wrote; started again after an interruption, it goes on
    #[command(after_help = help::IMPORT, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Import(ImportArgs),
    /// Set and remove tags of traces
    #[command(after_help = help::TAG)]
    Tag(TagArgs),
    /// Delete traces
    #[command(after_help = help::DELETE)]
    Delete(DeleteArgs),
    /// List, create, rename, delete and restore experiments
    #[command(after_help = help::EXPERIMENTS, args_conflicts_with_subcommands = true)]
    Experiments(ExperimentsArgs),
    /// List, show, export and import evaluation datasets
    #[command(after_help = help::DATASETS, args_conflicts_with_subcommands = true)]
    Datasets(DatasetsArgs),
    /// Show, set and update what tokens cost
    #[command(after_help = help::PRICES, args_conflicts_with_subcommands = true)]
    Prices(PricesArgs),
    /// Run scorers on new and stored traces, and show what came of it
    #[command(after_help = help::SCORERS, args_conflicts_with_subcommands = true)]
    Scorers(ScorersArgs),
    /// Have secrets and personal data replaced before anything is stored
    #[command(after_help = help::REDACTION)]
    Redaction {
        #[command(subcommand)]
        command: RedactionCommand,
    },
    /// Copy the whole store to a folder, while it is written to; the next time only what changed
    #[command(after_help = help::BACKUP)]
    Backup(BackupArgs),
    /// Make a data directory of a backup
    #[command(after_help = help::RESTORE)]
    Restore(RestoreBackupArgs),
    /// Rewrite what lies apart or is partly deleted, and give the disk back what nothing needs
    #[command(after_help = help::COMPACT)]
    Compact(CompactArgs),
    /// Verify every checksum and reference of a data directory, or of what a running server holds
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// Derive again what stored traces say: types, models, tokens, cost, names, previews
    #[command(after_help = help::RENORMALIZE)]
    Renormalize(RenormalizeArgs),
    /// Show the configuration, and where it comes from
    #[command(after_help = help::CONFIG)]
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print a script that completes commands and flags in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print each value and where it comes from
    #[command(after_help = help::CONFIG_SHOW)]
    Show(ConfigShowArgs),
    /// Print the path of the configuration file that is in use
    #[command(after_help = help::CONFIG_PATH)]
    Path(ConfigPathArgs),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        fn visit(command: &clap::Command) {
            for command in command.get_subcommands() {
                let help = command.get_after_help().map(|help| help.to_string()).unwrap_or_default();
                assert!(help.contains("spanwise "), "`{}` has no example", command.get_name());
                visit(command);
            }
        }
        visit(&Arguments::command());
    }
}
