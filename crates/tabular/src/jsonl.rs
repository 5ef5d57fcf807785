//! Lines of JSON: an object a line.

use crate::{ROW_BYTES_MAX, Row, RowSink, TableError};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};

/// Reads lines of JSON; empty ones are passed over, and counted.
pub fn read_jsonl(source: &mut dyn Read, sink: &mut RowSink<'_>) -> Result<(), TableError> {
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let is_whole = read_line(&mut source, &mut line)?;
        let Some(is_whole) = is_whole else { break };
        if line.iter().all(u8::is_ascii_whitespace) && is_whole {
            continue;
        }
        let row = if is_whole { parse(&line) } else { Err(format!("longer than {ROW_BYTES_MAX} bytes")) };
        if sink(number, row).is_break() {
            break;
        }
    }
    Ok(())
}

/// Reads a line; false if it is too long and its rest was passed over, `None` at the end.
fn read_line(source: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    let mut is_whole = true;
    let mut is_begun = false;
    loop {
        let part = source.fill_buf()?;
        if part.is_empty() {
            return Ok(is_begun.then_some(is_whole));
        }
        is_begun = true;
        let end = part.iter().position(|byte| *byte == b'\n');
        let taken = &part[..end.unwrap_or(part.len())];
        is_whole &= line.len() + taken.len() <= ROW_BYTES_MAX;
        if is_whole {
            line.extend_from_slice(taken);
        }
        let used = end.map_or(part.len(), |end| end + 1);
        source.consume(used);
        if end.is_some() {
            return Ok(Some(is_whole));
        }
    }
}

fn parse(line: &[u8]) -> Result<Row, String> {
    match serde_json::from_slice(line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line)) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(other) => Err(format!("expected a JSON object, got {}", kind_of(&other))),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Writes lines of JSON.
#[derive(Debug)]
pub struct JsonlWriter<W: Write>(pub W);

impl<W: Write> JsonlWriter<W> {
    /// Writes a row.
    pub fn write(&mut self, row: Row) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, &Value::Object(row))?;
        self.0.write_all(b"\n")
    }
}
