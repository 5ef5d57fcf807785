//! Values as Python writes them. What is expected was printed by CPython 3.11's `json.dumps(…, ensure_ascii=False)`.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanwise_otlp::{AnyValueView, SpanView, pyjson};

#[track_caller]
fn check(value: Value, expected: &str) {
    let attribute = KeyValue { value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() };
    let raw = Span { attributes: vec![attribute], ..Span::default() }.encode_to_vec();
    let (_, value) = SpanView::parse(&raw).unwrap().attributes().next().unwrap();
    let mut text = String::new();
    pyjson::write_json(value, &mut text);
    assert_eq!(text, expected);
}

#[track_caller]
fn check_double(value: f64, expected: &str) {
    check(Value::DoubleValue(value), expected);
    let mut rewritten = String::new();
    pyjson::rewrite_json(expected, &mut rewritten).unwrap();
    assert_eq!(rewritten, expected);
}

#[test]
fn doubles_are_written_as_repr_does() {
    check_double(0.0, "0.0");
    check_double(-0.0, "-0.0");
    check_double(5.0, "5.0");
    check_double(0.1, "0.1");
    check_double(0.0001, "0.0001");
    check_double(0.00001, "1e-05");
    check_double(1.5e-7, "1.5e-07");
    check_double(1e15, "1000000000000000.0");
    check_double(1e16, "1e+16");
    check_double(1.2345678901234567e19, "1.2345678901234567e+19");
    check_double(-1e100, "-1e+100");
    check_double(5e-324, "5e-324");
    check_double(f64::MAX, "1.7976931348623157e+308");
    check_double(123456.789, "123456.789");
    check_double(f64::NAN, "NaN");
    check_double(f64::INFINITY, "Infinity");
    check_double(f64::NEG_INFINITY, "-Infinity");
}

#[test]
fn texts_escape_what_python_escapes() {
    check(Value::StringValue("a\"b\\c/".into()), r#""a\"b\\c/""#);
    check(Value::StringValue("\n\r\t\u{8}\u{c}".into()), r#""\n\r\t\b\f""#);
    check(Value::StringValue("\0\u{1f}\u{7f}".into()), "\"\\u0000\\u001f\u{7f}\"");
    check(Value::StringValue("é😀\u{2028}".into()), "\"é😀\u{2028}\"");
}

#[test]
fn other_values() {
    check(Value::BoolValue(true), "true");
    check(Value::IntValue(i64::MIN), "-9223372036854775808");
    check(Value::BytesValue(vec![0, 1, 255]), r#""AAH/""#);
    let values = vec![AnyValue { value: Some(Value::IntValue(1)) }, AnyValue { value: None }];
    check(Value::ArrayValue(ArrayValue { values }), "[1, null]");
    check(Value::ArrayValue(ArrayValue::default()), "[]");
    check(Value::KvlistValue(KeyValueList::default()), "{}");
}

#[test]
fn a_key_that_comes_again_changes_the_value_in_its_place() {
    let entry = |key: &str, value| KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(Value::IntValue(value)) }),
        ..KeyValue::default()
    };
    let values = vec![entry("a", 1), entry("b", 2), entry("a", 3)];
    check(Value::KvlistValue(KeyValueList { values }), r#"{"a": 3, "b": 2}"#);
}

#[track_caller]
fn check_attribute(text: &str, expected: &str) {
    let mut out = String::new();
    pyjson::write_attribute(AnyValueView::String(text), &mut out);
    assert_eq!(out, expected);
}

#[test]
fn a_text_that_is_a_json_container_or_string_stays_as_it_is() {
    for json in [r#"{"a":1}"#, "[1]", r#""text""#, " [1, NaN] ", "{}"] {
        check_attribute(json, json);
    }
    for other in ["123", "null", "true", "", "[1", "{a}", "[1] x", "plain"] {
        check_attribute(other, &format!("\"{other}\""));
    }
}

#[track_caller]
fn check_rewrite(json: &str, expected: &str) {
    let mut out = String::new();
    pyjson::rewrite_json(json, &mut out).unwrap();
    assert_eq!(out, expected);
}

#[test]
fn json_is_rewritten_as_python_writes_it() {
    check_rewrite(
        r#"{"a":[1,2.50,{"b":null}],"c":true,"d":{},"e":[]}"#,
        r#"{"a": [1, 2.5, {"b": null}], "c": true, "d": {}, "e": []}"#,
    );
    check_rewrite(r#" "\u00e9\/\u001F" "#, r#""é/\u001f""#);
    check_rewrite("[1E5, 1e400, -0, -0.0, 1e-7]", "[100000.0, Infinity, 0, -0.0, 1e-07]");
    check_rewrite("39886725281245862576852750029524733766", "39886725281245862576852750029524733766");
    check_rewrite("false", "false");
    let deep = "[".repeat(50_000) + &"]".repeat(50_000);
    check_rewrite(&deep, &deep);
}

#[test]
fn what_is_not_json_is_refused() {
    for text in ["", "{", "[1,]", "{\"a\"}", "1 2", "nul", "\u{feff}1"] {
        assert!(pyjson::rewrite_json(text, &mut String::new()).is_err(), "{text}");
    }
}

#[test]
fn values_of_serde_json_are_written_the_same_way() {
    let json = r#"{"a": [1, -2, 18446744073709551615, 2.5, 1e-05, "é\n", null, true], "b": {}}"#;
    let mut out = String::new();
    pyjson::write_value(&serde_json::from_str(json).unwrap(), &mut out);
    assert_eq!(out, json);
}
