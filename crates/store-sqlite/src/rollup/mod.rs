//! Roll-ups: what charts over time add up, kept in buckets of 15 minutes while it is written.
//!
//! Two kinds: of traces, by experiment and the bucket that they start in; and of calls of models, by experiment, the
//! bucket in which the call starts, model and provider. They change in the transaction of the rows that they add up,
//! so that they are right after any crash. What a trace or a span gave before is taken away when it changes, moves or
//! is deleted; all is whole numbers, so that nothing remains of it.
//!
//! They can be computed again from rows and packed columns: `check` does, and so does the thread that makes those of a
//! store that an older version wrote.

mod build;
mod calls;
mod cells;
mod check;
mod figures;
mod name;
mod pending;
mod read;
mod record;
mod rows;
mod scan;
mod sketch;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use build::{Build, are_built};
pub(crate) use calls::{Calls, NO_CALL, SpanFacts};
pub(crate) use check::Expected;
pub(crate) use read::trace_metrics;
pub(crate) use record::{FACT_COLUMNS, TraceFacts, around, record, take_back};
pub(crate) use sketch::{bin_of, middle_of};
pub(crate) use writer::Rollups;

/// Reads bytes as roll-ups and as changes that wait, for the fuzz targets alone.
#[cfg(fuzzing)]
pub(crate) fn read_any(bytes: &[u8]) {
    let _ = figures::Figures::unpack(bytes);
    let _ = pending::unpack(bytes, |_| Ok(()));
}

/// Width of a bucket. Time zones differ by whole quarters of an hour.
pub(crate) const BUCKET_NS: i64 = 15 * 60 * 1_000_000_000;

/// Returns the number of the bucket that a time falls into, counted from 1970.
fn bucket_of(time_ns: i64) -> i64 {
    time_ns.div_euclid(BUCKET_NS)
}
