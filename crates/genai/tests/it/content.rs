//! What a person reads of a span, shape by shape.

use crate::fixture::{entries, with_records, with_span};
use serde_json::{Value, json};
use spanwise_genai::content::{Content, MediaKind, Message, Part};
use spanwise_genai::{PriceTable, derive, read_content};

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
        let content = read_content(span, &[], &derive(span, &[], PriceTable::built_in()));
        assert_eq!(outline(content.input_messages.as_ref()), input, "input");
        assert_eq!(outline(content.output_messages.as_ref()), output, "output");
    });
}

/// Reads attributes of any dialect; `input` and `output` are the messages expected.
fn check_attributes(attributes: Value, input: &[&str], output: &[&str]) {
    with_span(&attributes, &[], |span| {
        let content = read_content(span, &[], &derive(span, &[], PriceTable::built_in()));
        assert_eq!(outline(content.input_messages.as_ref()), input, "input");
        assert_eq!(outline(content.output_messages.as_ref()), output, "output");
    });
}

/// Reads both sides of the call of a model.
fn check_call(inputs: Value, outputs: Value, input: &[&str], output: &[&str]) {
    check_as("LLM", inputs, outputs, input, output);
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
            "tool: f#c1 = {\"t\":22}",
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

#[test]
fn openai_functions_and_completions() {
    check(
        json!([
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "plain"},
        ]),
        &["assistant: f({})", "tool(f): f = \"plain\""],
    );
    check_call(
        json!({"model": "m", "prompt": "Once"}),
        json!({"choices": [{"text": " upon", "index": 0, "finish_reason": "length"}]}),
        &["user: Once"],
        &["assistant:  upon [length]"],
    );
}

#[test]
fn openai_responses() {
    check(
        json!({"model": "m", "instructions": "S", "input": [
            {"role": "user", "content": [
                {"type": "input_text", "text": "Q"},
                {"type": "input_image", "image_url": "https://x/y.png"},
                {"type": "input_file", "file_id": "file-1"},
            ]},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": "{\"a\":1}"},
            {"type": "function_call_output", "call_id": "c1", "output": "[1]"},
        ]}),
        &[
            "system: S",
            "user: Q | image[https://x/y.png] | file[file-1]",
            "assistant: <hm> | f#c1({\"a\":1})",
            "tool: f#c1 = [1]",
        ],
    );
    check_output(
        json!({"object": "response", "instructions": "S", "output": [
            {"type": "reasoning", "summary": [], "encrypted_content": "x"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}, {"type": "refusal", "refusal": "No"}]},
            {"type": "web_search_call", "id": "w"},
        ]}),
        &["assistant: A | No | json{\"type\":\"web_search_call\",\"id\":\"w\"}"],
    );
    check_call(
        json!({"instructions": "S", "input": "Q"}),
        json!({"output": []}),
        &["system: S", "user: Q"],
        &[],
    );
}

#[test]
fn anthropic() {
    check(
        json!({"system": [{"type": "text", "text": "S", "cache_control": {"type": "ephemeral"}}], "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "Q"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "document", "title": "t", "source": {"type": "url", "url": "https://x/y.pdf"}},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": [{"type": "text", "text": "bad"}]},
            ]},
        ]}),
        &[
            "system: S",
            "user: Q | image[AAAA,image/png] | file[https://x/y.pdf,t] | file[aGk=,text/plain]",
            "assistant: <hm> | f#t1({\"a\":1})",
            "tool: f#t1 ! \"bad\"",
        ],
    );
    check_output(
        json!({"id": "m", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "A"}], "stop_reason": "end_turn"}),
        &["assistant: A [end_turn]"],
    );
    check_call(json!("x"), json!([{"type": "text", "text": "A"}]), &["user: x"], &["assistant: A"]);
}

#[test]
fn gemini() {
    check(
        json!({"config": {"system_instruction": "S"}, "contents": [
            {"parts": [{"text": "Q"}, {"inlineData": {"mimeType": "audio/mp3", "data": "AA"}}, {"file_data": {"file_uri": "gs://x", "mime_type": "application/pdf"}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": 2}}}]},
        ]}),
        &[
            "system: S",
            "user: Q | audio[AA,audio/mp3] | file[gs://x,application/pdf]",
            "assistant: f({\"a\":1})",
            "tool: f = {\"r\":2}",
        ],
    );
    check_call(
        json!({"systemInstruction": {"parts": [{"text": "S"}]}, "contents": "Q"}),
        json!({"candidates": [{"finishReason": "SAFETY"}]}),
        &["system: S", "user: Q"],
        &["assistant:  [SAFETY]"],
    );
    check_output(
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "hm", "thought": true}, {"text": "A"}]}, "finishReason": "STOP"}]}),
        &["assistant: <hm> | A [STOP]"],
    );
}

#[test]
fn bedrock_converse() {
    check(
        json!({"modelId": "m", "system": [{"text": "S"}], "messages": [
            {"role": "user", "content": [{"text": "Q"}, {"image": {"format": "png", "source": {"bytes": "AA"}}}]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "x"}}},
                {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
            ]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "t1", "content": [{"json": {"r": 2}}], "status": "error"}}]},
        ]}),
        &[
            "system: S",
            "user: Q | image[AA,image/png]",
            "assistant: <hm> | f#t1({\"a\":1})",
            "tool: f#t1 ! {\"r\":2}",
        ],
    );
    check_output(
        json!({"output": {"message": {"role": "assistant", "content": [{"text": "A"}]}}, "stopReason": "end_turn"}),
        &["assistant: A [end_turn]"],
    );
    check(
        json!({"modelId": "m", "body": "{\"messages\": [{\"role\": \"user\", \"content\": \"Q\"}]}"}),
        &["user: Q"],
    );
}

#[test]
fn ollama_and_cohere() {
    check_call(
        json!({"messages": [{"role": "user", "content": "Q", "images": ["AA"]}]}),
        json!({"model": "m", "message": {"role": "assistant", "content": "A", "thinking": "hm"}, "done_reason": "stop"}),
        &["user: Q | image[AA]"],
        &["assistant: <hm> | A [stop]"],
    );
    check_call(
        json!({"model": "m", "system": "S", "prompt": "Q"}),
        json!({"response": "A", "done_reason": "stop"}),
        &["system: S", "user: Q"],
        &["assistant: A [stop]"],
    );
    check_call(
        json!({"preamble": "S", "chat_history": [{"role": "USER", "message": "Q1"}, {"role": "CHATBOT", "message": "A1"}], "message": "Q2"}),
        json!({"text": "A2", "finish_reason": "COMPLETE"}),
        &["system: S", "user: Q1", "assistant: A1", "user: Q2"],
        &["assistant: A2 [COMPLETE]"],
    );
    check_output(
        json!({"message": {"role": "assistant", "tool_plan": "hm", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]}, "finish_reason": "TOOL_CALL"}),
        &["assistant: <hm> | f#c({}) [TOOL_CALL]"],
    );
}

#[test]
fn langchain() {
    check(
        json!({"messages": [[
            {"lc": 1, "type": "constructor", "id": ["langchain", "SystemMessage"], "kwargs": {"content": "S"}},
            {"lc": 1, "type": "constructor", "id": ["langchain", "HumanMessage"], "kwargs": {"content": "Q", "type": "human"}},
        ]]}),
        &["system: S", "user: Q"],
    );
    check(
        json!([
            {"type": "human", "content": "Q"},
            {"type": "ai", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}], "tool_calls": [{"name": "f", "args": {}, "id": "c1", "type": "tool_call"}]},
            {"type": "tool", "content": "{}", "tool_call_id": "c1", "name": "f", "status": "error"},
        ]),
        &["user: Q", "assistant: f#c1({})", "tool(f): f#c1 ! {}"],
    );
    check(json!({"messages": [["system", "S"], ["human", "Q"]]}), &["system: S", "user: Q"]);
    check(json!([{"type": "human", "data": {"content": "Q", "type": "human"}}]), &["user: Q"]);
    check_output(
        json!({"generations": [[{"text": "A", "generation_info": {"finish_reason": "stop"}, "message": {"lc": 1, "type": "constructor", "id": ["AIMessage"], "kwargs": {"content": "A"}}}]]}),
        &["assistant: A [stop]"],
    );
    check_output(json!({"generations": [[{"text": "A"}]], "llm_output": null}), &["assistant: A"]);
}

#[test]
fn llama_index_autogen_haystack() {
    check(
        json!({"messages": [
            {"role": "user", "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": "Q"}]},
            {"role": "assistant", "additional_kwargs": {"tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
             "blocks": [{"block_type": "text", "text": ""}, {"block_type": "tool_call", "tool_call_id": "c1", "tool_name": "f", "tool_kwargs": "{\"a\":1}"}]},
            {"role": "tool", "additional_kwargs": {"tool_call_id": "c1"}, "blocks": [{"block_type": "text", "text": "R"}]},
        ]}),
        &["user: Q", "assistant: f#c1({\"a\":1})", "tool: f#c1 = \"R\""],
    );
    check(
        json!({"messages": [
            {"type": "SystemMessage", "content": "S"},
            {"type": "UserMessage", "content": "Q", "source": "user"},
            {"type": "AssistantMessage", "content": [{"id": "c1", "arguments": "{}", "name": "f"}], "source": "a"},
            {"type": "FunctionExecutionResultMessage", "content": [{"content": "R", "name": "f", "call_id": "c1", "is_error": false}]},
        ]}),
        &["system: S", "user: Q", "assistant: f#c1({})", "tool: f#c1 = \"R\""],
    );
    check_output(
        json!({"replies": [{"_role": "assistant", "_content": [{"tool_call": {"tool_name": "f", "arguments": {}, "id": "c1"}}], "_meta": {"finish_reason": "tool_calls"}}]}),
        &["assistant: f#c1({}) [tool_calls]"],
    );
    check(
        json!([{"role": "tool", "content": [{"tool_call_result": {"result": "R", "origin": {"tool_name": "f", "arguments": {}, "id": "c1"}, "error": true}}]}]),
        &["tool: f#c1 ! \"R\""],
    );
}

#[test]
fn pydantic_ai() {
    check(
        json!({"messages": [
            {"kind": "request", "instructions": null, "parts": [
                {"part_kind": "system-prompt", "content": "S"},
                {"part_kind": "user-prompt", "content": ["Q", {"kind": "image-url", "url": "https://x/y.png"}, {"kind": "binary", "data": "AA", "media_type": "audio/wav"}]},
            ]},
            {"kind": "response", "parts": [{"part_kind": "thinking", "content": "hm"}, {"part_kind": "tool-call", "tool_name": "f", "args": "{\"a\":1}", "tool_call_id": "c1"}]},
            {"kind": "request", "parts": [{"part_kind": "tool-return", "tool_name": "f", "content": "R", "tool_call_id": "c1"}]},
            {"kind": "request", "parts": [{"part_kind": "retry-prompt", "tool_name": "f", "content": "again", "tool_call_id": "c2"}, {"part_kind": "retry-prompt", "content": "retry"}]},
        ]}),
        &[
            "system: S",
            "user: Q | image[https://x/y.png] | audio[AA,audio/wav]",
            "assistant: <hm> | f#c1({\"a\":1})",
            "tool: f#c1 = \"R\"",
            "tool: f#c2 ! \"again\"",
            "user: retry",
        ],
    );
    check_output(
        json!({"kind": "response", "parts": [{"part_kind": "text", "content": "A"}], "finish_reason": "stop"}),
        &["assistant: A [stop]"],
    );
}

#[test]
fn runs_of_pydantic_ai_are_split_where_the_agent_speaks() {
    let said = |role: &str, text: &str| json!({"role": role, "parts": [{"type": "text", "content": text}]});
    let run = json!([said("system", "S"), said("user", "Q"), said("assistant", "A")]);
    check_attributes(
        json!({"pydantic_ai.all_messages": run.to_string(), "final_result": "A"}),
        &["system: S", "user: Q"],
        &["assistant: A"],
    );
}

#[test]
fn otel_genai_messages() {
    let input = json!([
        {"role": "user", "parts": [
            {"type": "text", "content": "Q"},
            {"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AA"},
            {"type": "uri", "modality": "audio", "uri": "https://x/y.wav"},
            {"type": "file", "modality": "file", "file_id": "f1"},
        ]},
        {"role": "assistant", "parts": [{"type": "reasoning", "content": "hm"}, {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "R"}]},
    ]);
    check_attributes(
        json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": "[{\"type\": \"text\", \"content\": \"S\"}]",
            "gen_ai.input.messages": input.to_string(),
            "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text", "content": "A"}], "finish_reason": "stop"}],
        }),
        &[
            "system: S",
            "user: Q | image[AA,image/png] | audio[https://x/y.wav] | file[f1]",
            "assistant: <hm> | f#c1({\"a\":1})",
            "tool: f#c1 = \"R\"",
        ],
        &["assistant: A [stop]"],
    );
}

#[test]
fn flat_attributes() {
    check_attributes(
        json!({
            "openinference.span.kind": "LLM",
            "input.value": "{\"messages\": [\"ChatMessage(role='user')\"]}",
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "S",
            "llm.input_messages.10.message.role": "tool",
            "llm.input_messages.10.message.content": "R",
            "llm.input_messages.10.message.tool_call_id": "c1",
            "llm.input_messages.2.message.role": "user",
            "llm.input_messages.2.message.contents.0.message_content.type": "text",
            "llm.input_messages.2.message.contents.0.message_content.text": "Q",
            "llm.input_messages.2.message.contents.1.message_content.type": "image",
            "llm.input_messages.2.message.contents.1.message_content.image.image.url": "https://x/y.png",
            "llm.input_messages.3.message.role": "assistant",
            "llm.input_messages.3.message.tool_calls.0.tool_call.id": "c1",
            "llm.input_messages.3.message.tool_calls.0.tool_call.function.name": "f",
            "llm.input_messages.3.message.tool_calls.0.tool_call.function.arguments": "{\"a\":1}",
            "output.value": "assistant: A",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.contents.0.message_content.type": "tool_use",
            "llm.output_messages.0.message.contents.0.tool_call.id": "c2",
            "llm.output_messages.0.message.contents.0.tool_call.function.name": "g",
            "llm.output_messages.0.message.contents.0.tool_call.function.arguments": "{}",
        }),
        &[
            "system: S",
            "user: Q | image[https://x/y.png]",
            "assistant: f#c1({\"a\":1})",
            "tool: f#c1 = \"R\"",
        ],
        &["assistant: g#c2({})"],
    );
    check_attributes(
        json!({
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "[{\"type\": \"text\", \"text\": \"Q\"}]",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.finish_reason": "tool_calls",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.name": "f",
            "gen_ai.completion.0.tool_calls.0.arguments": "{}",
        }),
        &["user: Q"],
        &["assistant: f#c1({}) [tool_calls]"],
    );
}

#[test]
fn vercel_ai_sdk() {
    let messages = json!([
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "text", "text": "Q"}, {"type": "image", "image": "AA", "mediaType": "image/png"}]},
        {"role": "assistant", "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "f", "input": {"a": 1}}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c1", "toolName": "f", "output": {"type": "json", "value": {"r": 2}}}]},
    ]);
    check_attributes(
        json!({
            "ai.prompt.messages": messages.to_string(),
            "ai.response.text": "A",
            "ai.response.toolCalls": "[{\"toolCallId\": \"c2\", \"toolName\": \"g\", \"input\": \"{}\"}]",
            "ai.response.finishReason": "tool-calls",
        }),
        &[
            "system: S",
            "user: Q | image[AA,image/png]",
            "assistant: f#c1({\"a\":1})",
            "tool: f#c1 = {\"r\":2}",
        ],
        &["assistant: A | g#c2({}) [tool-calls]"],
    );
    check_attributes(
        json!({"ai.prompt": "{\"system\": \"S\", \"prompt\": \"Q\"}"}),
        &["system: S", "user: Q"],
        &[],
    );
}

#[test]
fn what_is_no_conversation_has_no_messages() {
    for value in [
        json!("text"),
        json!({"a": 1}),
        json!([]),
        json!({"messages": []}),
        json!({"messages": ["a", {"role": "user", "content": "x"}]}),
        json!({"data": {"role": "admin", "message": "x"}}),
        json!([{"page_content": "x", "metadata": {}}]),
        json!({"input": ["a", "b"]}),
        json!({"role": "user"}),
        json!({"path": "a.txt", "contents": "x"}),
        json!({"choices": [{"text": "Red"}, {"text": "Blue"}]}),
        json!({"candidates": [{"name": "Ann"}]}),
        json!({"generations": [{"year": 1990}]}),
    ] {
        check(value, &[]);
    }
    check_call(json!("<Stream object at 0x7f>"), json!({"data": [1]}), &[], &[]);
}

#[test]
fn plain_texts_of_a_call_are_messages() {
    check_call(json!("Q"), json!("A"), &["user: Q"], &["assistant: A"]);
    check_call(json!({"args": ["Q"]}), json!(["A1", "A2"]), &["user: Q"], &["assistant: A1 | A2"]);
    check_call(
        json!({"query": "Q"}),
        json!({"content": "A", "finish_reason": "stop"}),
        &["user: Q"],
        &["assistant: A [stop]"],
    );
}

#[test]
fn events_tell_what_the_system_says_and_offers() {
    let details = json!({
        "gen_ai.system_instructions": "[{\"type\": \"text\", \"content\": \"S\"}]",
        "gen_ai.input.messages": "[{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"content\": \"Q\"}]}]",
        "gen_ai.tool.definitions": "[{\"type\": \"function\", \"name\": \"f\"}]",
    });
    let check = |content: Content| {
        assert_eq!(outline(content.input_messages.as_ref()), ["system: S", "user: Q"]);
        assert_eq!(content.tools.unwrap()[0].name, "f");
    };
    let name = "gen_ai.client.inference.operation.details";
    let attributes = json!({"gen_ai.operation.name": "chat"});
    with_span(&attributes, &[(name, details.clone())], |span| {
        check(read_content(span, &[], &derive(span, &[], PriceTable::built_in())));
    });
    let record = json!({"eventName": name, "attributes": entries(&details)});
    with_records(vec![record], |records| {
        with_span(&attributes, &[], |span| {
            check(read_content(span, records, &derive(span, records, PriceTable::built_in())))
        });
    });
}

#[test]
fn the_span_may_tell_why_the_model_stopped() {
    let finish = |key: &str, reason: Value| {
        let output = "[{\"role\": \"assistant\", \"content\": \"A\"}]";
        check_attributes(json!({key: reason, "output.value": output}), &[], &["assistant: A [stop]"]);
    };
    finish("llm.finish_reason", json!("stop"));
    finish("gen_ai.response.finish_reasons", json!(["stop", "length"]));
    finish("gen_ai.response.finish_reasons", json!("[\"stop\"]"));
}

#[test]
fn a_setting_named_system_is_not_said() {
    let messages = json!([{"role": "user", "content": "Q"}]);
    check(json!({"system": {"os": "linux"}, "messages": messages}), &["user: Q"]);
    check(json!({"system": true, "messages": messages}), &["user: Q"]);
}

#[test]
fn spoken_answers_are_text_and_sound() {
    check_output(
        json!({"choices": [{"message": {"role": "assistant", "content": null, "audio": {"id": "a", "data": "AA", "transcript": "A"}}}]}),
        &["assistant: A | audio[AA]"],
    );
}

/// A limit of 128 attributes takes what comes last, and SDKs in JavaScript order attributes as they like.
#[test]
fn messages_of_which_attributes_were_dropped_are_read_as_far_as_they_are_there() {
    let attributes = json!({
        "gen_ai.prompt.0.role": "system",
        "gen_ai.prompt.0.content": "You are terse.",
        "gen_ai.prompt.2.role": "user",
        "gen_ai.prompt.2.content": "Weather in Paris?",
        "gen_ai.prompt.3.role": "assistant",
        "gen_ai.prompt.10.content": "and in Rome?",
        "gen_ai.prompt.10.role": "user",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "22C",
    });
    with_span(&attributes, &[], |span| {
        let content = read_content(span, &[], &derive(span, &[], PriceTable::built_in()));
        assert_eq!(
            outline(content.input_messages.as_ref()),
            ["system: You are terse.", "user: Weather in Paris?", "user: and in Rome?"]
        );
        assert_eq!(outline(content.output_messages.as_ref()), ["assistant: 22C"]);
    });
}
