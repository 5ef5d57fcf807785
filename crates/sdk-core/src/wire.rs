//! Protobuf's wire format, as far as spans need it: what is written while attributes are set, and what is read for
//! processors.
//!
//! <https://protobuf.dev/programming-guides/encoding/>

/// Bytes of the longest length that is written: 2^35 bytes are more than a buffer may have.
const LENGTH_BYTES_MAX: usize = 5;
/// Bytes of a length that is not known before its text is written: most texts have 128 to 16,383 bytes.
const GUESSED_LENGTH_BYTES: usize = 2;

/// A length-delimited field.
pub(crate) const BYTES: u8 = 2;
/// Eight bytes, little-endian.
pub(crate) const FIXED64: u8 = 1;
/// Four bytes, little-endian.
pub(crate) const FIXED32: u8 = 5;
/// A number of as many bytes as it needs.
pub(crate) const VARINT: u8 = 0;

/// Returns how many bytes `value` takes as a varint.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    // Seven bits a byte; 0 takes one.
    (63 - (value | 1).leading_zeros() as usize) / 7 + 1
}

/// Returns the tag of a field below 16, which takes one byte.
#[inline]
pub(crate) const fn tag(field: u8, wire_type: u8) -> u8 {
    debug_assert!(field < 16);
    field << 3 | wire_type
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes a length-delimited field.
#[inline]
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(tag(field, BYTES));
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[inline]
pub(crate) fn put_fixed64(out: &mut Vec<u8>, field: u8, value: u64) {
    let mut bytes = [tag(field, FIXED64); 9];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    out.extend_from_slice(&bytes);
}

/// Writes how many of something were left out, if any were.
#[inline]
pub(crate) fn put_count(out: &mut Vec<u8>, field: u8, count: u32) {
    if count > 0 {
        out.push(tag(field, VARINT));
        put_varint(out, count.into());
    }
}

/// Returns how many bytes a length-delimited field of `length` bytes takes.
#[inline]
pub(crate) const fn bytes_field_len(length: usize) -> usize {
    1 + varint_len(length as u64) + length
}

/// Writes a length-delimited field below 16 whose content `write` makes.
pub(crate) fn put_message(out: &mut Vec<u8>, field: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag(field, BYTES));
    let at = out.len();
    out.resize(at + GUESSED_LENGTH_BYTES, 0);
    write(out);
    patch_length(out, at);
}

/// Puts the length of what follows the room that was left at `at` there, moving it where the room was a wrong guess.
fn patch_length(out: &mut Vec<u8>, at: usize) {
    let start = at + GUESSED_LENGTH_BYTES;
    let length = out.len() - start;
    let needed = varint_len(length as u64);
    debug_assert!(needed <= LENGTH_BYTES_MAX);
    if needed > GUESSED_LENGTH_BYTES {
        let more = needed - GUESSED_LENGTH_BYTES;
        out.resize(out.len() + more, 0);
        out.copy_within(start..start + length, start + more);
    } else if needed < GUESSED_LENGTH_BYTES {
        out.copy_within(start.., at + needed);
        out.truncate(at + needed + length);
    }
    let mut rest = length;
    for index in 0..needed {
        let more = if index + 1 < needed { 0x80 } else { 0 };
        out[at + index] = (rest & 0x7f) as u8 | more;
        rest >>= 7;
    }
}

/// One field of a message that this crate wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u64,
    /// Where its tag starts, and where the next field does.
    pub(crate) range: (usize, usize),
    pub(crate) payload: Payload<'a>,
}

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Payload<'a> {
    pub(crate) fn number(self) -> u64 {
        match self {
            Payload::Number(number) => number,
            Payload::Bytes(_) => 0,
        }
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Payload::Number(_) => &[],
            Payload::Bytes(bytes) => bytes,
        }
    }

    pub(crate) fn text(self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }
}

/// Reads a message field by field, up to its end or what can't be read.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Fields { message, at: 0 }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for index in 0..10 {
            let byte = *self.message.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let bytes = self.message.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let start = self.at;
        let key = self.varint()?;
        let payload = match (key & 7) as u8 {
            VARINT => Payload::Number(self.varint()?),
            FIXED64 => Payload::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            FIXED32 => Payload::Number(u32::from_le_bytes(self.take(4)?.try_into().ok()?).into()),
            BYTES => {
                let length = usize::try_from(self.varint()?).ok()?;
                Payload::Bytes(self.take(length)?)
            }
            _ => return None,
        };
        Some(Field { number: key >> 3, range: (start, self.at), payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_varints_are_those_of_what_is_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, 1 << 21, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(out.len(), varint_len(value), "{value}");
        }
    }

    #[test]
    fn a_message_of_any_length_gets_its_length() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 3_000_000] {
            let mut out = vec![7];
            put_message(&mut out, 3, |out| out.resize(out.len() + length, 9));
            out.push(8);
            let mut expected = vec![7];
            put_bytes(&mut expected, 3, &vec![9; length]);
            expected.push(8);
            assert_eq!(out, expected, "{length}");
        }
    }

    #[test]
    fn reading_ends_where_bytes_are_broken() {
        let mut out = Vec::new();
        put_bytes(&mut out, 1, b"ab");
        put_fixed64(&mut out, 2, 5);
        assert_eq!(Fields::of(&out).count(), 2);
        assert_eq!(Fields::of(&out[..out.len() - 1]).count(), 1);
        assert_eq!(
            Fields::of(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]).count(),
            0
        );
    }
}
