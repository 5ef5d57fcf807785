//! The artifact proxy, and what of it belongs to traces.

use crate::mlflow::Mlflow;
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use spanwise_server::ServerConfig;
use spanwise_testkit::otlp::trace_id;
use spanwise_testkit::{Reply, ServerOptions, TestServer};

const ARTIFACTS: &str = "/api/2.0/mlflow-artifacts/artifacts";
const UUID: &str = "198873c0-63f4-42da-9c4c-a80b3a70244f";

async fn put(mlflow: &Mlflow, path: &str, content: impl Into<Body>) -> Reply {
    let request = Request::put(format!("{ARTIFACTS}/{path}")).body(content.into()).unwrap();
    mlflow.server.send(request).await
}

async fn get(mlflow: &Mlflow, path: &str) -> Reply {
    mlflow.server.get(&format!("{ARTIFACTS}/{path}")).await
}

async fn list(mlflow: &Mlflow, path: &str) -> Value {
    mlflow.server.get(&format!("{ARTIFACTS}?path={path}")).await.expect_ok().json()
}

#[tokio::test]
async fn a_file_comes_back_with_its_headers() {
    let mlflow = Mlflow::start().await;
    assert_eq!(put(&mlflow, "x/y.txt", "first").await.expect_ok().text(), "");
    put(&mlflow, "x/y.txt", "hello!").await.expect_ok();
    let reply = get(&mlflow, "x/y.txt").await.expect_ok();
    assert_eq!(reply.text(), "hello!");
    for (header, value) in [
        ("content-type", "text/plain"),
        ("content-length", "6"),
        ("content-disposition", "attachment; filename=y.txt"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(reply.header(header), value, "{header}");
    }
    let twin = mlflow.server.get("/ajax-api/2.0/mlflow-artifacts/artifacts/x/y.txt").await.expect_ok();
    assert_eq!(twin.body, reply.body);
}

#[tokio::test]
async fn a_page_is_never_shown_as_one() {
    let mlflow = Mlflow::start().await;
    put(&mlflow, "x.html", "<script>").await.expect_ok();
    let reply = get(&mlflow, "x.html").await.expect_ok();
    assert_eq!(reply.header("content-type"), "application/octet-stream");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=x.html");
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let mlflow = Mlflow::start().await;
    put(&mlflow, "a", "1").await.expect_ok();
    let etag = get(&mlflow, "a").await.expect_ok().header("etag").to_owned();
    let request = Request::get(format!("{ARTIFACTS}/a")).header("if-none-match", &etag);
    let again = mlflow.server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (again.status, again.text(), again.header("etag")),
        (StatusCode::NOT_MODIFIED, "", etag.as_str())
    );
}

#[tokio::test]
async fn folders_are_listed() {
    let mlflow = Mlflow::start().await;
    put(&mlflow, "r/a.txt", "hello").await.expect_ok();
    put(&mlflow, "r/d/x.json", "{}").await.expect_ok();
    let expected = json!({"files": [
        {"path": "a.txt", "is_dir": false, "file_size": 5}, {"path": "d", "is_dir": true},
    ]});
    assert_eq!(list(&mlflow, "r").await, expected);
    assert_eq!(list(&mlflow, "r%2Fd").await["files"][0]["path"], "x.json");
    assert_eq!(list(&mlflow, "r/a.txt").await, json!({}));
    assert_eq!(list(&mlflow, "zzz").await, json!({}));
}

#[tokio::test]
async fn a_deleted_file_is_gone() {
    let mlflow = Mlflow::start().await;
    put(&mlflow, "x/y.txt", "hello").await.expect_ok();
    for _ in 0..2 {
        assert_eq!(mlflow.ok("DELETE 2.0/mlflow-artifacts/artifacts/x/y.txt", Value::Null).await, json!({}));
        let missing = (404, "RESOURCE_DOES_NOT_EXIST", "No such artifact: 'x/y.txt'");
        mlflow.fails("GET 2.0/mlflow-artifacts/artifacts/x/y.txt", Value::Null, missing).await;
    }
}

#[tokio::test]
async fn no_path_leads_out() {
    let mlflow = Mlflow::start().await;
    let invalid = (400, "INVALID_PARAMETER_VALUE", "Invalid path");
    for path in ["..%2f..%2fetc", "a%2f..%2f..%2fb", "%252e%252e%252fetc", "a%5c..%5cb", "%2fetc", "a%00b"] {
        mlflow.fails(&format!("GET 2.0/mlflow-artifacts/artifacts/{path}"), Value::Null, invalid).await;
        mlflow.fails(&format!("PUT 2.0/mlflow-artifacts/artifacts/{path}"), Value::Null, invalid).await;
        mlflow.fails(&format!("DELETE 2.0/mlflow-artifacts/artifacts/{path}"), Value::Null, invalid).await;
    }
    mlflow.fails("GET 2.0/mlflow-artifacts/artifacts?path=../x", Value::Null, invalid).await;
}

#[tokio::test]
async fn an_artifact_over_the_limit_leaves_nothing() {
    let config = ServerConfig { artifact_bytes_max: 10, ..ServerConfig::default() };
    let server = TestServer::start_with(ServerOptions { config, ..ServerOptions::default() }).await;
    let mlflow = Mlflow { server };
    let chunks =
        || Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("123456"), Ok("7890!")]));
    for content in [Body::from("1234567890!"), chunks()] {
        assert_eq!(put(&mlflow, "a", content).await.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(get(&mlflow, "a").await.status, StatusCode::NOT_FOUND);
    }
    put(&mlflow, "a", "1234567890").await.expect_ok();
}

#[tokio::test]
async fn uploads_in_parts_are_not_offered() {
    let mlflow = Mlflow::start().await;
    let upload = (501, "NOT_IMPLEMENTED", "Multipart upload is not supported");
    mlflow
        .fails("POST 2.0/mlflow-artifacts/mpu/create/x", json!({"path": "f", "num_parts": 2}), upload)
        .await;
    let download = (501, "NOT_IMPLEMENTED", "Multipart download is not supported");
    mlflow.fails("GET 2.0/mlflow-artifacts/presigned/x/y", Value::Null, download).await;
}

#[tokio::test]
async fn an_attachment_is_read_through_its_trace() {
    let mlflow = Mlflow::start().await;
    mlflow.start_trace(&trace_id(7), json!({})).await;
    put(&mlflow, &format!("0/traces/{}/artifacts/attachments/{UUID}", trace_id(7)), "PNG").await.expect_ok();
    let path = format!("/ajax-api/3.0/mlflow/get-trace-artifact?request_id={}&path={UUID}", trace_id(7));
    assert_eq!(mlflow.server.get(&path).await.expect_ok().text(), "PNG");
}

fn traces_json() -> String {
    json!({"spans": [{
        "trace_id": "anything", "span_id": "NzRK/BPt04A=", "parent_span_id": null, "name": "root",
        "start_time_unix_nano": 1_700_000_000_000_000_001_u64, "end_time_unix_nano": "1700000000500000000",
        "events": [{"name": "ev", "time_unix_nano": 1_700_000_000_000_000_002_u64, "attributes": {"a": 1}}],
        "status": {"code": "STATUS_CODE_ERROR", "message": "boom"},
        "attributes": {"mlflow.spanType": "\"LLM\"", "mlflow.spanInputs": "{\"q\": [1.5]}"}, "links": [],
    }]})
    .to_string()
}

#[tokio::test]
async fn an_uploaded_traces_json_gives_a_trace_its_spans() {
    let mlflow = Mlflow::start().await;
    let path = format!("0/traces/{}/artifacts/traces.json", trace_id(7));
    put(&mlflow, &path, traces_json()).await.expect_ok();
    assert_eq!(mlflow.info(&trace_id(7)).await["state"], "ERROR");
    let file = format!("GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id={}", trace_id(7));
    let span = mlflow.ok(&file, Value::Null).await["spans"][0].clone();
    assert_eq!(span["name"], "root");
    assert_eq!(span["start_time_unix_nano"], 1_700_000_000_000_000_001_u64);
    assert_eq!(span["status"], json!({"code": "STATUS_CODE_ERROR", "message": "boom"}));
    assert_eq!(span["attributes"]["mlflow.spanInputs"], "{\"q\": [1.5]}");
    assert_eq!(span["events"][0]["attributes"], json!({"a": 1}));
    // A second upload is only a file: the trace has its spans.
    put(&mlflow, &path, traces_json().replace("\"root\"", "\"other\"")).await.expect_ok();
    assert_eq!(mlflow.ok(&file, Value::Null).await["spans"][0]["name"], "root");
}

#[tokio::test]
async fn an_upload_that_is_no_such_file_is_only_a_file() {
    let mlflow = Mlflow::start().await;
    for (folder, content) in [
        (format!("0/traces/{}", trace_id(7)), "{nope".to_owned()),
        (format!("99/traces/{}", trace_id(7)), traces_json()),
        ("0/traces/my-own".to_owned(), traces_json()),
    ] {
        let path = format!("{folder}/artifacts/traces.json");
        put(&mlflow, &path, content.clone()).await.expect_ok();
        assert_eq!(get(&mlflow, &path).await.expect_ok().text(), content);
    }
    mlflow.start_trace("my-own", json!({})).await;
    let file = "GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=my-own";
    assert_eq!(mlflow.ok(file, Value::Null).await["spans"][0]["name"], "root");
}
