//! A support chat in OpenTelemetry's `gen_ai` words: three spans a turn, one session a conversation.

use super::chat_script::{CONVERSATIONS, Conversation, SYSTEM, Turn};
use super::story::{CLIENT, INTERNAL, Service, SpanRef, Story, tokens};
use super::{DemoTrace, Visit, feedback};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

const SERVICE: Service = Service {
    name: "support-chat",
    version: "4.12.0",
    environment: "production",
    library: "opentelemetry.instrumentation.openai_v2",
    library_version: "2.3b0",
};

/// A model and who runs it.
struct Model {
    name: &'static str,
    answered_by: &'static str,
    provider: &'static str,
    host: &'static str,
}

const MODELS: [Model; 3] = [
    Model {
        name: "gpt-4o-mini",
        answered_by: "gpt-4o-mini-2024-07-18",
        provider: "openai",
        host: "api.openai.com",
    },
    Model { name: "gpt-4o", answered_by: "gpt-4o-2024-08-06", provider: "openai", host: "api.openai.com" },
    Model {
        name: "claude-3-5-haiku-latest",
        answered_by: "claude-3-5-haiku-20241022",
        provider: "anthropic",
        host: "api.anthropic.com",
    },
];

/// Of a hundred turns, those in which the provider fails.
const FAILURE_PERCENT: u32 = 6;
/// The time in which a customer reads and writes.
const PAUSE_NS: std::ops::Range<u64> = 15_000_000_000..90_000_000_000;

/// Makes one trace for each turn of a conversation.
pub(super) fn conversation(rng: &mut StdRng, mut at_ns: u64, visit: &Visit) -> Vec<DemoTrace> {
    let conversation = CONVERSATIONS.choose(rng).expect("there are conversations");
    let model = MODELS.choose(rng).expect("there are models");
    let mut messages = vec![message("system", SYSTEM)];
    let mut traces = Vec::new();
    for turn in conversation.turns {
        messages.push(message("user", turn.user));
        traces.push(answer(rng, at_ns, visit, conversation, turn, model, &messages));
        messages.push(message("assistant", turn.assistant));
        at_ns += rng.random_range(PAUSE_NS);
    }
    traces
}

fn answer(
    rng: &mut StdRng,
    at_ns: u64,
    visit: &Visit,
    conversation: &Conversation,
    turn: &Turn,
    model: &Model,
    messages: &[Value],
) -> DemoTrace {
    let is_ok = rng.random_range(0..100) >= FAILURE_PERCENT;
    let mut story = Story::new(rng, at_ns);
    let root = story.open("support_chat", INTERNAL);
    story.set(root, "gen_ai.operation.name", "invoke_agent");
    story.set(root, "gen_ai.agent.name", "support");
    story.set(root, "gen_ai.conversation.id", visit.session.as_str());
    story.set(root, "user.id", visit.user);
    story.set(root, "gen_ai.input.messages", json!([message("user", turn.user)]));
    classify(&mut story, conversation, turn);
    let call = story.open(format!("chat {}", model.name), CLIENT);
    begin_call(&mut story, call, model, messages);
    if is_ok {
        story.pass_ms(600..3_200);
        let said = json!([message("assistant", turn.assistant)]);
        let input: i64 = messages.iter().map(|message| tokens(&message.to_string())).sum();
        story.set(call, "gen_ai.response.model", model.answered_by);
        story.set(call, "gen_ai.response.finish_reasons", "[\"stop\"]");
        story.set(call, "gen_ai.output.messages", said.clone());
        story.set(call, "gen_ai.usage.input_tokens", input);
        story.set(call, "gen_ai.usage.output_tokens", tokens(turn.assistant));
        story.close(call);
        story.set(root, "gen_ai.output.messages", said);
        story.close(root);
    } else {
        story.pass_ms(10_000..20_000);
        let problem = format!("Request to {} timed out after 3 attempts", model.host);
        story.fail(call, "APITimeoutError", &problem);
        story.fail(root, "APITimeoutError", &problem);
    }
    let trace_id = story.trace_id();
    let request = story.into_request(&SERVICE);
    DemoTrace { request, trace_id, feedback: feedback::make(rng, visit.user, is_ok) }
}

fn classify(story: &mut Story<'_>, conversation: &Conversation, turn: &Turn) {
    let call = story.open("chat gpt-4o-mini", CLIENT);
    let prompt = "Name the intent of the customer's message in one word.";
    let messages = [message("system", prompt), message("user", turn.user)];
    begin_call(story, call, &MODELS[0], &messages);
    story.pass_ms(180..600);
    story.set(call, "gen_ai.response.model", MODELS[0].answered_by);
    story.set(call, "gen_ai.output.messages", json!([message("assistant", conversation.intent)]));
    story.set(call, "gen_ai.usage.input_tokens", tokens(prompt) + tokens(turn.user) + 11);
    story.set(call, "gen_ai.usage.output_tokens", 4);
    story.close(call);
}

fn begin_call(story: &mut Story<'_>, call: SpanRef, model: &Model, messages: &[Value]) {
    story.set(call, "gen_ai.operation.name", "chat");
    story.set(call, "gen_ai.provider.name", model.provider);
    story.set(call, "gen_ai.request.model", model.name);
    story.set(call, "gen_ai.request.temperature", 0.2);
    story.set(call, "server.address", model.host);
    story.set(call, "gen_ai.input.messages", Value::from(messages));
}

/// Returns a message in the form of the conventions.
pub(super) fn message(role: &str, text: &str) -> Value {
    json!({"role": role, "parts": [{"type": "text", "content": text}]})
}
