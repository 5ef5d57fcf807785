//! What a person reads of a span, shape by shape.

use crate::fixture::with_span;
use serde_json::{Value, json};
use spanwise_genai::content::{MediaKind, Message, Part};
use spanwise_genai::{derive, read_content};

/// Writes messages in one line each: `role(name): part | part [finish]`.
pub(crate) fn outline(messages: Option<&Vec<Message>>) -> Vec<String> {
    messages.into_iter().flatten().map(message_outline).collect()
}

fn message_outline(message: &Message) -> String {
    let name = message.name.as_ref().map(|name| format!("({name})")).unwrap_or_default();
    let parts: Vec<_> = message.parts.iter().map(part_outline).collect();
    let finish = message.finish_reason.as_ref().map(|reason| format!(" [{reason}]")).unwrap_or_default();
    format!("{}{name}: {}{finish}", message.role, parts.join(" | "))
}

fn part_outline(part: &Part) -> String {
    let id = |id: &Option<String>| id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
    match part {
        Part::Text(text) => text.clone(),
        Part::Thinking(text) => format!("<{text}>"),
        Part::ToolCall(call) => format!("{}{}({})", call.name, id(&call.id), call.arguments),
        Part::ToolResult(result) => {
            let mark = if result.is_error { "!" } else { "=" };
            let name = result.name.as_deref().unwrap_or_default();
            format!("{name}{} {mark} {}", id(&result.id), result.result)
        }
        Part::Media(media) => {
            let kind = match media.kind {
                MediaKind::Image => "image",
                MediaKind::Audio => "audio",
                MediaKind::File => "file",
            };
            let fields = [&media.url, &media.data, &media.mime_type, &media.name];
            let fields: Vec<_> = fields.into_iter().flatten().map(String::as_str).collect();
            format!("{kind}[{}]", fields.join(","))
        }
        Part::Json(value) => format!("json{value}"),
    }
}

/// Reads inputs and outputs of a span of that type, as MLflow's attributes.
fn check_as(span_type: &str, inputs: Value, outputs: Value, input: &[&str], output: &[&str]) {
    let attributes = json!({
        "mlflow.spanType": span_type,
        "mlflow.spanInputs": inputs.to_string(),
        "mlflow.spanOutputs": outputs.to_string(),
    });
    with_span(&attributes, &[], |span| {
        let content = read_content(span, &[], &derive(span, &[]));
        assert_eq!(outline(content.input_messages.as_ref()), input, "input");
        assert_eq!(outline(content.output_messages.as_ref()), output, "output");
    });
}

/// Reads `value` as what went into a chain, which takes only what is surely a conversation.
fn check(value: Value, expected: &[&str]) {
    check_as("CHAIN", value, json!(null), expected, &[]);
}

/// Reads `value` as what came out of a chain.
fn check_output(value: Value, expected: &[&str]) {
    check_as("CHAIN", json!(null), value, &[], expected);
}

#[test]
fn openai_chat() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}});
    check(
        json!({"model": "m", "messages": [
            {"role": "developer", "content": "S"},
            {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "Q"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
                {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "wav"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,CC"}},
            ]},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "{\"t\": 22}"},
        ]}),
        &[
            "system: S",
            "user(ann): Q | image[AAAA,image/png] | image[https://x/y.png] | audio[BBBB,audio/wav] | \
             file[CC,application/pdf,a.pdf]",
            "assistant: f#c1({\"a\":1})",
            "tool: #c1 = {\"t\":22}",
        ],
    );
    check_output(
        json!({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "A"}}]}),
        &["assistant: A [stop]"],
    );
    check_output(
        json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": null, "refusal": "No"}}]}),
        &["assistant: No [stop]"],
    );
}
