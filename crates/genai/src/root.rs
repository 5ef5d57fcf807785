//! What a root span says about its trace.

use crate::content::pieced_text;
use crate::derive::Derived;
use crate::preview::preview;
use crate::reading::{Voice, reading};
use crate::side::Side;
use spanwise_model::RootFacts;
use spanwise_model::limit::{
    PREVIEW_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX, TRACE_NAME_CHARS_MAX,
};
use spanwise_otlp::{AnyValueView, SpanView, pyjson};

/// Attributes of this prefix become tags of the trace.
const TAG_PREFIX: &str = "mlflow.traceTag.";
/// The tag that renames the trace.
const NAME_TAG: &str = "mlflow.traceName";

/// Returns what `span`, which must be a root, says about its trace.
pub fn root_facts(span: &SpanView<'_>, derived: &Derived<'_>) -> RootFacts {
    let mut facts = RootFacts::default();
    if let Some(inputs) = &derived.inputs {
        let cursor = inputs.cursor();
        facts.request_preview = Some(preview(inputs, cursor, "user"));
        facts.input_text = text_of_pieces(span, derived, Side::Input)
            .or_else(|| reading(cursor, Voice::User, PREVIEW_CHARS_MAX));
    }
    if let Some(outputs) = &derived.outputs {
        let cursor = outputs.cursor();
        facts.response_preview = Some(preview(outputs, cursor, "assistant"));
        facts.output_text = text_of_pieces(span, derived, Side::Output)
            .or_else(|| reading(cursor, Voice::Assistant, PREVIEW_CHARS_MAX));
    }
    for (key, value) in span.attributes() {
        if let Some(key) = key.strip_prefix(TAG_PREFIX) {
            take_tag(&mut facts, key, tag_text(value));
        }
    }
    facts
}

/// Returns what a person reads where inputs or outputs are only one piece of what the span has.
fn text_of_pieces(span: &SpanView<'_>, derived: &Derived<'_>, side: Side) -> Option<String> {
    if *derived.pieces.get(side) { pieced_text(span, side, PREVIEW_CHARS_MAX) } else { None }
}

/// Keeps a tag within the limits; one that is too large stays on the span, where it can be read.
fn take_tag(facts: &mut RootFacts, key: &str, value: String) {
    if key == NAME_TAG {
        if !value.is_empty() && value.chars().count() <= TRACE_NAME_CHARS_MAX {
            facts.trace_name = Some(value);
        }
    } else if !key.is_empty()
        && key.chars().count() <= TAG_KEY_CHARS_MAX
        && value.len() <= TAG_VALUE_BYTES_MAX
    {
        facts.tags.push((key.to_owned(), value));
    }
}

fn tag_text(value: AnyValueView<'_>) -> String {
    if let AnyValueView::String(text) = value {
        return text.to_owned();
    }
    let mut text = String::new();
    pyjson::write_json(value, &mut text);
    text
}
