//! Values back to JSON text.

use super::cursor::Cursor;
use spanwise_otlp::{AnyValueView, pyjson};

/// Appends the JSON text of a value: as Python writes an OTLP value, and as it came if it came as JSON text.
pub(crate) fn json(value: Cursor<'_>, out: &mut String) {
    match value {
        Cursor::Native(value) => pyjson::write_json(value, out),
        Cursor::Json(json) => out.push_str(json.as_str()),
    }
}

/// Appends a JSON string.
pub(crate) fn string(text: &str, out: &mut String) {
    pyjson::write_json(AnyValueView::String(text), out);
}
