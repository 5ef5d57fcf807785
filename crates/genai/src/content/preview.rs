//! Short texts that tell what went into a span and what came out, for lists and tooltips.

use crate::derive::Derived;
use crate::json::{Cursor, Node, write};
use crate::preview::clip;
use crate::reading::{Voice, reading};
use crate::value::ValueRef;
use spanwise_otlp::{LogRecordView, SpanView};

/// Most characters of a short text.
const SHORT_CHARS_MAX: usize = 300;

/// Keys under which the arguments of a tool are wrapped.
const ARGUMENT_WRAPPERS: &[&str] = &["kwargs", "arguments", "args", "input"];

/// Returns short readable texts of what went into `span` and of what came out of it.
pub fn preview_texts(
    _span: &SpanView<'_>,
    _logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
) -> (Option<String>, Option<String>) {
    let inputs = derived.inputs.as_ref().and_then(|inputs| input_text(inputs, derived.span_type()));
    let read = |outputs: &ValueRef<'_>| reading(outputs.cursor(), Voice::Assistant, SHORT_CHARS_MAX);
    (inputs, derived.outputs.as_ref().and_then(read))
}

fn input_text(inputs: &ValueRef<'_>, span_type: &str) -> Option<String> {
    let cursor = inputs.cursor();
    let arguments = if span_type == "TOOL" { arguments_text(cursor) } else { None };
    arguments.or_else(|| reading(cursor, Voice::User, SHORT_CHARS_MAX))
}

/// Writes the arguments of a tool as a call has them: `query="refund policy", limit=3`.
fn arguments_text(cursor: Cursor<'_>) -> Option<String> {
    let Node::Map(mut entries) = unwrap_arguments(cursor).node() else { return None };
    let mut text = String::new();
    let mut is_full = false;
    while let Some((key, value)) = entries.next()
        && !is_full
    {
        text.push_str(if text.is_empty() { "" } else { ", " });
        text.push_str(&key);
        text.push('=');
        write::json(value, &mut text);
        is_full = text.len() > SHORT_CHARS_MAX * char::MAX.len_utf8();
    }
    (!text.is_empty()).then(|| clip(&text, SHORT_CHARS_MAX))
}

/// Opens a map whose only entry is a map of arguments.
fn unwrap_arguments(cursor: Cursor<'_>) -> Cursor<'_> {
    let Node::Map(mut entries) = cursor.node() else { return cursor };
    match (entries.next(), entries.next()) {
        (Some((key, inner)), None) if ARGUMENT_WRAPPERS.contains(&&*key) && inner.is_map() => inner,
        _ => cursor,
    }
}
