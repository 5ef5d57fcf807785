//! Whatever is sent to a provider and comes back: no panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_sdk_core::{Accepted, Config, ExportError, Exporter, Request, Sdk, SpanBuilder};
use spanwise_sdk_providers::{End, Options, RequestBody, RequestHead, recognise};
use std::sync::OnceLock;

/// Each of a protocol of its own, with the least that a request of it has.
const REQUESTS: [(&str, &str); 9] = [
    ("http://h/v1/chat/completions", r#"{"messages": [{"role": "user"}], "stream": true}"#),
    ("http://h/v1/responses", r#"{"model": "m", "input": "", "stream": true}"#),
    ("http://h/v1/embeddings", r#"{"input": ""}"#),
    ("http://h/v1/messages", r#"{"max_tokens": 1, "messages": [{"role": "user"}]}"#),
    ("http://h/models/m:streamGenerateContent", r#"{"contents": []}"#),
    ("http://h/model/m/converse-stream", r#"{"messages": [{"role": "user"}]}"#),
    ("http://h/model/m/invoke-with-response-stream", "{}"),
    ("http://h/api/chat", r#"{"model": "m", "messages": [{"role": "user"}]}"#),
    ("http://h/v2/chat", r#"{"model": "m", "messages": [{"role": "user"}]}"#),
];
const TYPES: [&str; 4] =
    ["application/json", "text/event-stream", "application/vnd.amazon.eventstream", "application/x-ndjson"];

struct Nowhere;

impl Exporter for Nowhere {
    fn export(&mut self, _: &Request<'_>) -> Result<Accepted, ExportError> {
        Ok(Accepted::default())
    }
}

fuzz_target!(|bytes: &[u8]| {
    static SDK: OnceLock<Sdk> = OnceLock::new();
    SDK.get_or_init(|| {
        let config = Config::new().exporter("nowhere", || Box::new(Nowhere));
        config.install().expect("it is the first")
    });
    let [kind, status, size, body @ ..] = bytes else { return };
    let (url, request) = REQUESTS[usize::from(*kind) % REQUESTS.len()];
    let head = RequestHead { method: "POST", url, header: &|_| None };
    // What comes back may also be what is sent.
    for sent in [request.as_bytes(), body] {
        let Some(call) = recognise(&head, RequestBody::Bytes(sent), Options::default()) else { continue };
        let span = SpanBuilder::new(&call.span_name()).start();
        call.write_request(&span);
        let content_type = TYPES[usize::from(*kind) / REQUESTS.len() % TYPES.len()];
        let header = |name: &str| (name == "content-type").then(|| content_type.to_owned());
        let status = if *status < 16 { 500 } else { 200 };
        let end = if *size & 1 == 0 { End::Complete } else { End::Cancelled };
        for pieces in [body.len().max(1), usize::from(*size).max(1)] {
            let mut answer = call.answer(status, &header);
            body.chunks(pieces).for_each(|piece| answer.push(piece));
            answer.finish(&span, end);
        }
    }
});
