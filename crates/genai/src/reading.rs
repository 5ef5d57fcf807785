//! What a person wants to read of inputs and outputs: the question and the answer, without the JSON around them.
//!
//! Bodies come in the shapes of many libraries; the words below name what they share. What fits none of them is
//! shown as JSON.

use crate::json::{Cursor, Node, write};
use crate::preview::clip;
use spanwise_otlp::AnyValueView;
use std::borrow::Cow;

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
const TEXT_KEYS: [&str; 17] = [
    "question",
    "query",
    "prompt",
    "user_input",
    "user_msg",
    "user_prompt",
    "task",
    "input",
    "answer",
    "output",
    "result",
    "response",
    "text",
    "content",
    "message",
    "raw",
    // Of a task.
    "description",
];

/// Roles of the one who asks, of the one who answers, and of others; as `role`, or as LangChain's `type`.
const USER_ROLES: [&str; 2] = ["user", "human"];
const ASSISTANT_ROLES: [&str; 4] = ["assistant", "ai", "model", "aimessagechunk"];
const OTHER_ROLES: [&str; 4] = ["system", "developer", "tool", "function"];

/// Returns the text that one of the shapes has; `None` if it is none of them.
pub(crate) fn found_reading(cursor: Cursor<'_>, voice: Voice, chars_max: usize) -> Option<String> {
    if is_nothing(cursor) {
        return None;
    }
    let text = find_text(cursor, voice, DEPTH_MAX).filter(|text| !text.trim().is_empty());
    text.map(|text| clip(text.trim(), chars_max))
}

/// Returns the JSON text.
pub(crate) fn json_reading(cursor: Cursor<'_>, chars_max: usize) -> Option<String> {
    (!is_nothing(cursor)).then(|| clip(compact(cursor).trim(), chars_max))
}

/// Returns whether a message is by the one who answers.
pub(crate) fn is_assistant(message: Cursor<'_>) -> bool {
    as_message(message).is_some_and(|message| message.is_by(Voice::Assistant))
}

fn is_nothing(cursor: Cursor<'_>) -> bool {
    cursor.is_falsy()
        || matches!(cursor, Cursor::Native(AnyValueView::Bytes(_) | AnyValueView::String("null")))
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

/// Takes a list for messages, for a wrapper of its only element, or for tool calls.
fn find_in_list(elements: Vec<Cursor<'_>>, voice: Voice, levels: usize) -> Option<String> {
    let messages: Vec<_> = elements.iter().filter_map(|element| as_message(*element)).collect();
    let last = |anyone: bool| {
        let fits = |message: &&Message<'_>| anyone || message.is_by(voice);
        messages.iter().rev().filter(fits).find_map(Message::text)
    };
    match elements[..] {
        [only] if messages.is_empty() => find_text(only, voice, levels),
        _ => last(false).or_else(|| last(true)).or_else(|| tool_calls_text(elements.into_iter())),
    }
}

fn find_in_map(map: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    if let Some(text) = as_message(map).and_then(|message| message.text()) {
        return Some(text);
    }
    if let Some(text) = only_argument(map, voice, levels) {
        return Some(text);
    }
    let is_wrapper = |value: &Cursor<'_>| !matches!(value.node(), Node::Text(_) | Node::Number(_));
    let wrappers = map.get_all(&WRAPPERS).into_iter().flatten().filter(is_wrapper);
    let wrapped = wrappers.filter_map(|value| find_text(value, voice, levels)).next();
    let named = || map.get_all(&TEXT_KEYS).into_iter().flatten().find_map(Cursor::as_filled_text);
    wrapped.or_else(|| named().map(Cow::into_owned)).or_else(|| find_in_only_entry(map, voice, levels))
}

/// Looks at what a Python function was called with, `{"args": […], "kwargs": {…}}`, if it is one argument.
fn only_argument(map: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    let [args, kwargs] = map.get_all(&["args", "kwargs"]);
    let Node::Map(named) = kwargs?.node() else { return None };
    let mut arguments = args?.elements()?.chain(named.map(|(_, value)| value));
    match (arguments.next(), arguments.next()) {
        (Some(only), None) => find_text(only, voice, levels),
        _ => None,
    }
}

/// Looks through a map such as `{"city": "Paris"}`: with one entry, its value is what matters.
fn find_in_only_entry(map: Cursor<'_>, voice: Voice, levels: usize) -> Option<String> {
    let Node::Map(mut entries) = map.node() else { return None };
    let (key, value) = entries.next()?;
    if entries.next().is_some() || matches!(value.node(), Node::Number(_)) || key == "output_type" {
        return None;
    }
    // A wrapper was looked into already; again at each level would double the work with each.
    let is_searched = WRAPPERS.contains(&&*key) && !matches!(value.node(), Node::Text(_));
    if is_searched { None } else { find_text(value, voice, levels) }
}

/// A message of a conversation.
struct Message<'a> {
    role: String,
    /// Where its content is; the content itself for a message that is a pair of texts.
    body: Cursor<'a>,
}

/// Takes a value for a message: a map with a role, LangChain's wrapped forms of it, or a pair `["user", "text"]`.
fn as_message(value: Cursor<'_>) -> Option<Message<'_>> {
    if let Some(elements) = value.elements() {
        return as_pair(elements.take(3).collect());
    }
    let [kwargs, data, role, kind] = value.get_all(&["kwargs", "data", "role", "type"]);
    if let Some(body) = [kwargs, data].into_iter().flatten().find(|inner| inner.get("content").is_some()) {
        let [role, kind] = body.get_all(&["role", "type"]);
        return Some(Message { role: role_name(role, kind)?, body });
    }
    Some(Message { role: role_name(role, kind)?, body: value })
}

fn role_name(role: Option<Cursor<'_>>, kind: Option<Cursor<'_>>) -> Option<String> {
    let name = |value: Option<Cursor<'_>>| Some(value?.as_filled_text()?.to_ascii_lowercase());
    name(role).or_else(|| name(kind).filter(|kind| is_role(kind)))
}

fn as_pair(elements: Vec<Cursor<'_>>) -> Option<Message<'_>> {
    let [role, body] = elements[..] else { return None };
    let role = role.as_text().filter(|role| is_role(role))?.into_owned();
    body.as_text().map(|_| Message { role, body })
}

fn is_role(text: &str) -> bool {
    [USER_ROLES.as_slice(), &ASSISTANT_ROLES, &OTHER_ROLES].into_iter().any(|roles| roles.contains(&text))
}

impl Message<'_> {
    fn is_by(&self, voice: Voice) -> bool {
        match voice {
            Voice::User => USER_ROLES.contains(&self.role.as_str()),
            Voice::Assistant => ASSISTANT_ROLES.contains(&self.role.as_str()),
        }
    }

    /// Returns the text, else the tool calls.
    fn text(&self) -> Option<String> {
        if let Some(text) = self.body.as_text() {
            return Some(text.into_owned());
        }
        let [content, parts, blocks, text, calls] =
            self.body.get_all(&["content", "parts", "blocks", "text", "tool_calls"]);
        let content_text = |content| content_text(content, "\n");
        let said = content.and_then(content_text).or_else(|| parts.and_then(parts_text));
        let said = said.or_else(|| [blocks, text].into_iter().flatten().find_map(content_text));
        let calls = [calls, parts, content].into_iter().flatten().filter_map(Cursor::elements).flatten();
        said.or_else(|| tool_calls_text(calls))
    }
}

/// Joins parts; Gemini's, which have no kind, are the pieces of one text.
fn parts_text(parts: Cursor<'_>) -> Option<String> {
    let is_piece = |part: Cursor<'_>| part.is_map() && part.get("type").is_none();
    let are_pieces = parts.elements().is_some_and(|mut parts| parts.all(is_piece));
    content_text(parts, if are_pieces { "" } else { "\n" })
}

/// Joins the text parts of a content; thoughts, images and the like are not text.
fn content_text(content: Cursor<'_>, separator: &str) -> Option<String> {
    let text = match content.node() {
        Node::Text(text) => text.into_owned(),
        Node::List(parts) => parts.filter_map(part_text).collect::<Vec<_>>().join(separator),
        Node::Map(_) => part_text(content)?,
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

fn part_text(part: Cursor<'_>) -> Option<String> {
    if let Some(text) = part.as_text() {
        return Some(text.into_owned());
    }
    let [kind, text, content] = part.get_all(&["type", "text", "content"]);
    if kind
        .and_then(Cursor::as_text)
        .is_some_and(|kind| !matches!(&*kind, "text" | "input_text" | "output_text"))
    {
        return None;
    }
    text.or(content)?.as_filled_text().map(Cow::into_owned)
}

/// Writes tool calls as calls, one a line.
fn tool_calls_text<'a>(calls: impl Iterator<Item = Cursor<'a>>) -> Option<String> {
    let calls: Vec<String> = calls.filter_map(tool_call_text).collect();
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
