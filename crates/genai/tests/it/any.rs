//! Whatever a span says, reading it ends, and gives what was sent.

use crate::fixture::with_span;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use spanwise_genai::{PriceTable, derive, derive_without_bodies, preview_texts, read_content, root_facts};

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

/// Attributes that decide how others are read, or are put together with others.
const ATTRIBUTES: [&str; 40] = [
    "ai.operationId",
    "ai.prompt.tools",
    "ai.prompt.messages",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.embedding",
    "span.type",
    "full_command",
    "new_context",
    "input_tokens",
    "cache_read_tokens",
    "gen_ai.agent.name",
    "gen_ai.operation.name",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.prompt",
    "gen_ai.prompt.0.role",
    "gen_ai.prompt.0.content",
    "gen_ai.prompt.7.tool_calls.0.arguments",
    "gen_ai.prompt.name",
    "gen_ai.completion.0.content",
    "gen_ai.completion.99999999999.content",
    "llm.input_messages.1.message.contents.0.message_content.text",
    "llm.output_messages.x.message.role",
    "embedding.embeddings.0.embedding.vector",
    "events",
    "all_messages_events",
    "pydantic_ai.all_messages",
    "logfire.msg",
    "lk.chat_ctx",
    "message",
    "recipient_agent_class",
    "haystack.component.type",
    "haystack.component.output",
    "langfuse.observation.usage_details",
    "langfuse.observation.cost_details",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.usage.cost",
];

/// Values that mark a dialect, and what a number or duration may be.
const VALUES: [&str; 10] = [
    "ai.generateText.doGenerate",
    "llm_request",
    "tool",
    "gemini-cli",
    "llm_call",
    "embeddings",
    "OpenAIChatGenerator",
    "1e300",
    "-1",
    "[\"stop\", 1]",
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
        let derived = derive(span, &[], PriceTable::built_in());
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
    fn any_attributes_are_read(
        attributes in proptest::collection::vec(
            (
                proptest::sample::select(&ATTRIBUTES[..]),
                prop_oneof![
                    proptest::sample::select(&VALUES[..]).prop_map(Value::from),
                    any_json(),
                    any_json().prop_map(|value| value.to_string().into()),
                ],
            ),
            0..12,
        ),
        event in any_json(),
    ) {
        let attributes: Map<_, _> =
            attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let events = [
            ("gen_ai.choice", json!({"message": event, "tool.result": event})),
            ("gen_ai.user.message", json!({"gen_ai.event.content": event.to_string()})),
            ("tool.output", json!({"output": event})),
        ];
        with_span(&attributes.into(), &events, |span| {
            let derived = derive(span, &[], PriceTable::built_in());
            read_content(span, &[], &derived);
            preview_texts(span, &[], &derived);
            root_facts(span, &[], &derived);
            let columns = derive_without_bodies(span, PriceTable::built_in());
            assert_eq!((columns.span_type(), columns.usage), (derived.span_type(), derived.usage));
            assert_eq!((&columns.model, &columns.session), (&derived.model, &derived.session));
        });
    }

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
            let derived = derive(span, &[], PriceTable::built_in());
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
                let derived = derive(span, &[], PriceTable::built_in());
                assert!(read_content(span, &[], &derived).inputs.is_some());
                preview_texts(span, &[], &derived);
            });
        }
    }
}
