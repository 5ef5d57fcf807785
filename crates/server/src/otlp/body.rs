//! Reads the body of an OTLP request: streamed, decompressed, within the limit and the byte budget.

use super::decompress::{Decompressor, Encoding, PushError};
use axum::body::Body as HttpBody;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use spanwise_ingest::{BudgetExceeded, Reservation};

/// Memory that is set aside for a body of unknown or large length before any of it has come.
const FIRST_CAPACITY_MAX: usize = 1 << 20;
/// How many times the bytes that came are set aside for more of a body whose length is known.
const GROWTH_MAX: usize = 4;

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is larger than {0} bytes, the limit for a request (also after decompression)")]
    TooLarge(usize),
    #[error("the body is not valid {0}")]
    Corrupt(&'static str),
    #[error("the body ended or stalled before it was complete")]
    Interrupted,
    #[error(transparent)]
    Exhausted(#[from] BudgetExceeded),
}

/// Reads and decompresses a body. `reservation` grows as bytes arrive, so that unfinished bodies count too.
pub(crate) async fn read_body(
    request: Request<HttpBody>,
    encoding: Encoding,
    limit: usize,
    reservation: &mut Reservation,
) -> Result<Bytes, BodyError> {
    let mut collected = Collected { bytes: Vec::new(), expected: 0, limit, reservation };
    collected.expect(content_length(request.headers()))?;
    let mut body = request.into_body();
    let mut decompressor = Decompressor::new(encoding);
    let mut sink = |part: &[u8]| collected.push(part);
    let mut is_empty = true;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(BodyError::Interrupted) };
        let Some(chunk) = frame.data_ref() else { continue };
        is_empty &= chunk.is_empty();
        decompressor.push(chunk, &mut sink).map_err(|error| match error {
            PushError::Corrupt => BodyError::Corrupt(encoding.name()),
            PushError::Sink(error) => error,
        })?;
    }
    // No body at all is an empty request, whatever encoding its headers name.
    if !is_empty && !decompressor.is_complete() {
        return Err(BodyError::Corrupt(encoding.name()));
    }
    Ok(collected.bytes.into())
}

/// Returns what the client says; the body itself no longer knows once a timeout is wrapped around it.
pub(crate) fn content_length(headers: &HeaderMap) -> u64 {
    let value = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.parse().ok()).unwrap_or(0)
}

struct Collected<'a> {
    bytes: Vec<u8>,
    /// Bytes that the client says will come; 0 if it does not.
    expected: usize,
    limit: usize,
    reservation: &'a mut Reservation,
}

impl Collected<'_> {
    /// Refuses a body that is too large already on the wire, before any of it is read, and makes room for one that is
    /// not.
    fn expect(&mut self, length: u64) -> Result<(), BodyError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > self.limit {
            return Err(BodyError::TooLarge(self.limit));
        }
        self.expected = length;
        self.bytes.reserve_exact(length.min(FIRST_CAPACITY_MAX));
        Ok(())
    }

    fn push(&mut self, part: &[u8]) -> Result<(), BodyError> {
        let total = self.bytes.len() + part.len();
        if total > self.limit {
            return Err(BodyError::TooLarge(self.limit));
        }
        self.reservation.grow_to(total)?;
        if total > self.bytes.capacity() && total <= self.expected {
            // As much as it needs, and not up to twice that.
            self.bytes.reserve_exact(self.expected.min(total.saturating_mul(GROWTH_MAX)) - self.bytes.len());
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }
}
