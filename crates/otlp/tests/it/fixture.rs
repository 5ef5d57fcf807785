//! Real requests of GenAI libraries, as protobuf and as JSON.

use std::path::PathBuf;

/// One request in both encodings.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) protobuf: Vec<u8>,
    pub(crate) json: Vec<u8>,
}

/// Returns all fixtures.
pub(crate) fn all() -> Vec<Fixture> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "binpb"));
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(read).collect()
}

fn read(path: &PathBuf) -> Fixture {
    Fixture {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        protobuf: std::fs::read(path).unwrap(),
        json: std::fs::read(path.with_extension("json")).unwrap(),
    }
}
