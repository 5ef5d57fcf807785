//! A trace comes back as it came.

use axum::body::Body;
use http::{Request, StatusCode};
use prost::Message;
use spanwise_testkit::TestServer;
use spanwise_testkit::otlp::{
    ExportTraceServiceRequest, attribute, child_of, request, span, trace_id, with_attribute,
};

#[tokio::test]
async fn spans_resource_and_scope_come_back_byte_for_byte() {
    let server = TestServer::start().await;
    let mut root = with_attribute(span(7, 1, "root"), "user.id", "amélie");
    root.trace_state = "vendor=1".into();
    root.flags = 0x101;
    root.dropped_events_count = 3;
    let mut sent = request("svc", vec![root, child_of(1, span(7, 2, "child"))]);
    sent.resource_spans[0].schema_url = "https://opentelemetry.io/schemas/1.36.0".into();
    sent.resource_spans[0].scope_spans[0].schema_url = "https://opentelemetry.io/schemas/1.37.0".into();
    sent.resource_spans[0].resource.as_mut().unwrap().attributes.push(attribute("host.name", "h1"));
    server.post_otlp("/v1/traces", &sent).await.expect_ok();
    let reply = server.get(&format!("/api/v1/traces/{}/otlp", trace_id(7))).await.expect_ok();
    assert_eq!(reply.header("content-type"), "application/x-protobuf");
    let back: ExportTraceServiceRequest = reply.protobuf();
    assert_eq!(back, sent);
}

#[tokio::test]
async fn a_field_that_we_do_not_know_comes_back_too() {
    let server = TestServer::start().await;
    let field =
        |number: u8, bytes: &[u8]| [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    // Field 99 of `Span` does not exist yet.
    let raw = [span(7, 1, "root").encode_to_vec(), vec![0x9a, 0x06, 3, b'n', b'e', b'w']].concat();
    let message = field(1, &field(2, &field(2, &raw)));
    let post = Request::post("/v1/traces").header("content-type", "application/x-protobuf");
    server.send(post.body(Body::from(message.clone())).unwrap()).await.expect_ok();
    let reply = server.get(&format!("/api/v1/traces/{}/otlp", trace_id(7))).await.expect_ok();
    assert_eq!(reply.body, message);
}

#[tokio::test]
async fn json_is_sent_to_those_who_ask_for_it() {
    let server = TestServer::start().await;
    server.post_otlp("/v1/traces", &request("svc", vec![span(7, 1, "root")])).await.expect_ok();
    let path = format!("/api/v1/traces/{}/otlp", trace_id(7));
    let asked = Request::get(path).header("accept", "application/json").body(Body::empty()).unwrap();
    let reply = server.send(asked).await.expect_ok();
    assert_eq!(reply.header("content-type"), "application/json");
    let span = &reply.json()["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["spanId"], "01".repeat(8));
    assert_eq!(span["startTimeUnixNano"], "1700000000001000000");
}

#[tokio::test]
async fn an_unknown_trace_is_a_problem() {
    let server = TestServer::start().await;
    let reply = server.get("/api/v1/traces/tr-nope/otlp").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.json()["status"], 404);
    assert!(reply.json()["detail"].as_str().unwrap().contains("tr-nope"));
}
