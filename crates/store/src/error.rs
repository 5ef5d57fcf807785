//! The one error of every storage engine.

use spanwise_model::ErrorKind;
use std::error::Error;
use std::fmt;

/// The result of a store operation.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a store operation failed: a kind, a message that names the thing, and the engine's own error as source.
#[derive(Debug)]
pub struct StoreError {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// Makes an error without a source.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        StoreError { kind, message: message.into(), source: None }
    }

    /// Makes an error with the engine's own error as its source.
    pub fn with_source(
        kind: ErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        StoreError { kind, message: message.into(), source: Some(source.into()) }
    }

    /// Makes a `NotFound`.
    pub fn not_found(message: impl Into<String>) -> Self {
        StoreError::new(ErrorKind::NotFound, message)
    }

    /// Makes an `InvalidArgument`.
    pub fn invalid(message: impl Into<String>) -> Self {
        StoreError::new(ErrorKind::InvalidArgument, message)
    }

    /// Returns what kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the message without its sources.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
