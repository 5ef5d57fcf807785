//! The form of `traces/get` and `traces/batchGet`: the OTLP `Span` message as JSON, in protobuf's own field names.
//!
//! Default values are left out, as protobuf's JSON writer does. Kind, trace state and dropped counts are not part of
//! what MLflow returns.

use super::attributes::MlflowAttribute;
use super::out::{bytes_field, display, element, field, number_field, status_code, text_field};
use crate::json::{Cursor, JsonText, JsonWalk, write};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use spanwise_otlp::{AnyValueView, Attributes, EventView, LinkView, SpanView, pyjson};

/// Levels of lists and maps that are written as such; what is deeper becomes one text. Each level takes up to three
/// messages, and the parser of MLflow's client gives up after 100.
const LEVELS_MAX: usize = 24;

/// Appends `span` with these attributes.
pub fn write_proto_span(span: &SpanView<'_>, attributes: &[MlflowAttribute<'_>], out: &mut String) {
    out.push('{');
    bytes_field("trace_id", span.trace_id, out);
    bytes_field("span_id", span.span_id, out);
    if span.parent_span_id.iter().any(|byte| *byte != 0) {
        bytes_field("parent_span_id", span.parent_span_id, out);
    }
    if !span.name.is_empty() {
        text_field("name", span.name, out);
    }
    time_field("start_time_unix_nano", span.start_time_unix_nano, out);
    time_field("end_time_unix_nano", span.end_time_unix_nano, out);
    list_field("attributes", attributes.iter(), out, |(key, value), out| {
        write_entry(key, value.cursor(), LEVELS_MAX, out);
    });
    list_field("events", span.events(), out, write_event);
    list_field("links", span.links(), out, write_link);
    write_status(span, out);
    out.push('}');
}

fn time_field(key: &str, nanos: u64, out: &mut String) {
    if nanos != 0 {
        number_field(key, nanos, out);
    }
}

fn list_field<T>(
    key: &str,
    items: impl Iterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return;
    }
    field(key, out);
    out.push('[');
    for item in items {
        element(out);
        write(item, out);
    }
    out.push(']');
}

fn write_event(event: EventView<'_>, out: &mut String) {
    out.push('{');
    time_field("time_unix_nano", event.time_unix_nano, out);
    if !event.name.is_empty() {
        text_field("name", event.name, out);
    }
    write_native_attributes(event.attributes(), out);
    out.push('}');
}

fn write_link(link: LinkView<'_>, out: &mut String) {
    out.push('{');
    bytes_field("trace_id", link.trace_id, out);
    bytes_field("span_id", link.span_id, out);
    write_native_attributes(link.attributes(), out);
    out.push('}');
}

fn write_native_attributes(attributes: Attributes<'_>, out: &mut String) {
    list_field("attributes", attributes, out, |(key, value), out| {
        write_entry(key, Cursor::Native(value), LEVELS_MAX, out);
    });
}

fn write_status(span: &SpanView<'_>, out: &mut String) {
    field("status", out);
    out.push('{');
    if !span.status_message.is_empty() {
        text_field("message", span.status_message, out);
    }
    if matches!(span.status_code, 1 | 2) {
        text_field("code", status_code(span.status_code), out);
    }
    out.push('}');
}

/// Writes a `KeyValue`; null is a `KeyValue` without a value.
fn write_entry(key: &str, value: Cursor<'_>, levels_left: usize, out: &mut String) {
    out.push('{');
    text_field("key", key, out);
    if !is_null(value) {
        field("value", out);
        write_value(value, levels_left, out);
    }
    out.push('}');
}

fn is_null(value: Cursor<'_>) -> bool {
    match value {
        Cursor::Native(value) => matches!(value, AnyValueView::Empty),
        Cursor::Json(json) => json.as_str() == "null",
    }
}

/// Writes an `AnyValue`.
fn write_value(value: Cursor<'_>, levels_left: usize, out: &mut String) {
    out.push('{');
    match value {
        Cursor::Native(value) => write_native(value, levels_left, out),
        Cursor::Json(json) => write_json(&mut JsonWalk::new(json), levels_left, out),
    }
    out.push('}');
}

fn write_native(value: AnyValueView<'_>, levels_left: usize, out: &mut String) {
    match value {
        AnyValueView::Empty => {}
        AnyValueView::String(text) => text_field("string_value", text, out),
        AnyValueView::Bool(flag) => number_field("bool_value", flag, out),
        AnyValueView::Int(number) => number_field("int_value", number, out),
        AnyValueView::Double(number) => write_double(number, None, out),
        AnyValueView::Bytes(bytes) => text_field("string_value", &STANDARD.encode(bytes), out),
        AnyValueView::Array(_) | AnyValueView::KvList(_) if levels_left == 0 => {
            write_as_text(Cursor::Native(value), out);
        }
        AnyValueView::Array(list) => {
            write_values("array_value", list.iter().map(Cursor::Native), out, |value, out| {
                write_value(value, levels_left - 1, out);
            });
        }
        AnyValueView::KvList(map) => write_values("kvlist_value", map.iter(), out, |(key, value), out| {
            write_entry(key, Cursor::Native(value), levels_left - 1, out);
        }),
    }
}

/// Writes the next value of a walk; a nested value is written on the way through it, not looked over first.
fn write_json(walk: &mut JsonWalk<'_>, levels_left: usize, out: &mut String) {
    match walk.peek() {
        b'[' | b'{' if levels_left == 0 => write_as_text(Cursor::Json(walk.value()), out),
        b'[' => write_json_values("array_value", walk, out, |walk, out| {
            out.push('{');
            write_json(walk, levels_left - 1, out);
            out.push('}');
        }),
        b'{' => write_json_values("kvlist_value", walk, out, |walk, out| {
            write_json_entry(walk, levels_left - 1, out)
        }),
        _ => write_scalar(walk.value(), out),
    }
}

fn write_json_values(
    kind: &str,
    walk: &mut JsonWalk<'_>,
    out: &mut String,
    write: impl Fn(&mut JsonWalk<'_>, &mut String),
) {
    walk.enter();
    field(kind, out);
    if walk.leave() {
        return out.push_str("{}");
    }
    out.push_str("{\"values\":[");
    while !walk.leave() {
        element(out);
        write(walk, out);
    }
    out.push_str("]}");
}

fn write_json_entry(walk: &mut JsonWalk<'_>, levels_left: usize, out: &mut String) {
    out.push('{');
    field("key", out);
    write_string_token(walk.value(), out);
    if walk.peek() == b'n' {
        walk.value();
    } else {
        field("value", out);
        out.push('{');
        write_json(walk, levels_left, out);
        out.push('}');
    }
    out.push('}');
}

fn write_scalar(json: JsonText<'_>, out: &mut String) {
    match json.first_byte() {
        b'n' => {}
        b't' | b'f' => {
            field("bool_value", out);
            out.push_str(json.as_str());
        }
        b'"' => {
            field("string_value", out);
            write_string_token(json, out);
        }
        _ => write_number(json.as_str(), out),
    }
}

/// Copies a JSON string as it is, unless it may hold a lone surrogate, which protobuf can't.
fn write_string_token(json: JsonText<'_>, out: &mut String) {
    if json.as_str().contains("\\u") {
        write::string(&json.unquote().unwrap_or_default(), out);
    } else {
        out.push_str(json.as_str());
    }
}

/// Writes a number; an integer of more than 64 bits keeps its digits as a text.
fn write_number(text: &str, out: &mut String) {
    if let Ok(number) = text.parse::<i64>() {
        number_field("int_value", number, out);
    } else if text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        text_field("string_value", text, out);
    } else {
        write_double(text.parse().unwrap_or(f64::NAN), Some(text), out);
    }
}

/// Writes a double, in its own digits if it came with some; protobuf spells what JSON has no number for.
fn write_double(number: f64, digits: Option<&str>, out: &mut String) {
    field("double_value", out);
    match digits {
        _ if number.is_nan() => out.push_str("\"NaN\""),
        _ if number == f64::INFINITY => out.push_str("\"Infinity\""),
        _ if number == f64::NEG_INFINITY => out.push_str("\"-Infinity\""),
        Some(digits) => display(digits, out),
        None => pyjson::write_json(AnyValueView::Double(number), out),
    }
}

fn write_as_text(value: Cursor<'_>, out: &mut String) {
    let mut text = String::new();
    write::json(value, &mut text);
    text_field("string_value", &text, out);
}

/// Writes `{"values": […]}`, which is empty for an empty list.
fn write_values<T>(
    kind: &str,
    items: impl Iterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    field(kind, out);
    out.push('{');
    list_field("values", items, out, write);
    out.push('}');
}
