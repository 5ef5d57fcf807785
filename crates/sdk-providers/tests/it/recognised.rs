//! What is a call of a provider, and what is not.

use serde_json::{Value, json};
use spanwise_sdk_providers::{Call, Options, RequestBody, RequestHead, may_be_call, recognise};

fn recognised(url: &str, body: &Value) -> Option<Call> {
    let head = RequestHead { method: "POST", url, header: &|_| None };
    recognise(&head, RequestBody::Bytes(body.to_string().as_bytes()), Options::default())
}

fn check(url: &str, body: Value, name: &str, provider: &str) {
    assert!(may_be_call("POST", url), "{url}");
    let call = recognised(url, &body).unwrap_or_else(|| panic!("{url} {body}"));
    assert_eq!((call.span_name().as_str(), call.provider()), (name, provider), "{url}");
}

#[test]
fn any_base_address_will_do() {
    let chat = || json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    check("https://gateway.corp/v1/chat/completions", chat(), "chat m", "openai");
    check("https://gateway.corp/groq/openai/v1/chat/completions/", chat(), "chat m", "groq");
    check("https://x.cloud.databricks.com/serving-endpoints/e/invocations", chat(), "chat m", "databricks");
    check("http://localhost:11434/v1/chat/completions?x=1", chat(), "chat m", "ollama");
    check("https://api.mistral.ai/v1/agents/completions", chat(), "chat m", "mistral_ai");
    let azure = "https://a.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=1";
    check(azure, json!({"messages": [{"role": "user"}]}), "chat gpt-4o", "azure.ai.openai");
    let claude =
        json!({"anthropic_version": "v", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]});
    let vertex = "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude-3:rawPredict";
    check(vertex, claude, "chat claude-3", "gcp.vertex_ai");
    let watsonx = "https://eu-de.ml.cloud.ibm.com/ml/v1/text/chat_stream?version=2025-01-01";
    let messages = json!([{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]);
    check(
        watsonx,
        json!({"model_id": "ibm/granite", "messages": messages}),
        "chat ibm/granite",
        "ibm.watsonx.ai",
    );
    let predict = "https://us-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict";
    check(
        predict,
        json!({"instances": [{"content": "a"}]}),
        "embeddings text-embedding-005",
        "gcp.vertex_ai",
    );
}

#[test]
fn what_only_looks_alike_is_left_alone() {
    for (url, body) in [
        ("https://example.com/api/chat", json!({"messages": [{"role": "user", "parts": []}]})),
        ("https://example.com/threads/1/messages", json!({"role": "user", "content": "Hi"})),
        ("https://example.com/survey/responses", json!({"input": "yes"})),
        ("https://example.com/completions", json!({"done": 3})),
        ("https://example.com/v1/chat/completions", json!(["no"])),
        ("https://example.com/v1/chat/completions", json!({"messages": []})),
        ("https://example.com/predict:predict", json!({"instances": [[1, 2]]})),
        ("https://example.com/search", json!({"model": "m", "messages": [{"role": "user"}]})),
        ("https://example.com/", json!({})),
    ] {
        assert!(recognised(url, &body).is_none(), "{url} {body}");
    }
    let head =
        RequestHead { method: "GET", url: "https://api.openai.com/v1/chat/completions", header: &|_| None };
    assert!(recognise(&head, RequestBody::Bytes(b"{}"), Options::default()).is_none());
    assert!(!may_be_call("GET", "https://api.openai.com/v1/chat/completions"));
    assert!(!may_be_call("POST", "https://api.openai.com/v1/files"));
}

#[test]
fn without_a_body_the_path_must_be_sure() {
    let call = |url: &str| {
        let head = RequestHead { method: "POST", url, header: &|_| None };
        recognise(&head, RequestBody::Unread(Some(7)), Options::default())
    };
    assert_eq!(call("https://api.openai.com/v1/chat/completions").unwrap().span_name(), "chat");
    let gemini =
        call("https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent");
    assert_eq!(gemini.unwrap().span_name(), "generate_content gemini-2.5-pro");
    assert!(call("https://example.com/survey/responses").is_none());
}
