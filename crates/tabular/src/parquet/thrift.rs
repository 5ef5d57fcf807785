//! Thrift's compact protocol: what the descriptions in a Parquet file are written in.

use super::DEPTH_MAX;
use crate::TableError;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Thrift {
    Bool(bool),
    Int(i64),
    Double,
    Binary(Vec<u8>),
    List(Vec<Thrift>),
    Struct(Vec<(i16, Thrift)>),
}

const BOOL_TRUE: u8 = 1;
const BOOL_FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

impl Thrift {
    pub(super) fn field(&self, id: i16) -> Option<&Thrift> {
        match self {
            Thrift::Struct(fields) => fields.iter().find(|(known, _)| *known == id).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn int(&self, id: i16) -> Option<i64> {
        match self.field(id)? {
            Thrift::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn bool(&self, id: i16) -> Option<bool> {
        match self.field(id)? {
            Thrift::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn text(&self, id: i16) -> Option<String> {
        match self.field(id)? {
            Thrift::Binary(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        }
    }

    pub(super) fn list(&self, id: i16) -> &[Thrift] {
        match self.field(id) {
            Some(Thrift::List(items)) => items,
            _ => &[],
        }
    }

    /// Returns a number that must be there and not negative.
    pub(super) fn size(&self, id: i16, what: &str) -> Result<u64, TableError> {
        let number = self.int(id).and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| TableError::damaged(format!("it has no {what}")))
    }
}

/// Reads structs out of bytes.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
}

/// The bytes end within a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// More bytes may help.
    Short,
    Damaged(&'static str),
}

impl From<Broken> for TableError {
    fn from(broken: Broken) -> Self {
        TableError::damaged(match broken {
            Broken::Short => "a description in it is cut off",
            Broken::Damaged(what) => what,
        })
    }
}

impl<'a> Reader<'a> {
    pub(super) fn read_struct(&mut self) -> Result<Thrift, Broken> {
        self.structure(0)
    }

    fn structure(&mut self, depth: usize) -> Result<Thrift, Broken> {
        if depth > DEPTH_MAX {
            return Err(Broken::Damaged("a description in it is nested too deep"));
        }
        let mut fields = Vec::new();
        let mut id: i16 = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(Thrift::Struct(fields));
            }
            id = match head >> 4 {
                0 => self.zigzag()? as i16,
                step => id.wrapping_add(i16::from(step)),
            };
            let value = match head & 0x0f {
                BOOL_TRUE => Thrift::Bool(true),
                BOOL_FALSE => Thrift::Bool(false),
                kind => self.value(kind, depth)?,
            };
            fields.push((id, value));
        }
    }

    fn value(&mut self, kind: u8, depth: usize) -> Result<Thrift, Broken> {
        Ok(match kind {
            // Within a list a flag is a byte.
            BOOL_TRUE | BOOL_FALSE => Thrift::Bool(self.byte()? == BOOL_TRUE),
            BYTE => Thrift::Int(i64::from(self.byte()?.cast_signed())),
            I16 | I32 | I64 => Thrift::Int(self.zigzag()?),
            DOUBLE => {
                self.take(8)?;
                Thrift::Double
            }
            BINARY => {
                let length = self.length()?;
                Thrift::Binary(self.take(length)?.to_vec())
            }
            LIST | SET => self.list(depth)?,
            MAP => self.map(depth)?,
            STRUCT => self.structure(depth + 1)?,
            _ => return Err(Broken::Damaged("a description in it has a value of no known type")),
        })
    }

    fn list(&mut self, depth: usize) -> Result<Thrift, Broken> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.length()?,
            count => usize::from(count),
        };
        self.check_count(count)?;
        let items = (0..count).map(|_| self.value(head & 0x0f, depth + 1));
        Ok(Thrift::List(items.collect::<Result<_, _>>()?))
    }

    /// Reads a map as a list of keys and values in turn: nothing here asks for one.
    fn map(&mut self, depth: usize) -> Result<Thrift, Broken> {
        let count = self.length()?;
        if count == 0 {
            return Ok(Thrift::List(Vec::new()));
        }
        self.check_count(count)?;
        let kinds = self.byte()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.value(kinds >> 4, depth + 1)?);
            items.push(self.value(kinds & 0x0f, depth + 1)?);
        }
        Ok(Thrift::List(items))
    }

    /// Each item takes a byte at least.
    fn check_count(&self, count: usize) -> Result<(), Broken> {
        if count > self.bytes.len() { Err(Broken::Short) } else { Ok(()) }
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.bytes.split_at_checked(count).ok_or(Broken::Short)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn length(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.varint()?).map_err(|_| Broken::Damaged("a length in it is too large"))
    }

    fn zigzag(&mut self) -> Result<i64, Broken> {
        let raw = self.varint()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Broken::Damaged("a number in it does not end"))
    }
}

/// Writes a struct field by field, in the order of their ids.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    last: i16,
}

impl Writer {
    fn head(&mut self, id: i16, kind: u8) {
        let step = id - self.last;
        self.last = id;
        if (1..=15).contains(&step) {
            self.bytes.push((step as u8) << 4 | kind);
        } else {
            self.bytes.push(kind);
            self.zigzag(i64::from(id));
        }
    }

    pub(super) fn i32(&mut self, id: i16, value: i32) {
        self.head(id, I32);
        self.zigzag(i64::from(value));
    }

    pub(super) fn i64(&mut self, id: i16, value: i64) {
        self.head(id, I64);
        self.zigzag(value);
    }

    pub(super) fn bool(&mut self, id: i16, value: bool) {
        self.head(id, if value { BOOL_TRUE } else { BOOL_FALSE });
    }

    pub(super) fn text(&mut self, id: i16, text: &str) {
        self.head(id, BINARY);
        self.blob(text);
    }

    pub(super) fn structure(&mut self, id: i16, fill: impl FnOnce(&mut Writer)) {
        self.head(id, STRUCT);
        self.nested(fill);
    }

    pub(super) fn structures<T>(&mut self, id: i16, items: &[T], fill: impl Fn(&mut Writer, &T)) {
        self.list(id, STRUCT, items.len());
        for item in items {
            self.nested(|writer| fill(writer, item));
        }
    }

    pub(super) fn i32s(&mut self, id: i16, items: &[i32]) {
        self.list(id, I32, items.len());
        for item in items {
            self.zigzag(i64::from(*item));
        }
    }

    pub(super) fn texts(&mut self, id: i16, items: &[&str]) {
        self.list(id, BINARY, items.len());
        for item in items {
            self.blob(item);
        }
    }

    /// Ends the struct.
    pub(super) fn stop(&mut self) {
        self.bytes.push(0);
    }

    fn nested(&mut self, fill: impl FnOnce(&mut Writer)) {
        let last = std::mem::take(&mut self.last);
        fill(self);
        self.stop();
        self.last = last;
    }

    fn list(&mut self, id: i16, kind: u8, count: usize) {
        self.head(id, LIST);
        if count < 15 {
            self.bytes.push((count as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            write_varint(&mut self.bytes, count as u64);
        }
    }

    fn blob(&mut self, text: &str) {
        write_varint(&mut self.bytes, text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn zigzag(&mut self, value: i64) {
        write_varint(&mut self.bytes, ((value << 1) ^ (value >> 63)).cast_unsigned());
    }
}

/// Writes a number in groups of seven bits, the lowest first.
pub(super) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
