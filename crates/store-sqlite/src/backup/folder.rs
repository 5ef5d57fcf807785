//! Writing a backup: a folder with `manifest.jsonl` and the contents of all files by their hashes.
//!
//! Contents that are there already are not written again, and nothing that the last manifest refers to is touched
//! before the next one has taken its place; so an interrupted backup leaves the one before it whole.

use super::hash_text;
use super::manifest::{Entry, FILES, MANIFEST, Manifest, check_path, content_path};
use crate::error::{damaged, io_error};
use spanwise_store::{KnownFile, KnownFiles, StoreError, StoreResult};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What marks a folder as one that backups are written to.
const LOCK: &str = "backup.lock";
/// A file on its way in.
const INCOMING: &str = "incoming";

/// A backup that is being written.
pub struct BackupFolder {
    root: PathBuf,
    previous: Manifest,
    next: Manifest,
    current: Option<Current>,
    copied_bytes: u64,
    _lock: File,
}

/// The file that is being written.
struct Current {
    path: String,
    bytes: u64,
    file: File,
    hash: Xxh3,
    written: u64,
}

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSummary {
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that were copied this time; the others were there.
    pub copied_bytes: u64,
}

impl BackupFolder {
    /// Opens a folder for a backup: a new or empty one, or one with an earlier backup, whole or not.
    ///
    /// # Errors
    /// `InvalidArgument` if there is something else in it; `Unavailable` if another backup writes to it.
    pub fn open(root: &Path) -> StoreResult<BackupFolder> {
        let failed = |error| io_error(format!("cannot write the backup {}", root.display()), error);
        if root.exists() && !root.join(LOCK).exists() && fs::read_dir(root).map_err(failed)?.next().is_some()
        {
            return Err(StoreError::invalid(format!(
                "{} is not empty and holds no backup; name a new folder, an empty one or one with a backup",
                root.display()
            )));
        }
        fs::create_dir_all(root.join(FILES)).map_err(failed)?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(root.join(LOCK)).map_err(failed)?;
        if lock.try_lock().is_err() {
            let message = format!("another backup is written to {}", root.display());
            return Err(StoreError::new(spanwise_model::ErrorKind::Unavailable, message));
        }
        let previous = Manifest::read(root)?.unwrap_or_default();
        let (root, next) = (root.to_owned(), Manifest::default());
        Ok(BackupFolder { root, previous, next, current: None, copied_bytes: 0, _lock: lock })
    }

    /// Returns the files that need not be sent again.
    pub fn known(&self) -> KnownFiles {
        let is_there = |entry: &Entry| {
            fs::metadata(content_path(&self.root, &entry.xxh3)).is_ok_and(|file| file.len() == entry.bytes)
        };
        let files = self.previous.files.iter().filter(|(_, entry)| is_there(entry));
        files
            .map(|(path, entry)| (path.clone(), KnownFile { bytes: entry.bytes, xxh3: entry.xxh3.clone() }))
            .collect()
    }

    /// Begins a file.
    pub fn begin(&mut self, path: &str, bytes: u64) -> StoreResult<()> {
        check_path(path)?;
        let file = File::create(self.root.join(INCOMING)).map_err(|error| self.failed(error))?;
        self.current = Some(Current { path: path.to_owned(), bytes, file, hash: Xxh3::new(), written: 0 });
        Ok(())
    }

    /// Writes the next bytes of the file.
    pub fn write(&mut self, bytes: &[u8]) -> StoreResult<()> {
        let current = self.current.as_mut().ok_or_else(out_of_order)?;
        current.hash.update(bytes);
        current.written += bytes.len() as u64;
        current
            .file
            .write_all(bytes)
            .map_err(|error| io_error(format!("cannot write the backup {}", self.root.display()), error))
    }

    /// Ends the file; it must be what was sent.
    pub fn end(&mut self, xxh3: &str) -> StoreResult<()> {
        let current = self.current.take().ok_or_else(out_of_order)?;
        if hash_text(&current.hash) != xxh3 || current.written != current.bytes {
            return Err(damaged(format!("{} was damaged on its way into the backup", current.path)));
        }
        current
            .file
            .sync_all()
            .and_then(|()| fs::rename(self.root.join(INCOMING), content_path(&self.root, xxh3)))
            .map_err(|error| self.failed(error))?;
        self.copied_bytes += current.bytes;
        self.next.files.insert(current.path, Entry { bytes: current.bytes, xxh3: xxh3.to_owned() });
        Ok(())
    }

    /// Takes a file over from the last backup.
    pub fn keep(&mut self, path: &str) -> StoreResult<u64> {
        let entry = self.previous.files.get(path).ok_or_else(out_of_order)?;
        self.next.files.insert(path.to_owned(), entry.clone());
        Ok(entry.bytes)
    }

    /// Makes the backup a whole one, and removes what only the last one needed.
    pub fn finish(mut self) -> StoreResult<BackupSummary> {
        self.next.created_ns = crate::store::now_ns();
        let incoming = self.root.join(INCOMING);
        let write = || -> std::io::Result<()> {
            File::open(self.root.join(FILES))?.sync_all()?;
            let mut file = File::create(&incoming)?;
            file.write_all(self.next.to_text().as_bytes())?;
            file.sync_all()?;
            fs::rename(&incoming, self.root.join(MANIFEST))?;
            File::open(&self.root)?.sync_all()
        };
        write().map_err(|error| self.failed(error))?;
        self.remove_unneeded().map_err(|error| self.failed(error))?;
        Ok(BackupSummary {
            files: self.next.files.len() as u64,
            bytes: self.next.bytes(),
            copied_bytes: self.copied_bytes,
        })
    }

    fn remove_unneeded(&self) -> std::io::Result<()> {
        let needed: HashSet<&str> = self.next.files.values().map(|entry| entry.xxh3.as_str()).collect();
        for entry in fs::read_dir(self.root.join(FILES))? {
            let entry = entry?;
            if entry.file_name().to_str().is_none_or(|name| !needed.contains(name)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn failed(&self, error: std::io::Error) -> StoreError {
        io_error(format!("cannot write the backup {}", self.root.display()), error)
    }
}

fn out_of_order() -> StoreError {
    StoreError::new(spanwise_model::ErrorKind::Internal, "the parts of the backup came out of order")
}
