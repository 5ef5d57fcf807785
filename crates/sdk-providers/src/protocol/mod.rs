//! The protocols: which paths are theirs, what their requests look like, and how their answers are read.

mod anthropic;
mod bedrock;
mod cohere;
mod embedding;
mod gemini;
mod ollama;
mod openai;
mod openai_responses;
mod other;

use crate::json::list;
use crate::reply::Reply;
use crate::request::Request;
use crate::route::Route;
use serde_json::Value;

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Chat,
    GenerateContent,
    TextCompletion,
    Embeddings,
    Rerank,
    ImageGeneration,
    Moderation,
}

impl Operation {
    /// Returns OpenTelemetry's name for it, where it has one.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Chat => "chat",
            Operation::GenerateContent => "generate_content",
            Operation::TextCompletion => "text_completion",
            Operation::Embeddings => "embeddings",
            Operation::Rerank => "rerank",
            Operation::ImageGeneration => "image_generation",
            Operation::Moderation => "moderation",
        }
    }

    /// Returns the type of a span, as MLflow knows it.
    pub(crate) fn span_type(self) -> &'static str {
        match self {
            Operation::Chat => "CHAT_MODEL",
            Operation::GenerateContent | Operation::TextCompletion | Operation::ImageGeneration => "LLM",
            Operation::Embeddings => "EMBEDDING",
            Operation::Rerank => "RERANKER",
            Operation::Moderation => "GUARDRAIL",
        }
    }
}

/// A protocol, as plain data.
pub(crate) struct Protocol {
    pub(crate) name: &'static str,
    pub(crate) operation: Operation,
    /// Who is taken to serve the model where neither the host nor the path tells.
    pub(crate) provider: &'static str,
    /// Returns whether a body is a request of it.
    pub(crate) is_request: fn(&Value) -> bool,
    pub(crate) read_request: fn(&Value, &Route) -> Request,
    /// Reads a whole answer, or an event of a streamed one.
    pub(crate) read_event: fn(&Value, &mut Reply),
    /// Answers are full of vectors or bytes that nobody wants to keep.
    pub(crate) is_sieved: bool,
}

impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Ends of paths, whether nobody else has such a path, and whose they may be; of several the first that fits.
const PATHS: &[(&str, bool, &[&Protocol])] = &[
    ("/chat/completions", true, &[&openai::CHAT]),
    ("/completions", false, &[&openai::CHAT, &openai::COMPLETION]),
    ("/invocations", false, &[&openai::CHAT, &embedding::OPENAI, &openai::COMPLETION]),
    ("/text/chat", false, &[&openai::CHAT]),
    ("/text/chat_stream", false, &[&openai::CHAT]),
    ("/responses", false, &[&openai_responses::RESPONSES]),
    ("/api/embeddings", false, &[&embedding::OLLAMA, &embedding::OPENAI]),
    ("/embeddings", false, &[&embedding::OPENAI]),
    ("/v1/messages", true, &[&anthropic::MESSAGES]),
    ("/messages", false, &[&anthropic::MESSAGES]),
    ("/images/generations", true, &[&other::IMAGES]),
    ("/moderations", false, &[&other::MODERATION]),
    ("/api/chat", false, &[&ollama::CHAT]),
    ("/api/generate", false, &[&ollama::GENERATE]),
    ("/api/embed", false, &[&embedding::OLLAMA]),
    ("/v2/chat", false, &[&cohere::CHAT]),
    ("/embed", false, &[&embedding::COHERE]),
    ("/rerank", false, &[&other::RERANK]),
];

/// Verbs behind a colon.
const VERBS: &[(&str, bool, &[&Protocol])] = &[
    ("generateContent", true, &[&gemini::CONTENT]),
    ("streamGenerateContent", true, &[&gemini::CONTENT]),
    ("embedContent", true, &[&embedding::GEMINI]),
    ("batchEmbedContents", true, &[&embedding::GEMINI]),
    ("predict", false, &[&embedding::VERTEX]),
    ("rawPredict", false, &[&anthropic::MESSAGES, &openai::CHAT]),
    ("streamRawPredict", false, &[&anthropic::MESSAGES, &openai::CHAT]),
];

/// Last segments of Bedrock's paths, behind `/model/ID`.
const MODEL_PATHS: &[(&str, bool, &[&Protocol])] = &[
    ("converse", true, &[&bedrock::CONVERSE]),
    ("converse-stream", true, &[&bedrock::CONVERSE]),
    ("invoke", true, &[&bedrock::INVOKE]),
    ("invoke-with-response-stream", true, &[&bedrock::INVOKE]),
];

fn found(route: &Route) -> Option<(bool, &'static [&'static Protocol])> {
    let row = match route.verb() {
        Some(verb) => VERBS.iter().find(|(own, ..)| *own == verb),
        None if route.path.contains("/model/") => {
            let last = route.path.rsplit('/').next()?;
            MODEL_PATHS.iter().find(|(own, ..)| *own == last)
        }
        None => None,
    };
    let row = row.or_else(|| PATHS.iter().find(|(end, ..)| route.path.ends_with(end)));
    row.map(|(_, is_sure, protocols)| (*is_sure, *protocols))
}

/// Returns the protocols that a path may be of.
pub(crate) fn candidates(route: &Route) -> &'static [&'static Protocol] {
    found(route).map_or(&[], |(_, protocols)| protocols)
}

/// Returns whether the path alone is enough.
pub(crate) fn is_sure(route: &Route) -> bool {
    found(route).is_some_and(|(is_sure, _)| is_sure)
}

/// Returns the model that a path names: Azure's deployments, endpoints, Google's and Amazon's models.
pub(crate) fn model_in_path(route: &Route) -> Option<String> {
    route.segment_behind(&["deployments", "serving-endpoints", "endpoints", "models", "model"])
}

/// Returns whether a body has messages, each with a role.
fn has_messages(body: &Value) -> bool {
    let messages = list(body, "messages");
    !messages.is_empty() && messages.iter().all(|message| message.get("role").is_some())
}

/// Returns the model that a body names.
fn model_in(body: &Value) -> Option<String> {
    // watsonx has ids.
    crate::json::text_of(body, &["model", "model_id"]).map(str::to_owned)
}
