//! How three families of libraries write the same call: with nested values (the MLflow client), with JSON in a string
//! (OpenTelemetry's conventions), and with one attribute a message (OpenInference).

use crate::write::{attribute, list, map, text};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use serde_json::json;

/// Who wrote a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `mlflow.spanInputs` with maps and lists.
    MlflowNested,
    /// `gen_ai.input.messages` with JSON.
    GenAi,
    /// `llm.input_messages.0.message.content`.
    OpenInference,
}

/// One message of a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub(crate) role: &'static str,
    /// What was said.
    pub(crate) content: String,
}

/// A call of a model.
pub(crate) struct Call<'a> {
    /// Its name.
    pub(crate) model: &'static str,
    /// Who runs it.
    pub(crate) provider: &'static str,
    /// What was sent.
    pub(crate) messages: &'a [Message],
    /// What came back.
    pub(crate) answer: &'a str,
    /// Tokens in and out.
    pub(crate) tokens: (i64, i64),
}

/// What a library adds to each span besides what went in and out.
pub(crate) struct Extra {
    /// A number that is this span's only.
    pub(crate) unique: u64,
    /// Which function of the application made it.
    pub(crate) function: &'static str,
}

/// What a span that calls no model did.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// The whole, or a part of it.
    Chain,
    /// An agent's run.
    Agent,
    /// A function.
    Tool,
    /// A search for documents.
    Retriever,
    /// Texts to vectors.
    Embedding,
}

impl Dialect {
    /// Returns the attributes of a call.
    pub(crate) fn call(self, call: &Call<'_>) -> Vec<KeyValue> {
        let (input, output) = call.tokens;
        match self {
            Dialect::MlflowNested => {
                let messages = call.messages.iter().map(nested).collect();
                let answer = map([("role", text("assistant")), ("content", text(call.answer))]);
                vec![
                    attribute("mlflow.spanType", text("CHAT_MODEL")),
                    attribute(
                        "mlflow.spanInputs",
                        map([
                            ("model", text(call.model)),
                            ("messages", list(messages)),
                            ("temperature", Value::DoubleValue(0.2)),
                        ]),
                    ),
                    attribute(
                        "mlflow.spanOutputs",
                        map([(
                            "choices",
                            list(vec![map([
                                ("index", Value::IntValue(0)),
                                ("message", answer),
                                ("finish_reason", text("stop")),
                            ])]),
                        )]),
                    ),
                    attribute(
                        "mlflow.chat.tokenUsage",
                        map([
                            ("input_tokens", Value::IntValue(input)),
                            ("output_tokens", Value::IntValue(output)),
                            ("total_tokens", Value::IntValue(input + output)),
                        ]),
                    ),
                    attribute("mlflow.llm.model", text(call.model)),
                    attribute("mlflow.llm.provider", text(call.provider)),
                    attribute("mlflow.message.format", text(call.provider)),
                ]
            }
            Dialect::GenAi => {
                let part = |message: &Message| json!({"role": message.role, "parts": [{"type": "text", "content": message.content}]});
                let messages: Vec<_> = call.messages.iter().map(part).collect();
                let answer = json!([{"role": "assistant", "parts": [{"type": "text", "content": call.answer}], "finish_reason": "stop"}]);
                vec![
                    attribute("gen_ai.operation.name", text("chat")),
                    attribute("gen_ai.provider.name", text(call.provider)),
                    attribute("gen_ai.request.model", text(call.model)),
                    attribute("gen_ai.response.model", text(call.model)),
                    attribute("gen_ai.request.temperature", Value::DoubleValue(0.2)),
                    attribute("gen_ai.input.messages", text(json!(messages).to_string())),
                    attribute("gen_ai.output.messages", text(answer.to_string())),
                    attribute("gen_ai.usage.input_tokens", Value::IntValue(input)),
                    attribute("gen_ai.usage.output_tokens", Value::IntValue(output)),
                    attribute("server.address", text("api.example.com")),
                ]
            }
            Dialect::OpenInference => {
                let mut attributes = vec![
                    attribute("openinference.span.kind", text("LLM")),
                    attribute("llm.model_name", text(call.model)),
                    attribute("llm.provider", text(call.provider)),
                    attribute("llm.token_count.prompt", Value::IntValue(input)),
                    attribute("llm.token_count.completion", Value::IntValue(output)),
                    attribute("llm.token_count.total", Value::IntValue(input + output)),
                    attribute("llm.output_messages.0.message.role", text("assistant")),
                    attribute("llm.output_messages.0.message.content", text(call.answer)),
                    attribute("output.value", text(call.answer)),
                    attribute("output.mime_type", text("text/plain")),
                ];
                for (index, message) in call.messages.iter().enumerate() {
                    let key = |field: &str| format!("llm.input_messages.{index}.message.{field}");
                    attributes.push(attribute(&key("role"), text(message.role)));
                    attributes.push(attribute(&key("content"), text(message.content.as_str())));
                }
                attributes
            }
        }
    }

    /// Returns the attributes of another span, with what went in and out.
    pub(crate) fn step(self, step: Step, input: &str, output: &str) -> Vec<KeyValue> {
        match self {
            Dialect::MlflowNested => vec![
                attribute("mlflow.spanType", text(step.kind())),
                attribute("mlflow.spanInputs", map([("input", text(input))])),
                attribute("mlflow.spanOutputs", map([("output", text(output))])),
            ],
            Dialect::GenAi => vec![
                attribute("gen_ai.operation.name", text(step.operation())),
                attribute("gen_ai.tool.call.arguments", text(json!({"input": input}).to_string())),
                attribute("gen_ai.tool.call.result", text(output)),
            ],
            Dialect::OpenInference => vec![
                attribute("openinference.span.kind", text(step.kind())),
                attribute("input.value", text(input)),
                attribute("output.value", text(output)),
            ],
        }
    }

    /// Returns the attributes of a search that found `documents`.
    pub(crate) fn retrieval(self, query: &str, documents: &[String]) -> Vec<KeyValue> {
        match self {
            Dialect::MlflowNested => {
                let found = documents.iter().enumerate().map(|(index, document)| {
                    map([
                        ("page_content", text(document.as_str())),
                        ("metadata", map([("doc_uri", text(format!("doc-{index}.md")))])),
                    ])
                });
                vec![
                    attribute("mlflow.spanType", text("RETRIEVER")),
                    attribute("mlflow.spanInputs", map([("query", text(query))])),
                    attribute("mlflow.spanOutputs", list(found.collect())),
                ]
            }
            Dialect::GenAi => self.step(Step::Retriever, query, &json!(documents).to_string()),
            Dialect::OpenInference => {
                let mut attributes = vec![
                    attribute("openinference.span.kind", text("RETRIEVER")),
                    attribute("input.value", text(query)),
                ];
                for (index, document) in documents.iter().enumerate() {
                    let key = |field: &str| format!("retrieval.documents.{index}.document.{field}");
                    attributes.push(attribute(&key("content"), text(document.as_str())));
                    attributes.push(attribute(&key("score"), Value::DoubleValue(0.9 - 0.07 * index as f64)));
                }
                attributes
            }
        }
    }

    /// Returns what the library adds to a span of any kind.
    pub(crate) fn extra(self, extra: &Extra) -> Vec<KeyValue> {
        let Extra { unique, function } = extra;
        let mut attributes = match self {
            Dialect::MlflowNested => vec![
                attribute("mlflow.traceRequestId", text(format!("tr-{unique:032x}"))),
                attribute("mlflow.spanLogLevel", Value::IntValue(20)),
                attribute("mlflow.spanFunctionName", text(*function)),
            ],
            Dialect::GenAi => vec![
                attribute("gen_ai.agent.name", text("assistant")),
                attribute("gen_ai.agent.id", text(format!("asst_{:016x}", unique % 97))),
                attribute("code.function.name", text(*function)),
            ],
            Dialect::OpenInference => vec![
                attribute("input.mime_type", text("application/json")),
                attribute(
                    "metadata",
                    text(format!("{{\"ls_run\": \"{unique:016x}\", \"step\": {}}}", unique % 11)),
                ),
                attribute("graph.node.id", text(*function)),
                attribute("tag.tags", list(vec![text("production"), text("seq:step")])),
            ],
        };
        attributes.extend([
            attribute("thread.id", Value::IntValue(140_000_000 + (unique % 8) as i64)),
            attribute("thread.name", text(format!("worker-{}", unique % 8))),
            attribute("app.request.id", text(format!("req_{unique:016x}"))),
        ]);
        attributes
    }

    /// Returns what the library adds to a call of a model.
    pub(crate) fn call_extra(self, extra: &Extra) -> Vec<KeyValue> {
        let unique = extra.unique;
        match self {
            Dialect::MlflowNested => vec![
                attribute(
                    "mlflow.llm.cost",
                    map([
                        ("input_cost", Value::DoubleValue(0.000_15 * (unique % 90) as f64)),
                        ("output_cost", Value::DoubleValue(0.000_6 * (unique % 70) as f64)),
                        (
                            "total_cost",
                            Value::DoubleValue(
                                0.000_15 * (unique % 90) as f64 + 0.000_6 * (unique % 70) as f64,
                            ),
                        ),
                    ]),
                ),
                attribute("response.id", text(format!("chatcmpl-{unique:024x}"))),
                attribute("temperature", Value::DoubleValue(0.2)),
                attribute("max_tokens", Value::IntValue(2_048)),
            ],
            Dialect::GenAi => vec![
                attribute("gen_ai.response.id", text(format!("chatcmpl-{unique:024x}"))),
                attribute("gen_ai.response.finish_reasons", list(vec![text("stop")])),
                attribute("gen_ai.request.max_tokens", Value::IntValue(2_048)),
                attribute("gen_ai.request.top_p", Value::DoubleValue(1.0)),
                attribute("gen_ai.output.type", text("text")),
                attribute("server.port", Value::IntValue(443)),
            ],
            Dialect::OpenInference => vec![
                attribute(
                    "llm.invocation_parameters",
                    text(format!(
                        "{{\"temperature\": 0.2, \"max_tokens\": 2048, \"seed\": {}}}",
                        unique % 1_000
                    )),
                ),
                attribute("llm.system", text("openai")),
                attribute(
                    "llm.token_count.prompt_details.cache_read",
                    Value::IntValue((unique % 400) as i64),
                ),
                attribute("llm.finish_reason", text("stop")),
            ],
        }
    }

    /// Returns the attributes of a root: whose it is. (The MLflow client says that in a record of its own, which spans alone
    /// do not make; applications that it traces set these.)
    pub(crate) fn origin(self, session: &str, user: &str) -> Vec<KeyValue> {
        let session_key = match self {
            Dialect::GenAi => "gen_ai.conversation.id",
            Dialect::MlflowNested | Dialect::OpenInference => "session.id",
        };
        vec![attribute(session_key, text(session)), attribute("user.id", text(user))]
    }
}

impl Step {
    fn kind(self) -> &'static str {
        match self {
            Step::Chain => "CHAIN",
            Step::Agent => "AGENT",
            Step::Tool => "TOOL",
            Step::Retriever => "RETRIEVER",
            Step::Embedding => "EMBEDDING",
        }
    }

    fn operation(self) -> &'static str {
        match self {
            Step::Agent => "invoke_agent",
            Step::Embedding => "embeddings",
            Step::Chain | Step::Tool | Step::Retriever => "execute_tool",
        }
    }
}

fn nested(message: &Message) -> Value {
    map([("role", text(message.role)), ("content", text(message.content.as_str()))])
}
