//! Probes, and paths and methods that are not there.

use http::StatusCode;
use spanwise_testkit::TestServer;

#[tokio::test]
async fn probes_answer_in_plain_text() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/health").await.expect_ok().text(), "OK");
    let version = server.get("/version").await.expect_ok();
    assert_eq!(version.text(), "3.17.2");
    assert!(version.header("content-type").starts_with("text/plain"));
    server.get("/metrics").await.expect_ok();
    assert!(server.get("/").await.expect_ok().text().contains("Spanwise"));
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = TestServer::start().await;
    for path in ["/health", "/", "/no/such/path"] {
        let reply = server.get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN", "{path}");
        assert_eq!(reply.header("vary"), "Origin", "{path}");
        assert!(reply.header("server").starts_with("spanwise/"), "{path}");
    }
}

#[tokio::test]
async fn an_unknown_path_of_mlflow_is_an_unknown_endpoint() {
    let server = TestServer::start().await;
    for path in ["/api/2.0/mlflow/nothing", "/ajax-api/3.0/mlflow/nothing"] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.json()["error_code"], "ENDPOINT_NOT_FOUND");
    }
    let reply = server.get("/api/v1/nothing").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_wrong_method_is_405() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/v1/traces").await.status, StatusCode::METHOD_NOT_ALLOWED);
}
