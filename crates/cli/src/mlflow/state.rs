//! How far an import is, kept in a file after each part that the target has acknowledged. No password gets into it.

use super::page::{Problem, Stage, Target};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The version of the form of the file.
const VERSION: u32 = 1;
/// Problems that are kept one by one; more are only counted.
const PROBLEMS_MAX: usize = 10_000;

/// What an import is asked to do; another one has a state of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) source: String,
    pub(super) target: String,
    pub(super) experiments: Vec<String>,
    pub(super) since_ms: Option<i64>,
    pub(super) with_artifacts: bool,
}

/// What was counted of a stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) taken: u64,
    pub(super) problems: u64,
}

/// How far an import is, and what it found so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    pub(super) wanted: Wanted,
    pub(super) stage: Stage,
    /// Where in the stage to go on; nothing for its beginning.
    pub(super) after: Option<Value>,
    pub(super) experiments: BTreeMap<i64, Target>,
    pub(super) counts: BTreeMap<Stage, Counts>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<String>,
}

impl State {
    pub(super) fn new(wanted: Wanted) -> State {
        State {
            version: VERSION,
            wanted,
            stage: Stage::Experiments,
            after: None,
            experiments: BTreeMap::new(),
            counts: BTreeMap::new(),
            problems: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Notes what could not be taken, or not wholly.
    pub(super) fn problem(&mut self, stage: Stage, id: &str, reason: String) {
        self.counts.entry(stage).or_default().problems += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { stage, id: id.to_owned(), reason });
        }
    }

    /// Notes something once.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Returns how many problems there are.
    pub(super) fn problem_count(&self) -> u64 {
        self.counts.values().map(|counts| counts.problems).sum()
    }

    /// Returns where the state of such an import is kept, unless the command says.
    pub(super) fn default_path(wanted: &Wanted) -> PathBuf {
        let text = format!("{}\n{}", wanted.source, wanted.target);
        format!("mlflow-{:016x}.import-state", xxh3_64(text.as_bytes())).into()
    }

    /// Returns the state of an interrupted import like this one, or why what is there can't be used.
    pub(super) fn find(path: &Path, wanted: &Wanted) -> Result<Option<State>, String> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        match serde_json::from_slice::<State>(&text) {
            Ok(state) if state.version != VERSION => Err("it was written by another version".to_owned()),
            Ok(state) if state.wanted != *wanted => Err("it is of an import with other options".to_owned()),
            Ok(state) => Ok(Some(state)),
            Err(_) => Err("it can't be read".to_owned()),
        }
    }

    /// Replaces the state on disk, at once or not at all.
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        let temporary = PathBuf::from(temporary);
        let write = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_data()?;
            fs::rename(&temporary, path)
        };
        write().with_context(|| format!("cannot write {} (--state)", path.display()))
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            source: "/srv/mlflow.db".into(),
            target: "http://localhost:5000".into(),
            experiments: Vec::new(),
            since_ms: None,
            with_artifacts: true,
        }
    }

    #[test]
    fn a_state_is_found_again_by_the_same_import_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert_eq!(State::find(&path, &wanted()), Ok(None));
        let mut state = State::new(wanted());
        state.stage = Stage::Traces;
        state.after = Some(serde_json::json!({"id": "tr-1"}));
        state.problem(Stage::Runs, "r", "why".to_owned());
        state.save(&path).unwrap();
        assert_eq!(State::find(&path, &wanted()), Ok(Some(state)));
        let other = Wanted { since_ms: Some(1), ..wanted() };
        assert_eq!(State::find(&path, &other), Err("it is of an import with other options".to_owned()));
        fs::write(&path, "{").unwrap();
        assert_eq!(State::find(&path, &wanted()), Err("it can't be read".to_owned()));
        State::remove(&path).unwrap();
        State::remove(&path).unwrap();
        assert_eq!(State::find(&path, &wanted()), Ok(None));
    }
}
