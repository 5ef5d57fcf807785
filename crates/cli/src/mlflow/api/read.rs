//! Reading what MLflow's API answers: protobuf's JSON, which leaves empty fields out. Pure.

use anyhow::Result;
use serde_json::Value;
use std::collections::BTreeMap;

/// Numbers of protobuf's JSON, which may be texts.
pub(super) trait Json {
    fn integer(&self) -> i64;
    /// A time of milliseconds in nanoseconds; nothing if there is none.
    fn time(&self) -> Result<Option<i64>>;
}

impl Json for Value {
    fn integer(&self) -> i64 {
        let float = |number: f64| number as i64;
        self.as_i64()
            .or_else(|| self.as_f64().map(float))
            .or_else(|| self.as_str().and_then(|text| text.parse().ok()))
            .unwrap_or(0)
    }

    fn time(&self) -> Result<Option<i64>> {
        if self.is_null() {
            return Ok(None);
        }
        let ms = self.integer();
        ms.checked_mul(1_000_000).map(Some).ok_or_else(|| anyhow::anyhow!("{ms} ms is beyond the year 2261"))
    }
}

/// Returns a text; empty if there is none.
pub(super) fn text(value: &Value) -> String {
    optional_text(value).unwrap_or_default()
}

/// Returns a text, if there is one.
pub(super) fn optional_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns a list; empty if there is none.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns texts by key out of a list of `{key, value}`.
pub(super) fn pairs(value: &Value) -> BTreeMap<String, String> {
    list(value).iter().map(|pair| (text(&pair["key"]), text(&pair["value"]))).collect()
}

/// Returns a list of texts.
pub(super) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}
