//! What can be wrong with a request, and what can be wrong with one span of it.

use crate::wire::WireProblem;
use spanwise_model::ErrorKind;

/// Why a whole request can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The protobuf structure above the spans is broken.
    #[error("invalid protobuf at byte {offset}: field `{field}` {problem}")]
    Protobuf {
        /// Where in the body the field starts.
        offset: usize,
        /// The field, e.g. `scope_spans.schema_url`; only the message if the tag can't be read.
        field: String,
        /// What is wrong.
        problem: WireProblem,
    },
    /// The text is not JSON, or not OTLP/JSON above the spans.
    #[error("invalid JSON at line {line}, column {column}: {problem}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The character in the line, from 1.
        column: usize,
        /// What is wrong, and what was expected.
        problem: String,
    },
}

impl DecodeError {
    /// Says where in the text byte `at` is.
    #[cold]
    pub(crate) fn json(text: &[u8], at: usize, problem: String) -> DecodeError {
        let before = String::from_utf8_lossy(&text[..at]);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        DecodeError::Json { line, column, problem }
    }

    /// Returns the kind: always the sender's mistake.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}

/// Why one span, log record, resource or scope is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{subject}: {problem}")]
pub struct SpanError {
    /// What is refused, e.g. ``span `chat` (00f067aa0ba902b7)``.
    pub subject: String,
    /// What is wrong with it.
    pub problem: SpanProblem,
}

impl SpanError {
    /// Returns the kind: always the sender's mistake.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidArgument
    }
}

/// What is wrong with a span, log record, resource or scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanProblem {
    /// A broken field of the message itself.
    #[error("field `{field}` {problem}")]
    Field {
        /// The field, e.g. `events.name`; only the message if the tag can't be read.
        field: String,
        /// What is wrong.
        problem: WireProblem,
    },
    /// A broken attribute.
    #[error("attribute `{key}` {problem}")]
    Attribute {
        /// The attribute's key; bytes that are not UTF-8 are replaced.
        key: String,
        /// What is wrong.
        problem: WireProblem,
    },
    /// An id of the wrong length, or all zero.
    #[error("field `{field}` is `{value}` ({} bytes); expected {expected} bytes, not all zero", value.len() / 2)]
    Id {
        /// The field's protobuf name.
        field: &'static str,
        /// The bytes as hex.
        value: String,
        /// How many bytes it should have.
        expected: usize,
    },
    /// A time that doesn't fit into `i64` nanoseconds.
    #[error("field `{field}` is {value}; expected nanoseconds since 1970, at most {}", i64::MAX)]
    Time {
        /// The field's protobuf name.
        field: &'static str,
        /// The value.
        value: u64,
    },
}
