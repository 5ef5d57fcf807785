//! Attribute values, read in place.
//!
//! `check_*` reads untrusted bytes once; the views and iterators read bytes that passed, and so can't fail. Text is
//! checked again when it is handed out, because a `&str` needs the proof and this crate has no `unsafe`.

use crate::number::key_value;
use crate::number::{VALUES, any_value};
use crate::wire::{Payload, Reader, Repeated, WireError, WireProblem, text_of};
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;

/// The value of an attribute, or a part of one.
#[derive(Debug, Clone, Copy)]
pub enum AnyValueView<'a> {
    /// No value: null.
    Empty,
    /// A text.
    String(&'a str),
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A list.
    Array(ArrayView<'a>),
    /// A map; order and duplicate keys are as sent.
    KvList(KvListView<'a>),
}

impl<'a> AnyValueView<'a> {
    /// Makes a list of an `ArrayValue` message that was checked.
    pub(crate) fn array(message: &'a [u8]) -> Self {
        AnyValueView::Array(ArrayView(message))
    }

    /// Makes a map of a `KeyValueList` message that was checked.
    pub(crate) fn kv_list(message: &'a [u8]) -> Self {
        AnyValueView::KvList(KvListView(message))
    }
}

/// A list of values.
#[derive(Debug, Clone, Copy)]
pub struct ArrayView<'a>(&'a [u8]);

impl<'a> ArrayView<'a> {
    /// Returns the message as sent; equal bytes are equal lists.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the elements in order.
    pub fn iter(self) -> Values<'a> {
        Values(Repeated::new(self.0, VALUES))
    }
}

/// A map of values.
#[derive(Debug, Clone, Copy)]
pub struct KvListView<'a>(&'a [u8]);

impl<'a> KvListView<'a> {
    /// Returns the message as sent; equal bytes are equal maps.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the entries in order.
    pub fn iter(self) -> Attributes<'a> {
        Attributes::new(self.0, VALUES)
    }
}

/// The elements of an [`ArrayView`].
#[derive(Debug, Clone)]
pub struct Values<'a>(Repeated<'a>);

impl<'a> Iterator for Values<'a> {
    type Item = AnyValueView<'a>;

    fn next(&mut self) -> Option<AnyValueView<'a>> {
        self.0.next().map(read_any_value)
    }
}

/// Attributes, or the entries of a [`KvListView`], in the order they were sent.
#[derive(Debug, Clone)]
pub struct Attributes<'a>(Repeated<'a>);

impl<'a> Attributes<'a> {
    /// Reads the `KeyValue` fields of that number in `message`.
    pub(crate) fn new(message: &'a [u8], number: u32) -> Self {
        Attributes(Repeated::new(message, number))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, AnyValueView<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(read_key_value)
    }
}

fn read_key_value(message: &[u8]) -> (&str, AnyValueView<'_>) {
    let (mut key, mut value) = ("", AnyValueView::Empty);
    let mut reader = Reader::new(message);
    while let Ok(Some(field)) = reader.next_field() {
        match (field.number, field.payload) {
            (key_value::KEY, Payload::Bytes(bytes)) => key = trusted_text(bytes),
            (key_value::VALUE, Payload::Bytes(bytes)) => value = read_any_value(bytes),
            _ => {}
        }
    }
    (key, value)
}

/// Reads an `AnyValue` that [`check_any_value`] accepted; the last member of the oneof wins.
pub(crate) fn read_any_value(message: &[u8]) -> AnyValueView<'_> {
    let mut value = AnyValueView::Empty;
    let mut reader = Reader::new(message);
    while let Ok(Some(field)) = reader.next_field() {
        value = match (field.number, field.payload) {
            (any_value::STRING, Payload::Bytes(bytes)) => AnyValueView::String(trusted_text(bytes)),
            (any_value::BOOL, Payload::Varint(bits)) => AnyValueView::Bool(bits != 0),
            (any_value::INT, Payload::Varint(bits)) => AnyValueView::Int(bits.cast_signed()),
            (any_value::DOUBLE, Payload::Fixed64(bits)) => AnyValueView::Double(f64::from_bits(bits)),
            (any_value::ARRAY, Payload::Bytes(bytes)) => AnyValueView::Array(ArrayView(bytes)),
            (any_value::KVLIST, Payload::Bytes(bytes)) => AnyValueView::KvList(KvListView(bytes)),
            (any_value::BYTES, Payload::Bytes(bytes)) => AnyValueView::Bytes(bytes),
            _ => value,
        };
    }
    value
}

fn trusted_text(bytes: &[u8]) -> &str {
    text_of(bytes).unwrap_or_default()
}

/// Checks one `KeyValue`: structure, UTF-8 and depth.
#[inline]
pub(crate) fn check_key_value(message: &[u8]) -> Result<(), WireError> {
    check_entry(message, ATTRIBUTE_DEPTH_MAX)
}

/// Checks one `AnyValue`: structure, UTF-8 and depth.
pub(crate) fn check_any_value(message: &[u8]) -> Result<(), WireError> {
    check_value(message, ATTRIBUTE_DEPTH_MAX)
}

fn check_entry(message: &[u8], levels_left: usize) -> Result<(), WireError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next_field()? {
        match field.number {
            key_value::KEY => field.check_text()?,
            key_value::VALUE => check_value(field.bytes()?, levels_left)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_value(message: &[u8], levels_left: usize) -> Result<(), WireError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next_field()? {
        match field.number {
            any_value::STRING => field.check_text()?,
            any_value::BOOL | any_value::INT => drop(field.varint()?),
            any_value::DOUBLE => drop(field.fixed64()?),
            any_value::BYTES => drop(field.bytes()?),
            any_value::ARRAY | any_value::KVLIST => {
                let levels_left = levels_left.checked_sub(1).ok_or(field.error(WireProblem::TooDeep))?;
                let check = if field.number == any_value::ARRAY { check_value } else { check_entry };
                check_values(field.bytes()?, levels_left, check)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_values(
    message: &[u8],
    levels_left: usize,
    check: fn(&[u8], usize) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next_field()? {
        if field.number == VALUES {
            check(field.bytes()?, levels_left)?;
        }
    }
    Ok(())
}

/// Finds the key of a `KeyValue` that was refused, as far as it can be read.
#[cold]
pub(crate) fn key_of_refused(message: &[u8]) -> String {
    let key = Repeated::new(message, key_value::KEY).last().unwrap_or_default();
    String::from_utf8_lossy(key).into_owned()
}
