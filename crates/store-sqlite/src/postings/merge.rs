//! Merges adjacent parts into one, term by term, in memory that grows with documents and not with terms.

use super::part::{Part, Terms};
use super::part_writer::{Doc, PartMeta, PartWriter};
use super::trace_set::TraceSet;
use spanwise_store::StoreResult;
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
        let mut terms = part.terms_from(&[]);
        let at_term = terms.next()?;
        sources.push(Source { terms, at_term, numbers });
    }
    let mut writer = PartWriter::create(path)?;
    let (mut term, mut term_docs, mut count) = (Vec::new(), Vec::new(), 0_usize);
    while next_term(&mut sources, &mut term, &mut term_docs)? {
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
    /// False at the end.
    at_term: bool,
    /// The new number of each document; `None` for one that is left out.
    numbers: Vec<Option<u32>>,
}

/// Takes the least term of all sources, with its documents; returns false if there is none any more.
fn next_term(sources: &mut [Source<'_>], term: &mut Vec<u8>, docs: &mut Vec<u32>) -> StoreResult<bool> {
    let terms = sources.iter().filter(|source| source.at_term).map(|source| source.terms.term());
    let Some(least) = terms.min() else { return Ok(false) };
    term.clear();
    term.extend_from_slice(least);
    docs.clear();
    // Later parts have later documents, so the lists follow each other in order.
    for source in sources.iter_mut().filter(|source| source.at_term) {
        if source.terms.term() == term {
            let numbers = &source.numbers;
            source.terms.read_list(&mut |doc| docs.extend(numbers[doc as usize]))?;
            source.at_term = source.terms.next()?;
        }
    }
    Ok(true)
}
