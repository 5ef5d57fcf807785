use crate::{Rows, collect, row};
use proptest::prelude::*;
use serde_json::{Value, json};
use spanwise_tabular::{CsvWriter, Row, TableError, read_csv};

fn read(text: &str) -> Rows {
    let mut rows = Rows::new();
    read_csv(&mut text.as_bytes(), &mut collect(&mut rows)).unwrap();
    rows
}

fn write(columns: &[&str], rows: &[Row]) -> String {
    let mut file = Vec::new();
    let mut writer =
        CsvWriter::new(&mut file, columns.iter().map(|name| (*name).to_owned()).collect()).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    writer.finish().unwrap();
    String::from_utf8(file).unwrap()
}

#[test]
fn cells_are_json_or_texts() {
    let rows = read(
        "\u{feff}q,n,o,empty\n\"a, b\n\"\"c\"\"\",1.5,\"{\"\"k\"\": [1]}\",\n007,true,\"\"\"1\"\"\",x\n",
    );
    assert_eq!(rows[0], (1, Ok(row(json!({"q": "a, b\n\"c\"", "n": 1.5, "o": {"k": [1]}})))));
    assert_eq!(rows[1], (2, Ok(row(json!({"q": "007", "n": true, "o": "1", "empty": "x"})))));
}

#[test]
fn other_delimiters_are_seen_in_the_header() {
    for text in ["a;b\n1;x,y\n", "a\tb\n1\tx,y\n"] {
        assert_eq!(read(text), [(1, Ok(row(json!({"a": 1, "b": "x,y"}))))], "{text}");
    }
    assert_eq!(read("a\n1\n"), [(1, Ok(row(json!({"a": 1}))))]);
}

#[test]
fn a_bad_row_is_named_and_the_others_are_read() {
    let mut rows = Rows::new();
    read_csv(&mut &b"a,b\n1,2\n3\n\xff,4\n5,6\n"[..], &mut collect(&mut rows)).unwrap();
    let numbers: Vec<(u64, bool)> = rows.iter().map(|(number, row)| (*number, row.is_ok())).collect();
    assert_eq!(numbers, [(1, true), (2, false), (3, false), (4, true)]);
    assert_eq!(rows[1].1, Err("it has 1 cells, and the header has 2".into()));
}

#[test]
fn a_file_without_a_header_is_refused() {
    for text in ["", "\n\n"] {
        let read = read_csv(&mut text.as_bytes(), &mut collect(&mut Rows::new()));
        assert!(matches!(read, Err(TableError::NoHeader)), "{text:?}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        ".{0,12}".prop_map(Value::from),
        "[0-9\"{}\\[\\]truefalsn, \r\n;]{0,8}".prop_map(Value::from),
        Just(json!("")),
    ];
    let number = prop_oneof![any::<i64>().prop_map(Value::from), (-1e9..1e9f64).prop_map(Value::from)];
    prop_oneof![text, number, any::<bool>().prop_map(Value::from), Just(json!({"k": ["x", null]}))]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(cells in prop::collection::vec(prop::option::of(value()), 2)) {
        let columns = ["inputs.a b", "outputs"];
        let filled = columns.iter().zip(&cells).filter_map(|(name, cell)| Some(((*name).to_owned(), cell.clone()?)));
        let wanted: Row = filled.collect();
        let rows = read(&write(&columns, std::slice::from_ref(&wanted)));
        prop_assert_eq!(rows, vec![(1, Ok(wanted))]);
    }
}
