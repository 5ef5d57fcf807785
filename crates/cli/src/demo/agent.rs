//! An agent at work: 25 to 40 spans, a history that grows with each step, tools that fail and are tried again.
//!
//! The travel agent speaks OpenTelemetry's `gen_ai` words, the coding agent OpenInference's.

use super::agent_script::{Agent, Step, TASKS, Task};
use super::chat::message;
use super::story::{CLIENT, INTERNAL, Service, SpanRef, Story, tokens};
use super::{DemoTrace, Visit, feedback};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

const TRAVEL: Service = Service {
    name: "travel-agent",
    version: "0.9.1",
    environment: "production",
    library: "opentelemetry.instrumentation.google_genai",
    library_version: "0.4b0",
};

const CODING: Service = Service {
    name: "coding-agent",
    version: "2.0.0-beta.4",
    environment: "development",
    library: "openinference.instrumentation.anthropic",
    library_version: "0.1.20",
};

const SYSTEM: &str = "You are a careful agent. Think, call one tool at a time, check what comes back, and finish with a short \
    summary for the user.";

/// Chance that a tool which may fail does.
const FAILURE_CHANCE: f64 = 0.6;
/// Of a hundred tasks, those which are given up when the budget of tokens is used up.
const GIVE_UP_PERCENT: u32 = 12;

/// Makes the trace of one task.
pub(super) fn task(rng: &mut StdRng, at_ns: u64, visit: &Visit) -> DemoTrace {
    let task = TASKS.choose(rng).expect("there are tasks");
    let is_ok = rng.random_range(0..100) >= GIVE_UP_PERCENT;
    let story = Story::new(rng, at_ns);
    let asked = match task.agent {
        Agent::Travel => message("user", task.asked),
        Agent::Coding => json!({"role": "user", "content": task.asked}),
    };
    let tools = tool_names(task);
    let mut run = Run { story, agent: task.agent, messages: vec![asked], tools, calls: 0 };
    let root = run.begin(task, visit);
    for step in task.steps {
        if let Some((exception, text)) = step.failure
            && run.story.rng.random_bool(FAILURE_CHANCE)
        {
            run.think(step.thought, Some(step));
            run.call_tool(step, Err((exception, text)));
            let thought = format!("That failed ({exception}). I try again with what the error says.");
            run.think(&thought, Some(step));
        } else {
            run.think(step.thought, Some(step));
        }
        run.call_tool(step, Ok(step.result));
    }
    if is_ok {
        run.think(task.answer, None);
        run.finish(root, task.answer);
    } else {
        let problem = "the budget of 60000 tokens for this task is used up";
        run.story.fail(root, "BudgetExceeded", problem);
    }
    let service = match task.agent {
        Agent::Travel => TRAVEL,
        Agent::Coding => CODING,
    };
    let trace_id = run.story.trace_id();
    let request = run.story.into_request(&service);
    DemoTrace { request, trace_id, feedback: feedback::make(rng, visit.user, is_ok) }
}

/// The tools that a task needs, each once.
fn tool_names(task: &Task) -> Vec<&'static str> {
    let mut names: Vec<&str> = task.steps.iter().map(|step| step.tool).collect();
    names.sort_unstable();
    names.dedup();
    names
}

struct Run<'a> {
    story: Story<'a>,
    agent: Agent,
    /// All that was said so far; each call of the model gets all of it.
    messages: Vec<Value>,
    /// The tools on offer.
    tools: Vec<&'static str>,
    /// Tool calls so far; the number of one is in its id.
    calls: usize,
}

impl Run<'_> {
    fn begin(&mut self, task: &Task, visit: &Visit) -> SpanRef {
        match self.agent {
            Agent::Travel => {
                let root = self.story.open("invoke_agent travel", INTERNAL);
                self.story.set(root, "gen_ai.operation.name", "invoke_agent");
                self.story.set(root, "gen_ai.agent.name", "travel");
                self.story.set(root, "gen_ai.conversation.id", visit.session.as_str());
                self.story.set(root, "user.id", visit.user);
                self.story.set(root, "gen_ai.input.messages", json!([message("user", task.asked)]));
                root
            }
            Agent::Coding => {
                let root = self.story.open("coding_agent.run", INTERNAL);
                self.story.set(root, "openinference.span.kind", "AGENT");
                self.story.set(root, "session.id", visit.session.as_str());
                self.story.set(root, "user.id", visit.user);
                self.story.set(root, "input.value", task.asked);
                root
            }
        }
    }

    fn finish(&mut self, root: SpanRef, answer: &str) {
        match self.agent {
            Agent::Travel => {
                self.story.set(root, "gen_ai.output.messages", json!([message("assistant", answer)]));
            }
            Agent::Coding => self.story.set(root, "output.value", answer),
        }
        self.story.close(root);
    }

    /// One call of the model with all that was said before: it says something, calls a tool, or both.
    fn think(&mut self, thought: &str, call: Option<&Step>) {
        let history = Value::from(self.messages.clone());
        let history_tokens = tokens(SYSTEM) + tokens(&history.to_string());
        let output_tokens = tokens(thought) + call.map_or(4, |step| 20 + tokens(step.arguments));
        self.calls += usize::from(call.is_some());
        let said = match self.agent {
            Agent::Travel => gemini_message(thought, call, self.calls),
            Agent::Coding => claude_message(thought, call, self.calls),
        };
        match self.agent {
            Agent::Travel => self.call_gemini(history, &said, history_tokens, output_tokens),
            Agent::Coding => self.call_claude(history, &said, history_tokens, output_tokens),
        }
        self.messages.push(said);
    }

    fn call_gemini(&mut self, history: Value, said: &Value, input_tokens: i64, output_tokens: i64) {
        let call = self.story.open("chat gemini-2.5-flash", CLIENT);
        self.story.set(call, "gen_ai.operation.name", "chat");
        self.story.set(call, "gen_ai.provider.name", "gcp.gemini");
        self.story.set(call, "gen_ai.request.model", "gemini-2.5-flash");
        self.story.set(call, "gen_ai.response.model", "gemini-2.5-flash");
        self.story.set(call, "gen_ai.system_instructions", json!([{"type": "text", "content": SYSTEM}]));
        let tools = self.tools.iter().map(|name| json!({"type": "function", "name": name}));
        self.story.set(call, "gen_ai.tool.definitions", tools.collect::<Value>());
        self.story.set(call, "gen_ai.input.messages", history);
        self.story.pass_ms(500..2_500);
        self.story.set(call, "gen_ai.output.messages", json!([said]));
        self.story.set(call, "gen_ai.usage.input_tokens", input_tokens);
        self.story.set(call, "gen_ai.usage.output_tokens", output_tokens);
        self.story.close(call);
    }

    fn call_claude(&mut self, history: Value, said: &Value, input_tokens: i64, output_tokens: i64) {
        let call = self.story.open("messages.create", CLIENT);
        self.story.set(call, "openinference.span.kind", "LLM");
        self.story.set(call, "llm.provider", "anthropic");
        self.story.set(call, "llm.model_name", "claude-sonnet-4-20250514");
        let tools = self.tools.iter().map(|name| json!({"name": name, "input_schema": {"type": "object"}}));
        let body = json!({
            "model": "claude-sonnet-4-20250514", "max_tokens": 4096, "system": SYSTEM,
            "tools": tools.collect::<Value>(), "messages": history,
        });
        self.story.set(call, "input.value", body);
        self.story.set(call, "input.mime_type", "application/json");
        self.story.pass_ms(900..5_000);
        self.story.set(call, "output.value", said.clone());
        self.story.set(call, "output.mime_type", "application/json");
        // What was sent in the last call is in the provider's cache.
        self.story.set(call, "llm.token_count.prompt_details.cache_read", input_tokens * 3 / 4);
        self.story.set(call, "llm.token_count.prompt", input_tokens);
        self.story.set(call, "llm.token_count.completion", output_tokens);
        self.story.close(call);
    }

    fn call_tool(&mut self, step: &Step, outcome: Result<&str, (&str, &str)>) {
        let tool = match self.agent {
            Agent::Travel => {
                let tool = self.story.open(format!("execute_tool {}", step.tool), INTERNAL);
                self.story.set(tool, "gen_ai.operation.name", "execute_tool");
                self.story.set(tool, "gen_ai.tool.name", step.tool);
                self.story.set(tool, "gen_ai.tool.call.arguments", step.arguments);
                tool
            }
            Agent::Coding => {
                let tool = self.story.open(step.tool, INTERNAL);
                self.story.set(tool, "openinference.span.kind", "TOOL");
                self.story.set(tool, "tool.name", step.tool);
                self.story.set(tool, "input.value", step.arguments);
                tool
            }
        };
        self.story.pass_ms(5..60);
        if let Some(request) = step.calls {
            let call = self.story.open(request, CLIENT);
            self.story.pass_ms(120..1_800);
            self.story.close(call);
        }
        let (result, is_error) = match outcome {
            Ok(result) => {
                let key =
                    if self.agent == Agent::Travel { "gen_ai.tool.call.result" } else { "output.value" };
                self.story.set(tool, key, result);
                self.story.close(tool);
                (result.to_owned(), false)
            }
            Err((exception, text)) => {
                self.story.fail(tool, exception, text);
                (format!("{exception}: {text}"), true)
            }
        };
        self.messages.push(match self.agent {
            Agent::Travel => json!({"role": "tool", "parts": [
                {"type": "tool_call_response", "id": call_id(self.calls), "response": parsed(&result)},
            ]}),
            Agent::Coding => json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call_id(self.calls), "content": result, "is_error": is_error},
            ]}),
        });
    }
}

fn call_id(number: usize) -> String {
    format!("call_{number:02}")
}

/// Returns the value that a JSON text holds, or the text.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// A message of the model in OpenTelemetry's form.
fn gemini_message(thought: &str, call: Option<&Step>, number: usize) -> Value {
    let text = (!thought.is_empty()).then(|| json!({"type": "text", "content": thought}));
    let call = call.map(|step| {
        json!({
            "type": "tool_call", "id": call_id(number), "name": step.tool, "arguments": parsed(step.arguments),
        })
    });
    let reason = if call.is_some() { "tool_call" } else { "stop" };
    let parts: Value = text.into_iter().chain(call).collect();
    json!({"role": "assistant", "parts": parts, "finish_reason": reason})
}

/// A message of the model in Anthropic's form.
fn claude_message(thought: &str, call: Option<&Step>, number: usize) -> Value {
    let text = (!thought.is_empty()).then(|| json!({"type": "text", "text": thought}));
    let call = call.map(|step| {
        json!({"type": "tool_use", "id": call_id(number), "name": step.tool, "input": parsed(step.arguments)})
    });
    let reason = if call.is_some() { "tool_use" } else { "end_turn" };
    let content: Value = text.into_iter().chain(call).collect();
    json!({"role": "assistant", "content": content, "stop_reason": reason})
}
