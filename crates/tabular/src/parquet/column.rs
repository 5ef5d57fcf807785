//! One column of a row group: its values one after the other with their levels, a page at a time.

use super::DICTIONARY_VALUES_MAX;
use super::compress::Codec;
use super::levels::{Runs, bits_of};
use super::page::{RawPage, Source, read_page};
use super::schema::Node;
use super::thrift::Thrift;
use super::value::Leaf;
use crate::TableError;
use serde_json::Value;

/// A place in a column.
pub(super) struct Column {
    leaf: Leaf,
    max_def: u32,
    max_rep: u32,
    codec: Codec,
    /// Where the next page is.
    at: u64,
    /// Values, nulls among them, that pages are still to bring.
    rest: u64,
    dictionary: Vec<Value>,
    page: Page,
    /// The levels of the next value; `None` at the end.
    head: Option<Levels>,
}

/// How often and how far a value is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) rep: u32,
    pub(super) def: u32,
}

/// The page that is being read.
#[derive(Default)]
struct Page {
    bytes: Vec<u8>,
    /// Values that are still to come, nulls among them.
    rest: u64,
    rep: Runs,
    def: Runs,
    values: Values,
}

/// How the values of a page are written.
enum Values {
    /// One after the other from this place on.
    Plain(usize),
    /// Bits from this one on.
    Bits(usize),
    /// Flags in runs.
    Flags(Runs),
    /// Places in the dictionary.
    Places(Runs),
}

impl Default for Values {
    fn default() -> Self {
        Values::Plain(0)
    }
}

impl Column {
    /// Begins a column of a row group, whose metadata is given.
    pub(super) fn open(
        node: &Node,
        leaf: Leaf,
        chunk: &Thrift,
        source: &mut dyn Source,
    ) -> Result<Column, TableError> {
        let meta = chunk.field(3).ok_or_else(|| TableError::damaged("a column has no description"))?;
        if chunk.field(1).is_some() {
            return Err(TableError::Unsupported("columns in other files".to_owned()));
        }
        let first_page = meta.size(9, "place of a page")?;
        // A writer may give a place of 0 for a dictionary that there is not.
        let dictionary = meta.int(11).and_then(|at| u64::try_from(at).ok()).filter(|at| *at > 0);
        let mut column = Column {
            leaf,
            max_def: node.max_def,
            max_rep: node.max_rep,
            codec: Codec::from_number(meta.int(4).unwrap_or(0))?,
            at: dictionary.map_or(first_page, |at| at.min(first_page)),
            rest: meta.size(5, "number of values")?,
            dictionary: Vec::new(),
            page: Page::default(),
            head: None,
        };
        column.advance(source)?;
        Ok(column)
    }

    /// Returns the levels of the next value.
    pub(super) fn peek(&self) -> Option<Levels> {
        self.head
    }

    /// Takes the next value; null if it is not there.
    pub(super) fn take(&mut self, source: &mut dyn Source) -> Result<Value, TableError> {
        let head = self.head.ok_or_else(|| TableError::damaged("a column has fewer values than rows"))?;
        let value = if head.def == self.max_def { self.value()? } else { Value::Null };
        self.advance(source)?;
        Ok(value)
    }

    fn advance(&mut self, source: &mut dyn Source) -> Result<(), TableError> {
        while self.page.rest == 0 {
            if self.rest == 0 {
                self.head = None;
                return Ok(());
            }
            let page = read_page(source, self.at)?;
            self.at = page.end;
            self.open_page(page)?;
        }
        self.page.rest -= 1;
        let rep = self.page.rep.next(&self.page.bytes)?;
        let def = self.page.def.next(&self.page.bytes)?;
        if rep > self.max_rep || def > self.max_def {
            return Err(TableError::damaged("a value has levels that its column has not"));
        }
        self.head = Some(Levels { rep, def });
        Ok(())
    }

    fn open_page(&mut self, page: RawPage) -> Result<(), TableError> {
        match page.header.int(1) {
            Some(0) => self.open_first_version(page),
            Some(2) => self.open_dictionary(page),
            Some(3) => self.open_second_version(page),
            // An index is of no use here.
            Some(1) => Ok(()),
            other => Err(TableError::damaged(format!("it has a page of the unknown kind {other:?}"))),
        }
    }

    fn open_dictionary(&mut self, page: RawPage) -> Result<(), TableError> {
        let header = described(&page.header, 7)?;
        if !matches!(header.int(2), Some(PLAIN | PLAIN_DICTIONARY)) {
            return Err(TableError::Unsupported("an unknown encoding of dictionaries".to_owned()));
        }
        let count = header.size(1, "number of values of a dictionary")?;
        if count > DICTIONARY_VALUES_MAX {
            return Err(TableError::Unsupported(format!(
                "dictionaries of more than {DICTIONARY_VALUES_MAX} values"
            )));
        }
        let bytes = self.codec.unpack(&page.bytes, page.unpacked)?;
        let mut rest = bytes.as_slice();
        self.dictionary.clear();
        for _ in 0..count {
            self.dictionary.push(self.leaf.take(&mut rest)?);
        }
        Ok(())
    }

    fn open_first_version(&mut self, page: RawPage) -> Result<(), TableError> {
        let header = described(&page.header, 5)?;
        let count = self.count(header)?;
        let bytes = self.codec.unpack(&page.bytes, page.unpacked)?;
        let mut at = 0;
        let mut runs = |max: u32| -> Result<Runs, TableError> {
            if max == 0 {
                return Ok(Runs::default());
            }
            let length = read_u32(&bytes, at)? as usize;
            let start = at + 4;
            at = start.saturating_add(length);
            Runs::new(bits_of(max), start, at)
        };
        let (rep, def) = (runs(self.max_rep)?, runs(self.max_def)?);
        let encoding = header.int(2).unwrap_or(-1);
        let values = self.values(encoding, &bytes, at)?;
        self.page = Page { bytes, rest: count, rep, def, values };
        Ok(())
    }

    fn open_second_version(&mut self, page: RawPage) -> Result<(), TableError> {
        let header = described(&page.header, 8)?;
        let count = self.count(header)?;
        let def_bytes = header.size(5, "length of levels")? as usize;
        let rep_bytes = header.size(6, "length of levels")? as usize;
        let levels = def_bytes.saturating_add(rep_bytes);
        if levels > page.bytes.len() || levels > page.unpacked {
            return Err(TableError::damaged("a page ends within its levels"));
        }
        let mut bytes = page.bytes;
        // Levels are never compressed.
        if header.bool(7).unwrap_or(true) && self.codec != Codec::Plain {
            let values = self.codec.unpack(&bytes[levels..], page.unpacked - levels)?;
            bytes.truncate(levels);
            bytes.extend_from_slice(&values);
        }
        let rep = Runs::new(bits_of(self.max_rep), 0, rep_bytes)?;
        let def = Runs::new(bits_of(self.max_def), rep_bytes, levels)?;
        let encoding = header.int(4).unwrap_or(-1);
        let values = self.values(encoding, &bytes, levels)?;
        self.page = Page { bytes, rest: count, rep, def, values };
        Ok(())
    }

    fn count(&mut self, header: &Thrift) -> Result<u64, TableError> {
        let count = header.size(1, "number of values of a page")?;
        if count > self.rest {
            return Err(TableError::damaged("a column has more values than it says"));
        }
        self.rest -= count;
        Ok(count)
    }

    fn values(&self, encoding: i64, bytes: &[u8], at: usize) -> Result<Values, TableError> {
        Ok(match encoding {
            PLAIN if self.leaf.is_bool() => Values::Bits(at.saturating_mul(8)),
            PLAIN => Values::Plain(at),
            RLE if self.leaf.is_bool() => {
                let length = read_u32(bytes, at)? as usize;
                Values::Flags(Runs::new(1, at + 4, (at + 4).saturating_add(length))?)
            }
            PLAIN_DICTIONARY | RLE_DICTIONARY => match bytes.get(at) {
                Some(width) => Values::Places(Runs::new(u32::from(*width), at + 1, bytes.len())?),
                // A page of nulls alone.
                None => Values::Places(Runs::default()),
            },
            other => {
                let name = ENCODINGS
                    .iter()
                    .find(|(number, _)| *number == other)
                    .map_or("an unknown", |(_, name)| name);
                return Err(TableError::Unsupported(format!("{name} encoding")));
            }
        })
    }

    fn value(&mut self) -> Result<Value, TableError> {
        let Page { bytes, values, .. } = &mut self.page;
        match values {
            Values::Plain(at) => {
                let mut rest = bytes.get(*at..).unwrap_or_default();
                let value = self.leaf.take(&mut rest)?;
                *at = bytes.len() - rest.len();
                Ok(value)
            }
            Values::Bits(bit) => {
                let byte = bytes.get(*bit / 8).copied();
                let byte = byte.ok_or_else(|| TableError::damaged("a page ends within a value"))?;
                let flag = byte >> (*bit % 8) & 1 == 1;
                *bit += 1;
                Ok(flag.into())
            }
            Values::Flags(runs) => Ok((runs.next(bytes)? == 1).into()),
            Values::Places(runs) => {
                let place = runs.next(bytes)? as usize;
                let value = self.dictionary.get(place).cloned();
                value.ok_or_else(|| TableError::damaged("a value is not in the dictionary of its column"))
            }
        }
    }
}

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const RLE: i64 = 3;
const RLE_DICTIONARY: i64 = 8;
/// Encodings that are not read.
const ENCODINGS: [(i64, &str); 5] = [
    (4, "BIT_PACKED"),
    (5, "DELTA_BINARY_PACKED"),
    (6, "DELTA_LENGTH_BYTE_ARRAY"),
    (7, "DELTA_BYTE_ARRAY"),
    (9, "BYTE_STREAM_SPLIT"),
];

fn described(header: &Thrift, id: i16) -> Result<&Thrift, TableError> {
    header.field(id).ok_or_else(|| TableError::damaged("a page has no description"))
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32, TableError> {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    four.map(|four| u32::from_le_bytes(*four)).ok_or_else(|| TableError::damaged("a page is cut off"))
}
