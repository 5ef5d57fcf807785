//! No file of rows makes its reader panic or hang.

#![no_main]

use libfuzzer_sys::fuzz_target;
use spanwise_tabular::parquet::read_parquet;
use spanwise_tabular::{read_csv, read_jsonl};
use std::io::Cursor;
use std::ops::ControlFlow;

/// Rows after which a reader is told to stop: few bytes may stand for a great many.
const ROWS: u64 = 1_000;

fuzz_target!(|raw: &[u8]| {
    let mut sink = |number, _| if number < ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    let _ = read_jsonl(&mut &*raw, &mut sink);
    let _ = read_csv(&mut &*raw, &mut sink);
    let _ = read_parquet(&mut Cursor::new(raw), &mut sink);
});
