//! Small questions to a JSON value.

use serde_json::Value;

/// Returns the text under a key, if it is not empty.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the first of several keys that has a text.
pub(crate) fn text_of<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| text(value, key))
}

/// Returns the value under a key, if it is not null.
pub(crate) fn some<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|value| !value.is_null())
}

/// Returns the first of several keys that has a value.
pub(crate) fn some_of<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| some(value, key))
}

/// Returns the list under a key; none is empty.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the number under a key.
pub(crate) fn count(value: &Value, key: &str) -> Option<u64> {
    let value = value.get(key)?;
    // Some servers write counts as floating point.
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

/// Returns the number under the first of several keys that has one.
pub(crate) fn count_of(value: &Value, keys: &[&str]) -> Option<u64> {
    keys.iter().find_map(|key| count(value, key))
}

/// Returns what a text holds, if that is a JSON map or list, else the text.
pub(crate) fn parsed(text: &str) -> Value {
    let is_structured = text.trim_start().starts_with(['{', '[']);
    let value = is_structured.then(|| serde_json::from_str(text).ok()).flatten();
    value.unwrap_or_else(|| Value::from(text))
}
