//! Builds a part from blocks: collects terms in memory, then writes them sorted.

use super::collect::{Collected, Values};
use super::part_writer::{Doc, PartMeta, PartWriter};
use super::term::{self, Field, INCOMPLETE};
use super::words::{NewWords, SeenTexts};
use crate::block::Block;
use crate::columns::Columns;
use spanwise_otlp::attachment::{Kind, with_gaps};
use spanwise_otlp::{LogRecordView, SpanView};
use spanwise_query::Word;
use spanwise_store::StoreResult;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// A builder of this size is full. Together with the limit of terms in a block this bounds its memory to about
/// 100 MiB, whatever is in the blocks.
const BUILDER_BYTES_MAX: usize = 48 << 20;

/// Longer attributes are not looked up as a whole: they rarely come twice.
const REPEATED_BYTES_MAX: usize = 128;
/// What tells an attribute's bytes from the same bytes as a text.
const ATTRIBUTE_MARK: u64 = 0x94d0_49bb_1331_11eb;

/// A part that is being collected.
#[derive(Default)]
pub(crate) struct PostingsBuilder {
    docs: Vec<Doc>,
    values: Values,
    words: Collected,
    seen: SeenTexts,
    scratch: String,
}

impl PostingsBuilder {
    /// Makes an empty builder.
    pub(crate) fn new() -> PostingsBuilder {
        PostingsBuilder::default()
    }

    /// Returns whether it is time to finish.
    pub(crate) fn is_full(&self) -> bool {
        let tables = self.values.terms.table.memory_bytes() + self.words.table.memory_bytes();
        tables + self.seen.memory_bytes() >= BUILDER_BYTES_MAX
    }

    /// Adds a block of spans; block ids ascend.
    pub(crate) fn add_spans(&mut self, doc: Doc, block: &Block, columns: &Columns) {
        self.begin(doc);
        // Without a row for each span the columns are not those of this block.
        let mut complete = columns.rows.len() == block.len();
        for (index, row) in columns.rows.iter().take(block.len()).enumerate() {
            self.values.add(Field::Name, columns.name(row));
            self.values.add(Field::Type, columns.span_type(row));
            self.values.add(Field::Status, row.status.as_str());
            self.values.add_optional(Field::Model, columns.model(row));
            self.values.add_optional(Field::Provider, columns.provider(row));
            match SpanView::parse_stored(&with_gaps(block.message(index), Kind::Span)) {
                Ok(span) => self.add_span(doc, &span),
                Err(_) => complete = false,
            }
        }
        self.end(complete);
    }

    fn add_span(&mut self, doc: Doc, span: &SpanView<'_>) {
        let PostingsBuilder { values, words, seen, scratch, .. } = self;
        let visit = |word: Word<'_>| words.add_word(word);
        let mut new_words = NewWords { seen, trace_seed: seed(doc.trace_key), scratch, visit };
        new_words.span(span);
        let mut keys = SeenKeys::default();
        for (index, attribute) in span.stored_attributes().enumerate() {
            let (key, message) = (attribute.key(), attribute.as_bytes());
            let key_hash = xxh3_64(key);
            // Of an attribute that comes twice, filters see the first.
            let is_first = !keys.may_hold(key_hash)
                || !span.stored_attributes().take(index).any(|other| other.key() == key);
            if is_first {
                // Most short attributes are the same in many spans of a block.
                if message.len() <= REPEATED_BYTES_MAX
                    && !new_words.seen.is_new_lately(xxh3_64(message) ^ ATTRIBUTE_MARK ^ seed(doc.block_id))
                {
                    continue;
                }
                values.add_attribute(attribute);
            }
            new_words.attribute(attribute, key_hash);
        }
    }

    /// Adds a block of log records; block ids ascend.
    pub(crate) fn add_logs(&mut self, doc: Doc, block: &Block) {
        self.begin(doc);
        let PostingsBuilder { words, seen, scratch, .. } = self;
        let visit = |word: Word<'_>| words.add_word(word);
        let mut new_words = NewWords { seen, trace_seed: seed(doc.trace_key), scratch, visit };
        let mut complete = true;
        for index in 0..block.len() {
            match LogRecordView::parse(&with_gaps(block.message(index), Kind::LogRecord)) {
                Ok(record) => new_words.log_record(&record),
                Err(_) => complete = false,
            }
        }
        self.end(complete);
    }

    /// Adds a block that can't be read; its trace is then in the answer to every question.
    pub(crate) fn add_unreadable(&mut self, doc: Doc) {
        self.begin(doc);
        self.end(false);
    }

    fn begin(&mut self, doc: Doc) {
        let number = self.docs.len() as u32;
        self.docs.push(doc);
        self.values.terms.begin(number);
        self.words.begin(number);
    }

    fn end(&mut self, complete: bool) {
        let kept = self.values.terms.end() & self.words.end();
        if !complete || !kept {
            self.values.terms.add_always(INCOMPLETE);
        }
    }

    /// Writes the part, which covers the blocks from `first_block_id` to `last_block_id`, to a new file at `path`.
    pub(crate) fn finish(
        self,
        path: &Path,
        first_block_id: i64,
        last_block_id: i64,
    ) -> StoreResult<PartMeta> {
        drop(self.seen);
        let mut writer = PartWriter::create(path)?;
        self.values.terms.table.for_each_sorted(|term, docs| writer.push(term, docs))?;
        let mut term = Vec::new();
        // The tag of words is greater than all others, so they follow.
        self.words.table.for_each_sorted(|word, docs| {
            term::write_word(word, &mut term);
            writer.push(&term, docs)
        })?;
        writer.finish(first_block_id, last_block_id, &self.docs)
    }
}

/// Keys of one span's attributes, as bits that they share with others: tells at once of most that they did not come
/// before.
#[derive(Default)]
struct SeenKeys([u64; 4]);

impl SeenKeys {
    /// Adds a key by its hash, and returns whether it may have been there.
    fn may_hold(&mut self, hash: u64) -> bool {
        let (word, mask) = ((hash >> 6) as usize % self.0.len(), 1 << (hash % 64));
        let had = self.0[word] & mask != 0;
        self.0[word] |= mask;
        had
    }
}

/// Returns what makes the hashes of one trace (or block) differ from those of another.
fn seed(key: i64) -> u64 {
    key.cast_unsigned().wrapping_mul(0x9fb2_1c65_1e98_df25)
}
