//! Ids of traces and spans, and the generator that makes them without asking the system.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The id of a trace: 16 bytes that are not all zero. Its text form is 32 digits of hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(pub [u8; 16]);

/// The id of a span: 8 bytes that are not all zero. Its text form is 16 digits of hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(pub [u8; 8]);

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what} of {digits} hexadecimal digits that are not all zero")]
pub struct IdError {
    text: String,
    what: &'static str,
    digits: usize,
}

impl TraceId {
    /// Returns the id as MLflow's clients and Spanwise's routes write it: `tr-` and 32 digits.
    pub fn to_mlflow(self) -> String {
        format!("tr-{self}")
    }
}

macro_rules! text_form {
    ($id:ident, $bytes:literal, $what:literal) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $id {
            type Err = IdError;

            /// Reads the text form; a trace's may have the prefix `tr-`.
            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits = text.strip_prefix("tr-").filter(|_| $bytes == 16).unwrap_or(text);
                parse_hex::<$bytes>(digits).map($id).ok_or_else(|| IdError {
                    text: text.to_owned(),
                    what: $what,
                    digits: 2 * $bytes,
                })
            }
        }
    };
}

text_form!(TraceId, 16, "trace id");
text_form!(SpanId, 8, "span id");

/// Reads `2 * N` digits of either case; `None` if they are others, or all zero.
pub(crate) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = text.as_bytes();
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    bytes.iter().any(|byte| *byte != 0).then_some(bytes)
}

/// A generator of ids (xoshiro256**): its 256 bits keep the sequences of many threads apart.
///
/// <https://prng.di.unimi.it/xoshiro256starstar.c>
#[derive(Debug, Clone)]
pub(crate) struct IdGenerator([u64; 4]);

impl IdGenerator {
    /// Never used as it is: all of it zero would stay so.
    pub(crate) const UNSEEDED: IdGenerator = IdGenerator([0; 4]);

    /// Makes a generator from the system's randomness, which `RandomState` asks for once a thread. The process and the
    /// time are in it too, since a forked child has its parent's memory.
    pub(crate) fn seeded() -> IdGenerator {
        let state = RandomState::new();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let word = |index: u8| {
            let mut hasher = state.build_hasher();
            hasher.write_u8(index);
            hasher.write_u32(std::process::id());
            hasher.write_u128(now);
            hasher.finish()
        };
        IdGenerator([word(0), word(1), word(2), word(3) | 1])
    }

    #[inline]
    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    #[inline]
    pub(crate) fn trace_id(&mut self) -> TraceId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        // The lower half decides about sampling in other processes too, and zero is no id.
        bytes[8..].copy_from_slice(&self.nonzero().to_be_bytes());
        TraceId(bytes)
    }

    #[inline]
    pub(crate) fn span_id(&mut self) -> SpanId {
        SpanId(self.nonzero().to_be_bytes())
    }

    #[inline]
    fn nonzero(&mut self) -> u64 {
        loop {
            let value = self.next();
            if value != 0 {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_have_a_text_form_that_is_read_back() {
        let id: TraceId = "tr-0123456789abcdef0123456789ABCDEF".parse().unwrap();
        assert_eq!(id.to_string(), "0123456789abcdef0123456789abcdef");
        assert_eq!(id.to_mlflow().parse(), Ok(id));
        assert_eq!("00f067aa0ba902b7".parse::<SpanId>().unwrap().to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn what_is_no_id_is_named() {
        for text in ["", "00", &"0".repeat(32), &"g".repeat(32), &"é".repeat(16)] {
            let error = text.parse::<TraceId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{text}` is no trace id of 32 hexadecimal digits that are not all zero")
            );
        }
        assert!("tr-00f067aa0ba902b7".parse::<SpanId>().is_err());
    }

    #[test]
    fn ids_of_generators_differ() {
        let (mut one, mut other) = (IdGenerator::seeded(), IdGenerator::seeded());
        let ids: HashSet<_> = (0..1000).flat_map(|_| [one.trace_id(), other.trace_id()]).collect();
        assert_eq!(ids.len(), 2000);
    }
}
