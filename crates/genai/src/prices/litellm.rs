//! Reads litellm's `model_prices_and_context_window.json`: an object of models, with prices a token under many keys.
//!
//! What prices no tokens (seconds, pictures, pages, requests) is left out, and so are prices of 0, which the file writes
//! for what it does not know as well as for what is free. Prices by the time of day and surcharges for regions are
//! not read. `scripts/make-prices.py` has the same rules.

use super::list::{Draft, LIST_ROWS_MAX, NAME_CHARS_MAX, Origin, Row};
use super::provider::{canonical_in_list, name_in_list};
use super::rates::{Kind, PRICE_PER_MILLION_MAX, PriceError, Prices, Tiers, per_million};
use serde_json::{Map, Value};
use std::sync::Arc;

const KINDS: [(&str, Kind); 10] = [
    // The longer of two keys that begin alike is first.
    ("cache_creation_input_token_cost_above_1hr", Kind::CacheWrite1h),
    ("cache_creation_input_token_cost", Kind::CacheWrite),
    ("cache_read_input_token_cost", Kind::CacheRead),
    ("input_cost_per_token", Kind::Input),
    ("output_cost_per_token", Kind::Output),
    ("input_cost_per_audio_token", Kind::AudioInput),
    ("output_cost_per_audio_token", Kind::AudioOutput),
    ("input_cost_per_image_token", Kind::ImageInput),
    ("output_cost_per_image_token", Kind::ImageOutput),
    ("output_cost_per_reasoning_token", Kind::Reasoning),
];
const SERVICES: [(&str, &str); 5] = [
    ("_batches", "batch"),
    ("_flex", "flex"),
    ("_priority", "priority"),
    ("_balanced", "balanced"),
    ("_ultrafast", "ultrafast"),
];
/// Whose dearer tier begins at the size that it is named after, and not above it.
const INCLUSIVE: &str = "xai";
/// What stands before a `/` for a size or quality of pictures.
const NO_MODELS: [&str; 5] = ["low", "medium", "high", "standard", "hd"];
/// Kinds of models that answer without output tokens.
const NO_OUTPUT: [&str; 3] = ["embedding", "rerank", "moderation"];
/// Digits that a price can have; what is beyond them is noise of binary arithmetic.
const DIGITS_MAX: usize = 12;

pub(crate) fn read(text: &str, origin: &Origin) -> Result<Draft, PriceError> {
    let entries: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        PriceError::new(format!(
            "this is neither a list of prices (lines of JSON, the first with `format`) nor litellm's JSON file: {error}"
        ))
    })?;
    if entries.len() > LIST_ROWS_MAX {
        return Err(PriceError::new(format!("the list has more than {LIST_ROWS_MAX} rows")));
    }
    let mut draft = Draft::default();
    for (key, entry) in &entries {
        if key != "sample_spec" {
            read_entry(key, entry, &entries, origin, &mut draft);
        }
    }
    draft.resolve_aliases(origin);
    Ok(draft)
}

fn read_entry(key: &str, entry: &Value, all: &Map<String, Value>, origin: &Origin, draft: &mut Draft) {
    let Some(fields) = entry.as_object() else {
        return draft.problem(key, "is no object of prices");
    };
    if let Some(of) = fields.get("alias_of").and_then(Value::as_str) {
        return read_alias(key, of, all, draft);
    }
    let Some(provider) = fields.get("litellm_provider").and_then(Value::as_str) else {
        return match fields.keys().any(|field| read_field(field, "").is_some()) {
            true => draft.problem(key, "has no `litellm_provider`"),
            false => draft.without_token_price += 1,
        };
    };
    let provider = canonical_in_list(provider);
    let model = name_in_list(key, &provider);
    if model.is_empty() || model.chars().count() > NAME_CHARS_MAX {
        return draft.problem(key, format!("must be a name of 1 to {NAME_CHARS_MAX} characters"));
    }
    match prices_of(fields, &provider) {
        // The file has some models twice, with and without their provider before them.
        Ok(Some(prices)) if !is_size(key) => drop(draft.take(Row {
            provider: provider.as_str().into(),
            model: model.into(),
            alias_of: None,
            prices: Arc::new(prices),
            origin: origin.clone(),
        })),
        Ok(_) => draft.without_token_price += 1,
        Err(error) => draft.problem(key, error.to_string()),
    }
}

fn read_alias(key: &str, of: &str, all: &Map<String, Value>, draft: &mut Draft) {
    let provider = all.get(of).and_then(|target| target.get("litellm_provider")).and_then(Value::as_str);
    match provider.map(canonical_in_list) {
        Some(provider) => {
            let (model, of) = (name_in_list(key, &provider), name_in_list(of, &provider));
            draft.aliases.push((provider.as_str().into(), model.into(), of.into()));
        }
        None => draft.problem(key, format!("is an alias of `{of}`, which the list does not have")),
    }
}

/// Returns whether a key names a size or quality of pictures, such as `1024-x-1024/dall-e-2`.
fn is_size(key: &str) -> bool {
    let Some((first, _)) = key.split_once('/') else { return false };
    NO_MODELS.contains(&first) || first.contains("-x-")
}

fn prices_of(fields: &Map<String, Value>, provider: &str) -> Result<Option<Prices>, PriceError> {
    let mut prices = Prices::default();
    for (key, value) in fields {
        if let Some(field) = read_field(key, provider) {
            let Some(price) = price_of(key, value)? else { continue };
            let tiers = match field.service {
                Some(service) => prices.service(service),
                None => &mut prices.standard,
            };
            set(tiers, field.above, field.kind, price);
        }
    }
    for tier in fields.get("tiered_pricing").and_then(Value::as_array).into_iter().flatten() {
        read_tier(tier, &mut prices.standard)?;
    }
    complete(&mut prices, fields);
    let base = &prices.standard.base;
    let (input, output) = (base.get(Kind::Input), base.get(Kind::Output));
    let costs = input.zip(output).is_some_and(|(input, output)| input > 0.0 || output > 0.0);
    Ok(costs.then_some(prices))
}

/// What a key is the price of.
struct Field {
    kind: Kind,
    above: u64,
    service: Option<&'static str>,
}

/// Reads `input_cost_per_token_above_200k_tokens_priority` and the like.
fn read_field(key: &str, provider: &str) -> Option<Field> {
    let (kind, mut rest) = KINDS.iter().find_map(|(name, kind)| Some((*kind, key.strip_prefix(name)?)))?;
    let mut service = None;
    if let Some((end, name)) = SERVICES.iter().find(|(end, _)| rest.ends_with(end)) {
        (rest, service) = (rest.strip_suffix(end)?, Some(*name));
    }
    let above = match rest {
        "" => 0,
        _ => {
            let size = rest.strip_prefix("_above_")?.strip_suffix("_tokens")?;
            let tokens: u64 = match size.strip_suffix('k') {
                Some(thousands) => thousands.parse::<u64>().ok()?.checked_mul(1000)?,
                None => size.parse().ok()?,
            };
            tokens.saturating_sub(u64::from(provider == INCLUSIVE))
        }
    };
    Some(Field { kind, above, service })
}

fn price_of(key: &str, value: &Value) -> Result<Option<f64>, PriceError> {
    if value.is_null() {
        return Ok(None);
    }
    let price = value.as_f64().map(without_noise);
    match price.filter(|price| (0.0..PRICE_PER_MILLION_MAX).contains(&per_million(*price))) {
        Some(price) => Ok(Some(price)),
        None => Err(PriceError::new(format!(
            "`{key}` is {value}: expected US dollars a token, from 0 to below {}",
            PRICE_PER_MILLION_MAX / 1e6
        ))),
    }
}

/// Drops digits like those of 0.30000000000000004.
fn without_noise(price: f64) -> f64 {
    format!("{price:.*e}", DIGITS_MAX - 1).parse().unwrap_or(price)
}

fn read_tier(tier: &Value, tiers: &mut Tiers) -> Result<(), PriceError> {
    let above = tier["range"][0].as_f64().unwrap_or(0.0) as u64;
    for (name, kind) in KINDS {
        if let Some(value) = tier.get(name)
            && let Some(price) = price_of(name, value)?
        {
            set(tiers, above, kind, price);
        }
    }
    Ok(())
}

fn set(tiers: &mut Tiers, above: u64, kind: Kind, price: f64) {
    match above {
        0 => tiers.base.set(kind, price),
        tokens => tiers.tier(tokens).set(kind, price),
    }
}

/// Fills in what the file leaves out because it goes without saying, and drops what says nothing.
fn complete(prices: &mut Prices, fields: &Map<String, Value>) {
    let base = &mut prices.standard.base;
    let first = |kinds: [Kind; 2]| kinds.into_iter().find_map(|kind| base.get(kind));
    let (input, output) =
        (first([Kind::AudioInput, Kind::ImageInput]), first([Kind::ImageOutput, Kind::AudioOutput]));
    let mode = fields.get("mode").and_then(Value::as_str).unwrap_or_default();
    let output = output.or(NO_OUTPUT.contains(&mode).then_some(0.0));
    for (kind, price) in [(Kind::Input, input), (Kind::Output, output)] {
        if let Some(price) = price.filter(|_| base.get(kind).is_none()) {
            base.set(kind, price);
        }
    }
    let services = prices.services.iter_mut().map(|(_, tiers)| tiers);
    for tiers in std::iter::once(&mut prices.standard).chain(services) {
        let above = tiers.above.iter_mut().map(|(_, rates)| rates);
        for rates in std::iter::once(&mut tiers.base).chain(above) {
            if rates.get(Kind::Reasoning).is_some() && rates.get(Kind::Reasoning) == rates.get(Kind::Output) {
                rates.remove(Kind::Reasoning);
            }
        }
        tiers.above.retain(|(_, rates)| !rates.is_empty());
    }
    let order = |name: &str| SERVICES.iter().position(|(_, own)| *own == name);
    prices.services.sort_by_key(|(name, _)| order(name));
}
