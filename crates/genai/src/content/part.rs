//! The words of a conversation, as plain structs.

use serde_json::{Map, Value};

/// What a person reads of a span: its bodies, and the conversation, tools and documents that are in them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Content {
    /// What went in, as JSON.
    pub inputs: Option<Value>,
    /// What came out, as JSON.
    pub outputs: Option<Value>,
    /// What went in, if it is a conversation.
    pub input_messages: Option<Vec<Message>>,
    /// What came out, if it is a conversation.
    pub output_messages: Option<Vec<Message>>,
    /// The tools on offer.
    pub tools: Option<Vec<ToolDefinition>>,
    /// What a retriever or reranker returned.
    pub documents: Option<Vec<Document>>,
    /// Parameters of the request, such as `temperature`, under their usual names.
    pub parameters: Map<String, Value>,
    /// The prompt before its variables were filled in.
    pub template: Option<PromptTemplate>,
    /// Who, with which prompt, how it ended, how fast.
    pub details: Details,
}

/// What a person wants to know of a span beside its content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// The agent that acted.
    pub agent: Option<String>,
    /// The prompt that was used.
    pub prompt: Option<Prompt>,
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
    /// Why it failed, if it did: the status, the last exception, or what an attribute says.
    pub error: Option<String>,
}

/// A prompt out of a registry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompt {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// A prompt before its variables were filled in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PromptTemplate {
    /// Its text; JSON if it is a list of messages.
    pub template: Option<String>,
    /// The version of the text.
    pub version: Option<String>,
    /// What was filled in, by name.
    pub variables: Map<String, Value>,
}

/// One message of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`; else the role as it came.
    pub role: String,
    /// Name of the speaker or tool.
    pub name: Option<String>,
    /// What it says, in order.
    pub parts: Vec<Part>,
    /// Why the model stopped, in its own words.
    pub finish_reason: Option<String>,
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// A text.
    Text(String),
    /// A thought of the model.
    Thinking(String),
    /// A call of a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// An image, a sound or a file.
    Media(Media),
    /// Anything else, as it came.
    Json(Value),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// The id that its result names.
    pub id: Option<String>,
    /// Name of the tool.
    pub name: String,
    /// The arguments; JSON text is parsed.
    pub arguments: Value,
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolResult {
    /// The id of the call.
    pub id: Option<String>,
    /// Name of the tool; taken from the call, if the result has only its id.
    pub name: Option<String>,
    /// The answer; JSON text is parsed.
    pub result: Value,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// An image, a sound or a file: where it is, or its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where it is; also the id of a file that the provider keeps.
    pub url: Option<String>,
    /// Its bytes in base64.
    pub data: Option<String>,
    /// Its MIME type.
    pub mime_type: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// The kind of a [`Media`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// Anything else.
    File,
}

/// A tool that the model may call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolDefinition {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments; null if there is none.
    pub parameters: Value,
}

/// A document that was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Its id.
    pub id: Option<String>,
    /// Its text.
    pub content: String,
    /// How well it fits; the scale is the retriever's own.
    pub score: Option<f64>,
    /// What else is known of it.
    pub metadata: Map<String, Value>,
}
