//! One span with its body.

use super::price::CostReason;
use super::trace::{Cost, Usage};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A span with all that it says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpanDetail {
    /// Its trace.
    pub trace_id: String,
    /// Its id, 16 hex digits.
    pub span_id: String,
    /// Its parent's id; null of a root.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type, e.g. `CHAT_MODEL`.
    pub r#type: String,
    /// OpenTelemetry's kind, e.g. `CLIENT`.
    pub kind: String,
    /// When it started.
    pub start_ns: String,
    /// How long it took; null while it is open.
    pub duration_ns: Option<i64>,
    /// `OK`, `ERROR` or `UNSET`.
    pub status: String,
    /// What its status says.
    pub status_message: String,
    /// The model that answered, else the one asked.
    pub model: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// Tokens that it reports.
    pub usage: Option<Usage>,
    /// Cost of those.
    pub cost: Option<Cost>,
    /// Why it costs that; null if the span is no use of a model.
    pub cost_reason: Option<CostReason>,
    /// The session that it names.
    pub session: Option<String>,
    /// The user that it names.
    pub user: Option<String>,
    /// The agent that acted.
    pub agent: Option<String>,
    /// The prompt out of a registry that was used.
    pub prompt: Option<PromptReference>,
    /// The prompt before its variables were filled in.
    pub prompt_template: Option<PromptTemplate>,
    /// The model that was asked for, which another may have answered for.
    pub asked_model: Option<String>,
    /// Why the model stopped, for each of its answers, in its own words.
    pub finish_reasons: Vec<String>,
    /// How long the first piece of a streamed answer took.
    pub time_to_first_token_ns: Option<u64>,
    /// Output tokens that were spent on reasoning.
    pub reasoning_tokens: Option<u64>,
    /// Input tokens that were audio.
    pub audio_input_tokens: Option<u64>,
    /// Output tokens that were audio.
    pub audio_output_tokens: Option<u64>,
    /// How many numbers an embedding has.
    pub embedding_dimensions: Option<u64>,
    /// Why it failed, if it did: its status, its last exception, or what an attribute says.
    pub error: Option<String>,
    /// Parameters of the call, such as `temperature`.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub parameters: Map<String, Value>,
    /// What went in.
    pub inputs: Option<Body>,
    /// What came out.
    pub outputs: Option<Body>,
    /// The conversation that went in, if it is one.
    pub input_messages: Option<Vec<Message>>,
    /// The messages that came out.
    pub output_messages: Option<Vec<Message>>,
    /// Tools on offer.
    pub tools: Option<Vec<ToolDefinition>>,
    /// What a retriever or reranker returned.
    pub documents: Option<Vec<Document>>,
    /// Events in order, exceptions included.
    pub events: Vec<SpanEvent>,
    /// The last exception among the events.
    pub exception: Option<Exception>,
    /// Links to other spans.
    pub links: Vec<SpanLink>,
    /// Attributes as they came, in order.
    pub attributes: Vec<Attribute>,
    /// Attributes of the resource.
    pub resource: Vec<Attribute>,
    /// What instrumented it.
    pub scope: Scope,
    /// Log records that belong to it.
    pub logs: Vec<SpanLog>,
}

/// A prompt out of a registry.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PromptReference {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// A prompt before its variables were filled in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PromptTemplate {
    /// Its text; JSON if it is a list of messages.
    pub template: Option<String>,
    /// The version of the text.
    pub version: Option<String>,
    /// What was filled in, by name.
    pub variables: serde_json::Map<String, Value>,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Body {
    /// JSON; a text that holds JSON was parsed. Of a body that is `cut`, the beginning of its JSON text.
    pub value: Value,
    /// Bytes of its JSON text.
    pub bytes: usize,
    /// Whether it is too large to be sent whole.
    pub cut: bool,
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttributeType {
    /// A text.
    String,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A floating-point number.
    Double,
    /// Bytes, as base64.
    Bytes,
    /// A list.
    Array,
    /// A map.
    Map,
    /// Nothing.
    Empty,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Attribute {
    /// Its key.
    pub key: String,
    /// What it holds.
    pub r#type: AttributeType,
    /// The value; null if `cut`. Whole numbers beyond 2^53 are texts.
    pub value: Value,
    /// Bytes of its text.
    pub bytes: usize,
    /// Whether it was left out for its size; its own route has it.
    pub cut: bool,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or another role.
    pub role: String,
    /// Of the speaker, or of the tool.
    pub name: Option<String>,
    /// What it says.
    pub parts: Vec<Part>,
    /// Why the model stopped.
    pub finish_reason: Option<String>,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// A model's thoughts.
    Thinking {
        /// The text.
        text: String,
    },
    /// A call of a tool.
    ToolCall {
        /// The call's id.
        id: Option<String>,
        /// The tool.
        name: String,
        /// What it is called with.
        arguments: Value,
    },
    /// What a tool answered.
    ToolResult {
        /// The call's id.
        id: Option<String>,
        /// The tool.
        name: Option<String>,
        /// The answer.
        result: Value,
        /// Whether it is an error.
        is_error: bool,
    },
    /// An image.
    Image {
        /// Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`.
        url: Option<String>,
        /// Base64.
        data: Option<String>,
        /// Its media type.
        mime_type: Option<String>,
        /// Its name.
        name: Option<String>,
        /// How many bytes it has, if it is an attachment.
        bytes: Option<u64>,
    },
    /// Sound.
    Audio {
        /// Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`.
        url: Option<String>,
        /// Base64.
        data: Option<String>,
        /// Its media type.
        mime_type: Option<String>,
        /// Its name.
        name: Option<String>,
        /// How many bytes it has, if it is an attachment.
        bytes: Option<u64>,
    },
    /// Any other file.
    File {
        /// Where it is; `/api/v1/attachments/…` if it is an attachment, in place of `data`.
        url: Option<String>,
        /// Base64.
        data: Option<String>,
        /// Its media type.
        mime_type: Option<String>,
        /// Its name.
        name: Option<String>,
        /// How many bytes it has, if it is an attachment.
        bytes: Option<u64>,
    },
    /// Anything else, as it is.
    Json {
        /// The value.
        value: Value,
    },
}

/// A tool that a model may call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ToolDefinition {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The schema of its arguments.
    pub parameters: Value,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Document {
    /// Its id.
    pub id: Option<String>,
    /// Its text.
    pub content: String,
    /// How well it fits.
    pub score: Option<f64>,
    /// Anything else.
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    pub metadata: Map<String, Value>,
}

/// An event of a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpanEvent {
    /// When.
    pub time_ns: String,
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// An exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Exception {
    /// Its type.
    pub r#type: Option<String>,
    /// What it says.
    pub message: Option<String>,
    /// Where it came from.
    pub stacktrace: Option<String>,
}

/// A link to another span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpanLink {
    /// Its trace.
    pub trace_id: String,
    /// The span.
    pub span_id: String,
    /// Attributes of the link.
    pub attributes: Vec<Attribute>,
}

/// What instrumented a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Scope {
    /// The library.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// A log record of a span.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SpanLog {
    /// When.
    pub time_ns: String,
    /// The event's name.
    pub event_name: String,
    /// How severe it is.
    pub severity: String,
    /// What it says.
    pub body: Value,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// What one reads of a span in a row; each text at most 300 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpanPreview {
    /// The span.
    pub span_id: String,
    /// Of its inputs.
    pub input: Option<String>,
    /// Of its outputs.
    pub output: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The answer of `previews`, in the order asked; spans that do not exist are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Previews {
    /// One a span.
    pub previews: Vec<SpanPreview>,
}
