//! What only the reading of requests and the writing of numbers show.

use super::*;
use crate::mlflow::field::{Fields, FromFields};
use serde_json::{Value, json};
use spanwise_model::RunStatus;

#[track_caller]
fn read<T: FromFields>(body: &Value) -> Result<T, String> {
    T::from_fields(&Fields::of_body(body.as_object().unwrap())).map_err(|error| error.to_string())
}

#[track_caller]
fn check_error<T: FromFields + std::fmt::Debug>(body: Value, expected: &str) {
    assert_eq!(read::<T>(&body).unwrap_err(), expected);
}

#[test]
fn a_run_is_named_by_either_field() {
    for body in [json!({"run_id": "a"}), json!({"run_uuid": "a"}), json!({"run_id": "a", "run_uuid": "b"})] {
        assert_eq!(read::<OneRun>(&body).unwrap().run_id, RunId("a".to_owned()), "{body}");
    }
    let missing = "Missing value for required parameter 'run_id'. See the API docs for more information about \
                   request parameters.";
    check_error::<OneRun>(json!({}), missing);
}

#[test]
fn a_new_run_is_named_by_its_tag_too() {
    let name = |body: Value| read::<CreateRun>(&body).map(|run| run.name);
    let tag = json!([{"key": "mlflow.runName", "value": "t"}]);
    assert_eq!(name(json!({"experiment_id": "1"})).unwrap(), None);
    assert_eq!(name(json!({"experiment_id": "1", "run_name": "n"})).unwrap().as_deref(), Some("n"));
    assert_eq!(name(json!({"experiment_id": "1", "tags": tag})).unwrap().as_deref(), Some("t"));
    let refused = name(json!({"experiment_id": "1", "run_name": "n", "tags": tag})).unwrap_err();
    assert!(refused.starts_with("Both 'run_name' argument and 'mlflow.runName' tag are specified"));
}

#[test]
fn an_unknown_status_is_none() {
    for (status, expected) in [
        (json!("FINISHED"), Some(RunStatus::Finished)),
        (json!(4), Some(RunStatus::Failed)),
        (json!("ZZZ"), None),
        (json!(0), None),
        (json!(9), None),
    ] {
        let body = json!({"run_id": "a", "status": status});
        assert_eq!(read::<UpdateRun>(&body).unwrap().status, expected, "{status}");
    }
}

#[test]
fn metrics_take_every_double() {
    for (value, expected) in [
        (json!(1), 1.0),
        (json!("1.5"), 1.5),
        (json!("Infinity"), f64::INFINITY),
        (json!("-Infinity"), f64::NEG_INFINITY),
    ] {
        let body = json!({"run_id": "r", "key": "k", "value": value, "timestamp": 3, "step": "4"});
        let LogMetric(log) = read(&body).unwrap();
        let metric = &log.metrics[0].metric;
        assert_eq!((metric.value, metric.timestamp_ns, metric.step), (expected, 3_000_000, 4));
    }
    let body = json!({"run_id": "r", "key": "k", "value": "NaN", "timestamp": 3});
    assert!(read::<LogMetric>(&body).unwrap().0.metrics[0].metric.value.is_nan());
    for value in [json!("one"), json!(true), json!([1])] {
        let body = json!({"run_id": "r", "key": "k", "value": value, "timestamp": 3});
        assert!(read::<LogMetric>(&body).is_err(), "{value}");
    }
}

#[test]
fn doubles_are_written_as_protobuf_does() {
    let metric = |value| spanwise_model::Metric { key: "k".to_owned(), value, timestamp_ns: 0, step: 0 };
    for (value, expected) in [
        (0.5, json!(0.5)),
        (f64::NAN, json!("NaN")),
        (f64::INFINITY, json!("Infinity")),
        (f64::NEG_INFINITY, json!("-Infinity")),
    ] {
        assert_eq!(serde_json::to_value(Metric::from(metric(value))).unwrap()["value"], expected);
    }
}

#[test]
fn limits_of_a_batch_have_upstreams_texts() {
    let tags: Vec<Value> = (0..101).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect();
    check_error::<LogBatch>(
        json!({"run_id": "r", "tags": tags}),
        "A batch logging request can contain at most 100 tags. Got 101 tags. Please split up tags across multiple \
         requests and try again.",
    );
    check_error::<LogBatch>(
        json!({"run_id": "r", "params": [{"key": "a", "value": "1"}, {"key": "a", "value": "1"}]}),
        "Duplicate parameter keys have been submitted: ['a']. Please ensure the request contains only one param \
         value per param key.",
    );
}

#[test]
fn steps_of_a_sample_come_in_pairs() {
    let steps = |body: Value| read::<GetMetricsOfRuns>(&body).map(|request| request.steps);
    assert_eq!(steps(json!({"run_ids": ["a"], "metric_key": "m"})), Ok(None));
    let both = json!({"run_ids": ["a"], "metric_key": "m", "start_step": 1, "end_step": 2});
    assert_eq!(steps(both), Ok(Some((1, 2))));
    assert!(steps(json!({"run_ids": ["a"], "metric_key": "m", "start_step": 1})).is_err());
    assert!(steps(json!({"run_ids": ["a"], "metric_key": "m", "start_step": 3, "end_step": 2})).is_err());
    assert!(steps(json!({"metric_key": "m"})).is_err());
}
