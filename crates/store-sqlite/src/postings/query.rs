//! What can be asked of the index, and how it is answered part by part.
//!
//! An answer is a set of traces that holds every indexed trace that matches; the searcher verifies them. Values of
//! one span are in one block, so conditions on one span meet in blocks; words meet in traces, because a block does
//! not repeat the words that its trace has already.

use super::doc_set::DocSet;
use super::part::{Part, Terms};
use super::term::{self, Field, INCOMPLETE, WORD_PREFIX};
use super::trace_set::TraceSet;
use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use spanwise_query::token::LONG_TOKEN;
use spanwise_store::StoreResult;
use std::sync::Arc;

/// A question about traces.
pub(crate) enum TermQuery<'a> {
    /// Every trace: nothing is known that narrows.
    All,
    /// Traces with a span that satisfies this.
    Span(SpanQuery<'a>),
    /// Traces with this word, a token of `spanwise_query`.
    Word(&'a str),
    /// Traces with a word that contains this, or with one that is too long to be kept whole.
    WordContaining(&'a str),
    /// Traces in all of these.
    And(Vec<TermQuery<'a>>),
    /// Traces in any of these.
    Or(Vec<TermQuery<'a>>),
}

/// A question about one span.
pub(crate) enum SpanQuery<'a> {
    /// The field has this value.
    Is(Field<'a>, &'a str),
    /// The field has a value that satisfies this. Values that are too long to be kept count as satisfying it.
    Matches(Field<'a>, Box<dyn Fn(&str) -> bool + 'a>),
    /// All of these.
    And(Vec<SpanQuery<'a>>),
    /// Any of these.
    Or(Vec<SpanQuery<'a>>),
}

/// Which traces may match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Candidates {
    /// Any trace.
    All,
    /// Of the traces whose blocks are indexed, only these.
    Traces(TraceSet),
}

/// Evaluates questions over some parts.
pub(crate) struct Evaluation<'a> {
    pub(crate) parts: &'a [Arc<Part>],
    /// Called between blocks of a dictionary: an error (a deadline, a caller that left) ends the evaluation.
    pub(crate) check: &'a dyn Fn() -> StoreResult<()>,
    pub(crate) extent: Extent,
}

/// Which documents are in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All that may match.
    Possible,
    /// Those that have a term which matches.
    Certain,
    /// Those that may match for another reason: a value that is too long to be a term, or a block that is not indexed
    /// in full.
    Rest,
}

impl Evaluation<'_> {
    /// Returns the traces that may match.
    pub(crate) fn candidates(&self, query: &TermQuery<'_>) -> StoreResult<Candidates> {
        match query {
            TermQuery::All => Ok(Candidates::All),
            TermQuery::Span(query) => self.traces(|part| self.docs(part, query).map(Arc::new)),
            TermQuery::Word(word) => {
                let mut term = Vec::new();
                term::write_word(word.as_bytes(), &mut term);
                self.traces(|part| self.exact(part, &term).map(Arc::new))
            }
            TermQuery::WordContaining(text) => self.traces(|part| {
                let find =
                    || self.matching(part, WORD_PREFIX, &|word| word.contains(text) || word == LONG_TOKEN);
                match self.extent {
                    Extent::Possible => part.memo.get(text, find),
                    Extent::Certain | Extent::Rest => find().map(Arc::new),
                }
            }),
            TermQuery::And(queries) => self.intersection(queries),
            TermQuery::Or(queries) => self.union(queries),
        }
    }

    fn traces(&self, docs: impl Fn(&Part) -> StoreResult<Arc<DocSet>>) -> StoreResult<Candidates> {
        let mut traces = TraceSet::default();
        for part in self.parts {
            (self.check)()?;
            part.add_traces(&*docs(part)?, &mut traces)?;
        }
        Ok(Candidates::Traces(traces))
    }

    fn intersection(&self, queries: &[TermQuery<'_>]) -> StoreResult<Candidates> {
        let mut result = Candidates::All;
        for query in queries {
            let next = self.candidates(query)?;
            result = match (result, next) {
                (Candidates::All, other) | (other, Candidates::All) => other,
                (Candidates::Traces(mut traces), Candidates::Traces(other)) => {
                    traces.intersect(&other);
                    Candidates::Traces(traces)
                }
            };
            if matches!(&result, Candidates::Traces(traces) if traces.is_empty()) {
                break;
            }
        }
        Ok(result)
    }

    fn union(&self, queries: &[TermQuery<'_>]) -> StoreResult<Candidates> {
        let mut result = TraceSet::default();
        for query in queries {
            match self.candidates(query)? {
                Candidates::All => return Ok(Candidates::All),
                Candidates::Traces(traces) => result.union(traces),
            }
        }
        Ok(Candidates::Traces(result))
    }

    fn docs(&self, part: &Part, query: &SpanQuery<'_>) -> StoreResult<DocSet> {
        let mut term = Vec::new();
        match query {
            SpanQuery::Is(field, value) => {
                term::write_value(*field, value.as_bytes(), &mut term);
                let mut docs = if value.len() > INDEXED_VALUE_BYTES_MAX {
                    self.shared_by_long(part, &term)?
                } else {
                    self.exact(part, &term)?
                };
                if value.starts_with(['{', '[']) && self.extent != Extent::Certain {
                    // A map with a key that comes twice may have been taken for longer than it is.
                    term::write_long(*field, &mut term);
                    part.lookup(&term, &mut docs)?;
                }
                Ok(docs)
            }
            SpanQuery::Matches(field, predicate) => {
                term::write_value_prefix(*field, &mut term);
                let mut docs = self.matching(part, &term, predicate)?;
                if self.extent != Extent::Certain {
                    term::write_long(*field, &mut term);
                    part.lookup(&term, &mut docs)?;
                }
                Ok(docs)
            }
            SpanQuery::And(queries) => {
                let mut sets = queries.iter().map(|query| self.docs(part, query));
                let first = sets.next().unwrap_or_else(|| Ok(part.all_docs()))?;
                sets.try_fold(first, |mut docs, set| {
                    docs.intersect(&set?);
                    Ok(docs)
                })
            }
            SpanQuery::Or(queries) => queries.iter().map(|query| self.docs(part, query)).try_fold(
                part.no_docs(),
                |mut docs, set| {
                    docs.union(&set?);
                    Ok(docs)
                },
            ),
        }
    }

    fn exact(&self, part: &Part, term: &[u8]) -> StoreResult<DocSet> {
        let mut docs = self.incomplete(part)?;
        if self.extent != Extent::Rest {
            part.lookup(term, &mut docs)?;
        }
        Ok(docs)
    }

    /// Returns the documents with a term that all long values of a field have.
    fn shared_by_long(&self, part: &Part, term: &[u8]) -> StoreResult<DocSet> {
        let mut docs = self.incomplete(part)?;
        if self.extent != Extent::Certain {
            part.lookup(term, &mut docs)?;
        }
        Ok(docs)
    }

    /// Returns the documents that are in the answer to every question.
    fn incomplete(&self, part: &Part) -> StoreResult<DocSet> {
        let mut docs = part.no_docs();
        if self.extent != Extent::Certain {
            part.lookup(INCOMPLETE, &mut docs)?;
        }
        Ok(docs)
    }

    /// Walks the terms that begin with `prefix`, and asks of the rest of each whether it is wanted.
    fn matching(&self, part: &Part, prefix: &[u8], predicate: &dyn Fn(&str) -> bool) -> StoreResult<DocSet> {
        let mut docs = self.incomplete(part)?;
        if self.extent == Extent::Rest {
            return Ok(docs);
        }
        let mut terms = part.terms_from(prefix);
        while self.next(&mut terms)? {
            let Some(value) = terms.term().strip_prefix(prefix) else { break };
            // Terms were made of text; one that is not text matches, so that damage never hides a trace.
            if std::str::from_utf8(value).map_or(true, predicate) {
                terms.read_list(&mut |doc| docs.insert(doc))?;
            }
        }
        Ok(docs)
    }

    fn next(&self, terms: &mut Terms<'_>) -> StoreResult<bool> {
        if terms.at_block_end() {
            (self.check)()?;
        }
        terms.next()
    }
}
