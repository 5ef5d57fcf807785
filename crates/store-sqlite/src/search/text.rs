//! The texts of a span's body that filters see.

use spanwise_otlp::{AnyValueView, SpanView};

/// Returns an attribute as text: a string as it is, anything else as JSON; `None` if the span does not have it.
pub(crate) fn attribute(view: &SpanView<'_>, key: &str) -> Option<String> {
    let (_, value) = view.attributes().find(|(name, _)| *name == key)?;
    Some(value_text(value))
}

/// Returns a value as text.
pub(crate) fn value_text(value: AnyValueView<'_>) -> String {
    match value {
        AnyValueView::String(text) => text.to_owned(),
        other => {
            let mut json = String::new();
            spanwise_otlp::pyjson::write_json(other, &mut json);
            json
        }
    }
}
