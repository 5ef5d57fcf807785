//! The messages of OTLP, from few words.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};

/// Returns an attribute.
pub(crate) fn attribute(key: &str, value: impl Into<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(any(value)), ..KeyValue::default() }
}

/// Returns a value.
pub(crate) fn any(value: impl Into<Value>) -> AnyValue {
    AnyValue { value: Some(value.into()) }
}

/// Returns a text.
pub(crate) fn text(text: impl Into<String>) -> Value {
    Value::StringValue(text.into())
}

/// Returns a list.
pub(crate) fn list(values: Vec<Value>) -> Value {
    let values = values.into_iter().map(|value| AnyValue { value: Some(value) }).collect();
    Value::ArrayValue(ArrayValue { values })
}

/// Returns a map.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let values = entries.into_iter().map(|(key, value)| attribute(key, value)).collect();
    Value::KvlistValue(KeyValueList { values })
}
