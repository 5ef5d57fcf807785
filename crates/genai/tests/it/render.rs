//! The two JSON forms of a span, read back to plain values.

use crate::fixture::with_span;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use spanwise_genai::mlflow::{mlflow_attributes, write_dict_span, write_proto_span};
use spanwise_genai::{PriceTable, derive};
use spanwise_otlp::SpanView;

/// Returns the span in the form of `traces/get`.
pub(crate) fn proto(span: &SpanView<'_>, trace_id: &str, service_name: Option<&str>) -> Value {
    let derived = derive(span, &[], PriceTable::built_in());
    let mut text = String::new();
    write_proto_span(span, &mlflow_attributes(span, &derived, trace_id, service_name), &mut text);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns the span in the form of `traces.json`.
pub(crate) fn dict(span: &SpanView<'_>, trace_id: &str) -> Value {
    let derived = derive(span, &[], PriceTable::built_in());
    let mut text = String::new();
    write_dict_span(span, &mlflow_attributes(span, &derived, trace_id, None), &mut text);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Returns the attributes of the `traces/get` form as plain values.
pub(crate) fn plain_proto_attributes(span: &Value) -> Map<String, Value> {
    plain_entries(&span["attributes"])
}

/// Returns the attributes of the `traces.json` form as plain values.
pub(crate) fn plain_dict_attributes(span: &Value) -> Map<String, Value> {
    let attributes = span["attributes"].as_object().unwrap().iter();
    attributes
        .map(|(key, text)| (key.clone(), serde_json::from_str(text.as_str().unwrap()).unwrap()))
        .collect()
}

fn plain_entries(entries: &Value) -> Map<String, Value> {
    let entries = entries.as_array().into_iter().flatten();
    entries.map(|entry| (entry["key"].as_str().unwrap().to_owned(), plain(&entry["value"]))).collect()
}

fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "kvlist_value" => plain_entries(&value["values"]).into(),
        "array_value" => value["values"].as_array().into_iter().flatten().map(plain).collect(),
        _ => value.clone(),
    }
}

/// Checks what becomes of one attribute in both forms: the `AnyValue`, and the JSON text.
fn check(value: Value, any_value: Value, text: &str) {
    with_span(&json!({"k": value}), &[], |span| {
        let proto = proto(span, "tr-1", None);
        assert_eq!(proto["attributes"][0].get("value").unwrap_or(&json!(null)), &any_value);
        assert_eq!(dict(span, "tr-1")["attributes"]["k"], text);
    });
}

#[test]
fn native_values_keep_their_types() {
    check(json!("a\"é\n"), json!({"string_value": "a\"é\n"}), r#""a\"é\n""#);
    check(json!(7), json!({"int_value": 7}), "7");
    check(json!(1.0), json!({"double_value": 1.0}), "1.0");
    check(json!(true), json!({"bool_value": true}), "true");
    check(json!(null), json!(null), "null");
    check(json!([]), json!({"array_value": {}}), "[]");
    check(
        json!({"a": [1, null]}),
        json!({"kvlist_value": {"values": [{"key": "a", "value": {"array_value": {"values": [{"int_value": 1}, {}]}}}]}}),
        r#"{"a": [1, null]}"#,
    );
}

#[test]
fn a_string_that_holds_json_stands_for_its_value() {
    check(json!("[1]"), json!({"array_value": {"values": [{"int_value": 1}]}}), "[1]");
    check(json!("\"q\""), json!({"string_value": "q"}), "\"q\"");
    check(json!(" { } "), json!({"kvlist_value": {}}), "{ }");
    for text in ["123", "null", "true", "{", "[1,]", ""] {
        check(json!(text), json!({"string_value": text}), &json!(text).to_string());
    }
    // Only a whole attribute: a text inside a list is a text.
    check(json!(["[1]"]), json!({"array_value": {"values": [{"string_value": "[1]"}]}}), r#"["[1]"]"#);
}

#[test]
fn numbers_that_protobuf_lacks_are_spelled() {
    let list = |value: Value| json!({"array_value": {"values": [value]}});
    check(
        json!("[18446744073709551616]"),
        list(json!({"string_value": "18446744073709551616"})),
        "[18446744073709551616]",
    );
    check(json!("[-9223372036854775808]"), list(json!({"int_value": i64::MIN})), "[-9223372036854775808]");
    check(json!("[NaN]"), list(json!({"double_value": "NaN"})), "[NaN]");
    check(json!("[-Infinity]"), list(json!({"double_value": "-Infinity"})), "[-Infinity]");
    check(json!("[1e999]"), list(json!({"double_value": "Infinity"})), "[1e999]");
    check(json!("[1E2]"), list(json!({"double_value": 100.0})), "[1E2]");
}

#[test]
fn lone_surrogates_can_not_reach_protobuf() {
    check(
        json!(r#"["\ud83d!"]"#),
        json!({"array_value": {"values": [{"string_value": "\u{fffd}!"}]}}),
        r#"["\ud83d!"]"#,
    );
}

#[test]
fn deep_values_end_in_a_text() {
    let nested = (0..40).fold("1".to_owned(), |inner, _| format!("[{inner}]"));
    for value in [json!(nested), serde_json::from_str(&nested).unwrap()] {
        with_span(&json!({"k": value}), &[], |span| {
            let mut at = proto(span, "tr-1", None)["attributes"][0]["value"].take();
            for _ in 0..24 {
                at = at["array_value"]["values"][0].take();
            }
            assert_eq!(at["string_value"], "[".repeat(16) + "1" + &"]".repeat(16));
            assert_eq!(dict(span, "tr-1")["attributes"]["k"], nested);
        });
    }
}

#[test]
fn the_trace_id_is_forced_and_service_names_of_agents_are_copied() {
    with_span(&json!({"mlflow.traceRequestId": "tr-other"}), &[], |span| {
        let attributes = plain_proto_attributes(&proto(span, "tr-mine", Some("codex_cli_rs")));
        assert_eq!(
            Value::from(attributes),
            json!({"mlflow.traceRequestId": "tr-mine", "service.name": "codex_cli_rs"})
        );
        let attributes = plain_proto_attributes(&proto(span, "tr-mine", Some("my-app")));
        assert_eq!(Value::from(attributes), json!({"mlflow.traceRequestId": "tr-mine"}));
    });
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\\\\"{}\\[\\],: a]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Returns what both forms make of an attribute.
fn both_forms(value: &Value) -> [Value; 2] {
    with_span(&json!({"k": value}), &[], |span| {
        let forms =
            [plain_proto_attributes(&proto(span, "tr-1", None)), plain_dict_attributes(&dict(span, "tr-1"))];
        forms.map(|mut attributes| attributes.remove("k").unwrap())
    })
}

proptest! {
    #[test]
    fn values_survive_natively_and_as_text(value in any_json()) {
        let as_text = json!([value]);
        let expected = [as_text.clone(), as_text.clone()];
        prop_assert_eq!(both_forms(&json!(as_text.to_string())), expected.clone());
        prop_assert_eq!(both_forms(&json!(serde_json::to_string_pretty(&as_text).unwrap())), expected.clone());
        prop_assert_eq!(both_forms(&as_text), expected);
    }

    #[test]
    fn broken_json_stays_a_text(value in any_json(), cut in any::<prop::sample::Index>()) {
        let text = json!([value]).to_string();
        let text: String = text.chars().take(cut.index(text.chars().count())).collect();
        prop_assert_eq!(both_forms(&json!(text)), [json!(text), json!(text)]);
    }

    #[test]
    fn any_text_is_written(text in any::<String>()) {
        let [proto, dict] = both_forms(&json!(text));
        prop_assert_eq!(proto, dict);
    }
}
