//! The pages of a column: their headers, and their bytes as they are before compression.

use super::thrift::{Broken, Reader, Thrift};
use super::{PAGE_BYTES_MAX, PAGE_HEADER_BYTES_MAX};
use crate::TableError;
use std::io::{Read, Seek, SeekFrom};

/// What pages are read from.
pub(super) trait Source: Read + Seek {}

impl<T: Read + Seek> Source for T {}

/// A page as it is in the file.
pub(super) struct RawPage {
    pub(super) header: Thrift,
    pub(super) bytes: Vec<u8>,
    /// How many bytes it is before compression.
    pub(super) unpacked: usize,
    /// Where the next page is.
    pub(super) end: u64,
}

/// How much is read at first to find the end of a header.
const HEADER_BYTES_FIRST: usize = 4 << 10;

/// Reads the page at a place of the file.
pub(super) fn read_page(source: &mut dyn Source, at: u64) -> Result<RawPage, TableError> {
    let mut wanted = HEADER_BYTES_FIRST;
    loop {
        let head = read_at(source, at, wanted)?;
        let mut reader = Reader { bytes: &head };
        match reader.read_struct() {
            Ok(header) => {
                let used = head.len() - reader.bytes.len();
                return body(source, header, at + used as u64);
            }
            Err(Broken::Short) if head.len() == wanted && wanted < PAGE_HEADER_BYTES_MAX => wanted *= 8,
            Err(broken) => return Err(broken.into()),
        }
    }
}

fn body(source: &mut dyn Source, header: Thrift, at: u64) -> Result<RawPage, TableError> {
    let unpacked = header.size(2, "length of a page")? as usize;
    let packed = header.size(3, "length of a page")? as usize;
    if packed > PAGE_BYTES_MAX || unpacked > PAGE_BYTES_MAX {
        return Err(TableError::Unsupported(format!("pages of more than {PAGE_BYTES_MAX} bytes")));
    }
    let bytes = read_at(source, at, packed)?;
    if bytes.len() < packed {
        return Err(TableError::damaged("it ends within a page"));
    }
    Ok(RawPage { header, bytes, unpacked, end: at + packed as u64 })
}

/// Reads so many bytes, or fewer at the end of the file.
pub(super) fn read_at(source: &mut dyn Source, at: u64, count: usize) -> Result<Vec<u8>, TableError> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
