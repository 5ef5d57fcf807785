//! The attributes of a message that was checked when it arrived, as bytes: for reading very many of them again.
//!
//! Texts are not proven to be UTF-8 once more, which is most of the work of reading a short one.

use crate::number::{VALUES, any_value, key_value};
use crate::value::{AnyValueView, read_any_value};
use crate::wire::{Payload, Reader, Repeated};

/// An attribute, or an entry of a map.
#[derive(Debug, Clone, Copy)]
pub struct StoredAttribute<'a>(&'a [u8]);

impl<'a> StoredAttribute<'a> {
    /// Returns the message as sent; equal bytes are equal attributes.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the key, which is UTF-8.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        last(self.0, key_value::KEY)
    }

    /// Returns the value.
    #[inline]
    pub fn value(self) -> StoredValue<'a> {
        StoredValue::read(last(self.0, key_value::VALUE))
    }
}

/// The value of an attribute, or a part of one.
#[derive(Debug, Clone, Copy)]
pub enum StoredValue<'a> {
    /// A text, which is UTF-8.
    Text(&'a [u8]),
    /// A list.
    List(StoredList<'a>),
    /// A map.
    Map(StoredMap<'a>),
    /// Any other value; no list and no map.
    Plain(AnyValueView<'a>),
}

impl<'a> StoredValue<'a> {
    fn read(message: &'a [u8]) -> StoredValue<'a> {
        let mut reader = Reader::new(message);
        // Nearly all values have one field.
        if let Ok(Some(field)) = reader.next_field()
            && reader.is_at_end()
            && let Payload::Bytes(bytes) = field.payload
        {
            match field.number {
                any_value::STRING => return StoredValue::Text(bytes),
                any_value::ARRAY => return StoredValue::List(StoredList(bytes)),
                any_value::KVLIST => return StoredValue::Map(StoredMap(bytes)),
                _ => {}
            }
        }
        StoredValue::from(read_any_value(message))
    }

    /// Returns the value with its texts as text.
    pub fn view(self) -> AnyValueView<'a> {
        match self {
            StoredValue::Text(bytes) => AnyValueView::String(std::str::from_utf8(bytes).unwrap_or_default()),
            StoredValue::List(StoredList(bytes)) => AnyValueView::array(bytes),
            StoredValue::Map(StoredMap(bytes)) => AnyValueView::kv_list(bytes),
            StoredValue::Plain(value) => value,
        }
    }
}

impl<'a> From<AnyValueView<'a>> for StoredValue<'a> {
    fn from(value: AnyValueView<'a>) -> Self {
        match value {
            AnyValueView::String(text) => StoredValue::Text(text.as_bytes()),
            AnyValueView::Array(list) => StoredValue::List(StoredList(list.as_bytes())),
            AnyValueView::KvList(map) => StoredValue::Map(StoredMap(map.as_bytes())),
            plain => StoredValue::Plain(plain),
        }
    }
}

/// A list of values.
#[derive(Debug, Clone, Copy)]
pub struct StoredList<'a>(&'a [u8]);

impl<'a> StoredList<'a> {
    /// Returns the message as sent; equal bytes are equal lists.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the elements in order.
    pub fn iter(self) -> impl Iterator<Item = StoredValue<'a>> {
        Repeated::new(self.0, VALUES).map(StoredValue::read)
    }
}

/// A map of values.
#[derive(Debug, Clone, Copy)]
pub struct StoredMap<'a>(&'a [u8]);

impl<'a> StoredMap<'a> {
    /// Returns the message as sent; equal bytes are equal maps.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the entries in order.
    pub fn iter(self) -> StoredAttributes<'a> {
        StoredAttributes(Repeated::new(self.0, VALUES))
    }
}

/// Attributes in the order they were sent.
#[derive(Debug, Clone)]
pub struct StoredAttributes<'a>(Repeated<'a>);

impl<'a> StoredAttributes<'a> {
    /// Reads the `KeyValue` fields of that number in `message`.
    pub(crate) fn new(message: &'a [u8], number: u32) -> Self {
        StoredAttributes(Repeated::new(message, number))
    }
}

impl<'a> Iterator for StoredAttributes<'a> {
    type Item = StoredAttribute<'a>;

    #[inline]
    fn next(&mut self) -> Option<StoredAttribute<'a>> {
        self.0.next().map(StoredAttribute)
    }
}

/// Returns the last field of that number, which wins; empty if there is none.
#[inline]
fn last(message: &[u8], number: u32) -> &[u8] {
    let mut found: &[u8] = &[];
    let mut reader = Reader::new(message);
    while let Ok(Some(field)) = reader.next_field() {
        if let Payload::Bytes(bytes) = field.payload
            && field.number == number
        {
            found = bytes;
        }
    }
    found
}
