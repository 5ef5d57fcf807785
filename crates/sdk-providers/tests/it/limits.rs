//! Whatever comes, memory is bounded, and what is left out is told.

use crate::recorded::Recorded;
use serde_json::{Value, json};
use spanwise_sdk_core::StartOptions;
use spanwise_sdk_providers::{
    ANSWER_BYTES_MAX, End, Options, REQUEST_BYTES_MAX, RequestBody, RequestHead, recognise,
};

const URL: &str = "https://api.openai.com/v1/chat/completions";

/// Records a call whose response is what `write` pushes.
fn recorded(body: &Value, content_type: &str, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Value {
    let recorded = Recorded::start();
    let head = RequestHead { method: "POST", url: URL, header: &|_| None };
    let call = recognise(&head, RequestBody::Bytes(body.to_string().as_bytes()), Options::default()).unwrap();
    let span = call.start(StartOptions::default());
    let header = |name: &str| (name == "content-type").then(|| content_type.to_owned());
    let mut answer = call.answer(200, &header);
    write(&mut |bytes| answer.push(bytes));
    answer.finish(&span, End::Complete);
    drop(span);
    recorded.take().remove(0)
}

fn chat() -> Value {
    json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]})
}

fn event(delta: &Value) -> Vec<u8> {
    format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]})).into_bytes()
}

#[test]
fn an_answer_without_end_is_kept_up_to_a_limit_and_the_rest_is_counted() {
    let piece = "x".repeat(1 << 20);
    let count = ANSWER_BYTES_MAX / piece.len() + 5;
    let span = recorded(&chat(), "text/event-stream", |push| {
        let event = event(&json!({"content": piece}));
        (0..count).for_each(|_| push(&event));
        push(b"data: {\"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 1, \"completion_tokens\": 9}}\n\n");
    });
    let attributes = &span["attributes"];
    let said = attributes["gen_ai.output.messages"][0]["parts"][0]["content"].as_str().unwrap();
    assert_eq!(said.len(), ANSWER_BYTES_MAX);
    assert_eq!(attributes["spanwise.response.omitted_bytes"], 5 * piece.len());
    assert_eq!(attributes["gen_ai.usage.output_tokens"], 9);
    assert!(span["error"].is_null());
}

#[test]
fn choices_and_calls_without_end_are_kept_up_to_a_limit() {
    let span = recorded(&chat(), "text/event-stream", |push| {
        for index in 0..5_000u64 {
            push(&event(
                &json!({"tool_calls": [{"index": index, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}),
            ));
            push(
                format!("data: {}\n\n", json!({"choices": [{"index": index, "delta": {"content": "a"}}]}))
                    .as_bytes(),
            );
        }
        push(b"data: [DONE]\n\n");
    });
    let messages = span["attributes"]["gen_ai.output.messages"].as_array().unwrap();
    assert!(messages.len() <= 256 && messages[0]["parts"].as_array().unwrap().len() <= 1024);
    assert!(span["attributes"]["spanwise.response.omitted_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn a_body_that_is_too_long_is_told_and_not_kept() {
    let span = recorded(&chat(), "application/json", |push| {
        push(b"{\"choices\": \"");
        (0..20).for_each(|_| push(&[b'x'; 1 << 20]));
        push(b"\"}");
    });
    assert!(span["attributes"]["spanwise.response.omitted_bytes"].as_u64().unwrap() > 20 << 20);
}

#[test]
fn a_request_that_is_too_long_is_recorded_without_its_contents() {
    let recorded = Recorded::start();
    let body =
        json!({"model": "m", "messages": [{"role": "user", "content": "x".repeat(REQUEST_BYTES_MAX)}]})
            .to_string();
    let head = RequestHead { method: "POST", url: URL, header: &|_| None };
    let call = recognise(&head, RequestBody::Bytes(body.as_bytes()), Options::default()).unwrap();
    drop(call.start(StartOptions::default()));
    let span = recorded.take().remove(0);
    assert_eq!(span["attributes"]["spanwise.request.omitted_bytes"], body.len());
}

#[test]
fn deep_nesting_is_no_json_and_no_crash() {
    let deep = format!(
        "{{\"model\": \"m\", \"messages\": [{{\"role\": {}1{}}}]}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let head = RequestHead { method: "POST", url: URL, header: &|_| None };
    assert!(recognise(&head, RequestBody::Bytes(deep.as_bytes()), Options::default()).is_none());
    let span = recorded(&chat(), "application/json", |push| push(deep.as_bytes()));
    assert!(span["error"].as_str().unwrap().contains("recursion"), "{span}");
}

#[test]
fn compressed_bytes_are_counted_and_not_read() {
    let recorded = Recorded::start();
    let head = RequestHead { method: "POST", url: URL, header: &|_| None };
    let call =
        recognise(&head, RequestBody::Bytes(chat().to_string().as_bytes()), Options::default()).unwrap();
    let span = call.start(StartOptions::default());
    let mut answer = call.answer(200, &|name| (name == "content-encoding").then(|| "gzip".to_owned()));
    answer.push(&[0x1f, 0x8b, 8, 0]);
    answer.finish(&span, End::Complete);
    drop(span);
    let span = recorded.take().remove(0);
    assert_eq!(span["attributes"]["spanwise.response.omitted_bytes"], 4);
    assert!(span["error"].is_null());
}
