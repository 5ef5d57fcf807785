//! The reads behind lists, charts and the trace page: figures over a selection of traces, and the structure of one.

mod activity;
mod changes;
mod column_values;
mod facet;
mod histogram;
mod map_values;
mod session;
mod session_columns;
mod sketch;
mod span_values;
mod tree;

pub(crate) use activity::activity_of;
pub(crate) use changes::ChangeFeed;
pub(crate) use facet::trace_facets;
pub(crate) use histogram::trace_histogram;
pub(crate) use session::find_sessions;
pub(crate) use sketch::DurationSketch;
pub(crate) use tree::{TraceColumns, read_tree};
