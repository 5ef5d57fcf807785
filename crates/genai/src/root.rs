//! What a root span says about its trace.

use crate::content::{Shape, side_text};
use crate::derive::{Derived, derive};
use crate::preview::preview;
use crate::prices::PriceTable;
use crate::side::Side;
use spanwise_model::RootFacts;
use spanwise_model::limit::{
    PREVIEW_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_BYTES_MAX, TRACE_NAME_CHARS_MAX,
};
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView, pyjson};

/// Attributes of this prefix become tags of the trace.
const TAG_PREFIX: &str = "mlflow.traceTag.";
/// The tag that renames the trace.
const NAME_TAG: &str = "mlflow.traceName";
/// Attributes of this prefix become metadata of the trace.
const METADATA_PREFIX: &str = "spanwise.trace.metadata.";
/// Metadata that stands for fields of the trace, which are read from attributes of their own.
const FIELDS: [&str; 5] = [
    "mlflow.trace.session",
    "mlflow.trace.user",
    "mlflow.trace.tokenUsage",
    "mlflow.trace.cost",
    "mlflow.trace.infoFinalized",
];
/// What lists show of the request and of the response, where the SDK was told.
const PREVIEWS: [&str; 2] = ["spanwise.trace.request_preview", "spanwise.trace.response_preview"];

/// Returns what `span`, which must be one that may speak for its trace, says about it; `derived` is what
/// [`crate::derive()`] made of it and of its log records, `logs`.
pub fn root_facts(span: &SpanView<'_>, logs: &[LogRecordView<'_>], derived: &Derived<'_>) -> RootFacts {
    let mut facts = texts(span, logs, derived, true);
    for (key, value) in span.attributes() {
        if let Some(key) = key.strip_prefix(TAG_PREFIX) {
            take_tag(&mut facts, key, entry_text(value));
        } else if let Some(key) = key.strip_prefix(METADATA_PREFIX) {
            take_metadata(&mut facts, key, entry_text(value));
        } else if PREVIEWS.contains(&key) {
            take_preview(&mut facts, key, &entry_text(value));
        }
    }
    facts
}

/// Returns the texts that `span` lends to its trace if its root has none; `None` if it has none itself that a person can
/// read. `logs` are its log records.
pub fn lent_facts(span: &SpanView<'_>, logs: &[LogRecordView<'_>]) -> Option<Box<RootFacts>> {
    let derived = derive(span, logs, PriceTable::built_in());
    let facts = texts(span, logs, &derived, false);
    (facts.input_text.is_some() || facts.output_text.is_some()).then(|| Box::new(facts))
}

fn texts(
    span: &SpanView<'_>,
    logs: &[LogRecordView<'_>],
    derived: &Derived<'_>,
    json_will_do: bool,
) -> RootFacts {
    let mut facts = RootFacts::default();
    let text = |side| {
        // A body that is only one piece of what the span has does not say it.
        let pieces_first = *derived.pieces.get(side);
        side_text(
            span,
            logs,
            derived,
            side,
            &Shape { chars_max: PREVIEW_CHARS_MAX, pieces_first, json_will_do },
        )
    };
    if let Some(inputs) = &derived.inputs {
        facts.request_preview = Some(preview(inputs, inputs.cursor(), "user"));
        facts.input_text = text(Side::Input);
    }
    if let Some(outputs) = &derived.outputs {
        facts.response_preview = Some(preview(outputs, outputs.cursor(), "assistant"));
        facts.output_text = text(Side::Output);
    }
    facts
}

/// Keeps a tag within the limits; one that is too large stays on the span, where it can be read.
fn take_tag(facts: &mut RootFacts, key: &str, value: String) {
    if key == NAME_TAG {
        if !value.is_empty() && value.chars().count() <= TRACE_NAME_CHARS_MAX {
            facts.trace_name = Some(value);
        }
    } else if is_within_limits(key, &value) {
        facts.tags.push((key.to_owned(), value));
    }
}

/// Keeps metadata within the limits, as [`take_tag`] does tags.
fn take_metadata(facts: &mut RootFacts, key: &str, value: String) {
    if !FIELDS.contains(&key) && is_within_limits(key, &value) {
        facts.metadata.push((key.to_owned(), value));
    }
}

fn is_within_limits(key: &str, value: &str) -> bool {
    !key.is_empty() && key.chars().count() <= TAG_KEY_CHARS_MAX && value.len() <= TAG_VALUE_BYTES_MAX
}

/// Lets what its program says stand in place of what is made of inputs and outputs.
fn take_preview(facts: &mut RootFacts, key: &str, said: &str) {
    let shown: String = said.chars().take(PREVIEW_CHARS_MAX).collect();
    let (preview, text) = if key == PREVIEWS[0] {
        (&mut facts.request_preview, &mut facts.input_text)
    } else {
        (&mut facts.response_preview, &mut facts.output_text)
    };
    (*preview, *text) = (Some(shown.clone()), Some(shown));
}

fn entry_text(value: AnyValueView<'_>) -> String {
    if let AnyValueView::String(text) = value {
        return text.to_owned();
    }
    let mut text = String::new();
    pyjson::write_json(value, &mut text);
    text
}
