//! Filters that say which traces they are about: these are looked up, and nothing else is looked at.

use spanwise_model::TraceId;
use spanwise_query::{Expr, Filter, Predicate, TextField, TextTest};

/// Returns the traces that a filter names as the only ones that can match it. Texts that are no trace id name none.
pub(crate) fn named_traces(filter: &Filter) -> Option<Vec<TraceId>> {
    match filter {
        Expr::And(parts) => parts.iter().find_map(named_traces),
        Expr::Is(Predicate::Text { field: TextField::TraceId, test }) => {
            let ids = match test {
                TextTest::Eq(id) => std::slice::from_ref(id),
                TextTest::In(ids) => ids,
                _ => return None,
            };
            Some(ids.iter().filter_map(|id| id.parse().ok()).collect())
        }
        _ => None,
    }
}
