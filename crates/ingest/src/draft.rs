//! The common work on traces and logs: items are grouped by trace, in order, in chunks of bounded size.

use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Raw bytes of one chunk; a bigger group of one trace is split, so that no single write is unbounded.
const CHUNK_BYTES: usize = 1 << 20;

/// Items of one trace.
#[derive(Debug)]
pub(crate) struct Chunk<T> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) items: Vec<T>,
    bytes: usize,
}

/// Groups items by trace. Order within a trace is kept, and traces come in order of first sight.
#[derive(Debug)]
pub(crate) struct ByTrace<T> {
    chunks: Vec<Chunk<T>>,
    /// The chunk of each trace that still has room.
    open: HashMap<[u8; 16], usize, RandomState>,
    /// The chunk that the last item went to: most items follow one of the same trace.
    last: usize,
}

impl<T> ByTrace<T> {
    pub(crate) fn new() -> Self {
        ByTrace { chunks: Vec::new(), open: HashMap::default(), last: 0 }
    }

    /// Adds an item of `bytes` raw bytes.
    pub(crate) fn push(&mut self, trace_id: [u8; 16], bytes: usize, item: T) {
        let index = self.chunk_of(trace_id);
        let chunk = &mut self.chunks[index];
        chunk.bytes += bytes;
        chunk.items.push(item);
        self.last = index;
    }

    pub(crate) fn into_chunks(self) -> Vec<Chunk<T>> {
        self.chunks
    }

    fn chunk_of(&mut self, trace_id: [u8; 16]) -> usize {
        let has_room = |chunk: &Chunk<T>| chunk.bytes < CHUNK_BYTES;
        if self.chunks.get(self.last).is_some_and(|chunk| chunk.trace_id == trace_id && has_room(chunk)) {
            return self.last;
        }
        if let Some(&index) = self.open.get(&trace_id)
            && has_room(&self.chunks[index])
        {
            return index;
        }
        self.chunks.push(Chunk { trace_id, items: Vec::new(), bytes: 0 });
        self.open.insert(trace_id, self.chunks.len() - 1);
        self.chunks.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(items: &[(u8, usize)], expected: &[(u8, &[usize])]) {
        let mut by_trace = ByTrace::new();
        for (position, (trace, bytes)) in items.iter().enumerate() {
            by_trace.push([*trace; 16], *bytes, position);
        }
        let chunks = by_trace.into_chunks();
        let got: Vec<(u8, &[usize])> =
            chunks.iter().map(|chunk| (chunk.trace_id[0], chunk.items.as_slice())).collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn items_are_grouped_by_trace_in_order() {
        check(&[(1, 1), (2, 1), (1, 1), (2, 1)], &[(1, &[0, 2]), (2, &[1, 3])]);
    }

    #[test]
    fn a_full_chunk_is_followed_by_another_of_the_same_trace() {
        let big = CHUNK_BYTES;
        check(
            &[(1, big), (2, 1), (1, 1), (1, big), (1, 1)],
            &[(1, &[0]), (2, &[1]), (1, &[2, 3]), (1, &[4])],
        );
    }
}
