use crate::{Rows, collect, row};
use serde_json::json;
use spanwise_tabular::{JsonlWriter, read_jsonl};
use std::ops::ControlFlow;

#[test]
fn a_bad_line_is_named_and_the_others_are_read() {
    let text = "\u{feff}{\"a\": 1}\n\n[1]\n{\"b\": \"é\"}\n{nope\n{\"c\": null}";
    let mut rows = Rows::new();
    read_jsonl(&mut text.as_bytes(), &mut collect(&mut rows)).unwrap();
    assert_eq!(rows[0], (1, Ok(row(json!({"a": 1})))));
    assert_eq!(rows[1], (3, Err("expected a JSON object, got a list".into())));
    assert_eq!(rows[2], (4, Ok(row(json!({"b": "é"})))));
    assert!(matches!(&rows[3], (5, Err(why)) if why.starts_with("not JSON: ")));
    assert_eq!(rows[4], (6, Ok(row(json!({"c": null})))));
    assert_eq!(rows.len(), 5);
}

#[test]
fn whoever_has_enough_stops() {
    let mut seen = 0;
    let mut sink = |_, _| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    read_jsonl(&mut "{}\n{}\n{}\n".as_bytes(), &mut sink).unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn lines_that_are_written_are_read_back() {
    let wanted = row(json!({"a": "line\nbreak", "b": [1.5, null]}));
    let mut file = Vec::new();
    JsonlWriter(&mut file).write(wanted.clone()).unwrap();
    let mut rows = Rows::new();
    read_jsonl(&mut file.as_slice(), &mut collect(&mut rows)).unwrap();
    assert_eq!(rows, [(1, Ok(wanted))]);
}
