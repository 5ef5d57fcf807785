//! Just enough protobuf to write OTLP messages.

use bytes::Bytes;

/// A protobuf message that is being written.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Writes a string, bytes or message field.
    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Writes a message field.
    pub(super) fn message(&mut self, field: u64, message: &Message) {
        self.bytes(field, &message.0);
    }

    /// Writes a field of 64 fixed bits.
    pub(super) fn fixed64(&mut self, field: u64, value: u64) {
        self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a field of 32 fixed bits.
    pub(super) fn fixed32(&mut self, field: u64, value: u32) {
        self.varint(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes an integer or enum field.
    pub(super) fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    /// Returns what was written.
    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// Returns an `AnyValue` of a string.
pub(super) fn string_value(text: &str) -> Message {
    let mut value = Message::default();
    value.bytes(1, text.as_bytes());
    value
}

/// Returns a `KeyValue` with a string.
pub(super) fn attribute(key: &str, value: &str) -> Message {
    let mut pair = Message::default();
    pair.bytes(1, key.as_bytes());
    pair.message(2, &string_value(value));
    pair
}
