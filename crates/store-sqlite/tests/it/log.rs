//! The write-ahead log is moved into the database while the store is open, whatever is written.

use crate::open_store;
use spanwise_model::ExperimentId;
use spanwise_store::Store as _;
use std::fs;
use std::time::{Duration, Instant};

/// What one write adds to the log, at least.
const VALUE_BYTES: usize = 256 << 10;
/// What is written in all: far above what the log is moved at.
const WRITTEN_BYTES: u64 = 24 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_spans_is_moved_into_the_database_too() {
    let (store, folder) = open_store();
    let database = folder.path().join("index.db");
    for n in 0..WRITTEN_BYTES as usize / VALUE_BYTES {
        let value = format!("{n}{}", "x".repeat(VALUE_BYTES));
        store.set_experiment_tag(ExperimentId::DEFAULT, &format!("key {n}"), &value).await.unwrap();
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::metadata(&database).unwrap().len() < WRITTEN_BYTES - (5 << 20) {
        assert!(Instant::now() < deadline, "the log was not moved: {:?}", fs::metadata(&database));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
