//! OTLP, protobuf and JSON, as pure functions over bytes.
//!
//! Protobuf is read in place: [`scan_traces`] finds the raw spans of a request, [`SpanView::parse`] checks one and
//! lets its fields be read without copying. Unknown fields are skipped, and a singular field that occurs twice has
//! its last value (messages too: they are not merged, as no encoder writes them twice). Nothing here knows what an
//! attribute means (`genai` does), and nothing here does I/O.

pub mod attachment;
mod check;
mod error;
mod event;
pub mod json;
pub mod json_out;
mod log;
mod nest;
mod number;
pub mod pyjson;
mod request;
mod resource;
mod rewrite;
mod schema;
mod search_text;
mod span;
mod stored;
mod text;
mod value;
mod wire;
mod write;

pub use error::{DecodeError, SpanError, SpanProblem};
pub use event::{EventView, Events, LinkView, Links};
pub use log::LogRecordView;
pub use request::{
    ResourceLogsView, ResourceSpansView, ScopeLogsView, ScopeSpansView, parse_header, scan_logs, scan_traces,
};
pub use resource::{ResourceView, ScopeView, scope_name};
pub use rewrite::{Place, Rewriter, ValueStep, rewrite_logs, rewrite_traces};
pub use search_text::{write_log_search_text, write_search_text};
pub use span::SpanView;
pub use stored::{StoredAttribute, StoredAttributes, StoredList, StoredMap, StoredValue};
pub use value::{AnyValueView, ArrayView, Attributes, KvListView, Values};
pub use wire::WireProblem;
pub use write::{ResourceGroup, ScopeGroup, encode_traces, resource_spans_header, scope_spans_header};
