//! The content of a span as it is answered.

use super::attachments;
use serde_json::Value;
use spanwise_api_types::native::{
    Body, Document, Message, Part, PromptReference, PromptTemplate, ToolDefinition,
};
use spanwise_genai::content;

/// Longest JSON text of an input or output that is sent whole.
const BODY_BYTES_MAX: usize = 5 << 20;
/// How much of a longer one is sent.
const BODY_HEAD_BYTES: usize = 256 << 10;

/// Returns an input or output, cut if it is too large.
pub(super) fn body(value: Value) -> Body {
    let mut counter = Counter(0);
    // Counting can't fail.
    drop(serde_json::to_writer(&mut counter, &value));
    let bytes = counter.0;
    if bytes <= BODY_BYTES_MAX {
        return Body { value, bytes, cut: false };
    }
    let mut text = value.to_string();
    text.truncate(text.floor_char_boundary(BODY_HEAD_BYTES));
    Body { value: text.into(), bytes, cut: true }
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Returns messages as they are answered.
pub(super) fn messages(messages: Vec<content::Message>) -> Vec<Message> {
    messages.into_iter().map(message).collect()
}

fn message(message: content::Message) -> Message {
    Message {
        role: message.role,
        name: message.name,
        parts: message.parts.into_iter().map(part).collect(),
        finish_reason: message.finish_reason,
    }
}

fn part(part: content::Part) -> Part {
    match part {
        content::Part::Text(text) => Part::Text { text },
        content::Part::Thinking(text) => Part::Thinking { text },
        content::Part::ToolCall(call) => {
            Part::ToolCall { id: call.id, name: call.name, arguments: call.arguments }
        }
        content::Part::ToolResult(result) => Part::ToolResult {
            id: result.id,
            name: result.name,
            result: result.result,
            is_error: result.is_error,
        },
        content::Part::Media(media) => media_part(media),
        content::Part::Json(value) => Part::Json { value },
    }
}

fn media_part(media: content::Media) -> Part {
    let content::Media { kind, mut url, mut data, mime_type, name } = media;
    let attachment = data.as_deref().and_then(attachments::reference_of);
    let bytes = attachment.map(|reference| reference.bytes);
    if let Some(reference) = attachment {
        (url, data) = (Some(attachments::url_of(&reference)), None);
    }
    match kind {
        content::MediaKind::Image => Part::Image { url, data, mime_type, name, bytes },
        content::MediaKind::Audio => Part::Audio { url, data, mime_type, name, bytes },
        content::MediaKind::File => Part::File { url, data, mime_type, name, bytes },
    }
}

/// Returns tools as they are answered.
pub(super) fn tools(tools: Vec<content::ToolDefinition>) -> Vec<ToolDefinition> {
    let tool = |tool: content::ToolDefinition| ToolDefinition {
        name: tool.name,
        description: tool.description,
        parameters: tool.parameters,
    };
    tools.into_iter().map(tool).collect()
}

/// Returns a prompt as it is answered.
pub(super) fn prompt(prompt: content::Prompt) -> PromptReference {
    PromptReference { name: prompt.name, version: prompt.version }
}

/// Returns a template as it is answered.
pub(super) fn template(prompt: content::PromptTemplate) -> PromptTemplate {
    PromptTemplate { template: prompt.template, version: prompt.version, variables: prompt.variables }
}

/// Returns documents as they are answered.
pub(super) fn documents(documents: Vec<content::Document>) -> Vec<Document> {
    let document = |document: content::Document| Document {
        id: document.id,
        content: document.content,
        score: document.score,
        metadata: document.metadata,
    };
    documents.into_iter().map(document).collect()
}
