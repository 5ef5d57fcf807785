//! Putting messages together again, and looking at them as they are kept.

use super::cut::Kind;
use super::reference::{Piece, Reference, SENTINEL, escaped_bytes, pieces, push_escaped};
use super::{GAP, cut_part, plain_part};
use crate::rewrite::{Place, Rewriter, rewrite};
use spanwise_model::AttachmentHash;
use std::borrow::Cow;
use std::sync::Arc;

/// Why a message can't be put together again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// An attachment can't be had.
    #[error("the attachment {0} is not there")]
    Missing(AttachmentHash),
    /// An attachment is not what was cut.
    #[error("the attachment {hash} has {found} bytes where {expected} were cut")]
    Length {
        /// The attachment.
        hash: AttachmentHash,
        /// Bytes that were cut.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// Something else stands where a reference should.
    #[error("a reference to an attachment can't be read")]
    Reference,
}

/// What becomes of texts and bytes; nothing else in a message is touched.
pub(super) trait Texts {
    fn text(&mut self, text: &str) -> Option<String>;
    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>>;
}

/// Rewrites texts and bytes wherever they stand.
pub(super) struct TextRewriter<T>(pub(super) T);

impl<T: Texts> Rewriter for TextRewriter<T> {
    fn begin_resource(&mut self, _: usize) {}

    fn value(&mut self, _: &Place<'_>) -> Option<String> {
        None
    }

    fn text(&mut self, _: &Place<'_>, text: &str) -> Option<String> {
        self.0.text(text)
    }

    fn number(&mut self, _: &Place<'_>, _: &str) -> Option<String> {
        None
    }

    fn bytes(&mut self, _: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
        self.0.bytes(bytes)
    }

    fn leaves_out(&mut self, _: &[u8]) -> bool {
        false
    }
}

/// Returns a message as it came. `load` returns the bytes of an attachment; `None` if it can't.
///
/// # Errors
/// If an attachment or a reference is not what it was.
pub fn resolve<'a>(
    message: &'a [u8],
    kind: Kind,
    load: &mut dyn FnMut(&AttachmentHash) -> Option<Arc<[u8]>>,
) -> Result<Cow<'a, [u8]>, ResolveError> {
    let Some(cut) = cut_part(message) else {
        return Ok(Cow::Borrowed(plain_part(message).unwrap_or(message)));
    };
    let mut resolver = TextRewriter(Resolver { load, error: None });
    let resolved = rewrite(cut, kind.table(), &mut resolver);
    match resolver.0.error {
        Some(error) => Err(error),
        None => Ok(resolved.map_or(Cow::Borrowed(cut), Cow::Owned)),
    }
}

struct Resolver<'l> {
    load: &'l mut dyn FnMut(&AttachmentHash) -> Option<Arc<[u8]>>,
    /// The first that happened.
    error: Option<ResolveError>,
}

impl Resolver<'_> {
    fn load(&mut self, reference: &Reference) -> Option<Arc<[u8]>> {
        let Reference { hash, bytes: expected, .. } = *reference;
        let error = match (self.load)(&hash) {
            None => ResolveError::Missing(hash),
            Some(bytes) if bytes.len() as u64 == expected => return Some(bytes),
            Some(bytes) => ResolveError::Length { hash, expected, found: bytes.len() as u64 },
        };
        self.fail(error)
    }

    fn fail<T>(&mut self, error: ResolveError) -> Option<T> {
        self.error.get_or_insert(error);
        None
    }
}

impl Texts for Resolver<'_> {
    fn text(&mut self, text: &str) -> Option<String> {
        if self.error.is_some() || !text.contains(SENTINEL) {
            return None;
        }
        let mut out = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Reference(reference) => {
                    let Some(alphabet) = reference.alphabet else {
                        return self.fail(ResolveError::Reference);
                    };
                    alphabet.encode(&self.load(&reference)?, &mut out);
                }
                Piece::Stray => return self.fail(ResolveError::Reference),
            }
        }
        Some(out)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.error.is_some() {
            return None;
        }
        match kept_bytes(bytes) {
            KeptBytes::Plain => None,
            KeptBytes::Escaped(bytes) => Some(bytes.to_vec()),
            KeptBytes::Reference(reference) => self.load(&reference).map(|bytes| bytes.to_vec()),
            KeptBytes::Stray => self.fail(ResolveError::Reference),
        }
    }
}

/// What a value of bytes is in a message that was cut.
enum KeptBytes<'a> {
    Plain,
    /// Without what was put in front.
    Escaped(&'a [u8]),
    Reference(Reference),
    Stray,
}

fn kept_bytes(bytes: &[u8]) -> KeptBytes<'_> {
    let mut sentinel = [0; SENTINEL.len_utf8()];
    let sentinel = SENTINEL.encode_utf8(&mut sentinel).as_bytes();
    match bytes.strip_prefix(sentinel) {
        None => KeptBytes::Plain,
        Some(rest) if rest.starts_with(sentinel) => KeptBytes::Escaped(rest),
        Some(_) => Reference::of_bytes(bytes).map_or(KeptBytes::Stray, KeptBytes::Reference),
    }
}

/// Returns what the references of a message refer to, in order.
pub fn references(message: &[u8], kind: Kind) -> Vec<Reference> {
    let Some(cut) = cut_part(message) else { return Vec::new() };
    let mut collector = TextRewriter(Collector(Vec::new()));
    // Nothing is replaced.
    rewrite(cut, kind.table(), &mut collector);
    collector.0.0
}

struct Collector(Vec<Reference>);

impl Texts for Collector {
    fn text(&mut self, text: &str) -> Option<String> {
        self.0.extend(pieces(text).filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            _ => None,
        }));
        None
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.0.extend(Reference::of_bytes(bytes));
        None
    }
}

/// Returns a message with [`GAP`] in place of each attachment: what is searched.
pub fn with_gaps(message: &[u8], kind: Kind) -> Cow<'_, [u8]> {
    let Some(cut) = cut_part(message) else {
        return Cow::Borrowed(plain_part(message).unwrap_or(message));
    };
    rewrite(cut, kind.table(), &mut TextRewriter(Gaps)).map_or(Cow::Borrowed(cut), Cow::Owned)
}

struct Gaps;

impl Texts for Gaps {
    fn text(&mut self, text: &str) -> Option<String> {
        text.contains(SENTINEL).then(|| {
            let mut out = String::new();
            for piece in pieces(text) {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Reference(_) | Piece::Stray => out.push(GAP),
                }
            }
            out
        })
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        match kept_bytes(bytes) {
            KeptBytes::Plain => None,
            KeptBytes::Escaped(bytes) => Some(bytes.to_vec()),
            KeptBytes::Reference(_) | KeptBytes::Stray => Some(Vec::new()),
        }
    }
}

/// Returns a message of which each text can be read with [`pieces`], and each value of bytes with
/// [`super::reference_of_bytes`], whether it was cut or not.
pub fn with_references(message: &[u8], kind: Kind) -> Cow<'_, [u8]> {
    if let Some(cut) = cut_part(message) {
        return Cow::Borrowed(cut);
    }
    let plain = plain_part(message).unwrap_or(message);
    rewrite(plain, kind.table(), &mut TextRewriter(Escaper)).map_or(Cow::Borrowed(plain), Cow::Owned)
}

struct Escaper;

impl Texts for Escaper {
    fn text(&mut self, text: &str) -> Option<String> {
        text.contains(SENTINEL).then(|| {
            let mut out = String::new();
            push_escaped(text, &mut out);
            out
        })
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        escaped_bytes(bytes)
    }
}
