//! The embedded engine: an SQLite index and append-only segment files, owned by one process.
//!
//! `<data-dir>/index.db` holds what is searched, `<data-dir>/segments/` the spans as they came, `postings/` the word
//! and attribute index, `attachments/` images and the like, `artifacts/` files. Everything here runs on the engine's own threads, never on the
//! runtime's. Rows and files stay inside this crate.

mod aggregate;
mod append;
mod artifact_removal;
mod artifacts;
mod attachments;
mod background;
mod backup;
mod block;
mod catalog;
mod catalog_engine;
mod check;
mod columns;
mod compaction;
mod delete;
mod disk;
mod engine;
mod error;
mod error_spans;
mod explore;
mod function;
mod lender;
mod postings;
mod price;
mod rank;
mod reader;
mod refresh;
mod renormalize;
mod retention;
mod review_engine;
mod rollup;
mod scan;
mod schema;
mod search;
mod segment;
mod shared_text;
mod spans;
mod stats;
mod store;
mod table;
mod trace_ids;
mod trace_row;
mod trace_state;
mod writer;

pub use artifacts::FsArtifacts;
pub use backup::{BackupFolder, BackupSummary, RestoreReport, restore};
pub use store::{OpenOptions, SqliteStore};

/// The decoders of stored bytes, for the fuzz targets alone.
#[cfg(fuzzing)]
pub mod fuzzing {
    /// Reads bytes as a block and as packed columns.
    pub fn read_stored_bytes(bytes: &[u8]) {
        let _ = crate::block::Block::decode(bytes);
        let _ = crate::columns::unpack_spans(bytes);
        let _ = crate::columns::unpack_logs(bytes);
        crate::rollup::read_any(bytes);
    }

    /// Reads the file at `path` as a part of the word index.
    pub fn read_postings(path: &std::path::Path) {
        crate::postings::read_any_file(path);
    }
}
