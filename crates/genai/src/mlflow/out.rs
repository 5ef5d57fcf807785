//! Small pieces of JSON text that both forms share.

use crate::json::write;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::{Display, Write};

/// Starts a field of the object that is being written. No value ends in `{`, so one right before means it is the first.
pub(crate) fn field(key: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

/// Starts an element of the list that is being written.
pub(crate) fn element(out: &mut String) {
    if !out.ends_with('[') {
        out.push(',');
    }
}

/// Writes a field that holds a text.
pub(crate) fn text_field(key: &str, text: &str, out: &mut String) {
    field(key, out);
    write::string(text, out);
}

/// Writes a field that holds a number.
pub(crate) fn number_field(key: &str, number: impl Display, out: &mut String) {
    field(key, out);
    display(number, out);
}

/// Writes a field that holds bytes, as base64.
pub(crate) fn bytes_field(key: &str, bytes: &[u8], out: &mut String) {
    field(key, out);
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}

/// Writes what a value displays.
pub(crate) fn display(value: impl Display, out: &mut String) {
    // Writing to a `String` can't fail.
    let _ = write!(out, "{value}");
}

/// Writes bytes as hex digits.
pub(crate) fn hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        display(format_args!("{byte:02x}"), out);
    }
}

/// Returns MLflow's name of a status code; what OTLP does not define counts as unset.
pub(crate) fn status_code(code: i32) -> &'static str {
    match code {
        1 => "STATUS_CODE_OK",
        2 => "STATUS_CODE_ERROR",
        _ => "STATUS_CODE_UNSET",
    }
}
