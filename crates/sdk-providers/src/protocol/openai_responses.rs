//! OpenAI's responses: items of several kinds in place of messages, and a stream of many kinds of events.

use super::openai::{take_head, take_tier};
use super::{Operation, Protocol, model_in};
use crate::error::{Failure, of_value};
use crate::json::{list, some, some_of, text, text_of};
use crate::parameter::{add, take_parameters};
use crate::part::{
    arguments, call_part, message, parts_of, read_message, reasoning_part, response_part, text_part,
    tool_definition,
};
use crate::reply::{CallStart, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::{Value, json};

pub(crate) const RESPONSES: Protocol = Protocol {
    name: "openai responses",
    operation: Operation::Chat,
    provider: "openai",
    is_request: |body| {
        let is_told = some(body, "model").is_some() || some(body, "prompt").is_some();
        is_told && some_of(body, &["input", "prompt", "previous_response_id", "conversation"]).is_some()
    },
    read_request,
    read_event,
    is_sieved: false,
};

/// Items of which each has so many parts at most; with its number, a part has a key.
const PARTS_OF_ITEM: u64 = 1 << 16;

fn read_request(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    take_tier(body, &mut request);
    if let Some(id) = conversation_id(body) {
        add(&mut request, "gen_ai.conversation.id", id.into());
    }
    request.system = some(body, "instructions").map(parts_of).unwrap_or_default();
    request.messages = match some(body, "input") {
        Some(Value::String(text)) => vec![message("user", vec![text_part(text)])],
        Some(Value::Array(items)) => read_items(items),
        _ => Vec::new(),
    };
    take_prompt(body, &mut request);
    request.tools = list(body, "tools").iter().map(tool_definition).collect();
    request
}

/// Takes the prompt that OpenAI keeps, with what is filled in.
fn take_prompt(body: &Value, request: &mut Request) {
    let Some(prompt) = some(body, "prompt") else { return };
    for (name, key) in [("id", "gen_ai.prompt.name"), ("version", "gen_ai.prompt.version")] {
        if let Some(text) = text(prompt, name) {
            add(request, key, text.into());
        }
    }
    if let Some(variables) = some(prompt, "variables").filter(|_| request.messages.is_empty()) {
        request.inputs = Some(json!({"prompt_variables": variables}));
    }
}

fn conversation_id(body: &Value) -> Option<&str> {
    let conversation = some(body, "conversation")?;
    conversation.as_str().or_else(|| text(conversation, "id"))
}

/// Reads items; those that a model says one after the other are one message.
fn read_items(items: &[Value]) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for item in items {
        let (role, mut parts) = match text(item, "type") {
            None | Some("message") => {
                messages.push(read_message(item));
                continue;
            }
            Some(kind) if kind.ends_with("_output") => ("tool", vec![output_part(item)]),
            Some(_) => ("assistant", item_parts(item)),
        };
        let last = messages.last_mut().filter(|last| last["role"] == role && role == "assistant");
        match last.and_then(|last| last.get_mut("parts")?.as_array_mut()) {
            Some(before) => before.append(&mut parts),
            None => messages.push(message(role, parts)),
        }
    }
    messages
}

fn output_part(item: &Value) -> Value {
    let output = some(item, "output").unwrap_or(&Value::Null);
    let output = if output.is_array() { parts_of(output).into() } else { output.clone() };
    response_part(text_of(item, &["call_id", "id"]), None, output, false)
}

/// Returns the parts that an item is, if it is no message.
fn item_parts(item: &Value) -> Vec<Value> {
    match text(item, "type").unwrap_or_default() {
        "message" => parts_of(item.get("content").unwrap_or(&Value::Null)),
        "reasoning" => {
            let texts = list(item, "summary").iter().chain(list(item, "content"));
            texts.filter_map(|part| text(part, "text")).map(reasoning_part).collect()
        }
        "function_call" | "custom_tool_call" | "mcp_call" => {
            let id = text_of(item, &["call_id", "id"]).unwrap_or_default();
            let given = some_of(item, &["arguments", "input"]).map_or(Value::Null, arguments);
            vec![call_part(id, text(item, "name").unwrap_or_default(), given)]
        }
        _ => vec![item.clone()],
    }
}

fn read_event(event: &Value, reply: &mut Reply) {
    let Some(kind) = text(event, "type").filter(|kind| kind.starts_with("response.")) else {
        return take_response(event, "", reply);
    };
    let number = |key: &str| event.get(key).and_then(Value::as_u64).unwrap_or(0);
    let item_key = number("output_index").saturating_mul(PARTS_OF_ITEM);
    let delta = text(event, "delta").unwrap_or_default();
    match kind {
        "response.output_text.delta" | "response.refusal.delta" => {
            reply.add_text(0, item_key.saturating_add(number("content_index")), delta);
        }
        "response.reasoning_summary_text.delta" => {
            reply.add_reasoning(0, item_key.saturating_add(number("summary_index")), delta);
        }
        "response.reasoning_text.delta" => {
            reply.add_reasoning(0, item_key.saturating_add(number("content_index")), delta);
        }
        "response.function_call_arguments.delta"
        | "response.custom_tool_call_input.delta"
        | "response.mcp_call_arguments.delta" => reply.add_arguments(0, item_key, delta),
        "response.output_item.added" => start_item(event, item_key, reply),
        "response.output_item.done" => end_item(event, item_key, reply),
        "response.completed" | "response.incomplete" | "response.failed" => {
            let response = some(event, "response").unwrap_or(&Value::Null);
            // It repeats all that was streamed, or nothing of it.
            if !list(response, "output").is_empty() {
                reply.restart();
            }
            take_response(response, kind.trim_start_matches("response."), reply);
        }
        _ => {
            if let Some(response) = some(event, "response") {
                take_head(response, reply);
            }
        }
    }
}

fn start_item(event: &Value, key: u64, reply: &mut Reply) {
    let item = some(event, "item").unwrap_or(&Value::Null);
    if matches!(text(item, "type"), Some("function_call" | "custom_tool_call" | "mcp_call")) {
        let id = text_of(item, &["call_id", "id"]).unwrap_or_default();
        let name = text(item, "name").unwrap_or_default();
        reply.start_call(0, key, CallStart { id, name, input: None });
    }
}

/// Takes an item of which nothing was streamed.
fn end_item(event: &Value, key: u64, reply: &mut Reply) {
    let item = some(event, "item").unwrap_or(&Value::Null);
    let kind = text(item, "type").unwrap_or_default();
    if !matches!(kind, "message" | "reasoning" | "function_call" | "custom_tool_call" | "mcp_call") {
        reply.set_other(0, key, item.clone());
    }
}

/// Takes a whole response. `status` is what is known besides of how it ended, if anything is.
fn take_response(response: &Value, status: &str, reply: &mut Reply) {
    take_head(response, reply);
    for (at, item) in list(response, "output").iter().enumerate() {
        reply.add_parts(0, (at as u64).saturating_mul(PARTS_OF_ITEM), item_parts(item));
    }
    if let Some(id) = conversation_id(response) {
        reply.set_attribute("gen_ai.conversation.id", id.into());
    }
    if let Some(usage) = some(response, "usage") {
        reply.usage.take_openai(usage);
    }
    let is_end = |status: &&str| !matches!(*status, "in_progress" | "queued");
    let status = text(response, "status").filter(is_end).unwrap_or(status);
    let reason = some(response, "incomplete_details").and_then(|details| text(details, "reason"));
    if !status.is_empty() {
        reply.set_finish_reason(0, reason.unwrap_or(status));
        reply.is_done = true;
    }
    if status == "failed" {
        let told = some(response, "error").and_then(of_value);
        let message = "the response has failed".to_owned();
        reply.failure = Some(told.unwrap_or(Failure::Provider { kind: None, message }));
    }
}
