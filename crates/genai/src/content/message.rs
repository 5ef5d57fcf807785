//! One message, whoever wrote it.

use super::block::{is_failed, read_blocks, result_value, tool_call};
use super::json::{list_at, map_at, parsed, string_at, text_at, value_at};
use super::media::media;
use super::part::{Media, MediaKind, Message, Part, ToolCall, ToolResult};
use serde_json::Value;

/// Deepest wrapper around a message that is opened.
const WRAPPERS_MAX: usize = 4;

/// Keys that hold what a message says; a map with a role and none of them is no message.
const CONTENT_KEYS: &[&str] = &["content", "contents", "parts", "blocks", "text", "message", "_content"];
/// Keys that make a map with a role a message although it has no content.
const CALL_KEYS: &[&str] = &["tool_calls", "function_call", "refusal", "audio", "toolCalls"];

/// Roles by their other names, in lower case.
const ROLES: &[(&str, &str)] = &[
    ("human", "user"),
    ("ai", "assistant"),
    ("model", "assistant"),
    ("chatbot", "assistant"),
    ("bot", "assistant"),
    ("developer", "system"),
    ("function", "tool"),
    ("tool-call", "assistant"),
    ("tool-response", "tool"),
];

/// Roles by the `type` of a message that has no role, or by the class that it was dumped from.
const TYPES: &[(&str, &str)] = &[
    ("human", "user"),
    ("HumanMessage", "user"),
    ("HumanMessageChunk", "user"),
    ("UserMessage", "user"),
    ("ai", "assistant"),
    ("AIMessage", "assistant"),
    ("AIMessageChunk", "assistant"),
    ("AssistantMessage", "assistant"),
    ("system", "system"),
    ("SystemMessage", "system"),
    ("SystemMessageChunk", "system"),
    ("tool", "tool"),
    ("ToolMessage", "tool"),
    ("ToolMessageChunk", "tool"),
    ("FunctionMessage", "tool"),
    ("FunctionExecutionResultMessage", "tool"),
    ("ToolCallExecutionEvent", "tool"),
    ("ToolCallRequestEvent", "assistant"),
];

/// Returns the usual name of a role; a role of its own kind keeps its name.
pub(crate) fn role_name(role: &str) -> String {
    let lower = role.to_lowercase();
    // Enums are sometimes dumped with their class, as in `ChatRole.USER`.
    let plain = lower.rsplit('.').next().unwrap_or_default();
    match ROLES.iter().find(|(name, _)| *name == plain) {
        Some((_, usual)) => (*usual).to_owned(),
        None if matches!(plain, "user" | "assistant" | "system" | "tool") => plain.to_owned(),
        None => role.to_owned(),
    }
}

/// Reads a message: a map with a role and a content, or one that LangChain or AutoGen dumped.
pub(crate) fn read_message(value: &Value) -> Option<Message> {
    let mut finish_reason = None;
    let mut body = value;
    for _ in 0..WRAPPERS_MAX {
        finish_reason = finish_reason.or_else(|| read_finish_reason(body));
        let Some(inner) = wrapped(body) else { break };
        body = inner;
    }
    let role = read_role(value, body)?;
    let mut message = message_of(role, body);
    message.finish_reason = message.finish_reason.or(finish_reason);
    Some(message)
}

/// Reads a map that has no role as a message of that role.
pub(crate) fn message_of(role: String, body: &Value) -> Message {
    let name = string_at(body, &["name"]);
    let parts = read_parts(&role, body);
    let mut message = Message { role, name, parts, finish_reason: read_finish_reason(body) };
    if message.role == "tool" {
        make_tool_result(&mut message, body);
    }
    message
}

/// Returns the message inside `{"message": …}`, LangChain's dumps and the like.
fn wrapped(value: &Value) -> Option<&Value> {
    if value.get("role").is_some() {
        return None;
    }
    let inner = map_at(value, &["message", "kwargs", "data", "delta", "chat_message"])?;
    let is_dump = value.get("lc").is_some() || value.get("type").is_some();
    let is_bare = value.get("content").is_none();
    (is_dump || is_bare).then_some(inner)
}

fn read_role(value: &Value, body: &Value) -> Option<String> {
    if let Some(role) = text_at(body, &["role", "_role"]) {
        let says = CONTENT_KEYS.iter().chain(CALL_KEYS).any(|key| body.get(key).is_some());
        return says.then(|| role_name(role));
    }
    body.get("content")?;
    let class = || value.get("id")?.as_array()?.last()?.as_str();
    let names = [text_at(body, &["type"]), text_at(value, &["type"]), class()];
    let of_type = |name: &str| TYPES.iter().find(|(own, _)| *own == name).map(|(_, role)| (*role).to_owned());
    names.into_iter().flatten().find_map(of_type).or_else(|| autogen_role(body))
}

/// AutoGen's agents name the speaker: the user, or else an agent.
fn autogen_role(body: &Value) -> Option<String> {
    let source = text_at(body, &["source"])?;
    text_at(body, &["type"]).filter(|kind| kind.ends_with("Message"))?;
    Some(if source == "user" { "user" } else { "assistant" }.to_owned())
}

/// Returns why the model stopped, if a message or what is around it says so.
pub(crate) fn read_finish_reason(value: &Value) -> Option<String> {
    let keys = ["finish_reason", "stop_reason", "finishReason", "stopReason", "done_reason"];
    let metadata = || map_at(value, &["response_metadata", "generation_info", "_meta", "meta"]);
    string_at(value, &keys).or_else(|| string_at(metadata()?, &keys))
}

fn read_parts(role: &str, body: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    let extra = map_at(body, &["additional_kwargs"]).unwrap_or(&Value::Null);
    let thoughts = ["reasoning_content", "reasoning", "thinking", "thought", "tool_plan"];
    if let Some(text) = text_at(body, &thoughts).or_else(|| text_at(extra, &thoughts)) {
        parts.push(Part::Thinking(text.to_owned()));
    }
    // OpenInference may send a content both as one text and as its parts.
    let content = body.get("contents").filter(|contents| contents.get(0).is_some());
    if let Some(content) = content.or_else(|| value_at(body, CONTENT_KEYS)) {
        let blocks = read_blocks(content);
        parts.extend(if is_gemini(content) { joined_pieces(blocks) } else { blocks });
    }
    if let Some(text) = text_at(body, &["refusal"]) {
        parts.push(Part::Text(text.to_owned()));
    }
    parts.extend(map_at(body, &["audio"]).map(spoken).into_iter().flatten());
    parts.extend(list_at(body, &["images"]).unwrap_or_default().iter().filter_map(bare_image));
    for holder in [body, extra] {
        add_calls(holder, &mut parts);
    }
    if role != "tool" || parts.len() > 1 {
        // Streams leave empty texts beside what they carry.
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
    }
    parts
}

/// Gemini's parts have no kind.
fn is_gemini(content: &Value) -> bool {
    let has_text_alone = |part: &Value| part.get("text").is_some() && part.get("type").is_none();
    content.as_array().is_some_and(|parts| parts.len() > 1 && parts.iter().any(has_text_alone))
}

/// Puts together the texts that a stream of Gemini's left in pieces.
pub(crate) fn joined_pieces(blocks: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::new();
    for block in blocks {
        match (joined.last_mut(), block) {
            (Some(Part::Text(text)), Part::Text(more))
            | (Some(Part::Thinking(text)), Part::Thinking(more)) => text.push_str(&more),
            (_, block) => joined.push(block),
        }
    }
    joined
}

/// Ollama lists images as base64 alone.
fn bare_image(image: &Value) -> Option<Part> {
    let data = Some(image.as_str()?.to_owned());
    Some(Part::Media(Media { kind: MediaKind::Image, url: None, data, mime_type: None, name: None }))
}

/// Adds calls that stand beside the content, but none that the content already held.
fn add_calls(holder: &Value, parts: &mut Vec<Part>) {
    let listed = list_at(holder, &["tool_calls", "toolCalls", "_tool_calls"]).unwrap_or_default();
    let legacy = map_at(holder, &["function_call"]);
    let held = parts.len();
    for call in listed.iter().chain(legacy).filter_map(tool_call) {
        if !parts[..held].iter().any(|part| is_same_call(part, &call)) {
            parts.push(Part::ToolCall(call));
        }
    }
}

fn is_same_call(part: &Part, call: &ToolCall) -> bool {
    let Part::ToolCall(known) = part else { return false };
    match (&known.id, &call.id) {
        (Some(known), Some(id)) => known == id,
        _ => known.name == call.name && known.arguments == call.arguments,
    }
}

/// Makes one result out of the plain content of a message by a tool.
fn make_tool_result(message: &mut Message, body: &Value) {
    if message.parts.iter().any(|part| matches!(part, Part::ToolResult(_))) {
        return;
    }
    let ids = ["tool_call_id", "toolCallId", "call_id", "tool_use_id", "id"];
    let extra = map_at(body, &["additional_kwargs"]).unwrap_or(&Value::Null);
    let content = || value_at(body, CONTENT_KEYS).map(result_value);
    let result = joined_texts(&message.parts).map(parsed).or_else(content);
    message.parts = vec![Part::ToolResult(ToolResult {
        id: string_at(body, &ids).or_else(|| string_at(extra, &ids)),
        name: string_at(body, &["name", "tool_name"]),
        result: result.unwrap_or_default(),
        is_error: is_failed(body),
    })];
}

/// Returns the text of parts that are nothing but texts.
fn joined_texts(parts: &[Part]) -> Option<Value> {
    let text = |part: &Part| match part {
        Part::Text(text) => Some(text.clone()),
        _ => None,
    };
    let texts: Vec<_> = parts.iter().map(text).collect::<Option<_>>()?;
    (!texts.is_empty()).then(|| texts.join("\n").into())
}

/// Reads a spoken answer of OpenAI's: its bytes, and what was said.
fn spoken(audio: &Value) -> Vec<Part> {
    let transcript = text_at(audio, &["transcript"]).map(|text| Part::Text(text.to_owned()));
    transcript.into_iter().chain(media(audio, MediaKind::Audio)).collect()
}
