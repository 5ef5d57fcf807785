//! OTLP/JSON to protobuf, in one pass over the text.
//!
//! Read is what the specification allows and what senders write besides: camelCase and snake_case names, integers as
//! numbers, texts or floats without a fraction, enums as numbers or names, `null` for absent, ids as hex or base64,
//! bytes in either base64 alphabet, `NaN` and `Infinity` as texts or bare. Unknown fields and unknown enum names are
//! ignored. An `intValue` that does not fit into 64 bits becomes a `stringValue` with the same digits.
//! <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

mod field;
pub(crate) mod parser;
pub(crate) mod scalar;
mod transcoder;

use crate::error::DecodeError;
use crate::json::parser::SyntaxError;
use crate::json::transcoder::{Transcoder, text_field};
use crate::schema::{LOGS_REQUEST, Message, TRACES_REQUEST};

/// Refused spans or log records of a request that are reported one by one; the others are only counted, so that a
/// request of nothing else does not grow in memory.
pub const REJECTED_MAX: usize = 100;

/// A request as protobuf, and what of it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcoded {
    /// An `ExportTraceServiceRequest` or `ExportLogsServiceRequest`.
    pub body: Vec<u8>,
    /// The spans or log records that `body` lacks, the first [`REJECTED_MAX`] of them.
    pub rejected: Vec<Rejected>,
    /// How many more it lacks.
    pub further_rejected: usize,
}

/// A span or log record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which one it is, and why.
    pub reason: String,
}

/// Reads an `ExportTraceServiceRequest`.
///
/// A span with a wrong value is left out and reported; wrong syntax, or a wrong value outside of the spans, fails the
/// whole request.
pub fn transcode_traces(json: &[u8]) -> Result<Transcoded, DecodeError> {
    transcode(json, &TRACES_REQUEST)
}

/// Reads an `ExportLogsServiceRequest`, as [`transcode_traces`] does for spans.
pub fn transcode_logs(json: &[u8]) -> Result<Transcoded, DecodeError> {
    transcode(json, &LOGS_REQUEST)
}

fn transcode(json: &[u8], request: &'static Message) -> Result<Transcoded, DecodeError> {
    let text = std::str::from_utf8(json)
        .map_err(|error| DecodeError::json(json, error.valid_up_to(), "is not valid UTF-8".into()))?;
    let mut transcoder = Transcoder::new(text);
    match transcoder.request(request) {
        Ok(()) => Ok(Transcoded {
            body: transcoder.out.finish(),
            rejected: transcoder.rejected,
            further_rejected: transcoder.further_rejected,
        }),
        Err(fault) => Err(fault.into_error(text)),
    }
}

/// Why reading stopped.
enum Fault {
    Syntax(SyntaxError),
    Value(Box<ValueFault>),
}

/// A value that is JSON but not OTLP.
struct ValueFault {
    at: usize,
    /// Where the attribute around it starts, the outermost if they nest.
    attribute: Option<usize>,
    problem: String,
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Fault {
        Fault::Syntax(error)
    }
}

impl Fault {
    fn into_error(self, text: &str) -> DecodeError {
        match self {
            Fault::Syntax(error) => error.into_decode_error(text),
            Fault::Value(fault) => DecodeError::json(text.as_bytes(), fault.at, fault.message(text)),
        }
    }
}

impl ValueFault {
    fn message(&self, text: &str) -> String {
        match self.attribute {
            Some(at) => format!("attribute `{}`: {}", text_field(&text[at..], "key", "key"), self.problem),
            None => self.problem.clone(),
        }
    }
}
