//! Where the messages are in a request or a response.

use super::block::known_block;
use super::item::read_list;
use super::json::{list_at, map_at, parse_nested, text_at, value_at};
use super::link::link;
use super::message::{message_of, read_finish_reason, read_message, role_name};
use super::part::{Message, Part, ToolResult};
use crate::side::Side;
use serde_json::{Value, json};

/// Deepest envelope inside envelope that is opened; each may be searched once for each of its keys.
const LEVELS_MAX: usize = 6;

/// Reads what is under the key of an envelope, and may look at the whole envelope.
type Reader = fn(inner: &Value, envelope: &Value, levels: usize) -> Option<Vec<Message>>;

/// What holds messages, the surest first.
const ENVELOPES: &[(&[&str], Reader)] = &[
    (&["messages", "replies", "new_messages", "all_messages", "items"], |inner, _, levels| {
        find(inner, levels)
    }),
    (&["contents", "content"], contents),
    (&["choices"], choices),
    (&["candidates"], candidates),
    (&["generations"], generations),
    (&["output", "input", "prompt"], |inner, _, levels| find_structured(inner, levels)),
    (&["chat_history", "message_history", "history"], chat_history),
    (&["message", "response", "request", "chat_message"], |inner, _, levels| find_structured(inner, levels)),
    (&["inputs", "outputs", "body", "kwargs", "result", "update"], |inner, _, levels| {
        find_structured(inner, levels)
    }),
    (&["toolCalls", "files"], |_, envelope, _| ai_sdk_step(envelope)),
    (&["_state", "state", "ev", "data", "args"], |inner, _, levels| find_structured(inner, levels)),
];

/// Keys beside the messages that hold what the system says.
const SYSTEM_KEYS: &[&str] =
    &["system", "system_instruction", "systemInstruction", "instructions", "system_prompt", "preamble"];

/// Keys whose text is what was asked or answered, where a call of a model says it without a message around it.
const INPUT_TEXTS: &[&str] =
    &["prompt", "input", "inputText", "query", "question", "user_prompt", "message", "contents", "args"];
const OUTPUT_TEXTS: &[&str] = &[
    "text",
    "output_text",
    "response",
    "output",
    "completion",
    "answer",
    "generated_text",
    "results",
    "outputText",
];

/// Returns the conversation in a body; `None` if it is none.
pub(crate) fn conversation(body: &Value) -> Option<Vec<Message>> {
    let mut messages = find(body, LEVELS_MAX)?;
    if !messages.iter().any(has_usual_role) {
        return None;
    }
    link(&mut messages);
    Some(messages)
}

fn has_usual_role(message: &Message) -> bool {
    matches!(message.role.as_str(), "system" | "user" | "assistant" | "tool")
}

fn find(body: &Value, levels: usize) -> Option<Vec<Message>> {
    let levels = levels.checked_sub(1)?;
    match body {
        Value::Array(list) => read_list(list).or_else(|| find_in_nested(list, levels)),
        Value::Object(_) => find_in_map(body, levels),
        Value::String(text) => find(&parse_nested(text)?, levels),
        _ => None,
    }
}

/// Looks into a map or list; a text under a key that may also hold a plain question is none of its business.
fn find_structured(inner: &Value, levels: usize) -> Option<Vec<Message>> {
    let is_json = |text: &str| text.starts_with(['{', '[']);
    if inner.as_str().is_some_and(|text| !is_json(text)) { None } else { find(inner, levels) }
}

/// Batches nest: LangChain sends a list of conversations, others a list of one body.
fn find_in_nested(list: &[Value], levels: usize) -> Option<Vec<Message>> {
    match list {
        [only] => find(only, levels),
        _ if list.iter().all(Value::is_array) => {
            let messages: Vec<_> = list.iter().filter_map(|inner| find(inner, levels)).flatten().collect();
            (!messages.is_empty()).then_some(messages)
        }
        _ => None,
    }
}

fn find_in_map(map: &Value, levels: usize) -> Option<Vec<Message>> {
    if let Some(messages) = read_list(std::slice::from_ref(map)) {
        return Some(messages);
    }
    let open = |(keys, reader): &(&[&str], Reader)| {
        keys.iter().find_map(|key| reader(map.get(*key).filter(|inner| !inner.is_null())?, map, levels))
    };
    let mut messages = ENVELOPES.iter().find_map(open)?;
    put_system_first(map, &mut messages);
    if let Some(last) = messages.last_mut().filter(|last| last.role == "assistant") {
        // Bedrock says beside the message why the model stopped.
        last.finish_reason = last.finish_reason.take().or_else(|| read_finish_reason(map));
    }
    Some(messages)
}

/// Puts what the system says before the others, unless it is there already.
fn put_system_first(map: &Value, messages: &mut Vec<Message>) {
    let config = map_at(map, &["config", "generation_config"]).unwrap_or(&Value::Null);
    let Some(system) = value_at(map, SYSTEM_KEYS).or_else(|| value_at(config, SYSTEM_KEYS)) else { return };
    // A response may repeat the instructions of its request; those are not its own words.
    if map.get("output").is_none() {
        add_system(system, messages);
    }
}

/// Adds what the system says: a text, parts, or a message.
pub(crate) fn add_system(system: &Value, messages: &mut Vec<Message>) {
    if messages.iter().any(|message| message.role == "system") {
        return;
    }
    let body = match system {
        Value::Object(_) if system.get("parts").is_some() => system.clone(),
        _ => json!({ "content": system }),
    };
    let message = message_of("system".to_owned(), &body);
    // A setting that only has the same name, such as `"system": {"os": "linux"}`, is not said to the model.
    let is_said = |part: &Part| !matches!(part, Part::Json(_));
    if !message.parts.is_empty() && message.parts.iter().all(is_said) {
        messages.insert(0, message);
    }
}

/// Gemini: contents, whose role may be left out.
fn contents(inner: &Value, envelope: &Value, levels: usize) -> Option<Vec<Message>> {
    if envelope.get("contents").is_none() {
        return if inner.is_object() { find(inner, levels) } else { None };
    }
    let list = inner.as_array().map_or(std::slice::from_ref(inner), Vec::as_slice);
    let has_parts = list.iter().any(|content| content.get("parts").is_some());
    let messages: Option<Vec<_>> = list.iter().map(content).collect();
    messages.filter(|_| has_parts).or_else(|| find_structured(inner, levels))
}

fn content(value: &Value) -> Option<Message> {
    let plain = || json!({ "content": value });
    match value {
        Value::Object(map) if map.contains_key("parts") => {
            let role = text_at(value, &["role"]).map_or_else(|| "user".to_owned(), role_name);
            Some(message_of(role, value))
        }
        Value::String(_) => Some(message_of("user".to_owned(), &plain())),
        _ => None,
    }
}

fn choices(inner: &Value, _: &Value, _: usize) -> Option<Vec<Message>> {
    // A bare text is one of the old completions, which have an index; without it, it may be a choice of anything.
    let completion = |choice: &Value| choice.get("index").is_some() && choice.get("text").is_some();
    answers(inner.as_array()?, |choice| {
        let message = map_at(choice, &["message", "delta"]);
        message.or_else(|| completion(choice).then_some(choice))
    })
}

fn candidates(inner: &Value, _: &Value, _: usize) -> Option<Vec<Message>> {
    // An answer that was held back has a reason, but no content.
    answers(inner.as_array()?, |candidate| {
        let held_back = || read_finish_reason(candidate).map(|_| candidate);
        map_at(candidate, &["content"]).or_else(held_back)
    })
}

/// LangChain: for each prompt of a batch a list of alternatives.
fn generations(inner: &Value, _: &Value, _: usize) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    for batch in inner.as_array()? {
        let list = batch.as_array().map_or(std::slice::from_ref(batch), Vec::as_slice);
        messages.extend(answers(list, |generation| {
            map_at(generation, &["message"]).or_else(|| generation.get("text").map(|_| generation))
        })?);
    }
    (!messages.is_empty()).then_some(messages)
}

/// Reads alternative answers, which carry their reason to stop beside the message.
fn answers(list: &[Value], message: impl Fn(&Value) -> Option<&Value>) -> Option<Vec<Message>> {
    let answer = |answer: &Value| {
        let body = message(answer)?;
        let mut message =
            read_message(body).unwrap_or_else(|| message_of(Side::Output.role().to_owned(), body));
        message.finish_reason = message.finish_reason.or_else(|| read_finish_reason(answer));
        Some(message)
    };
    let messages: Option<Vec<_>> = list.iter().map(answer).collect();
    messages.filter(|messages| !messages.is_empty())
}

/// Cohere, LlamaIndex: what was said before, and the new question beside it.
fn chat_history(inner: &Value, envelope: &Value, levels: usize) -> Option<Vec<Message>> {
    let mut messages = find(inner, levels).unwrap_or_default();
    // A Cohere response repeats the history, in which its own text is the last.
    if envelope.get("text").is_none()
        && let Some(text) = text_at(envelope, &["message", "user_msg", "user_prompt"])
    {
        let body = json!({ "content": text });
        messages.push(message_of(Side::Input.role().to_owned(), &body));
    }
    (!messages.is_empty()).then_some(messages)
}

/// Headings under which Claude Code writes what is new to the model, each on a line of its own, and who says it.
const HEADINGS: &[(&str, &str)] = &[("[USER]", "user"), ("[ASSISTANT]", "assistant"), ("[SYSTEM]", "system")];
/// The beginning of the heading of a tool's result, with the tool's name and `]` after it.
const RESULT_HEADING: &str = "[TOOL RESULT: ";

/// Reads a text that is messages under such headings.
fn headed_messages(text: &str) -> Option<Vec<Message>> {
    let mut messages: Vec<(Message, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match (heading(line), messages.last_mut()) {
            (Some(message), _) => messages.push((message, Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => return None,
        }
    }
    let said = messages.into_iter().map(|(mut message, lines)| {
        let text = lines.join("\n");
        match message.parts.first_mut() {
            Some(Part::ToolResult(result)) => result.result = text.into(),
            _ => message.parts.push(Part::Text(text)),
        }
        message
    });
    Some(said.collect())
}

fn heading(line: &str) -> Option<Message> {
    if let Some(name) = line.strip_prefix(RESULT_HEADING).and_then(|rest| rest.strip_suffix(']')) {
        let name = Some(name.to_owned());
        let result = ToolResult { id: None, name, result: Value::Null, is_error: false };
        return Some(Message {
            role: "tool".to_owned(),
            parts: vec![Part::ToolResult(result)],
            ..Message::default()
        });
    }
    let (_, role) = HEADINGS.iter().find(|(heading, _)| *heading == line)?;
    Some(Message { role: (*role).to_owned(), ..Message::default() })
}

/// What the AI SDK calls the result of a step or a run: a text beside the calls of tools and the files.
fn ai_sdk_step(envelope: &Value) -> Option<Vec<Message>> {
    envelope.get("text")?.as_str()?;
    let message = message_of(Side::Output.role().to_owned(), envelope);
    (!message.parts.is_empty()).then(|| vec![message])
}

/// Reads what went into a call of a model, or came out of it, but is no conversation, as the words of one side: a
/// text, texts, parts, or a map that holds a text.
pub(crate) fn plain_messages(body: &Value, side: Side) -> Option<Vec<Message>> {
    if let Some(messages) = body.as_str().and_then(headed_messages) {
        return Some(messages);
    }
    let parts = plain_parts(body, side)?;
    let role = side.role().to_owned();
    let mut messages = vec![Message { role, name: None, parts, finish_reason: read_finish_reason(body) }];
    if side == Side::Input {
        put_system_first(body, &mut messages);
    }
    Some(messages)
}

fn plain_parts(body: &Value, side: Side) -> Option<Vec<Part>> {
    let parts = match body {
        Value::String(text) if !text.is_empty() && !is_repr(text) => vec![Part::Text(text.clone())],
        Value::Array(list) => list.iter().map(known_block).collect::<Option<Vec<_>>>()?,
        Value::Object(_) => map_parts(body, side)?,
        _ => return None,
    };
    (!parts.is_empty()).then_some(parts)
}

fn map_parts(map: &Value, side: Side) -> Option<Vec<Part>> {
    let keys = if side == Side::Input { INPUT_TEXTS } else { OUTPUT_TEXTS };
    let is_answer = side == Side::Output
        && ["content", "tool_calls", "toolCalls"].iter().any(|key| map.get(*key).is_some());
    if is_answer {
        return Some(message_of(side.role().to_owned(), map).parts);
    }
    if let Some(text) = text_at(map, keys) {
        return Some(vec![Part::Text(text.to_owned())]);
    }
    let texts: Option<Vec<_>> = list_at(map, keys)?
        .iter()
        .map(|text| text.as_str().map(|text| Part::Text(text.to_owned())))
        .collect();
    texts
}

/// Returns whether a text is only what Python shows for an object: `<Stream object at 0x7f00>`, `<Node(id=1)>`.
pub(crate) fn is_repr(text: &str) -> bool {
    text.starts_with('<') && (text.ends_with(")>") || text.ends_with('>') && text.contains(" object"))
}
