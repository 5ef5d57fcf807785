//! Short texts that tell what went into a span and what came out, for lists and tooltips.

use super::document::read_documents;
use super::json::body_tree;
use super::part::{Message, Part};
use super::source::{located, messages, pieced_messages};
use super::{is_model_call, is_retrieval};
use crate::derive::Derived;
use crate::json::{Cursor, Node, write};
use crate::preview::clip;
use crate::reading::{Voice, found_reading, json_reading};
use crate::side::Side;
use crate::value::ValueRef;
use spanwise_otlp::{LogRecordView, SpanView};

/// Most characters of a short text.
const SHORT_CHARS_MAX: usize = 300;

/// Keys under which the arguments of a tool are wrapped.
const ARGUMENT_WRAPPERS: &[&str] = &["kwargs", "arguments", "args", "input"];

/// Returns short readable texts of what went into `span` and of what came out of it; `derived` is what
/// [`crate::derive()`] made of it and of its log records, `logs`.
///
/// Of a tool the input is its arguments, as a call has them: `query="refund policy", limit=3`. Of a retriever the
/// output is the text of what it found.
pub fn preview_texts(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
) -> (Option<String>, Option<String>) {
    let (inputs, outputs) = (located(derived, Side::Input), located(derived, Side::Output));
    let arguments = if derived.span_type() == "TOOL" { inputs.and_then(arguments_text) } else { None };
    let found = if is_retrieval(derived) { documents_text(span, outputs) } else { None };
    (
        arguments.or_else(|| side_text(span, logs, derived, inputs, Side::Input)),
        found.or_else(|| side_text(span, logs, derived, outputs, Side::Output)),
    )
}

/// Reads messages that were sent in pieces, which are the cleanest; then the body; then, of a body in a shape
/// that only [`messages`] knows, the conversation.
fn side_text(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
    body: Option<&ValueRef<'_>>,
    side: Side,
) -> Option<String> {
    let voice = if side == Side::Input { Voice::User } else { Voice::Assistant };
    let cursor = body.map(ValueRef::cursor);
    let read =
        pieced_text(span, side, SHORT_CHARS_MAX).or_else(|| found_reading(cursor?, voice, SHORT_CHARS_MAX));
    if read.is_some() {
        return read;
    }
    let messages = messages(span, logs, body.map(body_tree).as_ref(), side, is_model_call(derived));
    // Messages without a word, such as an answer that was cut off: their JSON tells no more.
    if messages.iter().any(|messages| messages.iter().all(|message| message.parts.is_empty())) {
        return None;
    }
    let told = messages.and_then(|messages| last_text(&messages, side, SHORT_CHARS_MAX));
    told.or_else(|| json_reading(cursor?, SHORT_CHARS_MAX))
}

/// Returns the text of messages that were sent in pieces, cut to that many characters.
pub(crate) fn pieced_text(span: &SpanView<'_>, side: Side, chars_max: usize) -> Option<String> {
    last_text(&pieced_messages(span, side)?, side, chars_max)
}

fn documents_text(span: &SpanView<'_>, outputs: Option<&ValueRef<'_>>) -> Option<String> {
    let documents = read_documents(span, outputs.map(body_tree).as_ref(), true)?;
    let texts: Vec<_> = documents.iter().map(|document| document.content.trim()).collect();
    Some(clip(&texts.join("\n"), SHORT_CHARS_MAX)).filter(|text| !text.is_empty())
}

/// Returns the text of the last message of the one who speaks on that side, else of the last that has one.
fn last_text(messages: &[Message], side: Side, chars_max: usize) -> Option<String> {
    let last = |anyone: bool| {
        messages.iter().rev().filter(|message| anyone || message.role == side.role()).find_map(message_text)
    };
    last(false).or_else(|| last(true)).map(|text| clip(text.trim(), chars_max))
}

fn message_text(message: &Message) -> Option<String> {
    let text = |part: &Part| match part {
        Part::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        Part::ToolCall(call) => Some(format!("{}({})", call.name, call.arguments)),
        _ => None,
    };
    let texts: Vec<_> = message.parts.iter().filter_map(text).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Writes the arguments of a tool as a call has them: `query="refund policy", limit=3`.
fn arguments_text(inputs: &ValueRef<'_>) -> Option<String> {
    let arguments = unwrap_arguments(inputs.cursor());
    let mut text = String::new();
    // Python's `*args` and `**kwargs`, as those who wrap any function see them.
    if let [Some(positional), Some(named)] = arguments.get_all(&["args", "kwargs"])
        && let Some(elements) = positional.elements()
    {
        elements.for_each(|value| push_argument("", value, &mut text));
        push_named(named, &mut text);
    } else {
        push_named(arguments, &mut text);
    }
    (!text.is_empty()).then(|| clip(&text, SHORT_CHARS_MAX))
}

fn push_named(arguments: Cursor<'_>, text: &mut String) {
    let Node::Map(entries) = arguments.node() else { return };
    entries.for_each(|(key, value)| push_argument(&key, value, text));
}

/// Adds an argument, unless there is enough to read already.
fn push_argument(name: &str, value: Cursor<'_>, text: &mut String) {
    if text.len() > SHORT_CHARS_MAX * char::MAX.len_utf8() {
        return;
    }
    text.push_str(if text.is_empty() { "" } else { ", " });
    if !name.is_empty() {
        text.push_str(name);
        text.push('=');
    }
    write::json(value, text);
}

/// Opens a map whose only entry is a map of arguments.
fn unwrap_arguments(cursor: Cursor<'_>) -> Cursor<'_> {
    let Node::Map(mut entries) = cursor.node() else { return cursor };
    match (entries.next(), entries.next()) {
        (Some((key, inner)), None) if ARGUMENT_WRAPPERS.contains(&&*key) && inner.is_map() => inner,
        _ => cursor,
    }
}
