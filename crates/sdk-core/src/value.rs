//! Values of attributes: how each type is written as an OTLP `AnyValue`.

use crate::wire::{FIXED64, VARINT, bytes_field_len, put_bytes, put_varint, tag, varint_len};
use std::borrow::Cow;

/// Fields of `AnyValue`.
mod any {
    pub(super) const STRING: u8 = 1;
    pub(super) const BOOL: u8 = 2;
    pub(super) const INT: u8 = 3;
    pub(super) const DOUBLE: u8 = 4;
    pub(super) const ARRAY: u8 = 5;
    pub(super) const MAP: u8 = 6;
    pub(super) const BYTES: u8 = 7;
}

/// What can be the value of an attribute: texts, numbers, booleans, bytes, lists and [`Value`].
///
/// A list holds values of one type; for mixed ones and maps there is [`Value`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the value of an attribute",
    label = "not a value of an attribute",
    note = "texts, numbers, booleans, and lists of them can; for anything else there is `format!(\"{{value:?}}\")`"
)]
pub trait AttributeValue: sealed::Sealed {
    /// Returns how many bytes [`AttributeValue::put`] writes.
    fn size(&self) -> usize;
    /// Writes the fields of an OTLP `AnyValue`.
    fn put(&self, out: &mut Vec<u8>);

    /// Writes two bytes and then the fields, which have less than 128 bytes; where that can be one write, it is.
    #[inline]
    fn put_after(&self, head: [u8; 2], out: &mut Vec<u8>) {
        out.extend_from_slice(&head);
        self.put(out);
    }
}

mod sealed {
    use super::Value;
    use std::borrow::Cow;

    /// What is written must have the length that it says, and is written under locks.
    pub trait Sealed {}

    macro_rules! sealed {
        ($($value:ty),*) => {$(impl Sealed for $value {})*};
    }

    sealed!(
        str,
        String,
        Cow<'_, str>,
        bool,
        f64,
        f32,
        i64,
        u8,
        u16,
        u32,
        u64,
        usize,
        i8,
        i16,
        i32,
        isize,
        Value
    );

    impl<T: Sealed + ?Sized> Sealed for &T {}
    impl<T: Sealed> Sealed for [T] {}
    impl<T: Sealed> Sealed for Vec<T> {}
    impl<T: Sealed, const N: usize> Sealed for [T; N] {}
}

/// A value of any type, owned.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order in which it is written.
    Map(Vec<(String, Value)>),
    /// Nothing.
    Empty,
}

impl AttributeValue for str {
    #[inline]
    fn size(&self) -> usize {
        bytes_field_len(self.len())
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, any::STRING, self.as_bytes());
    }

    #[inline]
    fn put_after(&self, [first, second]: [u8; 2], out: &mut Vec<u8>) {
        out.extend_from_slice(&[first, second, tag(any::STRING, crate::wire::BYTES), self.len() as u8]);
        out.extend_from_slice(self.as_bytes());
    }
}

impl AttributeValue for String {
    #[inline]
    fn size(&self) -> usize {
        self.as_str().size()
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.as_str().put(out);
    }

    #[inline]
    fn put_after(&self, head: [u8; 2], out: &mut Vec<u8>) {
        self.as_str().put_after(head, out);
    }
}

impl AttributeValue for Cow<'_, str> {
    fn size(&self) -> usize {
        self.as_ref().size()
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.as_ref().put(out);
    }
}

impl AttributeValue for bool {
    #[inline]
    fn size(&self) -> usize {
        2
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[tag(any::BOOL, VARINT), u8::from(*self)]);
    }

    #[inline]
    fn put_after(&self, [first, second]: [u8; 2], out: &mut Vec<u8>) {
        out.extend_from_slice(&[first, second, tag(any::BOOL, VARINT), u8::from(*self)]);
    }
}

impl AttributeValue for f64 {
    #[inline]
    fn size(&self) -> usize {
        9
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(tag(any::DOUBLE, FIXED64));
        out.extend_from_slice(&self.to_le_bytes());
    }

    #[inline]
    fn put_after(&self, head: [u8; 2], out: &mut Vec<u8>) {
        let mut bytes = [tag(any::DOUBLE, FIXED64); 11];
        bytes[..2].copy_from_slice(&head);
        bytes[3..].copy_from_slice(&self.to_le_bytes());
        out.extend_from_slice(&bytes);
    }
}

impl AttributeValue for f32 {
    fn size(&self) -> usize {
        f64::from(*self).size()
    }

    fn put(&self, out: &mut Vec<u8>) {
        f64::from(*self).put(out);
    }
}

impl AttributeValue for i64 {
    #[inline]
    fn size(&self) -> usize {
        1 + varint_len(self.cast_unsigned())
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(tag(any::INT, VARINT));
        put_varint(out, self.cast_unsigned());
    }

    #[inline]
    fn put_after(&self, [first, second]: [u8; 2], out: &mut Vec<u8>) {
        let number = self.cast_unsigned();
        out.extend_from_slice(&[first, second, tag(any::INT, VARINT), number as u8 | 0x80]);
        if number < 0x80 {
            // The last byte is the only one.
            if let Some(last) = out.last_mut() {
                *last &= 0x7f;
            }
        } else {
            put_varint(out, number >> 7);
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl AttributeValue for $number {
            #[inline]
            fn size(&self) -> usize {
                i64::try_from(*self).unwrap_or(i64::MAX).size()
            }

            /// Numbers that OTLP has no room for are the largest that it has.
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                i64::try_from(*self).unwrap_or(i64::MAX).put(out);
            }

            #[inline]
            fn put_after(&self, head: [u8; 2], out: &mut Vec<u8>) {
                i64::try_from(*self).unwrap_or(i64::MAX).put_after(head, out);
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, usize, i8, i16, i32, isize);

impl<T: AttributeValue + ?Sized> AttributeValue for &T {
    #[inline]
    fn size(&self) -> usize {
        (**self).size()
    }

    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        (**self).put(out);
    }

    #[inline]
    fn put_after(&self, head: [u8; 2], out: &mut Vec<u8>) {
        (**self).put_after(head, out);
    }
}

impl<T: AttributeValue> AttributeValue for [T] {
    fn size(&self) -> usize {
        bytes_field_len(list_len(self))
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(tag(any::ARRAY, crate::wire::BYTES));
        put_varint(out, list_len(self) as u64);
        for value in self {
            put_any(out, 1, value);
        }
    }
}

impl<T: AttributeValue> AttributeValue for Vec<T> {
    fn size(&self) -> usize {
        self.as_slice().size()
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.as_slice().put(out);
    }
}

impl<T: AttributeValue, const N: usize> AttributeValue for [T; N] {
    fn size(&self) -> usize {
        self.as_slice().size()
    }

    fn put(&self, out: &mut Vec<u8>) {
        self.as_slice().put(out);
    }
}

fn list_len<T: AttributeValue>(values: &[T]) -> usize {
    values.iter().map(|value| bytes_field_len(value.size())).sum()
}

fn map_len(entries: &[(String, Value)]) -> usize {
    entries.iter().map(|(key, value)| bytes_field_len(key_value_len(key, value))).sum()
}

impl AttributeValue for Value {
    fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.size(),
            Value::Bool(value) => value.size(),
            Value::Int(value) => value.size(),
            Value::Double(value) => value.size(),
            Value::Bytes(bytes) => bytes_field_len(bytes.len()),
            Value::List(values) => values.size(),
            Value::Map(entries) => bytes_field_len(map_len(entries)),
            Value::Empty => 0,
        }
    }

    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Value::Text(text) => text.put(out),
            Value::Bool(value) => value.put(out),
            Value::Int(value) => value.put(out),
            Value::Double(value) => value.put(out),
            Value::Bytes(bytes) => put_bytes(out, any::BYTES, bytes),
            Value::List(values) => values.put(out),
            Value::Map(entries) => {
                out.push(tag(any::MAP, crate::wire::BYTES));
                put_varint(out, map_len(entries) as u64);
                for (key, value) in entries {
                    put_key_value(out, 1, key, value);
                }
            }
            Value::Empty => {}
        }
    }
}

/// Reads an `AnyValue` that this crate wrote.
pub(crate) fn read_any(message: &[u8]) -> Value {
    use crate::wire::Fields;
    let Some(field) = Fields::of(message).last() else { return Value::Empty };
    let items = |bytes| Fields::of(bytes).map(|item| item.payload.bytes());
    match (field.number as u8, field.payload) {
        (any::STRING, text) => Value::Text(text.text().to_owned()),
        (any::BOOL, value) => Value::Bool(value.number() != 0),
        (any::INT, value) => Value::Int(value.number().cast_signed()),
        (any::DOUBLE, value) => Value::Double(f64::from_bits(value.number())),
        (any::BYTES, bytes) => Value::Bytes(bytes.bytes().to_vec()),
        (any::ARRAY, list) => Value::List(items(list.bytes()).map(read_any).collect()),
        (any::MAP, map) => Value::Map(items(map.bytes()).map(read_key_value).collect()),
        _ => Value::Empty,
    }
}

/// Reads a `KeyValue` that this crate wrote.
pub(crate) fn read_key_value(message: &[u8]) -> (String, Value) {
    let (mut key, mut value) = (String::new(), Value::Empty);
    for field in crate::wire::Fields::of(message) {
        match field.number {
            1 => key = field.payload.text().to_owned(),
            2 => value = read_any(field.payload.bytes()),
            _ => {}
        }
    }
    (key, value)
}

#[inline]
fn put_any<T: AttributeValue + ?Sized>(out: &mut Vec<u8>, field: u8, value: &T) {
    out.push(tag(field, crate::wire::BYTES));
    put_varint(out, value.size() as u64);
    value.put(out);
}

fn key_value_len<T: AttributeValue + ?Sized>(key: &str, value: &T) -> usize {
    bytes_field_len(key.len()) + bytes_field_len(value.size())
}

/// Writes a field that is a `KeyValue`.
#[inline(always)]
pub(crate) fn put_key_value<T: AttributeValue + ?Sized>(out: &mut Vec<u8>, field: u8, key: &str, value: &T) {
    let (value_len, key_len) = (value.size(), key.len());
    let key_tag = tag(1, crate::wire::BYTES);
    // Nearly all keys with their values: three lengths of a byte, written together. With both tags and lengths, the whole
    // is below 128.
    if key_len.saturating_add(value_len) < 0x80 - 4 {
        let length = (key_len + value_len + 4) as u8;
        out.extend_from_slice(&[tag(field, crate::wire::BYTES), length, key_tag, key_len as u8]);
        out.extend_from_slice(key.as_bytes());
        value.put_after([tag(2, crate::wire::BYTES), value_len as u8], out);
    } else {
        let length = bytes_field_len(key_len) + bytes_field_len(value_len);
        out.reserve(length + 8);
        out.push(tag(field, crate::wire::BYTES));
        put_varint(out, length as u64);
        put_bytes(out, 1, key.as_bytes());
        out.push(tag(2, crate::wire::BYTES));
        put_varint(out, value_len as u64);
        value.put(out);
    }
}

macro_rules! into_value {
    ($($from:ty => $value:expr),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(from: $from) -> Value {
                let make: fn($from) -> Value = $value;
                make(from)
            }
        }
    )*};
}

into_value! {
    &str => |text| Value::Text(text.to_owned()),
    String => Value::Text,
    bool => Value::Bool,
    i64 => Value::Int,
    i32 => |number| Value::Int(number.into()),
    u32 => |number| Value::Int(number.into()),
    f64 => Value::Double,
    Vec<Value> => Value::List,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(value: Value) {
        let mut out = Vec::new();
        value.put(&mut out);
        assert_eq!(out.len(), value.size(), "{value:?}");
        assert_eq!(read_any(&out), value);
    }

    #[test]
    fn every_value_is_read_back() {
        round(Value::Text("é".repeat(100)));
        round(Value::Bool(true));
        round(Value::Int(-1));
        round(Value::Int(i64::MAX));
        round(Value::Double(-0.5));
        round(Value::Bytes(vec![0; 200]));
        round(Value::Empty);
        let list = Value::List(vec![Value::Int(1), Value::Text(String::new()), Value::List(Vec::new())]);
        round(list.clone());
        round(Value::Map(vec![("a".to_owned(), list), ("b".to_owned(), Value::Map(Vec::new()))]));
    }

    #[test]
    fn a_number_too_large_is_the_largest() {
        let mut out = Vec::new();
        u64::MAX.put(&mut out);
        assert_eq!(read_any(&out), Value::Int(i64::MAX));
    }
}
