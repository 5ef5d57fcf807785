//! Protobuf to canonical OTLP/JSON: camelCase, ids in hex, 64-bit integers as texts, enums as numbers.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

use crate::error::DecodeError;
use crate::log::LogRecordView;
use crate::request::{scan_logs, scan_traces};
use crate::schema::{FIELDS_MAX, FieldSpec, Kind, LOG_RECORD, LOGS_REQUEST, Message, SPAN, TRACES_REQUEST};
use crate::span::SpanView;
use crate::text::{push_base64, push_display, push_double, push_hex, push_string};
use crate::wire::{Payload, Reader};
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;

/// Appends a span.
pub fn write_span(span: &SpanView<'_>, out: &mut String) {
    write_message(&SPAN, span.raw, ATTRIBUTE_DEPTH_MAX, out);
}

/// Appends a log record.
pub fn write_log_record(record: &LogRecordView<'_>, out: &mut String) {
    write_message(&LOG_RECORD, record.raw, ATTRIBUTE_DEPTH_MAX, out);
}

/// Appends an `ExportTraceServiceRequest`.
///
/// Its structure down to the spans is checked. The spans should have passed [`SpanView::parse`]; one that has not is
/// written up to where it breaks, and what nests too deeply in it as null.
pub fn write_traces(body: &[u8], out: &mut String) -> Result<(), DecodeError> {
    scan_traces(body)?;
    write_message(&TRACES_REQUEST, body, ATTRIBUTE_DEPTH_MAX, out);
    Ok(())
}

/// Appends an `ExportLogsServiceRequest`, as [`write_traces`] does.
pub fn write_logs(body: &[u8], out: &mut String) -> Result<(), DecodeError> {
    scan_logs(body)?;
    write_message(&LOGS_REQUEST, body, ATTRIBUTE_DEPTH_MAX, out);
    Ok(())
}

/// Where the fields of one number are.
#[derive(Clone, Copy)]
struct Found {
    first: usize,
    last: usize,
}

/// Appends a message; `levels` is how many containers may still nest in it.
fn write_message(message: &'static Message, raw: &[u8], levels: usize, out: &mut String) {
    let found = find_fields(message, raw);
    out.push('{');
    let start = out.len();
    for (field, found) in message.fields.iter().zip(found) {
        let Some(found) = found else { continue };
        if out.len() > start {
            out.push(',');
        }
        write_quoted(out, |out| out.push_str(field.json_name));
        out.push(':');
        match field.kind {
            Kind::Repeated(inner) | Kind::Items(inner) => {
                write_elements(field, &raw[found.first..], out, |bytes, out| {
                    write_message(inner, bytes, levels, out)
                });
            }
            Kind::RepeatedText => write_elements(field, &raw[found.first..], out, write_text),
            _ => write_singular(field, &raw[found.last..], levels, out),
        }
    }
    out.push('}');
}

fn find_fields(message: &Message, raw: &[u8]) -> [Option<Found>; FIELDS_MAX] {
    let mut all = [None; FIELDS_MAX];
    let mut reader = Reader::new(raw);
    while let Ok(Some(field)) = reader.next_field() {
        let Some(index) = message.index_of(field.number) else { continue };
        if message.oneof {
            all = [None; FIELDS_MAX];
        }
        let first = all[index].map_or(field.at, |found: Found| found.first);
        all[index] = Some(Found { first, last: field.at });
    }
    all
}

fn write_elements(field: &FieldSpec, from: &[u8], out: &mut String, write: impl Fn(&[u8], &mut String)) {
    out.push('[');
    let start = out.len();
    let mut reader = Reader::new(from);
    while let Ok(Some(element)) = reader.next_field() {
        let Payload::Bytes(bytes) = element.payload else { continue };
        if element.number != field.number {
            continue;
        }
        if out.len() > start {
            out.push(',');
        }
        write(bytes, out);
    }
    out.push(']');
}

fn write_singular(field: &FieldSpec, from: &[u8], levels: usize, out: &mut String) {
    let payload = Reader::new(from).next_field().ok().flatten().map(|field| field.payload);
    match (field.kind, payload) {
        (Kind::Text, Some(Payload::Bytes(bytes))) => write_text(bytes, out),
        (Kind::Id(_), Some(Payload::Bytes(bytes))) => write_quoted(out, |out| push_hex(bytes, out)),
        (Kind::Bytes, Some(Payload::Bytes(bytes))) => write_quoted(out, |out| push_base64(bytes, out)),
        (Kind::Message(inner), Some(Payload::Bytes(bytes))) => write_message(inner, bytes, levels, out),
        (Kind::Container(inner), Some(Payload::Bytes(bytes))) if levels > 0 => {
            write_message(inner, bytes, levels - 1, out);
        }
        (Kind::Bool, Some(Payload::Varint(value))) => out.push_str(if value != 0 { "true" } else { "false" }),
        (Kind::Enum(_), Some(Payload::Varint(value))) => push_display(value as i32, out),
        (Kind::Uint32, Some(Payload::Varint(value))) => push_display(value as u32, out),
        (Kind::Int64, Some(Payload::Varint(value))) => {
            write_quoted(out, |out| push_display(value.cast_signed(), out))
        }
        (Kind::Fixed32, Some(Payload::Fixed32(value))) => push_display(value, out),
        (Kind::Fixed64, Some(Payload::Fixed64(value))) => write_quoted(out, |out| push_display(value, out)),
        (Kind::Double, Some(Payload::Fixed64(bits))) => write_double(f64::from_bits(bits), out),
        // The wrong wire type, or too deep: the message was not checked.
        _ => out.push_str("null"),
    }
}

fn write_text(bytes: &[u8], out: &mut String) {
    push_string(std::str::from_utf8(bytes).unwrap_or_default(), out);
}

fn write_double(value: f64, out: &mut String) {
    if value.is_finite() { push_double(value, out) } else { write_quoted(out, |out| push_double(value, out)) }
}

fn write_quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
}
