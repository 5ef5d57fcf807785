//! IP addresses.

use super::{Candidate, is_word};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// Words before a number that make it a version.
const VERSION_WORDS: [&str; 4] = ["version", "ver", "release", "build"];

pub(crate) fn check(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let is_address = if candidate.found().contains(':') { is_v6(candidate) } else { is_v4(candidate) };
    is_address.then(|| candidate.range.clone())
}

fn is_v4(candidate: &Candidate<'_>) -> bool {
    let Ok(address) = candidate.found().parse::<Ipv4Addr>() else { return false };
    // A longer dotted number is no address, but one at the end of a sentence is.
    let mut after = candidate.text[candidate.range.end..].chars();
    let goes_on = match after.next() {
        Some('.') => after.next().is_some_and(is_word),
        next => next.is_some_and(is_word),
    };
    let before = candidate.before();
    !goes_on
        && !before.is_some_and(|c| is_word(c) || c == '.')
        && !is_version(&candidate.text[..candidate.range.start])
        && !address.is_loopback()
        && !address.is_unspecified()
        && !address.is_broadcast()
}

fn is_version(before: &str) -> bool {
    let word_start = before.trim_end_matches([' ', ':', '=', '"', '\'']);
    let word = word_start.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    VERSION_WORDS.iter().any(|version| word.eq_ignore_ascii_case(version))
}

fn is_v6(candidate: &Candidate<'_>) -> bool {
    let found = candidate.found();
    let Ok(address) = found.parse::<Ipv6Addr>() else { return false };
    let joins = |c: char| is_word(c) || c == ':';
    // `dead::beef` may as well be a name in C++ or Rust; an address of few groups has a digit somewhere.
    let groups = found.split(':').filter(|group| !group.is_empty()).count();
    let has_digit = found.contains(|c: char| c.is_ascii_digit());
    !candidate.before().is_some_and(joins)
        && !candidate.after().is_some_and(joins)
        && (groups == 8 || groups >= 2 && has_digit)
        && !address.is_loopback()
        && !address.is_unspecified()
}
