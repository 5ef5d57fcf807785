//! What a receiver answers to an OTLP request, whatever the transport.

use crate::export::Accepted;
use crate::wire::Fields;
use std::time::Duration;

/// How long a connection may take to be made.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// What this crate calls itself.
pub(crate) const USER_AGENT: &str = concat!("spanwise-rust/", env!("CARGO_PKG_VERSION"));
/// Characters of a refusal that are shown.
const REASON_CHARS_MAX: usize = 300;

/// Reads an `ExportTraceServiceResponse`. What can't be read, or is something else, says nothing against what was taken.
pub(crate) fn accepted(answer: &[u8]) -> Accepted {
    let mut accepted = Accepted::default();
    for partial in Fields::of(answer).filter(|field| field.number == 1) {
        for field in Fields::of(partial.payload.bytes()) {
            match field.number {
                1 => accepted.rejected = field.payload.number(),
                2 => accepted.reason = field.payload.text().chars().take(REASON_CHARS_MAX).collect(),
                _ => {}
            }
        }
    }
    accepted
}

/// Returns a text that came from outside as it may be shown.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == ' ').take(REASON_CHARS_MAX).collect()
}
