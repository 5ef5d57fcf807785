//! OTLP, protobuf and JSON, as pure functions over bytes.
//!
//! Protobuf is read in place: [`scan_traces`] finds the raw spans of a request, [`SpanView::parse`] checks one and
//! lets its fields be read without copying. Nothing here knows what an attribute means (`genai` does), and nothing
//! here does I/O.

mod check;
mod error;
mod event;
mod log;
mod number;
mod request;
mod resource;
mod span;
mod value;
mod wire;
mod write;

pub use error::{DecodeError, SpanError, SpanProblem};
pub use event::{EventView, Events, LinkView, Links};
pub use log::LogRecordView;
pub use request::{
    ResourceLogsView, ResourceSpansView, ScopeLogsView, ScopeSpansView, parse_header, scan_logs, scan_traces,
};
pub use resource::{ResourceView, ScopeView};
pub use span::SpanView;
pub use value::{AnyValueView, ArrayView, Attributes, KvListView, Values};
pub use wire::WireProblem;
pub use write::{ResourceGroup, ScopeGroup, encode_traces, resource_spans_header, scope_spans_header};
