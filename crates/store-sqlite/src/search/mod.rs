//! Searching traces: a filter becomes one SQL statement, whose leaves are columns, sub-queries on the small tables,
//! and, for conditions on a span, a probe that asks the postings first, then packed columns, then bodies.

mod compile;
mod functions;
mod named;
mod narrow;
mod order;
mod probe;
mod run;
mod text;
mod verify;

pub(crate) use compile::{Compiled, Narrow};
pub(crate) use functions::{canonical, install};
pub(crate) use named::named_traces;
pub(crate) use narrow::{Found, Narrower};
pub(crate) use run::{SearchContext, count_traces, deadline, find_traces, in_time, select};
pub(crate) use text::attribute as attribute_text;
pub(crate) use verify::Verifier;
