//! Records of traces: start, get, delete, tags, links.

use crate::mlflow::{Mlflow, start_body};
use serde_json::{Value, json};
use spanwise_testkit::otlp::{child_of, request, span, trace_id, with_attribute};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";
const START: &str = "POST 3.0/mlflow/traces";

#[tokio::test]
async fn a_record_is_answered_as_it_is_stored() {
    let mlflow = Mlflow::start().await;
    let id = trace_id(7);
    let usage = r#"{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}"#;
    let sent = json!({
        "client_request_id": "req-1", "execution_duration": "0.079s",
        "trace_metadata": {"custom": "v", "mlflow.trace.session": "s", "mlflow.trace.tokenUsage": usage},
        "tags": {"mlflow.traceName": "outer", "env": "dev"},
        "request_preview": "q", "response_preview": "a",
        "assessments": [{"assessment_name": "n", "feedback": {"value": true}}],
    });
    let answered = mlflow.start_trace(&id, sent.clone()).await;
    assert_eq!(mlflow.info(&id).await, answered);
    for field in ["client_request_id", "execution_duration", "request_preview", "response_preview"] {
        assert_eq!(answered[field], sent[field], "{field}");
    }
    assert_eq!(answered["request_time"], "2023-11-14T22:13:20Z");
    let mut metadata = sent["trace_metadata"].clone();
    metadata["mlflow.trace.infoFinalized"] = json!("true");
    assert_eq!(answered["trace_metadata"], metadata);
    let expected = json!({
        "mlflow.traceName": "outer", "env": "dev", "mlflow.trace.spansLocation": "TRACKING_STORE",
        "mlflow.artifactLocation": format!("mlflow-artifacts:/0/traces/{id}/artifacts"),
    });
    assert_eq!(answered["tags"], expected);
    let assessment = &answered["assessments"][0];
    assert!(assessment["assessment_id"].as_str().unwrap().starts_with("a-"));
    assert_eq!(assessment["trace_id"], json!(id));
}

#[tokio::test]
async fn a_second_record_overwrites_and_merges() {
    let mlflow = Mlflow::start().await;
    let experiment = mlflow.experiment("other").await;
    let id = trace_id(7);
    let first = json!({"tags": {"mlflow.traceName": "X", "t1": "v1"}, "request_preview": "p", "client_request_id": "c"});
    mlflow.start_trace(&id, first).await;
    let location = json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}});
    let second = json!({"tags": {"t2": "v2"}, "state": "ERROR", "execution_duration": "2s", "trace_location": location});
    let info = mlflow.start_trace(&id, second).await;
    assert_eq!(info["trace_location"]["mlflow_experiment"]["experiment_id"], json!(experiment));
    assert_eq!((&info["state"], &info["execution_duration"]), (&json!("ERROR"), &json!("2s")));
    assert_eq!((&info["request_preview"], info.get("client_request_id")), (&json!("p"), None));
    for (key, value) in [("mlflow.traceName", "X"), ("t1", "v1"), ("t2", "v2")] {
        assert_eq!(info["tags"][key], value);
    }
}

#[tokio::test]
async fn record_and_spans_may_come_in_either_order() {
    let id = trace_id(7);
    let spans = request(
        "svc",
        vec![with_attribute(span(7, 1, "root"), "session.id", "s"), child_of(1, span(7, 2, "c"))],
    );
    let start = json!({"execution_duration": "0.500s", "tags": {"k": "v"}});
    let record_first = Mlflow::start().await;
    record_first.start_trace(&id, start.clone()).await;
    record_first.export(&spans).await;
    let spans_first = Mlflow::start().await;
    spans_first.export(&spans).await;
    spans_first.start_trace(&id, start).await;
    let info = record_first.info(&id).await;
    assert_eq!(info, spans_first.info(&id).await);
    assert_eq!(info["execution_duration"], "0.500s");
    assert_eq!(info["tags"]["mlflow.traceName"], "root");
    assert_eq!(info["tags"]["service.name"], "svc");
    assert_eq!(info["trace_metadata"]["mlflow.trace.session"], "s");
}

#[tokio::test]
async fn a_record_that_makes_no_sense_is_refused() {
    let mlflow = Mlflow::start().await;
    let location = |location: Value| start_body("tr-1", json!({"trace_location": location}));
    for (body, expected) in [
        (json!({}), (400, INVALID, "Missing value for required parameter 'trace'.")),
        (json!({"trace": {}}), (400, INVALID, "Missing value for required parameter 'trace.trace_info'.")),
        (
            location(Value::Null),
            (400, INVALID, "Missing value for required parameter 'trace.trace_info.trace_location'."),
        ),
        (
            location(json!({"mlflow_experiment": {"experiment_id": "0"}})),
            (
                400,
                INVALID,
                "Trace location type TraceLocationType.TRACE_LOCATION_TYPE_UNSPECIFIED does not match",
            ),
        ),
        (
            location(json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "99"}})),
            (404, MISSING, "No Experiment with id=99 exists"),
        ),
        (
            start_body("", json!({})),
            (400, INVALID, "Missing value for required parameter 'trace.trace_info.trace_id'."),
        ),
        (
            start_body("t", json!({"request_time": "x"})),
            (400, INVALID, "Invalid value \"x\" for parameter 'trace.trace_info"),
        ),
        (
            start_body("t", json!({"trace_metadata": {"mlflow.trace.session": "s".repeat(251)}})),
            (400, INVALID, "'Session ID' exceeds the maximum length of 250 characters"),
        ),
    ] {
        mlflow.fails(START, body, expected).await;
    }
}

#[tokio::test]
async fn records_are_got_one_by_one_and_in_batches() {
    let mlflow = Mlflow::start().await;
    for id in ["t1", "t2", "t3"] {
        mlflow.start_trace(id, json!({})).await;
    }
    let ids = json!({"trace_ids": ["t3", "nope", "t1", "t3", "x".repeat(60)]});
    let infos = mlflow.ok("POST 3.0/mlflow/traces/batchGetInfos", ids).await;
    let found: Vec<&Value> =
        infos["trace_infos"].as_array().unwrap().iter().map(|info| &info["trace_id"]).collect();
    assert_eq!(found, [&json!("t3"), &json!("t1")]);
    let nowhere = json!({"trace_ids": ["t1"], "experiment_ids": ["5"]});
    assert_eq!(mlflow.ok("POST 3.0/mlflow/traces/batchGetInfos", nowhere).await, json!({}));
    let no_ids = (400, INVALID, "Missing value for required parameter 'trace_ids'.");
    mlflow.fails("POST 3.0/mlflow/traces/batchGetInfos", json!({}), no_ids).await;
    for id in ["tr-nope".to_owned(), "x".repeat(60)] {
        let text = format!("Trace with ID '{id}' not found.");
        mlflow.fails(&format!("GET 3.0/mlflow/traces/{id}"), Value::Null, (404, MISSING, &text)).await;
    }
    let v2 = mlflow.ok("GET 2.0/mlflow/traces/t1/info", Value::Null).await;
    assert_eq!(v2["trace_info"]["request_id"], "t1");
    assert_eq!(v2["trace_info"]["timestamp_ms"], 1_700_000_000_000_i64);
}

#[tokio::test]
async fn tags_are_set_renamed_and_deleted() {
    let mlflow = Mlflow::start().await;
    mlflow.start_trace("t", json!({})).await;
    for version in ["2.0", "3.0"] {
        let tags = format!("{version}/mlflow/traces/t/tags");
        mlflow.ok(&format!("PATCH {tags}"), json!({"key": "k", "value": "v"})).await;
        assert_eq!(mlflow.info("t").await["tags"]["k"], "v");
        mlflow.ok(&format!("DELETE {tags}"), json!({"key": "k"})).await;
        let no_tag = (404, MISSING, "No trace tag with key 'k' for trace with ID 't'");
        mlflow.fails(&format!("DELETE {tags}"), json!({"key": "k"}), no_tag).await;
    }
    let tags = "PATCH 3.0/mlflow/traces/t/tags";
    mlflow.ok(tags, json!({"key": "mlflow.traceName", "value": "renamed"})).await;
    mlflow.ok(tags, json!({"key": "long", "value": "v".repeat(9_000)})).await;
    let info = mlflow.info("t").await;
    assert_eq!(info["tags"]["mlflow.traceName"], "renamed");
    assert_eq!(info["tags"]["long"].as_str().unwrap().len(), 4_096);
    let unknown = (404, MISSING, "Trace with ID 'tr-nope' not found.");
    mlflow.fails("PATCH 2.0/mlflow/traces/tr-nope/tags", json!({"key": "a"}), unknown).await;
    let no_key = (400, INVALID, "Missing value for required parameter 'key'.");
    mlflow.fails(tags, json!({"value": "v"}), no_key).await;
    let immutable =
        (400, INVALID, "Tag 'mlflow.trace.spansLocation' is immutable and cannot be set on a trace.");
    mlflow.fails(tags, json!({"key": "mlflow.trace.spansLocation", "value": "x"}), immutable).await;
}

#[tokio::test]
async fn traces_are_deleted_by_id_or_by_age() {
    let mlflow = Mlflow::start().await;
    let delete = "POST 2.0/mlflow/traces/delete-traces";
    for (id, time) in
        [("t1", "2023-11-14T22:13:21Z"), ("t2", "2023-11-14T22:13:22Z"), ("t3", "2023-11-14T22:13:23Z")]
    {
        mlflow.start_trace(id, json!({"request_time": time})).await;
    }
    let deleted = mlflow.ok(delete, json!({"experiment_id": "0", "request_ids": ["t3", "nope"]})).await;
    assert_eq!(deleted, json!({"traces_deleted": 1}));
    let oldest =
        json!({"experiment_id": "0", "max_timestamp_millis": 1_700_000_003_000_i64, "max_traces": 1});
    assert_eq!(mlflow.ok(delete, oldest).await, json!({"traces_deleted": 1}));
    mlflow
        .fails("GET 3.0/mlflow/traces/t1", Value::Null, (404, MISSING, "Trace with ID 't1' not found."))
        .await;
    mlflow.info("t2").await;
    let elsewhere = mlflow.experiment("other").await;
    let of_other = json!({"experiment_id": elsewhere, "request_ids": ["t2"]});
    assert_eq!(mlflow.ok(delete, of_other).await, json!({"traces_deleted": 0}));
    let neither = (400, INVALID, "Either `max_timestamp_millis` or `trace_ids` must be specified.");
    mlflow.fails(delete, json!({"experiment_id": "0"}), neither).await;
}

#[tokio::test]
async fn links_are_idempotent_and_may_come_first() {
    let mlflow = Mlflow::start().await;
    let link = json!({"trace_ids": ["t", "unknown"], "run_id": "r"});
    mlflow.ok("POST 2.0/mlflow/traces/link-to-run", link.clone()).await;
    mlflow.start_trace("t", json!({})).await;
    mlflow.ok("POST 2.0/mlflow/traces/link-to-run", link).await;
    let prompts = json!({"trace_id": "t", "prompt_versions": [{"name": "p", "version": "1"}]});
    mlflow.ok("POST 2.0/mlflow/traces/link-prompts", prompts).await;
    for filter in ["run_id = 'r'", "prompt = 'p/1'"] {
        let query = json!({"locations": [{"mlflow_experiment": {"experiment_id": "0"}}], "filter": filter});
        assert_eq!(
            mlflow.ok("POST 3.0/mlflow/traces/search", query).await["traces"][0]["trace_id"],
            "t",
            "{filter}"
        );
    }
    let unknown = json!({"trace_id": "tr-nope", "prompt_versions": []});
    let no_trace = (404, MISSING, "Trace with ID 'tr-nope' not found.");
    mlflow.fails("POST 2.0/mlflow/traces/link-prompts", unknown, no_trace).await;
    let many: Vec<String> = (0..101).map(|n| format!("tr-{n}")).collect();
    let too_many = (400, INVALID, "Cannot link more than 100 traces to a run in a single request.");
    mlflow
        .fails("POST 2.0/mlflow/traces/link-to-run", json!({"trace_ids": many, "run_id": "r"}), too_many)
        .await;
}
