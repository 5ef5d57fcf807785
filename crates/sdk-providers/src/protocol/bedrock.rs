//! Amazon Bedrock: its own conversations, and requests that are passed on to a model in that model's words.

use super::{Operation, Protocol, anthropic, embedding, has_messages, openai};
use crate::json::{count, list, some, some_of, text, text_of};
use crate::parameter::take_parameters;
use crate::part::{message, part_of, parts_of, text_part, tool_definition};
use crate::reply::{CallStart, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

pub(crate) const CONVERSE: Protocol = Protocol {
    name: "bedrock converse",
    operation: Operation::Chat,
    provider: "aws.bedrock",
    is_request: has_messages,
    read_request: read_converse,
    read_event: read_converse_event,
    is_sieved: false,
};

pub(crate) const INVOKE: Protocol = Protocol {
    name: "bedrock invoke",
    is_request: Value::is_object,
    read_request: read_invoke,
    read_event: read_invoke_event,
    // Embeddings are answered here too; texts that are long for an embedding are not for a chat.
    is_sieved: false,
    ..CONVERSE
};

fn read_converse(body: &Value, route: &Route) -> Request {
    let mut request = Request::default();
    take_parameters(body, &mut request);
    request.is_stream = route.path.ends_with("stream");
    request.system = some(body, "system").map(parts_of).unwrap_or_default();
    let read = |said: &Value| message(text(said, "role").unwrap_or("user"), parts_of(&said["content"]));
    request.messages = list(body, "messages").iter().map(read).collect();
    let tools = some(body, "toolConfig").map(|config| list(config, "tools"));
    request.tools = tools.unwrap_or_default().iter().map(tool_definition).collect();
    request
}

fn read_converse_event(event: &Value, reply: &mut Reply) {
    let part = |name: &str| some(event, name);
    // A whole answer.
    if let Some(said) = part("output").and_then(|output| some(output, "message")) {
        let blocks = list(said, "content").iter().enumerate();
        blocks.for_each(|(at, block)| add_block(at as u64, block, reply));
        take_stop(event, reply);
    }
    if let Some(usage) = part("metadata").unwrap_or(event).get("usage") {
        take_usage(usage, reply);
    }
    if let Some(start) = part("contentBlockStart") {
        let call = some(start, "start").and_then(|start| some(start, "toolUse"));
        if let Some(call) = call {
            start_call(block_key(start), call, reply);
        }
    }
    if let Some(more) = part("contentBlockDelta") {
        add_delta(block_key(more), some(more, "delta").unwrap_or(&Value::Null), reply);
    }
    if let Some(stop) = part("messageStop") {
        take_stop(stop, reply);
    }
}

fn block_key(event: &Value) -> u64 {
    event.get("contentBlockIndex").and_then(Value::as_u64).unwrap_or(0)
}

fn add_block(key: u64, block: &Value, reply: &mut Reply) {
    if let Some(call) = some(block, "toolUse") {
        return start_call(key, call, reply);
    }
    let part = part_of(block);
    let content = text(&part, "content").unwrap_or_default();
    match text(&part, "type") {
        Some("text") => reply.add_text(0, key, content),
        Some("reasoning") => reply.add_reasoning(0, key, content),
        _ => reply.set_other(0, key, part),
    }
}

fn start_call(key: u64, call: &Value, reply: &mut Reply) {
    let id = text(call, "toolUseId").unwrap_or_default();
    let name = text(call, "name").unwrap_or_default();
    reply.start_call(0, key, CallStart { id, name, input: some(call, "input").cloned() });
}

fn add_delta(key: u64, delta: &Value, reply: &mut Reply) {
    reply.add_text(0, key, text(delta, "text").unwrap_or_default());
    if let Some(call) = some(delta, "toolUse") {
        reply.add_arguments(0, key, text(call, "input").unwrap_or_default());
    }
    if let Some(thought) = some(delta, "reasoningContent") {
        reply.add_reasoning(0, key, text(thought, "text").unwrap_or_default());
    }
}

fn take_stop(holder: &Value, reply: &mut Reply) {
    if let Some(reason) = text(holder, "stopReason") {
        reply.set_finish_reason(0, reason);
        reply.is_done = true;
    }
}

/// Takes the usage, whose input tokens are those beside the cached ones.
fn take_usage(usage: &Value, reply: &mut Reply) {
    let own = &mut reply.usage;
    own.cache_read = count(usage, "cacheReadInputTokens").or(own.cache_read);
    own.cache_creation = count(usage, "cacheWriteInputTokens").or(own.cache_creation);
    let cached = own.cache_read.unwrap_or(0).saturating_add(own.cache_creation.unwrap_or(0));
    own.input = count(usage, "inputTokens").map(|plain| plain.saturating_add(cached)).or(own.input);
    own.output = count(usage, "outputTokens").or(own.output);
}

/// Reads a request in the words of the model that its path names.
fn read_invoke(body: &Value, route: &Route) -> Request {
    let model = super::model_in_path(route).unwrap_or_default();
    let mut request = if has_messages(body) {
        let is_own = some(body, "inferenceConfig").is_some() || model.contains("nova");
        if is_own { read_converse(body, route) } else { anthropic::read_request(body, route) }
    } else {
        read_prompt(body, &model)
    };
    request.model = None;
    request.is_stream = route.path.ends_with("stream");
    request
}

fn read_prompt(body: &Value, model: &str) -> Request {
    let mut request = Request::default();
    take_parameters(body, &mut request);
    if model.contains("embed") {
        request.operation = Some(Operation::Embeddings);
        request.inputs = some_of(body, &["inputText", "texts", "inputImage"]).cloned();
    } else {
        request.operation = Some(Operation::TextCompletion);
        let prompt = text_of(body, &["prompt", "inputText"]);
        request.messages =
            prompt.map(|prompt| message("user", vec![text_part(prompt)])).into_iter().collect();
    }
    request
}

/// Reads an answer in the words of a model, which its keys give away.
fn read_invoke_event(event: &Value, reply: &mut Reply) {
    let metrics = some(event, "amazon-bedrock-invocationMetrics");
    if let Some(metrics) = metrics {
        let usage = &mut reply.usage;
        usage.input = usage.input.or(count(metrics, "inputTokenCount"));
        usage.output = usage.output.or(count(metrics, "outputTokenCount"));
    }
    if text(event, "type").is_some() {
        anthropic::read_event(event, reply);
    } else if some_of(event, &["embedding", "embeddings"]).is_some() {
        embedding::read_vectors(event, reply);
    } else if event.get("choices").is_some() {
        openai::read_completion(event, reply);
    } else if is_converse(event) {
        read_converse_event(event, reply);
    } else {
        read_completion(event, reply);
    }
}

fn is_converse(event: &Value) -> bool {
    let keys = [
        "output",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "messageStart",
    ];
    keys.iter().any(|key| event.get(key).is_some_and(Value::is_object))
}

/// Reads the text of Llama, Titan, Mistral and others: above all, or in the only element of a list.
fn read_completion(event: &Value, reply: &mut Reply) {
    let lists = ["results", "outputs", "generations", "completions"];
    let element = lists.iter().find_map(|key| list(event, key).first());
    for holder in [Some(event), element].into_iter().flatten() {
        let said = text_of(holder, &["generation", "outputText", "completion", "text"]);
        if let Some(said) = said {
            reply.add_text(0, 0, said);
        }
        let reasons = ["stop_reason", "completionReason", "finish_reason", "stopReason"];
        if let Some(reason) = text_of(holder, &reasons) {
            reply.set_finish_reason(0, reason);
            reply.is_done = true;
        }
        // One that says the same in several ways says it once.
        if said.is_some() {
            break;
        }
    }
    let usage = &mut reply.usage;
    let input = ["prompt_token_count", "inputTextTokenCount"].iter().find_map(|key| count(event, key));
    usage.input = input.or(usage.input);
    let output =
        ["generation_token_count", "totalOutputTextTokenCount"].iter().find_map(|key| count(event, key));
    let output = output.or_else(|| count(element?, "tokenCount"));
    usage.output = output.or(usage.output);
}
