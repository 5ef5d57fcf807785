//! Which attribute wins, and what is made of it. Expectations marked “MLflow” are what its server 3.17.2 answered.

use crate::fixture::with_span;
use crate::render::{dict, plain_dict_attributes};
use serde_json::{Value, json};
use spanwise_genai::{PriceTable, UNKNOWN_TYPE, derive};
use spanwise_model::TokenUsage;

/// Checks the `mlflow.*` attributes of a span with these attributes.
fn check(attributes: Value, expected: Value) {
    with_span(&attributes, &[], |span| {
        let mut found = plain_dict_attributes(&dict(span, "tr-1"));
        found.retain(|key, _| key.starts_with("mlflow.") && key != "mlflow.traceRequestId");
        assert_eq!(Value::from(found), expected, "{attributes}");
    });
}

fn check_type(attributes: Value, expected: &str) {
    with_span(&attributes, &[], |span| {
        assert_eq!(derive(span, &[], PriceTable::built_in()).span_type(), expected, "{attributes}")
    });
}

/// Checks session and user.
fn check_people(attributes: Value, expected: (Option<&str>, Option<&str>)) {
    with_span(&attributes, &[], |span| {
        let derived = derive(span, &[], PriceTable::built_in());
        assert_eq!((derived.session.as_deref(), derived.user.as_deref()), expected, "{attributes}");
    });
}

#[test]
fn the_first_dialect_that_knows_the_type_tells_it() {
    check_type(json!({"mlflow.spanType": "UNKNOWN", "openinference.span.kind": "TOOL"}), "TOOL");
    check_type(json!({"mlflow.spanType": null, "openinference.span.kind": "TOOL"}), "TOOL");
    check_type(json!({"mlflow.spanType": "null", "openinference.span.kind": "TOOL"}), "TOOL");
    check_type(json!({"mlflow.spanType": "custom", "openinference.span.kind": "TOOL"}), "custom");
    // LiteLLM writes kinds in lower case, of which MLflow makes nothing.
    check_type(json!({"openinference.span.kind": "tool"}), "TOOL");
    check_type(json!({"openinference.span.kind": "zzz", "gen_ai.operation.name": "chat"}), "CHAT_MODEL");
    // MLflow leaves it at UNKNOWN.
    check_type(json!({"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "chat"}), "CHAT_MODEL");
    check_type(json!({"openinference.span.kind": "UNKNOWN", "gen_ai.operation.name": "zzz"}), UNKNOWN_TYPE);
    check_type(json!({"openinference.span.kind": "\"LLM\""}), "LLM");
    check_type(json!({"gen_ai.request.model": "m"}), "LLM");
    check_type(json!({"gen_ai.request.model": "m", "gen_ai.operation.name": "execute_tool"}), "TOOL");
    check_type(json!({"http.method": "GET"}), UNKNOWN_TYPE);
}

#[test]
fn a_better_type_takes_the_place_of_unknown() {
    check(
        json!({"mlflow.spanType": "UNKNOWN", "openinference.span.kind": "TOOL"}),
        json!({"mlflow.spanType": "TOOL"}),
    );
    check(json!({"mlflow.spanType": "UNKNOWN"}), json!({"mlflow.spanType": "UNKNOWN"}));
    check(json!({"openinference.span.kind": "UNKNOWN"}), json!({"mlflow.spanType": "UNKNOWN"}));
    check(json!({}), json!({}));
}

#[test]
fn each_target_is_resolved_on_its_own() {
    check(
        json!({
            "gen_ai.operation.name": "chat",
            "openinference.span.kind": "CHAIN",
            "gen_ai.output.messages": "[2]",
            "input.value": "oi",
            "gen_ai.input.messages": "[1]",
            "gen_ai.request.model": "fake",
            "gen_ai.response.model": "fake-2",
            "gen_ai.tool.definitions": "[3]",
        }),
        json!({
            "mlflow.spanType": "CHAIN",
            "mlflow.spanInputs": "oi",
            "mlflow.spanOutputs": [2],
            "mlflow.chat.tools": [3],
            "mlflow.llm.model": "fake-2",
        }),
    );
}

#[test]
fn empty_values_are_passed_over_unless_mlflow_said_them() {
    check(json!({"input.value": "", "gen_ai.input.messages": "[1]"}), json!({"mlflow.spanInputs": [1]}));
    check(json!({"input.value": "{}", "output.value": 0}), json!({}));
    check(
        json!({"input.value": "0", "output.value": "null"}),
        json!({"mlflow.spanInputs": "0", "mlflow.spanOutputs": "null"}),
    );
    check(
        json!({"input.value": 1, "output.value": true}),
        json!({"mlflow.spanInputs": 1, "mlflow.spanOutputs": true}),
    );
    check(json!({"mlflow.spanInputs": "", "input.value": "zz"}), json!({"mlflow.spanInputs": ""}));
    check(json!({"mlflow.spanInputs": null, "input.value": "zz"}), json!({"mlflow.spanInputs": null}));
}

#[test]
fn tokens_come_from_one_dialect() {
    let usage =
        |attributes: Value, expected: Value| check(attributes, json!({"mlflow.chat.tokenUsage": expected}));
    usage(
        json!({"llm.token_count.completion": "3", "llm.token_count.prompt": 12.0}),
        json!({"input_tokens": 12, "output_tokens": 3, "total_tokens": 15}),
    );
    usage(json!({"llm.token_count.prompt": 0, "gen_ai.usage.input_tokens": 5}), json!({"input_tokens": 0}));
    usage(json!({"llm.token_count.total": 7}), json!({"total_tokens": 7}));
    // Cache counts alone do not make a dialect the one; unreadable counts neither.
    usage(
        json!({"llm.token_count.prompt_details.cache_read": 3, "gen_ai.usage.input_tokens": 5}),
        json!({"input_tokens": 5}),
    );
    usage(
        json!({"llm.token_count.prompt": "abc", "gen_ai.usage.input_tokens": 5}),
        json!({"input_tokens": 5}),
    );
    usage(
        json!({
            "gen_ai.usage.cache_creation.input_tokens": 4,
            "gen_ai.usage.cache_write.input_tokens": 0,
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.output_tokens": 1,
        }),
        json!({"input_tokens": 10, "output_tokens": 1, "total_tokens": 11, "cache_creation_input_tokens": 0}),
    );
    check(json!({"llm.token_count.prompt": -5, "llm.token_count.completion": true}), json!({}));
}

#[test]
fn mlflows_own_usage_may_be_a_map_or_its_text() {
    let expected = TokenUsage { input: 3, output: 4, total: 9, cache_read: Some(2), ..TokenUsage::default() };
    let map =
        json!({"input_tokens": 3, "output_tokens": "4", "total_tokens": 9.0, "cache_read_input_tokens": 2});
    for value in [map.clone(), json!(map.to_string())] {
        let attributes = json!({"mlflow.chat.tokenUsage": value, "llm.token_count.prompt": 100});
        with_span(&attributes, &[], |span| {
            assert_eq!(derive(span, &[], PriceTable::built_in()).usage, Some(expected))
        });
    }
}

#[test]
fn a_missing_model_is_read_from_the_bodies() {
    let input = json!({"input.value": "{\"model\": \"fake\"}", "output.value": "{\"model\": \"other\"}"});
    let expected = json!({
        "mlflow.spanInputs": {"model": "fake"},
        "mlflow.spanOutputs": {"model": "other"},
        "mlflow.llm.model": "fake",
    });
    check(input, expected);
    let native = json!({"mlflow.spanOutputs": {"model": "fake"}});
    check(native, json!({"mlflow.spanOutputs": {"model": "fake"}, "mlflow.llm.model": "fake"}));
    let nested = json!({"input.value": "{\"a\": {\"model\": \"fake\"}}"});
    check(nested, json!({"mlflow.spanInputs": {"a": {"model": "fake"}}}));
}

#[test]
fn cost_is_reported_or_priced() {
    let tokens = json!({"input_tokens": 4, "output_tokens": 4, "total_tokens": 8});
    check(
        json!({"llm.provider": "OpenAI", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 4, "llm.token_count.completion": 4}),
        json!({
            "mlflow.chat.tokenUsage": tokens,
            "mlflow.llm.model": "gpt-4o",
            "mlflow.llm.provider": "OpenAI",
            "mlflow.llm.cost": {"input_cost": 1e-05, "output_cost": 4e-05, "total_cost": 5e-05},
        }),
    );
    let reported = json!({"input_cost": 1.0, "output_cost": 2.0, "total_cost": 3.0});
    let own =
        json!({"mlflow.llm.cost": reported, "mlflow.llm.model": "gpt-4o", "mlflow.chat.tokenUsage": tokens});
    with_span(&own, &[], |span| {
        assert_eq!(derive(span, &[], PriceTable::built_in()).cost.map(|cost| cost.total), Some(3.0))
    });
    check(own.clone(), own);
}

#[test]
fn sessions_and_users_are_named() {
    check_people(
        json!({"gen_ai.conversation.id": "b", "session.id": "a", "user.id": 5}),
        (Some("a"), Some("5")),
    );
    check_people(json!({"gen_ai.conversation.id": "b"}), (Some("b"), None));
    check_people(json!({"session.id": "{\"a\":1}", "user.id": "\"q\""}), (Some("{\"a\":1}"), Some("q")));
    // MLflow has no session here, because the empty id comes first.
    check_people(json!({"session.id": "", "gen_ai.conversation.id": "b"}), (Some("b"), None));
}

#[test]
fn of_equal_keys_the_last_one_counts() {
    let twice = ["first", "last"].map(|user| json!({"key": "user.id", "value": {"stringValue": user}}));
    let span = json!({"traceId": "01".repeat(16), "spanId": "01".repeat(8), "attributes": twice});
    let request = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let body = spanwise_otlp::json::transcode_traces(request.to_string().as_bytes()).unwrap().body;
    crate::fixture::each_span(&body, |span| {
        assert_eq!(derive(span, &[], PriceTable::built_in()).user.as_deref(), Some("last"))
    });
}

#[test]
fn a_scope_gives_a_dialect_away_as_a_mark_does() {
    let attributes = json!({"text": "Hi", "transcript": "Hello"});
    with_span(&attributes, &[], |span| {
        assert!(
            derive(span, &[], PriceTable::built_in()).inputs.is_none(),
            "common words say nothing by themselves"
        );
        let derived = derive(&span.in_scope("pipecat.services"), &[], PriceTable::built_in());
        assert!(derived.inputs.is_some() && derived.outputs.is_some());
    });
}
