//! Anthropic's messages, as Anthropic, Bedrock and Vertex AI serve them.

use super::{Operation, Protocol, has_messages, model_in};
use crate::json::{list, some, text};
use crate::parameter::{add, take_parameters};
use crate::part::{part_of, parts_of, read_message, tool_definition};
use crate::reply::{CallStart, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

pub(crate) const MESSAGES: Protocol = Protocol {
    name: "anthropic messages",
    operation: Operation::Chat,
    provider: "anthropic",
    is_request: |body| {
        let is_told = some(body, "max_tokens").is_some() || some(body, "anthropic_version").is_some();
        is_told && has_messages(body)
    },
    read_request,
    read_event,
    is_sieved: false,
};

pub(super) fn read_request(body: &Value, route: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    request.is_stream |= route.verb() == Some("streamRawPredict");
    if let Some(tier) = text(body, "service_tier") {
        add(&mut request, "gen_ai.request.service_tier", tier.into());
    }
    request.system = some(body, "system").map(parts_of).unwrap_or_default();
    request.messages = list(body, "messages").iter().map(read_message).collect();
    request.tools = list(body, "tools").iter().map(tool_definition).collect();
    request
}

pub(super) fn read_event(event: &Value, reply: &mut Reply) {
    let key = event.get("index").and_then(Value::as_u64).unwrap_or(0);
    match text(event, "type").unwrap_or_default() {
        "message_start" => take_message(some(event, "message").unwrap_or(&Value::Null), reply),
        "content_block_start" => {
            start_block(key, some(event, "content_block").unwrap_or(&Value::Null), reply);
        }
        "content_block_delta" => add_delta(key, some(event, "delta").unwrap_or(&Value::Null), reply),
        "message_delta" => {
            if let Some(reason) = some(event, "delta").and_then(|delta| text(delta, "stop_reason")) {
                reply.set_finish_reason(0, reason);
            }
            take_usage(event, reply);
        }
        "message_stop" => reply.is_done = true,
        "message" => {
            take_message(event, reply);
            reply.is_done = true;
        }
        _ => {}
    }
}

/// Takes a message: a whole one, or the empty one that a stream begins with.
fn take_message(message: &Value, reply: &mut Reply) {
    reply.id = text(message, "id").map(str::to_owned).or(reply.id.take());
    reply.model = text(message, "model").map(str::to_owned).or(reply.model.take());
    for (at, block) in list(message, "content").iter().enumerate() {
        start_block(at as u64, block, reply);
    }
    if let Some(reason) = text(message, "stop_reason") {
        reply.set_finish_reason(0, reason);
    }
    take_usage(message, reply);
}

fn take_usage(holder: &Value, reply: &mut Reply) {
    let Some(usage) = some(holder, "usage") else { return };
    reply.usage.take_anthropic(usage);
    if let Some(tier) = text(usage, "service_tier") {
        reply.set_attribute("anthropic.response.service_tier", tier.into());
    }
}

/// Takes a block, of which deltas may bring more.
fn start_block(key: u64, block: &Value, reply: &mut Reply) {
    match text(block, "type").unwrap_or_default() {
        "text" => reply.add_text(0, key, text(block, "text").unwrap_or_default()),
        "thinking" => reply.add_reasoning(0, key, text(block, "thinking").unwrap_or_default()),
        // What nobody can read.
        "redacted_thinking" => {}
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            let id = text(block, "id").unwrap_or_default();
            let name = text(block, "name").unwrap_or_default();
            reply.start_call(0, key, CallStart { id, name, input: some(block, "input").cloned() });
        }
        _ => reply.set_other(0, key, part_of(block)),
    }
}

fn add_delta(key: u64, delta: &Value, reply: &mut Reply) {
    match text(delta, "type").unwrap_or_default() {
        "text_delta" => reply.add_text(0, key, text(delta, "text").unwrap_or_default()),
        "thinking_delta" => reply.add_reasoning(0, key, text(delta, "thinking").unwrap_or_default()),
        "input_json_delta" => reply.add_arguments(0, key, text(delta, "partial_json").unwrap_or_default()),
        _ => {}
    }
}
