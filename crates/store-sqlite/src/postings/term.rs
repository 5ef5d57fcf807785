//! Terms: the byte keys of the index.
//!
//! ```text
//! 'w' word | tag [key length, key] 0 value | tag [key length, key] 1 (a value too long to be a term)
//! | '!' (a block that has more terms than are kept)
//! ```
//!
//! Only an attribute has a key. Terms are sorted as bytes, so that the values of one field are neighbours.

use spanwise_model::limit::INDEXED_VALUE_BYTES_MAX;
use xxhash_rust::xxh3::xxh3_128;

/// Longest attribute key that is in a term as it is; of a longer one the hash of all of it is the end.
const KEY_BYTES_MAX: usize = 128;
/// No term is longer.
pub(crate) const TERM_BYTES_MAX: usize = 3 + KEY_BYTES_MAX + INDEXED_VALUE_BYTES_MAX;

const WORD: u8 = b'w';
const SHORT: u8 = 0;
const LONG: u8 = 1;

/// What of a span has values in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field<'a> {
    /// Its name.
    Name,
    /// Its type.
    Type,
    /// `OK`, `ERROR` or `UNSET`.
    Status,
    /// The model that answered.
    Model,
    /// The provider.
    Provider,
    /// The attribute of this key.
    Attribute(&'a [u8]),
}

impl Field<'_> {
    /// Writes what the terms of this field begin with.
    fn write_to(self, out: &mut Vec<u8>) {
        out.clear();
        match self {
            Field::Name => out.push(b'n'),
            Field::Type => out.push(b't'),
            Field::Status => out.push(b's'),
            Field::Model => out.push(b'm'),
            Field::Provider => out.push(b'p'),
            Field::Attribute(key) => {
                out.push(b'a');
                write_key(key, out);
            }
        }
    }
}

fn write_key(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.len() <= KEY_BYTES_MAX {
        out.push(bytes.len() as u8);
        out.extend_from_slice(bytes);
    } else {
        // Two long keys with one hash would only make both find too much.
        out.push(KEY_BYTES_MAX as u8);
        out.extend_from_slice(&bytes[..KEY_BYTES_MAX - 16]);
        out.extend_from_slice(&xxh3_128(bytes).to_be_bytes());
    }
}

/// Writes the term of one value of a field; values of more than [`INDEXED_VALUE_BYTES_MAX`] bytes share one.
pub(crate) fn write_value(field: Field<'_>, value: &[u8], out: &mut Vec<u8>) {
    if value.len() > INDEXED_VALUE_BYTES_MAX {
        return write_long(field, out);
    }
    write_value_prefix(field, out);
    out.extend_from_slice(value);
}

/// Writes the term that says that a field has a value which is too long to be a term.
pub(crate) fn write_long(field: Field<'_>, out: &mut Vec<u8>) {
    field.write_to(out);
    out.push(LONG);
}

/// Writes what the terms of all short values of a field begin with; the value is the rest.
pub(crate) fn write_value_prefix(field: Field<'_>, out: &mut Vec<u8>) {
    field.write_to(out);
    out.push(SHORT);
}

/// The term of blocks whose terms are not all in the index: they are in the answer to every question.
pub(crate) const INCOMPLETE: &[u8] = b"!";

/// What the terms of words begin with; the word is the rest.
pub(crate) const WORD_PREFIX: &[u8] = &[WORD];

/// Writes the term of a word, a token of `spanwise_query` and so no longer than its limit.
pub(crate) fn write_word(word: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.push(WORD);
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(field: Field<'_>, value: &str) -> Vec<u8> {
        let mut out = Vec::new();
        write_value(field, value.as_bytes(), &mut out);
        out
    }

    #[test]
    fn no_two_values_share_a_term_and_none_is_too_long() {
        let long = "k".repeat(300);
        let fields = [
            Field::Name,
            Field::Type,
            Field::Attribute(b"a"),
            Field::Attribute(b"a\0"),
            Field::Attribute(long.as_bytes()),
        ];
        let mut seen = std::collections::HashSet::new();
        for field in fields {
            for text in ["", "\0", "\u{1}", "x", &"v".repeat(INDEXED_VALUE_BYTES_MAX)] {
                let term = value(field, text);
                assert!(term.len() <= TERM_BYTES_MAX);
                assert!(seen.insert(term), "{field:?} {text:?}");
            }
            assert!(seen.insert(value(field, &"v".repeat(INDEXED_VALUE_BYTES_MAX + 1))), "{field:?} long");
        }
    }

    #[test]
    fn long_keys_stay_apart() {
        let (one, other) = ("k".repeat(299) + "1", "k".repeat(299) + "2");
        assert_ne!(
            value(Field::Attribute(one.as_bytes()), "v"),
            value(Field::Attribute(other.as_bytes()), "v")
        );
    }
}
