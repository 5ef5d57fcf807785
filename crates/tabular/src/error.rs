//! Why a file could not be read, or not further.

use std::io;

/// What is wrong with a whole file.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It could not be read or written.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    /// Its header names no columns.
    #[error("the first line of the file names no columns")]
    NoHeader,
    /// The header is not text.
    #[error("the first line of the file is not UTF-8: {0}")]
    Header(#[source] csv::Error),
    /// It is not what it should be, or is damaged.
    #[error("the file is no Parquet file that can be read: {0}")]
    Parquet(String),
    /// It is sound, and uses what is not read here.
    #[error("the Parquet file uses {0}, which is not read here")]
    Unsupported(String),
}

impl TableError {
    pub(crate) fn damaged(what: impl Into<String>) -> TableError {
        TableError::Parquet(what.into())
    }
}
