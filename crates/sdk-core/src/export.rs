//! What an exporter is: it is given requests, one at a time, and says what became of each.

use std::io::{self, Read};
use std::time::Duration;

/// Sends requests somewhere. It runs on a thread of its own, and may block as long as its own time-outs let it.
/// Nothing is recorded of what it does there: sending spans would make spans, without end.
pub trait Exporter: Send {
    /// Sends a request. When this returns, everything is over: nothing is sent later.
    ///
    /// # Errors
    /// Why it was not taken, and whether to try again.
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError>;

    /// Lets others see what was taken, where that is not so already.
    ///
    /// # Errors
    /// Why it could not.
    fn flush(&mut self) -> Result<(), ExportError> {
        Ok(())
    }
}

/// An `ExportTraceServiceRequest` in pieces, which make it when put one behind the other.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its bytes.
    pub pieces: &'a [&'a [u8]],
    /// How many spans are in it.
    pub spans: u64,
}

/// What a receiver did not take of a request that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Spans that were refused.
    pub rejected: u64,
    /// Why.
    pub reason: String,
}

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ExportError {
    /// What went wrong.
    pub reason: String,
    /// Whether it may be taken later.
    pub is_passing: bool,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl ExportError {
    /// Something that may be over soon.
    pub fn passing(reason: impl Into<String>) -> ExportError {
        ExportError { reason: reason.into(), is_passing: true, retry_after: None }
    }

    /// Something that would be the same again.
    pub fn lasting(reason: impl Into<String>) -> ExportError {
        ExportError { reason: reason.into(), is_passing: false, retry_after: None }
    }
}

impl<'a> Request<'a> {
    /// Returns how many bytes it has.
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }

    /// Returns its bytes in one piece.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    /// Returns a reader of its bytes.
    pub fn reader(&self) -> RequestReader<'a> {
        RequestReader { pieces: self.pieces, at: 0 }
    }
}

/// Reads a request.
#[derive(Debug)]
pub struct RequestReader<'a> {
    pieces: &'a [&'a [u8]],
    at: usize,
}

impl Read for RequestReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let [first, rest @ ..] = self.pieces
            && filled < buffer.len()
        {
            let length = (first.len() - self.at).min(buffer.len() - filled);
            buffer[filled..filled + length].copy_from_slice(&first[self.at..self.at + length]);
            filled += length;
            self.at += length;
            if self.at == first.len() {
                (self.pieces, self.at) = (rest, 0);
            }
        }
        Ok(filled)
    }
}
