//! OTLP over HTTP: encodings, errors, partial success, where spans go.

use axum::body::Body;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use http::{Method, Request, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::{Value, json};
use spanwise_ingest::IngestLimits;
use spanwise_server::ServerConfig;
use spanwise_testkit::otlp::{
    ExportTraceServiceRequest, child_of, log_request, request, span, trace_id, with_attribute,
};
use spanwise_testkit::{Reply, ServerOptions, TestServer};
use std::io::Write;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

async fn post(server: &TestServer, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
    let mut request = Request::post("/v1/traces");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(body.into()).unwrap()).await
}

async fn info(server: &TestServer, id: u8) -> Value {
    let reply = server.get(&format!("/api/3.0/mlflow/traces/{}", trace_id(id))).await.expect_ok();
    reply.json()["trace"]["trace_info"].clone()
}

async fn experiment_name(server: &TestServer, trace: u8) -> String {
    let id = info(server, trace).await["trace_location"]["mlflow_experiment"]["experiment_id"].clone();
    let path = format!("/api/2.0/mlflow/experiments/get?experiment_id={}", id.as_str().unwrap());
    server.get(&path).await.expect_ok().json()["experiment"]["name"].as_str().unwrap().to_owned()
}

async fn create_experiment(server: &TestServer, name: &str) -> String {
    let reply =
        server.send_json(Method::POST, "/api/2.0/mlflow/experiments/create", &json!({"name": name})).await;
    reply.expect_ok().json()["experiment_id"].as_str().unwrap().to_owned()
}

fn encoded(encoder: &mut impl Write, bytes: &[u8]) {
    encoder.write_all(bytes).unwrap();
    encoder.flush().unwrap();
}

fn compress(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoded(&mut encoder, bytes);
            encoder.finish().unwrap()
        }
        "zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoded(&mut encoder, bytes);
            encoder.finish().unwrap()
        }
        "raw deflate" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoded(&mut encoder, bytes);
            encoder.finish().unwrap()
        }
        "zstd" => zstd::encode_all(bytes, 1).unwrap(),
        _ => bytes.to_vec(),
    }
}

#[tokio::test]
async fn every_content_encoding_is_taken_in_both_formats() {
    let server = TestServer::start().await;
    let headers = ["identity", "gzip", "zlib", "raw deflate", "zstd"];
    for (index, kind) in headers.into_iter().enumerate() {
        let header = if kind.contains("deflate") || kind == "zlib" { "deflate" } else { kind };
        let id = u8::try_from(index + 1).unwrap();
        let message = request("svc", vec![span(id, 1, "root")]).encode_to_vec();
        let reply = post(
            &server,
            &[("content-type", PROTOBUF), ("content-encoding", header)],
            compress(kind, &message),
        )
        .await;
        assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0), "{kind}: {reply:?}");
        assert_eq!(reply.header("content-type"), PROTOBUF);
        assert_eq!(info(&server, id).await["state"], "OK");

        let hex = |byte: u8, count| format!("{byte:02x}").repeat(count);
        let message = json!({"resourceSpans": [{"scopeSpans": [{"spans": [{
            "traceId": hex(id + 100, 16), "spanId": hex(1, 8), "name": "root",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"}]}]}]});
        let body = compress(kind, message.to_string().as_bytes());
        let reply = post(&server, &[("content-type", JSON), ("content-encoding", header)], body).await;
        assert_eq!((reply.status, reply.text()), (StatusCode::OK, "{}"), "{kind}");
        assert_eq!(reply.header("content-type"), JSON);
        assert_eq!(info(&server, id + 100).await["execution_duration"], "1s");
    }
}

#[tokio::test]
async fn an_empty_request_is_fine() {
    let server = TestServer::start().await;
    for (content_type, body) in [(PROTOBUF, ""), (JSON, ""), (JSON, "{}"), (JSON, r#"{"resourceSpans":[]}"#)]
    {
        let reply = post(&server, &[("content-type", content_type)], body).await;
        assert_eq!(reply.status, StatusCode::OK, "{body}: {reply:?}");
    }
}

#[tokio::test]
async fn errors_are_a_status_in_the_format_of_the_request() {
    let server = TestServer::start().await;
    let reply = post(&server, &[("content-type", JSON)], "{\"resourceSpans\": [}").await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::BAD_REQUEST, JSON));
    assert_eq!(reply.json()["code"], 3);
    assert!(reply.json()["message"].as_str().unwrap().contains("line 1"), "{}", reply.text());

    let reply = post(&server, &[("content-type", PROTOBUF)], "no protobuf").await;
    assert_eq!((reply.status, reply.header("content-type")), (StatusCode::BAD_REQUEST, PROTOBUF));
    // `google.rpc.Status.code` is field 1; 3 is INVALID_ARGUMENT.
    assert_eq!(reply.body[..2], [0x08, 0x03]);
}

#[tokio::test]
async fn media_types_and_encodings_that_are_not_known_are_415() {
    let server = TestServer::start().await;
    for headers in [
        vec![("content-type", "text/plain")],
        vec![],
        vec![("content-type", PROTOBUF), ("content-encoding", "br")],
        vec![("content-type", JSON), ("content-encoding", "gzip, zstd")],
    ] {
        let reply = post(&server, &headers, "{}").await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{headers:?}");
    }
    let reply = post(&server, &[("content-type", "application/json; charset=utf-8")], "{}").await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test]
async fn a_corrupt_body_names_its_encoding() {
    let server = TestServer::start().await;
    for encoding in ["gzip", "deflate", "zstd"] {
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let reply = post(&server, &headers, "{\"resourceSpans\":[]}").await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.text().contains(encoding), "{}", reply.text());
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_also_when_it_is_small_on_the_wire() {
    let config = ServerConfig { body_bytes_max: 100_000, ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let large = vec![b' '; 100_001];
    for encoding in ["identity", "gzip", "zstd"] {
        let headers = [("content-type", JSON), ("content-encoding", encoding)];
        let reply = post(&server, &headers, compress(encoding, &large)).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE, "{encoding}");
        assert!(reply.text().contains("100000"), "{}", reply.text());
    }
    // What was refused must not stay counted.
    assert_eq!(server.app.ingest.queue_bytes(), 0);
}

#[tokio::test]
async fn a_full_queue_is_429_with_a_retry_hint() {
    let limits = IngestLimits { queue_bytes: 200, ..IngestLimits::default() };
    let server = TestServer::start_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    // One that is alone always fits.
    let mut other = server.app.ingest.reserve();
    other.grow_to(1).expect("the queue is empty");
    let message = request("svc", vec![with_attribute(span(1, 1, "root"), "padding", &"x".repeat(500))]);
    let reply = server.post_otlp("/v1/traces", &message).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.header("retry-after"), "1");
    let message = request("svc", vec![span(1, 1, "root")]);
    server.post_otlp("/v1/traces", &message).await.expect_ok();
}

#[tokio::test]
async fn a_bad_span_costs_that_span_only() {
    let server = TestServer::start().await;
    let mut no_id = span(1, 2, "without an id");
    no_id.span_id.clear();
    let mut late = span(1, 3, "after the end of time");
    late.start_time_unix_nano = u64::MAX;
    let message = request("svc", vec![span(1, 1, "root"), no_id, late]);
    let reply: ExportTraceServiceResponse =
        server.post_otlp("/v1/traces", &message).await.expect_ok().protobuf();
    let partial = reply.partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 2);
    for part in ["without an id", "span_id", "after the end of time", "start_time_unix_nano"] {
        assert!(partial.error_message.contains(part), "{}", partial.error_message);
    }
    assert_eq!(info(&server, 1).await["state"], "OK");
}

#[tokio::test]
async fn a_bad_span_costs_that_span_only_in_json_too() {
    let server = TestServer::start().await;
    let good = json!({"traceId": "01".repeat(16), "spanId": "01".repeat(8), "name": "root",
        "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"});
    let mut short = good.clone();
    short["spanId"] = "0102".into();
    let mut wrong = good.clone();
    wrong["startTimeUnixNano"] = "yesterday".into();
    let body = json!({"resourceSpans": [{"scopeSpans": [{"spans": [short, good, wrong]}]}]});
    let reply = post(&server, &[("content-type", JSON)], body.to_string()).await.expect_ok();
    assert_eq!(reply.json()["partialSuccess"]["rejectedSpans"], "2");
    assert!(reply.json()["partialSuccess"]["errorMessage"].as_str().unwrap().contains("yesterday"));
    assert_eq!(info(&server, 1).await["tags"]["mlflow.traceName"], "root");
}

#[tokio::test]
async fn the_experiment_is_the_header_else_the_url_else_the_resource() {
    let server = TestServer::start().await;
    let by_header = create_experiment(&server, "by-header").await;
    let by_url = create_experiment(&server, "by-url").await;
    let message = |id| request("by-service", vec![span(id, 1, "root")]).encode_to_vec();
    let url = format!("/otlp/{by_url}/v1/traces");
    let both =
        Request::post(&url).header("content-type", PROTOBUF).header("x-mlflow-experiment-id", &by_header);
    server.send(both.body(message(1).into()).unwrap()).await.expect_ok();
    assert_eq!(experiment_name(&server, 1).await, "by-header");
    server.post_otlp(&url, &request("by-service", vec![span(2, 1, "root")])).await.expect_ok();
    assert_eq!(experiment_name(&server, 2).await, "by-url");
    server.post_otlp("/v1/traces", &request("by-service", vec![span(3, 1, "root")])).await.expect_ok();
    assert_eq!(experiment_name(&server, 3).await, "by-service");
    server
        .post_otlp("/v1/traces", &request("unknown_service:py", vec![span(4, 1, "root")]))
        .await
        .expect_ok();
    assert_eq!(experiment_name(&server, 4).await, "Default");
}

#[tokio::test]
async fn after_a_thousand_services_the_next_ones_share_the_default() {
    let server = TestServer::start().await;
    let mut message = request("service-0", vec![span(1, 1, "root")]);
    for number in 1..1_000 {
        message
            .resource_spans
            .extend(request(&format!("service-{number}"), vec![span(2, 1, "root")]).resource_spans);
    }
    message.resource_spans.extend(request("one-too-many", vec![span(3, 1, "root")]).resource_spans);
    server.post_otlp("/v1/traces", &message).await.expect_ok();
    assert_eq!(experiment_name(&server, 1).await, "service-0");
    assert_eq!(experiment_name(&server, 3).await, "Default");
}

#[tokio::test]
async fn the_root_decides_about_a_trace_that_crosses_services() {
    let server = TestServer::start().await;
    let child = child_of(1, span(1, 2, "child"));
    server.post_otlp("/v1/traces", &request("backend", vec![child])).await.expect_ok();
    assert_eq!(experiment_name(&server, 1).await, "backend");
    server.post_otlp("/v1/traces", &request("frontend", vec![span(1, 1, "root")])).await.expect_ok();
    assert_eq!(experiment_name(&server, 1).await, "frontend");
}

#[tokio::test]
async fn an_experiment_that_is_not_there_is_named() {
    let server = TestServer::start().await;
    let message = request("svc", vec![span(1, 1, "root")]).encode_to_vec();
    for (id, status, text) in [
        ("99999", StatusCode::NOT_FOUND, "No Experiment with id=99999 exists"),
        (
            "abc",
            StatusCode::BAD_REQUEST,
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.",
        ),
    ] {
        let headers = [("content-type", PROTOBUF), ("x-mlflow-experiment-id", id)];
        let reply = post(&server, &headers, message.clone()).await;
        assert_eq!(reply.status, status);
        assert!(String::from_utf8_lossy(&reply.body).contains(text), "{reply:?}");
    }
}

#[tokio::test]
async fn resource_attributes_are_tags_of_the_trace() {
    let server = TestServer::start().await;
    server.post_otlp("/v1/traces", &request("svc", vec![span(1, 1, "root")])).await.expect_ok();
    assert_eq!(info(&server, 1).await["tags"]["service.name"], "svc");
}

#[tokio::test]
async fn a_large_request_is_split_and_arrives_whole() {
    let server = TestServer::start().await;
    let text = "x".repeat(20_000);
    let mut spans: Vec<_> =
        (2..=200).map(|id| child_of(1, with_attribute(span(1, id, "child"), "text", &text))).collect();
    spans.push(span(1, 1, "root"));
    server.post_otlp("/v1/traces", &request("svc", spans)).await.expect_ok();
    let path = format!("/api/v1/traces/{}/otlp", trace_id(1));
    let back: ExportTraceServiceRequest = server.get(&path).await.expect_ok().protobuf();
    let count: usize = back.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum();
    assert_eq!(count, 200);
}

#[tokio::test]
async fn logs_and_metrics_are_answered() {
    let server = TestServer::start().await;
    for belongs_to in [Some((1, 1)), None] {
        let reply =
            server.post_otlp("/v1/logs", &log_request("svc", belongs_to, "gen_ai.choice")).await.expect_ok();
        assert!(reply.body.is_empty());
    }
    let metrics = Request::post("/v1/metrics").header("content-type", JSON);
    let reply = server.send(metrics.body(Body::from(r#"{"resourceMetrics":[]}"#)).unwrap()).await.expect_ok();
    assert_eq!(reply.text(), "{}");
}
