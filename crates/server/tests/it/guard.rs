//! Host and Origin: no web page may reach the server by a name that it has made point here.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use spanwise_server::ServerConfig;
use spanwise_testkit::{Reply, ServerOptions, TestServer};

async fn send(server: &TestServer, method: Method, url: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_told_the_flag() {
    let server = TestServer::start().await;
    let reply = send(&server, Method::GET, "/health", &[("host", "evil.example:5000")]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert!(reply.text().contains("--allowed-hosts evil.example:5000"), "{}", reply.text());
    for host in ["localhost", "127.0.0.1:1", "[::1]:5000"] {
        assert_eq!(
            send(&server, Method::GET, "/health", &[("host", host)]).await.status,
            StatusCode::OK,
            "{host}"
        );
    }
}

#[tokio::test]
async fn a_configured_host_is_allowed() {
    let config = ServerConfig { allowed_hosts: vec!["spanwise.internal".into()], ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let headers = [("host", "spanwise.internal:5000"), ("origin", "http://spanwise.internal:5000")];
    assert_eq!(send(&server, Method::GET, "/health", &headers).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_foreign_origin_is_refused_on_both_ports() {
    let server = TestServer::start().await;
    let otlp = format!("http://{}/v1/traces", server.otlp_http);
    for url in ["/v1/traces", "/api/2.0/mlflow/experiments/search", &otlp] {
        let reply = send(&server, Method::POST, url, &[("origin", "http://evil.example")]).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{url}");
        assert!(reply.text().contains("--allowed-origins http://evil.example"), "{}", reply.text());
    }
}

#[tokio::test]
async fn the_otlp_port_takes_any_host_without_an_origin() {
    let server = TestServer::start().await;
    let url = format!("http://{}/v1/traces", server.otlp_http);
    let headers = [("host", "collector.internal:4318"), ("content-type", "application/json")];
    assert_eq!(send(&server, Method::POST, &url, &headers).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_allowed_origin_gets_cors_and_a_preflight() {
    let config =
        ServerConfig { allowed_origins: vec!["https://app.example".into()], ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let url = format!("http://{}/v1/traces", server.otlp_http);
    let preflight = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-mlflow-experiment-id"),
    ];
    let reply = send(&server, Method::OPTIONS, &url, &preflight).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(reply.header("access-control-allow-headers"), "content-type,x-mlflow-experiment-id");
    assert!(reply.header("access-control-allow-methods").contains("POST"));
    let headers = [("origin", "https://app.example"), ("content-type", "application/json")];
    let reply = send(&server, Method::POST, &url, &headers).await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (StatusCode::OK, "https://app.example")
    );
}
