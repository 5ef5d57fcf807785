//! What MLflow's own client sends through OTLP: nothing of it is lost or changed, and both JSON forms agree.

use crate::fixture::{each_span, read};
use crate::render::{dict, plain_dict_attributes, plain_proto_attributes, proto};
use serde_json::Value;
use spanwise_otlp::pyjson::write_attribute;

/// Attributes that may come on top of what the client sent.
const ADDED: [&str; 5] = [
    "mlflow.traceRequestId",
    "mlflow.spanType",
    "mlflow.llm.model",
    "mlflow.llm.provider",
    "mlflow.llm.cost",
];

fn check(name: &str) {
    each_span(&read(&format!("samples/{name}.binpb")), |span| {
        let from_dict = plain_dict_attributes(&dict(span, "tr-1"));
        assert_eq!(from_dict, plain_proto_attributes(&proto(span, "tr-1", None)), "{name}: {}", span.name);
        let sent: Vec<_> = span.attributes().collect();
        for (key, value) in &sent {
            let mut text = String::new();
            write_attribute(*value, &mut text);
            let expected: Value = serde_json::from_str(&text).unwrap();
            assert!(
                from_dict[*key] == expected || *key == "mlflow.traceRequestId",
                "{name}: {} {key}",
                span.name
            );
        }
        for key in from_dict.keys() {
            let is_known = ADDED.contains(&key.as_str()) || sent.iter().any(|(own, _)| own == key);
            assert!(is_known, "{name}: {} {key}", span.name);
        }
    });
}

#[test]
fn mlflow_openai() {
    check("mlflow-openai");
}

#[test]
fn mlflow_anthropic() {
    check("mlflow-anthropic");
}

#[test]
fn mlflow_langchain() {
    check("mlflow-langchain");
}

#[test]
fn mlflow_bedrock() {
    check("mlflow-bedrock");
}

/// Holds an integer wider than 64 bits, over which MLflow's server stumbles.
#[test]
fn mlflow_ag2_is_readable() {
    each_span(&read("samples/mlflow-ag2.binpb"), |span| {
        proto(span, "tr-1", None);
        dict(span, "tr-1");
    });
}
