//! Builds a part from blocks: collects terms in memory, then writes them sorted.

use super::part_writer::{Doc, PartMeta, PartWriter};
use super::table::TermTable;
use super::term::{self, Field, INCOMPLETE};
use super::words::{NewWords, SeenTexts};
use crate::block::Block;
use crate::columns::Columns;
use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView, pyjson};
use spanwise_store::StoreResult;
use std::path::Path;

/// Terms of one block that are kept; a block with more is in the answer to every question. Together with
/// [`BUILDER_BYTES_MAX`] this bounds the memory of a builder to about 100 MiB, whatever is in the blocks.
const BLOCK_TERMS_MAX: usize = 1 << 19;
/// A builder of this size is full.
const BUILDER_BYTES_MAX: usize = 48 << 20;

/// A part that is being collected.
#[derive(Default)]
pub(crate) struct PostingsBuilder {
    docs: Vec<Doc>,
    values: TermTable,
    words: TermTable,
    seen: SeenTexts,
    term: Vec<u8>,
    text: String,
    /// Terms that the current block may still have.
    terms_left: usize,
    incomplete: bool,
}

impl PostingsBuilder {
    /// Makes an empty builder.
    pub(crate) fn new() -> PostingsBuilder {
        PostingsBuilder::default()
    }

    /// Returns whether it is time to finish.
    pub(crate) fn is_full(&self) -> bool {
        self.values.memory_bytes() + self.words.memory_bytes() + self.seen.memory_bytes() >= BUILDER_BYTES_MAX
    }

    /// Adds a block of spans; block ids ascend.
    pub(crate) fn add_spans(&mut self, doc: Doc, block: &Block, columns: &Columns) {
        self.begin(doc);
        // Without a row for each span the columns are not those of this block.
        self.incomplete |= columns.rows.len() != block.len();
        for (index, row) in columns.rows.iter().take(block.len()).enumerate() {
            self.add_value(Field::Name, columns.name(row));
            self.add_value(Field::Type, columns.span_type(row));
            self.add_value(Field::Status, row.status.as_str());
            self.add_optional(Field::Model, columns.model(row));
            self.add_optional(Field::Provider, columns.provider(row));
            match SpanView::parse(block.message(index)) {
                Ok(span) => self.add_span(&span, doc.trace_key),
                Err(_) => self.incomplete = true,
            }
        }
        self.end();
    }

    /// Adds a block of log records; block ids ascend.
    pub(crate) fn add_logs(&mut self, doc: Doc, block: &Block) {
        self.begin(doc);
        for index in 0..block.len() {
            match LogRecordView::parse(block.message(index)) {
                Ok(record) => self.add_words(doc.trace_key, |words| words.log_record(&record)),
                Err(_) => self.incomplete = true,
            }
        }
        self.end();
    }

    /// Adds a block that can't be read; its trace is then in the answer to every question.
    pub(crate) fn add_unreadable(&mut self, doc: Doc) {
        self.begin(doc);
        self.incomplete = true;
        self.end();
    }

    /// Writes the part, which covers the blocks from `first_block_id` to `last_block_id`, to a new file at `path`.
    pub(crate) fn finish(
        self,
        path: &Path,
        first_block_id: i64,
        last_block_id: i64,
    ) -> StoreResult<PartMeta> {
        let mut writer = PartWriter::create(path)?;
        self.values.for_each_sorted(|term, docs| writer.push(term, docs))?;
        let mut term = Vec::new();
        // The tag of words is greater than all others, so they follow.
        self.words.for_each_sorted(|word, docs| {
            term::write_word(word, &mut term);
            writer.push(&term, docs)
        })?;
        writer.finish(first_block_id, last_block_id, &self.docs)
    }

    fn begin(&mut self, doc: Doc) {
        self.docs.push(doc);
        self.terms_left = BLOCK_TERMS_MAX;
        self.incomplete = false;
    }

    fn end(&mut self) {
        if self.incomplete {
            self.values.add(INCOMPLETE, self.current());
        }
    }

    fn current(&self) -> u32 {
        self.docs.len() as u32 - 1
    }

    fn add_span(&mut self, span: &SpanView<'_>, trace_key: i64) {
        for (key, value) in span.attributes() {
            self.add_attribute(key, value);
        }
        self.add_words(trace_key, |words| words.span(span));
    }

    fn add_attribute(&mut self, key: &str, value: AnyValueView<'_>) {
        let field = Field::Attribute(key);
        if let AnyValueView::String(text) = value {
            return self.add_value(field, text);
        }
        if is_surely_long(value) {
            term::write_long(field, &mut self.term);
            return self.add_term();
        }
        self.text.clear();
        pyjson::write_json(value, &mut self.text);
        term::write_value(field, &self.text, &mut self.term);
        self.add_term();
    }

    fn add_optional(&mut self, field: Field<'_>, value: Option<&str>) {
        if let Some(value) = value {
            self.add_value(field, value);
        }
    }

    fn add_value(&mut self, field: Field<'_>, value: &str) {
        term::write_value(field, value, &mut self.term);
        self.add_term();
    }

    fn add_term(&mut self) {
        let doc = self.current();
        if self.terms_left == 0 {
            self.incomplete = true;
        } else if self.values.add(&self.term, doc) {
            self.terms_left -= 1;
        }
    }

    fn add_words(&mut self, trace_key: i64, visit_all: impl FnOnce(&mut NewWords<'_>)) {
        let doc = self.current();
        let (table, left, incomplete) = (&mut self.words, &mut self.terms_left, &mut self.incomplete);
        let mut visit = |word: &str| {
            if *left == 0 {
                *incomplete = true;
            } else if table.add(word.as_bytes(), doc) {
                *left -= 1;
            }
        };
        let trace_seed = trace_key.cast_unsigned().wrapping_mul(0x9fb2_1c65_1e98_df25);
        visit_all(&mut NewWords {
            seen: &mut self.seen,
            trace_seed,
            scratch: &mut self.text,
            visit: &mut visit,
        });
    }
}

/// Returns whether the JSON text of a value is too long to be a term, as far as can be told without writing it. A map
/// with a key that comes twice may be called long and not be.
fn is_surely_long(value: AnyValueView<'_>) -> bool {
    fn bytes_left(value: AnyValueView<'_>, left: usize) -> Option<usize> {
        match value {
            AnyValueView::String(text) => left.checked_sub(text.len() + 2),
            AnyValueView::Bytes(bytes) => left.checked_sub(bytes.len() + 2),
            AnyValueView::Array(array) => {
                array.iter().try_fold(left, |left, element| bytes_left(element, left))
            }
            AnyValueView::KvList(list) => list
                .iter()
                .try_fold(left, |left, (key, value)| bytes_left(value, left.checked_sub(key.len() + 4)?)),
            _ => left.checked_sub(1),
        }
    }
    bytes_left(value, INDEXED_VALUE_BYTES_MAX).is_none()
}
