//! What decides about a match: checksums, lengths, neighbours.

pub(crate) mod card;
pub(crate) mod credential;
pub(crate) mod email;
pub(crate) mod iban;
pub(crate) mod ip;
pub(crate) mod key;
pub(crate) mod phone;

use std::ops::Range;

/// A match of a detector's pattern.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    /// The text in which it was found.
    pub(crate) text: &'a str,
    /// The match, or that of the pattern's group.
    pub(crate) range: Range<usize>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn found(&self) -> &'a str {
        &self.text[self.range.clone()]
    }

    pub(crate) fn before(&self) -> Option<char> {
        self.text[..self.range.start].chars().next_back()
    }

    pub(crate) fn after(&self) -> Option<char> {
        self.text[self.range.end..].chars().next()
    }
}

pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// A number written in groups of digits (or letters), with where it stands.
#[derive(Debug, Default)]
pub(crate) struct Grouped {
    /// The digits alone.
    pub(crate) digits: String,
    /// After how many digits a group ends, and where that is in the text.
    pub(crate) ends: Vec<(usize, usize)>,
}

impl Grouped {
    /// Takes apart what was found; any character but ASCII letters and digits parts groups.
    pub(crate) fn of(candidate: &Candidate<'_>) -> Grouped {
        let mut grouped = Grouped::default();
        let mut is_in_group = false;
        for (at, character) in candidate.found().char_indices() {
            let at = candidate.range.start + at;
            if character.is_ascii_alphanumeric() {
                grouped.digits.push(character);
                is_in_group = true;
            } else if std::mem::take(&mut is_in_group) {
                grouped.ends.push((grouped.digits.len(), at));
            }
        }
        // The pattern stops at a number of digits: the last group counts only if the text has no more of it.
        if is_in_group && !candidate.after().is_some_and(is_word) {
            grouped.ends.push((grouped.digits.len(), candidate.range.end));
        }
        grouped
    }

    /// Returns the lengths of the groups up to `count` digits.
    pub(crate) fn lengths(&self, count: usize) -> Vec<usize> {
        let ends = self.ends.iter().map(|(digits, _)| *digits).take_while(|digits| *digits <= count);
        let mut last = 0;
        ends.map(|end| end - std::mem::replace(&mut last, end)).collect()
    }
}
