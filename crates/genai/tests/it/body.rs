//! Bodies, tools, documents, parameters and short texts of a span.

use crate::fixture::with_span;
use serde_json::{Value, json};
use spanwise_genai::content::{Content, Document, ToolDefinition};
use spanwise_genai::{PriceTable, derive, preview_texts, read_content};

fn read(attributes: &Value) -> Content {
    with_span(attributes, &[], |span| read_content(span, &[], &derive(span, &[], PriceTable::built_in())))
}

/// Reads a span of MLflow's of that type.
fn read_as(span_type: &str, inputs: Value, outputs: Value) -> Content {
    read(&json!({
        "mlflow.spanType": span_type,
        "mlflow.spanInputs": inputs.to_string(),
        "mlflow.spanOutputs": outputs.to_string(),
    }))
}

fn check_body(sent: &str, expected: Value) {
    let expected = (!expected.is_null()).then_some(expected);
    assert_eq!(read(&json!({"input.value": sent})).inputs, expected, "{sent}");
}

#[test]
fn bodies_are_parsed_if_they_are_json() {
    check_body("{\"b\": 1, \"a\": [2]}", json!({"b": 1, "a": [2]}));
    check_body("\"{\\\"a\\\": 1}\"", json!({"a": 1}));
    check_body("{'a': 1}", json!("{'a': 1}"));
    check_body("[12345678901234567890123]", json!(["12345678901234567890123"]));
    check_body("null", json!(null));
    let native = read(&json!({"input.value": {"a": [1, 2.5, true, null, "x"]}}));
    assert_eq!(native.inputs, Some(json!({"a": [1, 2.5, true, null, "x"]})));
}

#[test]
fn bodies_of_other_attributes_are_found() {
    let vercel = json!({"ai.toolCall.args": "{\"city\":\"Paris\"}", "ai.toolCall.result": "\"22C\""});
    let content = read(&vercel);
    assert_eq!((content.inputs, content.outputs), (Some(json!({"city": "Paris"})), Some(json!("22C"))));
}

fn check_tools(tools: &Value) {
    let expected = ToolDefinition {
        name: "f".to_owned(),
        description: Some("d".to_owned()),
        parameters: json!({"type": "object"}),
    };
    let content = read_as("LLM", json!({"tools": tools}), json!(null));
    assert_eq!(content.tools, Some(vec![expected]), "{tools}");
}

#[test]
fn tools_of_each_api_are_read() {
    let schema = json!({"type": "object"});
    check_tools(
        &json!([{"type": "function", "function": {"name": "f", "description": "d", "parameters": schema}}]),
    );
    check_tools(&json!([{"type": "function", "name": "f", "description": "d", "parameters": schema}]));
    check_tools(&json!([{"name": "f", "description": "d", "input_schema": schema}]));
    check_tools(
        &json!([{"functionDeclarations": [{"name": "f", "description": "d", "parameters": schema}]}]),
    );
    check_tools(&json!([{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": schema}}}]));
    check_tools(&json!([
        "{\"name\": \"f\", \"description\": \"d\", \"inputSchema\": {\"type\": \"object\"}}"
    ]));
}

#[test]
fn tools_are_found_in_their_places() {
    let names = |attributes: Value| -> Vec<String> {
        read(&attributes).tools.into_iter().flatten().map(|tool| tool.name).collect()
    };
    let tool = json!({"name": "f"});
    assert_eq!(names(json!({"mlflow.chat.tools": json!([tool]).to_string()})), ["f"]);
    assert_eq!(
        names(json!({"gen_ai.tool.definitions": [tool, {"type": "web_search"}]})),
        ["f", "web_search"]
    );
    assert_eq!(names(json!({"llm.tools.0.tool.json_schema": "{\"name\": \"f\"}"})), ["f"]);
    let nested = json!({"type": "function", "function": {"name": "f"}}).to_string();
    assert_eq!(names(json!({"llm.tools.0.tool.json_schema": nested})), ["f"]);
    assert_eq!(names(json!({"ai.prompt.tools": ["{\"name\": \"f\"}"]})), ["f"]);
    assert_eq!(names(json!({"llm.invocation_parameters": json!({"tools": [tool]}).to_string()})), ["f"]);
    assert_eq!(names(json!({"llm.request.functions.0.name": "f"})), ["f"]);
    assert_eq!(names(json!({"input.value": {"toolConfig": {"tools": [{"toolSpec": tool}]}}})), ["f"]);
    assert_eq!(
        names(json!({"input.value": {"config": {"tools": [{"function_declarations": [tool]}]}}})),
        ["f"]
    );
    assert_eq!(names(json!({"input.value": {"tools": ["<FunctionTool object>"]}})), [""; 0]);
}

fn check_documents(outputs: Value, expected: &[(Option<&str>, &str, Option<f64>, Value)]) {
    let documents = read_as("RETRIEVER", json!("q"), outputs.clone()).documents;
    let expected: Vec<_> = expected
        .iter()
        .map(|(id, content, score, metadata)| Document {
            id: id.map(str::to_owned),
            content: (*content).to_owned(),
            score: *score,
            metadata: metadata.as_object().cloned().unwrap(),
        })
        .collect();
    assert_eq!(documents.unwrap_or_default(), expected, "{outputs}");
}

#[test]
fn documents_of_each_library_are_read() {
    let none = json!({});
    check_documents(
        json!([{"page_content": "x", "metadata": {"s": 1}, "id": "d"}]),
        &[(Some("d"), "x", None, json!({"s": 1}))],
    );
    check_documents(
        json!([{"lc": 1, "type": "constructor", "id": ["a", "Document"], "kwargs": {"page_content": "x", "metadata": {"s": 1}}}]),
        &[(None, "x", None, json!({"s": 1}))],
    );
    check_documents(json!([[{"page_content": "x"}, 0.5]]), &[(None, "x", Some(0.5), none.clone())]);
    check_documents(
        json!([{"node": {"id_": "n", "text": "x", "metadata": {"s": 1}}, "score": 0.5}]),
        &[(Some("n"), "x", Some(0.5), json!({"s": 1}))],
    );
    check_documents(
        json!({"documents": [{"id": "h", "content": "x", "score": 2, "meta": {"s": 1}, "blob": null}]}),
        &[(Some("h"), "x", Some(2.0), json!({"s": 1}))],
    );
    check_documents(
        json!({"retrievalResults": [{"content": {"text": "x"}, "score": 0.5, "metadata": {"s": 1}}]}),
        &[(None, "x", Some(0.5), json!({"s": 1}))],
    );
    check_documents(
        json!({"results": [{"index": 1, "relevance_score": 0.9, "document": {"text": "x"}}]}),
        &[(None, "x", Some(0.9), none.clone())],
    );
    check_documents(
        json!({"data": [{"file_id": "f", "score": 0.9, "content": [{"type": "text", "text": "x"}]}]}),
        &[(Some("f"), "x", Some(0.9), none.clone())],
    );
    check_documents(json!(["x", {"text": "y"}]), &[(None, "x", None, none.clone()), (None, "y", None, none)]);
    check_documents(json!([1, 2]), &[]);
    check_documents(json!(["<NodeWithScore(score=0.9)>"]), &[]);
    check_documents(json!({"answer": "x"}), &[]);
}

#[test]
fn documents_may_be_attributes() {
    let attributes = json!({
        "openinference.span.kind": "RETRIEVER",
        "output.value": "[\"<NodeWithScore>\"]",
        "retrieval.documents.0.document.content": "x",
        "retrieval.documents.0.document.score": 0.5,
        "retrieval.documents.0.document.metadata": "{\"s\": 1}",
        "retrieval.documents.1.document.content": "y",
        "retrieval.documents.1.document.id": "d",
    });
    let documents = read(&attributes).documents.unwrap();
    assert_eq!((documents[0].content.as_str(), documents[0].score), ("x", Some(0.5)));
    assert_eq!(Value::Object(documents[0].metadata.clone()), json!({"s": 1}));
    assert_eq!((documents[1].content.as_str(), documents[1].id.as_deref()), ("y", Some("d")));
    let outputs = read_as("CHAIN", json!(null), json!([{"page_content": "x"}]));
    assert_eq!(outputs.documents, None);
}

fn check_parameters(attributes: Value, expected: Value) {
    assert_eq!(Value::Object(read(&attributes).parameters), expected, "{attributes}");
}

#[test]
fn parameters_are_found_in_their_places() {
    check_parameters(
        json!({"gen_ai.request.temperature": 0.2, "gen_ai.request.model": "m", "gen_ai.request.stop_sequences": ["x"]}),
        json!({"temperature": 0.2, "stop_sequences": ["x"]}),
    );
    check_parameters(
        json!({"llm.invocation_parameters": "{\"model\": \"m\", \"maxTokens\": 5, \"custom\": 1}"}),
        json!({"max_tokens": 5, "custom": 1}),
    );
    check_parameters(
        json!({"llm.invocation_parameters": "{\"object\": \"response\", \"id\": \"r\", \"top_p\": 1}"}),
        json!({"top_p": 1}),
    );
    check_parameters(json!({"ai.settings.maxRetries": 2}), json!({"max_retries": 2}));
    check_parameters(
        json!({"input.value": {"messages": [], "temperature": 0, "top_p": null, "seed": 7, "city": "Paris",
            "response_format": {"type": "json_object"}}}),
        json!({"temperature": 0, "seed": 7, "response_format": {"type": "json_object"}}),
    );
    check_parameters(
        json!({"input.value": {"config": {"topK": 3, "maxOutputTokens": 9}, "inferenceConfig": {"topP": 0.5}}}),
        json!({"top_k": 3, "max_output_tokens": 9, "top_p": 0.5}),
    );
    check_parameters(
        json!({"mlflow.spanType": "LLM", "temperature": "0.5", "n": "null", "top_p": "\"<openai.Omit object at 0x7f>\""}),
        json!({"temperature": 0.5}),
    );
    check_parameters(
        json!({"gen_ai.request.temperature": 0.2, "input.value": {"temperature": 0.9}}),
        json!({"temperature": 0.2}),
    );
}

fn check_preview(attributes: Value, input: Option<&str>, output: Option<&str>) {
    let (own_input, own_output) = with_span(&attributes, &[], |span| {
        preview_texts(span, &[], &derive(span, &[], PriceTable::built_in()))
    });
    assert_eq!((own_input.as_deref(), own_output.as_deref()), (input, output), "{attributes}");
}

#[test]
fn short_texts_are_what_a_person_reads() {
    let span = |kind: &str, inputs: Value, outputs: Value| json!({"openinference.span.kind": kind, "input.value": inputs.to_string(), "output.value": outputs.to_string()});
    check_preview(
        span("TOOL", json!({"query": "refund policy", "limit": 3}), json!({"result": "22C"})),
        Some("query=\"refund policy\", limit=3"),
        Some("22C"),
    );
    check_preview(
        span("TOOL", json!({"kwargs": {"city": "Paris"}}), json!(null)),
        Some("city=\"Paris\""),
        None,
    );
    check_preview(
        span("TOOL", json!("plain"), json!({"a": 1, "b": 2})),
        Some("plain"),
        Some("{\"a\":1,\"b\":2}"),
    );
    check_preview(
        span(
            "LLM",
            json!({"messages": [{"role": "user", "content": "Q"}]}),
            json!({"choices": [{"message": {"role": "assistant", "content": "A"}}]}),
        ),
        Some("Q"),
        Some("A"),
    );
    check_preview(
        span("RETRIEVER", json!("q"), json!({"documents": [{"page_content": "x"}, {"page_content": "y"}]})),
        Some("q"),
        Some("x\ny"),
    );
    check_preview(json!({"a": 1}), None, None);
}

#[test]
fn arguments_of_any_function_are_those_of_a_call() {
    let inputs = json!({"args": ["x"], "sanitize": false, "kwargs": {"b": 2}});
    check_preview(
        json!({"openinference.span.kind": "TOOL", "input.value": inputs.to_string()}),
        Some("\"x\", b=2"),
        None,
    );
}

#[test]
fn short_texts_come_from_messages_where_the_body_has_none() {
    check_preview(
        json!({
            "openinference.span.kind": "LLM",
            "input.value": "{\"messages\": [\"ChatMessage(role='user')\"]}",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Q",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "f",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": "{\"a\": 1}",
        }),
        Some("Q"),
        Some("f({\"a\":1})"),
    );
    check_preview(
        json!({
            "ai.prompt": "{\"prompt\": \"Q\"}",
            "ai.response.toolCalls": "[{\"toolCallId\": \"c\", \"toolName\": \"f\", \"input\": \"{}\"}]",
        }),
        Some("Q"),
        Some("f({})"),
    );
    check_preview(json!({"ai.toolCall.args": "{\"city\": \"Paris\"}"}), Some("city=\"Paris\""), None);
    check_preview(
        json!({"mlflow.spanType": "LLM", "mlflow.spanInputs": "{\"messages\": [{\"type\": \"UserMessage\", \"content\": \"Q\"}, {\"type\": \"AssistantMessage\", \"content\": \"A\"}]}"}),
        Some("Q"),
        None,
    );
}

#[test]
fn short_texts_are_cut() {
    let long = |count: usize| "é".repeat(count);
    let attributes = |text: String| json!({"openinference.span.kind": "TOOL", "input.value": {"q": text}});
    let cut = |text: String| {
        with_span(&attributes(text), &[], |span| {
            preview_texts(span, &[], &derive(span, &[], PriceTable::built_in()))
        })
        .0
        .unwrap()
    };
    assert_eq!(cut(long(296)).chars().count(), 300);
    assert_eq!(cut(long(100_000)), format!("q=\"{}...", long(294)));
}
