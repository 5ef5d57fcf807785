//! What the engine's own errors mean to a caller.

use rusqlite::ErrorCode;
use spanwise_model::ErrorKind;
use spanwise_store::StoreError;

/// Turns an SQLite error into a store error: a full or failing disk may pass, anything else is a bug.
pub(crate) fn sql_error(error: rusqlite::Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseBusy
            | ErrorCode::CannotOpen,
        ) => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    StoreError::with_source(kind, "cannot use the index database", error)
}

/// Turns a file error into a store error that names what was being done.
pub(crate) fn io_error(action: impl Into<String>, error: std::io::Error) -> StoreError {
    StoreError::with_source(ErrorKind::Unavailable, action, error)
}

/// Says that stored bytes are not what was written.
pub(crate) fn damaged(what: impl Into<String>) -> StoreError {
    StoreError::new(ErrorKind::Internal, what)
}
