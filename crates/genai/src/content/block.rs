//! One part of a message: what each library calls a text, a thought, a call, a result or a file.

use super::json::{list_at, map_at, parse_nested, parsed, string_at, text_at, value_at};
use super::media::{media, media_of};
use super::part::{MediaKind, Part, ToolCall, ToolResult};
use serde_json::Value;

/// Deepest wrapper inside wrapper that is opened.
const WRAPPERS_MAX: usize = 4;

type Reader = fn(&Value) -> Option<Part>;
/// Gets what is under the key, and the whole part.
type KeyReader = fn(&Value, &Value) -> Option<Part>;

/// Readers by what a part calls itself.
const BY_KIND: &[(&[&str], Reader)] = &[
    (&["text", "input_text", "output_text", "summary_text", "refusal"], text),
    (&["thinking", "reasoning", "reasoning_text", "redacted_thinking", "thought"], thinking),
    (
        &[
            "tool_call",
            "tool_use",
            "tool-call",
            "function_call",
            "function",
            "server_tool_use",
            "mcp_tool_use",
            "custom_tool_call",
            "mcp_call",
            "builtin-tool-call",
        ],
        tool_call_part,
    ),
    (
        &[
            "tool_result",
            "tool_call_response",
            "tool-result",
            "tool-return",
            "builtin-tool-return",
            "function_call_output",
            "custom_tool_call_output",
            "web_search_tool_result",
            "mcp_tool_result",
            "code_execution_tool_result",
        ],
        tool_result_part,
    ),
    (&["retry-prompt"], retry),
    (&["image", "image_url", "input_image", "image-url", "image_file"], |part| media(part, MediaKind::Image)),
    (&["audio", "input_audio", "audio-url", "audio_url"], |part| media(part, MediaKind::Audio)),
    (
        &[
            "file",
            "input_file",
            "document",
            "document-url",
            "video",
            "video-url",
            "video_url",
            "media",
            "binary",
        ],
        media_of,
    ),
    (&["blob", "uri"], media_of),
];

/// Readers by the key that gives a part without a kind away.
const BY_KEY: &[(&[&str], KeyReader)] = &[
    (&["tool_call", "functionCall", "function_call", "toolUse", "tool_use"], |inner, _| {
        tool_call_part(inner)
    }),
    (
        &["functionResponse", "function_response", "toolResult", "tool_result", "tool_call_result"],
        |inner, _| tool_result_part(inner),
    ),
    (&["reasoningContent", "reasoning_content"], |inner, _| thinking(inner)),
    (&["inlineData", "inline_data", "fileData", "file_data", "image_url"], |_, part| media_of(part)),
    (&["image"], |_, part| media(part, MediaKind::Image)),
    (&["audio", "input_audio"], |_, part| media(part, MediaKind::Audio)),
    (&["document", "video"], |_, part| media_of(part)),
    (&["thinking"], |_, part| thinking(part)),
    (&["arguments"], |_, part| tool_call_part(part)),
    (&["call_id", "tool_call_id"], |_, part| tool_result_part(part)),
    (&["text"], |_, part| text(part)),
];

/// Keys under which a part may be wrapped, as OpenInference does.
const WRAPPERS: &[&str] = &["message_content"];

/// Keys that name a tool.
const TOOL_NAMES: &[&str] = &["name", "tool_name", "toolName"];

/// Keys of a part that say what it is.
const KIND_KEYS: &[&str] = &["type", "part_kind", "block_type", "kind"];

/// Returns the parts of a content: a text, one part, or a list of parts.
pub(crate) fn read_blocks(content: &Value) -> Vec<Part> {
    match content {
        Value::Null => Vec::new(),
        Value::String(text) => nested_blocks(text).unwrap_or_else(|| text_blocks(text)),
        Value::Array(list) => list.iter().filter(|part| !part.is_null()).map(read_block).collect(),
        _ => vec![read_block(content)],
    }
}

fn text_blocks(text: &str) -> Vec<Part> {
    if text.is_empty() { Vec::new() } else { vec![Part::Text(text.to_owned())] }
}

/// Some instrumentations write a list of parts as its JSON text.
fn nested_blocks(text: &str) -> Option<Vec<Part>> {
    if !text.starts_with("[{") {
        return None;
    }
    let list = parse_nested(text)?;
    let parts: Option<Vec<_>> = list.as_array()?.iter().map(known_block).collect();
    parts
}

/// Returns a part; one of unknown shape as it is.
pub(crate) fn read_block(part: &Value) -> Part {
    known_block(part).unwrap_or_else(|| Part::Json(part.clone()))
}

/// Returns a part of a known shape.
pub(crate) fn known_block(part: &Value) -> Option<Part> {
    known_within(part, WRAPPERS_MAX)
}

fn known_within(part: &Value, levels: usize) -> Option<Part> {
    if let Value::String(text) = part {
        return Some(Part::Text(text.clone()));
    }
    let kind = text_at(part, KIND_KEYS).unwrap_or_default();
    let by_kind = BY_KIND.iter().find(|(kinds, _)| kinds.contains(&kind));
    if let Some(found) = by_kind.and_then(|(_, reader)| reader(part)) {
        return Some(found);
    }
    let by_key = |(keys, reader): &(&[&str], KeyReader)| reader(value_at(part, keys)?, part);
    BY_KEY.iter().find_map(by_key).or_else(|| known_within(map_at(part, WRAPPERS)?, levels.checked_sub(1)?))
}

fn text(part: &Value) -> Option<Part> {
    let text = value_at(part, &["text", "content", "refusal"])?;
    let text = text.as_str().or_else(|| text.get("value")?.as_str())?.to_owned();
    let is_thought = part.get("thought").and_then(Value::as_bool).unwrap_or_default();
    Some(if is_thought { Part::Thinking(text) } else { Part::Text(text) })
}

/// Reads a thought; a model that hides it may leave only a summary, or nothing to read.
fn thinking(part: &Value) -> Option<Part> {
    if let Some(text) = part.as_str() {
        return Some(Part::Thinking(text.to_owned()));
    }
    if let Some(text) = text_at(part, &["thinking", "text", "content", "reasoning"]) {
        return Some(Part::Thinking(text.to_owned()));
    }
    if let Some(inner) = map_at(part, &["reasoningText", "thinking", "reasoning"]) {
        return Some(Part::Thinking(text_at(inner, &["text", "content"])?.to_owned()));
    }
    let texts: Vec<_> = [list_at(part, &["summary"]), list_at(part, &["content"])]
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|line| text_at(line, &["text"]))
        .collect();
    (!texts.is_empty()).then(|| Part::Thinking(texts.join("\n")))
}

fn tool_call_part(part: &Value) -> Option<Part> {
    tool_call(part).map(Part::ToolCall)
}

/// Reads a call of a tool: flat, or with `function` (OpenAI), `functionCall` (Gemini) or `tool_call` (OpenInference)
/// around it.
pub(crate) fn tool_call(call: &Value) -> Option<ToolCall> {
    let mut inner = call;
    for _ in 0..WRAPPERS_MAX {
        let wrapped = map_at(inner, &["tool_call", "function", "functionCall", "function_call", "toolUse"]);
        let Some(wrapped) = wrapped else { break };
        inner = wrapped;
    }
    let ids = ["id", "call_id", "tool_call_id", "toolCallId", "toolUseId", "tool_use_id", "tool_id"];
    let keys = ["arguments", "input", "args", "tool_kwargs", "arguments_json", "parameters"];
    // The id of the call comes before that of the item, where a call has both.
    let id = string_at(call, &["call_id", "tool_call_id"]).or_else(|| string_at(call, &ids));
    let id = id.or_else(|| string_at(map_at(call, &["tool_call"]).unwrap_or(inner), &ids));
    Some(ToolCall {
        id: id.or_else(|| string_at(inner, &ids)),
        name: text_at(inner, TOOL_NAMES)?.to_owned(),
        arguments: value_at(inner, &keys).cloned().map(parsed).unwrap_or_default(),
    })
}

fn tool_result_part(part: &Value) -> Option<Part> {
    Some(Part::ToolResult(tool_result(part)))
}

/// Reads what a tool answered.
pub(crate) fn tool_result(part: &Value) -> ToolResult {
    let ids = ["tool_call_id", "tool_use_id", "toolUseId", "toolCallId", "call_id", "id"];
    let answer = value_at(part, &["content", "response", "output", "result", "text"]);
    // Haystack repeats the call, under `origin`.
    let call = map_at(part, &["origin"]).unwrap_or(&Value::Null);
    ToolResult {
        id: string_at(part, &ids).or_else(|| string_at(call, &ids)),
        name: string_at(part, TOOL_NAMES).or_else(|| string_at(call, TOOL_NAMES)),
        result: answer.map(result_value).unwrap_or_default(),
        is_error: is_failed(part),
    }
}

/// Returns whether a result, or the message that carries it, says that the tool failed.
pub(crate) fn is_failed(result: &Value) -> bool {
    let says = |key: &&str| result.get(*key).and_then(Value::as_bool).unwrap_or_default();
    ["is_error", "isError", "error"].iter().any(says) || text_at(result, &["status"]) == Some("error")
}

/// Pydantic AI asks the model again in this way: after a failed tool, or without one.
fn retry(part: &Value) -> Option<Part> {
    if text_at(part, &["tool_name"]).is_some() {
        return Some(Part::ToolResult(ToolResult { is_error: true, ..tool_result(part) }));
    }
    text(part)
}

/// Returns an answer without the blocks around it: of a list of texts the text, of a wrapped value the value.
pub(crate) fn result_value(answer: &Value) -> Value {
    let plain = match answer {
        Value::Array(list) => blocks_value(list),
        Value::Object(_) => wrapped_value(answer),
        _ => None,
    };
    parsed(plain.unwrap_or_else(|| answer.clone()))
}

fn blocks_value(list: &[Value]) -> Option<Value> {
    if let [only] = list
        && let Some(value) = only.get("json")
    {
        return Some(value.clone());
    }
    let texts: Option<Vec<&str>> = list.iter().map(block_text).collect();
    texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join("\n").into())
}

fn block_text(block: &Value) -> Option<&str> {
    let is_text = text_at(block, KIND_KEYS).is_none_or(|kind| kind.ends_with("text"));
    let is_only = block.as_object().is_some_and(|map| map.len() <= 2) || text_at(block, KIND_KEYS).is_some();
    text_at(block, &["text", "content"]).filter(|_| is_text && is_only)
}

/// The AI SDK wraps an answer as `{"type": "text", "value": …}`.
fn wrapped_value(answer: &Value) -> Option<Value> {
    let map = answer.as_object().filter(|map| map.len() == 2)?;
    map.get("type")?.as_str()?;
    map.get("value").cloned()
}
