//! Which traces a command is about.

use clap::Args;

/// For commands that read: a filter, experiments and a range of time.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Selection {
    /// Which traces, e.g. "status = 'ERROR' AND tokens > 10000" [default: all]
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    // Scripts may prefer a name to a place.
    /// The same as FILTER
    #[arg(
        long = "filter",
        value_name = "FILTER",
        conflicts_with = "filter",
        id = "filter_flag",
        hide = true
    )]
    filter_flag: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
}

impl Selection {
    /// Returns the filter, however it was given.
    pub(crate) fn filter(&self) -> Option<&str> {
        self.filter.as_deref().or(self.filter_flag.as_deref())
    }
}

/// Experiments and a range of time.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Scope {
    /// An experiment's name or id; may be repeated [default: all]
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Vec<String>,
    /// Traces that started then or later: -1h, -7d, 2026-11-25T10:00:00Z, milliseconds since 1970
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) from: Option<String>,
    /// Traces that started before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) to: Option<String>,
}

/// For commands that change many traces at once: ids, or `--where`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct BulkSelection {
    /// Which traces, e.g. "status = 'ERROR' AND tags.env = 'dev'"
    #[arg(long = "where", value_name = "FILTER", visible_alias = "filter")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) scope: Scope,
    /// Every trace (of the experiments, if some are named)
    #[arg(long, conflicts_with_all = ["filter", "from", "to"])]
    pub(crate) all: bool,
    /// Say how many traces it would be, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print JSON: {"matched": …, "changed": …}
    #[arg(long)]
    pub(crate) json: bool,
}
