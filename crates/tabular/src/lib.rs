//! Tables in files: rows of JSON values out of lines of JSON, CSV and Parquet, and into them, piece by piece.
//!
//! A row that can't be read is named with its reason, and those after it are read. What is held in memory grows neither
//! with the number of rows nor with the size of the file. Nothing here knows what the columns mean.

mod csv_file;
mod error;
mod jsonl;
pub mod parquet;

pub use csv_file::{CsvWriter, read_csv};
pub use error::TableError;
pub use jsonl::{JsonlWriter, read_jsonl};

use serde_json::{Map, Value};
use std::ops::ControlFlow;

/// Longest row, in bytes.
pub const ROW_BYTES_MAX: usize = 64 << 20;

/// A row by columns; a column without a value is left out.
pub type Row = Map<String, Value>;

/// Takes the rows of a file one by one, with their numbers from 1, or why one could not be read; says whether to go on.
pub type RowSink<'a> = dyn FnMut(u64, Result<Row, String>) -> ControlFlow<()> + 'a;
