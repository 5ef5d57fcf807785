//! OpenAI's chat completions and completions, and those who speak like it, with their quirks: DeepSeek's and OpenRouter's
//! thoughts, Groq's place for usage, Mistral's lists in place of texts.

use super::{Operation, Protocol, has_messages, model_in};
use crate::json::{list, some, some_of, text, text_of};
use crate::parameter::{add, take_parameters};
use crate::part::{message, parts_of, read_message, text_part, tool_definition};
use crate::reply::{CallStart, PartKind, Reply};
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

pub(crate) const CHAT: Protocol = Protocol {
    name: "openai chat",
    operation: Operation::Chat,
    provider: "openai",
    is_request: has_messages,
    read_request: read_chat,
    read_event: read_completion,
    is_sieved: false,
};

pub(crate) const COMPLETION: Protocol = Protocol {
    name: "openai completion",
    operation: Operation::TextCompletion,
    provider: "openai",
    is_request: |body| some(body, "prompt").is_some_and(|prompt| prompt.is_string() || prompt.is_array()),
    read_request: read_prompt,
    read_event: read_completion,
    is_sieved: false,
};

/// Keys of the parts of an answer. Tools are told apart by their own numbers.
const REASONING: u64 = 0;
const TEXT: u64 = 1;
const REFUSAL: u64 = 2;
const FUNCTION: u64 = 3;
const AUDIO: u64 = 4;
const SOUND: u64 = 5;
const TOOLS: u64 = 16;

fn read_chat(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    take_tier(body, &mut request);
    request.messages = list(body, "messages").iter().map(read_message).collect();
    let tools = list(body, "tools").iter().chain(list(body, "functions"));
    request.tools = tools.map(tool_definition).collect();
    request
}

fn read_prompt(body: &Value, _: &Route) -> Request {
    let mut request = Request { model: model_in(body), ..Request::default() };
    take_parameters(body, &mut request);
    take_tier(body, &mut request);
    request.messages = match some(body, "prompt") {
        Some(Value::Array(prompts)) if prompts.iter().all(Value::is_string) => {
            prompts.iter().map(|prompt| message("user", parts_of(prompt))).collect()
        }
        // A prompt may also be tokens, which say nothing to a reader.
        Some(Value::String(prompt)) => vec![message("user", vec![text_part(prompt)])],
        _ => Vec::new(),
    };
    request
}

/// The tier that is asked for may change the price.
pub(super) fn take_tier(body: &Value, request: &mut Request) {
    if let Some(tier) = text(body, "service_tier") {
        add(request, "openai.request.service_tier", tier.into());
    }
}

/// Reads an answer or a chunk of it, which differ in the name of the message alone.
pub(super) fn read_completion(event: &Value, reply: &mut Reply) {
    take_head(event, reply);
    for (at, choice) in list(event, "choices").iter().enumerate() {
        let index = choice.get("index").and_then(Value::as_u64).unwrap_or(at as u64);
        let said = some_of(choice, &["message", "delta"]);
        if let Some(said) = said {
            read_said(index, said, reply);
        }
        // The old completions.
        if let Some(text) = text(choice, "text") {
            reply.add_text(index, TEXT, text);
        }
        if let Some(reason) = text_of(choice, &["finish_reason", "native_finish_reason"]) {
            reply.set_finish_reason(index, reason);
            reply.is_done = true;
        }
        // Moonshot's place for it.
        if let Some(usage) = some(choice, "usage") {
            reply.usage.take_openai(usage);
        }
    }
    let groq = || some(some(event, "x_groq")?, "usage");
    if let Some(usage) = some(event, "usage").or_else(groq) {
        reply.usage.take_openai(usage);
    }
}

/// Takes what stands above the choices, and above the output of the newer API.
pub(super) fn take_head(event: &Value, reply: &mut Reply) {
    let own = |key: &str| text(event, key).map(str::to_owned);
    reply.id = own("id").or(reply.id.take());
    reply.model = own("model").or(reply.model.take());
    for (key, attribute) in [
        ("service_tier", "openai.response.service_tier"),
        ("system_fingerprint", "openai.response.system_fingerprint"),
    ] {
        if let Some(text) = text(event, key) {
            reply.set_attribute(attribute, text.into());
        }
    }
}

fn read_said(index: u64, said: &Value, reply: &mut Reply) {
    if let Some(role) = text(said, "role") {
        reply.set_role(index, role);
    }
    let thought = text_of(said, &["reasoning_content", "reasoning"]);
    reply.add_reasoning(index, REASONING, thought.unwrap_or_default());
    match said.get("content") {
        Some(Value::String(text)) => reply.add_text(index, TEXT, text),
        Some(Value::Array(parts)) => parts.iter().for_each(|part| read_part(index, part, reply)),
        _ => {}
    }
    reply.add_text(index, REFUSAL, text(said, "refusal").unwrap_or_default());
    if let Some(call) = some(said, "function_call") {
        read_call(index, FUNCTION, call, call, reply);
    }
    for (at, call) in list(said, "tool_calls").iter().enumerate() {
        let number = call.get("index").and_then(Value::as_u64).unwrap_or(at as u64);
        let inner = some_of(call, &["function", "custom"]).unwrap_or(&Value::Null);
        read_call(index, TOOLS.saturating_add(number), call, inner, reply);
    }
    if let Some(audio) = some(said, "audio") {
        reply.add_text(index, AUDIO, text(audio, "transcript").unwrap_or_default());
        read_sound(index, said, audio, reply);
    }
    // OpenRouter's and Gemini's pictures.
    for image in list(said, "images") {
        let key = reply.next_key(index, PartKind::Other);
        reply.set_other(index, key.max(1 << 32), crate::part::part_of(image));
    }
}

/// Keeps the sound of a whole answer. Of a streamed one only what was said is kept: its pieces are no sound that anybody
/// could play.
fn read_sound(index: u64, said: &Value, audio: &Value, reply: &mut Reply) {
    let Some(data) = text(audio, "data") else { return };
    match said.get("role") {
        Some(_) => reply.set_other(index, SOUND, crate::part::blob("audio", None, data)),
        None => reply.omit(data.len()),
    }
}

/// Mistral streams thoughts as lists of parts.
fn read_part(index: u64, part: &Value, reply: &mut Reply) {
    let part = crate::part::part_of(part);
    let content = text(&part, "content");
    match (text(&part, "type"), content) {
        (Some("reasoning"), content) => reply.add_reasoning(index, REASONING, content.unwrap_or_default()),
        (Some("text"), content) => reply.add_text(index, TEXT, content.unwrap_or_default()),
        _ => {
            let key = reply.next_key(index, PartKind::Other);
            reply.set_other(index, key.max(1 << 32), part);
        }
    }
}

fn read_call(index: u64, key: u64, call: &Value, inner: &Value, reply: &mut Reply) {
    let id = text(call, "id").unwrap_or_default();
    let name = text(inner, "name").unwrap_or_default();
    let given = some_of(inner, &["arguments", "input"]);
    // Some servers give arguments as what they are.
    let input = given.filter(|given| !given.is_string()).cloned();
    let start = CallStart { id, name, input };
    let key = reply.call_key(index, key, &start);
    reply.start_call(index, key, start);
    reply.add_arguments(index, key, given.and_then(Value::as_str).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prompts_may_be_texts_or_lists_of_them() {
        let prompts =
            |prompt: Value| read_prompt(&json!({"prompt": prompt}), &Route::default()).messages.len();
        assert_eq!(prompts(json!("a")), 1);
        assert_eq!(prompts(json!(["a", "b"])), 2);
        assert_eq!(prompts(json!([1, 2])), 0);
    }
}
