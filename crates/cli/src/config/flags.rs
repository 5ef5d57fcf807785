//! The flags of the keys, made from their table.

use super::key::{KEYS, Key};
use super::{Loaded, load};
use anyhow::Result;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::path::PathBuf;

/// What they stand under in help, apart from what only one command has.
const HEADING: &str = "Configuration";

/// Flags for all keys.
pub(crate) type ServeFlags = Flags<true>;
/// Flags for what other commands need: where the data is, or who serves it.
pub(crate) type ClientFlags = Flags<false>;

/// The values of the flags that were given.
#[derive(Debug, Clone)]
pub(crate) struct Flags<const ALL: bool> {
    settings: Vec<(&'static Key, String)>,
    file: Option<PathBuf>,
}

impl<const ALL: bool> Flags<ALL> {
    /// Reads the whole configuration: file, environment, these flags.
    pub(crate) fn load(&self) -> Result<Loaded> {
        load(&self.settings, self.file.clone())
    }

    fn keys() -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(|key| ALL || key.client_help.is_some())
    }
}

impl<const ALL: bool> Args for Flags<ALL> {
    fn augment_args(command: Command) -> Command {
        let flag = |key: &'static Key| {
            let flag = key.flag().trim_start_matches('-').to_owned();
            let help = key.client_help.filter(|_| !ALL).unwrap_or(key.help);
            Arg::new(key.name).long(flag).value_name(key.value_name).help(help).help_heading(HEADING)
        };
        let file = Arg::new("config").long("config").value_name("FILE").help(
            "The configuration file [default: spanwise.toml in the working directory, else in the data directory]",
        );
        let file = file.help_heading(HEADING);
        command.args(Self::keys().map(flag)).arg(file)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<const ALL: bool> FromArgMatches for Flags<ALL> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |key: &'static Key| Some((key, matches.get_one::<String>(key.name)?.clone()));
        Ok(Flags {
            settings: Self::keys().filter_map(given).collect(),
            file: matches.get_one::<String>("config").map(PathBuf::from),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
