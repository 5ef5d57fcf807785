//! Whatever a span says, reading it ends, and gives what was sent.

use crate::fixture::with_span;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use spanwise_genai::{derive, preview_texts, read_content};

/// Keys that some reader looks for.
const KEYS: [&str; 44] = [
    "messages",
    "role",
    "content",
    "contents",
    "parts",
    "type",
    "text",
    "input",
    "output",
    "choices",
    "message",
    "candidates",
    "generations",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "kwargs",
    "data",
    "lc",
    "part_kind",
    "image_url",
    "url",
    "source",
    "thinking",
    "summary",
    "functionCall",
    "toolUse",
    "toolResult",
    "system",
    "instructions",
    "chat_history",
    "body",
    "tools",
    "parameters",
    "documents",
    "page_content",
    "score",
    "metadata",
    "node",
    "finish_reason",
    "args",
    "config",
];

/// Texts that some reader knows.
const TEXTS: [&str; 24] = [
    "user",
    "assistant",
    "system",
    "tool",
    "human",
    "ai",
    "text",
    "image",
    "image_url",
    "tool_use",
    "tool_result",
    "function_call",
    "function_call_output",
    "reasoning",
    "message",
    "user-prompt",
    "tool-return",
    "blob",
    "constructor",
    "data:image/png;base64,AA",
    "[{\"type\": \"text\", \"text\": \"x\"}]",
    "{\"a\": 1}",
    "",
    "<x object>",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(&TEXTS[..]).prop_map(Value::from),
        1 => ".{0,8}".prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(7, 96, 6, |inner| {
        let entry = (proptest::sample::select(&KEYS[..]), inner.clone());
        let map = proptest::collection::vec(entry, 0..6).prop_map(|entries| {
            entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
        });
        let list = proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from);
        let text = inner.prop_map(|value| value.to_string().into());
        prop_oneof![5 => map, 3 => list, 1 => text]
    })
}

/// Reads a span and compares its bodies with those sent.
fn read_back(span_type: &str, inputs: &Value, outputs: &Value) {
    let attributes = json!({
        "mlflow.spanType": span_type,
        "mlflow.spanInputs": inputs.to_string(),
        "output.value": outputs,
        "gen_ai.input.messages": outputs.to_string(),
        "llm.output_messages.0.message.content": inputs,
        "llm.tools.0.tool": inputs.to_string(),
    });
    with_span(&attributes, &[], |span| {
        let derived = derive(span, &[]);
        let content = read_content(span, &[], &derived);
        if inputs.is_object() {
            assert_eq!(content.inputs.as_ref(), Some(inputs));
        }
        let (input, output) = preview_texts(span, &[], &derived);
        for text in [input, output].into_iter().flatten() {
            assert!(text.chars().count() <= 300, "{text}");
        }
    });
}

proptest! {
    #[test]
    fn any_json_is_read(
        inputs in any_json(),
        outputs in any_json(),
        span_type in proptest::sample::select(&["LLM", "CHAIN", "TOOL", "RETRIEVER"][..]),
    ) {
        read_back(span_type, &inputs, &outputs);
    }

    #[test]
    fn any_text_is_read(text in "[\\[\\]{}\":, a-z0-9\\\\]{0,60}") {
        let attributes = json!({"openinference.span.kind": "LLM", "input.value": text, "output.value": text});
        with_span(&attributes, &[], |span| {
            let derived = derive(span, &[]);
            read_content(span, &[], &derived);
            preview_texts(span, &[], &derived);
        });
    }
}

#[test]
fn deep_bodies_are_read() {
    for (open, close) in [("[", "]"), ("{\"messages\":", "}"), ("{\"input\":", "}"), ("{\"function\":", "}")]
    {
        for depth in [90, 500, 100_000] {
            let text = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
            let attributes = json!({"openinference.span.kind": "LLM", "input.value": text});
            with_span(&attributes, &[], |span| {
                let derived = derive(span, &[]);
                assert!(read_content(span, &[], &derived).inputs.is_some());
                preview_texts(span, &[], &derived);
            });
        }
    }
}
