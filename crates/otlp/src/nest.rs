//! Writing nested protobuf messages front to back, though a message's length stands before it.

use crate::write::{LENGTH_DELIMITED, push_tag, push_varint, varint_len};

/// A protobuf message in the making.
///
/// Lengths are kept apart and put in at the end, in one pass: moving the bytes at each level would make deep messages
/// quadratic, and writing wide varints would change the bytes that are stored and hashed.
#[derive(Debug, Default)]
pub(crate) struct Nest {
    /// All that is written, without the lengths of messages.
    pub(crate) bytes: Vec<u8>,
    lengths: Vec<Length>,
    /// What the closed lengths will take.
    lengths_len: usize,
}

#[derive(Debug)]
struct Length {
    at: usize,
    value: usize,
}

/// A message that is open, to be closed in reverse order.
#[derive(Debug)]
#[must_use]
pub(crate) struct Open {
    index: usize,
    lengths_len: usize,
}

/// A state to which a [`Nest`] can go back.
#[derive(Debug)]
pub(crate) struct Mark {
    bytes: usize,
    lengths: usize,
    lengths_len: usize,
}

impl Nest {
    /// Starts a field that is a message.
    pub(crate) fn open(&mut self, number: u32) -> Open {
        push_tag(&mut self.bytes, number, LENGTH_DELIMITED);
        self.lengths.push(Length { at: self.bytes.len(), value: 0 });
        Open { index: self.lengths.len() - 1, lengths_len: self.lengths_len }
    }

    /// Ends it.
    pub(crate) fn close(&mut self, open: Open) {
        let length = &mut self.lengths[open.index];
        length.value = self.bytes.len() - length.at + self.lengths_len - open.lengths_len;
        self.lengths_len += varint_len(length.value as u64);
    }

    /// Remembers the state.
    pub(crate) fn mark(&self) -> Mark {
        Mark { bytes: self.bytes.len(), lengths: self.lengths.len(), lengths_len: self.lengths_len }
    }

    /// Forgets what was written since.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.lengths.truncate(mark.lengths);
        self.lengths_len = mark.lengths_len;
    }

    /// Puts the lengths in.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + self.lengths_len);
        let mut done = 0;
        for length in &self.lengths {
            out.extend_from_slice(&self.bytes[done..length.at]);
            push_varint(&mut out, length.value as u64);
            done = length.at;
        }
        out.extend_from_slice(&self.bytes[done..]);
        out
    }
}
