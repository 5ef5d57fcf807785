//! Writing: columns of texts and times, each row group when it is full.

use super::MAGIC;
use super::thrift::{Writer, write_varint};
use std::io::{self, Write};

/// What a column holds; each of its values may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts.
    Text,
    /// Texts that are JSON, and are marked so.
    Json,
    /// Nanoseconds since the epoch.
    Timestamp,
}

/// A value of a column.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// None.
    Missing,
    /// A text.
    Text(&'a str),
    /// Nanoseconds since the epoch.
    Timestamp(i64),
}

/// Bytes of values after which a row group is written.
const GROUP_BYTES: usize = 8 << 20;
/// Rows after which a row group is written.
const GROUP_ROWS: u64 = 50_000;
/// How hard pages are compressed.
const ZSTD_LEVEL: i32 = 3;

const TYPE_INT64: i32 = 2;
const TYPE_BYTES: i32 = 6;
const OPTIONAL: i32 = 1;
const CONVERTED_UTF8: i32 = 0;
const CONVERTED_JSON: i32 = 19;
const LOGICAL_TEXT: i16 = 1;
const LOGICAL_JSON: i16 = 12;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const ZSTD: i32 = 6;
const DATA_PAGE: i32 = 0;
const NANOSECONDS: i16 = 3;

/// Writes a file.
pub struct ParquetWriter<W: Write> {
    to: W,
    at: u64,
    columns: Vec<Column>,
    /// Rows of the group that is being filled.
    rows: u64,
    groups: Vec<Group>,
}

struct Column {
    name: String,
    kind: ColumnKind,
    values: Vec<u8>,
    /// Runs of present (1) or missing (0), and how long each is.
    present: Vec<(u8, u64)>,
}

struct Group {
    rows: u64,
    bytes: u64,
    chunks: Vec<Chunk>,
}

struct Chunk {
    at: u64,
    rows: u64,
    packed: u64,
    unpacked: u64,
}

impl<W: Write> ParquetWriter<W> {
    /// Begins a file.
    pub fn new(mut to: W, columns: &[(&str, ColumnKind)]) -> io::Result<ParquetWriter<W>> {
        to.write_all(MAGIC)?;
        let column = |(name, kind): &(&str, ColumnKind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            values: Vec::new(),
            present: Vec::new(),
        };
        Ok(ParquetWriter {
            to,
            at: MAGIC.len() as u64,
            columns: columns.iter().map(column).collect(),
            rows: 0,
            groups: Vec::new(),
        })
    }

    /// Writes a row, which has a cell for each column.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.push(*cell);
        }
        self.rows += 1;
        let bytes: usize = self.columns.iter().map(|column| column.values.len()).sum();
        if bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group()?;
        }
        let footer = self.footer();
        self.to.write_all(&footer)?;
        self.to.write_all(&(footer.len() as u32).to_le_bytes())?;
        self.to.write_all(MAGIC)?;
        self.to.flush()
    }

    fn write_group(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let mut chunks = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            let page = column.page(rows)?;
            self.to.write_all(&page.header)?;
            self.to.write_all(&page.packed)?;
            let header = page.header.len() as u64;
            let packed = header + page.packed.len() as u64;
            chunks.push(Chunk { at: self.at, rows, packed, unpacked: header + page.unpacked as u64 });
            self.at += packed;
        }
        let bytes = chunks.iter().map(|chunk| chunk.unpacked).sum();
        self.groups.push(Group { rows, bytes, chunks });
        Ok(())
    }

    fn footer(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.i32(1, 1);
        // The root of the schema, and then its columns.
        let elements: Vec<Option<&Column>> =
            std::iter::once(None).chain(self.columns.iter().map(Some)).collect();
        writer.structures(2, &elements, |writer, element| match element {
            None => {
                writer.text(4, "schema");
                writer.i32(5, self.columns.len() as i32);
            }
            Some(column) => column.describe(writer),
        });
        writer.i64(3, self.groups.iter().map(|group| group.rows).sum::<u64>() as i64);
        writer.structures(4, &self.groups, |writer, group| {
            let chunks: Vec<(&Chunk, &Column)> = group.chunks.iter().zip(&self.columns).collect();
            writer.structures(1, &chunks, |writer, (chunk, column)| chunk.describe(writer, column));
            writer.i64(2, group.bytes as i64);
            writer.i64(3, group.rows as i64);
        });
        writer.text(6, "spanwise");
        writer.stop();
        writer.bytes
    }
}

struct PackedPage {
    header: Vec<u8>,
    packed: Vec<u8>,
    unpacked: usize,
}

impl Column {
    fn push(&mut self, cell: Cell<'_>) {
        let is_present = match cell {
            Cell::Missing => false,
            Cell::Text(text) => {
                self.values.extend_from_slice(&(text.len() as u32).to_le_bytes());
                self.values.extend_from_slice(text.as_bytes());
                true
            }
            Cell::Timestamp(ns) => {
                self.values.extend_from_slice(&ns.to_le_bytes());
                true
            }
        };
        match self.present.last_mut() {
            Some((flag, count)) if *flag == u8::from(is_present) => *count += 1,
            _ => self.present.push((u8::from(is_present), 1)),
        }
    }

    /// Makes a page of what was pushed, and begins anew.
    fn page(&mut self, rows: u64) -> io::Result<PackedPage> {
        let mut levels = Vec::new();
        for (flag, count) in self.present.drain(..) {
            write_varint(&mut levels, count << 1);
            levels.push(flag);
        }
        let mut bytes = (levels.len() as u32).to_le_bytes().to_vec();
        bytes.append(&mut levels);
        bytes.append(&mut self.values);
        let packed = zstd::bulk::compress(&bytes, ZSTD_LEVEL)?;
        let mut writer = Writer::default();
        writer.i32(1, DATA_PAGE);
        writer.i32(2, bytes.len() as i32);
        writer.i32(3, packed.len() as i32);
        writer.structure(5, |writer| {
            writer.i32(1, rows as i32);
            writer.i32(2, PLAIN);
            writer.i32(3, RLE);
            writer.i32(4, RLE);
        });
        writer.stop();
        Ok(PackedPage { header: writer.bytes, packed, unpacked: bytes.len() })
    }

    fn physical(&self) -> i32 {
        match self.kind {
            ColumnKind::Text | ColumnKind::Json => TYPE_BYTES,
            ColumnKind::Timestamp => TYPE_INT64,
        }
    }

    fn describe(&self, writer: &mut Writer) {
        writer.i32(1, self.physical());
        writer.i32(3, OPTIONAL);
        writer.text(4, &self.name);
        match self.kind {
            ColumnKind::Text => {
                writer.i32(6, CONVERTED_UTF8);
                writer.structure(10, |logical| logical.structure(LOGICAL_TEXT, |_| {}));
            }
            ColumnKind::Json => {
                writer.i32(6, CONVERTED_JSON);
                writer.structure(10, |logical| logical.structure(LOGICAL_JSON, |_| {}));
            }
            ColumnKind::Timestamp => writer.structure(10, |logical| {
                logical.structure(8, |timestamp| {
                    timestamp.bool(1, true);
                    timestamp.structure(2, |unit| unit.structure(NANOSECONDS, |_| {}));
                });
            }),
        }
    }
}

impl Chunk {
    fn describe(&self, writer: &mut Writer, column: &Column) {
        writer.i64(2, self.at as i64);
        writer.structure(3, |meta| {
            meta.i32(1, column.physical());
            meta.i32s(2, &[PLAIN, RLE]);
            meta.texts(3, &[&column.name]);
            meta.i32(4, ZSTD);
            meta.i64(5, self.rows as i64);
            meta.i64(6, self.unpacked as i64);
            meta.i64(7, self.packed as i64);
            meta.i64(9, self.at as i64);
        });
    }
}
