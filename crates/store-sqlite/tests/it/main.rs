//! The embedded engine from outside.

#![expect(clippy::unwrap_used, reason = "what fails in a test ends it")]

mod aggregate;
mod aggregate_reference;
mod conformance;
mod lender;
mod log;
mod search_reference;
mod span_index;
mod trace_columns;
mod verdicts;

use spanwise_store_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;

/// Opens an empty store in a folder that goes with the second value.
fn open_store() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&OpenOptions::new(folder.path())).unwrap();
    (store, folder)
}
