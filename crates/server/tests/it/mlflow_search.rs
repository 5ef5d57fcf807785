//! `traces/search`, and its older form.

use crate::mlflow::Mlflow;
use serde_json::{Value, json};

const SEARCH: &str = "POST 3.0/mlflow/traces/search";
const INVALID: &str = "INVALID_PARAMETER_VALUE";

/// Starts a server with five traces, a second apart; odd ones failed.
async fn five_traces() -> Mlflow {
    let mlflow = Mlflow::start().await;
    for n in 0..5 {
        let state = if n % 2 == 1 { "ERROR" } else { "OK" };
        let fields = json!({"request_time": format!("2023-11-14T22:13:2{n}Z"), "state": state, "tags": {"n": n.to_string()}});
        mlflow.start_trace(&format!("t{n}"), fields).await;
    }
    mlflow
}

fn query(rest: Value) -> Value {
    let mut query =
        json!({"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]});
    query.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    query
}

fn ids(page: &Value) -> String {
    let traces = page["traces"].as_array().cloned().unwrap_or_default();
    traces.iter().map(|trace| trace["trace_id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn newest_come_first_unless_asked_otherwise() {
    let mlflow = five_traces().await;
    for (rest, expected) in [
        (json!({}), "t4 t3 t2 t1 t0"),
        (json!({"order_by": ["timestamp_ms ASC"]}), "t0 t1 t2 t3 t4"),
        (json!({"order_by": ["status", "request_id DESC"]}), "t3 t1 t4 t2 t0"),
        (json!({"filter": "status = 'ERROR'"}), "t3 t1"),
        (json!({"filter": "tags.n = '4' OR tags.n = '0'", "max_results": "5"}), "t4 t0"),
        (json!({"filter": "tags.n = 'none'"}), ""),
        (json!({"locations": []}), ""),
    ] {
        let page = mlflow.ok(SEARCH, query(rest.clone())).await;
        assert_eq!(ids(&page), expected, "{rest}");
        assert!(page.get("next_page_token").is_none());
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_stay_valid_while_traces_arrive() {
    let mlflow = five_traces().await;
    let rest = |token: &Value| json!({"max_results": 2, "filter": "tags.n != '9'", "page_token": token});
    let first = mlflow.ok(SEARCH, query(rest(&Value::Null))).await;
    assert_eq!(ids(&first), "t4 t3");
    mlflow.start_trace("late", json!({"request_time": "2023-11-14T22:13:40Z", "tags": {"n": "5"}})).await;
    let second = mlflow.ok(SEARCH, query(rest(&first["next_page_token"]))).await;
    assert_eq!(ids(&second), "t2 t1");
    let third = mlflow.ok(SEARCH, query(rest(&second["next_page_token"]))).await;
    assert_eq!(ids(&third), "t0");
    assert!(third.get("next_page_token").is_none());
    let mut other = query(rest(&first["next_page_token"]));
    other["filter"] = json!("tags.n = '1'");
    mlflow
        .fails(SEARCH, other, (400, INVALID, "Invalid page token: it belongs to another filter or order"))
        .await;
}

#[tokio::test]
async fn mistakes_have_upstreams_texts() {
    let mlflow = Mlflow::start().await;
    let no_locations = (400, INVALID, "Missing value for required parameter 'locations'.");
    mlflow.fails(SEARCH, json!({}), no_locations).await;
    for (rest, message) in [
        (
            json!({"max_results": 501}),
            "Invalid value 501 for parameter 'max_results' supplied:  Hint: Value was of type 'int'.",
        ),
        (
            json!({"max_results": 0}),
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer",
        ),
        (
            json!({"order_by": "timestamp"}),
            "Invalid value \"timestamp\" for parameter 'order_by' supplied:  Hint:",
        ),
        (json!({"order_by": ["foo"]}), "Invalid attribute key 'foo' specified."),
        (json!({"filter": "foo = 'x'"}), "Invalid attribute key 'foo' specified."),
        (
            json!({"filter": "status = OK"}),
            "Parameter value is either not quoted or unidentified quote types",
        ),
        (json!({"page_token": "%"}), "Invalid page token, could not base64-decode"),
        (json!({"page_token": "Mg=="}), "Invalid page token, decoded value=2"),
        (
            json!({"locations": [{"mlflow_experiment": {"experiment_id": "abc"}}]}),
            "Invalid experiment ID 'abc'.",
        ),
    ] {
        mlflow.fails(SEARCH, query(rest), (400, INVALID, message)).await;
    }
}

#[tokio::test]
async fn older_clients_search_by_query_string() {
    let mlflow = five_traces().await;
    let page = mlflow
        .ok("GET 2.0/mlflow/traces?experiment_ids=0&max_results=1&order_by=timestamp+ASC", Value::Null)
        .await;
    assert_eq!(page["traces"][0]["request_id"], "t0");
    assert_eq!(page["traces"][0]["status"], "OK");
    assert!(page["next_page_token"].is_string());
}
