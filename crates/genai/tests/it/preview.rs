//! MLflow's previews, as its server 3.17.2 answered them, and what a person reads.

use crate::fixture::with_span;
use serde_json::{Value, json};
use spanwise_genai::{PriceTable, derive, root_facts};
use spanwise_model::RootFacts;

fn facts(attributes: &Value) -> RootFacts {
    with_span(attributes, &[], |span| root_facts(span, &[], &derive(span, &[], PriceTable::built_in())))
}

fn body(inputs: &Value, outputs: &Value) -> RootFacts {
    facts(&json!({"mlflow.spanInputs": inputs, "mlflow.spanOutputs": outputs}))
}

/// Checks both previews; `None` stands for the JSON text.
fn check(inputs: Value, outputs: Value, request: Option<&str>, response: Option<&str>) {
    let facts = body(&inputs, &outputs);
    let own = |value: &Value| {
        let mut text = String::new();
        spanwise_otlp::pyjson::write_value(value, &mut text);
        text
    };
    assert_eq!(facts.request_preview, Some(request.map_or_else(|| own(&inputs), str::to_owned)));
    assert_eq!(facts.response_preview, Some(response.map_or_else(|| own(&outputs), str::to_owned)));
}

fn check_reading(inputs: Value, outputs: Value, input_text: &str, output_text: &str) {
    let facts = body(&inputs, &outputs);
    assert_eq!(facts.input_text.as_deref(), Some(input_text));
    assert_eq!(facts.output_text.as_deref(), Some(output_text));
}

fn user(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn assistant(content: Value) -> Value {
    json!({"messages": [{"role": "assistant", "content": content}]})
}

#[test]
fn the_last_message_of_the_role_is_previewed() {
    check(
        json!({"messages": [{"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A"}]}),
        json!({"messages": [{"role": "assistant", "content": "A1"}, {"role": "tool", "content": "t"}]}),
        Some("Q1"),
        Some("A1"),
    );
    check(assistant(json!("only")), user(json!("only-u")), Some("only"), Some("only-u"));
    check(
        json!({"messages": [{"role": "USER", "content": "up"}, {"role": "x", "content": "l"}]}),
        json!({"messages": [{"role": null, "content": "n"}]}),
        Some("l"),
        Some("n"),
    );
    check(
        json!({"messages": ["a", {"role": "user", "content": "C"}, 5]}),
        json!({"messages": [{"a": 1}]}),
        Some("C"),
        None,
    );
}

#[test]
fn messages_are_found_in_their_places() {
    let list = |role: &str| json!([{"role": role, "content": "C"}]);
    check(json!({"input": list("user")}), json!({"output": list("assistant")}), Some("C"), Some("C"));
    check(
        json!({"request": {"input": list("user")}}),
        json!({"request": {"request": {"choices": [{"message": {"role": "assistant", "content": "RC"}}]}}}),
        Some("C"),
        Some("RC"),
    );
    check(
        json!({"messages": "x", "input": list("user")}),
        json!({"messages": [], "choices": [{"text": "x"}], "output": list("assistant")}),
        Some("C"),
        Some("C"),
    );
    check(list("user"), json!({"messages": [list("assistant")]}), None, None);
    check(
        json!({"request": "{\"messages\": []}"}),
        json!({"choices": [{"message": {"content": "x"}}]}),
        None,
        None,
    );
}

#[test]
fn contents_may_be_parts() {
    check(
        user(json!([{"type": "image_url"}, {"type": "text", "text": "T"}])),
        json!({"output": [{"role": "assistant", "content": [{"type": "output_text", "text": "OT"}]}]}),
        Some("T"),
        Some("OT"),
    );
    check(
        user(json!([{"type": "image"}, "S1", "S2"])),
        assistant(json!([{"type": "thinking"}, {"type": "text", "text": "2"}])),
        Some("S1"),
        Some("2"),
    );
    check(
        user(json!([{"type": "input_text", "text": "x"}])),
        assistant(json!([{"type": "text"}, {"type": "text", "text": "2"}])),
        None,
        None,
    );
    check(
        user(json!([{"type": "text", "text": ""}, {"type": "text", "text": "2"}])),
        assistant(json!("")),
        None,
        None,
    );
    check(user(json!({"a": 1})), assistant(json!(5)), None, None);
    check(user(json!("  \n")), assistant(json!(null)), Some("  \n"), None);
}

#[test]
fn other_bodies_are_previewed_as_json() {
    check(json!("hi"), json!(""), Some("\"hi\""), Some("\"\""));
    check(json!({}), json!([]), None, None);
    check(json!(5), json!(1.5), None, None);
    check(json!(null), json!({"a": 1e300}), Some("null"), Some("{\"a\": 1e+300}"));
    // The text of a string attribute is kept as it came.
    let facts = facts(&json!({"output.value": " [1,2] "}));
    assert_eq!((facts.request_preview, facts.response_preview.as_deref()), (None, Some(" [1,2] ")));
}

#[test]
fn long_previews_are_cut_to_1000_characters() {
    let cut = |text: &str| Some(text.chars().take(997).collect::<String>() + "...");
    let preview = |text: String| body(&json!(text), &json!(null)).request_preview;
    assert_eq!(preview("x".repeat(998)).map(|text| text.len()), Some(1_000));
    assert_eq!(preview("é".repeat(999)), cut(&format!("\"{}", "é".repeat(999))));
    assert_eq!(preview("\n".repeat(5_000)), cut(&format!("\"{}", "\\n".repeat(5_000))));
    assert_eq!(body(&user(json!("z".repeat(1_000))), &json!(null)).request_preview, Some("z".repeat(1_000)));
    assert_eq!(body(&user(json!("z".repeat(1_001))), &json!(null)).request_preview, cut(&"z".repeat(1_001)));
}

#[test]
fn a_person_reads_the_question_and_the_answer() {
    check_reading(json!("hi"), json!({"answer": "HELLO"}), "hi", "HELLO");
    check_reading(json!({"question": "Why?", "k": 5}), json!({"whatever": "Because"}), "Why?", "Because");
    check_reading(
        user(json!("Q")),
        json!({"choices": [{"message": {"role": "assistant", "content": "A"}}]}),
        "Q",
        "A",
    );
    check_reading(
        json!("{\"messages\":[{\"role\":\"user\",\"content\":\"Q\"}]}"),
        json!("\"quoted\""),
        "Q",
        "quoted",
    );
    check_reading(
        user(json!([{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}])),
        json!([{"role": "assistant", "parts": [{"type": "text", "content": "A"}]}]),
        "a\nb",
        "A",
    );
}

#[test]
fn bodies_of_many_libraries_are_read() {
    let gemini_in = json!({"contents": [{"role": "user", "parts": [{"text": "Q"}]}]});
    let gemini_out = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "A"}]}, "index": 0}], "usage": {}});
    check_reading(gemini_in, gemini_out, "Q", "A");
    let chain_in = json!({"messages": [[{"lc": 1, "type": "human", "content": "Q"}]]});
    let chain_out = json!({"generations": [[{"text": "A", "message": {"type": "ai", "content": "A"}}]], "llm_output": {}});
    check_reading(chain_in, chain_out, "Q", "A");
    let constructed =
        json!({"lc": 1, "type": "constructor", "id": ["x"], "kwargs": {"content": "Q", "type": "human"}});
    let wrapped = json!({"messages": [{"type": "human", "data": {"content": "Q", "type": "human"}}, {"type": "ai", "data": {"content": "A", "type": "ai"}}]});
    check_reading(json!({"messages": [[constructed]]}), wrapped, "Q", "A");
    let blocks =
        json!({"message": {"role": "assistant", "blocks": [{"block_type": "text", "text": "A"}]}, "raw": {}});
    check_reading(json!({"messages": [["user", "Q"]]}), blocks, "Q", "A");
    let claude = json!({"id": "1", "type": "message", "role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A"}]});
    check_reading(json!({"args": [], "kwargs": {"q": "Q"}}), claude, "Q", "A");
    let responses = json!({"object": "response", "output": [{"type": "reasoning"}, {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "A"}]}]});
    check_reading(json!({"input": "Q", "model": "m"}), responses, "Q", "A");
}

#[test]
fn tool_calls_are_read_where_there_is_no_text() {
    let call = json!({"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Paris\"}"}});
    let openai =
        json!({"choices": [{"message": {"role": "assistant", "content": null, "tool_calls": [call]}}]});
    let claude = json!({"role": "assistant", "content": [{"type": "tool_use", "name": "weather", "input": {"city": "Paris"}}]});
    let responses =
        json!({"output": [{"type": "reasoning"}, {"type": "function_call", "name": "f", "arguments": "{}"}]});
    check_reading(json!(["a"]), responses, "a", "f({})");
    check_reading(openai, claude, "weather({\"city\": \"Paris\"})", "weather({\"city\": \"Paris\"})");
}

#[test]
fn the_rest_is_read_as_json() {
    check_reading(json!({"x": 1, "y": 2}), json!([1, 2]), "{\"x\": 1, \"y\": 2}", "[1, 2]");
    check_reading(json!({"n": 5}), json!(true), "{\"n\": 5}", "true");
    let facts = body(&json!({}), &json!("null"));
    assert_eq!((facts.input_text, facts.output_text), (None, None));
}

#[test]
fn tags_and_name_come_from_trace_tag_attributes() {
    let facts = facts(&json!({
        "mlflow.traceTag.mlflow.traceName": "N",
        "mlflow.traceTag.j": "{\"a\":1}",
        "mlflow.traceTag.n": [5, "x"],
        "mlflow.traceTag.": "no key",
        "other": "x",
    }));
    assert_eq!(facts.trace_name.as_deref(), Some("N"));
    let tags =
        [("j", "{\"a\":1}"), ("n", "[5, \"x\"]")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(facts.tags, tags);
    assert_eq!(facts.metadata, []);
}

#[test]
fn metadata_comes_from_attributes_but_for_what_has_a_field() {
    let prefixed = |key: &str| format!("spanwise.trace.metadata.{key}");
    let facts = facts(&json!({
        (prefixed("release")): "1.4",
        (prefixed("n")): 5,
        (prefixed("")): "no key",
        (prefixed(&"k".repeat(251))): "a key that is too long",
        (prefixed("mlflow.trace.session")): "has a field",
        (prefixed("mlflow.trace.user")): "has a field",
        (prefixed("mlflow.trace.tokenUsage")): "has a field",
        (prefixed("mlflow.modelId")): "m-1",
    }));
    let metadata = [("release", "1.4"), ("n", "5"), ("mlflow.modelId", "m-1")];
    let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(facts.metadata, metadata);
    assert_eq!(facts.tags, []);
}
