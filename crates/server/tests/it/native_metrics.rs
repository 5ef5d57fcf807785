//! Metrics over time of the native API.

use crate::native::{Native, query};
use opentelemetry_proto::tonic::trace::v1::Status;
use serde_json::{Value, json};
use spanwise_testkit::otlp::{START_NS, Span, child_of, request, span, with_attribute};

const NONE: Value = Value::Null;
const SECOND: u64 = 1_000_000_000;
/// Start of the quarter of an hour in which [`START_NS`] is, in milliseconds.
const QUARTER_MS: u64 = (START_NS - START_NS % (900 * SECOND)) / 1_000_000;

fn at(second: u64, span: Span) -> Span {
    let start_time_unix_nano = START_NS + second * SECOND;
    Span { start_time_unix_nano, end_time_unix_nano: start_time_unix_nano + SECOND / 2, ..span }
}

fn call(trace: u8, model: &str) -> Span {
    let call = with_attribute(child_of(1, span(trace, 2, "chat")), "gen_ai.request.model", model);
    let call = with_attribute(call, "gen_ai.provider.name", "openai");
    with_attribute(call, "gen_ai.operation.name", "chat")
}

/// Three traces, the last a quarter of an hour later; the second failed.
async fn three(native: &Native) {
    let failed = Some(Status { code: 2, message: "no".into() });
    let second = Span { status: failed, ..at(1, span(2, 1, "agent")) };
    native.export(&request("a", vec![at(0, span(1, 1, "agent")), at(0, call(1, "gpt-4o"))])).await;
    native.export(&request("b", vec![second, at(1, call(2, "gpt-4o-mini"))])).await;
    native.export(&request("b", vec![at(900, span(3, 1, "agent")), at(900, call(3, "gpt-4o"))])).await;
}

fn range(quarters: u64) -> String {
    format!("from={QUARTER_MS}&to={}", QUARTER_MS + quarters * 900_000)
}

#[tokio::test]
async fn traces_are_added_up() {
    let native = Native::start().await;
    three(&native).await;
    let found = native.get(&format!("/metrics/traces?{}&interval=15m", range(3))).await;
    let starts: Vec<String> =
        (0..3).map(|number| ((QUARTER_MS + number * 900_000) * 1_000_000).to_string()).collect();
    assert_eq!(found["starts_ns"], json!(starts));
    assert_eq!(found["end_ns"], ((QUARTER_MS + 2_700_000) * 1_000_000).to_string());
    assert_eq!(
        (&found["interval"], &found["groups"], &found["complete"]),
        (&json!("15m"), &json!(1), &json!(true))
    );
    let series = &found["series"][0];
    assert_eq!(
        series["group"],
        json!({"experiment_id": null, "model": null, "provider": null, "others": false})
    );
    assert_eq!((&series["total"]["count"], &series["total"]["errors"]), (&json!(3), &json!(1)));
    let points = &series["points"];
    assert_eq!((&points["count"], &points["errors"]), (&json!([2, 1, 0]), &json!([1, 0, 0])));
    let half = points["p95_ns"][0].as_i64().unwrap();
    assert!((half - 500_000_000).abs() <= 5_000_000, "{half}");
    assert_eq!((&points["p95_ns"][2], &points["cost"]), (&NONE, &json!([0.0, 0.0, 0.0])));
    let failed = query(&[("filter", "status = 'ERROR'")]);
    let failed = native.get(&format!("/metrics/traces?{}&interval=1h&{failed}", range(1))).await;
    assert_eq!(failed["series"][0]["points"]["count"], json!([1]));
    let by_experiment = native.get(&format!("/metrics/traces?{}&group_by=experiment", range(3))).await;
    assert_eq!(by_experiment["groups"], 2);
    let one = native.get(&format!("/metrics/traces?{}&experiment=a", range(3))).await;
    assert_eq!(one["series"][0]["total"]["count"], 1);
}

#[tokio::test]
async fn calls_are_added_up_by_model() {
    let native = Native::start().await;
    three(&native).await;
    let found = native.get(&format!("/metrics/models?{}&interval=15m", range(2))).await;
    let models: Vec<_> =
        found["series"].as_array().unwrap().iter().map(|series| &series["group"]["model"]).collect();
    assert_eq!(models, ["gpt-4o", "gpt-4o-mini"]);
    assert_eq!(found["series"][0]["points"]["count"], json!([1, 1]));
    let limited = native.get(&format!("/metrics/models?{}&groups=1", range(2))).await;
    assert_eq!((&limited["groups"], &limited["series"][1]["group"]["others"]), (&json!(2), &json!(true)));
    let providers = native.get(&format!("/metrics/models?{}&group_by=provider", range(2))).await;
    assert_eq!(providers["series"][0]["group"]["provider"], "openai");
    assert_eq!(providers["series"][0]["total"]["count"], 3);
}

#[tokio::test]
async fn without_a_time_it_is_the_last_day() {
    let native = Native::start().await;
    let found = native.get("/metrics/traces?interval=1h&time_zone=Asia/Kolkata").await;
    let count = found["starts_ns"].as_array().unwrap().len();
    assert!((25..=26).contains(&count), "{count} hours");
    let first: u64 = found["starts_ns"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(first / SECOND % 3_600, 1_800);
    assert_eq!(found["series"][0]["total"]["count"], 0);
    assert_eq!(native.get("/metrics/models").await["series"], json!([]));
}

#[tokio::test]
async fn what_metrics_can_not_answer_is_refused() {
    let native = Native::start().await;
    for (route, detail) in [
        ("traces?interval=7m", "`interval` is `7m`; expected one of `15m`"),
        ("traces?time_zone=Mars/Olympus", "`time_zone` is `Mars/Olympus`"),
        ("traces?group_by=model", "expected one of `none`, `experiment`"),
        ("models?group_by=user", "expected one of `model`, `provider`, `experiment`, `none`"),
        ("models?groups=0", "from 1 to 100"),
        ("models?from=now&to=-1h", "is not before"),
        ("traces?from=0&interval=15m", "choose a longer interval"),
        ("traces?filter=nope", "nope"),
        ("traces?bucket=1h", "unknown parameter `bucket`"),
    ] {
        native.fails(&format!("GET /metrics/{route}"), &NONE, 400, detail).await;
    }
    native.fails("GET /metrics/traces?experiment=nope", &NONE, 404, "nope").await;
}
