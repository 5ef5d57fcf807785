//! The texts of one field, each once, known by numbers.
//!
//! Readers hold the texts as they were; the writer adds to them. A text that is long, or comes when there are many,
//! is not kept: its code is a part of its hash, which tells that two texts differ but not that they are the same.
//!
//! Texts that no trace has any more are found by sweeping: whenever a dictionary has doubled since the last time, or many
//! texts found no room.

use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Longest text that is kept.
const TEXT_BYTES_MAX: usize = 256;
/// Texts of one field that are kept.
const TEXTS_MAX: usize = 1 << 18;
/// Texts in one block.
const BLOCK_TEXTS: usize = 1024;
/// A dictionary of fewer texts is not swept.
const SWEPT_TEXTS_MIN: usize = 4096;
/// Texts that find no room between two sweeps: then one is due, since there may be some by now.
const UNKEPT_TEXTS_MAX: usize = 1 << 16;
/// What tells the code of a hash.
pub(crate) const HASHED: u32 = 1 << 31;

/// What a column holds for a text: 0 for none, else the number of a kept text + 1, or [`HASHED`] and a hash.
pub(crate) type Code = u32;

/// Returns the code of a text that is not kept.
pub(crate) fn hash_code(text: &str) -> Code {
    HASHED | xxh3_64(text.as_bytes()) as u32
}

/// Some texts, one after the other.
#[derive(Debug, Clone, Default)]
struct Block {
    bytes: String,
    ends: Vec<u32>,
}

/// Kept texts as they were at one moment; a copy is cheap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    blocks: Vec<Arc<Block>>,
    len: usize,
    /// Whether some text was not kept.
    has_hashed: bool,
}

impl Texts {
    /// Returns whether every text that a column of the field refers to is kept.
    pub(crate) fn is_complete(&self) -> bool {
        !self.has_hashed
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Returns the text with that number.
    pub(crate) fn get(&self, number: usize) -> &str {
        let Some(block) = self.blocks.get(number / BLOCK_TEXTS) else { return "" };
        let at = number % BLOCK_TEXTS;
        let start = if at == 0 { 0 } else { block.ends[at - 1] as usize };
        &block.bytes[start..block.ends[at] as usize]
    }

    /// Returns the text of a code, if it is kept.
    pub(crate) fn of_code(&self, code: Code) -> Option<&str> {
        (code != 0 && code & HASHED == 0).then(|| self.get(code as usize - 1))
    }

    /// Returns all texts in order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len).map(|number| self.get(number))
    }

    fn push(&mut self, text: &str) {
        if self.len.is_multiple_of(BLOCK_TEXTS) {
            self.blocks.push(Arc::default());
        }
        if let Some(last) = self.blocks.last_mut() {
            let block = Arc::make_mut(last);
            block.bytes.push_str(text);
            block.ends.push(block.bytes.len() as u32);
            self.len += 1;
        }
    }
}

/// The texts with the way from a text to its code.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    pub(crate) texts: Arc<Texts>,
    /// Number + 1 of the text whose hash leads here; 0 = free.
    slots: Vec<u32>,
    bytes: usize,
    /// Texts that were in use when it was swept last.
    used_then: usize,
    /// Texts that found no room since.
    unkept: usize,
}

impl Dictionary {
    /// Returns the code of a text, keeping it if there is room: `room` is how many bytes may still be kept.
    pub(crate) fn code(&mut self, text: &str, room: usize) -> Code {
        if text.len() > TEXT_BYTES_MAX {
            return self.hashed(text);
        }
        let found = self.find(text);
        if found != 0 {
            return found;
        }
        if self.texts.len() >= TEXTS_MAX || text.len() > room {
            self.unkept += 1;
            return self.hashed(text);
        }
        self.keep(text)
    }

    /// Adds a text that is not there.
    fn keep(&mut self, text: &str) -> Code {
        if (self.texts.len() + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        Arc::make_mut(&mut self.texts).push(text);
        let code = self.texts.len() as Code;
        let mut at = self.first_slot(text);
        while self.slots[at] != 0 {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = code;
        self.bytes += text.len();
        code
    }

    fn hashed(&mut self, text: &str) -> Code {
        if self.texts.is_complete() {
            Arc::make_mut(&mut self.texts).has_hashed = true;
        }
        hash_code(text)
    }

    /// Returns the code of a kept text; 0 if it is not kept.
    fn find(&self, text: &str) -> Code {
        if self.slots.is_empty() {
            return 0;
        }
        let mut at = self.first_slot(text);
        while self.slots[at] != 0 && self.texts.get(self.slots[at] as usize - 1) != text {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at]
    }

    /// Returns whether it may hold so many texts which no trace has any more that it is worth a look.
    pub(super) fn is_sweep_due(&self) -> bool {
        let due = (self.used_then * 2).max(SWEPT_TEXTS_MIN);
        self.texts.len() >= due || self.unkept >= UNKEPT_TEXTS_MAX
    }

    /// Takes over which texts are in use, and whether a text is that was not kept. If many are not, they are taken out,
    /// and the new code of each old one is returned.
    pub(super) fn sweep(&mut self, used: &Used) -> Option<Vec<Code>> {
        self.used_then = used.count();
        self.unkept = 0;
        if self.texts.has_hashed != used.has_hashed {
            Arc::make_mut(&mut self.texts).has_hashed = used.has_hashed;
        }
        // A quarter: fewer are not worth the columns that have to be written anew.
        if (self.texts.len() - self.used_then) * 4 <= self.texts.len() {
            return None;
        }
        let old = std::mem::take(self);
        let mut codes = vec![0; old.texts.len() + 1];
        for (number, text) in old.texts.iter().enumerate().filter(|(number, _)| used.kept[*number + 1]) {
            codes[number + 1] = self.keep(text);
        }
        self.used_then = old.used_then;
        Arc::make_mut(&mut self.texts).has_hashed = used.has_hashed;
        Some(codes)
    }

    /// Returns the bytes of the kept texts.
    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes + self.texts.len() * size_of::<u32>() + self.slots.len() * size_of::<u32>()
    }

    fn first_slot(&self, text: &str) -> usize {
        xxh3_64(text.as_bytes()) as usize & (self.slots.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        self.slots = vec![0; size];
        for number in 0..self.texts.len() {
            let mut at = self.first_slot(self.texts.get(number));
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = number as u32 + 1;
        }
    }
}

/// Which codes of a dictionary some trace has.
pub(super) struct Used {
    /// By code; that of no text is 0.
    kept: Vec<bool>,
    has_hashed: bool,
}

impl Used {
    /// Begins with none of a dictionary.
    pub(super) fn none_of(dictionary: &Dictionary) -> Used {
        Used { kept: vec![false; dictionary.texts.len() + 1], has_hashed: false }
    }

    /// Notes that some trace has this.
    pub(super) fn note(&mut self, code: Code) {
        match self.kept.get_mut(code as usize) {
            Some(kept) => *kept = true,
            None => self.has_hashed = true,
        }
    }

    fn count(&self) -> usize {
        self.kept.iter().skip(1).filter(|kept| **kept).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_codes_and_snapshots_their_texts() {
        let mut dictionary = Dictionary::default();
        let codes: Vec<Code> =
            (0..5_000).map(|number| dictionary.code(&format!("text {number}"), 100)).collect();
        let before = Arc::clone(&dictionary.texts);
        assert_eq!(dictionary.code("one more", 100), 5_001);
        assert_eq!(before.len(), 5_000);
        for (number, code) in codes.into_iter().enumerate() {
            let text = format!("text {number}");
            assert_eq!((dictionary.code(&text, 0), dictionary.find(&text)), (code, code));
            assert_eq!(before.of_code(code), Some(&*text));
        }
        assert_eq!(dictionary.texts.of_code(5_001), Some("one more"));
    }

    #[test]
    fn texts_that_are_not_used_are_swept_out() {
        let mut dictionary = Dictionary::default();
        let text = |number: usize| format!("text {number}");
        let codes: Vec<Code> =
            (0..SWEPT_TEXTS_MIN).map(|number| dictionary.code(&text(number), 100)).collect();
        assert!(dictionary.is_sweep_due());
        let before = Arc::clone(&dictionary.texts);
        let mut used = Used::none_of(&dictionary);
        codes.iter().step_by(4).for_each(|code| used.note(*code));
        let moved = dictionary.sweep(&used).unwrap();
        assert!(!dictionary.is_sweep_due());
        assert_eq!((dictionary.texts.len(), before.len()), (SWEPT_TEXTS_MIN / 4, SWEPT_TEXTS_MIN));
        for number in (0..SWEPT_TEXTS_MIN).step_by(4) {
            let code = moved[codes[number] as usize];
            assert_eq!(
                (dictionary.find(&text(number)), dictionary.texts.of_code(code)),
                (code, Some(&*text(number)))
            );
        }
        assert_eq!((dictionary.find(&text(1)), moved[codes[1] as usize]), (0, 0));
        assert_eq!(dictionary.text_bytes(), dictionary.texts.iter().map(str::len).sum::<usize>());
        // All are in use now.
        let mut used = Used::none_of(&dictionary);
        (1..=dictionary.texts.len() as Code).for_each(|code| used.note(code));
        assert!(dictionary.sweep(&used).is_none());
    }

    #[test]
    fn when_no_hash_is_used_all_texts_are_known_again() {
        let mut dictionary = Dictionary::default();
        let code = dictionary.code("too long for the room", 4);
        let mut used = Used::none_of(&dictionary);
        used.note(code);
        dictionary.sweep(&used);
        assert!(!dictionary.texts.is_complete());
        dictionary.sweep(&Used::none_of(&dictionary));
        assert!(dictionary.texts.is_complete());
    }

    #[test]
    fn what_is_long_or_has_no_room_is_known_by_its_hash() {
        let mut dictionary = Dictionary::default();
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        assert!(dictionary.texts.is_complete());
        assert_eq!(dictionary.code(&long, usize::MAX), hash_code(&long));
        assert!(!dictionary.texts.is_complete());
        assert_eq!(dictionary.code("short", 4), hash_code("short"));
        assert_eq!(dictionary.find("short"), 0);
        assert_eq!(dictionary.texts.of_code(hash_code("short")), None);
    }
}
