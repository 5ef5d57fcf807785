//! The live stream of traces.

use crate::native::{Native, encoded};
use serde_json::{Value, json};
use spanwise_server::ServerConfig;
use spanwise_testkit::otlp::{child_of, request, span, trace_id};
use spanwise_testkit::{ServerOptions, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any event takes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A client of the stream.
struct Client {
    socket: TcpStream,
    unread: String,
}

/// An event: its kind, its id and its data.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    kind: String,
    id: String,
    data: Value,
}

impl Client {
    /// Asks in HTTP/1.0, whose answers come without the lengths of chunks.
    async fn open(native: &Native, parameters: &str, last_event_id: &str) -> Client {
        let mut socket = TcpStream::connect(native.server.main).await.unwrap();
        let header = if last_event_id.is_empty() {
            String::new()
        } else {
            format!("Last-Event-ID: {last_event_id}\r\n")
        };
        let head =
            format!("GET /api/v1/traces/stream{parameters} HTTP/1.0\r\nHost: localhost\r\n{header}\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut client = Client { socket, unread: String::new() };
        let head = client.until("\r\n\r\n").await.expect("an answer");
        assert!(head.starts_with("HTTP/1.0 200") && head.contains("text/event-stream"), "{head}");
        client
    }

    /// Returns what comes before `end`; `None` if the stream ends.
    async fn until(&mut self, end: &str) -> Option<String> {
        loop {
            if let Some((before, after)) = self.unread.split_once(end) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.unread = after;
                return Some(before);
            }
            let mut part = [0; 4096];
            let read = tokio::time::timeout(DEADLINE, self.socket.read(&mut part)).await;
            match read.expect("an event in time").unwrap() {
                0 => return None,
                count => self.unread.push_str(std::str::from_utf8(&part[..count]).unwrap()),
            }
        }
    }

    async fn event(&mut self) -> Event {
        let text = self.until("\n\n").await.expect("the stream goes on");
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(": ").to_owned()).unwrap_or_default()
        };
        Event { kind: field("event"), id: field("id"), data: serde_json::from_str(&field("data")).unwrap() }
    }

    /// Expects `ready` and returns its id.
    async fn ready(&mut self) -> String {
        let event = self.event().await;
        assert_eq!((event.kind.as_str(), &event.data), ("ready", &json!({})));
        event.id
    }

    /// Expects that a trace is told of, and returns its summary.
    async fn trace(&mut self) -> Value {
        let event = self.event().await;
        assert_eq!(event.kind, "trace", "{event:?}");
        event.data
    }
}

#[tokio::test]
async fn a_trace_is_told_each_time_that_it_changes() {
    let native = Native::start().await;
    let mut client = Client::open(&native, "", "").await;
    assert!(!client.ready().await.is_empty());
    native.spans(vec![span(7, 1, "root")]).await;
    let told = client.trace().await;
    assert_eq!(told, native.get("/traces").await["traces"][0]);
    native.spans(vec![child_of(1, span(7, 2, "child"))]).await;
    assert_eq!(client.trace().await["span_count"], 2);
    native.send(&format!("PUT /traces/{}/tags/k", trace_id(7)), &json!({"value": "v"})).await;
    assert_eq!(client.trace().await["tags"]["k"], "v");
    let feedback = json!({"name": "good", "kind": "feedback", "value": true});
    native.send(&format!("POST /traces/{}/assessments", trace_id(7)), &feedback).await;
    assert_eq!(client.trace().await["assessments"][0]["name"], "good");
}

#[tokio::test]
async fn only_selected_traces_are_told() {
    let native = Native::start().await;
    let filter = format!("?filter={}", encoded("name = 'wanted'"));
    let mut client = Client::open(&native, &filter, "").await;
    client.ready().await;
    native.spans(vec![span(1, 1, "other"), span(2, 1, "wanted"), span(3, 1, "wanted")]).await;
    assert_eq!(
        [client.trace().await, client.trace().await].map(|told| told["trace_id"].clone()),
        [trace_id(2), trace_id(3)]
    );
    native.fails("GET /traces/stream?experiment=nope", &Value::Null, 404, "`nope`").await;
}

#[tokio::test]
async fn an_experiment_made_since_is_followed() {
    let native = Native::start().await;
    let mut client = Client::open(&native, "", "").await;
    client.ready().await;
    native.export(&request("a service never seen", vec![span(7, 1, "root")])).await;
    assert_eq!(client.trace().await["trace_id"], trace_id(7));
}

#[tokio::test]
async fn a_client_resumes_where_it_was() {
    let native = Native::start().await;
    let mut client = Client::open(&native, "", "").await;
    client.ready().await;
    native.spans(vec![span(1, 1, "seen")]).await;
    let seen = client.event().await;
    assert!(!seen.id.is_empty(), "{seen:?}");
    drop(client);
    native.spans(vec![span(2, 1, "missed"), span(3, 1, "missed too")]).await;
    let mut client = Client::open(&native, "", &seen.id).await;
    assert_eq!(client.ready().await, seen.id);
    let (first, second) = (client.event().await, client.event().await);
    assert_eq!([&first, &second].map(|event| event.data["name"].clone()), ["missed", "missed too"]);
    // Whoever resumes at the last one has seen both.
    let mut again = Client::open(&native, "", &second.id).await;
    again.ready().await;
    native.spans(vec![span(4, 1, "new")]).await;
    assert_eq!(again.trace().await["name"], "new");
}

#[tokio::test]
async fn an_id_that_is_not_known_means_reset() {
    let native = Native::start().await;
    native.spans(vec![span(1, 1, "before")]).await;
    for unknown in ["nonsense", "0-5", "ffffffffffffffff-0", "-", "1-99999999999999999999999"] {
        let mut client = Client::open(&native, "", unknown).await;
        client.ready().await;
        let reset = client.event().await;
        assert_eq!((reset.kind.as_str(), &reset.data), ("reset", &json!({})), "{unknown}");
        native.send(&format!("PUT /traces/{}/tags/k", trace_id(1)), &json!({"value": "v"})).await;
        assert_eq!(client.trace().await["name"], "before", "{unknown}");
    }
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_end() {
    let config = ServerConfig { drain_timeout: Duration::from_secs(3_600), ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let native = Native { server };
    let mut client = Client::open(&native, "", "").await;
    client.ready().await;
    tokio::time::timeout(Duration::from_secs(20), native.server.stop()).await.expect("streams are closed");
    assert_eq!(client.until("\n\n").await, None);
}
