//! The text of a span as a person would search it: what `LIKE` filters and the word index see.

use crate::log::LogRecordView;
use crate::span::SpanView;
use crate::text::{push_base64, push_display, push_double};
use crate::value::{AnyValueView, Attributes};

/// Appends name, status message, attributes, and the events with theirs, a line each.
///
/// Texts stand as they are, quotes and line breaks too, so that a search for them needs no knowledge of JSON; lists
/// and maps look like JSON around them.
pub fn write_search_text(span: &SpanView<'_>, out: &mut String) {
    write_line(span.name, out);
    write_line(span.status_message, out);
    write_attributes(span.attributes(), out);
    for event in span.events() {
        write_line(event.name, out);
        write_attributes(event.attributes(), out);
    }
}

/// Appends event name, body and attributes, a line each, as [`write_search_text`] does.
pub fn write_log_search_text(record: &LogRecordView<'_>, out: &mut String) {
    write_line(record.event_name, out);
    if !matches!(record.body, AnyValueView::Empty) {
        write_value(record.body, out);
        out.push('\n');
    }
    write_attributes(record.attributes(), out);
}

fn write_line(text: &str, out: &mut String) {
    if !text.is_empty() {
        out.push_str(text);
        out.push('\n');
    }
}

fn write_attributes(attributes: Attributes<'_>, out: &mut String) {
    for (key, value) in attributes {
        out.push_str(key);
        out.push_str(": ");
        write_value(value, out);
        out.push('\n');
    }
}

fn write_value(value: AnyValueView<'_>, out: &mut String) {
    match value {
        AnyValueView::String(text) => out.push_str(text),
        value => write_part(value, out),
    }
}

/// Appends a value inside another, where texts have quotes.
fn write_part(value: AnyValueView<'_>, out: &mut String) {
    match value {
        AnyValueView::Empty => out.push_str("null"),
        AnyValueView::String(text) => write_quoted(text, out),
        AnyValueView::Bool(value) => push_display(value, out),
        AnyValueView::Int(value) => push_display(value, out),
        AnyValueView::Double(value) => push_double(value, out),
        AnyValueView::Bytes(bytes) => push_base64(bytes, out),
        AnyValueView::Array(array) => {
            out.push('[');
            for (index, element) in array.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_part(element, out);
            }
            out.push(']');
        }
        AnyValueView::KvList(list) => {
            out.push('{');
            for (index, (key, value)) in list.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_quoted(key, out);
                out.push_str(": ");
                write_part(value, out);
            }
            out.push('}');
        }
    }
}

fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}
