//! `traces/{id}/assessments`.

use crate::mlflow::Mlflow;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";
const CREATE: &str = "POST 3.0/mlflow/traces/t/assessments";

/// Starts a server with the trace `t`.
async fn one_trace() -> Mlflow {
    let mlflow = Mlflow::start().await;
    mlflow.start_trace("t", json!({})).await;
    mlflow
}

fn feedback(id: &str, value: Value) -> Value {
    json!({"assessment": {"assessment_id": id, "assessment_name": "quality", "feedback": {"value": value}}})
}

async fn get(mlflow: &Mlflow, id: &str) -> Value {
    mlflow.ok(&format!("GET 3.0/mlflow/traces/t/assessments/{id}"), Value::Null).await["assessment"].clone()
}

#[tokio::test]
async fn one_comes_back_as_it_was_sent() {
    let mlflow = one_trace().await;
    let sent = json!({
        "assessment_id": "a-mine", "assessment_name": "quality", "trace_id": "t", "span_id": "37344afc13edd380",
        "source": {"source_type": "HUMAN", "source_id": "alice"},
        "create_time": "2026-11-22T17:43:58.347Z", "last_update_time": "2026-11-22T17:43:58.779Z",
        "feedback": {"value": {"a": [1, 2.5], "b": null}, "error": {"error_code": "E", "error_message": "m"}},
        "rationale": "good", "metadata": {"m": "1"}, "valid": true,
    });
    let created = mlflow.ok(CREATE, json!({"assessment": sent})).await;
    assert_eq!(created["assessment"], sent);
    assert_eq!(get(&mlflow, "a-mine").await, sent);
    assert_eq!(mlflow.info("t").await["assessments"], json!([sent]));
}

#[tokio::test]
async fn ids_and_times_are_made_where_none_are_given() {
    let mlflow = one_trace().await;
    let body = json!({"assessment": {"expectation": {"value": "x"}, "trace_id": "another"}});
    let created = mlflow.ok(CREATE, body).await["assessment"].clone();
    let id = created["assessment_id"].as_str().unwrap();
    assert!(id.starts_with("a-") && id.len() == 34, "{id}");
    assert_eq!(created["trace_id"], "t");
    assert_eq!(created["source"], json!({"source_type": "SOURCE_TYPE_UNSPECIFIED"}));
    assert_eq!(created["create_time"], created["last_update_time"]);
    assert_eq!(created["valid"], true);
    assert_eq!(get(&mlflow, id).await, created);
}

#[tokio::test]
async fn overriding_makes_the_other_invalid_until_it_is_deleted() {
    let mlflow = one_trace().await;
    mlflow.ok(CREATE, feedback("a-1", json!(0.5))).await;
    let mut second = feedback("a-2", json!(0.1));
    second["assessment"]["overrides"] = json!("a-1");
    assert_eq!(mlflow.ok(CREATE, second).await["assessment"]["overrides"], "a-1");
    assert_eq!(get(&mlflow, "a-1").await["valid"], false);
    assert_eq!(mlflow.ok("DELETE 3.0/mlflow/traces/t/assessments/a-2", Value::Null).await, json!({}));
    assert_eq!(get(&mlflow, "a-1").await["valid"], true);
    let gone = (404, MISSING, "Assessment with ID 'a-2' not found for trace 't'");
    mlflow.fails("GET 3.0/mlflow/traces/t/assessments/a-2", Value::Null, gone).await;
    mlflow.ok("DELETE 3.0/mlflow/traces/t/assessments/a-2", Value::Null).await;
    mlflow.ok("DELETE 3.0/mlflow/traces/tr-nope/assessments/a-2", Value::Null).await;
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names() {
    let mlflow = one_trace().await;
    let mut first = feedback("a-1", json!(0.5));
    first["assessment"]["metadata"] = json!({"m": "1"});
    first["assessment"]["create_time"] = json!("2023-11-14T22:13:20Z");
    mlflow.ok(CREATE, first).await;
    let path = "PATCH 3.0/mlflow/traces/t/assessments/a-1";
    let change = json!({"assessment_name": "n", "rationale": "r", "metadata": {"m2": "2"}, "feedback": {"value": null}});
    let body = json!({"assessment": change, "update_mask": "assessmentName,rationale,metadata"});
    let updated = mlflow.ok(path, body).await["assessment"].clone();
    assert_eq!((&updated["assessment_name"], &updated["rationale"]), (&json!("n"), &json!("r")));
    assert_eq!(updated["metadata"], json!({"m": "1", "m2": "2"}));
    assert_eq!(updated["feedback"], json!({"value": 0.5}));
    assert_eq!(updated["create_time"], "2023-11-14T22:13:20Z");
    assert_ne!(updated["last_update_time"], updated["create_time"]);
    let body = json!({"assessment": change, "update_mask": "feedback"});
    assert_eq!(mlflow.ok(path, body).await["assessment"]["feedback"], json!({"value": null}));
    let body = json!({"assessment": {"valid": false}, "update_mask": "valid"});
    assert_eq!(mlflow.ok(path, body).await["assessment"]["valid"], false);
}

#[tokio::test]
async fn mistakes_have_upstreams_texts() {
    let mlflow = one_trace().await;
    mlflow.ok(CREATE, feedback("a-1", json!(1))).await;
    mlflow.ok(CREATE, json!({"assessment": {"assessment_id": "a-2", "expectation": {"value": 1}}})).await;
    let overriding = |id: &str| json!({"assessment": {"feedback": {"value": 1}, "overrides": id}});
    let a1 = "PATCH 3.0/mlflow/traces/t/assessments/a-1";
    for (route, body, expected) in [
        (CREATE, json!({}), (400, INVALID, "Missing value for required parameter 'assessment'.")),
        (CREATE, json!({"assessment": {}}), (400, INVALID, "Unknown assessment type: None")),
        (CREATE, feedback("a-1", json!(2)), (400, "RESOURCE_ALREADY_EXISTS", "")),
        (CREATE, overriding("a-x"), (404, MISSING, "Assessment with ID 'a-x' not found for trace 't'")),
        (
            "POST 3.0/mlflow/traces/tr-nope/assessments",
            overriding("a-x"),
            (404, MISSING, "Trace with ID 'tr-nope' not found."),
        ),
        (
            "GET 3.0/mlflow/traces/tr-nope/assessments/a-x",
            Value::Null,
            (404, MISSING, "Trace with request_id 'tr-nope' not found"),
        ),
        (
            a1,
            json!({"assessment": {}}),
            (400, INVALID, "Missing value for required parameter 'update_mask'."),
        ),
        (
            a1,
            json!({"assessment": {"expectation": {"value": 1}}, "update_mask": "expectation"}),
            (400, INVALID, "Cannot update expectation value on a Feedback assessment."),
        ),
        (
            "PATCH 3.0/mlflow/traces/t/assessments/a-2",
            json!({"assessment": {"feedback": {"value": 1}}, "update_mask": "feedback"}),
            (400, INVALID, "Cannot update feedback value on an Expectation assessment."),
        ),
        (
            "PATCH 3.0/mlflow/traces/t/assessments/a-x",
            json!({"assessment": {"rationale": "r"}, "update_mask": "rationale"}),
            (404, MISSING, "Assessment with ID 'a-x' not found for trace 't'"),
        ),
    ] {
        mlflow.fails(route, body, expected).await;
    }
}
