//! Changes of many traces at once, and import.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Which traces to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BulkRequest {
    /// Names or ids; none = all active experiments.
    pub experiments: Vec<String>,
    /// Of the filter language.
    pub filter: String,
    /// Started at or after: milliseconds, ISO 8601 or `-1h`.
    pub from: Option<String>,
    /// Started before.
    pub to: Option<String>,
    /// Only these traces.
    pub trace_ids: Option<Vec<String>>,
    /// Must be true for a request that names neither filter, time nor traces.
    pub all: bool,
    /// Count only.
    pub dry_run: bool,
}

/// Which traces to tag, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BulkTagRequest {
    /// Names or ids; none = all active experiments.
    pub experiments: Vec<String>,
    /// Of the filter language.
    pub filter: String,
    /// Started at or after: milliseconds, ISO 8601 or `-1h`.
    pub from: Option<String>,
    /// Started before.
    pub to: Option<String>,
    /// Only these traces.
    pub trace_ids: Option<Vec<String>>,
    /// Must be true for a request that names neither filter, time nor traces.
    pub all: bool,
    /// Count only.
    pub dry_run: bool,
    /// Tags to set.
    pub set: BTreeMap<String, String>,
    /// Keys of tags to remove; a trace without one stays as it is.
    pub remove: Vec<String>,
}

/// What a bulk request did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct BulkResult {
    /// Traces that were selected.
    pub matched: u64,
    /// Traces that were changed or deleted; 0 in a dry run.
    pub changed: u64,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct ImportResult {
    /// Lines read.
    pub lines: u64,
    /// Records of traces restored.
    pub traces: u64,
    /// Spans stored, or there already.
    pub spans: u64,
    /// Lines that could not be taken, the first 100 of them.
    pub errors: Vec<LineError>,
    /// How many could not be taken.
    pub error_count: u64,
}

/// A line that could not be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LineError {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub message: String,
}

impl From<BulkTagRequest> for BulkRequest {
    fn from(request: BulkTagRequest) -> Self {
        BulkRequest {
            experiments: request.experiments,
            filter: request.filter,
            from: request.from,
            to: request.to,
            trace_ids: request.trace_ids,
            all: request.all,
            dry_run: request.dry_run,
        }
    }
}
