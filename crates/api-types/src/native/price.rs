//! Prices of models, and why a span costs what it does. Prices are in US dollars a million tokens, as people quote them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The prices in force.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceState {
    /// The list that is built in.
    pub built_in: PriceListInfo,
    /// The list that is over it; null if there is none.
    pub updated: Option<PriceListInfo>,
    /// Prices that were set; they win over every list.
    pub overrides: Vec<PriceOverride>,
}

/// What a list of prices says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceListInfo {
    /// The day of its prices, `YYYY-MM-DD`.
    pub date: String,
    /// Where they are from.
    pub source: String,
    /// How many models it prices.
    pub rows: usize,
}

/// Prices that somebody set for a model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceOverride {
    /// The experiment that they hold for; null for all.
    pub experiment_id: Option<String>,
    /// The provider that they hold for; null for any.
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// The prices: `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `audio_input`, `audio_output`,
    /// `image_input`, `image_output`, `reasoning`; those of large requests by number of input tokens in `above`; those of
    /// other services by name in `services`.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub prices: Map<String, Value>,
}

/// Prices to set for a model.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriceOverride {
    /// Name or id of the experiment that they hold for; all, if absent.
    #[serde(default)]
    pub experiment: Option<String>,
    /// The provider that they hold for; any, if absent.
    #[serde(default)]
    pub provider: Option<String>,
    /// The model.
    pub model: String,
    /// The prices; `input` and `output` are needed.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub prices: Map<String, Value>,
}

/// What an update of the list did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceUpdate {
    /// The list that is in force now.
    pub list: PriceListInfo,
    /// Entries that were left out, since they price no tokens but seconds, pictures or pages, or nothing.
    pub left_out: usize,
    /// The first of the rows that can't be used.
    pub problems: Vec<PriceProblem>,
    /// How many can't be.
    pub problem_count: usize,
}

/// A row of a list that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceProblem {
    /// Its line or its key.
    pub row: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// The prices of a model at a provider.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceRow {
    /// The provider; null for any.
    pub provider: Option<String>,
    /// The model, as the list spells it.
    pub model: String,
    /// The model whose prices these are, if the row is another name of it.
    pub alias_of: Option<String>,
    /// `built_in`, `updated`, `override`, `experiment_override`, or `rule`.
    pub origin: String,
    /// The day of the list that it is in.
    pub list_date: Option<String>,
    /// The prices; see `PriceOverride`.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub prices: Map<String, Value>,
}

/// Rows of the list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceRows {
    /// Those that were asked for.
    pub rows: Vec<PriceRow>,
    /// How many there are in all.
    pub matched: usize,
}

/// How a model is found among the prices.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceMatch {
    /// Its prices; null if it has none.
    pub row: Option<PriceRow>,
    /// Why it has none.
    pub unknown: Option<PriceUnknown>,
    /// The names that were looked for, in order.
    pub steps: Vec<PriceStep>,
}

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceUnknown {
    /// `no_model`, `no_tokens`, `not_listed`, `own_machine`, `route`, `opaque` or `repeated`.
    pub code: String,
    /// The same in words.
    pub text: String,
}

/// A name that was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceStep {
    /// What was done to get it: `as_given`, `provider`, `path`, `region`, `context_size`, `fine_tune`, `spelling`, `date`,
    /// `latest`, `newest`, `sibling`, `maker`, `alias` or `free`.
    pub rule: String,
    /// The same in words.
    pub text: String,
    /// The provider whose prices were looked at; null if none is known.
    pub provider: Option<String>,
    /// The name, in lower case.
    pub name: String,
    /// Whether it was found.
    pub found: bool,
}

/// Why a span costs what it does.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CostReason {
    /// `reported` by the span, `priced` by its tokens, or `unknown`.
    pub source: String,
    /// The whole in a sentence.
    pub text: String,
    /// Whether the cost is what the prices in force now make of it. It is kept as it was when the span came in, until what is
    /// stored is priced again.
    pub is_current: bool,
    /// Why the cost is not known, if it is not.
    pub unknown: Option<PriceUnknown>,
    /// How the model was found among the prices; null if the span names none.
    #[serde(rename = "match")]
    pub matched: Option<PriceMatch>,
    /// The tokens of each kind, and what they cost at these prices. Of a reported cost, what they would cost.
    pub charges: Vec<CostCharge>,
    /// The sum of the charges.
    pub list_cost: Option<f64>,
    /// The service whose prices were taken, if not the standard one, e.g. `batch`.
    pub service: Option<String>,
    /// The number of input tokens above which these prices hold, if they are those of large requests.
    pub above_tokens: Option<u64>,
}

/// Tokens of a kind, and what they cost.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CostCharge {
    /// `input`, `output`, `cache_read`, `cache_write`, `cache_write_1h`, `audio_input`, `audio_output`, `image_input`,
    /// `image_output` or `reasoning`.
    pub kind: String,
    /// How many.
    pub tokens: u64,
    /// US dollars a million.
    pub per_million: f64,
    /// US dollars.
    pub cost: f64,
}
