//! What stands in place of an attachment.

use super::base64_run::Alphabet;
use spanwise_model::AttachmentHash;

/// Begins and ends a reference; of the private use area, so that hardly any text has it.
pub(super) const SENTINEL: char = '\u{e0ff}';
/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 64;
/// Digits of a length: no message is that long.
const LENGTH_DIGITS_MAX: usize = 10;

/// Says which attachment stands here, and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The attachment.
    pub hash: AttachmentHash,
    /// How many bytes it has.
    pub bytes: u64,
    /// How it was written; `None` for a value of bytes.
    pub(super) alphabet: Option<Alphabet>,
}

impl Reference {
    /// Appends its text.
    pub(super) fn write(&self, out: &mut String) {
        let letter = match self.alphabet {
            None => 'b',
            Some(Alphabet { is_url_safe: false, is_padded: true }) => 's',
            Some(Alphabet { is_url_safe: false, is_padded: false }) => 'n',
            Some(Alphabet { is_url_safe: true, is_padded: true }) => 'u',
            Some(Alphabet { is_url_safe: true, is_padded: false }) => 'v',
        };
        let Reference { hash, bytes, .. } = self;
        out.push_str(&format!("{SENTINEL}{letter}{hash}{bytes}{SENTINEL}"));
    }

    /// Reads one whose first sentinel was read; returns what follows it too.
    fn read(text: &str) -> Option<(Reference, &str)> {
        let (letter, rest) = text.split_at_checked(1)?;
        let alphabet = |is_url_safe, is_padded| Some(Alphabet { is_url_safe, is_padded });
        let alphabet = match letter {
            "b" => None,
            "s" => alphabet(false, true),
            "n" => alphabet(false, false),
            "u" => alphabet(true, true),
            "v" => alphabet(true, false),
            _ => return None,
        };
        let (hash, rest) = rest.split_at_checked(HASH_DIGITS)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (bytes, rest) = rest.split_at(digits);
        if digits > LENGTH_DIGITS_MAX {
            return None;
        }
        let reference = Reference { hash: hash.parse().ok()?, bytes: bytes.parse().ok()?, alphabet };
        Some((reference, rest.strip_prefix(SENTINEL)?))
    }

    /// Reads the reference that a value of bytes is.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Reference> {
        let text = std::str::from_utf8(bytes).ok()?.strip_prefix(SENTINEL)?;
        Reference::read(text)
            .filter(|(reference, rest)| reference.alphabet.is_none() && rest.is_empty())
            .map(|(reference, _)| reference)
    }
}

/// A part of a text with references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it came.
    Text(&'a str),
    /// An attachment.
    Reference(Reference),
    /// U+E0FF that begins no reference; no text of a message that was cut has it.
    Stray,
}

/// Takes a text of a message that was cut apart.
pub fn pieces(text: &str) -> Pieces<'_> {
    Pieces(text)
}

/// The parts of a text, in order.
#[derive(Debug, Clone)]
pub struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let at = self.0.find(SENTINEL).unwrap_or(self.0.len());
        if at > 0 {
            let (text, rest) = self.0.split_at(at);
            self.0 = rest;
            return Some(Piece::Text(text));
        }
        let (first, rest) = self.0.split_at(SENTINEL.len_utf8());
        if let Some(rest) = rest.strip_prefix(SENTINEL) {
            self.0 = rest;
            return Some(Piece::Text(first));
        }
        let Some((reference, rest)) = Reference::read(rest) else {
            self.0 = rest;
            return Some(Piece::Stray);
        };
        self.0 = rest;
        Some(Piece::Reference(reference))
    }
}

/// Appends a text that has no reference, as it stands in a message that was cut.
pub(super) fn push_escaped(text: &str, out: &mut String) {
    for (index, part) in text.split(SENTINEL).enumerate() {
        if index > 0 {
            out.extend([SENTINEL; 2]);
        }
        out.push_str(part);
    }
}

/// Returns a value of bytes that has no reference as it stands in a message that was cut, if that is not what it is.
pub(super) fn escaped_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut sentinel = [0; SENTINEL.len_utf8()];
    let sentinel = SENTINEL.encode_utf8(&mut sentinel).as_bytes();
    bytes.starts_with(sentinel).then(|| [sentinel, bytes].concat())
}

/// Returns what a value of bytes refers to, if it is a reference.
pub fn reference_of_bytes(bytes: &[u8]) -> Option<Reference> {
    Reference::of_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let alphabet = Some(Alphabet { is_url_safe: true, is_padded: false });
        Reference { hash: AttachmentHash([0xab; 32]), bytes: 2_048, alphabet }
    }

    #[test]
    fn a_text_is_taken_apart_as_it_was_put_together() {
        let mut text = String::new();
        push_escaped("before \u{e0ff}\u{e0ff}s", &mut text);
        reference().write(&mut text);
        push_escaped("\u{e0ff}", &mut text);
        let sentinel = Piece::Text("\u{e0ff}");
        let expected = [
            Piece::Text("before "),
            sentinel,
            sentinel,
            Piece::Text("s"),
            Piece::Reference(reference()),
            sentinel,
        ];
        assert_eq!(pieces(&text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_reference_is_stray() {
        for text in ["\u{e0ff}", "\u{e0ff}s", "\u{e0ff}é", "\u{e0ff}s12\u{e0ff}"] {
            assert_eq!(pieces(text).next(), Some(Piece::Stray), "{text}");
        }
    }
}
