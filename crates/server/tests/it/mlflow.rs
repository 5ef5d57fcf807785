//! What the tests of MLflow's routes share: a server, calls by path, and checks of errors.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use spanwise_testkit::otlp::ExportTraceServiceRequest;
use spanwise_testkit::{Reply, TestServer};

/// A new server, spoken to as an MLflow client does.
pub(crate) struct Mlflow {
    pub(crate) server: TestServer,
}

/// An error that is expected: status, `error_code`, and how the message begins.
pub(crate) type Expected<'a> = (u16, &'a str, &'a str);

impl Mlflow {
    pub(crate) async fn start() -> Mlflow {
        Mlflow { server: TestServer::start().await }
    }

    /// Sends a request to a path such as `POST 3.0/mlflow/traces`; a null body is none.
    pub(crate) async fn call(&self, route: &str, body: &Value) -> Reply {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/api/{path}") };
        let method: Method = method.parse().expect("a method");
        if body.is_null() && method == Method::GET {
            return self.server.get(&path).await;
        }
        self.server.send_json(method, &path, body).await
    }

    /// Returns the answer of a request that succeeds.
    pub(crate) async fn ok(&self, route: &str, body: Value) -> Value {
        self.call(route, &body).await.expect_ok().json()
    }

    /// Checks the error of a request.
    pub(crate) async fn fails(&self, route: &str, body: Value, (status, code, message): Expected<'_>) {
        let reply = self.call(route, &body).await;
        let answer = reply.json();
        assert_eq!(
            (reply.status.as_u16(), answer["error_code"].as_str()),
            (status, Some(code)),
            "{route} {body} {answer}"
        );
        let text = answer["message"].as_str().expect("a message");
        assert!(text.starts_with(message), "{route} {body}\nanswered {text}\nexpected {message}");
    }

    /// Creates an experiment and returns its id.
    pub(crate) async fn experiment(&self, name: &str) -> String {
        let created = self.ok("POST 2.0/mlflow/experiments/create", json!({"name": name})).await;
        created["experiment_id"].as_str().expect("an id").to_owned()
    }

    /// Sends the final record of a trace in the default experiment, with these fields besides.
    pub(crate) async fn start_trace(&self, id: &str, rest: Value) -> Value {
        let answer = self.ok("POST 3.0/mlflow/traces", start_body(id, rest)).await;
        answer["trace"]["trace_info"].clone()
    }

    /// Returns the record of a trace.
    pub(crate) async fn info(&self, id: &str) -> Value {
        self.ok(&format!("GET 3.0/mlflow/traces/{id}"), Value::Null).await["trace"]["trace_info"].clone()
    }

    /// Exports spans as an OpenTelemetry exporter does.
    pub(crate) async fn export(&self, request: &ExportTraceServiceRequest) {
        self.server.post_otlp("/v1/traces", request).await.expect_ok();
    }
}

/// Returns the body of a final record in the default experiment.
pub(crate) fn start_body(id: &str, rest: Value) -> Value {
    let mut info = json!({
        "trace_id": id, "request_time": "2023-11-14T22:13:20Z", "state": "OK",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
    });
    info.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    json!({"trace": {"trace_info": info}})
}

/// Returns metadata that says how many spans a trace has.
pub(crate) fn size_stats(num_spans: u64) -> Value {
    json!({"mlflow.trace.sizeStats": json!({"num_spans": num_spans}).to_string()})
}

#[tokio::test]
async fn both_prefixes_are_the_same_api() {
    let mlflow = Mlflow::start().await;
    let info = mlflow.ok("GET 3.0/mlflow/server-info", Value::Null).await;
    assert_eq!(mlflow.ok("GET /ajax-api/3.0/mlflow/server-info", Value::Null).await, info);
    assert_eq!(info["workspaces_enabled"], false);
    let telemetry = mlflow.ok("GET /ajax-api/3.0/mlflow/ui-telemetry", Value::Null).await;
    assert_eq!(telemetry["disable_ui_telemetry"], true);
    let workspaces = mlflow.call("GET 3.0/mlflow/workspaces", &Value::Null).await;
    assert_eq!(workspaces.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_unknown_route_is_named_by_its_code() {
    let mlflow = Mlflow::start().await;
    mlflow.fails("GET 2.0/mlflow/nope", Value::Null, (404, "ENDPOINT_NOT_FOUND", "no such endpoint")).await;
    let wrong = mlflow.call("GET 2.0/mlflow/experiments/create", &Value::Null).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_body_is_read_as_upstream_reads_it() {
    let mlflow = Mlflow::start().await;
    let create = "POST 2.0/mlflow/experiments/create";
    let missing = (400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'.");
    mlflow.fails(create, json!([1]), missing).await;
    mlflow.fails(create, json!({"name": ""}), missing).await;
    mlflow.fails(create, json!({"name": null}), missing).await;
    let wrong = "Invalid value 5 for parameter 'name' supplied:  Hint: Value was of type 'int'.";
    mlflow.fails(create, json!({"name": 5}), (400, "INVALID_PARAMETER_VALUE", wrong)).await;
    // The text of a JSON object is an object, and unknown fields don't matter.
    mlflow.ok(create, json!(json!({"name": "n", "unknown": 1}).to_string())).await;
}

#[tokio::test]
async fn a_content_type_is_needed_and_a_large_body_is_refused() {
    use axum::body::Body;
    use http::Request;
    let mlflow = Mlflow::start().await;
    let post = |content_type: Option<&str>, body: Vec<u8>| {
        let request = Request::post("/api/2.0/mlflow/experiments/create");
        let request =
            content_type.into_iter().fold(request, |request, value| request.header("content-type", value));
        mlflow.server.send(request.body(Body::from(body)).unwrap())
    };
    let body = || json!({"name": "n"}).to_string().into_bytes();
    for content_type in [None, Some("text/plain")] {
        let reply = post(content_type, body()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert!(reply.json()["message"].as_str().unwrap().starts_with("Bad Request. Content-Type"));
    }
    post(Some("application/json; charset=utf-8"), body()).await.expect_ok();
    let unparseable = post(Some("application/json"), b"{nope".to_vec()).await;
    assert!(unparseable.text().contains("Missing value for required parameter 'name'"));
    let large = post(Some("application/json"), vec![b' '; (64 << 20) + 1]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}
