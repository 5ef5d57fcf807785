//! Spans as MLflow's client sent them, and as its 3.17.2 server answered them, in the form of `traces/get`.

use crate::fixture;
use crate::render::proto;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use spanwise_otlp::SpanView;

#[test]
fn spans_are_answered_as_mlflow_answers_them() {
    let file = String::from_utf8(fixture::read("fixtures/exchanges.jsonl")).unwrap();
    for line in file.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let raw = STANDARD.decode(exchange["sent"].as_str().unwrap()).unwrap();
        let span = SpanView::parse(&raw).unwrap();
        let trace_id =
            format!("tr-{}", span.trace_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        let ours = proto(&span, &trace_id, exchange["service_name"].as_str());
        assert_eq!(ours, exchange["answered"], "{}", exchange["step"]);
    }
}
