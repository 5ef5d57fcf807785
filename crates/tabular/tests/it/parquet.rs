use crate::{Rows, collect, row};
use proptest::prelude::*;
use serde_json::json;
use spanwise_tabular::TableError;
use spanwise_tabular::parquet::{Cell, ColumnKind, ParquetWriter, read_parquet};
use std::io::Cursor;

fn read(file: &[u8]) -> Result<Rows, TableError> {
    let mut rows = Rows::new();
    read_parquet(&mut Cursor::new(file), &mut collect(&mut rows))?;
    Ok(rows)
}

fn sample(rows: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let columns = [("text", ColumnKind::Text), ("at", ColumnKind::Timestamp)];
    let mut writer = ParquetWriter::new(&mut file, &columns).unwrap();
    for n in 0..rows {
        let text = format!("row {n}");
        let text = if n % 3 == 1 { Cell::Missing } else { Cell::Text(&text) };
        writer.write(&[text, Cell::Timestamp(1_764_028_800_000_000_001)]).unwrap();
    }
    writer.finish().unwrap();
    file
}

#[test]
fn what_is_written_is_read_back_group_after_group() {
    let rows = read(&sample(120_001)).unwrap();
    assert_eq!(rows.len(), 120_001);
    let at = "2025-11-25T00:00:00.000000001Z";
    assert_eq!(rows[0], (1, Ok(row(json!({"text": "row 0", "at": at})))));
    assert_eq!(rows[1], (2, Ok(row(json!({"at": at})))));
    assert_eq!(rows[120_000], (120_001, Ok(row(json!({"text": "row 120000", "at": at})))));
    assert_eq!(read(&sample(0)).unwrap(), []);
}

#[test]
fn texts_that_are_marked_as_json_are_read_as_it() {
    let mut file = Vec::new();
    let columns = [("json", ColumnKind::Json), ("text", ColumnKind::Text)];
    let mut writer = ParquetWriter::new(&mut file, &columns).unwrap();
    writer.write(&[Cell::Text("{\"a\": [1, null]}"), Cell::Text("{\"a\": 1}")]).unwrap();
    writer.finish().unwrap();
    assert_eq!(read(&file).unwrap(), [(1, Ok(row(json!({"json": {"a": [1, null]}, "text": "{\"a\": 1}"}))))]);
}

#[test]
fn what_is_no_parquet_is_refused() {
    let file = sample(10);
    assert!(matches!(read(b"a,b\n1,2\n"), Err(TableError::Parquet(_))));
    assert!(matches!(read(b""), Err(TableError::Parquet(_))));
    assert!(read(&file[..file.len() - 9]).is_err());
    assert!(read(&file[30..]).is_err());
}

proptest! {
    #[test]
    fn damage_is_an_error_and_nothing_worse(at in 0..400usize, byte: u8, cut in 0..400usize) {
        let mut file = sample(40);
        let length = file.len();
        file[at % length] = byte;
        drop(read(&file));
        drop(read(&file[cut % length..]));
    }
}
