//! Messages and their parts: from the words of each provider to those of OpenTelemetry.
//!
//! Parts of all providers are told apart by their type or by the key that holds them. One that is not known stays as it
//! came. <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-input-messages.json>

use crate::json::{list, parsed, some, some_of, text, text_of};
use serde_json::{Map, Value, json};

/// Returns a message of OpenTelemetry.
pub(crate) fn message(role: &str, parts: Vec<Value>) -> Value {
    // Some providers let the user speak for tools.
    let is_answer = |part: &Value| part.get("type").is_some_and(|kind| kind == "tool_call_response");
    let role = if !parts.is_empty() && parts.iter().all(is_answer) { "tool" } else { role };
    json!({"role": role, "parts": parts})
}

pub(crate) fn text_part(content: &str) -> Value {
    json!({"type": "text", "content": content})
}

pub(crate) fn reasoning_part(content: &str) -> Value {
    json!({"type": "reasoning", "content": content})
}

pub(crate) fn call_part(id: &str, name: &str, arguments: Value) -> Value {
    let id = if id.is_empty() { Value::Null } else { id.into() };
    json!({"type": "tool_call", "id": id, "name": name, "arguments": arguments})
}

pub(crate) fn response_part(id: Option<&str>, name: Option<&str>, response: Value, is_error: bool) -> Value {
    let mut part = json!({"type": "tool_call_response", "id": id, "response": response});
    if let Some(map) = part.as_object_mut() {
        if let Some(name) = name {
            map.insert("name".to_owned(), name.into());
        }
        if is_error {
            map.insert("is_error".to_owned(), true.into());
        }
    }
    part
}

/// Reads a message with a role and a content, as OpenAI, Anthropic, Mistral, Ollama and Cohere send it.
pub(crate) fn read_message(value: &Value) -> Value {
    let role = text(value, "role").unwrap_or("user");
    if matches!(role, "tool" | "function") {
        let id = text(value, "tool_call_id");
        let name = text_of(value, &["name", "tool_name"]);
        let response = tool_content(some(value, "content").unwrap_or(&Value::Null));
        return message("tool", vec![response_part(id, name, response, false)]);
    }
    let mut read = message(role, message_parts(value));
    if let (Some(name), Some(map)) = (text(value, "name"), read.as_object_mut()) {
        map.insert("name".to_owned(), name.into());
    }
    read
}

/// Returns all that a message says, also what stands beside its content.
pub(crate) fn message_parts(value: &Value) -> Vec<Value> {
    let mut parts = Vec::new();
    let thought = text_of(value, &["reasoning_content", "reasoning", "thinking", "tool_plan"]);
    parts.extend(thought.map(reasoning_part));
    parts.extend(parts_of(value.get("content").unwrap_or(&Value::Null)));
    parts.extend(text(value, "refusal").map(text_part));
    // Ollama lists images as base64 alone, others as parts.
    parts.extend(list(value, "images").iter().map(|image| match image.as_str() {
        Some(data) => blob("image", None, data),
        None => part_of(image),
    }));
    if let Some(audio) = some(value, "audio").filter(|audio| audio.is_object()) {
        parts.extend(text(audio, "transcript").map(text_part));
        parts.extend(text(audio, "data").map(|data| blob("audio", None, data)));
    }
    let calls = list(value, "tool_calls").iter().chain(some(value, "function_call"));
    parts.extend(calls.map(tool_call));
    parts
}

/// Reads a call as OpenAI has it: flat, or with `function` around name and arguments.
pub(crate) fn tool_call(call: &Value) -> Value {
    let inner = some(call, "function").unwrap_or(call);
    let id = text_of(call, &["call_id", "id"]).unwrap_or_default();
    let arguments = some_of(inner, &["arguments", "input"]).map_or(Value::Null, arguments);
    call_part(id, text(inner, "name").unwrap_or_default(), arguments)
}

/// Returns arguments as what they are, where they come as a text with JSON.
pub(crate) fn arguments(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), parsed)
}

/// Returns the parts of a content: a text, a part, or a list of parts.
pub(crate) fn parts_of(content: &Value) -> Vec<Value> {
    match content {
        Value::Null => Vec::new(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::Array(parts) => parts.iter().filter(|part| !is_mark(part)).map(part_of).collect(),
        _ => vec![part_of(content)],
    }
}

/// Returns whether a part says nothing: Bedrock marks by it what is cached.
fn is_mark(part: &Value) -> bool {
    part.is_null() || part.get("cachePoint").is_some()
}

/// Returns a part in OpenTelemetry's words.
pub(crate) fn part_of(part: &Value) -> Value {
    if let Some(text) = part.as_str() {
        return text_part(text);
    }
    let kind = text(part, "type").unwrap_or_default();
    let known = match kind {
        "text" | "input_text" | "output_text" | "summary_text" => said(part, "text").map(text_part),
        "refusal" => said(part, "refusal").map(text_part),
        "thinking" => Some(reasoning_part(&thought(part))),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => Some(tool_call(part)),
        "image_url" | "input_image" | "image" => media("image", part),
        "input_audio" | "audio" => media("audio", part),
        "file" | "input_file" | "document" | "video_url" | "input_video" => media(file_modality(kind), part),
        _ if kind.ends_with("tool_result") => Some(tool_result(part)),
        _ => None,
    };
    known.or_else(|| keyed_part(part)).unwrap_or_else(|| part.clone())
}

/// Reads a part of Gemini's or Bedrock's, which is known by a key.
fn keyed_part(part: &Value) -> Option<Value> {
    let is_thought = part.get("thought").and_then(Value::as_bool).unwrap_or(false);
    if let Some(text) = part.get("text").and_then(Value::as_str) {
        return Some(if is_thought { reasoning_part(text) } else { text_part(text) });
    }
    if let Some(call) = some_of(part, &["functionCall", "function_call", "toolUse"]) {
        let id = text_of(call, &["toolUseId", "id"]).unwrap_or_default();
        let arguments = some_of(call, &["args", "input"]).map_or_else(|| json!({}), arguments);
        return Some(call_part(id, text(call, "name")?, arguments));
    }
    if let Some(answer) = some_of(part, &["functionResponse", "function_response"]) {
        let response = some(answer, "response").cloned().unwrap_or_default();
        return Some(response_part(text(answer, "id"), text(answer, "name"), response, false));
    }
    if let Some(result) = some(part, "toolResult") {
        return Some(tool_result(result));
    }
    if let Some(reasoning) = some(part, "reasoningContent") {
        let inner = some(reasoning, "reasoningText").unwrap_or(reasoning);
        return Some(reasoning_part(text(inner, "text").unwrap_or_default()));
    }
    let holders = [
        ("inlineData", "file"),
        ("inline_data", "file"),
        ("fileData", "file"),
        ("file_data", "file"),
        ("image", "image"),
        ("document", "file"),
        ("video", "video"),
        ("audio", "audio"),
        ("image_url", "image"),
    ];
    holders.iter().find_map(|(key, modality)| media(modality, some(part, key)?))
}

fn said<'a>(part: &'a Value, key: &str) -> Option<&'a str> {
    part.get(key)?.as_str()
}

/// Returns the text of a thought: Anthropic's is a text, Mistral's a list of parts.
fn thought(part: &Value) -> String {
    match part.get("thinking") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| said(part, "text")).collect(),
        _ => String::new(),
    }
}

/// Reads what a tool answered, as Anthropic and Bedrock have it.
fn tool_result(part: &Value) -> Value {
    let id = text_of(part, &["tool_use_id", "toolUseId", "id"]);
    let response = tool_content(some(part, "content").unwrap_or(&Value::Null));
    let is_error = part.get("is_error") == Some(&Value::Bool(true)) || text(part, "status") == Some("error");
    response_part(id, None, response, is_error)
}

/// Returns what a tool said: of texts the text, of one JSON value that, of anything else its parts.
fn tool_content(content: &Value) -> Value {
    let Value::Array(blocks) = content else { return content.clone() };
    if let [only] = blocks.as_slice()
        && let Some(value) = only.get("json")
    {
        return value.clone();
    }
    let texts: Option<Vec<&str>> = blocks.iter().map(|block| said(block, "text")).collect();
    match texts {
        Some(texts) if !texts.is_empty() => texts.join("\n").into(),
        _ => parts_of(content).into(),
    }
}

fn file_modality(kind: &str) -> &'static str {
    if kind.contains("video") { "video" } else { "file" }
}

pub(crate) fn blob(modality: &str, mime_type: Option<&str>, content: &str) -> Value {
    located("blob", modality, mime_type, ("content", content))
}

/// Returns a part that holds bytes, or says where they are.
fn located(kind: &str, modality: &str, mime_type: Option<&str>, (key, place): (&str, &str)) -> Value {
    let mut part = json!({"type": kind, "modality": modality, key: place});
    if let (Some(mime_type), Some(map)) = (mime_type, part.as_object_mut()) {
        map.insert("mime_type".to_owned(), mime_type.into());
    }
    part
}

/// Maps in which each provider wraps where an image, a sound or a file is; one may lie in another.
const LAYERS: &[&str] = &["image_url", "video_url", "input_audio", "audio", "file", "source", "s3Location"];

/// Reads an image, a sound or a file: its bytes, its address, or its id.
fn media(modality: &str, part: &Value) -> Option<Value> {
    let mut fields = Map::new();
    let mut layer = part;
    for _ in 0..LAYERS.len() {
        if let Some(map) = layer.as_object() {
            fields.extend(
                map.iter().filter(|(_, value)| value.is_string()).map(|(k, v)| (k.clone(), v.clone())),
            );
        }
        let Some(inner) = some_of(layer, LAYERS).filter(|inner| inner.is_object()) else { break };
        layer = inner;
    }
    let field = |keys: &[&str]| keys.iter().find_map(|key| fields.get(*key)?.as_str());
    // A document of Anthropic's that is no bytes, but a text.
    if field(&["type"]) == Some("text") {
        return field(&["data"]).map(text_part);
    }
    let format = field(&["format"]);
    let told = field(&["media_type", "mimeType", "mime_type"]).map(str::to_owned);
    let mime_type = told.or_else(|| format.map(|format| mime_type_of(modality, format)));
    let modality = mime_type.as_deref().and_then(modality_of).unwrap_or(modality);
    let address = field(&[
        "url",
        "image_url",
        "video_url",
        "file_url",
        "fileUri",
        "file_uri",
        "uri",
        "file_data",
        "data",
        "bytes",
    ]);
    if let Some(address) = address {
        if let Some((mime_type, data)) = data_url(address) {
            return Some(blob(modality_of(mime_type).unwrap_or(modality), Some(mime_type), data));
        }
        return Some(match is_address(address) {
            true => located("uri", modality, mime_type.as_deref(), ("uri", address)),
            false => blob(modality, mime_type.as_deref(), address),
        });
    }
    let id = field(&["file_id", "fileId"])?;
    Some(located("file", modality, mime_type.as_deref(), ("file_id", id)))
}

fn is_address(text: &str) -> bool {
    text.get(..text.len().min(16)).is_some_and(|start| start.contains("://"))
}

/// Splits `data:image/png;base64,…`.
fn data_url(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("data:")?.split_once(";base64,")
}

fn modality_of(mime_type: &str) -> Option<&'static str> {
    match mime_type.split('/').next()? {
        "image" => Some("image"),
        "audio" => Some("audio"),
        "video" => Some("video"),
        _ => None,
    }
}

fn mime_type_of(modality: &str, format: &str) -> String {
    match (modality, format) {
        ("file", "pdf") => "application/pdf".to_owned(),
        ("file", _) => format!("text/{format}"),
        _ => format!("{modality}/{format}"),
    }
}

/// Returns a tool on offer in OpenTelemetry's words.
pub(crate) fn tool_definition(tool: &Value) -> Value {
    let kind = text(tool, "type");
    let inner = some_of(tool, &["function", "toolSpec", "custom"]).unwrap_or(tool);
    let Some(name) = text(inner, "name") else { return without_secrets(tool) };
    let schemas =
        ["parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameter_definitions"];
    let schema = some_of(inner, &schemas).map(|schema| some(schema, "json").unwrap_or(schema));
    if schema.is_none() && kind.is_some_and(|kind| kind != "function") {
        // One of the provider's own, of which its settings say what it does.
        return without_secrets(tool);
    }
    let mut definition = json!({"type": "function", "name": name});
    if let Some(map) = definition.as_object_mut() {
        let description = text(inner, "description").map(Value::from);
        map.extend(description.map(|text| ("description".to_owned(), text)));
        map.extend(schema.map(|schema| ("parameters".to_owned(), schema.clone())));
    }
    definition
}

/// Leaves out what lets a provider into somebody's MCP server.
fn without_secrets(tool: &Value) -> Value {
    let mut tool = tool.clone();
    if let Some(map) = tool.as_object_mut() {
        for key in ["authorization", "authorization_token", "headers"] {
            map.remove(key);
        }
    }
    tool
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: Value, expected: Value) {
        assert_eq!(part_of(&part), expected, "{part}");
    }

    #[test]
    fn images_are_bytes_or_addresses_whoever_sends_them() {
        let blob = json!({"type": "blob", "modality": "image", "mime_type": "image/png", "content": "QUJD"});
        check(
            json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}}),
            blob.clone(),
        );
        check(json!({"type": "image_url", "image_url": "data:image/png;base64,QUJD"}), blob.clone());
        check(json!({"type": "input_image", "image_url": "data:image/png;base64,QUJD"}), blob.clone());
        check(
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}),
            blob.clone(),
        );
        check(json!({"inlineData": {"mimeType": "image/png", "data": "QUJD"}}), blob.clone());
        check(json!({"image": {"format": "png", "source": {"bytes": "QUJD"}}}), blob);
        let uri = json!({"type": "uri", "modality": "image", "uri": "https://e.com/a.png"});
        check(json!({"type": "image_url", "image_url": {"url": "https://e.com/a.png"}}), uri.clone());
        check(json!({"type": "image", "source": {"type": "url", "url": "https://e.com/a.png"}}), uri);
        check(
            json!({"fileData": {"mimeType": "video/mp4", "fileUri": "gs://bucket/a"}}),
            json!({"type": "uri", "modality": "video", "mime_type": "video/mp4", "uri": "gs://bucket/a"}),
        );
    }

    #[test]
    fn sounds_and_files_are_told_apart() {
        check(
            json!({"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}}),
            json!({"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "QUJD"}),
        );
        check(
            json!({"type": "file", "file": {"file_id": "file-1"}}),
            json!({"type": "file", "modality": "file", "file_id": "file-1"}),
        );
        check(
            json!({"document": {"format": "pdf", "name": "a", "source": {"bytes": "QUJD"}}}),
            json!({"type": "blob", "modality": "file", "mime_type": "application/pdf", "content": "QUJD"}),
        );
    }

    #[test]
    fn calls_and_answers_of_tools_have_one_form() {
        let call = json!({"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}});
        check(json!({"type": "tool_use", "id": "1", "name": "f", "input": {"a": 1}}), call.clone());
        check(json!({"toolUse": {"toolUseId": "1", "name": "f", "input": {"a": 1}}}), call.clone());
        check(json!({"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}}), call.clone());
        assert_eq!(
            tool_call(&json!({"id": "1", "function": {"name": "f", "arguments": "{\"a\": 1}"}})),
            call
        );
        let answer = json!({"type": "tool_call_response", "id": "1", "response": "sunny"});
        check(
            json!({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "sunny"}]}),
            answer.clone(),
        );
        check(json!({"toolResult": {"toolUseId": "1", "content": [{"text": "sunny"}]}}), answer);
        check(
            json!({"toolResult": {"toolUseId": "1", "content": [{"json": {"a": 1}}], "status": "error"}}),
            json!({"type": "tool_call_response", "id": "1", "response": {"a": 1}, "is_error": true}),
        );
    }

    #[test]
    fn what_is_not_known_stays_as_it_came() {
        check(json!({"type": "hologram", "depth": 3}), json!({"type": "hologram", "depth": 3}));
        check(json!(7), json!(7));
        assert_eq!(tool_definition(&json!({"type": "web_search"})), json!({"type": "web_search"}));
    }

    #[test]
    fn secrets_of_tools_are_left_out() {
        let tool =
            json!({"type": "mcp", "server_label": "d", "authorization": "key", "headers": {"x-key": "key"}});
        assert_eq!(tool_definition(&tool), json!({"type": "mcp", "server_label": "d"}));
    }
}
