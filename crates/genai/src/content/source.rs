//! Attributes that hold bodies and messages beside those that [`crate::derive()`] located.

use super::body::{add_system, conversation, plain_messages};
use super::flat::flat_list;
use super::json::body_tree;
use super::part::{Message, Part};
use crate::derive::Derived;
use crate::dialect::{ALL, Dialect};
use crate::event::{DETAILS, event_name};
use crate::side::Side;
use crate::value::{ValueRef, is_falsy};
use serde_json::{Value, json};
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView};

/// Returns the attribute of that key that is not empty; of equal keys the last one.
pub(crate) fn attribute<'a>(span: &SpanView<'a>, key: &str) -> Option<AnyValueView<'a>> {
    let found = span.attributes().filter(|(name, _)| *name == key).last();
    found.map(|(_, value)| value).filter(|value| !is_falsy(*value))
}

/// Returns the value of an attribute as a tree; a string that holds JSON is parsed.
pub(crate) fn attribute_tree(span: &SpanView<'_>, key: &str) -> Option<Value> {
    attribute(span, key).map(|value| body_tree(&ValueRef::Native(value)))
}

/// Returns what went in or came out, as derived.
pub(crate) fn located<'d, 'a>(derived: &'d Derived<'a>, side: Side) -> Option<&'d ValueRef<'a>> {
    match side {
        Side::Input => derived.inputs.as_ref(),
        Side::Output => derived.outputs.as_ref(),
    }
}

/// Returns the keys of all dialects, in order.
pub(crate) fn keys_of(
    keys: fn(&'static Dialect) -> &'static [&'static str],
) -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(move |dialect| keys(dialect)).copied()
}

/// Returns the conversation on that side: of the body and the attributes the one that says most.
pub(crate) fn messages(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    body: Option<&Value>,
    side: Side,
    is_call: bool,
) -> Option<Vec<Message>> {
    let keys = keys_of(match side {
        Side::Input => |dialect| dialect.input_messages,
        Side::Output => |dialect| dialect.output_messages,
    });
    let whole: Vec<_> = keys.filter_map(|key| attribute_tree(span, key)).collect();
    let told = body.into_iter().chain(&whole).map(conversation);
    let mut best = None;
    for found in told.chain([pieced_messages(span, side), run_messages(span, side)]) {
        if weight(&found) > weight(&best) {
            best = found;
        }
    }
    let plain = || {
        let body = body.filter(|_| is_call);
        body.into_iter().chain(&whole).find_map(|body| plain_messages(body, side))
    };
    let mut messages = best.or_else(plain)?;
    match side {
        Side::Input => keys_of(|dialect| dialect.system)
            .filter_map(|key| attribute_tree(span, key).or_else(|| details_tree(span, logs, key)))
            .for_each(|system| add_system(&system, &mut messages)),
        Side::Output => add_finish_reason(span, &mut messages),
    }
    Some(messages)
}

/// Returns a field of the event that tells the details of a call, on the span or as a log record.
pub(crate) fn details_tree(span: &SpanView<'_>, logs: &[LogRecordView<'_>], key: &str) -> Option<Value> {
    let events = span.events().filter(|event| event.name == DETAILS).map(|event| event.attributes());
    let records = logs.iter().filter(|record| event_name(record) == DETAILS).map(LogRecordView::attributes);
    let mut fields = events.chain(records).flatten();
    fields.find(|(name, _)| *name == key).map(|(_, value)| body_tree(&ValueRef::Native(value)))
}

/// Adds why the model stopped, where only the span says so, to its only answer.
fn add_finish_reason(span: &SpanView<'_>, messages: &mut [Message]) {
    let [answer] = messages else { return };
    if answer.role == "assistant" && answer.finish_reason.is_none() {
        let reason = |tree: Value| match tree {
            Value::Array(reasons) => reasons.first()?.as_str().map(str::to_owned),
            tree => tree.as_str().map(str::to_owned),
        };
        answer.finish_reason = keys_of(|dialect| dialect.details.finish_reasons)
            .find_map(|key| attribute_tree(span, key).and_then(reason));
    }
}

/// Returns the conversation that was sent in pieces: one attribute for each leaf, or for each field of an answer.
pub(crate) fn pieced_messages(span: &SpanView<'_>, side: Side) -> Option<Vec<Message>> {
    let flat = flat_messages(span, side).map(|messages| with_roles(messages, side));
    flat.and_then(|messages| conversation(&messages)).or_else(|| match side {
        Side::Input => None,
        Side::Output => conversation(&answer_of_fields(span)?),
    })
}

/// Adds the role to answers that LiteLLM sends without one, and leaves out messages without a word.
fn with_roles(mut messages: Value, side: Side) -> Value {
    if let Some(list) = messages.as_array_mut() {
        let is_said = |key: &String| !matches!(key.as_str(), "role" | "finish_reason");
        list.retain(|message| message.as_object().is_none_or(|map| map.keys().any(is_said)));
    }
    for message in messages.as_array_mut().into_iter().flatten().filter(|_| side == Side::Output) {
        if let Some(message) = message.as_object_mut().filter(|message| !message.contains_key("role")) {
            message.insert("role".to_owned(), side.role().into());
        }
    }
    messages
}

/// Returns the messages that were sent leaf by leaf, as a list.
pub(crate) fn flat_messages(span: &SpanView<'_>, side: Side) -> Option<Value> {
    let mut prefixes = keys_of(match side {
        Side::Input => |dialect| dialect.flat_inputs,
        Side::Output => |dialect| dialect.flat_outputs,
    });
    let list = prefixes.find_map(|prefix| flat_list(span, prefix))?;
    // OpenInference wraps each.
    let unwrapped = list.into_iter().map(|mut message| match message.get_mut("message") {
        Some(inner) => inner.take(),
        None => message,
    });
    Some(unwrapped.collect())
}

/// Returns what an agent was told before it first spoke, or all since; its whole run is one attribute.
fn run_messages(span: &SpanView<'_>, side: Side) -> Option<Vec<Message>> {
    let mut told =
        keys_of(|dialect| dialect.runs).find_map(|key| conversation(&attribute_tree(span, key)?))?;
    let first = told.iter().position(|message| message.role == "assistant").unwrap_or(told.len());
    let said = told.split_off(first);
    Some(if side == Side::Input { told } else { said }).filter(|messages| !messages.is_empty())
}

/// Weighs a conversation by the parts that were understood; any is better than none.
fn weight(messages: &Option<Vec<Message>>) -> Option<usize> {
    let parts = messages.as_ref()?.iter().flat_map(|message| &message.parts);
    Some(parts.filter(|part| !matches!(part, Part::Json(_))).count())
}

/// Makes one message of the attributes that are a field of the answer each.
fn answer_of_fields(span: &SpanView<'_>) -> Option<Value> {
    let mut message = json!({"role": Side::Output.role()});
    let map = message.as_object_mut()?;
    for (key, field) in ALL.iter().flat_map(|dialect| dialect.answer_fields) {
        match attribute(span, key) {
            Some(AnyValueView::String(text)) if *field != "tool_calls" => {
                map.insert((*field).to_owned(), text.into());
            }
            Some(value) => {
                map.insert((*field).to_owned(), body_tree(&ValueRef::Native(value)));
            }
            None => {}
        }
    }
    (map.contains_key("content") || map.contains_key("tool_calls")).then_some(message)
}
