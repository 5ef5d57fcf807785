//! The web UI's page, and what is none of its paths.

use crate::native::Native;
use http::Method;
use serde_json::json;
use spanwise_testkit::Reply;

fn check_page(reply: &Reply, path: &str) {
    assert!(reply.header("content-type").starts_with("text/html"), "{path}");
    let policy = reply.header("content-security-policy");
    assert!(
        policy.contains("default-src 'self'") && policy.contains("object-src 'none'"),
        "{path}: {policy}"
    );
    assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN", "{path}");
}

#[tokio::test]
async fn every_path_of_the_ui_is_its_page() {
    let native = Native::start().await;
    for path in ["/", "/traces", "/traces/tr-1", "/sessions/a%20b", "/experiments/1?filter=x"] {
        let reply = native.server.get(path).await.expect_ok();
        check_page(&reply, path);
        assert!(reply.text().to_lowercase().starts_with("<!doctype html>"), "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_of_apis_stay_errors() {
    let native = Native::start().await;
    for path in ["/api/v1/nope", "/api/v1/traces/x/nope", "/v1/nope", "/assets/nope.js", "/favicon.nope"] {
        let reply = native.server.get(path).await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (404, "application/problem+json"),
            "{path}"
        );
    }
    let reply = native.server.get("/api/3.0/mlflow/nope").await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error_code"]), (404, &json!("ENDPOINT_NOT_FOUND")));
    let reply = native.server.send_json(Method::POST, "/traces", &json!({})).await;
    assert_eq!(reply.status, 404);
    native.fails("POST /info", &json!({}), 405, "POST is not allowed").await;
}
