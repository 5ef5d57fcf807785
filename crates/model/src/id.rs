//! Ids as types. Text form goes in and out by `FromStr` and `Display`, at the edge only.

use crate::limit::TRACE_ID_CHARS_MAX;
use std::fmt;
use std::str::FromStr;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A trace id with no character.
    #[error(
        "trace id is empty; expected `tr-` and 32 hex digits, or any text of 1 to {TRACE_ID_CHARS_MAX} characters"
    )]
    EmptyTraceId,
    /// A trace id of more than [`TRACE_ID_CHARS_MAX`] characters.
    #[error("trace id `{0}…` is longer than {TRACE_ID_CHARS_MAX} characters")]
    LongTraceId(String),
    /// Not 16 hex digits.
    #[error("span id `{0}` is not 16 hex digits")]
    SpanId(String),
    /// Not a decimal integer of 64 bits.
    #[error("Invalid experiment ID '{0}'. Experiment ID must be a valid integer.")]
    ExperimentId(String),
    /// Not 64 lower-case hex digits.
    #[error("attachment `{0}` is not 64 lower-case hex digits")]
    AttachmentHash(String),
}

/// The id of a trace: 16 OpenTelemetry bytes, or a text that an MLflow client chose.
///
/// `tr-` and 32 lower-case hex digits, and the bare 32 digits, are the same id; it is written with `tr-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceId {
    /// An OpenTelemetry trace id.
    Otel([u8; 16]),
    /// Any other text, 1 to [`TRACE_ID_CHARS_MAX`] characters.
    Text(Box<str>),
}

impl TraceId {
    /// Returns the 16 bytes that OTLP readers expect: the id itself, or zero bytes for a text id.
    pub fn otel_bytes(&self) -> Option<&[u8; 16]> {
        match self {
            TraceId::Otel(bytes) => Some(bytes),
            TraceId::Text(_) => None,
        }
    }
}

impl FromStr for TraceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if let Some(bytes) = parse_lower_hex::<16>(text.strip_prefix("tr-").unwrap_or(text)) {
            return Ok(TraceId::Otel(bytes));
        }
        if text.is_empty() {
            return Err(IdError::EmptyTraceId);
        }
        if text.chars().count() > TRACE_ID_CHARS_MAX {
            return Err(IdError::LongTraceId(text.chars().take(TRACE_ID_CHARS_MAX).collect()));
        }
        Ok(TraceId::Text(text.into()))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TraceId::Otel(bytes) => {
                f.write_str("tr-")?;
                write_hex(f, bytes)
            }
            TraceId::Text(text) => f.write_str(text),
        }
    }
}

/// The id of a span within its trace; written as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub [u8; 8]);

impl FromStr for SpanId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_lower_hex::<8>(&text.to_ascii_lowercase())
            .map(SpanId)
            .ok_or_else(|| IdError::SpanId(text.into()))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// The id of an experiment: a decimal integer; `0` is `Default` and always exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExperimentId(pub i64);

impl ExperimentId {
    /// The experiment that always exists.
    pub const DEFAULT: ExperimentId = ExperimentId(0);
}

impl FromStr for ExperimentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(ExperimentId).map_err(|_| IdError::ExperimentId(text.into()))
    }
}

impl fmt::Display for ExperimentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of an assessment: text, `a-` and 32 hex digits when the server made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssessmentId(pub String);

impl fmt::Display for AssessmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn parse_lower_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_value(pair[0])? << 4 | hex_value(pair[1])?;
    }
    Some(bytes)
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn prefixed_and_bare_hex_are_one_trace_id() {
        let bare: TraceId = HEX.parse().unwrap();
        let prefixed: TraceId = format!("tr-{HEX}").parse().unwrap();
        assert_eq!(bare, prefixed);
        assert_eq!(bare.to_string(), format!("tr-{HEX}"));
    }

    #[test]
    fn any_other_text_up_to_the_limit_is_a_trace_id() {
        assert_eq!("tr-my-own".parse::<TraceId>().unwrap().to_string(), "tr-my-own");
        assert!("é".repeat(50).parse::<TraceId>().is_ok());
        assert!("é".repeat(51).parse::<TraceId>().is_err());
        assert_eq!("".parse::<TraceId>(), Err(IdError::EmptyTraceId));
    }
}
