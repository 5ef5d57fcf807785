//! Retention, compaction and backup over HTTP.

use crate::native::Native;
use serde_json::{Value, json};
use spanwise_testkit::otlp::{request, span};

#[tokio::test]
async fn retention_says_what_is_set_and_stored() {
    let native = Native::start().await;
    let retention = native.get("/retention").await;
    assert!(retention["stored_bytes"].as_u64().unwrap() > 0);
    let expected = json!({
        "max_age_s": null, "max_bytes": null, "experiments": [], "stored_bytes": retention["stored_bytes"],
        "deleted_traces": 0, "last": null,
    });
    assert_eq!(retention, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_answers_with_lines_of_progress_and_a_result() {
    let native = Native::start().await;
    native.export(&request("svc", vec![span(1, 1, "x"), span(2, 1, "y")])).await;
    let reply = native.send("POST /compact", &Value::Null).await.expect_ok();
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, progress) = lines.split_last().unwrap();
    assert_eq!(last["result"]["traces"], 2);
    assert_eq!(last["result"]["unreadable_traces"], 0);
    assert!(progress.iter().all(|line| line["done"].as_u64() <= line["total"].as_u64()), "{progress:?}");
    assert!(progress.iter().any(|line| line["stage"] == "rewriting segments"), "{progress:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_answers_with_lines_of_progress_and_a_result() {
    let native = Native::start().await;
    native.export(&request("svc", vec![span(1, 1, "x"), span(2, 1, "y")])).await;
    let reply = native.send("POST /check", &Value::Null).await.expect_ok();
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, progress) = lines.split_last().unwrap();
    let expected =
        json!({"traces": 2, "spans": 2, "blocks": 2, "attachments": 0, "artifacts": 0, "problems": []});
    assert_eq!(last["result"], expected);
    for stage in ["copying the index", "checking segments", "checking the roll-ups"] {
        assert!(progress.iter().any(|line| line["stage"] == stage), "{stage}: {progress:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_begins_with_its_size_and_ends_with_done() {
    let native = Native::start().await;
    native.export(&request("svc", vec![span(1, 1, "x")])).await;
    let reply = native.send("POST /backup", &json!({"known": []})).await.expect_ok();
    let body = &reply.body;
    assert!(body.starts_with(b"J") && body.ends_with(br#"{"item":"done"}"#));
    native.fails("POST /backup", &json!({"knwon": []}), 422, "knwon").await;
}
