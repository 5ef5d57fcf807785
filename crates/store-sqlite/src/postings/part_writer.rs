//! Writes the file of a part, front to back, from terms in order.
//!
//! ```text
//! header: magic "SWPOST" | version u16
//! per dictionary block: its lists of more than INLINE_BYTES_MAX, each with its crc | entries | crc
//! document table: chunks of (block − first block u32, trace − base trace u32), each chunk with its crc
//! directory: per dictionary block: length and bytes of its first term, offset − previous, length
//! footer (see Footer), the last part of it a crc and the magic again
//! ```
//!
//! An entry: length shared with the term before, length of the rest, the rest, then the list: `bytes << 2 |
//! outside << 1 | bitmap`, and either the bytes or where in the file they are. Integers are LEB128 where no width is
//! given, else little-endian. Nothing is read that is not under a crc32c.

use super::list::{self, Encoding};
use crate::block::{Input, write_varint};
use crate::error::{damaged, io_error};
use spanwise_store::StoreResult;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 6] = b"SWPOST";
const VERSION: u16 = 1;
pub(crate) const HEADER_BYTES: u64 = 8;
pub(crate) const FOOTER_BYTES: usize = 72;
pub(crate) const CRC_BYTES: usize = 4;
/// A dictionary block ends with the entry that brings it to this size: the unit of reading.
const DICTIONARY_BLOCK_BYTES: usize = 16 << 10;
/// Longest list that stands in the dictionary itself; most terms have one document.
const INLINE_BYTES_MAX: usize = 16;
/// Documents in one chunk of the document table.
pub(crate) const CHUNK_DOCS: usize = 512;
pub(crate) const DOC_BYTES: usize = 8;

/// Returns the first bytes of a file.
pub(crate) fn header() -> [u8; HEADER_BYTES as usize] {
    let mut header = [0; HEADER_BYTES as usize];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[MAGIC.len()..].copy_from_slice(&VERSION.to_le_bytes());
    header
}

/// Returns whether `crc` is the checksum of `bytes`. A fuzzer can't guess checksums and has to get behind them.
pub(crate) fn is_crc_of(bytes: &[u8], crc: &[u8]) -> bool {
    cfg!(fuzzing) || crc == crc32c::crc32c(bytes).to_le_bytes()
}

/// A document of the index: a block as it was when the part was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doc {
    /// The block's id.
    pub(crate) block_id: i64,
    /// The trace that it belongs to.
    pub(crate) trace_key: i64,
}

/// What is known of a whole part without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartMeta {
    /// First block id that the part covers.
    pub(crate) first_block_id: i64,
    /// Last block id that the part covers; whether a block in between exists does not matter.
    pub(crate) last_block_id: i64,
    /// Documents.
    pub(crate) doc_count: u32,
    /// Bytes of the file.
    pub(crate) bytes: u64,
}

/// The end of the file: where everything else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) docs_offset: u64,
    pub(crate) directory_offset: u64,
    pub(crate) first_block_id: i64,
    pub(crate) last_block_id: i64,
    pub(crate) base_trace_key: i64,
    pub(crate) doc_count: u32,
    pub(crate) directory_crc: u32,
    pub(crate) term_count: u64,
    /// Largest trace key − base.
    pub(crate) trace_key_span: u32,
}

impl Footer {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER_BYTES);
        out.extend_from_slice(&self.docs_offset.to_le_bytes());
        out.extend_from_slice(&self.directory_offset.to_le_bytes());
        out.extend_from_slice(&self.first_block_id.to_le_bytes());
        out.extend_from_slice(&self.last_block_id.to_le_bytes());
        out.extend_from_slice(&self.base_trace_key.to_le_bytes());
        out.extend_from_slice(&self.doc_count.to_le_bytes());
        out.extend_from_slice(&self.directory_crc.to_le_bytes());
        out.extend_from_slice(&self.term_count.to_le_bytes());
        out.extend_from_slice(&self.trace_key_span.to_le_bytes());
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out.extend_from_slice(MAGIC);
        out
    }

    /// Reads the last [`FOOTER_BYTES`] of a file.
    pub(crate) fn decode(bytes: &[u8; FOOTER_BYTES]) -> StoreResult<Footer> {
        let (summed, sum) = bytes.split_at(FOOTER_BYTES - MAGIC.len() - CRC_BYTES);
        if &sum[CRC_BYTES..] != MAGIC {
            return Err(damaged("its last bytes are not those of a part"));
        }
        if !is_crc_of(summed, &sum[..CRC_BYTES]) {
            return Err(damaged("the checksum of its footer is wrong"));
        }
        let mut input = Input(summed);
        let footer = Footer {
            docs_offset: u64::from_le_bytes(input.array()?),
            directory_offset: u64::from_le_bytes(input.array()?),
            first_block_id: i64::from_le_bytes(input.array()?),
            last_block_id: i64::from_le_bytes(input.array()?),
            base_trace_key: i64::from_le_bytes(input.array()?),
            doc_count: u32::from_le_bytes(input.array()?),
            directory_crc: u32::from_le_bytes(input.array()?),
            term_count: u64::from_le_bytes(input.array()?),
            trace_key_span: u32::from_le_bytes(input.array()?),
        };
        match u16::from_le_bytes(input.array()?) {
            VERSION => Ok(footer),
            version => {
                Err(damaged(format!("its version {version} is not known; this build knows {VERSION}")))
            }
        }
    }
}

/// A part that is being written. Without [`PartWriter::finish`] the file is unfinished and nobody opens it.
pub(crate) struct PartWriter {
    path: PathBuf,
    out: BufWriter<File>,
    position: u64,
    /// Entries of the dictionary block that is being filled.
    block: Vec<u8>,
    first_term: Vec<u8>,
    last_term: Vec<u8>,
    list: Vec<u8>,
    directory: Vec<u8>,
    last_offset: u64,
    term_count: u64,
}

impl PartWriter {
    /// Creates the file, replacing one that an interrupted run may have left.
    pub(crate) fn create(path: &Path) -> StoreResult<PartWriter> {
        let file = File::create(path)
            .map_err(|error| io_error(format!("cannot create {}", path.display()), error))?;
        let mut writer = PartWriter {
            path: path.into(),
            out: BufWriter::with_capacity(256 << 10, file),
            position: 0,
            block: Vec::new(),
            first_term: Vec::new(),
            last_term: Vec::new(),
            list: Vec::new(),
            directory: Vec::new(),
            last_offset: 0,
            term_count: 0,
        };
        writer.write(&header())?;
        Ok(writer)
    }

    /// Adds a term, greater than all before it, and its documents, ascending.
    pub(crate) fn push(&mut self, term: &[u8], docs: &[u32]) -> StoreResult<()> {
        if docs.is_empty() {
            return Ok(());
        }
        self.list.clear();
        let encoding = list::encode(docs, &mut self.list);
        let outside = (self.list.len() > INLINE_BYTES_MAX).then_some(self.position);
        if outside.is_some() {
            let list = std::mem::take(&mut self.list);
            self.write(&list)?;
            self.write(&crc32c::crc32c(&list).to_le_bytes())?;
            self.list = list;
        }
        self.push_entry(term, encoding, outside);
        if self.block.len() >= DICTIONARY_BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(())
    }

    fn push_entry(&mut self, term: &[u8], encoding: Encoding, outside: Option<u64>) {
        if self.block.is_empty() {
            self.last_term.clear();
            self.first_term.clear();
            self.first_term.extend_from_slice(term);
        }
        let shared = self.last_term.iter().zip(term).take_while(|(left, right)| left == right).count();
        write_varint(&mut self.block, shared as u64);
        write_varint(&mut self.block, (term.len() - shared) as u64);
        self.block.extend_from_slice(&term[shared..]);
        let flags = u64::from(outside.is_some()) << 1 | u64::from(encoding == Encoding::Bitmap);
        write_varint(&mut self.block, (self.list.len() as u64) << 2 | flags);
        match outside {
            Some(offset) => write_varint(&mut self.block, offset),
            None => self.block.extend_from_slice(&self.list),
        }
        self.last_term.truncate(shared);
        self.last_term.extend_from_slice(&term[shared..]);
        self.term_count += 1;
    }

    fn end_block(&mut self) -> StoreResult<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        write_varint(&mut self.directory, self.first_term.len() as u64);
        self.directory.extend_from_slice(&self.first_term);
        write_varint(&mut self.directory, self.position - self.last_offset);
        write_varint(&mut self.directory, self.block.len() as u64);
        self.last_offset = self.position;
        let block = std::mem::take(&mut self.block);
        self.write(&block)?;
        self.write(&crc32c::crc32c(&block).to_le_bytes())?;
        self.block = block;
        self.block.clear();
        Ok(())
    }

    /// Writes the tables and the footer. Syncing the file and its folder is the caller's.
    pub(crate) fn finish(
        mut self,
        first_block_id: i64,
        last_block_id: i64,
        docs: &[Doc],
    ) -> StoreResult<PartMeta> {
        self.end_block()?;
        let docs_offset = self.position;
        let base_trace_key = docs.iter().map(|doc| doc.trace_key).min().unwrap_or(0);
        for chunk in docs.chunks(CHUNK_DOCS) {
            let bytes = encode_docs(chunk, first_block_id, base_trace_key)?;
            self.write(&bytes)?;
            self.write(&crc32c::crc32c(&bytes).to_le_bytes())?;
        }
        let footer = Footer {
            docs_offset,
            directory_offset: self.position,
            first_block_id,
            last_block_id,
            base_trace_key,
            doc_count: docs.len() as u32,
            directory_crc: crc32c::crc32c(&self.directory),
            term_count: self.term_count,
            // The difference was checked when the documents were written.
            trace_key_span: docs.iter().map(|doc| (doc.trace_key - base_trace_key) as u32).max().unwrap_or(0),
        };
        let directory = std::mem::take(&mut self.directory);
        self.write(&directory)?;
        self.write(&footer.encode())?;
        self.out.flush().map_err(|error| io_error(format!("cannot write {}", self.path.display()), error))?;
        Ok(PartMeta { first_block_id, last_block_id, doc_count: docs.len() as u32, bytes: self.position })
    }

    fn write(&mut self, bytes: &[u8]) -> StoreResult<()> {
        self.position += bytes.len() as u64;
        self.out
            .write_all(bytes)
            .map_err(|error| io_error(format!("cannot write {}", self.path.display()), error))
    }
}

fn encode_docs(docs: &[Doc], first_block_id: i64, base_trace_key: i64) -> StoreResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(docs.len() * DOC_BYTES);
    for doc in docs {
        for (id, base) in [(doc.block_id, first_block_id), (doc.trace_key, base_trace_key)] {
            let difference = id.checked_sub(base).and_then(|difference| u32::try_from(difference).ok());
            let difference = difference.ok_or_else(|| {
                damaged(format!("block {} of trace {} is too far from {base}", doc.block_id, doc.trace_key))
            })?;
            bytes.extend_from_slice(&difference.to_le_bytes());
        }
    }
    Ok(bytes)
}
