//! Clients of reqwest: the middleware, and requests that are sent by hand.

use crate::recorded::{Recorded, attribute, failure};
use serde_json::{Value, json};
use spanwise::llm::Tracer;
use spanwise::{FutureExt as _, Parent, SpanBuilder, StartOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use tower_layer::Layer as _;
use tower_service::Service as _;

const ANSWER: &str = r#"{"id": "1", "model": "gpt-4o-2024", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 8, "completion_tokens": 2}}"#;

/// A provider that answers so many requests, each on a connection of its own, and gives back their heads.
fn provider(answers: usize, response: String) -> (String, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let answer = |_| {
            let (mut stream, _) = listener.accept().unwrap();
            let head = read_request(&mut stream);
            stream.write_all(response.as_bytes()).unwrap();
            head
        };
        (0..answers).map(answer).collect()
    });
    (url, serving)
}

/// Reads a request with its body; returns its head.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece).unwrap();
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
            return head.to_owned();
        }
    }
}

fn whole(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn chat() -> String {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}).to_string()
}

fn client() -> reqwest_middleware::ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(Tracer::new()).build()
}

#[tokio::test]
async fn the_middleware_records_calls_and_changes_nothing() {
    let recorded = Recorded::start();
    let (url, serving) = provider(1, whole("200 OK", ANSWER));
    let sending = async { client().post(&url).body(chat()).send().await.unwrap() };
    let response = sending.in_span(SpanBuilder::new("agent").start()).await;
    assert_eq!(response.url().as_str(), url);
    assert_eq!(response.content_length(), Some(ANSWER.len() as u64));
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.remote_addr().is_some());
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body, serde_json::from_str::<Value>(ANSWER).unwrap());
    let head = serving.join().unwrap().remove(0);
    assert!(head.contains("traceparent: 00-"), "{head}");
    let span = recorded.span("chat gpt-4o");
    assert_eq!(span.parent_span_id, recorded.span("agent").span_id);
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), 2);
    assert_eq!(attribute(&span, "server.address"), "127.0.0.1");
}

#[tokio::test]
async fn a_request_sent_by_hand_is_recorded() {
    let recorded = Recorded::start();
    let (url, serving) =
        provider(1, whole("500 Oops", r#"{"error": {"message": "broken", "type": "server_error"}}"#));
    let client = reqwest::Client::new();
    let request = client.post(&url).body(chat()).build().unwrap();
    let response = Tracer::new().execute(&client, request).await.unwrap();
    assert_eq!(response.status(), 500);
    response.bytes().await.unwrap();
    serving.join().unwrap();
    assert_eq!(failure(&recorded.span("chat gpt-4o")), Some("HTTP 500: broken"));
}

#[tokio::test]
async fn a_trace_that_is_not_recorded_is_told_as_such() {
    let recorded = Recorded::start();
    let (url, serving) = provider(3, whole("200 OK", ANSWER));
    let plain = reqwest::Client::new();
    let request = || plain.post(&url).body(chat()).build().unwrap();
    let trace = SpanBuilder::with("root", StartOptions { parent: Parent::Root, sampling: Some(0.0) }).start();
    let sending = async {
        client().post(&url).body(chat()).send().await.unwrap();
        Tracer::new().execute(&plain, request()).await.unwrap();
        Tracer::new().layer(plain.clone()).call(request()).await.unwrap();
    };
    sending.in_scope(trace.clone()).await;
    let told = format!("traceparent: {}", trace.span_context().unwrap().traceparent());
    assert!(told.ends_with("-00"));
    for head in serving.join().unwrap() {
        assert!(head.contains(&told), "{head}");
    }
    assert!(recorded.spans().is_empty());
}

#[tokio::test]
async fn a_client_in_a_layer_is_recorded() {
    let recorded = Recorded::start();
    let (url, serving) = provider(1, whole("200 OK", ANSWER));
    let client = reqwest::Client::new();
    let request = client.post(&url).body(chat()).build().unwrap();
    let response = Tracer::new().layer(client).call(request).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), ANSWER);
    serving.join().unwrap();
    assert_eq!(attribute(&recorded.span("chat gpt-4o"), "gen_ai.usage.input_tokens"), 8);
}

#[tokio::test]
async fn a_stream_that_the_provider_cuts_off_is_a_failure() {
    let recorded = Recorded::start();
    let event = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hel\"}}]}\n\n";
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let (url, serving) = provider(1, format!("{head}{:x}\r\n{event}\r\n", event.len()));
    let mut response = client().post(&url).body(chat()).send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), event.as_bytes());
    assert!(response.chunk().await.is_err());
    serving.join().unwrap();
    let span = recorded.span("chat gpt-4o");
    assert!(failure(&span).unwrap().contains("EOF"), "{:?}", failure(&span));
    assert_eq!(attribute(&span, "error.type"), "transport_error");
    assert_eq!(attribute(&span, "gen_ai.output.messages")[0]["parts"][0]["content"], "Hel");
}

#[tokio::test]
async fn nobody_listening_is_a_failure_with_its_causes() {
    let recorded = Recorded::start();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}/v1/chat/completions");
    assert!(client().post(&url).body(chat()).send().await.is_err());
    let span = recorded.span("chat gpt-4o");
    assert!(failure(&span).unwrap().contains("refused"), "{:?}", failure(&span));
    assert_eq!(attribute(&span, "error.type"), "transport_error");
}

/// Returns an address with a password and a key where nobody listens.
fn secret_url() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://user:secret@{address}/v1beta/models/gemini-2.0-flash:generateContent?key=secret")
}

#[tokio::test]
async fn keys_in_the_address_of_a_call_that_fails_are_not_recorded() {
    let recorded = Recorded::start();
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}).to_string();
    client().post(secret_url()).body(body.clone()).send().await.unwrap_err();
    let client = reqwest::Client::new();
    let request = || client.post(secret_url()).body(body.clone()).build().unwrap();
    Tracer::new().execute(&client, request()).await.unwrap_err();
    Tracer::new().layer(client.clone()).call(request()).await.unwrap_err();
    Tracer::new().exchange(&secret_url(), body.as_bytes()).fail(&format!("no way to {}", secret_url()));
    let spans = recorded.spans();
    assert_eq!(spans.len(), 4);
    for span in spans {
        let failure = failure(&span).unwrap();
        assert!(failure.contains("/v1beta/models/gemini-2.0-flash:generateContent"), "{failure}");
        assert!(!format!("{span:?}").contains("secret"), "{span:?}");
    }
}

#[tokio::test]
async fn keys_in_the_address_of_another_request_are_not_recorded() {
    let recorded = Recorded::start();
    let client = reqwest::Client::new();
    // Unlike a builder's, its URL keeps the password.
    let request = reqwest::Request::new(reqwest::Method::GET, secret_url().parse().unwrap());
    let tracer = Tracer::new().with_other_requests();
    tracer.execute(&client, request).await.unwrap_err();
    let span = recorded.span("GET");
    assert!(attribute(&span, "url.full").as_str().unwrap().starts_with("http://127.0.0.1:"), "{span:?}");
    assert!(!format!("{span:?}").contains("secret"), "{span:?}");
}

#[tokio::test]
async fn no_answer_in_time_is_told_as_such() {
    let recorded = Recorded::start();
    // It takes the connection, and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
    let sent = client().post(&url).body(chat()).timeout(Duration::from_millis(20)).send().await;
    assert!(sent.is_err());
    assert_eq!(attribute(&recorded.span("chat gpt-4o"), "error.type"), "timeout");
}

#[tokio::test]
async fn each_try_is_a_call_of_its_own() {
    let recorded = Recorded::start();
    let (url, serving) = provider(2, whole("200 OK", ANSWER));
    for _ in 0..2 {
        client().post(&url).body(chat()).send().await.unwrap().bytes().await.unwrap();
    }
    serving.join().unwrap();
    assert_eq!(recorded.spans().len(), 2);
}
