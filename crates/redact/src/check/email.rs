//! Mail addresses.

use super::Candidate;
use std::ops::Range;

pub(crate) fn check(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    let found = candidate.found();
    let (_, domain) = found.rsplit_once('@').or_else(|| found.rsplit_once("%40"))?;
    // `icon@2x.png` is an image for screens of twice the density.
    let mut head = domain.chars();
    if head.next().is_some_and(|c| c.is_ascii_digit()) && head.next() == Some('x') && head.next() == Some('.')
    {
        return None;
    }
    // The pattern stops after so many characters; all of the name belongs to the address.
    let before = &candidate.text[..candidate.range.start];
    let is_part = |c: char| c.is_alphanumeric() || "._%+'-".contains(c);
    let start = before.trim_end_matches(is_part).len();
    Some(start..candidate.range.end)
}
