//! Case folding, one character to one character, so that folded and plain text have the same characters at the
//! same places. It is Unicode's simple case folding but for a few scripts' rare letters.

use std::borrow::Cow;

/// Folds one character.
pub(crate) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // By way of upper case, since `ς` and `σ` (or `ſ` and `s`) only meet there. The Turkish dotless i stays apart.
    match c {
        'ı' => c,
        // Scripts without case, from Han to Hangul, skip the tables.
        '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{d7ff}' => c,
        _ => only(only(c, c.to_uppercase()), only(c, c.to_uppercase()).to_lowercase()),
    }
}

/// Returns the only character of `mapped`, or `c` if there are several.
fn only(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Folds a text.
pub(crate) fn fold_text(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        let mut folded = String::with_capacity(text.len());
        folded.extend(text.chars().map(fold_char));
        return Cow::Owned(folded);
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_stable_and_keeps_letters_letters_for_every_character() {
        for c in char::MIN..=char::MAX {
            let folded = fold_char(c);
            assert_eq!(fold_char(folded), folded, "{c:?}");
            assert_eq!(folded.is_alphanumeric(), c.is_alphanumeric(), "{c:?}");
        }
    }

    #[test]
    fn the_scripts_that_are_skipped_have_no_case() {
        for c in ('\u{2e80}'..='\u{a63f}').chain('\u{ac00}'..='\u{d7ff}') {
            assert!(c.to_lowercase().eq([c]) && c.to_uppercase().eq([c]), "{c:?}");
        }
    }

    #[test]
    fn pairs_that_differ_in_case_only_fold_together() {
        for (a, b) in [('A', 'a'), ('Ä', 'ä'), ('Σ', 'ς'), ('ſ', 'S'), ('\u{212a}', 'k'), ('Я', 'я')] {
            assert_eq!(fold_char(a), fold_char(b));
        }
        assert_ne!(fold_char('ı'), fold_char('i'));
        assert_ne!(fold_char('ß'), fold_char('s'));
    }
}
