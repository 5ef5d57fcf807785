//! What the tests of the native API share: a server, calls by path, and checks of problems.

use axum::body::Body;
use http::{Method, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use spanwise_testkit::otlp::{ExportTraceServiceRequest, Span, request};
use spanwise_testkit::{Reply, TestServer};

/// A new server, spoken to as the web UI does.
pub(crate) struct Native {
    pub(crate) server: TestServer,
}

impl Native {
    pub(crate) async fn start() -> Native {
        Native { server: TestServer::start().await }
    }

    /// Gets a path below `/api/v1`.
    pub(crate) async fn reply(&self, path: &str) -> Reply {
        self.server.get(&format!("/api/v1{path}")).await
    }

    /// Returns the answer of a path that succeeds.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.reply(path).await.expect_ok().json()
    }

    /// Sends a request such as `POST /traces/tag` and returns its answer, whatever it is.
    pub(crate) async fn send(&self, route: &str, body: &Value) -> Reply {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let (method, path): (Method, _) = (method.parse().expect("a method"), format!("/api/v1{path}"));
        if body.is_null() {
            let request = Request::builder().method(method).uri(path).body(Body::empty());
            return self.server.send(request.expect("the path is valid")).await;
        }
        self.server.send_json(method, &path, body).await
    }

    /// Checks that a request is refused with this status and detail, and returns the problem.
    pub(crate) async fn fails(&self, route: &str, body: &Value, status: u16, detail: &str) -> Value {
        let reply = self.send(route, body).await;
        assert_eq!(reply.status.as_u16(), status, "{route} {body}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json", "{route}");
        let problem = reply.json();
        assert_eq!(problem["status"], status, "{route}");
        let text = problem["detail"].as_str().expect("a detail");
        assert!(text.contains(detail), "{route} {body}\nanswered {text}\nexpected {detail}");
        problem
    }

    /// Exports spans as an OpenTelemetry exporter does.
    pub(crate) async fn export(&self, request: &ExportTraceServiceRequest) {
        self.server.post_otlp("/v1/traces", request).await.expect_ok();
    }

    /// Exports spans of one service.
    pub(crate) async fn spans(&self, spans: Vec<Span>) {
        self.export(&request("svc", spans)).await;
    }

    /// Returns the ids of the traces that `/traces` lists.
    pub(crate) async fn ids(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        ids(&self.get(&format!("/traces?{}", query(parameters))).await)
    }
}

/// Returns the ids of a list of traces.
pub(crate) fn ids(list: &Value) -> Vec<String> {
    let traces = list["traces"].as_array().expect("a list");
    traces.iter().map(|trace| trace["trace_id"].as_str().expect("an id").to_owned()).collect()
}

/// Writes query parameters.
pub(crate) fn query(parameters: &[(&str, &str)]) -> String {
    let written = parameters.iter().map(|(key, value)| format!("{key}={}", encoded(value)));
    written.collect::<Vec<_>>().join("&")
}

/// Encodes a text for a URL.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Returns the texts of a field of every object of a list.
pub(crate) fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let objects = list.as_array().expect("a list");
    objects.iter().map(|object| object[field].as_str().expect("a text")).collect()
}
