//! A list of messages, and the items that OpenAI's Responses and Pydantic AI have in their place.

use super::block::{known_block, read_block, read_blocks};
use super::json::{list_at, text_at, value_at};
use super::message::{joined_pieces, message_of, read_message, role_name};
use super::part::{Message, Part};
use serde_json::{Value, json};

/// Items of OpenAI's Responses that are no messages: what they are, and who says them.
const ITEMS: &[(&str, &str)] = &[
    ("reasoning", "assistant"),
    ("function_call", "assistant"),
    ("custom_tool_call", "assistant"),
    ("mcp_call", "assistant"),
    ("web_search_call", "assistant"),
    ("file_search_call", "assistant"),
    ("code_interpreter_call", "assistant"),
    ("computer_call", "assistant"),
    ("image_generation_call", "assistant"),
    ("local_shell_call", "assistant"),
    ("function_call_output", "tool"),
    ("custom_tool_call_output", "tool"),
    ("computer_call_output", "tool"),
    ("local_shell_call_output", "tool"),
];

/// Items of LiveKit's that nobody says.
const UNSAID: &[&str] = &["agent_config_update", "agent_handoff"];

/// Parts of a Pydantic AI message that another than the model says.
const SPEAKERS: &[(&str, &str)] = &[
    ("system-prompt", "system"),
    ("user-prompt", "user"),
    ("tool-return", "tool"),
    ("retry-prompt", "tool"),
    ("builtin-tool-return", "assistant"),
];

/// Reads a list in which every element is a message, an item, or a pair of role and text; `None` if one is not.
pub(crate) fn read_list(list: &[Value]) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    // Whether the last message is made of items, so that the next item of the same speaker belongs to it.
    let mut is_open = false;
    for value in list {
        let kind = text_at(value, &["type"]).unwrap_or_default();
        if UNSAID.contains(&kind) {
            continue;
        }
        let item = ITEMS.iter().find(|(name, _)| *name == kind);
        if let Some(message) =
            item.filter(|_| value.get("role").is_none()).map(|(_, role)| item_message(role, value))
        {
            add_item(&mut messages, message, is_open);
            is_open = true;
        } else if let Some(said) = pydantic_messages(value) {
            messages.extend(said);
            is_open = false;
        } else {
            let message = read_message(value).or_else(|| pair(value))?;
            let is_chunk = is_gemini_chunk(value);
            let is_item = kind == "message" && message.role == "assistant" || is_chunk;
            add_item(&mut messages, message, is_open && is_item);
            is_open = is_item;
            if let Some(last) = messages.last_mut().filter(|_| is_chunk) {
                last.parts = joined_pieces(std::mem::take(&mut last.parts));
            }
        }
    }
    (!messages.is_empty()).then_some(messages)
}

/// Gemini CLI lists the pieces of a stream, each as a content by the model.
fn is_gemini_chunk(value: &Value) -> bool {
    text_at(value, &["role"]) == Some("model") && value.get("parts").is_some()
}

fn item_message(role: &str, item: &Value) -> Message {
    // A thought that the provider keeps to itself has no text, and so nothing to show.
    let is_hidden = text_at(item, &["type"]) == Some("reasoning") && known_block(item).is_none();
    let parts = if is_hidden { Vec::new() } else { vec![read_block(item)] };
    Message { role: role.to_owned(), parts, ..Message::default() }
}

fn add_item(messages: &mut Vec<Message>, message: Message, joins: bool) {
    match messages.last_mut() {
        Some(last) if joins && last.role == message.role => {
            last.parts.extend(message.parts);
            last.finish_reason = message.finish_reason.or(last.finish_reason.take());
        }
        _ => messages.push(message),
    }
}

/// LangChain takes `["human", "text"]` for a message.
fn pair(value: &Value) -> Option<Message> {
    let [role, content] = value.as_array()?.as_slice() else { return None };
    let role = role_name(role.as_str()?);
    let is_role = matches!(role.as_str(), "user" | "assistant" | "system" | "tool");
    (is_role && content.is_string()).then(|| message_of(role, &json!({ "content": content })))
}

/// Reads a request or response of Pydantic AI, whose parts say by their kind who speaks.
fn pydantic_messages(value: &Value) -> Option<Vec<Message>> {
    let parts = list_at(value, &["parts"])?;
    if !parts.iter().any(|part| part.get("part_kind").is_some()) {
        return None;
    }
    let mut messages: Vec<Message> = Vec::new();
    for part in parts {
        let kind = text_at(part, &["part_kind"]).unwrap_or_default();
        let speaker = SPEAKERS.iter().find(|(name, _)| *name == kind).map_or("assistant", |(_, role)| role);
        let is_tool = text_at(part, &["tool_name"]).is_some();
        let role = if kind == "retry-prompt" && !is_tool { "user" } else { speaker };
        let said = match role {
            "system" | "user" => read_blocks(value_at(part, &["content"]).unwrap_or(&Value::Null)),
            _ => vec![read_block(part)],
        };
        push_said(&mut messages, role, said);
    }
    if let Some(text) = text_at(value, &["instructions"]) {
        let system = message_of("system".to_owned(), &json!({ "content": text }));
        messages.insert(0, system);
    }
    if let Some(last) = messages.last_mut() {
        last.finish_reason = text_at(value, &["finish_reason"]).map(str::to_owned);
    }
    Some(messages)
}

fn push_said(messages: &mut Vec<Message>, role: &str, parts: Vec<Part>) {
    match messages.last_mut() {
        Some(last) if last.role == role => last.parts.extend(parts),
        _ => messages.push(Message { role: role.to_owned(), parts, ..Message::default() }),
    }
}
