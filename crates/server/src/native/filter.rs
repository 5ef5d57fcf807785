//! Filters as they are being written: what is wrong with one, and what may come next.

use super::facet_field::{Wanted, parse_field};
use super::parameter::Parameters;
use super::selection::{experiments, parse_time};
use crate::App;
use crate::clock::now_ns;
use crate::described::{ApiRouter, routes};
use crate::error::{Problem, filter_problem};
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, Completion, CompletionItem, CompletionItemKind as Kind, FilterCheck};
use spanwise_query::{
    Expected, FIELDS, FieldInfo, FieldKind, FieldScope, PRESENCE_WORDS, analyze, analyze_order, complete,
    field_info, field_text, quote_value,
};
use spanwise_store::{FacetField, FacetQuery, Selection};

/// Proposals in one answer.
const ITEMS_MAX: usize = 50;
/// Keys of maps and values that are asked of the store.
const NAMES_MAX: usize = 40;

/// Maps whose keys are fields: how the language calls them, and what counts their keys.
const MAPS: [(&str, &str, FacetField); 5] = [
    ("tags", "tag", FacetField::TagKeys),
    ("metadata", "metadata", FacetField::MetadataKeys),
    ("feedback", "feedback", FacetField::FeedbackNames),
    ("expectation", "expectation", FacetField::ExpectationNames),
    ("span.attributes", "span attribute", FacetField::AttributeKeys),
];

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(check)).routes(routes!(completion))
}

/// Checks a filter and an order
#[utoipa::path(
    get,
    path = "/filter",
    tag = "filter",
    params(
        ("text" = Option<String>, Query, description = "The filter"),
        ("order_by" = Option<String>, Query, description = "The order"),
    ),
    responses((status = 200, body = FilterCheck), (status = 400, body = native::Problem)),
)]
async fn check(mut parameters: Parameters) -> Result<Json<FilterCheck>, Problem> {
    let text = parameters.one("text")?.unwrap_or_default();
    let order = parameters.one("order_by")?.unwrap_or_default();
    parameters.finish()?;
    let analysis = analyze(&text, now_ns());
    let order = analyze_order(&order);
    let valid = analysis.filter.is_some() && order.order.is_some();
    Ok(Json(FilterCheck {
        valid,
        canonical: analysis.filter.map(|filter| filter.to_string()),
        errors: analysis.errors.into_iter().chain(order.errors).map(filter_problem).collect(),
    }))
}

/// Completes a filter
///
/// What may stand at byte `cursor` of the filter `text`: fields, operators, values that the selected experiments
/// hold, and the words of the language.
#[utoipa::path(
    get,
    path = "/filter/complete",
    tag = "filter",
    params(
        ("text" = Option<String>, Query, description = "The filter, which need not be valid"),
        ("cursor" = Option<usize>, Query, description = "Where in it, in bytes of UTF-8; the end if absent"),
        ("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment to take names and values from; may be repeated"),
        ("from" = Option<String>, Query, description = "Take them from traces that started at or after this"),
        ("to" = Option<String>, Query, description = "Take them from traces that started before this"),
    ),
    responses((status = 200, body = Completion), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn completion(State(app): State<App>, mut parameters: Parameters) -> Result<Json<Completion>, Problem> {
    let text = parameters.one("text")?.unwrap_or_default();
    let cursor = parameters.number("cursor", 0..=usize::MAX, text.len())?;
    let names = parameters.all("experiment");
    let from = parameters.one("from")?;
    let to = parameters.one("to")?;
    parameters.finish()?;
    let selection = Selection {
        experiments: experiments(&app, &names).await?,
        filter: None,
        from_ms: from.as_deref().map(|text| parse_time("from", text)).transpose()?,
        to_ms: to.as_deref().map(|text| parse_time("to", text)).transpose()?,
        budget: None,
    };
    let context = complete(&text, cursor);
    let mut items = Vec::new();
    for expected in context.expected {
        items.extend(propose(&app, &selection, expected).await?);
    }
    items.truncate(ITEMS_MAX);
    Ok(Json(Completion { start: context.span.start, end: context.span.end, items }))
}

async fn propose(
    app: &App,
    selection: &Selection,
    expected: Expected,
) -> Result<Vec<CompletionItem>, Problem> {
    Ok(match expected {
        Expected::Field { prefix, scope } => {
            let mut items = static_fields(&prefix, scope);
            items.extend(keys(app, selection, &prefix, scope).await?);
            items
        }
        Expected::Operator { field, prefix } => operators(&field, &prefix),
        Expected::Value { field, kind, prefix } => values(app, selection, &field, kind, &prefix).await?,
        Expected::Connective { words, prefix } => words
            .iter()
            .filter(|word| starts_with(word, &prefix))
            .map(|word| item((*word).to_owned(), Kind::Keyword, None, None))
            .collect(),
    })
}

fn item(text: String, kind: Kind, detail: Option<String>, count: Option<u64>) -> CompletionItem {
    CompletionItem { text, kind, detail, count }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.to_lowercase().starts_with(&prefix.to_lowercase())
}

fn static_fields(prefix: &str, scope: FieldScope) -> Vec<CompletionItem> {
    let fits = |info: &&FieldInfo| match scope {
        FieldScope::Any | FieldScope::Presence => true,
        FieldScope::Span => info.of_span,
    };
    let named = FIELDS.iter().filter(fits).filter(|info| starts_with(info.name, prefix)).map(|info| {
        let text = if info.kind == FieldKind::Map { format!("{}.", info.name) } else { info.name.to_owned() };
        item(text, Kind::Field, Some(info.description.to_owned()), None)
    });
    let presence = PRESENCE_WORDS.iter().filter(|_| scope == FieldScope::Presence);
    let presence = presence
        .filter(|word| starts_with(word, prefix))
        .map(|word| item((*word).to_owned(), Kind::Keyword, None, None));
    presence.chain(named).collect()
}

/// Keys of the maps that the prefix may still become: `tags.e` finds `tags.env`.
async fn keys(
    app: &App,
    selection: &Selection,
    prefix: &str,
    scope: FieldScope,
) -> Result<Vec<CompletionItem>, Problem> {
    let mut items = Vec::new();
    for (map, what, field) in &MAPS {
        let Some(begun) = prefix.strip_prefix(map).and_then(|rest| rest.strip_prefix('.')) else { continue };
        if scope == FieldScope::Span && *map != "span.attributes" {
            continue;
        }
        let query = FacetQuery {
            selection: selection.clone(),
            fields: vec![field.clone()],
            values_max: NAMES_MAX,
            containing: begun.trim_matches('`').to_owned(),
        };
        for (key, count) in app.store.trace_facets(query).await?.into_iter().flat_map(|found| found.values) {
            let text = field_text(&format!("{map}.{key}"));
            items.push(item(text, Kind::Field, Some((*what).to_owned()), Some(count)));
        }
    }
    Ok(items)
}

fn operators(field: &str, prefix: &str) -> Vec<CompletionItem> {
    let map = || FIELDS.iter().find(|info| info.kind == FieldKind::Map && begins_map(field, info.name));
    let info = field_info(field).or_else(map);
    let operators = info.map_or(&["=", "!="][..], |info| info.operators);
    operators
        .iter()
        .filter(|operator| starts_with(operator, prefix))
        .map(|operator| item((*operator).to_owned(), Kind::Operator, operator_meaning(operator), None))
        .collect()
}

fn begins_map(field: &str, map: &str) -> bool {
    field.strip_prefix(map).is_some_and(|rest| rest.starts_with('.'))
}

fn operator_meaning(operator: &str) -> Option<String> {
    let meaning = match operator {
        "~" => "contains",
        "!~" => "does not contain",
        "LIKE" => "pattern with % and _",
        "ILIKE" => "pattern in any case",
        "RLIKE" => "regular expression",
        "IN" => "one of a list",
        "NOT IN" => "none of a list",
        "IS NULL" => "is absent",
        "IS NOT NULL" => "is present",
        "!=" => "is present and different",
        _ => return None,
    };
    Some(meaning.to_owned())
}

async fn values(
    app: &App,
    selection: &Selection,
    field: &str,
    kind: FieldKind,
    prefix: &str,
) -> Result<Vec<CompletionItem>, Problem> {
    let mut items = Vec::new();
    if let Ok(Wanted::Field(counted)) = parse_field(field) {
        let is_json = matches!(counted, FacetField::Feedback(_) | FacetField::Expectation(_));
        let query = FacetQuery {
            selection: selection.clone(),
            fields: vec![counted],
            values_max: NAMES_MAX,
            containing: prefix.to_owned(),
        };
        let found = app.store.trace_facets(query).await?;
        let mut found: Vec<(String, u64)> = found.into_iter().flat_map(|counts| counts.values).collect();
        // What begins with the text is likelier meant than what has it somewhere; frequent values stay first in each.
        found.sort_by_key(|(value, _)| !starts_with(value, prefix));
        items.extend(
            found
                .into_iter()
                .map(|(value, count)| item(literal(&value, is_json), Kind::Value, None, Some(count))),
        );
    }
    let known = field_info(field).map_or(&[][..], |info| info.values);
    for value in known.iter().filter(|value| starts_with(value, prefix)) {
        let text = quote_value(value);
        if !items.iter().any(|item| item.text == text) {
            items.push(item(text, Kind::Value, None, None));
        }
    }
    let samples = samples(kind).iter().filter(|(sample, _)| starts_with(sample, prefix));
    items.extend(
        samples.map(|(sample, meaning)| {
            item((*sample).to_owned(), Kind::Value, Some((*meaning).to_owned()), None)
        }),
    );
    Ok(items)
}

/// Numbers and booleans of assessments stand as they are; a JSON string is its text.
fn literal(value: &str, is_json: bool) -> String {
    match serde_json::from_str(value) {
        Ok(serde_json::Value::String(text)) if is_json => quote_value(&text),
        Ok(serde_json::Value::Bool(_) | serde_json::Value::Number(_)) if is_json => value.to_owned(),
        _ => quote_value(value),
    }
}

/// What literals of a kind look like.
fn samples(kind: FieldKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        FieldKind::Duration => {
            &[("500ms", "milliseconds"), ("5s", "seconds"), ("1m", "minutes"), ("1h", "hours")]
        }
        FieldKind::Number => &[("0", "a number"), ("10k", "10,000"), ("1M", "1,000,000")],
        FieldKind::Time => {
            &[("-1h", "an hour ago"), ("-1d", "a day ago"), ("'2026-01-31T12:00:00Z'", "a time")]
        }
        FieldKind::Text | FieldKind::Enum | FieldKind::Map => &[],
    }
}
