//! What `prices` takes.

use super::{RenormalizeArgs, help};
use crate::config::ClientFlags;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PricesCommand>,
    #[command(flatten)]
    pub(crate) list: PriceListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// Show which lists are in force and what was set; with a text, the models whose names hold it (this is the default)
    #[command(after_help = help::PRICES_LIST)]
    List(PriceListArgs),
    /// Show what a model costs, and how it is found step by step
    #[command(after_help = help::PRICES_SHOW)]
    Show(PriceShowArgs),
    /// Set what a model costs, for all experiments or for one
    #[command(after_help = help::PRICES_SET)]
    Set(Box<PriceSetArgs>),
    /// Remove what was set for a model
    #[command(after_help = help::PRICES_UNSET)]
    Unset(PriceUnsetArgs),
    /// Put a newer list over the built-in one, from a file or a URL
    #[command(after_help = help::PRICES_UPDATE)]
    Update(PriceUpdateArgs),
    /// Go back to the built-in list; what was set for models stays
    #[command(after_help = help::PRICES_RESET)]
    Reset(PriceResetArgs),
    /// Price what is stored again, with the prices in force now; costs that spans report stay
    #[command(after_help = help::PRICES_APPLY)]
    Apply(RenormalizeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct PriceListArgs {
    /// A part of a model's name
    #[arg(value_name = "TEXT")]
    pub(crate) contains: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// What prices are for, beside the model.
#[derive(Debug, Args)]
pub(crate) struct PriceScope {
    /// The provider, as spans name it [default: any]
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// An experiment's name or id [default: all]
    #[arg(long, value_name = "NAME|ID")]
    pub(crate) experiment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PriceShowArgs {
    /// The model, as a span spells it
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) scope: PriceScope,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct PriceSetArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) rates: PriceRates,
    /// All prices as JSON, with those of large requests and of services; single ones are set over it
    #[arg(long, value_name = "JSON")]
    pub(crate) prices: Option<String>,
    #[command(flatten)]
    pub(crate) scope: PriceScope,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

/// Prices in US dollars a million tokens.
#[derive(Debug, Args)]
pub(crate) struct PriceRates {
    /// US dollars a million input tokens
    #[arg(long, value_name = "USD", required_unless_present = "prices")]
    pub(crate) input: Option<f64>,
    /// US dollars a million output tokens
    #[arg(long, value_name = "USD", required_unless_present = "prices")]
    pub(crate) output: Option<f64>,
    /// Those read from a cache [default: as input]
    #[arg(long, value_name = "USD")]
    pub(crate) cache_read: Option<f64>,
    /// Those written to a cache [default: as input]
    #[arg(long, value_name = "USD")]
    pub(crate) cache_write: Option<f64>,
    /// Those written to a cache for more than an hour [default: as --cache-write]
    #[arg(long, value_name = "USD")]
    pub(crate) cache_write_1h: Option<f64>,
    /// Audio that goes in [default: as input]
    #[arg(long, value_name = "USD")]
    pub(crate) audio_input: Option<f64>,
    /// Audio that comes out [default: as output]
    #[arg(long, value_name = "USD")]
    pub(crate) audio_output: Option<f64>,
    /// Images that go in [default: as input]
    #[arg(long, value_name = "USD")]
    pub(crate) image_input: Option<f64>,
    /// Images that come out [default: as output]
    #[arg(long, value_name = "USD")]
    pub(crate) image_output: Option<f64>,
    /// Reasoning [default: as output]
    #[arg(long, value_name = "USD")]
    pub(crate) reasoning: Option<f64>,
}

impl PriceRates {
    /// Returns the prices that are given, with the names that the API has for them.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("input", self.input),
            ("output", self.output),
            ("cache_read", self.cache_read),
            ("cache_write", self.cache_write),
            ("cache_write_1h", self.cache_write_1h),
            ("audio_input", self.audio_input),
            ("audio_output", self.audio_output),
            ("image_input", self.image_input),
            ("image_output", self.image_output),
            ("reasoning", self.reasoning),
        ];
        all.into_iter().filter_map(|(name, price)| Some((name, price?)))
    }
}

#[derive(Debug, Args)]
pub(crate) struct PriceUnsetArgs {
    /// The model
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) scope: PriceScope,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct PriceUpdateArgs {
    /// A list in our format or litellm's JSON file; `-` is standard input
    #[arg(value_name = "FILE|URL")]
    pub(crate) from: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}

#[derive(Debug, Args)]
pub(crate) struct PriceResetArgs {
    #[command(flatten)]
    pub(crate) flags: ClientFlags,
}
