//! Terms and the documents that have them, while a part is built: one arena, no allocation per term.

use xxhash_rust::xxh3::xxh3_64;

/// No document: the mark of a term that none has yet.
const NO_DOC: u32 = u32::MAX;

struct Entry {
    start: u32,
    length: u16,
    /// The last document that has it: documents come in order, so this tells whether it is known already.
    last_doc: u32,
}

/// A hash table of terms over an arena, and one flat list of (term, document).
#[derive(Default)]
pub(crate) struct TermTable {
    /// Per slot: upper half of the hash, and the number of the term + 1 (0 = free).
    slots: Vec<(u32, u32)>,
    entries: Vec<Entry>,
    arena: Vec<u8>,
    postings: Vec<(u32, u32)>,
}

impl TermTable {
    /// Notes that `doc`, which is not less than any before it, has `term`; returns whether that is new.
    #[inline]
    pub(crate) fn add(&mut self, term: &[u8], doc: u32) -> bool {
        if (self.entries.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let number = self.number_of(term);
        let entry = &mut self.entries[number as usize];
        if entry.last_doc == doc {
            return false;
        }
        entry.last_doc = doc;
        self.postings.push((number, doc));
        true
    }

    #[inline]
    fn number_of(&mut self, term: &[u8]) -> u32 {
        let hash = xxh3_64(term);
        let tag = (hash >> 32) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots[at] {
                (_, 0) => break,
                (other, number) if other == tag && self.term(number - 1) == term => return number - 1,
                _ => at = (at + 1) & mask,
            }
        }
        let number = self.entries.len() as u32;
        self.slots[at] = (tag, number + 1);
        self.entries.push(Entry {
            start: self.arena.len() as u32,
            length: term.len() as u16,
            last_doc: NO_DOC,
        });
        self.arena.extend_from_slice(term);
        number
    }

    fn term(&self, number: u32) -> &[u8] {
        let entry = &self.entries[number as usize];
        &self.arena[entry.start as usize..][..entry.length as usize]
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(1 << 12);
        let mut slots = vec![(0, 0); size];
        for number in 0..self.entries.len() as u32 {
            let hash = xxh3_64(self.term(number));
            let mut at = hash as usize & (size - 1);
            while slots[at].1 != 0 {
                at = (at + 1) & (size - 1);
            }
            slots[at] = ((hash >> 32) as u32, number + 1);
        }
        self.slots = slots;
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.len() * size_of::<(u32, u32)>()
            + self.entries.len() * size_of::<Entry>()
            + self.arena.len()
            + self.postings.len() * size_of::<(u32, u32)>()
    }

    /// Calls `each` with every term in byte order and its documents in order.
    pub(crate) fn for_each_sorted<E>(
        &self,
        mut each: impl FnMut(&[u8], &[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (starts, docs) = self.docs_by_term();
        for number in self.sorted_numbers() {
            let range = starts[number as usize] as usize..starts[number as usize + 1] as usize;
            each(self.term(number), &docs[range])?;
        }
        Ok(())
    }

    /// Groups the postings by term: a counting sort, which keeps the documents of a term in order.
    fn docs_by_term(&self) -> (Vec<u32>, Vec<u32>) {
        let mut starts = vec![0_u32; self.entries.len() + 1];
        self.postings.iter().for_each(|(number, _)| starts[*number as usize + 1] += 1);
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut docs = vec![0; self.postings.len()];
        for &(number, doc) in &self.postings {
            let slot = &mut next[number as usize];
            docs[*slot as usize] = doc;
            *slot += 1;
        }
        (starts, docs)
    }

    /// Sorts by the first sixteen bytes as a number, and looks at the arena only where they are equal.
    fn sorted_numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let mut keys: Vec<(u128, u32)> =
            (0..self.entries.len() as u32).map(|number| (first_bytes(self.term(number)), number)).collect();
        keys.sort_unstable_by(|(left, a), (right, b)| {
            left.cmp(right).then_with(|| self.term(*a).cmp(self.term(*b)))
        });
        keys.into_iter().map(|(_, number)| number)
    }
}

fn first_bytes(term: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = term.len().min(16);
    bytes[..length].copy_from_slice(&term[..length]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn terms_come_out_sorted_with_their_documents(
            docs in vec(vec(vec(0..3_u8, 0..20), 0..12), 0..12),
        ) {
            let mut table = TermTable::default();
            let mut expected: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
            for (doc, terms) in docs.iter().enumerate() {
                for term in terms {
                    let new = expected.entry(term.clone()).or_default().insert(doc as u32);
                    prop_assert_eq!(table.add(term, doc as u32), new);
                }
            }
            let mut sorted = Vec::new();
            table.for_each_sorted(|term, docs| {
                sorted.push((term.to_vec(), docs.iter().copied().collect()));
                Ok::<(), ()>(())
            }).unwrap();
            prop_assert_eq!(sorted, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn it_grows_past_its_first_size() {
        let mut table = TermTable::default();
        for number in 0..20_000_u32 {
            assert!(table.add(&number.to_le_bytes(), 1));
            assert!(!table.add(&number.to_le_bytes(), 1));
        }
        let mut count = 0;
        let counted = table.for_each_sorted(|_, docs| {
            count += docs.len();
            Ok::<(), ()>(())
        });
        counted.unwrap();
        assert_eq!(count, 20_000);
    }
}
