//! CSV with a header. A cell that is JSON stands for that value, any other for its text; an empty one for none. A text that
//! would be taken for JSON is written in quotes of JSON, so that what is written is read back as it was.

use crate::{ROW_BYTES_MAX, Row, RowSink, TableError};
use csv::StringRecord;
use serde_json::Value;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::rc::Rc;

/// Reads CSV whose delimiter is a comma, a semicolon or a tab, whichever the first line has most of.
pub fn read_csv(source: &mut dyn Read, sink: &mut RowSink<'_>) -> Result<(), TableError> {
    let mut source = BufReader::new(source);
    let delimiter = delimiter_of(source.fill_buf()?);
    let read = Rc::new(Cell::new(0));
    let bounded = Bounded { source, read: Rc::clone(&read) };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bounded);
    let header = reader.headers().map_err(of_header)?.clone();
    if header.iter().all(str::is_empty) {
        return Err(TableError::NoHeader);
    }
    let mut record = StringRecord::new();
    for number in 1.. {
        read.set(0);
        let row = match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => row_of(&header, &record),
            Err(error) if error.is_io_error() => return Err(of_header(error)),
            Err(error) => Err(error.to_string()),
        };
        if sink(number, row).is_break() {
            break;
        }
    }
    Ok(())
}

fn of_header(error: csv::Error) -> TableError {
    if !error.is_io_error() {
        return TableError::Header(error);
    }
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => io::Error::other(format!("{other:?}")).into(),
    }
}

fn delimiter_of(start: &[u8]) -> u8 {
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    // Of equals the first: a header of one column has none of them.
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|byte| count(*byte)).unwrap_or(b',')
}

fn row_of(header: &StringRecord, record: &StringRecord) -> Result<Row, String> {
    if record.len() != header.len() {
        return Err(format!("it has {} cells, and the header has {}", record.len(), header.len()));
    }
    let cells = header.iter().zip(record);
    let filled = cells.filter(|(name, cell)| !name.is_empty() && !cell.is_empty());
    Ok(filled.map(|(name, cell)| (name.to_owned(), value_of(cell))).collect())
}

fn value_of(cell: &str) -> Value {
    serde_json::from_str(cell).unwrap_or_else(|_| cell.into())
}

/// Returns the cell of a value; of a text in quotes of JSON if it would be taken for something else.
fn cell_of(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && serde_json::from_str::<Value>(text).is_err() => {
            text.clone()
        }
        other => other.to_string(),
    }
}

/// A source that gives up on a row that does not end.
struct Bounded<R> {
    source: R,
    /// Bytes since the last row.
    read: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read.get() > ROW_BYTES_MAX {
            let why = format!("a row is longer than {ROW_BYTES_MAX} bytes; is a quote left open?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let count = self.source.read(buffer)?;
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

/// Writes CSV.
pub struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
    columns: Vec<String>,
}

impl<W: Write> CsvWriter<W> {
    /// Writes the header.
    pub fn new(to: W, columns: Vec<String>) -> io::Result<CsvWriter<W>> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(&columns)?;
        Ok(CsvWriter { writer, columns })
    }

    /// Writes a row; what is in no column is left out.
    pub fn write(&mut self, row: &Row) -> io::Result<()> {
        let cells = self.columns.iter().map(|name| row.get(name).map(cell_of).unwrap_or_default());
        Ok(self.writer.write_record(cells)?)
    }

    /// Writes what is still held back.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
