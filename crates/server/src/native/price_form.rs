//! Prices and the reasons of costs, as the native API writes them.

use spanwise_api_types::native::{
    CostCharge, CostReason, PriceListInfo, PriceMatch, PriceOverride, PriceRow, PriceStep, PriceUnknown,
};
use spanwise_genai::prices::{
    Charge, ListInfo, Match, MatchStep, Origin, Override, PriceList, Priced, Row, Unknown, per_million,
};
use spanwise_genai::{CostSource, Derived, PriceTable, explain_cost};
use spanwise_model::Cost;

pub(super) fn list_info(info: &ListInfo) -> PriceListInfo {
    PriceListInfo { date: info.date.clone(), source: info.source.clone(), rows: info.rows }
}

pub(super) fn price_override(entry: &Override) -> PriceOverride {
    PriceOverride {
        experiment_id: entry.experiment.map(|id| id.to_string()),
        provider: named(&entry.row.provider),
        model: entry.row.model.to_string(),
        prices: entry.row.prices.to_json(),
    }
}

pub(super) fn price_row(row: &Row, list: &PriceList) -> PriceRow {
    PriceRow {
        provider: named(&row.provider),
        model: row.model.to_string(),
        alias_of: row.alias_of.as_deref().map(str::to_owned),
        origin: row.origin.as_str().to_owned(),
        list_date: list.date_of(&row.origin).map(str::to_owned),
        prices: row.prices.to_json(),
    }
}

fn named(provider: &str) -> Option<String> {
    Some(provider.to_owned()).filter(|provider| !provider.is_empty())
}

pub(super) fn price_match(found: &Match, list: &PriceList) -> PriceMatch {
    PriceMatch {
        row: found.row.as_ref().ok().map(|row| price_row(row, list)),
        unknown: found.row.as_ref().err().copied().map(unknown_form),
        steps: found.steps.iter().map(step).collect(),
    }
}

fn unknown_form(unknown: Unknown) -> PriceUnknown {
    PriceUnknown { code: unknown.as_str().to_owned(), text: unknown.text().to_owned() }
}

fn step(step: &MatchStep) -> PriceStep {
    PriceStep {
        rule: step.rule.as_str().to_owned(),
        text: step.rule.text().to_owned(),
        provider: step.provider.clone(),
        name: step.name.clone(),
        found: step.found,
    }
}

/// Says why a span costs what it does; `None` of a span that is no use of a model. `kept` is the cost that is kept of it.
pub(super) fn cost_reason(
    derived: &Derived<'_>,
    kept: Option<Cost>,
    prices: &PriceTable,
) -> Option<CostReason> {
    if kept.or(derived.cost).is_none()
        && derived.usage.is_none()
        && derived.cost_source != CostSource::Repeated
    {
        return None;
    }
    let spanwise_genai::CostReason { found, priced, unknown } = explain_cost(derived, prices);
    let is_current = is_same(kept, derived.cost);
    let source = match derived.cost_source {
        _ if kept.is_none() => "unknown",
        CostSource::Reported => "reported",
        _ => "priced",
    };
    let text = match (is_current, source) {
        (_, "reported") => "reported by the span".to_owned(),
        (false, source) => outdated_text(source, derived.cost),
        (true, "priced") => priced_text(found.as_ref(), priced.as_ref(), prices.list()),
        _ => format!("unknown: {}", unknown.unwrap_or(Unknown::NotListed).text()),
    };
    Some(CostReason {
        source: source.to_owned(),
        text,
        is_current,
        unknown: unknown.filter(|_| kept.is_none()).map(unknown_form),
        matched: found.as_ref().map(|found| price_match(found, prices.list())),
        list_cost: priced.as_ref().map(|priced| priced.cost.total),
        service: priced.as_ref().and_then(|priced| priced.service.clone()),
        above_tokens: priced.as_ref().and_then(|priced| priced.above),
        charges: priced.map_or_else(Vec::new, |priced| priced.charges.iter().map(charge).collect()),
    })
}

/// Sums of the same products may differ in the last digits.
fn is_same(kept: Option<Cost>, now: Option<Cost>) -> bool {
    match (kept, now) {
        (Some(kept), Some(now)) => (kept.total - now.total).abs() <= 1e-9 * kept.total.abs(),
        (kept, now) => kept.is_none() && now.is_none(),
    }
}

fn outdated_text(source: &str, now: Option<Cost>) -> String {
    let now = now.map_or_else(|| "it is unknown".to_owned(), |now| format!("it is ${}", now.total));
    format!(
        "{source} when it came in; by the prices in force now {now} (`spanwise prices apply` takes them over)"
    )
}

/// Says for example “priced as gpt-4o (openai), batch, above 200000 input tokens, built-in list of 2026-11-26”.
fn priced_text(found: Option<&Match>, priced: Option<&Priced>, list: &PriceList) -> String {
    let Some(Match { row: Ok(row), .. }) = found else { return "priced".to_owned() };
    let provider = named(&row.provider).map_or_else(String::new, |provider| format!(" ({provider})"));
    let model = row.alias_of.as_deref().unwrap_or(&row.model);
    let service = priced.and_then(|priced| priced.service.as_deref());
    let service = service.map_or_else(String::new, |service| format!(", {service}"));
    let above = priced.and_then(|priced| priced.above);
    let above = above.map_or_else(String::new, |tokens| format!(", above {tokens} input tokens"));
    let date = list.date_of(&row.origin).unwrap_or_default();
    let origin = match row.origin {
        Origin::BuiltIn => format!("built-in list of {date}"),
        Origin::Updated => format!("updated list of {date}"),
        Origin::Override => "price set for all experiments".to_owned(),
        Origin::ExperimentOverride => "price set for this experiment".to_owned(),
        Origin::Rule => "a variant that costs nothing".to_owned(),
    };
    format!("priced as {model}{provider}{service}{above}, {origin}")
}

fn charge(charge: &Charge) -> CostCharge {
    CostCharge {
        kind: charge.kind.as_str().to_owned(),
        tokens: charge.tokens,
        per_million: per_million(charge.price),
        cost: charge.cost(),
    }
}
