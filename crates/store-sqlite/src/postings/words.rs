//! The words of a span, without those that its trace is known to have.
//!
//! These are the tokens of `spanwise_otlp`'s search text, found without writing that text. Agents send their whole
//! history with every call: a text or list element that came before in the same trace is recognised by its hash and
//! passed over, which leaves a fraction of the work.

use spanwise_otlp::{
    AnyValueView, LogRecordView, SpanView, StoredAttribute, StoredAttributes, StoredValue, pyjson,
};
use spanwise_query::{Word, each_word};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64;

/// Shorter texts are cheaper to split again than to look up.
const LOOKED_UP_BYTES_MIN: usize = 12;
/// Shorter texts are remembered for a while only: keys and short values come with every span, and looking for them in
/// the large set would cost more than the words in them.
const REMEMBERED_BYTES_MIN: usize = 64;
/// Texts that are remembered for a while: 16 KiB, which stay in the nearest cache.
const RECENT_TEXTS: usize = 1 << 11;
/// Longer texts are remembered in pieces too, so that a history that grew is new only at its end.
const PIECE_BYTES_MIN: usize = 256;
/// Larger texts, lists and maps are remembered in their parts alone: they are rarely the same as a whole.
const WHOLE_BYTES_MAX: usize = 4096;
/// What tells the bytes of a list or map from the same bytes as a text.
const MESSAGE_MARK: u64 = 0x9e37_79b9_7f4a_7c15;
/// What tells a piece from a whole text: a text of one piece would otherwise pass itself over.
const PIECE_MARK: u64 = 0xd1b5_4a32_d192_ed03;

/// The texts that traces had so far, by their hashes.
pub(crate) struct SeenTexts {
    hashes: HashSet<u64, BuildHasherDefault<HashIsKey>>,
    /// The last hash of each residue.
    recent: Box<[u64]>,
}

impl Default for SeenTexts {
    fn default() -> Self {
        SeenTexts { hashes: HashSet::default(), recent: vec![0; RECENT_TEXTS].into() }
    }
}

impl SeenTexts {
    /// Notes what has this hash for a while, and returns whether it is new, as far as is remembered.
    pub(crate) fn is_new_lately(&mut self, hash: u64) -> bool {
        std::mem::replace(&mut self.recent[hash as usize & (RECENT_TEXTS - 1)], hash) != hash
    }

    /// Notes a text of `length` bytes and returns whether it is new, as far as is remembered.
    fn is_new(&mut self, hash: u64, length: usize) -> bool {
        self.is_new_lately(hash) && (length < REMEMBERED_BYTES_MIN || self.hashes.insert(hash))
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.hashes.capacity() * (size_of::<u64>() + 1)
    }
}

/// Keys are hashes already.
#[derive(Default)]
struct HashIsKey(u64);

impl Hasher for HashIsKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// Finds the words of one trace that are new in it, and gives them to `visit`, with repetitions.
pub(crate) struct NewWords<'a, V> {
    pub(crate) seen: &'a mut SeenTexts,
    /// What makes the hashes of one trace differ from those of another.
    pub(crate) trace_seed: u64,
    pub(crate) scratch: &'a mut String,
    pub(crate) visit: V,
}

impl<V: FnMut(Word<'_>)> NewWords<'_, V> {
    /// Visits the words of a span but those of its attributes.
    pub(crate) fn span(&mut self, span: &SpanView<'_>) {
        self.text(span.name.as_bytes());
        self.text(span.status_message.as_bytes());
        for event in span.events() {
            self.text(event.name.as_bytes());
            self.attributes(event.stored_attributes());
        }
    }

    /// Visits the words of a log record.
    pub(crate) fn log_record(&mut self, record: &LogRecordView<'_>) {
        self.text(record.event_name.as_bytes());
        if !matches!(record.body, AnyValueView::Empty) {
            self.value(record.body.into());
        }
        self.attributes(record.stored_attributes());
    }

    /// Visits the words of an attribute whose key has this hash (of [`xxh3_64`]).
    pub(crate) fn attribute(&mut self, attribute: StoredAttribute<'_>, key_hash: u64) {
        let key = attribute.key();
        if key.len() < LOOKED_UP_BYTES_MIN || self.seen.is_new(key_hash ^ self.trace_seed, key.len()) {
            each_word(key, &mut self.visit);
        }
        self.value(attribute.value());
    }

    fn attributes(&mut self, attributes: StoredAttributes<'_>) {
        for attribute in attributes {
            self.text(attribute.key());
            self.value(attribute.value());
        }
    }

    /// Values nest at most `ATTRIBUTE_DEPTH_MAX` deep, as was checked when they arrived.
    fn value(&mut self, value: StoredValue<'_>) {
        match value {
            StoredValue::Text(text) => self.text(text),
            StoredValue::List(list) => {
                if self.is_new(list.as_bytes(), MESSAGE_MARK) {
                    list.iter().for_each(|element| self.value(element));
                }
            }
            StoredValue::Map(map) => {
                if self.is_new(map.as_bytes(), MESSAGE_MARK) {
                    self.attributes(map.iter());
                }
            }
            StoredValue::Plain(value) => {
                self.scratch.clear();
                pyjson::write_json(value, self.scratch);
                each_word(self.scratch.as_bytes(), &mut self.visit);
            }
        }
    }

    fn text(&mut self, text: &[u8]) {
        if !self.is_new(text, 0) {
            return;
        }
        if text.len() < PIECE_BYTES_MIN {
            return each_word(text, &mut self.visit);
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(piece_end(rest));
            if self.is_new(piece, PIECE_MARK) {
                each_word(piece, &mut self.visit);
            }
            rest = after;
        }
    }

    fn is_new(&mut self, bytes: &[u8], mark: u64) -> bool {
        let is_looked_up =
            (LOOKED_UP_BYTES_MIN..=WHOLE_BYTES_MAX).contains(&bytes.len()) || mark == PIECE_MARK;
        !is_looked_up || self.seen.is_new(xxh3_64(bytes) ^ mark ^ self.trace_seed, bytes.len())
    }
}

/// Returns where the first piece of `text` ends: behind a line break or a closing brace, which no word contains.
fn piece_end(text: &[u8]) -> usize {
    let least = PIECE_BYTES_MIN.min(text.len());
    memchr::memchr2(b'\n', b'}', &text[least..]).map_or(text.len(), |at| least + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(texts: &[&str]) -> Vec<Vec<String>> {
        let (mut seen, mut scratch) = (SeenTexts::default(), String::new());
        let mut all = Vec::new();
        for text in texts {
            let mut words = Vec::new();
            let visit = |word: Word<'_>| match word {
                Word::Text(text) => words.push(text.to_owned()),
                Word::Short { bytes, length } => {
                    let bytes = &bytes.to_le_bytes()[..length as usize];
                    words.push(String::from_utf8(bytes.to_vec()).unwrap());
                }
            };
            NewWords { seen: &mut seen, trace_seed: 7, scratch: &mut scratch, visit }.text(text.as_bytes());
            all.push(words);
        }
        all
    }

    #[test]
    fn a_history_that_grew_is_new_only_at_its_end() {
        let message = |word: &str| format!("{{\"content\": \"{}\"}}", format!("{word} ").repeat(60));
        let short = format!("[{}, {}]", message("one"), message("two"));
        let grown = format!("[{}, {}, {}]", message("one"), message("two"), message("three"));
        let [first, second] = &words_of(&[&short, &grown])[..] else { panic!("two texts") };
        assert_eq!(first.iter().filter(|word| *word == "one").count(), 60);
        assert!(!second.contains(&"one".into()));
        assert_eq!(second.iter().filter(|word| *word == "three").count(), 60);
    }

    #[test]
    fn pieces_have_all_words_of_their_text() {
        let one_piece = "lang und ohne Ende ".repeat(30);
        for text in ["wörter und mehr }\n".repeat(100) + &one_piece, one_piece.clone(), "x}".repeat(300)] {
            let mut expected = spanwise_query::tokens(&text);
            let mut found = words_of(&[&text]).remove(0);
            for words in [&mut expected, &mut found] {
                words.sort_unstable();
                words.dedup();
            }
            assert_eq!(found, expected);
        }
    }
}
