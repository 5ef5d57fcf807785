//! A set of the documents of one part: a bit each.

use std::ops::Range;

/// Documents of one part by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocSet {
    words: Vec<u64>,
}

impl DocSet {
    /// Makes an empty set for a part of so many documents.
    pub(crate) fn new(doc_count: u32) -> DocSet {
        DocSet { words: vec![0; (doc_count as usize).div_ceil(64)] }
    }

    /// Adds a document of the part.
    #[inline]
    pub(crate) fn insert(&mut self, doc: u32) {
        self.words[doc as usize / 64] |= 1 << (doc % 64);
    }

    /// Adds all of `other`, a set of the same part.
    pub(crate) fn union(&mut self, other: &DocSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, their)| *mine |= their);
    }

    /// Keeps what is in `other` too, a set of the same part.
    pub(crate) fn intersect(&mut self, other: &DocSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, their)| *mine &= their);
    }

    /// Returns whether any document of a range, which starts and ends at multiples of 64, is in the set.
    pub(crate) fn has_any(&self, range: Range<usize>) -> bool {
        self.words.iter().take(range.end / 64).skip(range.start / 64).any(|word| *word != 0)
    }

    /// Returns the documents of a range, which starts at a multiple of 64, in order.
    pub(crate) fn iter_range(&self, range: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let words = self.words.iter().enumerate().take(range.end.div_ceil(64)).skip(range.start / 64);
        let docs = words.flat_map(|(number, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(number * 64 + bit)
            })
        });
        docs.take_while(move |doc| *doc < range.end)
    }
}
