//! The contract of every engine.

use crate::open_store;
use spanwise_store::conformance::TestStore;
use std::sync::Arc;

async fn empty_store() -> TestStore {
    let (store, folder) = open_store();
    TestStore { store: Arc::new(store), guard: Box::new(folder) }
}

spanwise_store::conformance_suite!(crate::conformance::empty_store);
