//! The binary event stream of Amazon's services.
//!
//! A message is: its length, that of its headers, a checksum of both (four bytes each, the highest first), the headers, the
//! payload, and a checksum of all of it.

use super::{FRAME_BYTES_MAX, Frame, OnFrame, base64};
use serde_json::Value;

const PRELUDE_BYTES: usize = 12;
/// The prelude, and the checksum at the end.
const OVERHEAD_BYTES: usize = PRELUDE_BYTES + 4;

/// Messages, as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct EventStream {
    message: Vec<u8>,
    /// Bytes of a message that is too long which are still to come.
    to_skip: usize,
    is_broken: bool,
}

impl EventStream {
    pub(crate) fn push(&mut self, mut bytes: &[u8], on: OnFrame<'_>) {
        while !bytes.is_empty() && !self.is_broken {
            if self.to_skip > 0 {
                let skipped = self.to_skip.min(bytes.len());
                self.to_skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let wanted = self.length().unwrap_or(PRELUDE_BYTES) - self.message.len();
            let taken = wanted.min(bytes.len());
            self.message.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.message.len() == PRELUDE_BYTES {
                self.check_prelude(on);
            } else if self.length() == Some(self.message.len()) {
                self.give(on);
                self.message.clear();
            }
        }
    }

    pub(crate) fn is_between(&self) -> bool {
        self.message.is_empty() && self.to_skip == 0 && !self.is_broken
    }

    /// Returns how long the message is, once that is known.
    fn length(&self) -> Option<usize> {
        let prelude = self.message.get(..PRELUDE_BYTES)?;
        Some(number(&prelude[..4]))
    }

    fn check_prelude(&mut self, on: OnFrame<'_>) {
        let message = &self.message[..PRELUDE_BYTES];
        let (length, headers) = (number(&message[..4]), number(&message[4..8]));
        let is_sound = crc32(&message[..8]) as usize == number(&message[8..12]);
        if !is_sound || length < OVERHEAD_BYTES || headers > length - OVERHEAD_BYTES {
            self.is_broken = true;
            self.message.clear();
            on(Frame::Broken("a message of an event stream has a wrong checksum"));
        } else if length > FRAME_BYTES_MAX {
            self.to_skip = length - PRELUDE_BYTES;
            self.message.clear();
            on(Frame::TooLong(length as u64));
        }
    }

    fn give(&mut self, on: OnFrame<'_>) {
        let (body, checksum) = self.message.split_at(self.message.len() - 4);
        let headers_end = PRELUDE_BYTES + number(&body[4..8]);
        let headers = read_headers(&body[PRELUDE_BYTES..headers_end]).unwrap_or_default();
        let payload = &body[headers_end..];
        if crc32(body) as usize != number(checksum) {
            self.is_broken = true;
            on(Frame::Broken("a message of an event stream has a wrong checksum"));
            return;
        }
        let get = |name: &str| headers.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
        match get(":message-type") {
            Some("exception") => on(Frame::Error(get(":exception-type"), payload)),
            Some("error") => {
                on(Frame::Error(get(":error-code"), get(":error-message").unwrap_or_default().as_bytes()));
            }
            _ => match get(":event-type") {
                Some("chunk") => give_chunk(payload, on),
                Some(name) => on(Frame::Named(name, payload)),
                None => on(Frame::Json(payload)),
            },
        }
    }
}

/// Gives what is inside a chunk, in which Bedrock passes on the events of a model as they are.
fn give_chunk(payload: &[u8], on: OnFrame<'_>) {
    let inner = || {
        let value: Value = serde_json::from_slice(payload).ok()?;
        base64::decode(value.get("bytes")?.as_str()?)
    };
    match inner() {
        Some(bytes) => on(Frame::Json(&bytes)),
        None => on(Frame::Json(payload)),
    }
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Returns the headers that are texts; `None` if they are not headers.
fn read_headers(mut bytes: &[u8]) -> Option<Vec<(&str, &str)>> {
    let mut headers = Vec::new();
    while !bytes.is_empty() {
        let name_end = 1 + usize::from(bytes[0]);
        let name = std::str::from_utf8(bytes.get(1..name_end)?).ok()?;
        let kind = *bytes.get(name_end)?;
        let rest = bytes.get(name_end + 1..)?;
        let (start, length) = match kind {
            0 | 1 => (0, 0),
            2 => (0, 1),
            3 => (0, 2),
            4 => (0, 4),
            5 | 8 => (0, 8),
            6 | 7 => (2, number(rest.get(..2)?)),
            9 => (0, 16),
            _ => return None,
        };
        let value = rest.get(start..start + length)?;
        if kind == 7 {
            headers.push((name, std::str::from_utf8(value).ok()?));
        }
        bytes = &rest[start + length..];
    }
    Some(headers)
}

/// One step of the checksum for each byte.
const TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns a message with those headers.
    pub(crate) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
        let mut head = Vec::new();
        for (name, value) in headers {
            head.push(name.len() as u8);
            head.extend_from_slice(name.as_bytes());
            head.push(7);
            head.extend_from_slice(&(value.len() as u16).to_be_bytes());
            head.extend_from_slice(value.as_bytes());
        }
        let length = (OVERHEAD_BYTES + head.len() + payload.len()) as u32;
        let mut message = length.to_be_bytes().to_vec();
        message.extend_from_slice(&(head.len() as u32).to_be_bytes());
        message.extend_from_slice(&crc32(&message).to_be_bytes());
        message.extend_from_slice(&head);
        message.extend_from_slice(payload);
        message.extend_from_slice(&crc32(&message).to_be_bytes());
        message
    }

    fn frames(bytes: &[u8], size: usize) -> (Vec<String>, bool) {
        let (mut stream, mut all) = (EventStream::default(), Vec::new());
        for piece in bytes.chunks(size) {
            stream.push(piece, &mut |frame| all.push(format!("{frame:?}")));
        }
        (all, stream.is_between())
    }

    #[test]
    fn messages_are_read_however_they_are_split() {
        let mut bytes = message(&[(":message-type", "event"), (":event-type", "stop")], b"{}");
        bytes.extend(message(&[(":event-type", "chunk")], br#"{"bytes": "e30="}"#));
        bytes.extend(message(&[(":message-type", "exception"), (":exception-type", "Slow")], b"{}"));
        let expected =
            ["Named(\"stop\", [123, 125])", "Json([123, 125])", "Error(Some(\"Slow\"), [123, 125])"];
        for size in 1..bytes.len() {
            assert_eq!(frames(&bytes, size), (expected.map(str::to_owned).to_vec(), true), "{size}");
        }
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(frames(cut, 64), (expected[..2].iter().map(|text| (*text).to_owned()).collect(), false));
    }

    #[test]
    fn a_wrong_checksum_ends_it() {
        let good = message(&[(":event-type", "stop")], b"{}");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let (frames, is_whole) = frames(&bad, 7);
            assert_eq!(frames.len(), 1, "{at}");
            assert!(frames[0].starts_with("Broken") && !is_whole, "{at}: {}", frames[0]);
        }
    }
}
