//! The word and attribute index: which traces may have a span with a name, type, status, attribute value or word.
//!
//! A *part* is an immutable file that covers a range of block ids; parts are built after blocks were acknowledged, and
//! merged as they become many. What no part covers yet is scanned by the searcher, and so is what the index can't
//! tell apart: it narrows, it never decides. Answers are traces and not blocks, so a block may be rewritten under an
//! id that was indexed without being indexed again.

mod builder;
mod collect;
mod doc_set;
mod indexer;
mod keeper;
mod list;
mod memo;
mod merge;
mod part;
mod part_writer;
mod query;
mod row;
mod set;
mod source;
mod table;
mod term;
#[cfg(test)]
mod tests;
mod tier;
mod trace_set;
mod wake;
mod words;

pub(crate) use indexer::Indexer;
pub(crate) use keeper::KeeperContext;
pub(crate) use query::{Candidates, SpanQuery, TermQuery};
pub(crate) use row::{indexed_through, part_path};
pub(crate) use set::{PartSet, Postings};
pub(crate) use term::Field;
pub(crate) use trace_set::TraceSet;

/// Opens a file as a part and asks it all kinds of questions.
#[cfg(fuzzing)]
pub(crate) fn read_any_file(path: &std::path::Path) {
    let Ok(part) = part::Part::open(path) else { return };
    let _ = part.verify();
    let postings = Postings::default();
    postings.replace(vec![std::sync::Arc::new(part)]);
    let parts = postings.snapshot();
    let attribute = Field::Attribute(b"key");
    for query in [
        TermQuery::Word("word"),
        TermQuery::WordContaining("o"),
        TermQuery::Span(SpanQuery::Is(attribute, "value")),
        TermQuery::Span(SpanQuery::Matches(attribute, Box::new(|value| value.len() > 2))),
    ] {
        let _ = parts.evaluate(&query, &|| Ok(()));
    }
}
