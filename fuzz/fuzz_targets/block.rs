//! Blocks and packed columns as they might come from a damaged disk: an error, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| spanwise_store_sqlite::fuzzing::read_stored_bytes(bytes));
