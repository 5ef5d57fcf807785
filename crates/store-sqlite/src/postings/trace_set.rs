//! A set of traces by key, whose memory is bounded by the range of keys and not by what is in it.

use std::collections::BTreeMap;

/// Keys of one chunk; as bits they are 8 KiB.
const CHUNK_BITS: i64 = 1 << 16;
const CHUNK_WORDS: usize = CHUNK_BITS as usize / 64;

/// Traces by their keys. Keys are numbered in order of arrival, so a million of them take 125 KiB at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TraceSet {
    chunks: BTreeMap<i64, Box<[u64; CHUNK_WORDS]>>,
}

impl TraceSet {
    /// Adds a trace.
    pub(crate) fn insert(&mut self, trace_key: i64) {
        let (chunk, word, mask) = position(trace_key);
        self.chunks.entry(chunk).or_insert_with(|| Box::new([0; CHUNK_WORDS]))[word] |= mask;
    }

    /// Adds traces; those that follow each other cost less than by themselves.
    pub(crate) fn extend(&mut self, trace_keys: impl IntoIterator<Item = i64>) {
        let mut keys = trace_keys.into_iter().peekable();
        while let Some(first) = keys.peek().copied() {
            let (chunk, ..) = position(first);
            let words = self.chunks.entry(chunk).or_insert_with(|| Box::new([0; CHUNK_WORDS]));
            while let Some((_, word, mask)) = keys.next_if(|key| position(*key).0 == chunk).map(position) {
                words[word] |= mask;
            }
        }
    }

    /// Returns whether a trace is in the set.
    pub(crate) fn contains(&self, trace_key: i64) -> bool {
        let (chunk, word, mask) = position(trace_key);
        self.chunks.get(&chunk).is_some_and(|words| words[word] & mask != 0)
    }

    /// Returns the bits of `count` words of 64 keys from `first_key` on, or `None` if no key near them is in the set.
    ///
    /// `first_key` is a multiple of 64, and all of them lie between two multiples of 65,536.
    pub(crate) fn words(&self, first_key: i64, count: usize) -> Option<&[u64]> {
        let (chunk, word, _) = position(first_key);
        self.chunks.get(&chunk).map(|words| &words[word..word + count])
    }

    /// Adds all of `other`.
    pub(crate) fn union(&mut self, other: TraceSet) {
        for (chunk, theirs) in other.chunks {
            match self.chunks.entry(chunk) {
                std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(theirs)),
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    entry.get_mut().iter_mut().zip(theirs.iter()).for_each(|(mine, their)| *mine |= their);
                }
            }
        }
    }

    /// Keeps only what is in `other` too.
    pub(crate) fn intersect(&mut self, other: &TraceSet) {
        self.chunks.retain(|chunk, mine| {
            let Some(theirs) = other.chunks.get(chunk) else { return false };
            mine.iter_mut().zip(theirs.iter()).for_each(|(mine, their)| *mine &= their);
            mine.iter().any(|word| *word != 0)
        });
    }

    /// Returns how many traces are in the set.
    pub(crate) fn len(&self) -> usize {
        self.chunks.values().flat_map(|words| words.iter()).map(|word| word.count_ones() as usize).sum()
    }

    /// Returns whether the set has no trace.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.values().all(|words| words.iter().all(|word| *word == 0))
    }

    /// Returns the keys, ascending; reverse it for the newest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + '_ {
        self.chunks.iter().flat_map(|(chunk, words)| {
            words.iter().enumerate().filter(|(_, bits)| **bits != 0).flat_map(move |(word, bits)| {
                let first = chunk * CHUNK_BITS + word as i64 * 64;
                (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| first + bit)
            })
        })
    }
}

impl FromIterator<i64> for TraceSet {
    fn from_iter<I: IntoIterator<Item = i64>>(keys: I) -> Self {
        let mut set = TraceSet::default();
        set.extend(keys);
        set
    }
}

fn position(trace_key: i64) -> (i64, usize, u64) {
    let within = trace_key.rem_euclid(CHUNK_BITS);
    (trace_key.div_euclid(CHUNK_BITS), (within / 64) as usize, 1 << (within % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(
            left in proptest::collection::btree_set(-200_000_i64..200_000, 0..60),
            right in proptest::collection::btree_set(-200_000_i64..200_000, 0..60),
        ) {
            let (a, b): (TraceSet, TraceSet) = (left.iter().copied().collect(), right.iter().copied().collect());
            prop_assert_eq!(a.iter().collect::<Vec<_>>(), left.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.iter().rev().collect::<Vec<_>>(), left.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(a.len(), left.len());
            prop_assert!(right.iter().all(|key| a.contains(*key) == left.contains(key)));
            let (mut union, mut both) = (a.clone(), a);
            union.union(b.clone());
            both.intersect(&b);
            prop_assert_eq!(union.iter().collect::<BTreeSet<_>>(), &left | &right);
            prop_assert_eq!(both.iter().collect::<BTreeSet<_>>(), &left & &right);
            prop_assert_eq!(both.is_empty(), left.is_disjoint(&right));
        }
    }
}
