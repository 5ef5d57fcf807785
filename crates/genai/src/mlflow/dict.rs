//! The form of `traces.json` and of `Span.to_dict()` in MLflow's client: attribute values are JSON text in strings.

use super::attributes::MlflowAttribute;
use super::out::{bytes_field, element, field, hex, number_field, status_code, text_field};
use crate::json::write;
use spanwise_otlp::{Attributes, EventView, LinkView, SpanView, pyjson};

/// Appends `span` with these attributes.
pub fn write_dict_span(span: &SpanView<'_>, attributes: &[MlflowAttribute<'_>], out: &mut String) {
    out.push('{');
    bytes_field("trace_id", span.trace_id, out);
    bytes_field("span_id", span.span_id, out);
    if span.parent_span_id.iter().any(|byte| *byte != 0) {
        bytes_field("parent_span_id", span.parent_span_id, out);
    } else {
        null_field("parent_span_id", out);
    }
    text_field("name", span.name, out);
    number_field("start_time_unix_nano", span.start_time_unix_nano, out);
    match span.end_time_unix_nano {
        0 => null_field("end_time_unix_nano", out),
        end => number_field("end_time_unix_nano", end, out),
    }
    list_field("events", span.events(), out, write_event);
    field("status", out);
    out.push('{');
    text_field("code", status_code(span.status_code), out);
    text_field("message", span.status_message, out);
    out.push('}');
    write_attributes(attributes, out);
    list_field("links", span.links(), out, write_link);
    out.push('}');
}

fn write_attributes(attributes: &[MlflowAttribute<'_>], out: &mut String) {
    field("attributes", out);
    out.push('{');
    let mut text = String::new();
    for (key, value) in attributes {
        text.clear();
        write::json(value.cursor(), &mut text);
        map_key(key, out);
        write::string(&text, out);
    }
    out.push('}');
}

fn write_event(event: EventView<'_>, out: &mut String) {
    out.push('{');
    text_field("name", event.name, out);
    number_field("time_unix_nano", event.time_unix_nano, out);
    field("attributes", out);
    write_map(event.attributes(), out);
    out.push('}');
}

fn write_link(link: LinkView<'_>, out: &mut String) {
    out.push('{');
    field("trace_id", out);
    out.push_str("\"tr-");
    hex(link.trace_id, out);
    out.push('"');
    field("span_id", out);
    out.push('"');
    hex(link.span_id, out);
    out.push('"');
    if link.attributes().next().is_none() {
        null_field("attributes", out);
    } else {
        field("attributes", out);
        write_map(link.attributes(), out);
    }
    out.push('}');
}

fn write_map(attributes: Attributes<'_>, out: &mut String) {
    out.push('{');
    for (key, value) in attributes {
        map_key(key, out);
        pyjson::write_json(value, out);
    }
    out.push('}');
}

/// Starts an entry of a map whose keys came from outside.
fn map_key(key: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    write::string(key, out);
    out.push(':');
}

fn null_field(key: &str, out: &mut String) {
    field(key, out);
    out.push_str("null");
}

fn list_field<T>(
    key: &str,
    items: impl Iterator<Item = T>,
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    field(key, out);
    out.push('[');
    for item in items {
        element(out);
        write(item, out);
    }
    out.push(']');
}
