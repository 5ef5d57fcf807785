//! What a person wants to read of inputs and outputs: the question and the answer, without the JSON around them.
//!
//! Bodies come in the shapes of many libraries; the words below name what they share. What fits none of them is
//! shown as JSON.

use crate::json::{Cursor, Node, write};
use crate::preview::clip;
use crate::value::ValueRef;
use spanwise_otlp::AnyValueView;

/// Whose text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The one who asks.
    User,
    /// The one who answers.
    Assistant,
}

/// Deepest place where text is looked for; what people write is near the top.
const DEPTH_MAX: usize = 8;

/// Keys that hold messages, or wrap what does.
const WRAPPERS: [&str; 15] = [
    "messages",
    "contents",
    "choices",
    "candidates",
    "generations",
    "input",
    "inputs",
    "output",
    "outputs",
    "request",
    "response",
    "message",
    "content",
    "delta",
    "kwargs",
];

/// Keys whose text is what was asked or answered.
const TEXT_KEYS: [&str; 12] = [
    "question",
    "query",
    "prompt",
    "user_input",
    "input",
    "answer",
    "output",
    "result",
    "response",
    "text",
    "content",
    "message",
];

/// Returns the text, cut like a preview; `None` if there is nothing to read.
pub(crate) fn reading(value: &ValueRef<'_>, voice: Voice) -> Option<String> {
    let cursor = value.cursor();
    if cursor.is_falsy() || matches!(cursor, Cursor::Native(AnyValueView::Bytes(_))) {
        return None;
    }
    let text = find_text(cursor, voice, DEPTH_MAX).filter(|text| !text.trim().is_empty());
    Some(clip(text.unwrap_or_else(|| compact(cursor)).trim()))
}

fn find_text(value: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    let levels = levels.checked_sub(1)?;
    match value.node() {
        Node::Text(text) => Some(text.into_owned()),
        Node::Number(text) => Some(text.into_owned()),
        Node::List(elements) => find_in_list(elements.collect(), voice, levels),
        Node::Map(_) => find_in_map(value, voice, levels),
        Node::Bool | Node::Opaque => None,
    }
}

/// Takes a list for messages, or for a wrapper of its only element.
fn find_in_list(elements: Vec<Cursor<'_>>, voice: Voice, levels: usize) -> Option<String> {
    let said = |wanted: bool| {
        let fits = |message: &&Cursor<'_>| role(**message).is_some() && (!wanted || speaks(**message, voice));
        elements.iter().rev().filter(fits).find_map(|message| message_text(*message))
    };
    match elements[..] {
        [only] if role(only).is_none() && !matches!(only.node(), Node::Text(_)) => {
            find_text(only, voice, levels)
        }
        _ => said(true).or_else(|| said(false)),
    }
}

fn find_in_map(map: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    if role(map).is_some()
        && let Some(text) = message_text(map)
    {
        return Some(text);
    }
    let inside =
        |key: &str| map.get(key).filter(|value| !matches!(value.node(), Node::Text(_) | Node::Number(_)));
    let wrapped = WRAPPERS.into_iter().filter_map(inside).find_map(|value| find_text(value, voice, levels));
    let named = || TEXT_KEYS.iter().find_map(|key| Some(map.get(key)?.as_filled_text()?.into_owned()));
    wrapped.or_else(named).or_else(|| find_in_only_entry(map, voice, levels))
}

/// Looks through a map such as `{"city": "Paris"}`: with one entry, its value is what matters.
fn find_in_only_entry(map: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    let Node::Map(mut entries) = map.node() else { return None };
    let (_, value) = entries.next()?;
    if entries.next().is_some() || matches!(value.node(), Node::Number(_)) {
        return None;
    }
    find_text(value, voice, levels)
}

/// Returns what tells a message's speaker: `role`, or LangChain's `type`.
fn role(message: Cursor<'_>) -> Option<String> {
    let own = |key| Some(message.get(key)?.as_filled_text()?.to_ascii_lowercase());
    own("role")
        .or_else(|| own("type").filter(|kind| matches!(kind.as_str(), "human" | "ai" | "system" | "tool")))
}

fn speaks(message: Cursor<'_>, voice: Voice) -> bool {
    let role = role(message).unwrap_or_default();
    match voice {
        Voice::User => matches!(role.as_str(), "user" | "human"),
        Voice::Assistant => matches!(role.as_str(), "assistant" | "ai" | "model"),
    }
}

/// Returns the text of a message, else its tool calls.
fn message_text(message: Cursor<'_>) -> Option<String> {
    let contents = ["content", "parts", "text"].into_iter().filter_map(|key| message.get(key));
    contents.filter_map(content_text).next().or_else(|| tool_calls_text(message))
}

/// Joins the text parts of a content; thoughts, images and the like are not text.
fn content_text(content: Cursor<'_>) -> Option<String> {
    let text = match content.node() {
        Node::Text(text) => text.into_owned(),
        Node::List(parts) => parts.filter_map(part_text).collect::<Vec<_>>().join("\n"),
        Node::Map(_) => part_text(content)?,
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

fn part_text(part: Cursor<'_>) -> Option<String> {
    if let Some(text) = part.as_text() {
        return Some(text.into_owned());
    }
    let kind = part.get("type").and_then(Cursor::as_text);
    if kind.is_some_and(|kind| !matches!(&*kind, "text" | "input_text" | "output_text")) {
        return None;
    }
    let text = part.get("text").or_else(|| part.get("content"))?;
    text.as_filled_text().map(|text| text.into_owned())
}

/// Writes the tool calls of a message as calls, one a line.
fn tool_calls_text(message: Cursor<'_>) -> Option<String> {
    let places = [message.get("tool_calls"), message.get("parts"), message.get("content")];
    let lists = places.into_iter().flatten().filter_map(Cursor::elements);
    let calls: Vec<String> = lists.flatten().filter_map(tool_call_text).collect();
    (!calls.is_empty()).then(|| calls.join("\n"))
}

fn tool_call_text(call: Cursor<'_>) -> Option<String> {
    let function = call.get("function").or_else(|| call.get("functionCall")).unwrap_or(call);
    let name = function.get("name")?.as_filled_text()?;
    let arguments = ["arguments", "input", "args"].into_iter().find_map(|key| function.get(key))?;
    let arguments = arguments.as_text().map_or_else(|| compact(arguments), |text| text.into_owned());
    Some(format!("{name}({arguments})"))
}

fn compact(value: Cursor<'_>) -> String {
    let mut text = String::new();
    write::json(value, &mut text);
    text
}
