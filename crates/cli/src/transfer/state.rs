//! `FILE.import-state`: how far an import is, written after each part that the server has acknowledged.

use super::chunk::Place;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use xxhash_rust::xxh3::xxh3_64;

/// The form that this version writes.
const VERSION: u32 = 1;
/// Bytes of the start of a file by which it is known.
const HEAD_BYTES: u64 = 64 << 10;

/// What tells a file from another one of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    bytes: u64,
    modified_ns: u64,
    head_hash: String,
}

impl Identity {
    /// Looks at a file.
    pub(super) fn of(path: &Path) -> io::Result<Identity> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut head = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut head)?;
        Ok(Identity {
            bytes: metadata.len(),
            modified_ns: u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX),
            head_hash: format!("{:016x}", xxh3_64(&head)),
        })
    }

    /// Returns the file's length.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What was counted so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) traces: u64,
    pub(super) spans: u64,
    pub(super) bad_lines: u64,
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    file: Identity,
    /// The server or data directory that has the lines before `offset`.
    target: String,
    experiment: Option<String>,
    offset: u64,
    lines: u64,
    pub(super) counts: Counts,
}

impl State {
    /// The state before anything was imported.
    pub(super) fn new(file: Identity, target: &str, experiment: Option<&str>) -> State {
        State {
            version: VERSION,
            file,
            target: target.to_owned(),
            experiment: experiment.map(str::to_owned),
            offset: 0,
            lines: 0,
            counts: Counts::default(),
        }
    }

    /// Returns where to read on.
    pub(super) fn place(&self) -> Place {
        Place { offset: self.offset, lines: self.lines }
    }

    /// Notes that everything before a place is acknowledged.
    pub(super) fn move_to(&mut self, place: Place) {
        (self.offset, self.lines) = (place.offset, place.lines);
    }

    /// Says why an import can't go on from this state; nothing if it can.
    fn mismatch(&self, wanted: &State) -> Option<&'static str> {
        if self.version != wanted.version {
            Some("it was written by another version")
        } else if self.file != wanted.file {
            Some("the file has changed since")
        } else if self.target != wanted.target {
            Some("it is of another server or data directory")
        } else if self.experiment != wanted.experiment {
            Some("it is of another --experiment")
        } else {
            None
        }
    }
}

/// Returns where the state of a file is kept.
pub(super) fn state_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".import-state");
    name.into()
}

/// What was found beside a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    State(State),
    /// A state that can't be used, and why.
    Unusable(String),
}

/// Looks for the state of an interrupted import that is like `wanted`.
pub(super) fn find(path: &Path, wanted: &State) -> Found {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
        Err(error) => return Found::Unusable(error.to_string()),
    };
    match serde_json::from_slice::<State>(&text) {
        Ok(state) => match state.mismatch(wanted) {
            None => Found::State(state),
            Some(reason) => Found::Unusable(reason.to_owned()),
        },
        Err(_) => Found::Unusable("it can't be read".to_owned()),
    }
}

/// Replaces the state on disk, at once or not at all.
pub(super) fn save(path: &Path, state: &State) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(state)?)?;
        file.sync_data()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Removes the state of an import that is done.
pub(super) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Identity {
        Identity { bytes: text.len() as u64, modified_ns: 1, head_hash: text.to_owned() }
    }

    fn state() -> State {
        State::new(identity("a"), "http://localhost:5000", Some("shop"))
    }

    #[test]
    fn a_state_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = state_path(&folder.path().join("a.jsonl"));
        assert!(path.to_string_lossy().ends_with("a.jsonl.import-state"));
        assert_eq!(find(&path, &state()), Found::Nothing);
        let mut saved = state();
        saved.move_to(Place { offset: 7, lines: 2 });
        saved.counts.bad_lines = 1;
        save(&path, &saved).unwrap();
        assert_eq!(find(&path, &state()), Found::State(saved));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(find(&path, &state()), Found::Nothing);
    }

    /// A state that was saved by another import must not be used, for lines would be left out.
    fn check(change: impl Fn(&mut State), reason: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut saved = state();
        change(&mut saved);
        save(&path, &saved).unwrap();
        assert_eq!(find(&path, &state()), Found::Unusable(reason.to_owned()));
    }

    #[test]
    fn the_state_of_another_import_is_not_used() {
        check(|state| state.version = 2, "it was written by another version");
        check(|state| state.file = identity("b"), "the file has changed since");
        check(|state| state.target = "/data".into(), "it is of another server or data directory");
        check(|state| state.experiment = None, "it is of another --experiment");
    }

    #[test]
    fn a_broken_state_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::write(&path, "{\"version\":").unwrap();
        assert_eq!(find(&path, &state()), Found::Unusable("it can't be read".into()));
    }

    #[test]
    fn a_file_is_known_by_length_and_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let look = |text: &str| {
            fs::write(&path, text).unwrap();
            Identity { modified_ns: 0, ..Identity::of(&path).unwrap() }
        };
        assert_eq!(look("one"), look("one"));
        assert_ne!(look("one"), look("two"));
        assert_ne!(look("one"), look("ones"));
    }
}
