//! Filters: what is wrong with one, and what may come next in it.

use serde::Serialize;
use utoipa::ToSchema;

/// An error (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status tells.
    pub r#type: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, and what would have been right.
    pub detail: String,
    /// All problems of a filter or an order that was not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<FilterProblem>>,
}

/// One problem of a filter or an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FilterProblem {
    /// What is wrong, and what would be right.
    pub message: String,
    /// Where it begins, in bytes of UTF-8.
    pub start: usize,
    /// Where it ends, excluded.
    pub end: usize,
    /// What would have been right here; may be empty.
    pub expected: Vec<String>,
    /// A text to put there instead, if one is obvious.
    pub suggestion: Option<String>,
}

/// What became of a filter and an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FilterCheck {
    /// Whether both were understood.
    pub valid: bool,
    /// The filter in its canonical form; null if it is not valid.
    pub canonical: Option<String>,
    /// All problems of the filter, then of the order.
    pub errors: Vec<FilterProblem>,
}

/// What may stand at a place of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Completion {
    /// Where the text begins that an accepted item replaces, in bytes.
    pub start: usize,
    /// Where it ends, excluded.
    pub end: usize,
    /// The best first.
    pub items: Vec<CompletionItem>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompletionItemKind {
    /// A field.
    Field,
    /// An operator.
    Operator,
    /// A value.
    Value,
    /// A word of the language.
    Keyword,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CompletionItem {
    /// What is inserted.
    pub text: String,
    /// What it is.
    pub kind: CompletionItemKind,
    /// What it means, in a few words.
    pub detail: Option<String>,
    /// Traces that have it, where known.
    pub count: Option<u64>,
}
