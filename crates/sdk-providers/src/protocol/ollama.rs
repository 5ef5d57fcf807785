//! Ollama's own API: a stream of lines, unless it is told not to.

use super::{Operation, Protocol, has_messages, model_in};
use crate::json::{count, list, some, some_of, text};
use crate::parameter::take_parameters;
use crate::part::{message, message_parts, parts_of, read_message, tool_definition};
use crate::reply::{CallStart, PartKind, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::{Value, json};

pub(crate) const CHAT: Protocol = Protocol {
    name: "ollama chat",
    operation: Operation::Chat,
    provider: "ollama",
    // Applications have such a path too, which leave the model out.
    is_request: |body| text(body, "model").is_some() && has_messages(body),
    read_request: read_chat,
    read_event,
    is_sieved: false,
};

pub(crate) const GENERATE: Protocol = Protocol {
    name: "ollama generate",
    operation: Operation::TextCompletion,
    is_request: |body| text(body, "model").is_some() && some(body, "prompt").is_some_and(Value::is_string),
    read_request: read_generate,
    ..CHAT
};

fn begin(body: &Value) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    request.is_stream = body.get("stream") != Some(&Value::Bool(false));
    request
}

fn read_chat(body: &Value, _: &Route) -> Request {
    let mut request = begin(body);
    request.messages = list(body, "messages").iter().map(read_message).collect();
    request.tools = list(body, "tools").iter().map(tool_definition).collect();
    request
}

fn read_generate(body: &Value, _: &Route) -> Request {
    let mut request = begin(body);
    request.system = some(body, "system").map(parts_of).unwrap_or_default();
    let said = json!({"content": body.get("prompt"), "images": body.get("images")});
    request.messages = vec![message("user", message_parts(&said))];
    request
}

fn read_event(event: &Value, reply: &mut Reply) {
    reply.model = text(event, "model").map(str::to_owned).or(reply.model.take());
    // A generated text has no message around it.
    let said = some(event, "message").unwrap_or(event);
    if let Some(role) = text(said, "role") {
        reply.set_role(0, role);
    }
    let thought = text(said, "thinking").unwrap_or_default();
    reply.add_reasoning(0, reply.next_key(0, PartKind::Reasoning), thought);
    let words = some_of(said, &["content", "response"]).and_then(Value::as_str).unwrap_or_default();
    reply.add_text(0, reply.next_key(0, PartKind::Text), words);
    for call in list(said, "tool_calls") {
        let inner = some(call, "function").unwrap_or(call);
        let key = reply.next_key(0, PartKind::Other);
        let id = text(call, "id").unwrap_or_default();
        let name = text(inner, "name").unwrap_or_default();
        reply.start_call(0, key, CallStart { id, name, input: some(inner, "arguments").cloned() });
    }
    reply.usage.input = count(event, "prompt_eval_count").or(reply.usage.input);
    reply.usage.output = count(event, "eval_count").or(reply.usage.output);
    if event.get("done") == Some(&Value::Bool(true)) {
        reply.is_done = true;
        // Older servers, and libraries that read for us, do not say why; a cut answer must not look whole.
        if let Some(reason) = text(event, "done_reason") {
            reply.set_finish_reason(0, reason);
        }
    }
}
