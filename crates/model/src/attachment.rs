//! Attachments: bytes out of messages, such as images, that are kept once and named by what they are.

use crate::id::{IdError, parse_lower_hex, write_hex};
use std::fmt;
use std::str::FromStr;

/// The name of an attachment: SHA-256 of its bytes, written as 64 lower-case hex digits.
///
/// Collisions of a weaker hash can be made, and what is read would then be somebody else's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentHash(pub [u8; 32]);

impl FromStr for AttachmentHash {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        parse_lower_hex(text).map(AttachmentHash).ok_or_else(|| IdError::AttachmentHash(text.into()))
    }
}

impl fmt::Display for AttachmentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}
