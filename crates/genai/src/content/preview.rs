//! Short texts that tell what went into a span and what came out, for lists and tooltips.

use super::body::conversation;
use super::document::read_documents;
use super::json::body_tree;
use super::part::{Message, Part};
use super::source::{located, messages, pieced_messages};
use super::{is_model_call, is_null, is_retrieval};
use crate::derive::Derived;
use crate::json::{Cursor, Node, write};
use crate::preview::clip;
use crate::reading::{Voice, found_reading, json_reading};
use crate::side::Side;
use crate::value::ValueRef;
use spanwise_otlp::{LogRecordView, SpanView};

/// Most characters of a short text.
const SHORT_CHARS_MAX: usize = 300;
/// Largest span of which a conversation is read for the sake of a short text.
const READ_BYTES_MAX: usize = 64 << 10;

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
        arguments.or_else(|| side_text(span, logs, derived, Side::Input, &SHORT)),
        found.or_else(|| side_text(span, logs, derived, Side::Output, &SHORT)),
    )
}

/// Characters of a whole text.
const WHOLE_CHARS_MAX: usize = 4_000_000;

const WHOLE: Shape = Shape { chars_max: WHOLE_CHARS_MAX, pieces_first: true, json_will_do: false };

/// Returns what a person reads of what went into `span`, and of what came out of it, whole; `None` where only JSON is there.
pub fn whole_texts(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
) -> (Option<String>, Option<String>) {
    let text = |side| side_text(span, logs, derived, side, &WHOLE);
    (text(Side::Input), text(Side::Output))
}

/// How a short text is made.
pub(crate) struct Shape {
    /// Most characters.
    pub(crate) chars_max: usize,
    /// Whether messages in pieces are looked at before a body that says the same: they are cleaner, and take longer.
    pub(crate) pieces_first: bool,
    /// Whether the JSON of a body will do in which nothing is found to read.
    pub(crate) json_will_do: bool,
}

const SHORT: Shape = Shape { chars_max: SHORT_CHARS_MAX, pieces_first: true, json_will_do: true };

/// Reads messages that were sent in pieces, which are the cleanest; then the body; then, of a body in a shape
/// that only [`messages`] knows, the conversation.
///
/// The conversation is read of spans up to [`READ_BYTES_MAX`] only: a long one has text where it is looked for first.
pub(crate) fn side_text(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
    side: Side,
    shape: &Shape,
) -> Option<String> {
    let chars_max = shape.chars_max;
    let body = located(derived, side);
    let voice = if side == Side::Input { Voice::User } else { Voice::Assistant };
    let cursor = body.map(ValueRef::cursor);
    let pieces = || pieced_text(span, side, chars_max);
    let read = shape.pieces_first.then(pieces).flatten().or_else(|| found_reading(cursor?, voice, chars_max));
    if read.is_some() {
        return read;
    }
    let json = || json_reading(cursor?, chars_max).filter(|_| shape.json_will_do);
    if span.raw.len() > READ_BYTES_MAX {
        return json();
    }
    let tree = body.map(body_tree).filter(|tree| !is_null(tree));
    // What an agent returns that is no conversation is the answer itself, such as an object that was asked for.
    let is_call = is_model_call(derived);
    if side == Side::Output && !is_call && tree.as_ref().is_some_and(|tree| conversation(tree).is_none()) {
        return json();
    }
    let messages = messages(span, logs, tree.as_ref(), side, is_call);
    // Messages without a word, such as an answer that was cut off: their JSON tells no more.
    if messages.iter().any(|messages| messages.iter().all(|message| message.parts.is_empty())) {
        return None;
    }
    messages.and_then(|messages| last_text(&messages, side, chars_max)).or_else(json)
}

/// Returns the text of messages that were sent in pieces, cut to that many characters.
fn pieced_text(span: &SpanView<'_>, side: Side, chars_max: usize) -> Option<String> {
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
