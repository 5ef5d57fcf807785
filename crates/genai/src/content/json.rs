//! From values in place to JSON trees, and the small questions that readers ask of a tree.

use crate::json::{Cursor, JsonText, JsonWalk};
use crate::value::ValueRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};
use spanwise_otlp::AnyValueView;

/// Deepest nesting of a tree. What lies deeper is kept as its JSON text, so that whoever reads the tree (most JSON
/// parsers stop at 128 levels) can.
const TREE_DEPTH_MAX: usize = 100;

/// Returns a body as a tree; a string that holds a JSON list or map is that value, also if it was quoted twice.
pub(crate) fn body_tree(value: &ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(text) => Value::String(text.clone().into_owned()),
        _ => parsed(tree(value.cursor())),
    }
}

/// Parses a string that holds a JSON list or map; any other value stays what it is.
pub(crate) fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) => parse_nested(text).unwrap_or(value),
        _ => value,
    }
}

/// Returns the list or map that a text holds.
pub(crate) fn parse_nested(text: &str) -> Option<Value> {
    let json = JsonText::parse_structured(text)?;
    (json.first_byte() != b'"').then(|| tree(Cursor::Json(json)))
}

fn tree(cursor: Cursor<'_>) -> Value {
    match cursor {
        Cursor::Native(value) => native_tree(value),
        Cursor::Json(json) => json_tree(&mut JsonWalk::new(json), TREE_DEPTH_MAX),
    }
}

/// The depth of OTLP values is bounded where they are checked.
pub(crate) fn native_tree(value: AnyValueView<'_>) -> Value {
    match value {
        AnyValueView::Empty => Value::Null,
        AnyValueView::Bool(flag) => flag.into(),
        AnyValueView::Int(number) => number.into(),
        AnyValueView::Double(number) => {
            Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        AnyValueView::String(text) => text.into(),
        AnyValueView::Bytes(bytes) => STANDARD.encode(bytes).into(),
        AnyValueView::Array(list) => list.iter().map(native_tree).collect(),
        AnyValueView::KvList(map) => {
            map.iter().map(|(key, value)| (key.to_owned(), native_tree(value))).collect::<Map<_, _>>().into()
        }
    }
}

fn json_tree(walk: &mut JsonWalk<'_>, levels: usize) -> Value {
    match walk.peek() {
        b'{' | b'[' if levels == 0 => walk.value().as_str().into(),
        b'{' => {
            let mut map = Map::new();
            walk.enter();
            while !walk.leave() {
                let key = walk.value().unquote().unwrap_or_default().into_owned();
                map.insert(key, json_tree(walk, levels - 1));
            }
            map.into()
        }
        b'[' => {
            let mut list = Vec::new();
            walk.enter();
            while !walk.leave() {
                list.push(json_tree(walk, levels - 1));
            }
            list.into()
        }
        _ => scalar(walk.value()),
    }
}

/// Returns the number, boolean or null that a text holds.
pub(crate) fn json_scalar(text: &str) -> Option<Value> {
    let json = JsonText::parse(text)?;
    (!matches!(json.first_byte(), b'"' | b'{' | b'[')).then(|| scalar(json))
}

fn scalar(json: JsonText<'_>) -> Value {
    match json.first_byte() {
        b'"' => json.unquote().unwrap_or_default().into(),
        b't' => true.into(),
        b'f' => false.into(),
        b'n' => Value::Null,
        _ => number(json.as_str()),
    }
}

/// An integer wider than 64 bits would lose digits as a number, and `NaN` is none in JSON: both stay texts.
fn number(text: &str) -> Value {
    let is_integer = !text.contains(['.', 'e', 'E', 'N', 'I']);
    let number = match is_integer {
        true => text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok(),
        false => text.parse().ok().and_then(Number::from_f64),
    };
    number.map_or_else(|| text.into(), Value::Number)
}

/// Returns the text under the first of these keys that holds one that is not empty.
pub(crate) fn text_at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| value.get(key)?.as_str().filter(|text| !text.is_empty()))
}

/// Returns that text as its own; an id that is a number counts.
pub(crate) fn string_at(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Returns the value under the first of these keys that is there and not null.
pub(crate) fn value_at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| value.get(key).filter(|value| !value.is_null()))
}

/// Returns the map under the first of these keys that holds one.
pub(crate) fn map_at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| value.get(key).filter(|value| value.is_object()))
}

/// Returns the list under the first of these keys that holds one.
pub(crate) fn list_at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a [Value]> {
    keys.iter().find_map(|key| value.get(key)?.as_array().map(Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, expected: Value) {
        assert_eq!(body_tree(&ValueRef::Native(AnyValueView::String(text))), expected, "{text}");
    }

    #[test]
    fn strings_that_hold_lists_or_maps_are_parsed() {
        check("{\"b\":1,\"a\":[true,null,-2.5e3]}", json!({"b": 1, "a": [true, null, -2500.0]}));
        check("\"[1]\"", json!([1]));
        check("\"text\"", json!("text"));
        check("[1", json!("[1"));
        check("12", json!("12"));
        check("", json!(""));
    }

    #[test]
    fn wide_integers_keep_their_digits() {
        check("[9223372036854775808]", json!([9_223_372_036_854_775_808_u64]));
        check("[123456789012345678901234567890]", json!(["123456789012345678901234567890"]));
        check("[-123456789012345678901]", json!(["-123456789012345678901"]));
        check("[NaN, -Infinity, 1e999]", json!(["NaN", "-Infinity", "1e999"]));
        check("[0.1, 1e5]", json!([0.1, 100_000.0]));
    }

    #[test]
    fn deep_values_are_kept_as_text() {
        let text = ["[".repeat(101), "]".repeat(101)].concat();
        let mut value = body_tree(&ValueRef::Native(AnyValueView::String(&text)));
        for _ in 0..TREE_DEPTH_MAX {
            value = value[0].take();
        }
        assert_eq!(value, json!("[]"));
    }
}
