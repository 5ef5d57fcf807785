//! The translations that MLflow's server makes at ingestion: for each convention the `mlflow.*` attributes that its
//! client then reads.

use crate::fixture::with_span;
use crate::render::{dict, plain_dict_attributes};
use serde_json::{Value, json};

fn check(attributes: Value, expected: Value) {
    check_with_events(attributes, &[], expected);
}

fn check_with_events(attributes: Value, events: &[(&str, Value)], expected: Value) {
    with_span(&attributes, events, |span| {
        let mut found = plain_dict_attributes(&dict(span, "tr-1"));
        found.retain(|key, _| key.starts_with("mlflow.") && key != "mlflow.traceRequestId");
        assert_eq!(Value::from(found), expected, "{attributes}");
    });
}

/// Checks what each value of the key that tells the type becomes.
fn check_types(key: &str, types: &[(&str, &str)]) {
    for (value, expected) in types {
        with_span(&json!({key: value}), &[], |span| {
            let found = plain_dict_attributes(&dict(span, "tr-1"));
            assert_eq!(found["mlflow.spanType"], *expected, "{key}: {value}");
        });
    }
}

#[test]
fn openinference() {
    for kind in
        ["TOOL", "CHAIN", "LLM", "RETRIEVER", "EMBEDDING", "AGENT", "RERANKER", "GUARDRAIL", "EVALUATOR"]
    {
        check_types("openinference.span.kind", &[(kind, kind)]);
    }
    check(
        json!({
            "openinference.span.kind": "LLM", "input.value": "{\"q\": 1}", "output.value": "a",
            "llm.token_count.prompt": 3, "llm.token_count.completion": "4", "llm.token_count.total": 8,
            "llm.token_count.prompt_details.cache_read": 1, "llm.token_count.prompt_details.cache_write": 2,
            "llm.model_name": "m", "llm.provider": "p",
        }),
        json!({
            "mlflow.spanType": "LLM", "mlflow.spanInputs": {"q": 1}, "mlflow.spanOutputs": "a",
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 8,
                "cache_read_input_tokens": 1, "cache_creation_input_tokens": 2},
            "mlflow.llm.model": "m", "mlflow.llm.provider": "p",
        }),
    );
}

#[test]
fn otel_genai() {
    check_types(
        "gen_ai.operation.name",
        &[
            ("chat", "CHAT_MODEL"),
            ("create_agent", "AGENT"),
            ("invoke_agent", "AGENT"),
            ("embeddings", "EMBEDDING"),
            ("execute_tool", "TOOL"),
            ("generate_content", "LLM"),
            ("text_completion", "LLM"),
            ("response", "LLM"),
        ],
    );
    check(
        json!({
            "gen_ai.operation.name": "execute_tool", "gen_ai.tool.call.arguments": "{\"a\": 1}",
            "gen_ai.tool.call.result": "r", "gen_ai.tool.definitions": "[{\"name\": \"f\"}]",
        }),
        json!({
            "mlflow.spanType": "TOOL", "mlflow.spanInputs": {"a": 1}, "mlflow.spanOutputs": "r",
            "mlflow.chat.tools": [{"name": "f"}],
        }),
    );
    check(
        json!({
            "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4, "gen_ai.usage.cache_read.input_tokens": 1,
            "gen_ai.usage.cache_creation.input_tokens": 2, "gen_ai.response.model": "m2",
            "gen_ai.request.model": "m1", "gen_ai.provider.name": "p",
        }),
        json!({
            "mlflow.spanType": "LLM",
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7,
                "cache_read_input_tokens": 1, "cache_creation_input_tokens": 2},
            "mlflow.llm.model": "m2", "mlflow.llm.provider": "p",
        }),
    );
}

#[test]
fn gemini_cli() {
    let cli = |operation: &str, input: Value, output: Value| {
        json!({
            "gen_ai.agent.name": "gemini-cli", "gen_ai.operation.name": operation,
            "gen_ai.input.messages": input.to_string(), "gen_ai.output.messages": output.to_string(),
        })
    };
    let contents = json!([{"role": "user", "parts": [{"text": "q"}]}]);
    let answer = json!([{"parts": [{"text": "a"}]}, {"parts": [{"text": "b"}]}]);
    check(
        cli("llm_call", contents.clone(), answer),
        json!({
            "mlflow.spanType": "LLM", "mlflow.message.format": "gemini", "mlflow.spanInputs": {"contents": contents},
            "mlflow.spanOutputs":
                {"candidates": [{"content": {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]}}]},
        }),
    );
    check(
        cli("tool_call", json!({"path": "x"}), json!({"result": "y"})),
        json!({
            "mlflow.spanType": "TOOL", "mlflow.message.format": "gemini", "mlflow.spanInputs": {"path": "x"},
            "mlflow.spanOutputs": {"result": "y"},
        }),
    );
    // Another's span is read as the convention says.
    check(
        json!({"gen_ai.agent.name": "x", "gen_ai.operation.name": "llm_call", "gen_ai.input.messages": "[{}]"}),
        json!({"mlflow.spanInputs": [{}]}),
    );
}

#[test]
fn claude_code() {
    check_types(
        "span.type",
        &[
            ("interaction", "AGENT"),
            ("llm_request", "LLM"),
            ("tool", "TOOL"),
            ("claude_code.interaction", "AGENT"),
            ("claude_code.llm_request", "LLM"),
            ("claude_code.tool", "TOOL"),
        ],
    );
    check(
        json!({"span.type": "interaction", "user_prompt": "<REDACTED>", "new_context": "c", "input_tokens": 5}),
        json!({"mlflow.spanType": "AGENT", "mlflow.spanInputs": "c"}),
    );
    check(
        json!({
            "span.type": "llm_request", "new_context": "q", "response.model_output": "a", "input_tokens": 5,
            "output_tokens": 7, "cache_read_tokens": 10, "cache_creation_tokens": 20,
        }),
        json!({
            "mlflow.spanType": "LLM", "mlflow.spanInputs": "q", "mlflow.spanOutputs": "a",
            "mlflow.chat.tokenUsage": {"input_tokens": 35, "output_tokens": 7, "total_tokens": 42,
                "cache_read_input_tokens": 10, "cache_creation_input_tokens": 20},
        }),
    );
    check_with_events(
        json!({"span.type": "tool", "full_command": "ls", "file_path": "<REDACTED>", "skill_name": "s"}),
        &[("tool.output", json!({"content": "a.txt"}))],
        json!({
            "mlflow.spanType": "TOOL", "mlflow.spanInputs": {"full_command": "ls", "skill_name": "s"},
            "mlflow.spanOutputs": "a.txt",
        }),
    );
}

#[test]
fn spring_ai() {
    check_with_events(
        json!({"gen_ai.operation.name": "chat"}),
        &[
            ("gen_ai.content.prompt", json!({"gen_ai.prompt": "q"})),
            ("gen_ai.content.completion", json!({"gen_ai.completion": "a"})),
        ],
        json!({"mlflow.spanType": "CHAT_MODEL", "mlflow.spanInputs": "q", "mlflow.spanOutputs": "a"}),
    );
}

#[test]
fn traceloop() {
    check_types(
        "traceloop.span.kind",
        &[
            ("workflow", "WORKFLOW"),
            ("task", "TASK"),
            ("agent", "AGENT"),
            ("tool", "TOOL"),
            ("unknown", "UNKNOWN"),
        ],
    );
    check(
        json!({
            "gen_ai.system": "p", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "q",
            "gen_ai.prompt.1.content": "r", "gen_ai.completion.0.content": "a",
            "gen_ai.usage.prompt_tokens": 3, "gen_ai.usage.completion_tokens": 4,
        }),
        json!({
            "mlflow.spanInputs": "q", "mlflow.spanOutputs": "a", "mlflow.llm.provider": "p",
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        }),
    );
    check(
        json!({"traceloop.entity.input": "{\"a\": 1}", "traceloop.entity.output": "b", "gen_ai.prompt.0.content": "q"}),
        json!({"mlflow.spanInputs": {"a": 1}, "mlflow.spanOutputs": "b"}),
    );
}

#[test]
fn google_adk() {
    check(
        json!({"gcp.vertex.agent.llm_request": "{\"a\": 1}", "gcp.vertex.agent.llm_response": "{\"b\": 1}"}),
        json!({"mlflow.spanInputs": {"a": 1}, "mlflow.spanOutputs": {"b": 1}}),
    );
    check(
        json!({
            "gcp.vertex.agent.llm_request": "{}", "gcp.vertex.agent.tool_call_args": "{\"a\": 1}",
            "gcp.vertex.agent.tool_response": "{\"b\": 1}",
        }),
        json!({"mlflow.spanInputs": {"a": 1}, "mlflow.spanOutputs": {"b": 1}}),
    );
}

#[test]
fn vercel() {
    for (operation, span_type) in [
        ("ai.generateText", "LLM"),
        ("ai.streamText", "LLM"),
        ("ai.generateObject", "LLM"),
        ("ai.streamObject", "LLM"),
        ("ai.streamObject.doStream", "LLM"),
        ("ai.toolCall", "TOOL"),
        ("ai.embed", "EMBEDDING"),
        ("ai.embed.doEmbed", "EMBEDDING"),
        ("ai.embedMany", "EMBEDDING"),
    ] {
        check_types("ai.operationId", &[(operation, span_type)]);
    }
    check(
        json!({"ai.operationId": "ai.generateText", "ai.prompt": "{\"prompt\": \"q\"}", "ai.response.text": "a"}),
        json!({"mlflow.spanType": "LLM", "mlflow.spanInputs": {"prompt": "q"}, "mlflow.spanOutputs": "a"}),
    );
    check(
        json!({
            "ai.operationId": "ai.streamText.doStream", "ai.prompt.messages": "[{\"role\": \"user\"}]",
            "ai.prompt.tools": ["{\"name\": \"f\"}"], "ai.response.text": "a", "ai.response.finishReason": "stop",
        }),
        json!({
            "mlflow.spanType": "LLM", "mlflow.message.format": "vercel_ai",
            "mlflow.spanInputs": {"messages": [{"role": "user"}], "tools": [{"name": "f"}]},
            "mlflow.spanOutputs": {"text": "a", "finishReason": "stop"},
        }),
    );
    // The flavour is that of messages that are translated.
    check(
        json!({"ai.operationId": "ai.generateText.doGenerate", "mlflow.spanInputs": "\"x\"", "ai.prompt.messages": "[]"}),
        json!({"mlflow.spanType": "LLM", "mlflow.spanInputs": "x"}),
    );
}

#[test]
fn voltagent() {
    for key in ["span.type", "entity.type"] {
        check_types(key, &[("agent", "AGENT"), ("llm", "LLM"), ("tool", "TOOL"), ("memory", "MEMORY")]);
    }
    check(
        json!({
            "voltagent.operation_id": "o", "entity.type": "agent", "agent.messages": "[1]", "input": "q", "output": "a",
            "usage.prompt_tokens": 3, "usage.completion_tokens": 4, "usage.total_tokens": 9,
        }),
        json!({
            "mlflow.spanType": "AGENT", "mlflow.message.format": "voltagent", "mlflow.spanInputs": [1],
            "mlflow.spanOutputs": "a",
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 9},
        }),
    );
}

#[test]
fn livekit() {
    for (key, span_type) in [
        ("lk.retry_count", "LLM"),
        ("lk.function_tool.name", "TOOL"),
        ("lk.agent_name", "AGENT"),
        ("lk.instructions", "AGENT"),
        ("lk.generation_id", "AGENT"),
    ] {
        check_types(key, &[("x", span_type)]);
    }
    check(
        json!({"lk.user_input": "q", "lk.response.text": "a", "gen_ai.request.model": "m"}),
        json!({
            "mlflow.spanType": "LLM", "mlflow.message.format": "livekit", "mlflow.spanInputs": "q",
            "mlflow.spanOutputs": "a", "mlflow.llm.model": "m",
        }),
    );
    check_with_events(
        json!({"lk.response.ttft": 0.5}),
        &[("gen_ai.user.message", json!({"content": "q"})), ("gen_ai.choice", json!({"content": "a"}))],
        json!({
            "mlflow.message.format": "livekit", "mlflow.spanInputs": [{"role": "user", "content": "q"}],
            "mlflow.spanOutputs": [{"role": "assistant", "content": "a"}],
        }),
    );
}

#[test]
fn laminar() {
    check_types(
        "lmnr.span.type",
        &[
            ("LLM", "LLM"),
            ("CACHED", "LLM"),
            ("TOOL", "TOOL"),
            ("DEFAULT", "CHAIN"),
            ("PIPELINE", "CHAIN"),
            ("EXECUTOR", "AGENT"),
            ("EVALUATOR", "EVALUATOR"),
            ("HUMAN_EVALUATOR", "EVALUATOR"),
            ("EVALUATION", "EVALUATOR"),
        ],
    );
    check(
        json!({
            "lmnr.span.type": "LLM", "lmnr.span.input": "[1]", "lmnr.span.output": "a", "gen_ai.system": "p",
            "gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 4,
        }),
        json!({
            "mlflow.spanType": "LLM", "mlflow.message.format": "openai", "mlflow.spanInputs": [1],
            "mlflow.spanOutputs": "a", "mlflow.llm.provider": "p",
            "mlflow.chat.tokenUsage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        }),
    );
}

#[test]
fn langfuse() {
    check_types(
        "langfuse.observation.type",
        &[
            ("generation", "LLM"),
            ("embedding", "EMBEDDING"),
            ("tool", "TOOL"),
            ("retriever", "RETRIEVER"),
            ("agent", "AGENT"),
            ("chain", "CHAIN"),
            ("evaluator", "EVALUATOR"),
            ("guardrail", "GUARDRAIL"),
            ("span", "UNKNOWN"),
        ],
    );
    check(
        json!({"langfuse.observation.input": "[1]", "langfuse.observation.output": "a"}),
        json!({"mlflow.spanInputs": [1], "mlflow.spanOutputs": "a"}),
    );
}
