//! What the word and attribute index can say of a condition on spans, before any span is looked at.

use super::compile::Narrow;
use crate::error::sql_error;
use crate::postings::{Candidates, Field, PartSet, SpanQuery, TermQuery, TraceSet};
use rusqlite::Connection;
use spanwise_query::{Expr, Narrowing, SpanField, SpanFilter, SpanTest, TextTest, required_tokens};
use spanwise_store::StoreResult;
use std::slice::Iter;
use std::sync::Arc;

/// The index as of the start of a query.
pub(crate) struct Narrower {
    parts: Arc<PartSet>,
    /// Traces with blocks that the index does not cover yet: they are always looked at.
    unindexed: TraceSet,
}

impl Narrower {
    /// Takes the index as it is; `parts` must have been taken before the query's first read.
    pub(crate) fn new(conn: &Connection, parts: Arc<PartSet>) -> StoreResult<Narrower> {
        let mut unindexed = TraceSet::default();
        let mut statement = conn
            // NOT INDEXED: by their ids these are few, and an index by trace would be read as a whole.
            .prepare_cached("SELECT DISTINCT trace_key FROM block NOT INDEXED WHERE block_id > ?1")
            .map_err(sql_error)?;
        let mut rows = statement.query([parts.indexed_through()]).map_err(sql_error)?;
        while let Some(row) = rows.next().map_err(sql_error)? {
            unindexed.insert(row.get(0).map_err(sql_error)?);
        }
        drop(rows);
        Ok(Narrower { parts, unindexed })
    }
}

impl Narrow for Narrower {
    fn bounds(
        &self,
        filter: &SpanFilter,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<(TraceSet, Option<TraceSet>)> {
        let (certain, possible) = match certain_query(filter) {
            Some(query) => self.parts.bounds(&query, check)?,
            None => {
                let needs = content_needs(filter);
                let query = term_query(filter, &mut needs.iter());
                (TraceSet::default(), self.parts.evaluate(&query, check)?)
            }
        };
        Ok(match possible {
            Candidates::All => (TraceSet::default(), None),
            Candidates::Traces(mut traces) => {
                traces.union(self.unindexed.clone());
                (certain, Some(traces))
            }
        })
    }
}

/// Returns a question whose answer holds only traces that match `filter`, as long as their blocks tell.
fn certain_query(filter: &SpanFilter) -> Option<TermQuery<'_>> {
    match filter {
        Expr::Or(parts) => parts.iter().map(certain_query).collect::<Option<_>>().map(TermQuery::Or),
        Expr::Is(SpanTest::Text { field: SpanField::Content, test: TextTest::Words(words) }) => {
            // Several words may be those of several spans. A word that was cut is followed by another token.
            let [word] = words.tokens() else { return None };
            Some(TermQuery::Word(word))
        }
        Expr::Is(test) if test.is_content() => None,
        Expr::Is(test) => span_query(test).map(TermQuery::Span),
        Expr::And(_) | Expr::Not(_) => None,
    }
}

/// What was found for a plan, so that a verification need not ask again.
pub(crate) struct Found(pub(crate) Vec<(SpanFilter, Option<TraceSet>)>);

impl Narrow for Found {
    fn traces(
        &self,
        filter: &SpanFilter,
        _check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<Option<TraceSet>> {
        let found = self.0.iter().find(|(known, _)| known == filter);
        Ok(found.and_then(|(_, traces)| traces.clone()))
    }

    fn bounds(
        &self,
        filter: &SpanFilter,
        check: &dyn Fn() -> StoreResult<()>,
    ) -> StoreResult<(TraceSet, Option<TraceSet>)> {
        Ok((TraceSet::default(), self.traces(filter, check)?))
    }

    fn looked_up_traces_max(&self) -> usize {
        0
    }
}

/// Returns what the conditions on whole spans need among the words of a trace, in the order of the filter.
fn content_needs(filter: &SpanFilter) -> Vec<Narrowing> {
    match filter {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(content_needs).collect(),
        Expr::Not(_) => Vec::new(),
        Expr::Is(SpanTest::Text { field: SpanField::Content, test }) => vec![required_tokens(test)],
        Expr::Is(_) => Vec::new(),
    }
}

/// Returns a question whose answer holds every trace that matches `filter`; `needs` is of `content_needs`.
fn term_query<'a>(filter: &'a SpanFilter, needs: &mut Iter<'a, Narrowing>) -> TermQuery<'a> {
    match filter {
        Expr::And(parts) => and_query(parts, needs),
        Expr::Or(parts) => TermQuery::Or(parts.iter().map(|part| term_query(part, needs)).collect()),
        Expr::Not(_) => TermQuery::All,
        Expr::Is(test) if test.is_content() => content_query(needs.next()),
        Expr::Is(test) => span_query(test).map_or(TermQuery::All, TermQuery::Span),
    }
}

/// Conditions on one span are asked together, since the index keeps the values of a span together.
fn and_query<'a>(parts: &'a [SpanFilter], needs: &mut Iter<'a, Narrowing>) -> TermQuery<'a> {
    let mut of_one_span = Vec::new();
    let mut queries = Vec::new();
    for part in parts {
        match part {
            Expr::Is(test) if !test.is_content() => of_one_span.extend(span_query(test)),
            other => queries.push(term_query(other, needs)),
        }
    }
    if !of_one_span.is_empty() {
        queries.push(TermQuery::Span(SpanQuery::And(of_one_span)));
    }
    TermQuery::And(queries)
}

/// Returns what the index can be asked of a field; `None` if most values satisfy the test, or it has none.
fn span_query(test: &SpanTest) -> Option<SpanQuery<'_>> {
    let SpanTest::Text { field, test } = test else { return None };
    let field = match field {
        SpanField::Name => Field::Name,
        SpanField::Type => Field::Type,
        SpanField::Status => Field::Status,
        SpanField::Model => Field::Model,
        SpanField::Provider => Field::Provider,
        SpanField::Attribute(key) => Field::Attribute(key.as_bytes()),
        SpanField::Content => return None,
    };
    match test {
        TextTest::Eq(value) => Some(SpanQuery::Is(field, value)),
        TextTest::In(values) => {
            Some(SpanQuery::Or(values.iter().map(|value| SpanQuery::Is(field, value)).collect()))
        }
        TextTest::Like(_)
        | TextTest::RLike(_)
        | TextTest::Contains(_)
        | TextTest::Words(_)
        | TextTest::Number(_)
        | TextTest::IsNotNull => Some(SpanQuery::Matches(field, Box::new(|value| test.matches(Some(value))))),
        TextTest::Ne(_) | TextTest::NotIn(_) | TextTest::Lacks(_) | TextTest::IsNull => None,
    }
}

fn content_query(need: Option<&Narrowing>) -> TermQuery<'_> {
    match need {
        Some(Narrowing::Tokens(tokens)) => {
            TermQuery::And(tokens.iter().map(|token| TermQuery::Word(token)).collect())
        }
        Some(Narrowing::Part(part)) => TermQuery::WordContaining(part),
        Some(Narrowing::Nothing) | None => TermQuery::All,
    }
}
