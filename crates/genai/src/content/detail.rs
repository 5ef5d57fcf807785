//! What a person wants to know of a span beside its content: who, with which prompt, how it ended, how fast.

use super::flat::flat_tree;
use super::json::native_tree;
use super::part::{Details, Prompt, PromptTemplate};
use super::source::{attribute_tree, keys_of};
use crate::derive::{id_text, is_mark};
use crate::dialect::{ALL, Dialect, Unit};
use crate::engine::{Engine, Part, Slot, Target};
use crate::json::{Cursor, Node};
use crate::pattern::fits;
use crate::usage::native_count;
use jiff::Timestamp;
use serde_json::Value;
use spanwise_otlp::{AnyValueView, SpanView};

/// Keys around the numbers of an embedding in a response.
const VECTOR_KEYS: &[&str] = &["data", "embeddings", "embedding", "values"];
/// Deepest wrapper around the numbers of an embedding.
const LEVELS_MAX: usize = 5;

/// Reads the details of a span; `outputs` is its body if it is an embedding.
pub(crate) fn read_details(span: &SpanView<'_>, outputs: Option<&Value>) -> Details {
    let engine = Engine::details();
    let (mut details, mut marked) = (Details::default(), engine.marked_by(span.scope_name));
    for (slot, value) in engine.hits(span.attributes()).iter() {
        let slot = engine.slot(slot);
        if slot.target == Target::Mark && is_mark(slot.part, value) {
            marked.add(slot.dialect);
        } else if marked.allows(slot) {
            take(&mut details, slot, value, span.start_time_unix_nano);
        }
    }
    details.time_to_first_token_ns = details.time_to_first_token_ns.or_else(|| first_piece_ns(span));
    details.embedding_dimensions = details
        .embedding_dimensions
        .or_else(|| span.attributes().find_map(|(key, value)| vector_length(key, value)))
        .or_else(|| dimensions_in(outputs?, LEVELS_MAX));
    details.error = error_of(span).or(details.error.take()).filter(|_| span.status_code == STATUS_ERROR);
    details
}

/// OTLP's number of the status of a span that failed.
const STATUS_ERROR: i32 = 2;

fn take(details: &mut Details, slot: &Slot, value: AnyValueView<'_>, start_ns: u64) {
    let text = || id_text(value).map(|text| text.into_owned());
    match slot.target {
        Target::Agent => set(&mut details.agent, text),
        Target::Prompt => set(&mut details.prompt, || Some(Prompt { name: text()?, version: None })),
        Target::PromptVersion => {
            if let Some(prompt) = &mut details.prompt {
                set(&mut prompt.version, text);
            }
        }
        Target::AskedModel => set(&mut details.asked_model, text),
        Target::FinishReasons if details.finish_reasons.is_empty() => {
            details.finish_reasons = reasons(value);
        }
        Target::FirstToken => {
            set(&mut details.time_to_first_token_ns, || duration_ns(slot.part, value, start_ns))
        }
        Target::ReasoningTokens => set(&mut details.reasoning_tokens, || native_count(value)),
        Target::AudioInputTokens => set(&mut details.audio_input_tokens, || native_count(value)),
        Target::AudioOutputTokens => set(&mut details.audio_output_tokens, || native_count(value)),
        Target::Dimensions => set(&mut details.embedding_dimensions, || native_count(value)),
        Target::Error => set(&mut details.error, text),
        _ => {}
    }
}

/// Returns the prompt before its variables were filled in, with these; `None` if neither is told.
pub(super) fn read_template(span: &SpanView<'_>) -> Option<PromptTemplate> {
    let text = |keys: fn(&'static Dialect) -> &'static [&'static str]| {
        keys_of(keys).filter_map(|key| attribute_tree(span, key)).find_map(|tree| match tree {
            Value::String(text) => Some(text).filter(|text| !text.is_empty()),
            Value::Null => None,
            // Messages, of which each has a template.
            tree => Some(tree.to_string()),
        })
    };
    let variables = keys_of(|dialect| dialect.details.template_variables).find_map(|key| {
        let tree = if key.ends_with('.') { flat_tree(span, key) } else { attribute_tree(span, key) };
        match tree? {
            Value::Object(map) if !map.is_empty() => Some(map),
            _ => None,
        }
    });
    let template = text(|dialect| dialect.details.templates);
    if template.is_none() && variables.is_none() {
        return None;
    }
    let version = text(|dialect| dialect.details.template_versions).filter(|_| template.is_some());
    Some(PromptTemplate { template, version, variables: variables.unwrap_or_default() })
}

fn set<T>(place: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if place.is_none() {
        *place = value();
    }
}

/// Reads one reason, a list of them, or the JSON text of such a list.
fn reasons(value: AnyValueView<'_>) -> Vec<String> {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match super::json::parsed(native_tree(value)) {
        Value::Array(list) => list.iter().filter_map(text).collect(),
        value => text(&value).into_iter().collect(),
    }
}

fn duration_ns(part: Part, value: AnyValueView<'_>, start_ns: u64) -> Option<u64> {
    let Part::Duration(unit) = part else { return None };
    let unit_ns = match unit {
        Unit::Seconds => 1e9,
        Unit::Milliseconds => 1e6,
        Unit::Since => return since_ns(value, start_ns),
        Unit::SecondsIn(field) => {
            let text = match Cursor::of_attribute(value).get(field)?.node() {
                Node::Number(text) | Node::Text(text) => text,
                _ => return None,
            };
            return whole_ns(text.trim().parse().ok()?, 1e9);
        }
    };
    let number = match value {
        AnyValueView::Int(number) => number as f64,
        AnyValueView::Double(number) => number,
        AnyValueView::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    whole_ns(number, unit_ns)
}

fn whole_ns(number: f64, unit_ns: f64) -> Option<u64> {
    // A cast saturates, and what is not finite is none.
    (number >= 0.0 && number.is_finite()).then_some((number * unit_ns).round() as u64)
}

/// Reads a time, which some write as the JSON of a text, and returns how long after the start it is.
fn since_ns(value: AnyValueView<'_>, start_ns: u64) -> Option<u64> {
    let AnyValueView::String(text) = value else { return None };
    let time: Timestamp = text.trim_matches('"').parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok()?.checked_sub(start_ns)
}

/// Returns how long after its start a span has the first event of a stream.
fn first_piece_ns(span: &SpanView<'_>) -> Option<u64> {
    let is_first = |name: &str| ALL.iter().any(|dialect| dialect.details.first_events.contains(&name));
    let first = span.events().find(|event| is_first(event.name))?;
    first.time_unix_nano.checked_sub(span.start_time_unix_nano)
}

fn vector_length(key: &str, value: AnyValueView<'_>) -> Option<u64> {
    let AnyValueView::Array(list) = value else { return None };
    let is_vector = ALL.iter().flat_map(|dialect| dialect.details.vectors).any(|pattern| fits(pattern, key));
    is_vector.then(|| list.iter().count() as u64)
}

/// Returns how many numbers the first embedding in a body has.
fn dimensions_in(body: &Value, levels: usize) -> Option<u64> {
    let levels = levels.checked_sub(1)?;
    match body {
        Value::Array(list) if list.len() > 1 && list.iter().all(Value::is_number) => Some(list.len() as u64),
        Value::Array(list) => dimensions_in(list.first()?, levels),
        Value::Object(_) => VECTOR_KEYS.iter().find_map(|key| dimensions_in(body.get(*key)?, levels)),
        Value::String(text) => dimensions_in(&super::json::parse_nested(text)?, levels),
        _ => None,
    }
}

/// Returns why a span failed: its status, else its last exception.
fn error_of(span: &SpanView<'_>) -> Option<String> {
    let told = Some(span.status_message.to_owned()).filter(|text| !text.trim().is_empty());
    told.or_else(|| {
        let exception = span.events().filter(|event| event.name == "exception").last()?;
        let text = |wanted: &str| {
            exception.attributes().find_map(|(key, value)| match value {
                AnyValueView::String(text) if key == wanted && !text.is_empty() => Some(text.to_owned()),
                _ => None,
            })
        };
        text("exception.message").or_else(|| text("exception.type"))
    })
}
