//! The span of a call.

use super::content;
use genai::adapter::AdapterKind;
use genai::chat::{
    ChatOptions, ChatRequest, ChatResponse, ChatStreamEvent, ContentPart, MessageContent, StopReason,
    StreamEnd, ToolCall, Usage,
};
use genai::embed::{EmbedRequest, EmbedResponse};
use genai::{Error, ModelIden, Result};
use spanwise::{AttributeValue, Kind, Span, SpanBuilder, key};
use std::time::Instant;

/// Bytes that are kept of messages that are sent, and of an answer; the rest is counted.
const CONTENT_BYTES_MAX: usize = 8 << 20;
/// How many bytes of a request were not kept.
const OMITTED_REQUEST: &str = "spanwise.request.omitted_bytes";
/// How many bytes of an answer were not kept.
const OMITTED: &str = "spanwise.response.omitted_bytes";
/// Set where nobody waited for the end.
const CANCELLED: &str = "spanwise.response.cancelled";

/// A chat; ends when it is dropped at the latest.
pub(super) struct ChatSpan {
    span: Span,
    began: Instant,
    answer: Answer,
    content: bool,
}

/// What has come of a streamed answer.
#[derive(Default)]
struct Answer {
    has_begun: bool,
    /// Whether the provider has said all that it has to say, or that it can't.
    is_over: bool,
    bytes: usize,
    omitted_bytes: u64,
    text: String,
    thoughts: String,
    calls: Vec<ToolCall>,
    stop_reason: Option<StopReason>,
}

impl ChatSpan {
    pub(super) fn start(
        model: impl FnOnce() -> Option<ModelIden>,
        request: &ChatRequest,
        options: Option<&ChatOptions>,
        content: bool,
    ) -> ChatSpan {
        let span = start("chat", "CHAT_MODEL", model);
        if span.is_recording() {
            write_options(&span, options);
            if content {
                write_request(&span, request);
            }
        }
        ChatSpan { span, began: Instant::now(), answer: Answer::default(), content }
    }

    /// Says that its answer is streamed.
    pub(super) fn of_stream(self) -> ChatSpan {
        self.span.set_attribute("gen_ai.request.stream", true);
        self
    }

    /// Sets a whole answer.
    pub(super) fn take(&mut self, response: &ChatResponse) {
        self.answer.is_over = true;
        let span = &self.span;
        if !span.is_recording() {
            return;
        }
        write_model(span, &response.provider_model_iden);
        if let Some(id) = &response.response_id {
            span.set_attribute("gen_ai.response.id", id.as_str());
        }
        write_usage(span, &response.usage);
        let mut parts = response.content.parts().clone();
        if let Some(thoughts) =
            response.reasoning_content.clone().filter(|_| !response.content.contains_reasoning_content())
        {
            parts.insert(0, ContentPart::ReasoningContent(thoughts));
        }
        write_answer(span, parts, response.stop_reason.as_ref(), self.content);
    }

    /// Takes a part of a streamed answer.
    pub(super) fn take_event(&mut self, event: &ChatStreamEvent) {
        if !self.span.is_recording() {
            return;
        }
        match event {
            ChatStreamEvent::Chunk(chunk) => self.add(|answer| &mut answer.text, &chunk.content),
            ChatStreamEvent::ReasoningChunk(chunk) => self.add(|answer| &mut answer.thoughts, &chunk.content),
            ChatStreamEvent::ToolCallChunk(chunk) => self.add_call(&chunk.tool_call),
            ChatStreamEvent::End(end) => self.take_end(end),
            _ => {}
        }
    }

    fn add(&mut self, field: impl FnOnce(&mut Answer) -> &mut String, text: &str) {
        if self.has_room(text.len()) {
            field(&mut self.answer).push_str(text);
        }
    }

    /// Takes a call of a tool, of which some providers tell again when more of it is known.
    fn add_call(&mut self, call: &ToolCall) {
        match self.answer.calls.iter().position(|known| known.call_id == call.call_id) {
            Some(at) => self.answer.calls[at] = call.clone(),
            None if self.has_room(size_of::<ToolCall>()) => self.answer.calls.push(call.clone()),
            None => {}
        }
    }

    /// Notes that something came, and returns whether it is kept: what is behind a gap would be read as if there were none.
    fn has_room(&mut self, bytes: usize) -> bool {
        self.note_first();
        let answer = &mut self.answer;
        if answer.omitted_bytes > 0 || answer.bytes + bytes > CONTENT_BYTES_MAX {
            answer.omitted_bytes += bytes as u64;
            return false;
        }
        answer.bytes += bytes;
        true
    }

    fn note_first(&mut self) {
        if !std::mem::replace(&mut self.answer.has_begun, true) {
            self.span.set_attribute(key::FIRST_ITEM, self.began.elapsed().as_secs_f64());
        }
    }

    fn take_end(&mut self, end: &StreamEnd) {
        self.answer.is_over = true;
        if let Some(usage) = &end.captured_usage {
            write_usage(&self.span, usage);
        }
        if let Some(id) = &end.captured_response_id {
            self.span.set_attribute("gen_ai.response.id", id.as_str());
        }
        self.answer.stop_reason = end.captured_stop_reason.clone();
        // The last word on calls, if it was asked for.
        if let Some(calls) = end.captured_tool_calls().filter(|calls| !calls.is_empty()) {
            self.answer.calls = calls.into_iter().cloned().collect();
        }
    }

    pub(super) fn fail(&mut self, error: &Error) {
        record_failure(&self.span, error);
        self.end();
    }

    /// Sets what came of a stream, and ends.
    pub(super) fn end(&mut self) {
        self.answer.is_over = true;
        self.finish();
    }

    fn finish(&mut self) {
        let span = std::mem::replace(&mut self.span, Span::none());
        let answer = std::mem::take(&mut self.answer);
        if !span.is_recording() {
            return;
        }
        if !answer.is_over {
            span.set_attribute(CANCELLED, true);
        }
        if answer.omitted_bytes > 0 {
            span.set_attribute(OMITTED, answer.omitted_bytes);
        }
        if answer.has_begun {
            let reason = answer.stop_reason.clone();
            write_answer(&span, answer.into_parts(), reason.as_ref(), self.content);
        }
    }
}

impl Answer {
    fn into_parts(self) -> Vec<ContentPart> {
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let thoughts = text(self.thoughts).map(ContentPart::ReasoningContent);
        let said = text(self.text).map(ContentPart::Text);
        thoughts.into_iter().chain(said).chain(self.calls.into_iter().map(ContentPart::ToolCall)).collect()
    }
}

impl Drop for ChatSpan {
    fn drop(&mut self) {
        // Whoever takes only a part of a stream has that as its output.
        self.finish();
    }
}

/// A request for embeddings.
pub(super) struct EmbeddingSpan {
    span: Span,
}

impl EmbeddingSpan {
    pub(super) fn start(
        model: impl FnOnce() -> Option<ModelIden>,
        request: &EmbedRequest,
        content: bool,
    ) -> EmbeddingSpan {
        let span = start("embeddings", "EMBEDDING", model);
        if content && span.is_recording() {
            match request.single_input() {
                Some(text) => span.set_inputs(text),
                None => span.set_inputs(serde_json::Value::from(request.inputs()).to_string()),
            }
        }
        EmbeddingSpan { span }
    }

    pub(super) fn end(self, result: &Result<EmbedResponse>) {
        let span = &self.span;
        match result {
            Ok(response) if span.is_recording() => {
                write_model(span, &response.provider_model_iden);
                write_usage(span, &response.usage);
                if let Some(first) = response.embeddings.first() {
                    span.set_attribute("gen_ai.embeddings.dimension.count", first.dimensions as u64);
                }
            }
            Ok(_) => {}
            Err(error) => record_failure(span, error),
        }
    }
}

fn start(operation: &str, span_type: &str, model: impl FnOnce() -> Option<ModelIden>) -> Span {
    if !spanwise::is_enabled() {
        return Span::none();
    }
    let model = model();
    let name = model.as_ref().map(|model| model.model_name.namespace_and_name().1);
    let span_name = name.map_or_else(|| operation.to_owned(), |name| format!("{operation} {name}"));
    let span = SpanBuilder::new(&span_name).kind(Kind::Client).start();
    span.set_type(span_type);
    span.set_attribute("gen_ai.operation.name", operation);
    if let (Some(model), Some(name)) = (&model, name) {
        span.set_attribute("gen_ai.provider.name", provider(model.adapter_kind));
        span.set_attribute("gen_ai.request.model", name);
    }
    span
}

/// Returns who serves a model, in OpenTelemetry's words.
fn provider(adapter: AdapterKind) -> &'static str {
    match adapter {
        AdapterKind::OpenAIResp => "openai",
        AdapterKind::Gemini | AdapterKind::GeminiIx => "gcp.gemini",
        AdapterKind::Vertex => "gcp.vertex_ai",
        AdapterKind::BedrockApi => "aws.bedrock",
        AdapterKind::Mistral => "mistral_ai",
        AdapterKind::Xai => "x_ai",
        AdapterKind::Moonshot => "moonshot_ai",
        other => other.as_lower_str(),
    }
}

fn write_request(span: &Span, request: &ChatRequest) {
    put(span, "gen_ai.system_instructions", request.system.as_deref().map(content::system));
    put_content(span, "gen_ai.input.messages", content::messages(&request.messages), OMITTED_REQUEST);
    put(span, "gen_ai.tool.definitions", request.tools.as_deref().map(content::tools));
}

fn write_options(span: &Span, options: Option<&ChatOptions>) {
    let Some(options) = options else { return };
    put(span, "gen_ai.request.temperature", options.temperature);
    put(span, "gen_ai.request.top_p", options.top_p);
    put(span, "gen_ai.request.max_tokens", options.max_tokens);
    put(span, "gen_ai.request.seed", options.seed);
    if !options.stop_sequences.is_empty() {
        let sequences: Vec<&str> = options.stop_sequences.iter().map(String::as_str).collect();
        span.set_attribute("gen_ai.request.stop_sequences", sequences);
    }
}

fn write_model(span: &Span, model: &ModelIden) {
    span.set_attribute("gen_ai.provider.name", provider(model.adapter_kind));
    span.set_attribute("gen_ai.response.model", model.model_name.namespace_and_name().1);
}

fn write_usage(span: &Span, usage: &Usage) {
    let prompt = usage.prompt_tokens_details.as_ref();
    let completion = usage.completion_tokens_details.as_ref();
    let counts = [
        ("gen_ai.usage.input_tokens", usage.prompt_tokens),
        ("gen_ai.usage.output_tokens", usage.completion_tokens),
        ("gen_ai.usage.cache_read.input_tokens", prompt.and_then(|details| details.cached_tokens)),
        (
            "gen_ai.usage.cache_creation.input_tokens",
            prompt.and_then(|details| details.cache_creation_tokens),
        ),
        ("gen_ai.usage.reasoning.output_tokens", completion.and_then(|details| details.reasoning_tokens)),
    ];
    for (key, count) in counts {
        put(span, key, count);
    }
}

fn write_answer(span: &Span, parts: Vec<ContentPart>, stop_reason: Option<&StopReason>, content: bool) {
    let reason = stop_reason.map(StopReason::raw);
    if content {
        span.set_attribute(
            "gen_ai.output.messages",
            content::answer(&MessageContent::from_parts(parts), reason),
        );
    }
    if let Some(reason) = reason {
        span.set_attribute("gen_ai.response.finish_reasons", vec![reason]);
    }
}

/// Sets a value, if there is one.
fn put(span: &Span, key: &str, value: Option<impl AttributeValue>) {
    if let Some(value) = value {
        span.set_attribute(key, value);
    }
}

/// Sets messages, unless there is too much of them.
fn put_content(span: &Span, key: &str, messages: String, omitted: &str) {
    match messages.len() > CONTENT_BYTES_MAX {
        true => span.set_attribute(omitted, messages.len() as u64),
        false => span.set_attribute(key, messages),
    }
}

fn record_failure(span: &Span, error: &Error) {
    span.record_error_as("genai::Error", error);
    if let Some(status) = error.status() {
        span.set_attribute("http.response.status_code", status.as_u16());
        span.set_attribute("error.type", status.as_str());
    }
}
