//! Numbers of payment cards.

use super::{Candidate, Grouped, is_word};
use std::ops::Range;

/// Finds a card number at the start of what was found, the longest that is one.
pub(crate) fn check(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let text = candidate.text;
    let before: Vec<char> = text[..candidate.range.start].chars().rev().take(2).collect();
    // `0.4111…` is a measurement; in `x4111…` the digits are part of a word.
    let is_part = match before.as_slice() {
        [last, ..] if is_word(*last) => true,
        ['.', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    };
    if is_part {
        return None;
    }
    let grouped = Grouped::of(candidate);
    let is_card = |&&(count, end): &&(usize, usize)| {
        let digits = &grouped.digits[..count];
        !is_fraction_after(&text[end..])
            && has_known_beginning(digits)
            && is_grouped_like_a_card(&grouped.lengths(count))
            && has_right_checksum(digits)
    };
    let (_, end) = grouped.ends.iter().rev().find(is_card)?;
    Some(candidate.range.start..*end)
}

fn is_fraction_after(rest: &str) -> bool {
    rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_grouped_like_a_card(lengths: &[usize]) -> bool {
    match lengths {
        [_] | [4, 6, 4] | [4, 6, 5] => true,
        [fours @ .., last] => fours.iter().all(|length| *length == 4) && (1..=4).contains(last),
        [] => false,
    }
}

/// Returns whether an issuer's numbers begin so and have that length.
fn has_known_beginning(digits: &str) -> bool {
    let head = |length: usize| digits.get(..length).and_then(|head| head.parse::<u32>().ok()).unwrap_or(0);
    let lengths: &[usize] = match (head(1), head(2), head(3), head(4)) {
        (4, ..) => &[13, 16, 19],
        (_, 51..=55, ..) | (_, _, _, 2221..=2720) => &[16],
        (_, 34 | 37, ..) => &[15],
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => &[14, 16, 17, 18, 19],
        (_, _, _, 3528..=3589) | (_, 62 | 65, ..) | (_, _, 644..=649, _) | (_, _, _, 6011) => {
            &[16, 17, 18, 19]
        }
        (_, 50 | 56..=58 | 63 | 67, ..) => &[12, 13, 14, 15, 16, 17, 18, 19],
        _ => &[],
    };
    lengths.contains(&digits.len())
}

/// ISO/IEC 7812-1, annex B (Luhn).
fn has_right_checksum(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, twice @ 10..) => twice - 9,
                (_, twice) => twice,
            }
        })
        .sum();
    digits.bytes().all(|byte| byte.is_ascii_digit()) && sum.is_multiple_of(10)
}
