//! Messages as OpenTelemetry's conventions for generative AI have them.
//!
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>

use genai::chat::{BinarySource, ChatMessage, ChatRole, ContentPart, MessageContent, Tool};
use serde_json::{Value, json};

/// Returns what the system says beside the messages.
pub(super) fn system(text: &str) -> String {
    json!([{"type": "text", "content": text}]).to_string()
}

pub(super) fn messages(messages: &[ChatMessage]) -> String {
    let message =
        |message: &ChatMessage| json!({"role": role(&message.role), "parts": parts(&message.content)});
    Value::Array(messages.iter().map(message).collect()).to_string()
}

pub(super) fn tools(tools: &[Tool]) -> String {
    let tool = |tool: &Tool| {
        json!({
            "type": "function", "name": tool.name.as_str(), "description": tool.description, "parameters": tool.schema,
        })
    };
    Value::Array(tools.iter().map(tool).collect()).to_string()
}

pub(super) fn answer(content: &MessageContent, stop_reason: Option<&str>) -> String {
    json!([{"role": "assistant", "parts": parts(content), "finish_reason": stop_reason}]).to_string()
}

fn role(role: &ChatRole) -> &'static str {
    match role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    }
}

fn parts(content: &MessageContent) -> Vec<Value> {
    content.parts().iter().filter_map(part).collect()
}

fn part(part: &ContentPart) -> Option<Value> {
    Some(match part {
        ContentPart::Text(text) => json!({"type": "text", "content": text}),
        ContentPart::ReasoningContent(text) => json!({"type": "reasoning", "content": text}),
        ContentPart::ToolCall(call) => {
            json!({"type": "tool_call", "id": call.call_id, "name": call.fn_name, "arguments": call.fn_arguments})
        }
        ContentPart::ToolResponse(result) => {
            json!({"type": "tool_call_response", "id": result.call_id, "response": result.content})
        }
        ContentPart::Binary(binary) => {
            let mime_type = binary.content_type.as_str();
            let modality = mime_type.split('/').next().unwrap_or_default();
            match &binary.source {
                BinarySource::Url(url) => {
                    json!({"type": "uri", "modality": modality, "mime_type": mime_type, "uri": url})
                }
                BinarySource::Base64(content) => {
                    json!({"type": "blob", "modality": modality, "mime_type": mime_type, "content": &**content})
                }
            }
        }
        // What only the provider can read.
        ContentPart::ThoughtSignature(_) | ContentPart::Custom(_) => return None,
    })
}
