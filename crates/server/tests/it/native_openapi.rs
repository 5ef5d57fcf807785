//! The description of the native API is the one that is committed, which the web UI's types are made from, and which the
//! server serves.

use std::path::Path;

/// Set to write the files instead of comparing with them.
const UPDATE: &str = "UPDATE_OPENAPI";
/// How small the served one is packed.
const LEVEL: i32 = 19;

#[test]
fn the_committed_document_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (path, served) = (folder.join("../../docs/openapi.json"), folder.join("data/openapi.json.zst"));
    let document = spanwise_server::openapi();
    let pretty = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, pretty).unwrap();
        std::fs::write(&served, zstd::encode_all(document.to_string().as_bytes(), LEVEL).unwrap()).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == pretty, "docs/openapi.json is out of date; run `make openapi`");
    let packed = std::fs::read(&served).unwrap_or_default();
    let unpacked = zstd::decode_all(&packed[..]).unwrap_or_default();
    assert!(
        unpacked == document.to_string().as_bytes(),
        "data/openapi.json.zst is out of date; run `make openapi`"
    );
}
