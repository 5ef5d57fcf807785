//! Account numbers: ISO 13616.

use super::{Candidate, Grouped, is_word};
use std::ops::Range;

/// Countries and the length of their numbers, from the registry of IBANs.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Finds an account number at the start of what was found.
pub(crate) fn check(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    if candidate.before().is_some_and(is_word) {
        return None;
    }
    let grouped = Grouped::of(candidate);
    let upper = grouped.digits.to_ascii_uppercase();
    let country = upper.get(..2)?;
    let (_, length) = LENGTHS.iter().find(|(known, _)| *known == country)?;
    let (_, end) = grouped.ends.iter().find(|(count, _)| count == length)?;
    let lengths = grouped.lengths(*length);
    // Hexadecimal ids are written in small letters, and one in a hundred has the right checksum.
    let is_printed = lengths.len() > 1 && lengths[..lengths.len() - 1].iter().all(|group| *group == 4);
    let is_upper = grouped.digits[..*length] == upper[..*length];
    let is_account = has_right_checksum(&upper[..*length]) && (is_printed || is_upper && lengths.len() == 1);
    is_account.then_some(candidate.range.start..*end)
}

/// ISO 7064, mod 97-10, over the number with its first four characters at the end.
fn has_right_checksum(number: &str) -> bool {
    let (head, rest) = number.split_at(4);
    let mut digits = rest.chars().chain(head.chars()).map(|c| c.to_digit(36));
    let remainder = digits.try_fold(0, |sum, digit| match digit? {
        letter @ 10.. => Some((sum * 100 + letter) % 97),
        digit => Some((sum * 10 + digit) % 97),
    });
    remainder == Some(1)
}
