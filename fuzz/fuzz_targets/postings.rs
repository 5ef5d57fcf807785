//! Any file is a part of the word index or a refusal; whatever is asked of it, memory stays in proportion to it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("spanwise-fuzz-{}.idx", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    spanwise_store_sqlite::fuzzing::read_postings(&path);
});
