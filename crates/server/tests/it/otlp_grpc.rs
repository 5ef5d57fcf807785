//! OTLP over gRPC, with the generated clients.

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use spanwise_ingest::IngestLimits;
use spanwise_server::ServerConfig;
use spanwise_testkit::otlp::{log_request, request, span, trace_id, with_attribute};
use spanwise_testkit::{ServerOptions, TestServer};
use std::time::Duration;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_types::StatusExt;

async fn traces_client(server: &TestServer) -> TraceServiceClient<Channel> {
    TraceServiceClient::connect(format!("http://{}", server.otlp_grpc)).await.unwrap()
}

#[tokio::test]
async fn spans_come_in_with_each_compression() {
    let server = TestServer::start().await;
    let encodings = [None, Some(CompressionEncoding::Gzip), Some(CompressionEncoding::Zstd)];
    for (id, encoding) in (1u8..).zip(encodings) {
        let mut client = traces_client(&server).await;
        if let Some(encoding) = encoding {
            client = client.send_compressed(encoding).accept_compressed(encoding);
        }
        let reply = client.export(request("svc", vec![span(id, 1, "root")])).await.unwrap();
        assert_eq!(reply.into_inner().partial_success, None);
        server.get(&format!("/api/3.0/mlflow/traces/{}", trace_id(id))).await.expect_ok();
    }
}

#[tokio::test]
async fn a_bad_span_is_partial_success() {
    let server = TestServer::start().await;
    let mut bad = span(1, 2, "bad");
    bad.trace_id = vec![1; 3];
    let reply =
        traces_client(&server).await.export(request("svc", vec![span(1, 1, "root"), bad])).await.unwrap();
    let partial = reply.into_inner().partial_success.unwrap();
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("bad") && partial.error_message.contains("trace_id"));
}

#[tokio::test]
async fn the_experiment_is_in_the_metadata() {
    let server = TestServer::start().await;
    for (id, code) in [("0", None), ("99999", Some(Code::NotFound)), ("abc", Some(Code::InvalidArgument))] {
        let mut message = Request::new(request("svc", vec![span(1, 1, "root")]));
        message.metadata_mut().insert("x-mlflow-experiment-id", id.parse().unwrap());
        let reply = traces_client(&server).await.export(message).await;
        assert_eq!(reply.err().map(|status| status.code()), code, "{id}");
    }
}

#[tokio::test]
async fn a_full_queue_says_when_to_retry() {
    let limits = IngestLimits { queue_bytes: 200, ..IngestLimits::default() };
    let server = TestServer::start_with(ServerOptions { limits, ..ServerOptions::default() }).await;
    // One that is alone always fits.
    let mut other = server.app.ingest.reserve();
    other.grow_to(1).expect("the queue is empty");
    let message = request("svc", vec![with_attribute(span(1, 1, "root"), "padding", &"x".repeat(500))]);
    let status = traces_client(&server).await.export(message).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let retry = status.get_error_details().retry_info().unwrap().retry_delay;
    assert_eq!(retry, Some(Duration::from_secs(1)));
    assert_eq!(server.app.ingest.queue_bytes(), 1);
}

#[tokio::test]
async fn a_message_over_the_limit_is_the_senders_fault() {
    let config = ServerConfig { body_bytes_max: 10_000, ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let message = request("svc", vec![with_attribute(span(1, 1, "root"), "padding", &"x".repeat(20_000))]);
    for encoding in [None, Some(CompressionEncoding::Gzip)] {
        let mut client = traces_client(&server).await;
        if let Some(encoding) = encoding {
            client = client.send_compressed(encoding);
        }
        let status = client.export(message.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains("10000"), "{}", status.message());
    }
}

#[tokio::test]
async fn logs_and_metrics_have_their_services() {
    let server = TestServer::start().await;
    let url = format!("http://{}", server.otlp_grpc);
    let mut logs = LogsServiceClient::connect(url.clone()).await.unwrap();
    logs.export(log_request("svc", Some((1, 1)), "gen_ai.choice")).await.unwrap();
    let mut metrics = MetricsServiceClient::connect(url).await.unwrap();
    metrics.export(ExportMetricsServiceRequest::default()).await.unwrap();
}
