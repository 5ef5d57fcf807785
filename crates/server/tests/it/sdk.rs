//! What the SDK sends, as the server has it and its clients read it.

use serde_json::{Value, json};
use spanwise_sdk_core::client::{Client, ClientError, Feedback, Search};
use spanwise_sdk_core::{Config, Parent, Sdk, StartOptions, Target, TraceId, TraceUpdate};
use spanwise_testkit::TestServer;
use std::time::Duration;

const ROOT: StartOptions<'static> = StartOptions { parent: Parent::Root, sampling: None };

fn start(server: &TestServer) -> (Sdk, Client) {
    let url = format!("http://{}", server.main);
    let config = Config::new().target(Target::parse(&url).unwrap());
    (config.start().unwrap(), Client::new(&url))
}

/// Records a question with a failed tool, and waits until it has arrived. The SDK blocks, and must not keep the server.
async fn ask(sdk: Sdk) -> (Sdk, TraceId) {
    let record = move || {
        let root = sdk.span("ask", ROOT).span_type("AGENT").inputs(r#"{"question": "why?"}"#).start();
        let update = TraceUpdate::new().name("asking").session("s").user("u").tag("env", "test");
        assert!(root.update_trace(update.request_preview("why, in short")));
        let child = StartOptions { parent: Parent::Of(&root), sampling: None };
        let tool = sdk.span("look up", child).span_type("TOOL").start();
        tool.record_exception("Timeout", &["timed out".to_owned()]);
        tool.end();
        root.set_outputs("because");
        let trace_id = root.trace_id().unwrap();
        root.end();
        sdk.flush(Duration::from_secs(30)).unwrap();
        (sdk, trace_id)
    };
    tokio::task::spawn_blocking(record).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_arrives_as_it_was_recorded() {
    let server = TestServer::start().await;
    let (sdk, client) = start(&server);
    let (sdk, trace_id) = ask(sdk).await;
    assert_eq!(sdk.stats().endpoints[0].sent, 2);
    let trace = client.get_async(trace_id).await.unwrap();
    let record = &trace.info.record;
    assert_eq!(trace.info.state, "OK");
    assert_eq!(record["tags"]["mlflow.traceName"], "asking");
    assert_eq!(record["tags"]["env"], "test");
    assert_eq!(record["trace_metadata"]["mlflow.trace.session"], "s");
    assert_eq!(record["trace_metadata"]["mlflow.trace.user"], "u");
    assert_eq!(record["request_preview"], "why, in short");
    assert_eq!(trace.spans.len(), 2);
    let native = server.get(&format!("/api/v1/traces/{}/tree", trace_id.to_mlflow())).await;
    assert_eq!(native.status, 200);
    let found = client.search_async(Search { filter: "nonsense".to_owned(), ..Search::default() }).await;
    let error = found.unwrap_err();
    assert!(matches!(error, ClientError::Refused { status: 400, .. }), "{error}");
    let filter = "metadata.`mlflow.trace.session` = 's' AND span.type = 'TOOL'".to_owned();
    let found = client.search_async(Search { filter, ..Search::default() }).await.unwrap();
    assert_eq!(found[0].trace_id, trace_id.to_mlflow());
    let unknown = Search { experiments: vec!["none".to_owned()], ..Search::default() };
    assert!(client.search_async(unknown).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_given_on_a_trace_that_has_ended() {
    let server = TestServer::start().await;
    let (sdk, client) = start(&server);
    let (_sdk, trace_id) = ask(sdk).await;
    let feedback = Feedback { rationale: Some("short".to_owned()), ..Feedback::new("helpful", true) };
    let id = client.log_feedback_async(trace_id, feedback).await.unwrap();
    assert!(!id.is_empty());
    let expected = json!({"answer": "because"});
    client.log_expectation_async(trace_id, Feedback::new("answer", expected)).await.unwrap();
    let trace = client.get_async(trace_id).await.unwrap();
    let said: Vec<&Value> = trace.info.record["assessments"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 2);
    let of = |name: &str| *said.iter().find(|one| one["assessment_name"] == name).unwrap();
    assert_eq!(of("helpful")["feedback"]["value"], true);
    assert_eq!(of("helpful")["rationale"], "short");
    assert!(of("answer")["expectation"].is_object());
    let unknown = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let error = client.log_feedback_async(unknown, Feedback::new("a", 1)).await.unwrap_err();
    assert!(matches!(error, ClientError::Refused { status: 404, .. }), "{error}");
}
