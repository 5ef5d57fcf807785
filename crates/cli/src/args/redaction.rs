//! What `spanwise redaction` takes.

use super::help;
use crate::config::ClientFlags;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RedactionCommand {
    /// Show the rules of an experiment, and how much they replaced since the server started
    #[command(after_help = help::REDACTION_SHOW)]
    Show(RedactionShowArgs),
    /// Give an experiment rules of its own, in place of those it had
    #[command(after_help = help::REDACTION_SET)]
    Set(RedactionSetArgs),
    /// Show what would be stored of a text
    #[command(after_help = help::REDACTION_TEST)]
    Test(RedactionTestArgs),
    /// List the built-in detectors
    #[command(after_help = help::REDACTION_DETECTORS)]
    Detectors(RedactionDetectorsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RedactionShowArgs {
    /// The experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// What to look for.
#[derive(Debug, Args)]
pub(crate) struct RedactionRuleArgs {
    /// A built-in detector or a group of them (all, personal, secrets); may be repeated
    #[arg(long = "detect", value_name = "DETECTOR")]
    pub(crate) detectors: Vec<String>,
    /// A regular expression with a name, e.g. mrn=MRN-\d{7}; may be repeated
    #[arg(long = "pattern", value_name = "NAME=REGEX")]
    pub(crate) patterns: Vec<String>,
    /// A path of JSON values, e.g. $..ssn; may be repeated
    #[arg(long = "path", value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// A key of attributes, tags and metadata, e.g. http.request.header.*; may be repeated
    #[arg(long = "attribute", value_name = "KEY")]
    pub(crate) attributes: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RedactionSetArgs {
    /// The experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    #[command(flatten)]
    pub(crate) rules: RedactionRuleArgs,
    /// Replace nothing, whatever the default rules are
    #[arg(long, conflicts_with_all = ["detectors", "patterns", "paths", "attributes", "default"])]
    pub(crate) off: bool,
    /// Go back to the default rules of the server's configuration
    #[arg(long, conflicts_with_all = ["detectors", "patterns", "paths", "attributes"])]
    pub(crate) default: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RedactionTestArgs {
    /// The experiment
    #[arg(value_name = "NAME|ID")]
    pub(crate) experiment: String,
    /// The text
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
    /// The key that the text were the value of
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    #[command(flatten)]
    pub(crate) rules: RedactionRuleArgs,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RedactionDetectorsArgs {
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}
