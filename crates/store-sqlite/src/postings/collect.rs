//! Terms of the block that is being added: how they are made, and how many of them are kept.

use super::table::{RecentTerms, TermBatch, TermKey, TermTable};
use super::term::{self, Field};
use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use spanwise_otlp::{AnyValueView, StoredAttribute, StoredValue, pyjson};
use spanwise_query::Word;

/// Terms of one kind (words, values) that are kept of one block; one with more is in the answer to every question.
const BLOCK_TERMS_MAX: usize = 1 << 18;

/// Terms of one kind, and those of the current block that are not in the table yet.
#[derive(Default)]
pub(crate) struct Collected {
    pub(crate) table: TermTable,
    batch: TermBatch,
    recent: RecentTerms,
    doc: u32,
    /// Terms that the current block may still have.
    left: usize,
}

impl Collected {
    /// Begins a document.
    pub(crate) fn begin(&mut self, doc: u32) {
        self.doc = doc;
        self.left = BLOCK_TERMS_MAX;
    }

    /// Notes that the document has a term.
    #[inline]
    pub(crate) fn add(&mut self, term: &[u8]) {
        self.add_known(self.table.seeds.key(term), term);
    }

    /// Notes that the document has a word.
    #[inline]
    pub(crate) fn add_word(&mut self, word: Word<'_>) {
        match word {
            Word::Short { bytes, length } => self.add_known(self.table.seeds.short_key(bytes, length), &[]),
            Word::Text(text) => self.add(text.as_bytes()),
        }
    }

    #[inline]
    fn add_known(&mut self, key: TermKey, term: &[u8]) {
        if self.recent.has(key, self.doc) {
            return;
        }
        self.batch.push(key, term);
        if self.batch.is_full() {
            self.flush();
        }
    }

    /// Ends the document; returns whether all of its terms were kept.
    pub(crate) fn end(&mut self) -> bool {
        self.flush();
        self.left > 0
    }

    /// Notes that the document has a term, whatever the limit says.
    pub(crate) fn add_always(&mut self, term: &[u8]) {
        self.batch.push(self.table.seeds.key(term), term);
        self.left = 1;
        self.flush();
    }

    fn flush(&mut self) {
        self.left -= self.table.add(&mut self.batch, self.doc, self.left);
    }
}

/// The values of fields.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) terms: Collected,
    term: Vec<u8>,
    text: String,
}

impl Values {
    /// Notes that the document has a span whose field has this value.
    pub(crate) fn add(&mut self, field: Field<'_>, value: &str) {
        term::write_value(field, value.as_bytes(), &mut self.term);
        self.terms.add(&self.term);
    }

    /// Notes the value that an optional field has.
    pub(crate) fn add_optional(&mut self, field: Field<'_>, value: Option<&str>) {
        if let Some(value) = value {
            self.add(field, value);
        }
    }

    /// Notes the value of an attribute: a text as it is, anything else as JSON.
    pub(crate) fn add_attribute(&mut self, attribute: StoredAttribute<'_>) {
        let field = Field::Attribute(attribute.key());
        match attribute.value() {
            StoredValue::Text(text) => term::write_value(field, text, &mut self.term),
            value if is_surely_long(value) => term::write_long(field, &mut self.term),
            value => {
                self.text.clear();
                pyjson::write_json(value.view(), &mut self.text);
                term::write_value(field, self.text.as_bytes(), &mut self.term);
            }
        }
        self.terms.add(&self.term);
    }
}

/// Returns whether the JSON text of a value is too long to be a term, as far as can be told without writing it. A map
/// with a key that comes twice may be called long and not be.
fn is_surely_long(value: StoredValue<'_>) -> bool {
    fn bytes_left(value: StoredValue<'_>, left: usize) -> Option<usize> {
        match value {
            StoredValue::Text(text) => left.checked_sub(text.len() + 2),
            StoredValue::Plain(AnyValueView::Bytes(bytes)) => left.checked_sub(bytes.len() + 2),
            StoredValue::List(list) => list.iter().try_fold(left, |left, element| bytes_left(element, left)),
            StoredValue::Map(map) => map.iter().try_fold(left, |left, entry| {
                bytes_left(entry.value(), left.checked_sub(entry.key().len() + 4)?)
            }),
            StoredValue::Plain(_) => left.checked_sub(1),
        }
    }
    bytes_left(value, INDEXED_VALUE_BYTES_MAX).is_none()
}
