//! What was verified of conditions on spans, remembered until the traces change.
//!
//! Some conditions can't be told from the index: several on one span, several words, patterns. Their verdicts cost a look
//! at packed columns or bodies each, and are asked for again and again: by the count, the facets, the next page, the next
//! call of a count that was given too little time. A verdict is kept with the chunk of columns that it was given for.
//! Whatever changes a trace replaces its chunk, so a verdict is right as long as the chunk is that of the search.

use crate::table::{Bits, Chunk, Snapshot, place};
use spanwise_query::SpanFilter;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Conditions that are remembered, the least recently used forgotten first: 1 KiB each for 4,096 traces.
const CONDITIONS_MAX: usize = 32;

/// Verdicts on conditions on spans, shared by all searches.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// The one used last is at the end.
    conditions: Mutex<Vec<(SpanFilter, OfChunks)>>,
}

type OfChunks = HashMap<i64, OfChunk>;

/// Verdicts on the traces of one chunk.
#[derive(Debug)]
struct OfChunk {
    /// A weak pointer keeps nobody from changing the chunk, and its address from being used for another one.
    chunk: Weak<Chunk>,
    decided: Decided,
}

/// Rows of a chunk with a verdict, and those of them for which it is yes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided {
    pub(super) rows: Bits,
    pub(super) yes: Bits,
}

impl Verdicts {
    /// Returns what is known of a condition, by the number of the chunk.
    pub(super) fn recall(&self, filter: &SpanFilter, snapshot: &Snapshot) -> HashMap<i64, Decided> {
        let mut conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = conditions.iter().position(|(known, _)| known == filter) else {
            return HashMap::new();
        };
        let mut condition = conditions.remove(at);
        // What was said of chunks that are no more.
        condition.1.retain(|_, of_chunk| of_chunk.chunk.strong_count() > 0);
        let valid = snapshot.chunks.iter().filter_map(|(number, chunk)| {
            let of_chunk = condition.1.get(number).filter(|known| known.is_of(chunk))?;
            Some((*number, of_chunk.decided))
        });
        let known = valid.collect();
        conditions.push(condition);
        known
    }

    /// Remembers verdicts on traces, given after `snapshot` was taken.
    pub(super) fn remember(&self, filter: &SpanFilter, snapshot: &Snapshot, verdicts: &[(i64, bool)]) {
        let mut conditions = self.conditions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut condition = match conditions.iter().position(|(known, _)| known == filter) {
            Some(at) => conditions.remove(at),
            None => (filter.clone(), OfChunks::new()),
        };
        for (trace_key, holds) in verdicts {
            let (number, row) = place(*trace_key);
            let Some(chunk) = snapshot.chunk(number) else { continue };
            let of_chunk = condition.1.entry(number).or_insert_with(|| OfChunk::new(chunk));
            if !of_chunk.is_of(chunk) {
                *of_chunk = OfChunk::new(chunk);
            }
            of_chunk.decided.rows.set(row, true);
            of_chunk.decided.yes.set(row, *holds);
        }
        if conditions.len() >= CONDITIONS_MAX {
            conditions.remove(0);
        }
        conditions.push(condition);
    }
}

impl OfChunk {
    fn new(chunk: &Arc<Chunk>) -> OfChunk {
        let decided = Decided { rows: Bits::NONE, yes: Bits::NONE };
        OfChunk { chunk: Arc::downgrade(chunk), decided }
    }

    fn is_of(&self, chunk: &Arc<Chunk>) -> bool {
        std::ptr::eq(self.chunk.as_ptr(), Arc::as_ptr(chunk))
    }
}
