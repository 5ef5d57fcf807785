//! The house's face of the grammar: all problems of a filter or an order at once, in words that say what would be
//! right. MLflow's routes have another face, [`crate::parse_filter`], with MLflow's words for the first problem.

use crate::check::parse_filter_at;
use crate::filter::{Filter, TextSpan};
use crate::order::{OrderBy, parse_order_text};

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

/// Parses and checks a filter, with relative times counted from `now_ns`, nanoseconds since the Unix epoch.
pub fn analyze(text: &str, now_ns: i64) -> Analysis {
    match parse_filter_at(text, now_ns) {
        Ok(filter) => Analysis { filter: Some(filter), errors: Vec::new() },
        Err(error) => {
            let diagnostic = FilterDiagnostic {
                message: error.to_string(),
                span: error.span,
                expected: Vec::new(),
                suggestion: None,
            };
            Analysis { filter: None, errors: vec![diagnostic] }
        }
    }
}

/// Parses and checks an order: fields with ASC or DESC, separated by commas.
pub fn analyze_order(text: &str) -> OrderAnalysis {
    match parse_order_text(text) {
        Ok(order) => OrderAnalysis { order: Some(order), errors: Vec::new() },
        Err(error) => {
            let diagnostic = FilterDiagnostic {
                message: error.to_string(),
                span: error.span,
                expected: Vec::new(),
                suggestion: None,
            };
            OrderAnalysis { order: None, errors: vec![diagnostic] }
        }
    }
}
