//! What lists, counts and charts need of every trace, in memory and by columns, so that a million traces are looked
//! at in milliseconds.
//!
//! Chunks of neighbouring keys hold numbers and the codes of texts. The writing thread changes them after each commit
//! and before it answers; a reader takes a snapshot, and chunks that it holds are copied before they change, so neither
//! waits for the other. The table holds nothing that the index does not: it is filled from there when the store is
//! opened, and what it can't tell (a text that is not kept, a condition on a span's body) is asked there.

mod bits;
mod change;
mod chunk;
mod dictionary;
mod ints;
mod load;
mod state;
mod summary;
#[cfg(test)]
mod tests;

pub(crate) use bits::{Bits, CHUNK_ROWS, WORDS};
pub(crate) use change::TableChanges;
pub(crate) use chunk::{Chunk, STATES, place, trace_key};
pub(crate) use dictionary::{Code, HASHED, Texts, hash_code};
pub(crate) use ints::{Ints, rows_where};
pub(crate) use load::TableLoader;
pub(crate) use state::{
    CLIENT_REQUEST_ID, NAME, RESOURCES_MAX, SESSION, Snapshot, TraceTable, UNKNOWN_RESOURCE, USER,
};
pub(crate) use summary::{Field, Kind, read_list};
