//! The file operations behind artifacts, synchronous.

use super::path::ArtifactPath;
use crate::error::io_error;
use bytes::Bytes;
use spanwise_model::ErrorKind;
use spanwise_store::{ArtifactEntry, StoreError, StoreResult};
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;
use tokio::sync::mpsc::Receiver;

/// Where uploads are written until they are whole; no artifact path may begin with it.
pub(super) const INCOMING: &str = ".incoming";
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// A part of an upload.
pub(super) enum Upload {
    /// The next bytes.
    Chunk(Bytes),
    /// All bytes were sent; an upload that ends without this is abandoned.
    Complete,
}

/// A file that is being read.
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) size_bytes: u64,
    pub(super) modified_ns: i64,
}

impl OpenFile {
    fn of(file: File) -> io::Result<OpenFile> {
        let metadata = file.metadata()?;
        // A clock before 1970 or after 2262 tells nothing.
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let modified_ns = i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX);
        Ok(OpenFile { file, size_bytes: metadata.len(), modified_ns })
    }
}

/// The folder of all artifacts.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Uploads so far, which names the next one.
    uploads: AtomicU64,
}

impl Folder {
    /// Opens or makes the folder, and removes unfinished uploads.
    pub(super) fn open(root: PathBuf) -> StoreResult<Folder> {
        let incoming = root.join(INCOMING);
        let failed = |error| io_error(format!("cannot prepare `{}`", incoming.display()), error);
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::create_dir_all(&incoming).map_err(failed)?;
        Ok(Folder::at(root))
    }

    /// Uses the folder beside the one who opened it, not to upload.
    pub(super) fn at(root: PathBuf) -> Folder {
        Folder { root, uploads: AtomicU64::new(0) }
    }

    /// Writes an upload whole, or not at all.
    pub(super) fn put(&self, path: &ArtifactPath, chunks: Receiver<Upload>) -> StoreResult<()> {
        let number = self.uploads.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join(INCOMING).join(number.to_string());
        let result = write_upload(&temporary, chunks).and_then(|()| self.move_in(&temporary, path));
        if result.is_err() {
            // What can't be removed now is removed when the store is opened again.
            let _ = fs::remove_file(&temporary);
        }
        result
    }

    fn move_in(&self, temporary: &Path, path: &ArtifactPath) -> StoreResult<()> {
        let parent = self.make_parents(path)?;
        let target = self.full_path(path);
        if metadata(&target, path)?.is_some_and(|metadata| metadata.is_dir()) {
            return Err(StoreError::invalid(format!("artifact path `{}` is a folder", path.as_str())));
        }
        fs::rename(temporary, &target)
            .and_then(|()| sync_folder(&parent))
            .map_err(|error| failed("write", path, error))
    }

    /// Makes the folders above `path`, durably, and returns the nearest.
    fn make_parents(&self, path: &ArtifactPath) -> StoreResult<PathBuf> {
        let mut folder = self.root.clone();
        let count = path.parts().count();
        for part in path.parts().take(count.saturating_sub(1)) {
            let next = folder.join(part);
            match metadata(&next, path)? {
                Some(metadata) if metadata.is_dir() => {}
                Some(_) => {
                    let message = format!("artifact path `{}`: `{part}` is not a folder", path.as_str());
                    return Err(StoreError::invalid(message));
                }
                None => make_folder(&next)
                    .and_then(|()| sync_folder(&folder))
                    .map_err(|error| failed("make a folder of", path, error))?,
            }
            folder = next;
        }
        Ok(folder)
    }

    /// Opens a file.
    pub(super) fn open_file(&self, path: &ArtifactPath, offset: u64) -> StoreResult<OpenFile> {
        if !self.find(path)?.is_some_and(|found| found.is_file()) {
            return Err(StoreError::not_found(format!("no artifact `{}`", path.as_str())));
        }
        // What the open file is, since its name may by now be another upload's.
        let open = |mut file: File| {
            file.seek(SeekFrom::Start(offset))?;
            OpenFile::of(file)
        };
        File::open(self.full_path(path)).and_then(open).map_err(|error| failed("open", path, error))
    }

    /// Lists a folder by name, or a file alone.
    pub(super) fn list(&self, path: &ArtifactPath) -> StoreResult<Vec<ArtifactEntry>> {
        let Some(found) = self.find(path)? else {
            return Ok(Vec::new());
        };
        if found.is_file() {
            let name = path.parts().last().unwrap_or_default().to_owned();
            return Ok(vec![ArtifactEntry { name, size_bytes: Some(found.len()) }]);
        }
        let mut entries = read_folder(&self.full_path(path)).map_err(|error| failed("list", path, error))?;
        if path.parts().next().is_none() {
            entries.retain(|entry| entry.name != INCOMING);
        }
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Deletes a file or a folder with all in it.
    pub(super) fn delete(&self, path: &ArtifactPath) -> StoreResult<()> {
        let target = self.full_path(path);
        let deleted = match self.find(path)? {
            None => return Ok(()),
            Some(found) if found.is_dir() => fs::remove_dir_all(&target),
            Some(_) => fs::remove_file(&target),
        };
        deleted
            .and_then(|()| sync_folder(target.parent().unwrap_or(&self.root)))
            .map_err(|error| failed("delete", path, error))
    }

    /// Removes a folder that nothing is in.
    pub(super) fn remove_if_empty(&self, path: &ArtifactPath) {
        // What is not empty, or not there, may stay so.
        let _ = fs::remove_dir(self.full_path(path));
    }

    /// Returns what is at `path`; nothing if a part above it is absent or a file.
    fn find(&self, path: &ArtifactPath) -> StoreResult<Option<Metadata>> {
        let mut place = self.root.clone();
        let mut found = metadata(&place, path)?;
        for part in path.parts() {
            if !found.is_some_and(|found| found.is_dir()) {
                return Ok(None);
            }
            place.push(part);
            found = metadata(&place, path)?;
        }
        Ok(found)
    }

    fn full_path(&self, path: &ArtifactPath) -> PathBuf {
        path.parts().fold(self.root.clone(), |place, part| place.join(part))
    }
}

/// Reads the next chunk; an empty one is the end.
pub(super) fn read_chunk(file: File) -> StoreResult<(Bytes, File)> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    (&file)
        .take(CHUNK_BYTES as u64)
        .read_to_end(&mut chunk)
        .map_err(|error| io_error("cannot read an artifact", error))?;
    Ok((chunk.into(), file))
}

fn write_upload(temporary: &Path, mut chunks: Receiver<Upload>) -> StoreResult<()> {
    let failed = |error| io_error("cannot write an artifact", error);
    let mut file = File::create_new(temporary).map_err(failed)?;
    loop {
        match chunks.blocking_recv() {
            Some(Upload::Chunk(bytes)) => file.write_all(&bytes).map_err(failed)?,
            Some(Upload::Complete) => return file.sync_all().map_err(failed),
            None => {
                return Err(StoreError::new(
                    ErrorKind::Unavailable,
                    "the upload of an artifact was abandoned",
                ));
            }
        }
    }
}

fn read_folder(folder: &Path) -> io::Result<Vec<ArtifactEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Of the entry itself, not of what a link points to.
        let metadata = entry.metadata()?;
        let size_bytes = metadata.is_file().then_some(metadata.len());
        // All names that came in by a path are UTF-8; anything else was not put here by us.
        if let (true, Ok(name)) = (size_bytes.is_some() || metadata.is_dir(), entry.file_name().into_string())
        {
            entries.push(ArtifactEntry { name, size_bytes });
        }
    }
    Ok(entries)
}

/// Returns what is at `place` itself, not behind a link; a link is refused.
fn metadata(place: &Path, path: &ArtifactPath) -> StoreResult<Option<Metadata>> {
    match fs::symlink_metadata(place) {
        Ok(found) if found.is_symlink() => {
            let message = format!("artifact path `{}` goes through a symbolic link", path.as_str());
            Err(StoreError::invalid(message))
        }
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("look at", path, error)),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        // Another upload made it in the meantime.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// Makes names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(action: &str, path: &ArtifactPath, error: io::Error) -> StoreError {
    io_error(format!("cannot {action} artifact `{}`", path.as_str()), error)
}
