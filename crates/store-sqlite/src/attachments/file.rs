//! The files of attachments, synchronous.

use crate::error::io_error;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use spanwise_model::AttachmentHash;
use spanwise_store::StoreResult;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The folder of all attachments in a data directory.
const FOLDER: &str = "attachments";
/// Where files are until they are whole.
const INCOMING: &str = "incoming";
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// Digits of a hash that its folder is named by.
const SHARD_DIGITS: usize = 2;

/// Returns where an attachment is.
pub(crate) fn attachment_path(data_dir: &Path, hash: &AttachmentHash) -> PathBuf {
    path_in(&data_dir.join(FOLDER), hash)
}

fn path_in(root: &Path, hash: &AttachmentHash) -> PathBuf {
    let name = hash.to_string();
    root.join(&name[..SHARD_DIGITS]).join(name)
}

/// The folder of all attachments.
pub(super) struct Folder {
    root: PathBuf,
    /// Files that were begun, which names the next one.
    begun: AtomicU64,
    /// Folders whose names are on the disk.
    durable: Mutex<HashSet<PathBuf>>,
}

impl Folder {
    pub(super) fn open(data_dir: &Path) -> StoreResult<Folder> {
        let root = data_dir.join(FOLDER);
        let incoming = root.join(INCOMING);
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(format!("cannot remove {}", incoming.display()), error));
            }
            _ => {}
        }
        Ok(Folder { root, begun: AtomicU64::new(0), durable: Mutex::default() })
    }

    /// Writes a file, durably, if it is not there. Another thread may be about to write the same.
    pub(super) fn write(&self, hash: &AttachmentHash, bytes: &[u8]) -> StoreResult<()> {
        let target = path_in(&self.root, hash);
        let failed = |error| io_error(format!("cannot write attachment {hash}"), error);
        let folder = target.parent().unwrap_or(&self.root);
        let is_there = fs::metadata(&target).is_ok_and(|file| file.len() == bytes.len() as u64);
        // Also if it was there: who put it there may not have come to this yet, or was a process that was killed.
        self.ensure_folder(folder).map_err(failed)?;
        if !is_there {
            self.write_new(&target, bytes).map_err(failed)?;
        }
        sync_folder(folder).map_err(failed)
    }

    fn write_new(&self, target: &Path, bytes: &[u8]) -> io::Result<()> {
        let incoming = self.root.join(INCOMING);
        fs::create_dir_all(&incoming)?;
        let temporary = incoming.join(self.begun.fetch_add(1, Ordering::Relaxed).to_string());
        let written = File::create_new(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        let moved = written.and_then(|()| fs::rename(&temporary, target));
        if moved.is_err() {
            // What can't be removed now is removed when the store is opened again.
            let _ = fs::remove_file(&temporary);
        }
        moved
    }

    /// Makes a folder and those above it, durably.
    fn ensure_folder(&self, folder: &Path) -> io::Result<()> {
        let durable = || self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable().contains(folder) {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        sync_folder(&self.root)?;
        self.root.parent().map_or(Ok(()), sync_folder)?;
        durable().insert(folder.to_owned());
        Ok(())
    }

    pub(super) fn read(&self, hash: &AttachmentHash) -> io::Result<Vec<u8>> {
        fs::read(path_in(&self.root, hash))
    }

    /// Returns what a file's bytes are named, and how many there are.
    pub(super) fn hash(&self, hash: &AttachmentHash) -> io::Result<(AttachmentHash, u64)> {
        let mut file = File::open(path_in(&self.root, hash))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let (mut hasher, mut bytes) = (Sha256::new(), 0);
        loop {
            match file.read(&mut chunk)? {
                0 => return Ok((AttachmentHash(hasher.finalize().into()), bytes)),
                count => {
                    hasher.update(&chunk[..count]);
                    bytes += count as u64;
                }
            }
        }
    }

    /// Opens a file to read from a place, and reads its first bytes beside.
    pub(super) fn open_at(
        &self,
        hash: &AttachmentHash,
        from: u64,
        head_bytes: usize,
    ) -> io::Result<(File, Vec<u8>)> {
        let mut file = File::open(path_in(&self.root, hash))?;
        let mut head = Vec::with_capacity(head_bytes);
        (&file).take(head_bytes as u64).read_to_end(&mut head)?;
        file.seek(SeekFrom::Start(from))?;
        Ok((file, head))
    }

    /// Removes a file, also if there is none.
    pub(super) fn remove(&self, hash: &AttachmentHash) -> io::Result<()> {
        match fs::remove_file(path_in(&self.root, hash)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Calls `visit` for each file; what is named otherwise is not ours.
    pub(super) fn for_each(&self, mut visit: impl FnMut(AttachmentHash)) -> io::Result<()> {
        let shards = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            shards => shards?,
        };
        for shard in shards {
            let shard = shard?;
            if shard.file_name().len() != SHARD_DIGITS || !shard.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(shard.path())? {
                if let Some(hash) = file?.file_name().to_str().and_then(|name| name.parse().ok()) {
                    visit(hash);
                }
            }
        }
        Ok(())
    }
}

/// Reads the next chunk, of `left` bytes at most; an empty one is the end.
pub(super) fn read_chunk(file: File, left: u64) -> io::Result<(Bytes, File)> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    (&file).take(left.min(CHUNK_BYTES as u64)).read_to_end(&mut chunk)?;
    Ok((chunk.into(), file))
}

/// Makes names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
