//! The protobuf wire format, read in place: tags, varints and lengths, and no knowledge of any message.
//!
//! Unknown fields are skipped, groups too; a known field of the wrong wire type is refused, because it is far more
//! often a body of another format than a message from the future.
//! <https://protobuf.dev/programming-guides/encoding/>

use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;
use std::fmt;

/// Deepest nesting of (obsolete) groups that is skipped.
const GROUP_DEPTH_MAX: usize = 32;

/// What is wrong with the bytes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireProblem {
    /// The message ends inside the field.
    Truncated,
    /// A varint of more than 64 bits.
    VarintOverflow,
    /// A tag with field number 0, above 2^29 - 1, or with one of the two unused wire types.
    BadTag,
    /// A field that is known, with another wire type than it has.
    WrongType,
    /// A group that is not closed, closed by another number, closed without being open, or too deep.
    BadGroup,
    /// A text that is not UTF-8.
    Utf8,
    /// A value with more lists and maps inside each other than [`ATTRIBUTE_DEPTH_MAX`].
    TooDeep,
}

impl fmt::Display for WireProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WireProblem::TooDeep => return write!(f, "is nested deeper than {ATTRIBUTE_DEPTH_MAX} levels"),
            WireProblem::Truncated => "is cut off by the end of its message",
            WireProblem::VarintOverflow => "has a varint of more than 64 bits",
            WireProblem::BadTag => "has an invalid tag",
            WireProblem::WrongType => "has the wrong wire type",
            WireProblem::BadGroup => "has an unbalanced group",
            WireProblem::Utf8 => "is not valid UTF-8",
        })
    }
}

/// A problem, the number of the field that has it (0 if its tag can't be read), and where in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireError {
    pub(crate) number: u32,
    pub(crate) at: usize,
    pub(crate) problem: WireProblem,
}

/// The payload of a field as the wire has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
    Group,
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    /// Where its tag starts in the message.
    pub(crate) at: usize,
    pub(crate) payload: Payload<'a>,
}

impl<'a> Field<'a> {
    pub(crate) fn error(&self, problem: WireProblem) -> WireError {
        WireError { number: self.number, at: self.at, problem }
    }

    #[inline]
    pub(crate) fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.payload {
            Payload::Bytes(bytes) => Ok(bytes),
            _ => Err(self.error(WireProblem::WrongType)),
        }
    }

    #[inline]
    pub(crate) fn text(&self) -> Result<&'a str, WireError> {
        text_of(self.bytes()?).ok_or_else(|| self.error(WireProblem::Utf8))
    }

    /// Checks a text without handing it out, for which ASCII is found out faster.
    #[inline]
    pub(crate) fn check_text(&self) -> Result<(), WireError> {
        let bytes = self.bytes()?;
        if is_short_ascii(bytes) || text_of(bytes).is_some() {
            Ok(())
        } else {
            Err(self.error(WireProblem::Utf8))
        }
    }

    #[inline]
    pub(crate) fn varint(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Varint(value) => Ok(value),
            _ => Err(self.error(WireProblem::WrongType)),
        }
    }

    #[inline]
    pub(crate) fn fixed64(&self) -> Result<u64, WireError> {
        match self.payload {
            Payload::Fixed64(value) => Ok(value),
            _ => Err(self.error(WireProblem::WrongType)),
        }
    }

    #[inline]
    pub(crate) fn fixed32(&self) -> Result<u32, WireError> {
        match self.payload {
            Payload::Fixed32(value) => Ok(value),
            _ => Err(self.error(WireProblem::WrongType)),
        }
    }
}

/// Reads a message field by field.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Reader { rest: message, length: message.len() }
    }

    /// Returns whether there is no field left.
    #[inline]
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Where the next field starts.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Returns the next field, or `None` at the end of the message.
    #[inline(always)]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.position();
        let (number, wire_type) = self.tag().map_err(|problem| WireError { number: 0, at, problem })?;
        let payload = self.payload(number, wire_type).map_err(|problem| WireError { number, at, problem })?;
        Ok(Some(Field { number, at, payload }))
    }

    #[inline(always)]
    fn tag(&mut self) -> Result<(u32, u8), WireProblem> {
        let tag = u32::try_from(self.varint()?).map_err(|_| WireProblem::BadTag)?;
        if tag >> 3 == 0 {
            return Err(WireProblem::BadTag);
        }
        Ok((tag >> 3, (tag & 7) as u8))
    }

    #[inline(always)]
    fn payload(&mut self, number: u32, wire_type: u8) -> Result<Payload<'a>, WireProblem> {
        Ok(match wire_type {
            0 => Payload::Varint(self.varint()?),
            1 => Payload::Fixed64(u64::from_le_bytes(self.fixed()?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| WireProblem::Truncated)?;
                Payload::Bytes(self.take(length)?)
            }
            3 => {
                self.skip_group(number)?;
                Payload::Group
            }
            4 => return Err(WireProblem::BadGroup),
            5 => Payload::Fixed32(u32::from_le_bytes(self.fixed()?)),
            _ => return Err(WireProblem::BadTag),
        })
    }

    /// Skips to the end of the group that `number` opened; groups nest, so the open numbers are a stack.
    #[cold]
    fn skip_group(&mut self, number: u32) -> Result<(), WireProblem> {
        let mut open = vec![number];
        while let Some(&innermost) = open.last() {
            let (number, wire_type) = self.tag()?;
            match wire_type {
                3 if open.len() == GROUP_DEPTH_MAX => return Err(WireProblem::BadGroup),
                3 => open.push(number),
                4 if number != innermost => return Err(WireProblem::BadGroup),
                4 => drop(open.pop()),
                _ => drop(self.payload(number, wire_type)?),
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, WireProblem> {
        match *self.rest {
            [byte, ref rest @ ..] if byte < 0x80 => {
                self.rest = rest;
                Ok(byte.into())
            }
            // Most lengths that are not short.
            [low, high, ref rest @ ..] if high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireProblem> {
        let mut value = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte holds the 64th bit only.
            if index == 9 && byte > 1 {
                return Err(WireProblem::VarintOverflow);
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(WireProblem::Truncated)
    }

    #[inline(always)]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireProblem> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(WireProblem::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<&'a [u8], WireProblem> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(WireProblem::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// The length-delimited fields of one number, in a message that was checked before.
///
/// Ends early where the bytes are broken, so that a caller who skipped the check loses data but nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Repeated<'a> {
    reader: Reader<'a>,
    number: u32,
}

impl<'a> Repeated<'a> {
    pub(crate) fn new(message: &'a [u8], number: u32) -> Self {
        Repeated { reader: Reader::new(message), number }
    }
}

impl<'a> Iterator for Repeated<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        while let Ok(Some(field)) = self.reader.next_field() {
            if field.number == self.number {
                return field.bytes().ok();
            }
        }
        None
    }
}

/// The part of a message that holds all fields of one number, found while the message is read.
///
/// Most encoders write a repeated field in one stretch, so reading it again skips everything else.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Stretch {
    start: usize,
    end: usize,
}

impl Stretch {
    /// Extends the stretch by the field that started at `start` and ended at `end`.
    #[inline]
    pub(crate) fn extend(&mut self, start: usize, end: usize) {
        if self.end == 0 {
            self.start = start;
        }
        self.end = end;
    }

    pub(crate) fn of(self, message: &[u8]) -> &[u8] {
        &message[self.start..self.end]
    }
}
/// Shorter texts are checked without a call.
const SHORT_BYTES: usize = 64;

/// Returns bytes as text if they are valid UTF-8. Prompts are long, and are checked many bytes at a time.
#[inline]
pub(crate) fn text_of(bytes: &[u8]) -> Option<&str> {
    if bytes.len() < SHORT_BYTES {
        return std::str::from_utf8(bytes).ok();
    }
    simdutf8::basic::from_utf8(bytes).ok()
}

#[inline]
fn is_short_ascii(bytes: &[u8]) -> bool {
    bytes.len() < SHORT_BYTES && bytes.is_ascii()
}
