//! Attachments: base64 and bytes inside a span or log record that are kept apart, once, by their content.
//!
//! [`cut`] takes them out of a raw message and leaves a [`Reference`] in place of each; [`resolve`] gives back the
//! message as it came, byte for byte. Nothing asks which convention put a picture where: what is base64 and long is cut.
//!
//! A reference is text in place of the base64, or the whole of a value of bytes:
//!
//! ```text
//! U+E0FF | how it was written (a letter) | SHA-256 of the bytes, 64 hex digits | their number, decimal | U+E0FF
//! ```
//!
//! In a message that was cut, U+E0FF of its own is doubled (bytes that begin with it have it once more in front), and the
//! message ends with a mark, an unknown field; so that no other text is ever taken for a reference. A message that came
//! with such a mark at its end gets a second one, which says that nothing else was done to it.

mod base64_run;
mod cut;
mod reference;
mod resolve;

pub use cut::{Attachment, Cut, Kind, cut};
pub use reference::{Piece, Pieces, Reference, pieces, reference_of_bytes};
pub use resolve::{ResolveError, references, resolve, with_gaps, with_references};

use sha2::{Digest, Sha256};
use spanwise_model::AttachmentHash;

/// Characters of the shortest base64 that is cut: 2 KiB of bytes.
pub const BASE64_CHARS_MIN: usize = 2_732;
/// The shortest value of bytes that is cut.
pub const BYTES_MIN: usize = 2 << 10;
/// Attachments that are cut out of one message; the rest stays in it. Each costs a file.
pub const ATTACHMENTS_MAX: usize = 256;
/// What takes the place of a reference where nobody can follow it: U+FFFC, object replacement character.
pub const GAP: char = '\u{fffc}';

/// Bytes of a mark: an unknown field of number 19999, which protobuf reserves for implementations, with eight bytes.
const MARK_BYTES: usize = 11;
/// The message before it was cut.
const CUT_MARK: [u8; MARK_BYTES] = [0xf9, 0xe1, 0x09, 0xc7, 0x5d, 0xa1, 0x93, 0xee, 0x4b, 0xf6, 0x80];
/// The message before it came with a mark.
const PLAIN_MARK: [u8; MARK_BYTES] = [0xf9, 0xe1, 0x09, 0xc7, 0x5d, 0xa1, 0x93, 0xee, 0x4b, 0xf6, 0x81];

/// Returns the name of bytes.
pub fn hash_of(bytes: &[u8]) -> AttachmentHash {
    AttachmentHash(Sha256::digest(bytes).into())
}

/// Returns whether a message is kept in another form than it came in.
pub fn is_marked(message: &[u8]) -> bool {
    cut_part(message).is_some() || plain_part(message).is_some()
}

/// Returns the message before its mark, if it is one that was cut.
fn cut_part(message: &[u8]) -> Option<&[u8]> {
    message.strip_suffix(&CUT_MARK)
}

/// Returns the message before its mark, if it came with one and nothing was cut.
fn plain_part(message: &[u8]) -> Option<&[u8]> {
    message.strip_suffix(&PLAIN_MARK)
}
