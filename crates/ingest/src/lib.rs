//! From the bytes of an OTLP request to an acknowledged write: admission, decoding, derivation, experiment choice.
//!
//! Knows no transport: HTTP, gRPC and the command line hand over decompressed bytes, and get an outcome or an error
//! of a kind. Knows no storage engine either.

mod budget;
mod column;
mod decoded;
mod draft;
mod error;
mod experiment;
mod ingest;
mod lend;
mod logs;
mod origin;
mod redaction;
mod reject;
mod signal;
mod traces;

pub use budget::{BudgetExceeded, ByteBudget, Reservation};
pub use error::IngestError;
pub use ingest::{Body, Format, Ingest, IngestLimits, IngestOutcome, Route};
pub use redaction::{RecordTexts, Redaction, RulesInForce};
