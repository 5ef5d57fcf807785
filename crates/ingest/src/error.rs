//! Why a whole request is refused. What is wrong with single spans is counted in the outcome instead.

use crate::BudgetExceeded;
use spanwise_model::{ErrorKind, IdError};
use spanwise_otlp::DecodeError;
use spanwise_redact::RuleError;
use spanwise_store::StoreError;

/// Why a request was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The body is not the message that it should be.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// The experiment that was asked for is not an id.
    #[error(transparent)]
    ExperimentId(#[from] IdError),
    /// Redaction rules can't be used.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// No room for the body now.
    #[error(transparent)]
    Exhausted(#[from] BudgetExceeded),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that decoded the body or the task that wrote it panicked or was stopped.
    #[error("the work on the request did not finish")]
    Task(#[source] tokio::task::JoinError),
}

impl IngestError {
    /// Returns what kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            IngestError::Malformed(_) | IngestError::ExperimentId(_) | IngestError::Rules(_) => {
                ErrorKind::InvalidArgument
            }
            IngestError::Exhausted(_) => ErrorKind::Exhausted,
            IngestError::Store(error) => error.kind(),
            IngestError::Task(_) => ErrorKind::Internal,
        }
    }
}
