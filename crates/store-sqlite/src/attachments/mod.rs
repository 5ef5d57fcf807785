//! Attachments: bytes that were cut out of messages, each in a file that is named by its hash, `attachments/ab/abcd…`.
//!
//! A file is on the disk before the group is committed whose messages refer to it; so a crash leaves files that nothing
//! refers to, never the reverse. It is removed after its row went with the last trace that used it, unless a write that is
//! under way needs it again: those hold it, and a removal looks at what is held and at the row under the same lock.

mod file;
mod removal;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use file::attachment_path;
pub(crate) use rows::{add_uses, delete_uses, for_each, is_used, size_of, users};

use crate::error::{damaged, io_error};
use crate::store::blocking;
use bytes::Bytes;
use file::Folder;
use futures_util::{StreamExt, stream};
use lru::LruCache;
use spanwise_model::{AttachmentHash, ErrorKind};
use spanwise_otlp::attachment::{self, Attachment, Kind};
use spanwise_store::{AttachmentReader, StoreError, StoreResult};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of attachments that are kept in memory: the calls of a conversation have the same ones.
const CACHED_BYTES_MAX: usize = 16 << 20;
/// Attachments that are known to be on the disk without asking it.
const DURABLE_MAX: usize = 1 << 16;
/// Bytes that tell what an attachment is.
const HEAD_BYTES: usize = 16;

/// The attachments of a data directory.
pub(crate) struct Attachments {
    folder: Folder,
    state: Mutex<State>,
}

struct State {
    /// How many writes that are under way need each.
    held: HashMap<AttachmentHash, usize>,
    durable: HashSet<AttachmentHash>,
    cache: LruCache<AttachmentHash, Arc<[u8]>>,
    cached_bytes: usize,
}

/// Keeps attachments from being removed until the write that needs them is committed, or has failed.
pub(crate) struct Hold {
    attachments: Arc<Attachments>,
    hashes: Vec<AttachmentHash>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.attachments.state();
        for hash in &self.hashes {
            if let Some(count) = state.held.get_mut(hash) {
                *count -= 1;
                if *count == 0 {
                    state.held.remove(hash);
                }
            }
        }
    }
}

impl Attachments {
    /// Uses the folder below a data directory, and removes files that were not written to their end.
    pub(crate) fn open(data_dir: &Path) -> StoreResult<Arc<Attachments>> {
        let state = State {
            held: HashMap::new(),
            durable: HashSet::new(),
            cache: LruCache::unbounded(),
            cached_bytes: 0,
        };
        Ok(Arc::new(Attachments { folder: Folder::open(data_dir)?, state: Mutex::new(state) }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes attachments durable that a write is going to refer to. Blocks on the disk.
    pub(crate) fn keep(self: &Arc<Self>, attachments: &[Attachment]) -> StoreResult<Hold> {
        let hold = self.hold(attachments);
        for Attachment { hash, bytes } in attachments {
            if self.state().durable.contains(hash) {
                continue;
            }
            self.folder.write(hash, bytes)?;
            let mut state = self.state();
            if state.durable.len() >= DURABLE_MAX {
                state.durable.clear();
            }
            state.durable.insert(*hash);
        }
        Ok(hold)
    }

    fn hold(self: &Arc<Self>, attachments: &[Attachment]) -> Hold {
        let hashes: Vec<AttachmentHash> = attachments.iter().map(|attachment| attachment.hash).collect();
        let mut state = self.state();
        hashes.iter().for_each(|hash| *state.held.entry(*hash).or_default() += 1);
        drop(state);
        Hold { attachments: Arc::clone(self), hashes }
    }

    /// Returns the bytes of an attachment, verified.
    pub(crate) fn load(&self, hash: &AttachmentHash) -> StoreResult<Arc<[u8]>> {
        if let Some(bytes) = self.state().cache.get(hash) {
            return Ok(Arc::clone(bytes));
        }
        let bytes: Arc<[u8]> = self.folder.read(hash).map_err(|error| unreadable(hash, error))?.into();
        if attachment::hash_of(&bytes) != *hash {
            return Err(not_its_bytes(hash));
        }
        self.remember(*hash, &bytes);
        Ok(bytes)
    }

    fn remember(&self, hash: AttachmentHash, bytes: &Arc<[u8]>) {
        let mut state = self.state();
        state.cached_bytes += bytes.len();
        if let Some(old) = state.cache.put(hash, Arc::clone(bytes)) {
            state.cached_bytes -= old.len();
        }
        while state.cached_bytes > CACHED_BYTES_MAX {
            match state.cache.pop_lru() {
                Some((_, forgotten)) => state.cached_bytes -= forgotten.len(),
                None => break,
            }
        }
    }

    /// Returns a message as it came.
    pub(crate) fn whole<'a>(&self, message: &'a [u8], kind: Kind) -> StoreResult<Cow<'a, [u8]>> {
        let mut failed = None;
        let resolved = attachment::resolve(message, kind, &mut |hash| match self.load(hash) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        resolved.map_err(|error| failed.unwrap_or_else(|| damaged(format!("a stored message: {error}"))))
    }

    /// Reads a file from end to end, and says what is wrong with it.
    pub(crate) fn verify(&self, hash: &AttachmentHash, bytes: u64) -> StoreResult<()> {
        let found = self.folder.hash(hash).map_err(|error| unreadable(hash, error))?;
        if found == (*hash, bytes) { Ok(()) } else { Err(not_its_bytes(hash)) }
    }

    /// Opens an attachment that is known to be there, and reads `range` of it.
    pub(crate) async fn read(
        self: Arc<Self>,
        hash: AttachmentHash,
        size_bytes: u64,
        range: Range<u64>,
    ) -> StoreResult<AttachmentReader> {
        let (folder, from) = (Arc::clone(&self), range.start);
        let (file, head) = blocking(move || {
            // A first time to the end: bytes that were given out can't be taken back.
            folder.verify(&hash, size_bytes)?;
            folder.folder.open_at(&hash, from, HEAD_BYTES).map_err(|error| unreadable(&hash, error))
        })
        .await?;
        let left = range.end.saturating_sub(range.start);
        let chunks = stream::try_unfold((file, left), move |(file, left)| async move {
            let (chunk, file) =
                blocking(move || file::read_chunk(file, left).map_err(|error| unreadable(&hash, error)))
                    .await?;
            let left = left - chunk.len() as u64;
            Ok((!chunk.is_empty()).then_some((chunk, (file, left))))
        });
        Ok(AttachmentReader { size_bytes, head: Bytes::from(head), range, chunks: chunks.boxed() })
    }
}

/// A file that is not there may have gone with its trace: that is found out as with segments.
fn unreadable(hash: &AttachmentHash, error: io::Error) -> StoreError {
    let message = format!("cannot read attachment {hash}");
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::with_source(ErrorKind::Internal, message, error),
        _ => io_error(message, error),
    }
}

fn not_its_bytes(hash: &AttachmentHash) -> StoreError {
    damaged(format!("attachment {hash} is damaged: its bytes are not those that it is named after"))
}
