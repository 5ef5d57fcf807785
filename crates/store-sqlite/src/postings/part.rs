//! Reads a part: a small directory in memory, everything else by positioned reads when it is asked for.

use super::doc_set::DocSet;
use super::list::{self, Encoding};
use super::memo::Memo;
use super::part_writer::{
    self, CHUNK_DOCS, CRC_BYTES, DOC_BYTES, Doc, FOOTER_BYTES, Footer, HEADER_BYTES, PartMeta, is_crc_of,
};
use super::term::TERM_BYTES_MAX;
use super::trace_set::TraceSet;
use crate::block::Input;
use crate::error::{damaged, io_error};
use spanwise_store::{StoreError, StoreResult};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// An open part of the index. Its file never changes.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    file: File,
    bytes: u64,
    footer: Footer,
    directory: Vec<DictionaryBlock>,
    /// Set when something that was read failed its check.
    damaged: AtomicBool,
    /// What was found out about its words.
    pub(super) memo: Memo,
}

/// Where a block of the dictionary is, and the first term in it.
#[derive(Debug)]
struct DictionaryBlock {
    first_term: Box<[u8]>,
    offset: u64,
    length: u32,
}

/// Where the list of a term is.
#[derive(Debug, Clone)]
pub(crate) enum ListPlace {
    /// In the dictionary block that is being read.
    Inline(std::ops::Range<usize>, Encoding),
    /// Elsewhere in the file.
    Outside { offset: u64, length: u64, encoding: Encoding },
}

impl Part {
    /// Opens the file and verifies its footer and directory; the rest is verified as it is read.
    pub(crate) fn open(path: &Path) -> StoreResult<Part> {
        let describe = || format!("cannot read {}", path.display());
        let file = File::open(path).map_err(|error| io_error(describe(), error))?;
        let bytes = file.metadata().map_err(|error| io_error(describe(), error))?.len();
        let name = |error: StoreError| damaged(format!("{} is damaged: {}", path.display(), error.message()));
        let footer = read_footer(&file, bytes).map_err(name)?;
        let directory = read_directory(&file, bytes, &footer).map_err(name)?;
        Ok(Part {
            path: path.into(),
            file,
            bytes,
            footer,
            directory,
            damaged: AtomicBool::new(false),
            memo: Memo::default(),
        })
    }

    /// Returns what it covers.
    pub(crate) fn meta(&self) -> PartMeta {
        PartMeta {
            first_block_id: self.footer.first_block_id,
            last_block_id: self.footer.last_block_id,
            doc_count: self.footer.doc_count,
            bytes: self.bytes,
        }
    }

    /// Returns whether damage was found since it was opened.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// Returns the path of its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the documents that have exactly this term to `docs`.
    pub(crate) fn lookup(&self, term: &[u8], docs: &mut DocSet) -> StoreResult<()> {
        let mut terms = self.terms_from(term);
        if terms.next()? && terms.term() == term {
            terms.read_list(&mut |doc| docs.insert(doc))?;
        }
        Ok(())
    }

    /// Returns a cursor before the first term that is not less than `start`.
    pub(crate) fn terms_from(&self, start: &[u8]) -> Terms<'_> {
        let after = self.directory.partition_point(|block| block.first_term.as_ref() <= start);
        Terms {
            part: self,
            next_block: after.saturating_sub(1),
            block: Vec::new(),
            at: 0,
            term: Vec::with_capacity(TERM_BYTES_MAX),
            list: ListPlace::Inline(0..0, Encoding::Deltas),
            start: start.into(),
        }
    }

    /// Adds the traces of `docs` to `traces`.
    pub(crate) fn add_traces(&self, docs: &DocSet, traces: &mut TraceSet) -> StoreResult<()> {
        for chunk in 0..self.chunk_count() {
            let first = chunk * CHUNK_DOCS;
            if docs.has_any(first..first + CHUNK_DOCS) {
                let table = self.read_chunk(chunk)?;
                traces.extend(
                    docs.iter_range(first..first + table.len()).map(|doc| table[doc - first].trace_key),
                );
            }
        }
        Ok(())
    }

    /// Returns all documents in order.
    pub(crate) fn docs(&self) -> StoreResult<Vec<Doc>> {
        let mut docs = Vec::with_capacity(self.footer.doc_count as usize);
        for chunk in 0..self.chunk_count() {
            docs.extend(self.read_chunk(chunk)?);
        }
        Ok(docs)
    }

    /// Returns the first and last trace key that its documents may have, or `None` if it has none.
    pub(crate) fn trace_keys(&self) -> Option<(i64, i64)> {
        let base = self.footer.base_trace_key;
        (self.footer.doc_count > 0).then(|| (base, base.saturating_add(self.footer.trace_key_span.into())))
    }

    /// Returns an empty set of its documents.
    pub(crate) fn no_docs(&self) -> DocSet {
        DocSet::new(self.footer.doc_count)
    }

    /// Returns the set of all its documents.
    pub(crate) fn all_docs(&self) -> DocSet {
        let mut docs = self.no_docs();
        (0..self.footer.doc_count).for_each(|doc| docs.insert(doc));
        docs
    }

    /// Reads everything and verifies it.
    pub(crate) fn verify(&self) -> StoreResult<()> {
        let mut terms = self.terms_from(&[]);
        let mut count = 0;
        while terms.next()? {
            terms.read_list(&mut |_| ())?;
            count += 1;
        }
        if count != self.footer.term_count {
            return Err(self.damaged(&format!("it has {count} terms instead of {}", self.footer.term_count)));
        }
        self.docs().map(|_| ())
    }

    fn chunk_count(&self) -> usize {
        (self.footer.doc_count as usize).div_ceil(CHUNK_DOCS)
    }

    fn read_chunk(&self, chunk: usize) -> StoreResult<Vec<Doc>> {
        let first = chunk * CHUNK_DOCS;
        let count = CHUNK_DOCS.min(self.footer.doc_count as usize - first);
        let offset = self.footer.docs_offset + (first * DOC_BYTES + chunk * CRC_BYTES) as u64;
        let bytes = self.read_checked(offset, (count * DOC_BYTES) as u64)?;
        let number =
            |bytes: &[u8]| i64::from(u32::from_le_bytes(bytes.try_into().expect("halves of 8 bytes")));
        let docs = bytes.chunks_exact(DOC_BYTES).map(|doc| Doc {
            block_id: self.footer.first_block_id.saturating_add(number(&doc[..4])),
            trace_key: self.footer.base_trace_key.saturating_add(number(&doc[4..])),
        });
        Ok(docs.collect())
    }

    /// Reads bytes that are followed by their checksum.
    fn read_checked(&self, offset: u64, length: u64) -> StoreResult<Vec<u8>> {
        read_checked(&self.file, self.bytes, offset, length).map_err(|error| self.damaged(error.message()))
    }

    fn damaged(&self, what: &str) -> StoreError {
        self.damaged.store(true, Ordering::Relaxed);
        damaged(format!("{} is damaged: {what}", self.path.display()))
    }
}

fn read_checked(file: &File, file_bytes: u64, offset: u64, length: u64) -> StoreResult<Vec<u8>> {
    let end = offset.checked_add(length).and_then(|end| end.checked_add(CRC_BYTES as u64));
    if end.is_none_or(|end| end > file_bytes) {
        return Err(damaged(format!("{length} bytes at {offset} are more than the file has")));
    }
    let mut bytes = vec![0; length as usize + CRC_BYTES];
    file.read_exact_at(&mut bytes, offset)
        .map_err(|error| damaged(format!("{length} bytes at {offset} cannot be read: {error}")))?;
    let crc = bytes.split_off(length as usize);
    if !is_crc_of(&bytes, &crc) {
        return Err(damaged(format!("the checksum of {length} bytes at {offset} is wrong")));
    }
    Ok(bytes)
}

fn read_footer(file: &File, file_bytes: u64) -> StoreResult<Footer> {
    let Some(start) = file_bytes.checked_sub(FOOTER_BYTES as u64).filter(|start| *start >= HEADER_BYTES)
    else {
        return Err(damaged(format!("{file_bytes} bytes are too few")));
    };
    let mut header = [0; HEADER_BYTES as usize];
    file.read_exact_at(&mut header, 0)
        .map_err(|error| damaged(format!("its start cannot be read: {error}")))?;
    if header != part_writer::header() {
        return Err(damaged("its first bytes are not those of a part of a known version"));
    }
    let mut bytes = [0; FOOTER_BYTES];
    file.read_exact_at(&mut bytes, start)
        .map_err(|error| damaged(format!("its end cannot be read: {error}")))?;
    let footer = Footer::decode(&bytes)?;
    // The table's length bounds the number of documents, and so the memory that a set of them takes.
    let docs = u64::from(footer.doc_count);
    let docs_end = footer
        .docs_offset
        .checked_add(docs * DOC_BYTES as u64 + docs.div_ceil(CHUNK_DOCS as u64) * CRC_BYTES as u64);
    if footer.docs_offset < HEADER_BYTES
        || docs_end != Some(footer.directory_offset)
        || footer.directory_offset > start
    {
        return Err(damaged("its footer holds impossible offsets"));
    }
    Ok(footer)
}

fn read_directory(file: &File, file_bytes: u64, footer: &Footer) -> StoreResult<Vec<DictionaryBlock>> {
    let length = file_bytes - FOOTER_BYTES as u64 - footer.directory_offset;
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, footer.directory_offset)
        .map_err(|error| damaged(format!("its directory cannot be read: {error}")))?;
    if !is_crc_of(&bytes, &footer.directory_crc.to_le_bytes()) {
        return Err(damaged("the checksum of its directory is wrong"));
    }
    let mut input = Input(&bytes);
    let mut directory = Vec::new();
    let mut offset = 0_u64;
    while !input.0.is_empty() {
        let term_length = input.varint()? as usize;
        let first_term = input.take(term_length)?.into();
        offset = offset.saturating_add(input.varint()?);
        let length = u32::try_from(input.varint()?).map_err(|_| damaged("a dictionary block is too long"))?;
        directory.push(DictionaryBlock { first_term, offset, length });
    }
    Ok(directory)
}

/// A cursor over terms in order.
pub(crate) struct Terms<'a> {
    part: &'a Part,
    next_block: usize,
    block: Vec<u8>,
    at: usize,
    term: Vec<u8>,
    list: ListPlace,
    /// Terms below this are passed over.
    start: Vec<u8>,
}

impl Terms<'_> {
    /// Moves to the next term; returns false at the end.
    pub(crate) fn next(&mut self) -> StoreResult<bool> {
        loop {
            if self.at == self.block.len() {
                let Some(block) = self.part.directory.get(self.next_block) else { return Ok(false) };
                self.block = self.part.read_checked(block.offset, block.length.into())?;
                self.next_block += 1;
                self.at = 0;
                self.term.clear();
                continue;
            }
            self.read_entry().map_err(|error| self.part.damaged(error.message()))?;
            if self.term >= self.start {
                return Ok(true);
            }
        }
    }

    /// Returns whether the next step reads from the file.
    pub(crate) fn at_block_end(&self) -> bool {
        self.at == self.block.len()
    }

    /// Returns the term that the cursor is at.
    pub(crate) fn term(&self) -> &[u8] {
        &self.term
    }

    /// Calls `each` with the documents of that term in order.
    pub(crate) fn read_list(&self, each: &mut dyn FnMut(u32)) -> StoreResult<()> {
        let doc_count = self.part.footer.doc_count;
        let decoded = match &self.list {
            ListPlace::Inline(range, encoding) => {
                list::decode(&self.block[range.clone()], *encoding, doc_count, each)
            }
            ListPlace::Outside { offset, length, encoding } => {
                list::decode(&self.part.read_checked(*offset, *length)?, *encoding, doc_count, each)
            }
        };
        decoded.map_err(|error| self.part.damaged(error.message()))
    }

    fn read_entry(&mut self) -> StoreResult<()> {
        let mut input = Input(&self.block[self.at..]);
        let shared = input.varint()? as usize;
        let length = input.varint()? as usize;
        let rest = input.take(length)?;
        if shared > self.term.len() || shared + length > TERM_BYTES_MAX {
            return Err(damaged("a term does not fit the one before it"));
        }
        self.term.truncate(shared);
        self.term.extend_from_slice(rest);
        let head = input.varint()?;
        let encoding = if head & 1 == 1 { Encoding::Bitmap } else { Encoding::Deltas };
        let length = head >> 2;
        self.list = if head & 2 == 2 {
            ListPlace::Outside { offset: input.varint()?, length, encoding }
        } else {
            let start = self.block.len() - input.0.len();
            ListPlace::Inline(start..start + input.take(length as usize)?.len(), encoding)
        };
        self.at = self.block.len() - input.0.len();
        Ok(())
    }
}
