//! Merges adjacent parts into one, term by term, in memory that grows with documents and not with terms.

use super::part::{Part, Terms};
use super::part_writer::{Doc, PartMeta, PartWriter};
use super::trace_set::TraceSet;
use spanwise_store::StoreResult;
use std::path::Path;
use std::sync::Arc;

/// Merges parts, which are adjacent and in order, into a new file at `path`.
///
/// Documents of traces that are not in `live` are left out. Those of a trace stay or go together: a block's words
/// may stand with another block of its trace.
pub(crate) fn merge(parts: &[Arc<Part>], live: &TraceSet, path: &Path) -> StoreResult<PartMeta> {
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
    merge_terms(&mut sources, &mut writer)?;
    let (first, last) = covered(parts);
    writer.finish(first, last, &docs)
}

/// Returns the first and the last block id that adjacent parts cover.
pub(crate) fn covered(parts: &[Arc<Part>]) -> (i64, i64) {
    let first = parts.first().map_or(0, |part| part.meta().first_block_id);
    (first, parts.last().map_or(first, |part| part.meta().last_block_id))
}

/// A part that is being read.
struct Source<'a> {
    terms: Terms<'a>,
    /// False at the end.
    at_term: bool,
    /// The new number of each document; `None` for one that is left out.
    numbers: Vec<Option<u32>>,
}

fn merge_terms(sources: &mut [Source<'_>], writer: &mut PartWriter) -> StoreResult<()> {
    let (mut term, mut docs) = (Vec::new(), Vec::new());
    while let Some(least) = sources.iter().filter(|source| source.at_term).map(|source| source.terms.term()).min() {
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
        writer.push(&term, &docs)?;
    }
    Ok(())
}
