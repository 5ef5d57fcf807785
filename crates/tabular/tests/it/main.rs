//! Files of rows, written and read back.

#![expect(clippy::unwrap_used, reason = "what fails in a test ends it")]

mod csv;
mod jsonl;
mod parquet;

use serde_json::{Map, Value};
use spanwise_tabular::Row;
use std::ops::ControlFlow;

fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        other => panic!("{other} is no row"),
    }
}

type Rows = Vec<(u64, Result<Map<String, Value>, String>)>;

fn collect(into: &mut Rows) -> impl FnMut(u64, Result<Row, String>) -> ControlFlow<()> + '_ {
    |number, row| {
        into.push((number, row));
        ControlFlow::Continue(())
    }
}
