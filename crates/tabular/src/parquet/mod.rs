//! Parquet, as far as tables of texts, numbers, times, lists and structs need it.
//!
//! Our own, since the well-known crate costs the binary 1.5 MB. Read are the physical types of the format with PLAIN and
//! dictionary encodings, version 1 and 2 pages, plain or compressed with Snappy, gzip or Zstandard, nested to any depth:
//! what pyarrow, pandas, Polars and DuckDB write unless told otherwise. Any other encoding is named and refused. Written are
//! columns of texts and times with Zstandard. <https://parquet.apache.org/docs/file-format/>

mod column;
mod compress;
mod levels;
mod page;
mod read;
mod schema;
mod thrift;
mod value;
mod write;

pub use read::read_parquet;
pub use write::{Cell, ColumnKind, ParquetWriter};

/// Bytes of the description of a file.
const FOOTER_BYTES_MAX: u64 = 8 << 20;
/// Bytes of one page, before and after compression.
const PAGE_BYTES_MAX: usize = 256 << 20;
/// Bytes of the header of a page, which may hold the smallest and the largest value.
const PAGE_HEADER_BYTES_MAX: usize = 4 << 20;
/// Elements of a schema.
const SCHEMA_ELEMENTS_MAX: usize = 10_000;
/// Values of one dictionary.
const DICTIONARY_VALUES_MAX: u64 = 4 << 20;
/// How deep lists and structs may be nested.
const DEPTH_MAX: usize = 64;
const MAGIC: &[u8; 4] = b"PAR1";
