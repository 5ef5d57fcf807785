//! What tokens cost: the built-in list prices, and the formula.

use spanwise_model::{Cost, TokenUsage};
use std::collections::HashMap;
use std::sync::OnceLock;

/// See the head of the file for its date and source.
const PRICES: &str = include_str!("../data/prices.tsv");

/// Models that stand for a route of a gateway; what answers behind it is not known here.
const ROUTE_PREFIXES: [&str; 2] = ["gateway:/", "endpoints:/"];

/// Prefixes of Bedrock's cross-region ids, which name the region group before the model.
const REGIONS: [&str; 7] = ["us.", "eu.", "apac.", "global.", "au.", "jp.", "us-gov."];

/// Prices of one model, in US dollars a token.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Price {
    input: f64,
    output: f64,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    cache_write_1h: Option<f64>,
}

/// Returns what `usage` of `model` costs; `None` if the model is unknown or no tokens were used.
pub fn price(provider: Option<&str>, model: &str, usage: &TokenUsage) -> Option<Cost> {
    if usage.input == 0 && usage.output == 0 || ROUTE_PREFIXES.iter().any(|prefix| model.starts_with(prefix))
    {
        return None;
    }
    let provider = provider.map(str::to_ascii_lowercase);
    find(provider.as_deref().map(canonical_provider), model).map(|price| price.cost(usage))
}

impl Price {
    /// Input tokens include the cached ones, which have prices of their own.
    fn cost(&self, usage: &TokenUsage) -> Cost {
        let read = usage.cache_read.unwrap_or(0);
        let written = usage.cache_creation.unwrap_or(0);
        let written_1h = usage.cache_creation_above_1h.unwrap_or(0).min(written);
        let regular = usage.input.saturating_sub(read).saturating_sub(written);

        let write_price = self.cache_write.unwrap_or(self.input);
        let input = regular as f64 * self.input
            + read as f64 * self.cache_read.unwrap_or(self.input)
            + (written - written_1h) as f64 * write_price
            + written_1h as f64 * self.cache_write_1h.unwrap_or(write_price);
        let output = usage.output as f64 * self.output;
        Cost { input, output, total: input + output }
    }
}

/// Tries the model's name as it is, then with what providers and gateways wrap around it taken off.
fn find(provider: Option<&str>, model: &str) -> Option<Price> {
    if let Some(price) = listed(provider, model) {
        return Some(price);
    }
    let lower = model.to_ascii_lowercase();
    let bare = lower.rsplit('/').next().unwrap_or(&lower);
    let unregional = REGIONS.iter().find_map(|region| bare.strip_prefix(region)).unwrap_or(bare);
    [lower.as_str(), bare, unregional, without_date(unregional)]
        .into_iter()
        .find_map(|name| listed(provider, name))
}

/// Finds the price at that provider, else at the first provider that lists the model.
fn listed(provider: Option<&str>, model: &str) -> Option<Price> {
    static TABLE: OnceLock<HashMap<&str, Vec<(&str, Price)>>> = OnceLock::new();
    let rows = TABLE.get_or_init(|| read_table(PRICES)).get(model)?;
    let own = rows.iter().find(|(name, _)| Some(*name) == provider);
    own.or(rows.first()).map(|(_, price)| *price)
}

/// Cuts `-2024-08-06`, `-20241022` or `@20241022` off the end.
fn without_date(model: &str) -> &str {
    let is_date = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        digits == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    let cut = |len: usize| {
        let at = model.len().checked_sub(len)?;
        let (name, date) = (model.get(..at)?, model.get(at + 1..)?);
        (model[at..].starts_with(['-', '@']) && is_date(date)).then_some(name)
    };
    cut("-2024-08-06".len()).or_else(|| cut("-20240806".len())).unwrap_or(model)
}

/// Returns the table's name of a provider, which each convention writes in its own way.
fn canonical_provider(provider: &str) -> &str {
    match provider {
        "aws.bedrock" | "aws_bedrock" | "amazon_bedrock" | "aws" | "bedrock_converse" => "bedrock",
        "azure.ai.openai" | "az.ai.openai" | "azure_openai" | "azure.openai" => "azure",
        "azure.ai.inference" | "az.ai.inference" => "azure_ai",
        "gcp.gemini" | "gcp.gen_ai" | "google" | "google_genai" | "google_ai_studio" | "google-gla" => {
            "gemini"
        }
        "gcp.vertex_ai" | "vertexai" | "google-vertex" | "google_vertexai" => "vertex_ai",
        "mistral_ai" | "mistralai" => "mistral",
        "x_ai" | "x.ai" => "xai",
        "moonshot_ai" | "moonshotai" => "moonshot",
        "together" | "togetherai" => "together_ai",
        "fireworks" => "fireworks_ai",
        other => other,
    }
}

/// Reads the table, whose shape a test checks; the first provider of a model stays first.
fn read_table(text: &'static str) -> HashMap<&'static str, Vec<(&'static str, Price)>> {
    let mut table: HashMap<_, Vec<_>> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((provider, model, price)) = read_row(line) {
            table.entry(model).or_default().push((provider, price));
        }
    }
    table
}

fn read_row(line: &str) -> Option<(&str, &str, Price)> {
    let mut columns = line.split('\t');
    let (provider, model) = (columns.next()?, columns.next()?);
    let mut price = || columns.next().and_then(|column| column.parse().ok());
    let (input, output) = (price()?, price()?);
    Some((
        provider,
        model,
        Price { input, output, cache_read: price(), cache_write: price(), cache_write_1h: price() },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, output: u64) -> TokenUsage {
        TokenUsage { input, output, total: input + output, ..TokenUsage::default() }
    }

    fn total(provider: Option<&str>, model: &str) -> Option<f64> {
        price(provider, model, &usage(4, 4)).map(|cost| cost.total)
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        for line in PRICES.lines().filter(|line| !line.starts_with('#')) {
            let (_, _, price) = read_row(line).unwrap_or_else(|| panic!("{line}"));
            let all = [
                Some(price.input),
                Some(price.output),
                price.cache_read,
                price.cache_write,
                price.cache_write_1h,
            ];
            assert!(all.into_iter().flatten().all(|price| (0.0..0.01).contains(&price)), "{line}");
        }
    }

    #[test]
    fn costs_are_mlflows_to_the_last_bit() {
        let cost = |provider, model, usage| price(Some(provider), model, &usage).unwrap();
        assert_eq!(
            cost("openai", "gpt-4o-mini", usage(10, 5)),
            Cost { input: 1.5e-06, output: 3e-06, total: 4.5e-06 }
        );
        assert_eq!(
            cost("openai", "gpt-4o-mini", usage(23, 15)),
            Cost { input: 3.45e-06, output: 9e-06, total: 1.2450000000000001e-05 }
        );
        assert_eq!(
            cost("openai", "gpt-4o", usage(3, 4)),
            Cost { input: 7.500000000000001e-06, output: 4e-05, total: 4.75e-05 }
        );
        let cached = TokenUsage { cache_read: Some(30), cache_creation: Some(20), ..usage(100, 10) };
        assert_eq!(
            cost("anthropic", "claude-sonnet-4-5", cached),
            Cost { input: 0.00023400000000000002, output: 0.00015000000000000001, total: 0.000384 }
        );
        let over = TokenUsage { cache_read: Some(30), ..usage(10, 10) };
        assert_eq!(
            cost("openai", "gpt-4o", over),
            Cost { input: 3.7500000000000003e-05, output: 0.0001, total: 0.0001375 }
        );
    }

    #[test]
    fn a_cache_written_for_an_hour_has_its_own_price() {
        let written =
            TokenUsage { cache_creation: Some(20), cache_creation_above_1h: Some(15), ..usage(20, 0) };
        let cost = price(None, "claude-sonnet-4-5", &written).unwrap();
        assert_eq!(cost.input, 5.0 * 3.75e-06 + 15.0 * 6e-06);
    }

    #[test]
    fn models_are_found_behind_prefixes_dates_and_regions() {
        let expected = total(Some("openai"), "gpt-4o");
        assert!(expected.is_some());
        for model in ["openai/gpt-4o", "GPT-4o", "gpt-4o-2099-01-01", "gpt-4o-20990101"] {
            assert_eq!(total(None, model), expected, "{model}");
        }
        assert_eq!(total(Some("nobody"), "gpt-4o"), expected);
        assert!(total(Some("aws.bedrock"), "us.anthropic.claude-sonnet-4-5-20250929-v1:0").is_some());
    }

    #[test]
    fn unknown_models_routes_and_no_tokens_have_no_cost() {
        assert_eq!(total(Some("openai"), "fake-model"), None);
        assert_eq!(total(None, "gateway:/gpt-4o"), None);
        assert_eq!(total(None, "endpoints:/gpt-4o"), None);
        assert_eq!(price(None, "gpt-4o", &usage(0, 0)), None);
    }

    #[test]
    fn names_that_only_look_dated_are_safe() {
        for model in ["", "-", "é", "12345678", "ü-20240101", "gpt-4o-----------"] {
            let _ = price(None, model, &usage(1, 1));
        }
        assert_eq!(without_date("m-20240101"), "m");
        assert_eq!(without_date("m@20240101"), "m");
        assert_eq!(without_date("m20240101"), "m20240101");
    }
}
