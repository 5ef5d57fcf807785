//! Inputs and outputs that are made of several attributes, or are a part of one.

use crate::content::flat_messages;
use crate::dialect::Map;
use crate::json::{Cursor, write};
use crate::reading::is_assistant;
use crate::side::Side;
use crate::value::{ValueRef, is_falsy};
use spanwise_otlp::{AnyValueView, SpanView};

/// Returns the attributes that are one map, as JSON text.
pub(crate) fn gather_map(span: &SpanView<'_>, map: Map) -> Option<ValueRef<'static>> {
    let mut text = String::new();
    for (key, value) in span.attributes() {
        let name = match map {
            Map::None => None,
            Map::Below(prefix) => key.strip_prefix(prefix),
            Map::Of(keys) => keys.contains(&key).then_some(key),
        };
        if let Some(name) = name.filter(|_| !is_silent(value)) {
            text.push_str(if text.is_empty() { "{" } else { ", " });
            write::string(name, &mut text);
            text.push_str(": ");
            write_decoded(value, &mut text);
        }
    }
    finish(text, '}')
}

/// Returns whether a value says nothing: it is empty, was taken out, or says that there is none.
pub(crate) fn is_silent(value: AnyValueView<'_>) -> bool {
    is_falsy(value) || matches!(value, AnyValueView::String("<REDACTED>" | "No Message"))
}

/// Writes a value; texts that hold JSON are that, also in a list.
fn write_decoded(value: AnyValueView<'_>, text: &mut String) {
    match value {
        AnyValueView::Array(list) => {
            text.push('[');
            for (index, element) in list.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write::json(Cursor::of_attribute(element), text);
            }
            text.push(']');
        }
        value => write::json(Cursor::of_attribute(value), text),
    }
}

/// Returns what an agent was told before it first spoke, or all since, of a list that holds its whole run.
pub(crate) fn part_of_run(run: AnyValueView<'_>, side: Side) -> Option<ValueRef<'static>> {
    let mut text = String::new();
    let mut has_spoken = false;
    for message in Cursor::of_attribute(run).elements()? {
        has_spoken = has_spoken || is_assistant(message);
        if has_spoken == (side == Side::Output) {
            text.push_str(if text.is_empty() { "[" } else { ", " });
            write::json(message, &mut text);
        }
    }
    finish(text, ']')
}

/// Returns the messages that were sent leaf by leaf, as JSON text.
pub(crate) fn gather_flat(span: &SpanView<'_>, side: Side) -> Option<ValueRef<'static>> {
    Some(ValueRef::Json(flat_messages(span, side)?.to_string().into()))
}

fn finish(mut text: String, close: char) -> Option<ValueRef<'static>> {
    if text.is_empty() {
        return None;
    }
    text.push(close);
    Some(ValueRef::Json(text.into()))
}
