//! The structure of a trace in columns: a hundred thousand spans in a few megabytes.

use serde::Serialize;
use utoipa::ToSchema;

/// The spans of a trace without their bodies, in columns. Parentless spans come first, then by start.
///
/// "Deltas" are differences to the previous entry; the first entry's is to zero, or to what is said.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Tree {
    /// The trace.
    pub trace_id: String,
    /// What the first of `starts` counts from.
    pub start_ns: String,
    /// Spans.
    pub count: usize,
    /// Ids, 16 hex digits each, one after the other.
    pub ids: String,
    /// The row of each span's parent; -1 of a root, -2 of a span whose parent is not there.
    pub parents: Vec<i32>,
    /// Starts in nanoseconds, as deltas.
    pub starts: Vec<i64>,
    /// Durations in nanoseconds; -1 of a span that is still open.
    pub durations: Vec<i64>,
    /// A digit a span: 0 unset, 1 ok, 2 error.
    pub statuses: String,
    /// Names.
    pub names: Dictionary,
    /// Types.
    pub types: Dictionary,
    /// Models, of the spans that have one.
    pub models: SparseDictionary,
    /// Tokens, of the spans that report some.
    pub usage: UsageColumns,
    /// Cost, of the spans whose cost is known.
    pub cost: CostColumns,
    /// Rows, as deltas, of spans whose tokens or cost do not count in the trace's totals: they are told by a span above, or
    /// by those below. `usage-explained` says which.
    pub uncounted: Vec<u32>,
}

/// A text for each row, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Dictionary {
    /// The texts.
    pub values: Vec<String>,
    /// For each row the index of its text.
    pub rows: Vec<u32>,
}

/// A text for some rows, by number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct SparseDictionary {
    /// The texts.
    pub values: Vec<String>,
    /// The rows, as deltas.
    pub rows: Vec<u32>,
    /// For each of them the index of its text.
    pub indexes: Vec<u32>,
}

/// Tokens of some rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct UsageColumns {
    /// The rows, as deltas.
    pub rows: Vec<u32>,
    /// Input tokens.
    pub input: Vec<u64>,
    /// Output tokens.
    pub output: Vec<u64>,
    /// Total tokens.
    pub total: Vec<u64>,
    /// Input tokens read from a cache; 0 where not reported.
    pub cache_read: Vec<u64>,
}

/// Cost of some rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, ToSchema)]
pub struct CostColumns {
    /// The rows, as deltas.
    pub rows: Vec<u32>,
    /// US dollars.
    pub total: Vec<f64>,
}
