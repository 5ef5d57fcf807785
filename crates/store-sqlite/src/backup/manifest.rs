//! What a backup holds: `manifest.jsonl`, a line for each file, between a line that says what this is and one with the
//! checksum of all lines above it. A backup without it is not whole.

use crate::error::{damaged, io_error};
use serde_json::{Value, json};
use spanwise_model::ErrorKind;
use spanwise_store::{StoreError, StoreResult};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Its name in a backup.
pub(super) const MANIFEST: &str = "manifest.jsonl";
/// Where a backup's files are, by their hashes.
pub(super) const FILES: &str = "files";
const FORMAT: &str = "spanwise-backup";
/// Raised when an older build could not restore what this one writes.
const VERSION: u64 = 1;

/// A file of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) bytes: u64,
    /// XXH3, 128 bits, as hexadecimal digits.
    pub(super) xxh3: String,
}

/// The files of a store by their paths in the data directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) created_ns: i64,
    pub(super) files: BTreeMap<String, Entry>,
}

impl Manifest {
    /// Reads that of a backup; none if there is none.
    pub(super) fn read(backup: &Path) -> StoreResult<Option<Manifest>> {
        let path = backup.join(MANIFEST);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let is_damaged = |problem| damaged(format!("{} is damaged: {problem}", path.display()));
                parse(&text).map_err(is_damaged)?.map(Some)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(format!("cannot read {}", path.display()), error)),
        }
    }

    /// Returns the text of the file.
    pub(super) fn to_text(&self) -> String {
        let head = json!({
            "format": FORMAT, "version": VERSION, "created_ns": self.created_ns.to_string(),
            "files": self.files.len(), "spanwise": env!("CARGO_PKG_VERSION"),
        });
        let mut text = format!("{head}\n");
        for (path, entry) in &self.files {
            let line = json!({"path": path, "bytes": entry.bytes, "xxh3": entry.xxh3});
            text.push_str(&format!("{line}\n"));
        }
        let end = json!({"xxh3_of_all_above": format!("{:032x}", xxh3_128(text.as_bytes()))});
        text + &format!("{end}\n")
    }

    /// Returns the bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.values().map(|entry| entry.bytes).sum()
    }
}

/// Reads a manifest. The outer error says what is damaged; the inner one, that it is not for this build.
fn parse(text: &str) -> Result<StoreResult<Manifest>, String> {
    let body_bytes = text.trim_end_matches('\n').rfind('\n').ok_or("it is cut off")? + 1;
    let (body, end) = text.split_at(body_bytes);
    let end: Value = serde_json::from_str(end).map_err(|_| "it is cut off")?;
    if end["xxh3_of_all_above"] != format!("{:032x}", xxh3_128(body.as_bytes())) {
        return Err("its checksum is wrong".into());
    }
    let mut lines = body.lines().map(serde_json::from_str::<Value>);
    let head = lines.next().ok_or("it is empty")?.map_err(|error| error.to_string())?;
    if head["format"] != FORMAT || head["version"] != VERSION {
        let message = format!(
            "the backup has version {}, and this build knows version {VERSION}; use a newer spanwise",
            head["version"]
        );
        return Ok(Err(StoreError::new(ErrorKind::Unsupported, message)));
    }
    let created_ns = head["created_ns"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut manifest = Manifest { created_ns, files: BTreeMap::new() };
    for line in lines {
        let line = line.map_err(|error| error.to_string())?;
        let fields = (line["path"].as_str(), line["bytes"].as_u64(), line["xxh3"].as_str());
        let (Some(path), Some(bytes), Some(xxh3)) = fields else {
            return Err(format!("`{line}` is no file"));
        };
        check_path(path).map_err(|error| error.message().to_owned())?;
        manifest.files.insert(path.to_owned(), Entry { bytes, xxh3: xxh3.to_owned() });
    }
    Ok(Ok(manifest))
}

/// Returns where a backup keeps the contents with a hash.
pub(super) fn content_path(backup: &Path, xxh3: &str) -> PathBuf {
    backup.join(FILES).join(xxh3)
}

/// Refuses a path that is not one of a store's files: a backup may come from anywhere.
pub(super) fn check_path(path: &str) -> StoreResult<()> {
    let mut parts = path.split('/');
    let is_known = match parts.next() {
        Some("index.db") => parts.next().is_none(),
        Some("segments" | "postings") => path.split('/').count() == 2 && parts.all(is_plain),
        Some("attachments") => path.split('/').count() == 3 && parts.all(is_plain),
        Some("artifacts") => path.split('/').count() > 1 && parts.all(is_plain),
        _ => false,
    };
    if is_known {
        return Ok(());
    }
    Err(StoreError::invalid(format!("{path:?} is no file of a store")))
}

fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0'])
}

/// Refuses what is no hash, since it becomes the name of a file.
pub(super) fn check_hash(xxh3: &str) -> StoreResult<()> {
    if xxh3.len() == 32 && xxh3.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(());
    }
    Err(StoreError::invalid(format!("{xxh3:?} is no hash; expected 32 hexadecimal digits")))
}
