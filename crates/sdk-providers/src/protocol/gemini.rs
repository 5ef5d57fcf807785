//! Gemini's contents, at Google's two services. The pieces of a stream are answers themselves.

use super::{Operation, Protocol};
use crate::json::{count, list, some, some_of, text, text_of};
use crate::parameter::take_parameters;
use crate::part::{message, part_of, parts_of, tool_definition};
use crate::reply::{CallStart, PartKind, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

pub(crate) const CONTENT: Protocol = Protocol {
    name: "gemini content",
    operation: Operation::GenerateContent,
    provider: "gcp.gemini",
    is_request: |body| some(body, "contents").is_some(),
    read_request,
    read_event,
    is_sieved: false,
};

fn read_request(body: &Value, route: &Route) -> Request {
    let mut request = Request::default();
    take_parameters(body, &mut request);
    request.is_stream = route.verb() == Some("streamGenerateContent");
    let system = some_of(body, &["systemInstruction", "system_instruction"]);
    request.system = system.map(content_parts).unwrap_or_default();
    let contents = body.get("contents").unwrap_or(&Value::Null);
    let contents = contents.as_array().map_or(std::slice::from_ref(contents), Vec::as_slice);
    request.messages = contents.iter().map(read_content).collect();
    for tool in list(body, "tools") {
        match some_of(tool, &["functionDeclarations", "function_declarations"]).and_then(Value::as_array) {
            Some(functions) => request.tools.extend(functions.iter().map(tool_definition)),
            None => request.tools.push(tool.clone()),
        }
    }
    request
}

fn content_parts(content: &Value) -> Vec<Value> {
    parts_of(some(content, "parts").unwrap_or(content))
}

fn read_content(content: &Value) -> Value {
    message(role_name(text(content, "role").unwrap_or("user")), content_parts(content))
}

fn role_name(role: &str) -> &str {
    match role {
        "model" => "assistant",
        "function" => "tool",
        role => role,
    }
}

fn read_event(event: &Value, reply: &mut Reply) {
    let own = |keys: &[&str]| text_of(event, keys).map(str::to_owned);
    reply.id = own(&["responseId"]).or(reply.id.take());
    reply.model = own(&["modelVersion"]).or(reply.model.take());
    for (at, candidate) in list(event, "candidates").iter().enumerate() {
        let index = candidate.get("index").and_then(Value::as_u64).unwrap_or(at as u64);
        let content = some(candidate, "content").unwrap_or(&Value::Null);
        list(content, "parts").iter().for_each(|part| add_part(index, part, reply));
        if let Some(reason) = text(candidate, "finishReason") {
            reply.set_finish_reason(index, reason);
            reply.is_done = true;
        }
    }
    let blocked = some(event, "promptFeedback").and_then(|feedback| text(feedback, "blockReason"));
    if let Some(reason) = blocked {
        reply.set_finish_reason(0, reason);
        reply.is_done = true;
    }
    if let Some(usage) = some(event, "usageMetadata") {
        take_usage(usage, reply);
    }
}

/// Adds a part to those that came; a text or thought goes on where one of its kind came last.
fn add_part(index: u64, part: &Value, reply: &mut Reply) {
    let part = part_of(part);
    let content = text(&part, "content").unwrap_or_default();
    match text(&part, "type") {
        Some("text") => reply.add_text(index, reply.next_key(index, PartKind::Text), content),
        Some("reasoning") => reply.add_reasoning(index, reply.next_key(index, PartKind::Reasoning), content),
        Some("tool_call") => {
            let id = text(&part, "id").unwrap_or_default();
            let name = text(&part, "name").unwrap_or_default();
            let key = reply.next_key(index, PartKind::Other);
            reply.start_call(index, key, CallStart { id, name, input: part.get("arguments").cloned() });
        }
        _ => reply.set_other(index, reply.next_key(index, PartKind::Other), part),
    }
}

fn take_usage(metadata: &Value, reply: &mut Reply) {
    let usage = &mut reply.usage;
    let sum = |keys: [&str; 2]| {
        let counts = keys.map(|key| count(metadata, key));
        counts.iter().flatten().copied().reduce(u64::saturating_add)
    };
    // Thoughts are not among the candidates' tokens, and what tools answered not among the prompt's.
    usage.input = sum(["promptTokenCount", "toolUsePromptTokenCount"]).or(usage.input);
    usage.output = sum(["candidatesTokenCount", "thoughtsTokenCount"]).or(usage.output);
    usage.reasoning = count(metadata, "thoughtsTokenCount").or(usage.reasoning);
    usage.cache_read = count(metadata, "cachedContentTokenCount").or(usage.cache_read);
    let audio = |key: &str| {
        let details = list(metadata, key).iter().find(|details| text(details, "modality") == Some("AUDIO"));
        details.and_then(|details| count(details, "tokenCount"))
    };
    usage.audio_input = audio("promptTokensDetails").or(usage.audio_input);
    usage.audio_output = audio("candidatesTokensDetails").or(usage.audio_output);
}
