//! Cohere's chat, version 2.

use super::{Operation, Protocol, has_messages, model_in};
use crate::json::{count, list, some, some_of, text};
use crate::parameter::take_parameters;
use crate::part::{part_of, read_message, tool_definition};
use crate::reply::{CallStart, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

pub(crate) const CHAT: Protocol = Protocol {
    name: "cohere chat",
    operation: Operation::Chat,
    provider: "cohere",
    is_request: |body| text(body, "model").is_some() && has_messages(body),
    read_request,
    read_event,
    is_sieved: false,
};

/// The key of the plan, which comes before all else.
const PLAN: u64 = 0;
const CONTENT: u64 = 1;
const TOOLS: u64 = 1 << 32;

fn read_request(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    request.messages = list(body, "messages").iter().map(read_message).collect();
    request.tools = list(body, "tools").iter().map(tool_definition).collect();
    request
}

fn read_event(event: &Value, reply: &mut Reply) {
    reply.id = text(event, "id").map(str::to_owned).or(reply.id.take());
    let delta = some(event, "delta").unwrap_or(event);
    let said = some(delta, "message").unwrap_or(&Value::Null);
    let key = event.get("index").and_then(Value::as_u64).unwrap_or(0);
    if let Some(role) = text(said, "role") {
        reply.set_role(0, role);
    }
    reply.add_reasoning(0, PLAN, text(said, "tool_plan").unwrap_or_default());
    match some(said, "content") {
        Some(Value::Array(parts)) => {
            for (at, part) in parts.iter().enumerate() {
                add_content(CONTENT.saturating_add(at as u64), part, reply);
            }
        }
        Some(part) => add_content(CONTENT.saturating_add(key), part, reply),
        None => {}
    }
    match some(said, "tool_calls") {
        Some(Value::Array(calls)) => {
            for (at, call) in calls.iter().enumerate() {
                add_call(TOOLS.saturating_add(at as u64), call, reply);
            }
        }
        Some(call) => add_call(TOOLS.saturating_add(key), call, reply),
        None => {}
    }
    if let Some(reason) = text(delta, "finish_reason") {
        reply.set_finish_reason(0, reason);
        reply.is_done = true;
    }
    if let Some(usage) = some(delta, "usage") {
        take_usage(usage, reply);
    }
}

fn add_content(key: u64, part: &Value, reply: &mut Reply) {
    // Pieces of a text or thought have no type.
    if let Some(said) = part.as_str().or_else(|| part.get("text")?.as_str()) {
        reply.add_text(0, key, said);
    } else if let Some(thought) = part.get("thinking").and_then(Value::as_str) {
        reply.add_reasoning(0, key, thought);
    } else {
        reply.set_other(0, key, part_of(part));
    }
}

fn add_call(key: u64, call: &Value, reply: &mut Reply) {
    let inner = some(call, "function").unwrap_or(call);
    let id = text(call, "id").unwrap_or_default();
    let name = text(inner, "name").unwrap_or_default();
    if !id.is_empty() || !name.is_empty() {
        reply.start_call(0, key, CallStart { id, name, input: None });
    }
    reply.add_arguments(0, key, text(inner, "arguments").unwrap_or_default());
}

fn take_usage(usage: &Value, reply: &mut Reply) {
    // Prices are for what is billed, which leaves out what Cohere adds to a prompt.
    let counts = some_of(usage, &["billed_units", "tokens"]).unwrap_or(usage);
    let own = &mut reply.usage;
    own.input = count(counts, "input_tokens").or(own.input);
    own.output = count(counts, "output_tokens").or(own.output);
    own.cache_read = count(usage, "cached_tokens").or(own.cache_read);
}
