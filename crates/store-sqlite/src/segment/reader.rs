//! Reading blocks where the index says that they are.

use super::{FILE_HEADER, FILE_HEADER_BYTES, Location, segment_path};
use crate::block::{BLOCK_LENGTH_BYTES, Block, block_length};
use crate::error::{damaged, io_error};
use spanwise_store::{StoreError, StoreResult};
use std::collections::HashMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Files that are kept open for reading.
const OPEN_FILES_MAX: usize = 64;

/// Reads blocks of any segment; shared by all readers.
pub(crate) struct SegmentReader {
    folder: PathBuf,
    files: Mutex<HashMap<i64, Arc<File>>>,
}

impl SegmentReader {
    /// Reads from the files in `folder`.
    pub(crate) fn new(folder: &Path) -> SegmentReader {
        SegmentReader { folder: folder.into(), files: Mutex::new(HashMap::new()) }
    }

    /// Reads, verifies and unpacks one block.
    pub(crate) fn read(&self, location: Location) -> StoreResult<Block> {
        let bytes = self.read_bytes(location)?;
        Block::decode(&bytes).map_err(|error| self.describe(location, &error))
    }

    /// Says where a block is of which something is wrong.
    pub(crate) fn describe(&self, location: Location, error: &StoreError) -> StoreError {
        damaged(format!(
            "segment {} is damaged at byte {}: {}",
            segment_path(&self.folder, location.segment_id).display(),
            location.offset,
            error.message()
        ))
    }

    /// Returns the path of a segment.
    pub(crate) fn path(&self, segment_id: i64) -> PathBuf {
        segment_path(&self.folder, segment_id)
    }

    /// Verifies what a segment file begins with.
    pub(crate) fn check_file_header(&self, segment_id: i64) -> StoreResult<()> {
        let bytes = self.read_bytes(Location { segment_id, offset: 0, length: FILE_HEADER_BYTES })?;
        if bytes != FILE_HEADER {
            let path = segment_path(&self.folder, segment_id);
            return Err(damaged(format!("segment {} does not begin as a segment does", path.display())));
        }
        Ok(())
    }

    /// Returns the length of the block at `offset`, by its own word.
    pub(crate) fn block_length(&self, segment_id: i64, offset: u64) -> StoreResult<u64> {
        let bytes = self.read_bytes(Location { segment_id, offset, length: BLOCK_LENGTH_BYTES })?;
        block_length(&bytes).map(|length| length as u64).ok_or_else(|| {
            let path = segment_path(&self.folder, segment_id);
            damaged(format!("segment {} is damaged at byte {offset}: no block starts here", path.display()))
        })
    }

    /// Reads one block as it is stored.
    pub(crate) fn read_bytes(&self, location: Location) -> StoreResult<Vec<u8>> {
        let file = self.file(location.segment_id)?;
        let mut bytes = vec![0; location.length as usize];
        file.read_exact_at(&mut bytes, location.offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => damaged(format!(
                "segment {} ends before byte {}",
                self.path(location.segment_id).display(),
                location.offset + location.length
            )),
            _ => io_error(
                format!("cannot read segment {} at byte {}", location.segment_id, location.offset),
                error,
            ),
        })?;
        Ok(bytes)
    }

    /// Closes a file that is about to be removed.
    pub(crate) fn forget(&self, segment_id: i64) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).remove(&segment_id);
    }

    fn file(&self, segment_id: i64) -> StoreResult<Arc<File>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&segment_id) {
            return Ok(Arc::clone(file));
        }
        let path = segment_path(&self.folder, segment_id);
        let file =
            File::open(&path).map_err(|error| io_error(format!("cannot open {}", path.display()), error))?;
        if files.len() >= OPEN_FILES_MAX {
            files.clear();
        }
        let file = Arc::new(file);
        files.insert(segment_id, Arc::clone(&file));
        Ok(file)
    }
}
