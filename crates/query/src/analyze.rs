//! The house's face of the grammar: all problems of a filter or an order at once, in words that say what would be
//! right. MLflow's routes have another face, [`crate::parse_filter`], with MLflow's words for the first problem.

use crate::check::{self, Reading};
use crate::error::{FILTER_BYTES_MAX, FILTER_PROBLEMS_MAX, FilterError, ORDER_KEYS_MAX, Problem};
use crate::filter::{Filter, TextSpan};
use crate::house::{self, Diagnostic};
use crate::order::{self, OrderBy};
use crate::syntax;

/// What became of a filter's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The filter; `None` if there is any error.
    pub filter: Option<Filter>,
    /// All problems, in order of their places.
    pub errors: Vec<FilterDiagnostic>,
}

/// What became of an order's text.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderAnalysis {
    /// The order, tie-breakers included; `None` if there is any error.
    pub order: Option<Vec<OrderBy>>,
    /// All problems, in order of their places.
    pub errors: Vec<FilterDiagnostic>,
}

/// A problem of a filter or an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterDiagnostic {
    /// What is wrong, and what would be right.
    pub message: String,
    /// Where, in bytes of the text.
    pub span: TextSpan,
    /// What would have been right here; may be empty.
    pub expected: Vec<String>,
    /// A text to put in place of `span`, if one is obvious.
    pub suggestion: Option<String>,
}

/// Parses and checks a filter, with relative times counted from `now_ns`, nanoseconds since the Unix epoch. Beside
/// what no grammar takes, values that a field never has (`status = 'ok'`) are errors.
pub fn analyze(text: &str, now_ns: i64) -> Analysis {
    let parsed = match syntax::parse_all(text, Some(now_ns)) {
        Ok(parsed) => parsed,
        Err(limit) => return Analysis { filter: None, errors: vec![of_limit(&limit)] },
    };
    let mut errors = house::rejections(&parsed);
    let (filter, refusals) = check::check(&parsed.tree, Reading { now_ns: Some(now_ns), strict: true });
    errors.extend(refusals.into_iter().map(|refusal| refusal.house));
    // Of two problems that begin at one place the longer one has seen more.
    errors.sort_by_key(|error| (error.span.start, std::cmp::Reverse(error.span.end)));
    errors.dedup_by_key(|error| error.span.start);
    errors.truncate(FILTER_PROBLEMS_MAX);
    Analysis { filter: errors.is_empty().then_some(filter), errors }
}

/// Parses and checks an order: fields with ASC or DESC, separated by commas. The empty text is newest first.
pub fn analyze_order(text: &str) -> OrderAnalysis {
    // An order that is too long is refused as a whole, below.
    let clauses = if text.len() > FILTER_BYTES_MAX { Vec::new() } else { order::clauses_of(text) };
    let mut errors: Vec<FilterDiagnostic> = clauses
        .iter()
        .take(ORDER_KEYS_MAX)
        .filter_map(|(start, clause)| house::order_refusal(clause, *start, |field| order::key(field).is_ok()))
        .collect();
    if errors.is_empty() {
        match order::parse_order_text(text) {
            Ok(order) => return OrderAnalysis { order: Some(order), errors },
            Err(error) => errors.push(of_order(error, text)),
        }
    }
    OrderAnalysis { order: None, errors }
}

fn of_limit(error: &FilterError) -> FilterDiagnostic {
    Diagnostic::new(error.to_string(), error.span.clone()).build()
}

/// A problem of an order whose clauses are right one by one.
fn of_order(error: FilterError, text: &str) -> FilterDiagnostic {
    match error.problem {
        Problem::OrderDuplicate(_) => {
            Diagnostic::new("the order names a field twice; name each field once", 0..text.len()).build()
        }
        _ => of_limit(&error),
    }
}
