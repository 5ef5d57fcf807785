//! What a request costs: each kind of token times its price.

use super::rates::{Chosen, Kind, Prices};
use spanwise_model::{Cost, TokenUsage};
use std::borrow::Cow;

/// Counts that some models price apart, and the service that answered. Unlike [`TokenUsage`] they are only for pricing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsageDetails<'a> {
    /// Output tokens that were spent on reasoning.
    pub reasoning: Option<u64>,
    /// Input tokens that were audio.
    pub audio_input: Option<u64>,
    /// Output tokens that were audio.
    pub audio_output: Option<u64>,
    /// Input tokens that were images.
    pub image_input: Option<u64>,
    /// Output tokens that were images.
    pub image_output: Option<u64>,
    /// The service tier, as the provider calls it: `batch`, `flex`, `priority`, …
    pub service: Option<Cow<'a, str>>,
}

impl UsageDetails<'_> {
    /// Nothing of it.
    pub const NONE: UsageDetails<'static> = UsageDetails {
        reasoning: None,
        audio_input: None,
        audio_output: None,
        image_input: None,
        image_output: None,
        service: None,
    };
}

/// Tokens of one kind, and what each costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charge {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub tokens: u64,
    /// US dollars a token.
    pub price: f64,
}

impl Charge {
    /// Returns the cost in US dollars.
    pub fn cost(&self) -> f64 {
        self.tokens as f64 * self.price
    }
}

/// How the tokens of a request are charged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Charges {
    /// Their order is that of the sums, which are to be the same to the last bit wherever they are made.
    pub(crate) input: [Charge; 6],
    pub(crate) output: [Charge; 4],
}

impl Charges {
    pub(crate) fn cost(&self) -> Cost {
        let sum = |charges: &[Charge]| charges.iter().fold(0.0, |sum, charge| sum + charge.cost());
        let (input, output) = (sum(&self.input), sum(&self.output));
        Cost { input, output, total: input + output }
    }
}

/// Returns the prices of a request; the service is known by one of its names.
pub(crate) fn choose<'a>(prices: &'a Prices, usage: &TokenUsage, details: &UsageDetails<'_>) -> Chosen<'a> {
    let service = details.service.as_deref().filter(|_| !prices.services.is_empty());
    prices.choose(service.map(service_name).as_deref(), usage.input)
}

/// Returns the list's name of a service tier.
fn service_name(tier: &str) -> Cow<'_, str> {
    match tier.to_ascii_lowercase().as_str() {
        "batches" | "batch" => "batch".into(),
        // OpenAI sells its priority tier under both names; Google tells it as a type of traffic.
        "fast" | "priority" | "on_demand_priority" => "priority".into(),
        "on_demand_flex" | "flex" => "flex".into(),
        _ => tier.to_ascii_lowercase().into(),
    }
}

/// Input tokens include the cached ones, and output those spent on reasoning; audio and images are parts of what is
/// left. Parts can't be more than the whole.
pub(crate) fn charge(prices: &Chosen<'_>, usage: &TokenUsage, details: &UsageDetails<'_>) -> Charges {
    let read = usage.cache_read.unwrap_or(0);
    let written = usage.cache_creation.unwrap_or(0);
    let written_1h = usage.cache_creation_above_1h.unwrap_or(0).min(written);
    let mut input = usage.input.saturating_sub(read).saturating_sub(written);
    let mut output = usage.output;
    let apart = |kind, count: Option<u64>, of: &mut u64| {
        let count = count.filter(|_| prices.priced_apart(kind).is_some()).unwrap_or(0).min(*of);
        *of -= count;
        count
    };

    let audio_input = apart(Kind::AudioInput, details.audio_input, &mut input);
    let image_input = apart(Kind::ImageInput, details.image_input, &mut input);
    let audio_output = apart(Kind::AudioOutput, details.audio_output, &mut output);
    let image_output = apart(Kind::ImageOutput, details.image_output, &mut output);
    let reasoning = match reasoning_beside_output(usage, details) {
        Some(beside) => beside,
        None => apart(Kind::Reasoning, details.reasoning, &mut output),
    };

    let of = |kind, tokens| Charge { kind, tokens, price: if tokens > 0 { prices.rate(kind) } else { 0.0 } };
    Charges {
        input: [
            of(Kind::Input, input),
            of(Kind::CacheRead, read),
            of(Kind::CacheWrite, written - written_1h),
            of(Kind::CacheWrite1h, written_1h),
            of(Kind::AudioInput, audio_input),
            of(Kind::ImageInput, image_input),
        ],
        output: [
            of(Kind::Output, output),
            of(Kind::AudioOutput, audio_output),
            of(Kind::ImageOutput, image_output),
            of(Kind::Reasoning, reasoning),
        ],
    }
}

/// Returns the reasoning tokens of a span whose output leaves them out, which its total tells: some of Google's
/// libraries report the answer alone.
fn reasoning_beside_output(usage: &TokenUsage, details: &UsageDetails<'_>) -> Option<u64> {
    let reasoning = details.reasoning.filter(|reasoning| *reasoning > 0)?;
    let with_reasoning = usage.input.checked_add(usage.output)?.checked_add(reasoning)?;
    (with_reasoning == usage.total).then_some(reasoning)
}
