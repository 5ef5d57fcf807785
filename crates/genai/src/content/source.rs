//! Attributes that hold bodies and messages beside those that [`crate::derive()`] located.

use super::body::{Side, add_system, conversation, plain_messages};
use super::flat::flat_tree;
use super::json::body_tree;
use super::part::{Message, Part};
use crate::derive::Derived;
use crate::event::{DETAILS, event_name};
use crate::value::{ValueRef, is_falsy};
use serde_json::{Value, json};
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView};

/// Attributes that hold what went in, where no dialect has located it.
const INPUTS: &[&str] = &[
    "ai.prompt.messages",
    "ai.prompt",
    "ai.toolCall.args",
    "gen_ai.prompt",
    "traceloop.entity.input",
    "langfuse.observation.input",
    "llm.messages",
    "input",
    "ai.values",
    "ai.value",
];

/// Attributes that hold what came out.
const OUTPUTS: &[&str] = &[
    "ai.response.text",
    "ai.response.object",
    "ai.response.toolCalls",
    "ai.toolCall.result",
    "gen_ai.completion",
    "traceloop.entity.output",
    "langfuse.observation.output",
    "final_result",
    "output",
];

/// Attributes that hold messages, whatever else the span says.
const INPUT_MESSAGES: &[&str] =
    &["gen_ai.input.messages", "ai.prompt.messages", "ai.prompt", "llm.messages", "agent.messages"];
const OUTPUT_MESSAGES: &[&str] = &["gen_ai.output.messages"];

/// Prefixes of messages that were sent leaf by leaf.
const FLAT_INPUTS: &[&str] = &["llm.input_messages", "gen_ai.prompt"];
const FLAT_OUTPUTS: &[&str] = &["llm.output_messages", "gen_ai.completion"];

/// The whole run of an agent, from what it was told to its answer.
const RUNS: &[&str] = &["pydantic_ai.all_messages"];

/// What the system says, beside the messages.
const SYSTEM: &[&str] = &["gen_ai.system_instructions"];

/// Why the model stopped: one reason, or those of all its answers.
const FINISH_REASONS: &[&str] = &[
    "gen_ai.response.finish_reasons",
    "gen_ai.response.finish_reason",
    "llm.finish_reason",
    "anthropic.message.stop_reason",
];

/// What the AI SDK says of an answer: attribute, and the field of a message that it is.
const AI_SDK_ANSWER: &[(&str, &str)] = &[
    ("ai.response.reasoning", "reasoning"),
    ("ai.response.text", "content"),
    ("ai.response.object", "content"),
    ("ai.response.toolCalls", "tool_calls"),
    ("ai.response.finishReason", "finish_reason"),
];

/// Returns the attribute of that key that is not empty; of equal keys the last one.
pub(crate) fn attribute<'a>(span: &SpanView<'a>, key: &str) -> Option<AnyValueView<'a>> {
    let found = span.attributes().filter(|(name, _)| *name == key).last();
    found.map(|(_, value)| value).filter(|value| !is_falsy(*value))
}

/// Returns the value of an attribute as a tree; a string that holds JSON is parsed.
pub(crate) fn attribute_tree(span: &SpanView<'_>, key: &str) -> Option<Value> {
    attribute(span, key).map(|value| body_tree(&ValueRef::Native(value)))
}

/// Returns what went in or came out: as derived, else from an attribute that is known to hold it.
pub(crate) fn located<'a>(span: &SpanView<'a>, derived: &Derived<'a>, side: Side) -> Option<ValueRef<'a>> {
    let (found, keys) = match side {
        Side::Input => (&derived.inputs, INPUTS),
        Side::Output => (&derived.outputs, OUTPUTS),
    };
    found.clone().or_else(|| keys.iter().find_map(|key| attribute(span, key)).map(ValueRef::Native))
}

/// Returns the conversation on that side: of the body and the attributes the one that says most.
pub(crate) fn messages(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    body: Option<&Value>,
    side: Side,
    is_call: bool,
) -> Option<Vec<Message>> {
    let keys = if side == Side::Input { INPUT_MESSAGES } else { OUTPUT_MESSAGES };
    let whole: Vec<_> = keys.iter().filter_map(|key| attribute_tree(span, key)).collect();
    let told = body.into_iter().chain(&whole).map(conversation);
    let mut best = None;
    for found in told.chain([pieced_messages(span, side), run_messages(span, side)]) {
        if weight(&found) > weight(&best) {
            best = found;
        }
    }
    let plain = || {
        let body = body.filter(|_| is_call);
        body.into_iter().chain(&whole).find_map(|body| plain_messages(body, side))
    };
    let mut messages = best.or_else(plain)?;
    match side {
        Side::Input => SYSTEM
            .iter()
            .filter_map(|key| attribute_tree(span, key).or_else(|| details_tree(span, logs, key)))
            .for_each(|system| add_system(&system, &mut messages)),
        Side::Output => add_finish_reason(span, &mut messages),
    }
    Some(messages)
}

/// Returns a field of the event that tells the details of a call, on the span or as a log record.
pub(crate) fn details_tree(span: &SpanView<'_>, logs: &[LogRecordView<'_>], key: &str) -> Option<Value> {
    let events = span.events().filter(|event| event.name == DETAILS).map(|event| event.attributes());
    let records = logs.iter().filter(|record| event_name(record) == DETAILS).map(LogRecordView::attributes);
    let mut fields = events.chain(records).flatten();
    fields.find(|(name, _)| *name == key).map(|(_, value)| body_tree(&ValueRef::Native(value)))
}

/// Adds why the model stopped, where only the span says so, to its only answer.
fn add_finish_reason(span: &SpanView<'_>, messages: &mut [Message]) {
    let [answer] = messages else { return };
    if answer.role == "assistant" && answer.finish_reason.is_none() {
        let reason = |tree: Value| match tree {
            Value::Array(reasons) => reasons.first()?.as_str().map(str::to_owned),
            tree => tree.as_str().map(str::to_owned),
        };
        answer.finish_reason =
            FINISH_REASONS.iter().find_map(|key| attribute_tree(span, key).and_then(reason));
    }
}

/// Returns the conversation that was sent in pieces: one attribute for each leaf, or for each field of an answer.
pub(crate) fn pieced_messages(span: &SpanView<'_>, side: Side) -> Option<Vec<Message>> {
    let prefixes = if side == Side::Input { FLAT_INPUTS } else { FLAT_OUTPUTS };
    let flat = prefixes.iter().find_map(|prefix| conversation(&flat_tree(span, prefix)?));
    flat.or_else(|| match side {
        Side::Input => None,
        Side::Output => conversation(&ai_sdk_answer(span)?),
    })
}

/// Returns what an agent was told before it first spoke, or all since; its whole run is one attribute.
fn run_messages(span: &SpanView<'_>, side: Side) -> Option<Vec<Message>> {
    let mut told = RUNS.iter().find_map(|key| conversation(&attribute_tree(span, key)?))?;
    let first = told.iter().position(|message| message.role == "assistant").unwrap_or(told.len());
    let said = told.split_off(first);
    Some(if side == Side::Input { told } else { said }).filter(|messages| !messages.is_empty())
}

/// Weighs a conversation by the parts that were understood; any is better than none.
fn weight(messages: &Option<Vec<Message>>) -> Option<usize> {
    let parts = messages.as_ref()?.iter().flat_map(|message| &message.parts);
    Some(parts.filter(|part| !matches!(part, Part::Json(_))).count())
}

/// Makes one message of the attributes in which the AI SDK says its answer.
fn ai_sdk_answer(span: &SpanView<'_>) -> Option<Value> {
    let mut message = json!({"role": "assistant"});
    let map = message.as_object_mut()?;
    for (key, field) in AI_SDK_ANSWER {
        match attribute(span, key) {
            Some(AnyValueView::String(text)) if *field != "tool_calls" => {
                map.insert((*field).to_owned(), text.into());
            }
            Some(value) => {
                map.insert((*field).to_owned(), body_tree(&ValueRef::Native(value)));
            }
            None => {}
        }
    }
    (map.contains_key("content") || map.contains_key("tool_calls")).then_some(message)
}
