//! Connections: slow clients, and the end.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use spanwise_server::{BodyPace, ServerConfig};
use spanwise_testkit::otlp::{request, span};
use spanwise_testkit::{ServerOptions, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CLOSING: &str = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Sends the start of a request and returns all that the server says until it hangs up.
async fn send_and_wait(server: &TestServer, start: &str) -> String {
    let mut stream = TcpStream::connect(server.main).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    said
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_headers_is_hung_up_on() {
    let config = ServerConfig { header_timeout: Duration::from_millis(50), ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    assert_eq!(send_and_wait(&server, "GET /health HTTP/1.1\r\nHost: loc").await, "");
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_body_is_told() {
    let config = ServerConfig {
        header_timeout: Duration::from_millis(50),
        body_idle_timeout: Duration::from_millis(50),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let start = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 100\r\n\r\n{";
    let said = send_and_wait(&server, start).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert_eq!(server.app.ingest.queue_bytes(), 0);
}

#[tokio::test]
async fn a_client_that_sends_its_body_byte_by_byte_is_told() {
    let pace = BodyPace { grace: Duration::from_millis(200), bytes_per_second_min: 1_000 };
    let config = ServerConfig { body_pace: pace, ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let (mut reader, mut writer) = TcpStream::connect(server.main).await.unwrap().into_split();
    let head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Content-Length: 100000\r\n\r\n";
    writer.write_all(head.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        while writer.write_all(b" ").await.is_ok() {
            ticks.tick().await;
        }
    });
    let mut said = [0; 12];
    tokio::time::timeout(Duration::from_secs(20), reader.read_exact(&mut said)).await.unwrap().unwrap();
    assert_eq!(&said, b"HTTP/1.1 408");
    dripping.abort();
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_hung_up_on() {
    let config = ServerConfig {
        // Each of the three ports keeps one for its next client.
        connections_max: 3,
        write_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    // More than what the system takes for a client that does not read.
    let artifact = "/api/2.0/mlflow-artifacts/artifacts/0/large.bin";
    let content = vec![0; 64 << 20];
    let head = format!(
        "PUT {artifact} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        content.len()
    );
    let mut upload = TcpStream::connect(server.main).await.unwrap();
    upload.write_all(head.as_bytes()).await.unwrap();
    upload.write_all(&content).await.unwrap();
    upload.read_to_end(&mut Vec::new()).await.unwrap();
    drop(upload);
    let mut deaf = TcpStream::connect(server.main).await.unwrap();
    let mut first = [0; 12];
    let head = format!("GET {artifact} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    deaf.write_all(head.as_bytes()).await.unwrap();
    deaf.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    // The port's only connection becomes free.
    let next = tokio::time::timeout(Duration::from_secs(10), send_and_wait(&server, CLOSING)).await;
    assert!(next.expect("the silent client is hung up on").ends_with("OK"));
}

#[tokio::test]
async fn a_grpc_client_that_does_not_begin_is_hung_up_on() {
    let config = ServerConfig { header_timeout: Duration::from_millis(50), ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let mut silent = TcpStream::connect(server.otlp_grpc).await.unwrap();
    silent.write_all(b"PRI * HTTP").await.unwrap();
    let mut said = Vec::new();
    let waited = tokio::time::timeout(Duration::from_secs(20), silent.read_to_end(&mut said)).await;
    // What the server says first, its settings, may come before the end.
    drop(waited.expect("the silent client is hung up on"));
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_waited_for() {
    let server = TestServer::start().await;
    let start = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: 67108865\r\n\r\n";
    let said = send_and_wait(&server, start).await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_body_keeps_the_connection() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.main).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 300000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = vec![0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(said, b"HTTP/1.1 415");
    stream.write_all(&[b'x'; 300_000]).await.unwrap();
    let next = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(next.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.ends_with("3.17.2"), "{said}");
}

#[tokio::test]
async fn a_stopped_server_has_closed_its_store_and_ports() {
    let server = TestServer::start().await;
    server.get("/health").await.expect_ok();
    let (address, store) = (server.main, server.app.store.clone());
    server.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert!(store.create_experiment(spanwise_store::NewExperiment::default()).await.is_err());
}

#[tokio::test]
async fn idle_clients_do_not_hold_up_the_end() {
    let config = ServerConfig { drain_timeout: Duration::from_secs(3_600), ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let mut grpc = TraceServiceClient::connect(format!("http://{}", server.otlp_grpc)).await.unwrap();
    grpc.export(request("svc", vec![span(1, 1, "root")])).await.unwrap();
    let mut idle = TcpStream::connect(server.main).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    let silent = TcpStream::connect(server.otlp_http).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), server.stop()).await.expect("idle connections are closed");
    drop((grpc, idle, silent));
}
