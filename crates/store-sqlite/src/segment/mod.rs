//! Segment files: blocks one behind the other, only ever appended to.
//!
//! `segments/<16 digits>.seg` starts with `SPANWISE-SEG-1\n\0`. What the index database says is committed is
//! whole and on the disk; bytes behind that were never acknowledged and are cut off on opening. Each file also
//! holds the resources and scopes that its blocks refer to, so that the index can be rebuilt from segments alone.

mod file;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use file::{create_next, seal};
pub(crate) use reader::SegmentReader;
pub(crate) use writer::{SegmentWriter, encode_interned};

use std::path::{Path, PathBuf};

const FILE_HEADER: &[u8; 16] = b"SPANWISE-SEG-1\n\0";
/// Bytes before the first block.
pub(crate) const FILE_HEADER_BYTES: u64 = FILE_HEADER.len() as u64;
/// A file of this size is sealed and the next one begun.
pub(crate) const SEGMENT_BYTES_MAX: u64 = 128 << 20;

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Location {
    pub(crate) segment_id: i64,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Returns the path of a segment file.
pub(crate) fn segment_path(folder: &Path, segment_id: i64) -> PathBuf {
    folder.join(format!("{segment_id:016}.seg"))
}
