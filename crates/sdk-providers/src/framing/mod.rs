//! How the bytes of a response are cut into JSON values, whichever way they are split.

mod base64;
mod event_stream;
mod json_values;
mod sieve;
mod sse;

pub(crate) use sieve::{Sieve, length_told};

use event_stream::EventStream;
use json_values::JsonValues;
use sse::Sse;

/// Bytes of one event, or of a body that is one JSON value, that are read; a larger one is left out.
pub(crate) const FRAME_BYTES_MAX: usize = 8 << 20;

/// A piece of a response.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame<'a> {
    /// A JSON value.
    Json(&'a [u8]),
    /// A JSON value whose name stands beside it.
    Named(&'a str, &'a [u8]),
    /// An error, with the provider's word for it.
    Error(Option<&'a str>, &'a [u8]),
    /// The end, where a protocol says it in a way of its own.
    Done,
    /// So many bytes were too many for one piece.
    TooLong(u64),
    /// What came is not of this kind; nothing that follows can be told apart.
    Broken(&'static str),
}

/// Gets the pieces as they become whole.
pub(crate) type OnFrame<'a> = &'a mut dyn FnMut(Frame<'_>);

/// A way to cut bytes into pieces.
#[derive(Debug)]
pub(crate) enum Framing {
    /// Nothing has come that tells more than the type of the content does.
    Unknown {
        is_sse: bool,
    },
    Sse(Sse),
    Json(JsonValues),
    EventStream(EventStream),
}

impl Framing {
    /// Chooses by the type of the content, and then by what comes first, since not all servers tell the truth: many answer
    /// an error as JSON in place of events.
    pub(crate) fn of(content_type: &str) -> Framing {
        if content_type.contains("vnd.amazon.eventstream") {
            Framing::EventStream(EventStream::default())
        } else {
            Framing::Unknown { is_sse: content_type.contains("event-stream") }
        }
    }

    /// Returns whether it is one of streams.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Framing::Unknown { is_sse: true } | Framing::Sse(_) | Framing::EventStream(_))
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8], on: OnFrame<'_>) {
        match self {
            Framing::Unknown { is_sse } => {
                let is_blank = |byte: &u8| byte.is_ascii_whitespace() || BOM.contains(byte);
                let Some(at) = bytes.iter().position(|byte| !is_blank(byte)) else { return };
                *self = match bytes[at] {
                    b'{' | b'[' => Framing::Json(JsonValues::default()),
                    _ if *is_sse => Framing::Sse(Sse::default()),
                    // `data:`, `event:`, `id:`, `retry:`, and a comment.
                    b'd' | b'e' | b'i' | b'r' | b':' => Framing::Sse(Sse::default()),
                    _ => Framing::Json(JsonValues::default()),
                };
                self.push(&bytes[at..], on);
            }
            Framing::Sse(sse) => sse.push(bytes, on),
            Framing::Json(values) => values.push(bytes, on),
            Framing::EventStream(stream) => stream.push(bytes, on),
        }
    }

    /// Says that nothing more comes; returns whether that was at the end of a piece.
    pub(crate) fn end(&mut self, on: OnFrame<'_>) -> bool {
        match self {
            Framing::Unknown { .. } => true,
            Framing::Sse(sse) => sse.end(on),
            Framing::Json(values) => values.end(on),
            Framing::EventStream(stream) => stream.is_between(),
        }
    }
}

/// The bytes of a byte-order mark, which some servers begin with.
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];
