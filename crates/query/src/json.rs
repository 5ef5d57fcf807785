//! The JSON texts that filters compare with, written as Python writes them, since that is what MLflow stores:
//! `", "` and `": "` between parts, everything outside of ASCII escaped.

use serde_json::Value;
use spanwise_model::{AssessmentValue, Cost, TokenUsage};
use std::fmt::Write;

/// Returns the JSON text of an assessment's value.
pub fn value_text(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// Returns the JSON text that a filter compares an assessment by; feedback without a value is `null`.
pub fn assessment_text(value: &AssessmentValue) -> String {
    match value {
        AssessmentValue::Feedback { value: Some(value), .. } | AssessmentValue::Expectation { value, .. } => {
            value_text(value)
        }
        AssessmentValue::Feedback { value: None, .. } | AssessmentValue::Issue { .. } => "null".to_owned(),
    }
}

/// Returns the text that a value which is no number is ordered by: a string as it is, anything else as JSON.
pub fn order_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => value_text(other),
    }
}

/// Returns the JSON text of a string, quotes included.
pub fn string_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

/// Returns the canonical text of a trace's usage, MLflow's metadata `mlflow.trace.tokenUsage`.
pub fn usage_text(usage: &TokenUsage) -> String {
    let mut out = format!(
        r#"{{"input_tokens": {}, "output_tokens": {}, "total_tokens": {}"#,
        usage.input, usage.output, usage.total
    );
    let cached = [
        ("cache_read_input_tokens", usage.cache_read),
        ("cache_creation_input_tokens", usage.cache_creation),
        ("cache_creation_input_tokens_above_1hr", usage.cache_creation_above_1h),
    ];
    for (key, count) in cached {
        if let Some(count) = count {
            let _ = write!(out, r#", "{key}": {count}"#);
        }
    }
    out.push('}');
    out
}

/// Returns the canonical text of a trace's cost, MLflow's metadata `mlflow.trace.cost`.
pub fn cost_text(cost: &Cost) -> String {
    format!(
        r#"{{"input_cost": {}, "output_cost": {}, "total_cost": {}}}"#,
        float_text(cost.input),
        float_text(cost.output),
        float_text(cost.total)
    )
}

/// Parses a text that [`usage_text`] wrote; any other text is `None`, even if it means the same.
pub fn parse_usage_text(text: &str) -> Option<TokenUsage> {
    let object: Value = serde_json::from_str(text).ok()?;
    let count = |key: &str| object.get(key).and_then(Value::as_u64);
    let usage = TokenUsage {
        input: count("input_tokens")?,
        output: count("output_tokens")?,
        total: count("total_tokens")?,
        cache_read: count("cache_read_input_tokens"),
        cache_creation: count("cache_creation_input_tokens"),
        cache_creation_above_1h: count("cache_creation_input_tokens_above_1hr"),
    };
    (usage_text(&usage) == text).then_some(usage)
}

/// Parses a text that [`cost_text`] wrote; any other text is `None`, even if it means the same.
pub fn parse_cost_text(text: &str) -> Option<Cost> {
    let object: Value = serde_json::from_str(text).ok()?;
    let amount = |key: &str| object.get(key).and_then(Value::as_f64);
    let cost =
        Cost { input: amount("input_cost")?, output: amount("output_cost")?, total: amount("total_cost")? };
    (cost_text(&cost) == text).then_some(cost)
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&float_text(float)),
            None => {
                let _ = write!(out, "{number}");
            }
        },
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (index, (key, field)) in fields.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_string(out, key);
                out.push_str(": ");
                write_value(out, field);
            }
            out.push('}');
        }
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Writes a float as Python's `repr`: shortest digits, with an exponent below 1e-4 and from 1e16 on.
fn float_text(float: f64) -> String {
    let scientific = format!("{float:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if float == 0.0 || (-4..16).contains(&exponent) {
        return format!("{float:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let value = json!({"a": [1, 2.0, true, null], "é\n": "😀\"\u{7f}"});
        assert_eq!(value_text(&value), r#"{"a": [1, 2.0, true, null], "\u00e9\n": "\ud83d\ude00\"\u007f"}"#);
    }

    #[test]
    fn floats_have_pythons_exponents() {
        let cases = [
            (0.1, "0.1"),
            (5.0, "5.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e300, "1.25e+300"),
            (123456.789, "123456.789"),
        ];
        for (float, expected) in cases {
            assert_eq!(float_text(float), expected);
        }
    }

    #[test]
    fn usage_and_cost_texts_read_back_only_in_canonical_form() {
        let usage =
            TokenUsage { input: 3, output: 4, total: 7, cache_read: Some(1), ..TokenUsage::default() };
        let text =
            r#"{"input_tokens": 3, "output_tokens": 4, "total_tokens": 7, "cache_read_input_tokens": 1}"#;
        assert_eq!(usage_text(&usage), text);
        assert_eq!(parse_usage_text(text), Some(usage));
        assert_eq!(parse_usage_text(&text.replace(": ", ":")), None);
        let cost = Cost { input: 0.00002, output: 1.0, total: 1.00002 };
        let text = r#"{"input_cost": 2e-05, "output_cost": 1.0, "total_cost": 1.00002}"#;
        assert_eq!(cost_text(&cost), text);
        assert_eq!(parse_cost_text(text), Some(cost));
        assert_eq!(parse_cost_text("{}"), None);
    }
}
