//! A value that was found on a span, or made for it: the type that [`crate::Derived`] points with.

use crate::json::{Cursor, JsonText};
use spanwise_otlp::AnyValueView;
use std::borrow::Cow;

/// A value, borrowed from its span or built.
#[derive(Debug, Clone)]
pub enum ValueRef<'a> {
    /// An attribute's value as it came. A string that holds a JSON map, list or string stands for that value.
    Native(AnyValueView<'a>),
    /// JSON text that was built here.
    Json(Cow<'a, str>),
    /// A plain text, whatever it looks like.
    Text(Cow<'a, str>),
}

impl ValueRef<'_> {
    /// Returns a place to look into the value.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        match self {
            ValueRef::Native(value) => Cursor::of_attribute(*value),
            ValueRef::Text(text) => Cursor::Native(AnyValueView::String(text)),
            ValueRef::Json(text) => {
                JsonText::parse(text).map_or(Cursor::Native(AnyValueView::String(text)), Cursor::Json)
            }
        }
    }
}

/// Returns whether Python calls the value false: null, `false`, 0, an empty text, list or map. A string that holds
/// an empty JSON text, list or map counts as that.
pub(crate) fn is_falsy(value: AnyValueView<'_>) -> bool {
    match value {
        AnyValueView::Empty => true,
        AnyValueView::Bool(flag) => !flag,
        AnyValueView::Int(number) => number == 0,
        AnyValueView::Double(number) => number == 0.0,
        AnyValueView::Bytes(bytes) => bytes.is_empty(),
        AnyValueView::String(text) => is_empty_text(text),
        AnyValueView::Array(list) => list.iter().next().is_none(),
        AnyValueView::KvList(map) => map.iter().next().is_none(),
    }
}

/// Decides by the ends of the text alone, so that a large one costs nothing.
fn is_empty_text(text: &str) -> bool {
    let inside = |open, close| {
        text.trim().strip_prefix(open)?.strip_suffix(close).map(|inside: &str| inside.trim().is_empty())
    };
    text.is_empty()
        || text.trim() == "\"\""
        || inside('[', ']').or_else(|| inside('{', '}')).unwrap_or_default()
}

/// Returns the text of a string attribute that names something; quotes around it, as JSON would write it, are
/// taken off. `None` if there is no text.
pub(crate) fn name_text(value: AnyValueView<'_>) -> Option<Cow<'_, str>> {
    let AnyValueView::String(text) = value else { return None };
    let name = match text.as_bytes().first()? {
        b'"' => JsonText::parse(text).and_then(JsonText::unquote).unwrap_or(text.into()),
        _ => text.into(),
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_falsy() {
        for text in ["", "[]", " { } ", "\"\"", "[\n]"] {
            assert!(is_falsy(AnyValueView::String(text)), "{text:?}");
        }
        for text in ["0", "null", "false", "[0]", " ", "[}", "\""] {
            assert!(!is_falsy(AnyValueView::String(text)), "{text:?}");
        }
        assert!(is_falsy(AnyValueView::Int(0)) && is_falsy(AnyValueView::Empty));
    }

    #[test]
    fn a_name_loses_its_json_quotes() {
        let name = |text| name_text(AnyValueView::String(text)).map(Cow::into_owned);
        assert_eq!(name("gpt-4o").as_deref(), Some("gpt-4o"));
        assert_eq!(name("\"gpt-4o\"").as_deref(), Some("gpt-4o"));
        assert_eq!(name("\"gpt").as_deref(), Some("\"gpt"));
        assert_eq!(name("\"\""), None);
        assert_eq!(name(""), None);
    }
}
