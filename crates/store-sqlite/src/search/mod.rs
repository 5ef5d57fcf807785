//! Searching traces: a filter becomes one SQL statement, whose leaves are columns, sub-queries on the small tables,
//! and, for conditions on a span, a probe that asks the postings first, then packed columns, then bodies.

mod compile;
mod functions;
mod narrow;
mod order;
mod probe;
mod run;
mod text;

pub(crate) use compile::Compiled;
pub(crate) use functions::install;
pub(crate) use run::{SearchContext, count_traces, find_traces, select};
pub(crate) use text::attribute as attribute_text;
