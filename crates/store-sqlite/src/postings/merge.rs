//! Merges adjacent parts into one, term by term, in memory that grows with documents and not with terms.

use super::part::{Part, Terms};
use super::part_writer::{Doc, PartMeta, PartWriter};
use super::trace_set::TraceSet;
use spanwise_store::StoreResult;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// Terms between two looks at whether to stop.
const TERMS_PER_CHECK: usize = 4096;

/// Merges parts, which are adjacent and in order, into a new file at `path`.
///
/// Documents of traces that are not in `live` are left out. Those of a trace stay or go together: a block's words
/// may stand with another block of its trace. Returns `None`, leaving an unfinished file, if it is to stop.
pub(crate) fn merge(
    parts: &[Arc<Part>],
    live: &TraceSet,
    path: &Path,
    is_stopped: &dyn Fn() -> bool,
) -> StoreResult<Option<PartMeta>> {
    let mut docs: Vec<Doc> = Vec::new();
    let mut sources = Vec::with_capacity(parts.len());
    for part in parts {
        let numbers = part.docs()?.into_iter().map(|doc| {
            live.contains(doc.trace_key).then(|| {
                docs.push(doc);
                docs.len() as u32 - 1
            })
        });
        let numbers = numbers.collect();
        sources.push(Source { terms: part.terms_from(&[]), numbers });
    }
    let mut sources = Sources::new(sources)?;
    let mut writer = PartWriter::create(path)?;
    let (mut term, mut term_docs, mut count) = (Vec::new(), Vec::new(), 0_usize);
    while sources.next(&mut term, &mut term_docs)? {
        writer.push(&term, &term_docs)?;
        count += 1;
        if count.is_multiple_of(TERMS_PER_CHECK) && is_stopped() {
            return Ok(None);
        }
    }
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(None) };
    writer.finish(first.meta().first_block_id, last.meta().last_block_id, &docs).map(Some)
}

/// A part that is being read.
struct Source<'a> {
    terms: Terms<'a>,
    /// The new number of each document; `None` for one that is left out.
    numbers: Vec<Option<u32>>,
}

/// Parts in order of the terms that they are at, those with the same term in order of their documents.
struct Sources<'a> {
    sources: Vec<Source<'a>>,
    /// Positions of those that are not at their end. Most terms are in one part only, so that taking one costs a look at
    /// its neighbour and a search for its next place, and not a look at every part.
    order: VecDeque<usize>,
}

impl<'a> Sources<'a> {
    fn new(sources: Vec<Source<'a>>) -> StoreResult<Sources<'a>> {
        let mut all = Sources { order: VecDeque::with_capacity(sources.len()), sources };
        (0..all.sources.len()).try_for_each(|index| all.advance(index))?;
        Ok(all)
    }

    /// Moves a part, which is not in the order, to its next term and puts it there.
    fn advance(&mut self, index: usize) -> StoreResult<()> {
        if self.sources[index].terms.next()? {
            let place = |index: usize| (self.sources[index].terms.term(), index);
            let at = self.order.partition_point(|other| place(*other) < place(index));
            self.order.insert(at, index);
        }
        Ok(())
    }

    /// Takes the least term of all, with its documents; returns false if there is none any more.
    fn next(&mut self, term: &mut Vec<u8>, docs: &mut Vec<u32>) -> StoreResult<bool> {
        let Some(first) = self.order.front() else { return Ok(false) };
        term.clear();
        term.extend_from_slice(self.sources[*first].terms.term());
        docs.clear();
        let same = self.order.iter().take_while(|index| self.sources[**index].terms.term() == term).count();
        // Later parts have later documents, so the lists follow each other in order.
        for _ in 0..same {
            let Some(index) = self.order.pop_front() else { break };
            let Source { terms, numbers } = &self.sources[index];
            terms.read_list(&mut |doc| docs.extend(numbers[doc as usize]))?;
            self.advance(index)?;
        }
        Ok(true)
    }
}
