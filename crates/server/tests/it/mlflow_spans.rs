//! Traces with their spans: `traces/get`, `traces/batchGet`, `get-trace-artifact`.

use crate::mlflow::{Mlflow, size_stats};
use serde_json::{Value, json};
use spanwise_testkit::otlp::{child_of, request, span, trace_id, with_attribute};
use std::time::Instant;

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const MISSING: &str = "RESOURCE_DOES_NOT_EXIST";

/// Exports a root and its child as the trace of this byte.
async fn export_two(mlflow: &Mlflow, trace: u8) {
    let root = with_attribute(span(trace, 1, "root"), "mlflow.spanInputs", "{\"q\": 1}");
    mlflow.export(&request("svc", vec![child_of(1, span(trace, 2, "child")), root])).await;
}

fn span_names(spans: &Value) -> Vec<&str> {
    spans.as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn spans_are_answered_in_protobufs_names() {
    let mlflow = Mlflow::start().await;
    export_two(&mlflow, 7).await;
    let answer = mlflow.ok(&format!("GET 3.0/mlflow/traces/get?trace_id={}", trace_id(7)), Value::Null).await;
    assert_eq!(answer["trace"]["trace_info"], mlflow.info(&trace_id(7)).await);
    let spans = &answer["trace"]["spans"];
    assert_eq!(span_names(spans), ["root", "child"]);
    assert_eq!(spans[0]["trace_id"], "BwcHBwcHBwcHBwcHBwcHBw==");
    assert_eq!(spans[0]["start_time_unix_nano"], 1_700_000_000_001_000_000_u64);
    assert_eq!(spans[0]["status"], json!({"code": "STATUS_CODE_OK"}));
    let inputs = json!({"kvlist_value": {"values": [{"key": "q", "value": {"int_value": 1}}]}});
    assert_eq!(spans[0]["attributes"][0], json!({"key": "mlflow.spanInputs", "value": inputs}));
    assert_eq!(spans[1]["parent_span_id"], "AQEBAQEBAQE=");
}

#[tokio::test]
async fn spans_are_downloaded_as_the_clients_file() {
    let mlflow = Mlflow::start().await;
    export_two(&mlflow, 7).await;
    for version in ["2.0", "3.0"] {
        let route = format!("GET /ajax-api/{version}/mlflow/get-trace-artifact?request_id={}", trace_id(7));
        let reply = mlflow.call(&route, &Value::Null).await.expect_ok();
        assert_eq!(reply.header("content-disposition"), "attachment; filename=traces.json");
        let spans = &reply.json()["spans"];
        assert_eq!(span_names(spans), ["root", "child"]);
        assert_eq!(spans[0]["parent_span_id"], Value::Null);
        assert_eq!(spans[0]["attributes"]["mlflow.spanInputs"], "{\"q\": 1}");
        assert_eq!(spans[0]["attributes"]["mlflow.traceRequestId"], format!("\"{}\"", trace_id(7)));
    }
}

#[tokio::test]
async fn a_batch_keeps_the_order_and_leaves_out_what_is_not_there() {
    let mlflow = Mlflow::start().await;
    for trace in [7, 8] {
        export_two(&mlflow, trace).await;
    }
    mlflow.start_trace(&trace_id(9), json!({"trace_metadata": size_stats(1)})).await;
    let ids = [trace_id(8), "tr-nope".to_owned(), trace_id(9), trace_id(7)];
    let batch = format!("GET 3.0/mlflow/traces/batchGet?trace_ids={}", ids.join("&trace_ids="));
    let answer = mlflow.ok(&batch, Value::Null).await;
    let traces = answer["traces"].as_array().unwrap();
    let found: Vec<&Value> = traces.iter().map(|trace| &trace["trace_info"]["trace_id"]).collect();
    assert_eq!(found, [&json!(trace_id(8)), &json!(trace_id(7))]);
    assert!(traces.iter().all(|trace| span_names(&trace["spans"]) == ["root", "child"]));
    assert_eq!(mlflow.ok(&format!("{batch}&experiment_ids=99"), Value::Null).await, json!({}));
    assert_eq!(mlflow.ok("GET 3.0/mlflow/traces/batchGet?trace_ids=tr-nope", Value::Null).await, json!({}));
    let no_ids = (400, INVALID, "Missing value for required parameter 'trace_ids'.");
    mlflow.fails("GET 3.0/mlflow/traces/batchGet", Value::Null, no_ids).await;
}

#[tokio::test]
async fn a_trace_that_is_not_complete_is_waited_for() {
    let mlflow = Mlflow::start().await;
    mlflow.start_trace(&trace_id(7), json!({"trace_metadata": size_stats(2)})).await;
    let get = format!("GET 3.0/mlflow/traces/get?trace_id={}", trace_id(7));
    let partial = mlflow.ok(&format!("{get}&allow_partial=True"), Value::Null).await;
    assert_eq!(partial["trace"]["spans"], json!([]));
    let (answer, ()) = tokio::join!(mlflow.ok(&get, Value::Null), export_two(&mlflow, 7));
    assert_eq!(span_names(&answer["trace"]["spans"]), ["root", "child"]);
}

#[tokio::test]
async fn a_trace_that_stays_incomplete_is_not_found_in_the_end() {
    let mlflow = Mlflow::start().await;
    export_two(&mlflow, 7).await;
    mlflow.start_trace(&trace_id(7), json!({"trace_metadata": size_stats(3)})).await;
    let began = Instant::now();
    let text = format!("Trace with ID {} is not fully exported yet, please try again later.", trace_id(7));
    let get = format!("GET 3.0/mlflow/traces/get?trace_id={}", trace_id(7));
    mlflow.fails(&get, Value::Null, (404, MISSING, &text)).await;
    assert!(began.elapsed().as_secs() >= 3, "gave up after {:?}", began.elapsed());
}

#[tokio::test]
async fn a_trace_without_spans_has_an_empty_list_of_them() {
    let mlflow = Mlflow::start().await;
    mlflow.start_trace("t", json!({})).await;
    assert_eq!(
        mlflow.ok("GET 3.0/mlflow/traces/get?trace_id=t", Value::Null).await["trace"]["spans"],
        json!([])
    );
    let batch = mlflow.ok("GET 3.0/mlflow/traces/batchGet?trace_ids=t", Value::Null).await;
    assert_eq!(batch["traces"][0]["spans"], json!([]));
}

#[tokio::test]
async fn mistakes_have_upstreams_texts() {
    let mlflow = Mlflow::start().await;
    for (route, expected) in [
        ("GET 3.0/mlflow/traces/get?trace_id=tr-nope", (404, MISSING, "Trace with ID tr-nope is not found.")),
        ("GET 3.0/mlflow/traces/get", (400, INVALID, "Missing value for required parameter 'trace_id'.")),
        (
            "GET 3.0/mlflow/traces/get?trace_id=t&allow_partial=zz",
            (400, INVALID, "Invalid boolean value: zz, must be 'true' or 'false'."),
        ),
        (
            "GET /ajax-api/2.0/mlflow/get-trace-artifact",
            (400, "BAD_REQUEST", "Request must include the \"request_id\" query parameter."),
        ),
        (
            "GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=tr-nope&path=x",
            (400, INVALID, "Invalid attachment path: 'x'. Attachment path must be a valid UUID."),
        ),
        (
            "GET /ajax-api/3.0/mlflow/get-trace-artifact?request_id=tr-nope",
            (404, MISSING, "Trace with ID tr-nope is not found."),
        ),
    ] {
        mlflow.fails(route, Value::Null, expected).await;
    }
}

#[tokio::test]
async fn a_large_trace_is_answered_whole() {
    const SPANS: usize = 2_000;
    let mlflow = Mlflow::start().await;
    let long = "x".repeat(1_000);
    let spans = (0..SPANS).map(|n| {
        let mut span = child_of(1, with_attribute(span(7, 2, &format!("s{n}")), "long", &long));
        span.span_id = (n as u64 + 1).to_be_bytes().to_vec();
        span
    });
    mlflow.export(&request("svc", spans.collect())).await;
    let answer = mlflow.ok(&format!("GET 3.0/mlflow/traces/get?trace_id={}", trace_id(7)), Value::Null).await;
    let spans = answer["trace"]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), SPANS);
    assert!(spans.iter().all(|span| span["attributes"][0]["value"]["string_value"] == long));
}
