//! Attribute values as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};
use spanwise_api_types::native::{Attribute, AttributeType};
use spanwise_otlp::{AnyValueView, Attributes};

/// Whole numbers beyond this lose digits in JavaScript.
const SAFE_INTEGER_MAX: u64 = 1 << 53;

/// Returns attributes in order; a value whose text has more than `value_bytes` is left out.
pub(super) fn attributes(attributes: Attributes<'_>, value_bytes: usize) -> Vec<Attribute> {
    attributes.map(|(key, value)| attribute(key, value, value_bytes)).collect()
}

fn attribute(key: &str, value: AnyValueView<'_>, value_bytes: usize) -> Attribute {
    let bytes = text_bytes(value);
    let cut = bytes > value_bytes;
    let shown = if cut { Value::Null } else { json(value) };
    Attribute { key: key.to_owned(), r#type: type_of(value), value: shown, bytes, cut }
}

fn type_of(value: AnyValueView<'_>) -> AttributeType {
    match value {
        AnyValueView::Empty => AttributeType::Empty,
        AnyValueView::String(_) => AttributeType::String,
        AnyValueView::Bool(_) => AttributeType::Bool,
        AnyValueView::Int(_) => AttributeType::Int,
        AnyValueView::Double(_) => AttributeType::Double,
        AnyValueView::Bytes(_) => AttributeType::Bytes,
        AnyValueView::Array(_) => AttributeType::Array,
        AnyValueView::KvList(_) => AttributeType::Map,
    }
}

/// About the bytes of a value's text; exact for texts.
fn text_bytes(value: AnyValueView<'_>) -> usize {
    match value {
        AnyValueView::Empty => 0,
        AnyValueView::String(text) => text.len(),
        AnyValueView::Bool(_) | AnyValueView::Int(_) | AnyValueView::Double(_) => 8,
        AnyValueView::Bytes(bytes) => bytes.len(),
        AnyValueView::Array(list) => list.as_bytes().len(),
        AnyValueView::KvList(map) => map.as_bytes().len(),
    }
}

/// Returns a value as JSON; what JSON numbers can't hold becomes text.
pub(super) fn json(value: AnyValueView<'_>) -> Value {
    match value {
        AnyValueView::Empty => Value::Null,
        AnyValueView::String(text) => text.into(),
        AnyValueView::Bool(flag) => flag.into(),
        AnyValueView::Int(number) if number.unsigned_abs() > SAFE_INTEGER_MAX => number.to_string().into(),
        AnyValueView::Int(number) => number.into(),
        AnyValueView::Double(number) => {
            Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        AnyValueView::Bytes(bytes) => STANDARD.encode(bytes).into(),
        AnyValueView::Array(list) => list.iter().map(json).collect(),
        AnyValueView::KvList(map) => {
            map.iter().map(|(key, value)| (key.to_owned(), json(value))).collect::<Map<_, _>>().into()
        }
    }
}
