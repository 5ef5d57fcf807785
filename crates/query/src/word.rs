//! The tokens of [`each_token`], found many bytes at a time, for those who index large texts.
//!
//! Sixty-four bytes become a mask of what belongs to words, and its edges are where words start and end, so that the
//! length of a word costs no branch. A short word is loaded as one number: it needs no copy to be folded or compared.

use crate::token::each_token;
use wide::i8x16;

/// Longest token that is a [`Word::Short`], in bytes.
pub const SHORT_WORD_BYTES_MAX: usize = 16;

/// Bytes that are looked at in one step.
const WINDOW: usize = 64;
const LANES: usize = 16;
/// The bit in which a capital differs from a small letter; digits have it too.
const LOWER: u8 = 0x20;

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// At most [`SHORT_WORD_BYTES_MAX`] letters and digits of ASCII.
    Short {
        /// Its bytes, folded, the first one lowest; zero behind its end.
        bytes: u128,
        /// How many bytes it has, at least 1.
        length: u32,
    },
    /// Any other, folded.
    Text(&'a str),
}

/// Calls `visit` for each token of `text`, in order and with repetitions: the same as [`each_token`] finds.
///
/// The text is UTF-8; what is not is read as replacement characters.
pub fn each_word(text: &[u8], mut visit: impl FnMut(Word<'_>)) {
    let mut run = Run { start: 0, is_open: false, is_wide: false };
    let (windows, rest) = text.as_chunks::<WINDOW>();
    for (index, window) in windows.iter().enumerate() {
        run.window(text, index * WINDOW, window, &mut visit);
    }
    if !rest.is_empty() {
        // Zero belongs to no word, so the last one ends here too.
        let mut window = [0; WINDOW];
        window[..rest.len()].copy_from_slice(rest);
        run.window(text, windows.len() * WINDOW, &window, &mut visit);
    }
    if run.is_open {
        run.end(text, text.len(), &mut visit);
    }
}

/// A run of letters, digits and bytes outside of ASCII that a window may end in the middle of.
struct Run {
    start: usize,
    is_open: bool,
    /// It may have bytes outside of ASCII.
    is_wide: bool,
}

impl Run {
    #[inline(always)]
    fn window(&mut self, text: &[u8], base: usize, window: &[u8; WINDOW], visit: &mut impl FnMut(Word<'_>)) {
        let Masks { word, wide } = masks(window);
        let mut edges = word ^ (word << 1 | u64::from(self.is_open));
        // Ends of runs that began here know of these bytes only.
        let is_wide = wide != 0;
        self.is_wide |= is_wide;
        if self.is_open && edges != 0 {
            self.end(text, base + take_lowest(&mut edges), visit);
        }
        self.is_wide = is_wide || self.is_open && self.is_wide;
        while edges != 0 {
            self.start = base + take_lowest(&mut edges);
            self.is_open = true;
            if edges == 0 {
                return;
            }
            self.end(text, base + take_lowest(&mut edges), visit);
        }
    }

    #[inline(always)]
    fn end(&mut self, text: &[u8], end: usize, visit: &mut impl FnMut(Word<'_>)) {
        self.is_open = false;
        let length = end - self.start;
        let is_ascii = !self.is_wide || text[self.start..end].is_ascii();
        if is_ascii && length <= SHORT_WORD_BYTES_MAX {
            let bytes = short(text, self.start, length);
            return visit(Word::Short { bytes, length: length as u32 });
        }
        // Separators are ASCII, so these are whole characters.
        each_token(&String::from_utf8_lossy(&text[self.start..end]), |token| visit(Word::Text(token)));
    }
}

#[inline(always)]
fn take_lowest(bits: &mut u64) -> usize {
    let lowest = bits.trailing_zeros() as usize;
    *bits &= *bits - 1;
    lowest
}

/// Loads a run of ASCII letters and digits, folded.
#[inline(always)]
fn short(bytes: &[u8], start: usize, length: usize) -> u128 {
    let loaded = match bytes[start..].first_chunk::<SHORT_WORD_BYTES_MAX>() {
        Some(chunk) => u128::from_le_bytes(*chunk),
        None => {
            let mut chunk = [0; SHORT_WORD_BYTES_MAX];
            chunk[..length].copy_from_slice(&bytes[start..start + length]);
            u128::from_le_bytes(chunk)
        }
    };
    (loaded | u128::from_ne_bytes([LOWER; SHORT_WORD_BYTES_MAX])) & FIRST_BYTES[length]
}

/// The numbers whose first `index` bytes are all ones.
static FIRST_BYTES: [u128; SHORT_WORD_BYTES_MAX + 1] = {
    let mut all = [u128::MAX; SHORT_WORD_BYTES_MAX + 1];
    let mut length = 0;
    while length < SHORT_WORD_BYTES_MAX {
        all[length] = (1 << (8 * length)) - 1;
        length += 1;
    }
    all
};

/// A bit a byte of a window.
struct Masks {
    /// What may belong to a word.
    word: u64,
    /// Bytes of characters outside of ASCII.
    wide: u64,
}

#[inline(always)]
fn masks(window: &[u8; WINDOW]) -> Masks {
    let (mut word, mut wide) = (0, 0);
    let (lanes, _) = window.as_chunks::<LANES>();
    for (index, lane) in lanes.iter().enumerate() {
        let lane = i8x16::new(lane.map(u8::cast_signed));
        let lower = lane | i8x16::splat(LOWER.cast_signed());
        // Bytes outside of ASCII are negative.
        let letter = lower.simd_gt(before(b'a')) & lower.simd_lt(behind(b'z'));
        let digit = lane.simd_gt(before(b'0')) & lane.simd_lt(behind(b'9'));
        let shift = index * LANES;
        word |= u64::from((letter | digit | lane).to_bitmask()) << shift;
        wide |= u64::from(lane.to_bitmask()) << shift;
    }
    Masks { word, wide }
}

#[inline(always)]
fn before(byte: u8) -> i8x16 {
    i8x16::splat(byte.cast_signed() - 1)
}

#[inline(always)]
fn behind(byte: u8) -> i8x16 {
    i8x16::splat(byte.cast_signed() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_word(text.as_bytes(), |word| {
            all.push(match word {
                Word::Text(text) => text.to_owned(),
                Word::Short { bytes, length } => {
                    let bytes = bytes.to_le_bytes();
                    let (word, rest) = bytes.split_at(length as usize);
                    assert!(rest.iter().all(|byte| *byte == 0));
                    str::from_utf8(word).unwrap().to_owned()
                }
            });
        });
        all
    }

    #[test]
    fn every_byte_of_ascii_is_told_apart() {
        for byte in 0..128_u8 {
            let text = format!("A{}z", char::from(byte));
            assert_eq!(words(&text), tokens(&text), "{byte}");
        }
    }

    #[test]
    fn words_may_lie_across_windows() {
        for start in 50..70 {
            for length in [1, 15, 16, 17, 64, 65, 130] {
                for end in ["", " ", " ende", "ß, dann"] {
                    let text = format!("{}{}{end}", "-".repeat(start), "Wort".repeat(40).split_at(length).0);
                    assert_eq!(words(&text), tokens(&text), "{text:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_the_tokens(text in "([a-zA-Z0-9]{1,20}|[ -/:-@\\[-`{-~\n]|[äÄςß東京é €😀]){0,60}") {
            prop_assert_eq!(words(&text), tokens(&text));
        }
    }
}
