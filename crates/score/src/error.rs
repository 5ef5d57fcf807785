//! What is wrong with a definition.

use spanwise_model::ErrorKind;

/// Why a definition is refused; the text names the field, its value and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// It is no definition at all.
    #[error("the definition can't be read: {0}")]
    Unreadable(String),
    /// A field has a value that does not do.
    #[error("`{field}` {problem}")]
    Field {
        /// The field.
        field: String,
        /// Completes the sentence that begins with the field.
        problem: String,
    },
}

impl ScoreError {
    pub(crate) fn field(field: impl Into<String>, problem: impl Into<String>) -> ScoreError {
        ScoreError::Field { field: field.into(), problem: problem.into() }
    }

    /// Returns what kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}
