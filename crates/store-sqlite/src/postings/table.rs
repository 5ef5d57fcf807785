//! Terms and the documents that have them, while a part is built: one arena, no allocation per term.
//!
//! A table of a hundred thousand words does not fit into a processor's cache, so what a step costs is the lines of
//! memory that it touches. A slot therefore holds all that is needed to know a short term again, and terms are added
//! in batches: the slots of a whole batch are fetched at once before any is looked at.

use spanwise_query::SHORT_WORD_BYTES_MAX;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Terms that are remembered of one document: 32 KiB, as much as a processor's nearest cache holds.
const RECENT_TERMS: usize = 1 << 12;
/// Terms in one batch.
const BATCH_TERMS: usize = 64;
/// Up to this length a term's key is the term itself; few words are longer.
const EXACT_BYTES: usize = SHORT_WORD_BYTES_MAX;

/// Fewer terms than this are compared whole when they are sorted.
const WHOLE_TERMS_MAX: usize = 8;
/// Terms that have more bytes in common are compared whole when they are sorted.
const SORT_DEPTH_MAX: usize = 256;

/// What makes the hashes of this process differ from those of any other: nobody can make two terms of one hash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seeds([u64; 2]);

impl Default for Seeds {
    fn default() -> Self {
        static SEEDS: LazyLock<[u64; 2]> = LazyLock::new(|| {
            let random = RandomState::new();
            [random.hash_one(0), random.hash_one(1)]
        });
        Seeds(*SEEDS)
    }
}

impl Seeds {
    /// Returns the key of a term.
    #[inline]
    pub(crate) fn key(self, term: &[u8]) -> TermKey {
        let length = term.len() as u32;
        if term.len() > EXACT_BYTES {
            let key = xxh3_128_with_seed(term, self.0[0]);
            return TermKey { key, length, hash: key as u64 };
        }
        let mut bytes = [0; EXACT_BYTES];
        bytes[..term.len()].copy_from_slice(term);
        self.short_key(u128::from_le_bytes(bytes), length)
    }

    /// Returns the key of a term of at most 16 bytes, which are `bytes`, the first one lowest and zero behind the last.
    #[inline]
    pub(crate) fn short_key(self, bytes: u128, length: u32) -> TermKey {
        TermKey { key: bytes, length, hash: self.hash(bytes, length) }
    }

    /// Spreads the bytes of a short term.
    #[inline]
    fn hash(self, bytes: u128, length: u32) -> u64 {
        let (high, low) = ((bytes >> 64) as u64, bytes as u64);
        let product = u128::from(high ^ self.0[0]) * u128::from(low ^ self.0[1] ^ u64::from(length));
        (product >> 64) as u64 ^ product as u64
    }
}

/// What a term is known by: its length and its bytes, if they are few, else a hash of them; and a hash of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TermKey {
    key: u128,
    length: u32,
    hash: u64,
}

impl TermKey {
    /// Whether the key is all there is to the term.
    fn is_exact(self) -> bool {
        self.length as usize <= EXACT_BYTES
    }
}

/// Some terms that the current document is known to have: of the words of a text most came before, and what is passed
/// over here costs no look into the large table.
///
/// Terms are told apart by 64 bits of hash, which nobody outside knows how to make equal.
pub(crate) struct RecentTerms {
    slots: Box<[u64; RECENT_TERMS]>,
}

impl Default for RecentTerms {
    fn default() -> Self {
        RecentTerms { slots: Box::new([0; RECENT_TERMS]) }
    }
}

impl RecentTerms {
    /// Returns whether the document has this term, as far as is remembered, and remembers it.
    #[inline]
    pub(crate) fn has(&mut self, key: TermKey, doc: u32) -> bool {
        let now = key.hash ^ u64::from(doc + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        std::mem::replace(&mut self.slots[key.hash as usize % RECENT_TERMS], now) == now
    }
}

/// Terms on their way into a table.
#[derive(Default)]
pub(crate) struct TermBatch {
    bytes: Vec<u8>,
    terms: Vec<Waiting>,
}

struct Waiting {
    key: TermKey,
    start: usize,
}

impl TermBatch {
    /// Adds a term, of which `key` is the key; of a short one the key is enough.
    #[inline]
    pub(crate) fn push(&mut self, key: TermKey, term: &[u8]) {
        self.terms.push(Waiting { key, start: self.bytes.len() });
        if !key.is_exact() {
            self.bytes.extend_from_slice(term);
        }
    }

    /// Returns whether it should be added to the table before more is pushed.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.terms.len() >= BATCH_TERMS
    }

    /// Returns the bytes of a term that its key is not.
    fn bytes_of(&self, term: &Waiting) -> &[u8] {
        match term.key.is_exact() {
            true => &[],
            false => &self.bytes[term.start..term.start + term.key.length as usize],
        }
    }
}

/// Where a term is looked for; half a cache line.
#[derive(Clone, Copy, Default)]
struct Slot {
    key: u128,
    length: u32,
    /// The number of the term + 1; 0 = free.
    number: u32,
    /// The last document that has it + 1: documents come in order, so this tells whether it is known already.
    last_doc: u32,
}

/// A hash table of terms, and one flat list of (term, document).
#[derive(Default)]
pub(crate) struct TermTable {
    slots: Vec<Slot>,
    arena: Vec<u8>,
    /// Where each term ends in the arena.
    ends: Vec<u32>,
    postings: Vec<(u32, u32)>,
    pub(crate) seeds: Seeds,
}

impl TermTable {
    /// Notes that `doc`, which is not less than any before it, has the terms of `batch`, and empties the batch.
    ///
    /// At most `limit` of them are noted that were not known; returns how many were.
    pub(crate) fn add(&mut self, batch: &mut TermBatch, doc: u32, limit: usize) -> usize {
        if batch.terms.is_empty() {
            return 0;
        }
        if (self.ends.len() + batch.terms.len()) * 4 > self.slots.len() * 3 {
            self.grow(batch.terms.len());
        }
        let mask = self.slots.len() - 1;
        // These reads do not wait for each other; afterwards the slots are in the cache.
        let touched =
            batch.terms.iter().fold(0, |sum, term| sum ^ self.slots[term.key.hash as usize & mask].number);
        std::hint::black_box(touched);
        let before = self.postings.len();
        for term in &batch.terms {
            if self.postings.len() - before == limit {
                break;
            }
            self.add_one(term, batch.bytes_of(term), doc);
        }
        batch.bytes.clear();
        batch.terms.clear();
        self.postings.len() - before
    }

    fn add_one(&mut self, term: &Waiting, bytes: &[u8], doc: u32) {
        let at = self.find(term.key);
        let slot = &mut self.slots[at];
        if slot.number == 0 {
            match term.key.is_exact() {
                true => {
                    let exact = term.key.key.to_le_bytes();
                    self.arena.extend_from_slice(&exact[..term.key.length as usize]);
                }
                false => self.arena.extend_from_slice(bytes),
            }
            self.ends.push(self.arena.len() as u32);
            let TermKey { key, length, .. } = term.key;
            *slot = Slot { key, length, number: self.ends.len() as u32, last_doc: 0 };
        }
        if slot.last_doc != doc + 1 {
            slot.last_doc = doc + 1;
            self.postings.push((slot.number - 1, doc));
        }
    }

    /// Returns the slot that a term has or is to have.
    fn find(&self, term: TermKey) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = term.hash as usize & mask;
        loop {
            let slot = &self.slots[at];
            let is_same = slot.key == term.key && slot.length == term.length;
            if slot.number == 0 || is_same {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn term(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.arena[start..self.ends[number] as usize]
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let size = ((self.ends.len() + more) * 2).next_power_of_two().max(1 << 12);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|slot| slot.number != 0) {
            let hash = match slot.length as usize <= EXACT_BYTES {
                true => self.seeds.hash(slot.key, slot.length),
                false => slot.key as u64,
            };
            let mut at = hash as usize & (size - 1);
            while self.slots[at].number != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }

    /// Returns about how much memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.slots.len() * size_of::<Slot>()
            + self.ends.len() * size_of::<u32>()
            + self.arena.len()
            + self.postings.len() * size_of::<(u32, u32)>()
    }

    /// Calls `each` with every term in byte order and its documents in order.
    pub(crate) fn for_each_sorted<E>(
        mut self,
        mut each: impl FnMut(&[u8], &[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        // What is not needed any more makes room for what sorting needs.
        drop(std::mem::take(&mut self.slots));
        let (starts, docs) = self.docs_by_term();
        drop(std::mem::take(&mut self.postings));
        for number in self.sorted_numbers() {
            let range = starts[number as usize] as usize..starts[number as usize + 1] as usize;
            each(self.term(number), &docs[range])?;
        }
        Ok(())
    }

    /// Groups the postings by term: a counting sort, which keeps the documents of a term in order.
    fn docs_by_term(&self) -> (Vec<u32>, Vec<u32>) {
        let mut starts = vec![0_u32; self.ends.len() + 1];
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

    fn sorted_numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let mut keys: Vec<(u128, u32)> = (0..self.ends.len() as u32).map(|number| (0, number)).collect();
        self.sort(&mut keys, 0);
        keys.into_iter().map(|(_, number)| number)
    }

    /// Sorts terms that have the same bytes before `depth`: by the next sixteen as a number, and then those of one number
    /// in the same way. Values of one attribute begin with its key, so that comparing them whole would cost much more.
    fn sort(&self, keys: &mut [(u128, u32)], depth: usize) {
        keys.iter_mut().for_each(|(key, number)| *key = sixteen_bytes(self.term(*number), depth));
        keys.sort_unstable_by_key(|(key, _)| *key);
        for same in keys.chunk_by_mut(|(left, _), (right, _)| left == right) {
            // A zero may be what stands behind the end of a term.
            if same.len() < WHOLE_TERMS_MAX || same[0].0 as u8 == 0 || depth >= SORT_DEPTH_MAX {
                same.sort_unstable_by(|(_, left), (_, right)| self.term(*left).cmp(self.term(*right)));
            } else {
                self.sort(same, depth + 16);
            }
        }
    }
}

/// Returns sixteen bytes of a term as a number that sorts as they do; behind its end there are zeros.
fn sixteen_bytes(term: &[u8], from: usize) -> u128 {
    let rest = term.get(from..).unwrap_or_default();
    if let Some(chunk) = rest.first_chunk() {
        return u128::from_be_bytes(*chunk);
    }
    let mut bytes = [0; 16];
    bytes[..rest.len()].copy_from_slice(rest);
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
            docs in vec(vec(vec(0..3_u8, 0..24), 0..12), 0..12),
        ) {
            let mut table = TermTable::default();
            let mut expected: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
            for (doc, terms) in docs.iter().enumerate() {
                let mut batch = TermBatch::default();
                let mut new = 0;
                for term in terms {
                    new += usize::from(expected.entry(term.clone()).or_default().insert(doc as u32));
                    batch.push(table.seeds.key(term), term);
                }
                prop_assert_eq!(table.add(&mut batch, doc as u32, usize::MAX), new);
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
    fn short_terms_have_keys_of_their_own() {
        let mut terms = vec![vec![]];
        for length in 1..=EXACT_BYTES {
            for changed in 0..length {
                for byte in [0, 1, 255] {
                    let mut term = vec![7; length];
                    term[changed] = byte;
                    terms.push(term);
                }
            }
        }
        let keys: BTreeSet<(u128, usize)> =
            terms.iter().map(|term| (Seeds([3, 5]).key(term).key, term.len())).collect();
        assert_eq!(keys.len(), terms.len());
    }

    #[test]
    fn it_grows_past_its_first_size_and_stops_at_the_limit() {
        let mut table = TermTable::default();
        let mut batch = TermBatch::default();
        for doc in 1..=2 {
            for number in 0..20_000_u32 {
                let term = number.to_le_bytes();
                batch.push(table.seeds.key(&term), &term);
                if batch.is_full() {
                    assert_eq!(table.add(&mut batch, doc, usize::MAX), BATCH_TERMS);
                }
            }
            table.add(&mut batch, doc, usize::MAX);
        }
        (0..10_u8).for_each(|number| batch.push(table.seeds.key(&[number]), &[number]));
        assert_eq!(table.add(&mut batch, 3, 4), 4);
        let mut count = 0;
        let counted = table.for_each_sorted(|_, docs| {
            count += docs.len();
            Ok::<(), ()>(())
        });
        counted.unwrap();
        assert_eq!(count, 2 * 20_000 + 4);
    }
}
