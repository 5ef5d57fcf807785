//! Configuration: one table of keys, read from a file, the environment and flags; a later one wins.
//!
//! Key `a.b` is `b` of table `[a]` in `spanwise.toml`, `SPANWISE_A_B` in the environment and `--a-b` as a flag.

mod file;
mod flags;
mod judge;
mod key;
mod redaction;
mod retention;
mod size;

pub(crate) use flags::{ClientFlags, ServeFlags};

use anyhow::{Context, Result};
use judge::JudgeSettings;
use key::{KEYS, Key};
use spanwise_redact::{HashKey, Rules};
use spanwise_store::RetentionRules;
use std::fmt;
use std::path::PathBuf;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the process runs with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) otlp_http_port: u16,
    pub(crate) otlp_grpc_port: u16,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: String,
    pub(crate) body_bytes: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) artifact_bytes: usize,
    pub(crate) connections: usize,
    pub(crate) search_index: bool,
    /// Whether webhooks may be on private addresses.
    pub(crate) private_webhooks: bool,
    pub(crate) retention: RetentionRules,
    /// What is replaced in what is sent to experiments without rules of their own.
    pub(crate) redaction: Rules,
    /// The key of hashes in replacements.
    pub(crate) redaction_key: Option<HashKey>,
    /// Where judges find models, and how scoring works.
    pub(crate) judge: JudgeSettings,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "file {}", path.display()),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// A value as text, by the name of its key.
type Setting = (&'static Key, String);

/// The configuration, and where each value came from.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// The configuration file that was read.
    pub(crate) file: Option<PathBuf>,
    origins: Vec<Origin>,
}

impl Loaded {
    /// Returns each key's name, value and origin, in the order of the table, and what is set for single experiments.
    pub(crate) fn rows(&self) -> Vec<(String, String, Origin)> {
        let keys = KEYS.iter().zip(&self.origins);
        let mut rows: Vec<_> = keys
            .map(|(key, origin)| (key.name.to_owned(), (key.get)(&self.config), origin.clone()))
            .collect();
        // What is set for single experiments and endpoints, and patterns, can only come from the file.
        let origin = self.file.clone().map_or(Origin::Default, Origin::File);
        let of_experiments = retention::experiment_rows(&self.config.retention.experiments);
        let patterns = redaction::pattern_rows(&self.config.redaction.patterns);
        let endpoints = judge::endpoint_rows(&self.config.judge.endpoints);
        let of_file = of_experiments.into_iter().chain(patterns).chain(endpoints);
        rows.extend(of_file.map(|(name, value)| (name, value, origin.clone())));
        rows
    }

    /// Returns where a configuration file is looked for, if none is named.
    pub(crate) fn file_places(&self) -> Vec<PathBuf> {
        file::places(&self.config.data_dir)
    }

    fn defaults(file: Option<PathBuf>) -> Loaded {
        Loaded { config: Config::default(), file, origins: vec![Origin::Default; KEYS.len()] }
    }

    fn apply(&mut self, settings: Vec<Setting>, origin: impl Fn(&Key) -> Origin) -> Result<()> {
        for (key, text) in settings {
            let origin = origin(key);
            (key.set)(&mut self.config, text.trim())
                .map_err(|problem| anyhow::anyhow!("`{text}` {problem}"))
                .with_context(|| format!("cannot use `{}` ({origin})", key.name))?;
            let index =
                KEYS.iter().position(|known| known.name == key.name).expect("settings are of known keys");
            self.origins[index] = origin;
        }
        Ok(())
    }
}

/// Reads file, environment and flags.
pub(crate) fn load(flags: &[(&'static Key, String)], file: Option<PathBuf>) -> Result<Loaded> {
    let mut loaded = Loaded::defaults(None);
    // The data directory may hold the file, so it must be known first, from what overrides the file anyway.
    loaded.apply(environment(), |key| Origin::Environment(key.variable()))?;
    loaded.apply(flags.to_vec(), |key| Origin::Flag(key.flag()))?;
    let Some(path) = file::find(file, &loaded.config.data_dir)? else {
        return Ok(loaded);
    };
    loaded = Loaded::defaults(Some(path.clone()));
    let contents = file::read(&path)?;
    loaded.config.retention.experiments = contents.experiments;
    loaded.config.redaction.patterns = contents.patterns;
    loaded.config.judge.endpoints = contents.endpoints;
    loaded.apply(contents.settings, |_| Origin::File(path.clone()))?;
    loaded.apply(environment(), |key| Origin::Environment(key.variable()))?;
    loaded.apply(flags.to_vec(), |key| Origin::Flag(key.flag()))?;
    Ok(loaded)
}

/// An empty variable counts as unset, as compose files and templates leave them so.
fn environment() -> Vec<Setting> {
    let value = |key: &'static Key| {
        let text = std::env::var(key.variable()).ok().filter(|text| !text.is_empty())?;
        Some((key, text))
    };
    KEYS.iter().filter_map(value).collect()
}
