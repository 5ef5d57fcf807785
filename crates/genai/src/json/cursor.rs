//! One way to look into a value, whichever of the two forms it has.

use super::text::{JsonEntries, JsonText};
use spanwise_otlp::{AnyValueView, Attributes, Values};
use std::borrow::Cow;

/// A place in a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cursor<'a> {
    /// An OTLP value.
    Native(AnyValueView<'a>),
    /// JSON text.
    Json(JsonText<'a>),
}

/// What is at a place.
pub(crate) enum Node<'a> {
    /// Null, or bytes.
    Opaque,
    /// A boolean.
    Bool,
    /// A number, as written or as JSON would write it.
    Number(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Elements<'a>),
    /// A map.
    Map(Entries<'a>),
}

impl<'a> Cursor<'a> {
    /// Looks at the value of an attribute: a string that holds a JSON map, list or string is taken for that value.
    pub(crate) fn of_attribute(value: AnyValueView<'a>) -> Self {
        match value {
            AnyValueView::String(text) => {
                JsonText::parse_structured(text).map_or(Cursor::Native(value), Cursor::Json)
            }
            _ => Cursor::Native(value),
        }
    }

    /// Returns what is here.
    pub(crate) fn node(self) -> Node<'a> {
        match self {
            Cursor::Native(value) => native_node(value),
            Cursor::Json(json) => json_node(json),
        }
    }

    /// Returns the value of that key, if this is a map that has it; of equal keys the last one counts, as in Python.
    pub(crate) fn get(self, key: &str) -> Option<Cursor<'a>> {
        let [value] = self.get_all(&[key]);
        value
    }

    /// Returns the values of these keys, in one pass.
    pub(crate) fn get_all<const N: usize>(self, keys: &[&str; N]) -> [Option<Cursor<'a>>; N] {
        let mut values = [None; N];
        let Node::Map(entries) = self.node() else { return values };
        for (key, value) in entries {
            if let Some(index) = keys.iter().position(|wanted| *wanted == key) {
                values[index] = Some(value);
            }
        }
        values
    }

    /// Returns the elements, if this is a list.
    pub(crate) fn elements(self) -> Option<Elements<'a>> {
        match self.node() {
            Node::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// Returns the text, if this is one.
    pub(crate) fn as_text(self) -> Option<Cow<'a, str>> {
        match self.node() {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text if this is one that is not empty.
    pub(crate) fn as_filled_text(self) -> Option<Cow<'a, str>> {
        self.as_text().filter(|text| !text.is_empty())
    }

    /// Returns whether Python calls the value false: null, `false`, 0, an empty text, list or map.
    pub(crate) fn is_falsy(self) -> bool {
        match self {
            Cursor::Native(AnyValueView::Empty | AnyValueView::Bool(false)) => true,
            Cursor::Native(AnyValueView::Bytes(bytes)) => bytes.is_empty(),
            Cursor::Json(json) if matches!(json.as_str(), "null" | "false") => true,
            _ => match self.node() {
                Node::Number(text) => text.parse() == Ok(0.0),
                Node::Text(text) => text.is_empty(),
                Node::List(mut elements) => elements.next().is_none(),
                Node::Map(mut entries) => entries.next().is_none(),
                Node::Opaque | Node::Bool => false,
            },
        }
    }

    /// Returns whether this is a map.
    pub(crate) fn is_map(self) -> bool {
        matches!(self.node(), Node::Map(_))
    }
}

fn native_node(value: AnyValueView<'_>) -> Node<'_> {
    match value {
        AnyValueView::Empty | AnyValueView::Bytes(_) => Node::Opaque,
        AnyValueView::Bool(_) => Node::Bool,
        AnyValueView::Int(number) => Node::Number(number.to_string().into()),
        AnyValueView::Double(number) => Node::Number(number.to_string().into()),
        AnyValueView::String(text) => Node::Text(text.into()),
        AnyValueView::Array(list) => Node::List(Elements::Native(list.iter())),
        AnyValueView::KvList(map) => Node::Map(Entries::Native(map.iter())),
    }
}

fn json_node(json: JsonText<'_>) -> Node<'_> {
    match json.first_byte() {
        b'{' => Node::Map(Entries::Json(json.entries())),
        b'[' => Node::List(Elements::Json(json.entries())),
        b'"' => Node::Text(json.unquote().unwrap_or_default()),
        b't' | b'f' => Node::Bool,
        b'n' => Node::Opaque,
        _ => Node::Number(json.as_str().into()),
    }
}

/// The elements of a list.
#[derive(Debug, Clone)]
pub(crate) enum Elements<'a> {
    Native(Values<'a>),
    Json(JsonEntries<'a>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = Cursor<'a>;

    fn next(&mut self) -> Option<Cursor<'a>> {
        match self {
            Elements::Native(values) => values.next().map(Cursor::Native),
            Elements::Json(entries) => entries.next().map(|(_, value)| Cursor::Json(value)),
        }
    }
}

/// The entries of a map, in order.
#[derive(Debug, Clone)]
pub(crate) enum Entries<'a> {
    Native(Attributes<'a>),
    Json(JsonEntries<'a>),
}

impl<'a> Iterator for Entries<'a> {
    type Item = (Cow<'a, str>, Cursor<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Entries::Native(entries) => {
                entries.next().map(|(key, value)| (key.into(), Cursor::Native(value)))
            }
            Entries::Json(entries) => {
                let (key, value) = entries.next()?;
                Some((key.and_then(JsonText::unquote).unwrap_or_default(), Cursor::Json(value)))
            }
        }
    }
}
