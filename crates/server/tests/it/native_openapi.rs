//! The description of the native API is the one that is committed, which the web UI's types are made from.

use std::path::Path;

/// Set to write the file instead of comparing with it.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_committed_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let document = serde_json::to_string_pretty(&spanwise_server::openapi()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, document).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document, "docs/openapi.json is out of date; run `make openapi`");
}
