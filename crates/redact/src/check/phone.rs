//! Phone numbers.

use super::{Candidate, is_word};
use std::ops::Range;

/// Digits of an international number, the country's code included (E.164 allows up to 15).
const DIGITS: Range<usize> = 8..16;

pub(crate) fn check(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    if candidate.before().is_some_and(is_word) {
        return None;
    }
    if candidate.found().starts_with('+') {
        return international(candidate);
    }
    let is_part = |c: char| is_word(c) || c == '-' || c == '.';
    let goes_on = candidate.text[candidate.range.end..].starts_with(|c| is_part(c) && c != '.')
        || candidate.text[candidate.range.end..]
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(is_word));
    if goes_on || candidate.before().is_some_and(|c| c == '-' || c == '.') && !has_country(candidate) {
        return None;
    }
    Some(candidate.range.clone())
}

/// Returns whether a national number is written behind `1-` or `1.`.
fn has_country(candidate: &Candidate<'_>) -> bool {
    let before = &candidate.text[..candidate.range.start];
    let head = before.strip_suffix(['-', '.']).and_then(|head| head.strip_suffix('1'));
    head.is_some_and(|head| !head.ends_with(is_word))
}

/// Takes groups of digits as long as they are one number.
fn international(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let start = candidate.range.start;
    let rest = &candidate.text[start + 1..];
    let (mut digits, mut end, mut gap) = (0, None, 0);
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '0'..='9' => {
                (digits, gap) = (digits + 1, 0);
                let goes_on = characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
                if !goes_on && digits < DIGITS.end {
                    end = Some((digits, start + 1 + at + 1));
                } else if digits >= DIGITS.end {
                    break;
                }
            }
            ' ' | '\u{a0}' | '-' | '.' | '/' | '(' | ')' if gap < 2 => gap += 1,
            _ => break,
        }
    }
    let (digits, end) = end?;
    let is_whole = !candidate.text[end..].starts_with(is_word);
    (DIGITS.contains(&digits) && is_whole).then_some(start..end)
}
