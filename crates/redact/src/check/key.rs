//! Keys and tokens.

use super::{Candidate, is_word};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::ops::Range;

/// Takes a match as it is.
pub(crate) fn any(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    Some(candidate.range.clone())
}

/// Takes a match that stands alone and holds a digit: `sk-fading-circle-container` is the name of a style.
pub(crate) fn token(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let joins = |c: char| is_word(c) || c == '-';
    let has_digit = candidate.found().contains(|c: char| c.is_ascii_digit());
    (has_digit && !candidate.before().is_some_and(joins)).then(|| candidate.range.clone())
}

/// Takes what follows `Bearer` or `Basic`, unless it is a word like any other.
pub(crate) fn bearer(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let bytes = candidate.found().as_bytes();
    let mixes_cases =
        bytes.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    (mixes_cases || bytes.iter().any(u8::is_ascii_digit)).then(|| candidate.range.clone())
}

/// Takes a match whose header is one: it names an algorithm.
pub(crate) fn jwt(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let header = candidate.found().split('.').next()?;
    let decoded = URL_SAFE_NO_PAD.decode(header).ok()?;
    let names_algorithm = String::from_utf8_lossy(&decoded).contains("\"alg\"");
    (names_algorithm && !candidate.before().is_some_and(is_word)).then(|| candidate.range.clone())
}
