//! The contract of every engine.

use crate::open_store;
use spanwise_store::conformance::TestStore;
use std::sync::Arc;

async fn empty_store() -> TestStore {
    let (store, folder) = open_store();
    let store = Arc::new(store);
    TestStore { store: store.clone(), catalog: store, guard: Box::new(folder) }
}

spanwise_store::conformance_suite!(crate::conformance::empty_store);

mod catalog {
    spanwise_store::catalog_conformance_suite!(crate::conformance::empty_store);
}
