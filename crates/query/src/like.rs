//! SQL's LIKE: `%` is any run of characters, `_` is one character, and nothing escapes them.

use crate::fold::fold_text;
use memchr::memmem::Finder;

/// A compiled LIKE or ILIKE pattern.
#[derive(Debug, Clone)]
pub struct LikePattern {
    pattern: String,
    ignore_case: bool,
    /// What stands between the `%`s, folded if case is ignored; the first part begins where the text begins, and
    /// the last ends where it ends.
    parts: Vec<Vec<Piece>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// This text.
    Literal(Box<Finder<'static>>),
    /// So many characters, whichever.
    Skip(usize),
}

impl LikePattern {
    /// Compiles `pattern`; `ignore_case` makes it an ILIKE, which folds case as Unicode does.
    pub fn new(pattern: &str, ignore_case: bool) -> Self {
        let parts = if ignore_case { compile(&fold_text(pattern)) } else { compile(pattern) };
        LikePattern { pattern: pattern.to_owned(), ignore_case, parts }
    }

    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Returns whether this is an ILIKE.
    pub fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// Returns whether the whole of `text` fits the pattern, in time linear in `text` unless
    /// the pattern has a `_`, and then `O(text × pattern)` at worst.
    pub fn matches(&self, text: &str) -> bool {
        if self.ignore_case { self.matches_exactly(&fold_text(text)) } else { self.matches_exactly(text) }
    }

    fn matches_exactly(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            // No `%`: one part for the whole text.
            return self.parts.first().and_then(|only| strip_front(only, text)) == Some("");
        };
        let Some(mut rest) = strip_front(first, text).and_then(|rest| strip_back(last, rest)) else {
            return false;
        };
        // Taking the leftmost place for each part leaves the most for the next ones.
        for part in middle {
            match find_front(part, rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        true
    }

    pub(crate) fn parts(&self) -> &[Vec<Piece>] {
        &self.parts
    }
}

impl PartialEq for LikePattern {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.ignore_case == other.ignore_case
    }
}

/// Splits a pattern at its `%`s. A `_` beside a `%` is moved to the left of it, which means the same, so that
/// every part but the first begins with a literal that can be searched for.
fn compile(pattern: &str) -> Vec<Vec<Piece>> {
    let mut parts = vec![Vec::new()];
    let mut rest = pattern;
    while !rest.is_empty() {
        let literal_len = rest.find(['%', '_']).unwrap_or(rest.len());
        let (literal, after) = rest.split_at(literal_len);
        let wild_len = after.find(|c| c != '%' && c != '_').unwrap_or(after.len());
        let (wild, next) = after.split_at(wild_len);
        let part = parts.last_mut().expect("there is at least one part");
        if !literal.is_empty() {
            part.push(Piece::Literal(Box::new(Finder::new(literal).into_owned())));
        }
        let skipped = wild.bytes().filter(|byte| *byte == b'_').count();
        if skipped > 0 {
            part.push(Piece::Skip(skipped));
        }
        if skipped < wild.len() {
            parts.push(Vec::new());
        }
        rest = next;
    }
    parts
}

/// Returns what follows `part` if `text` begins with it.
fn strip_front<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in part {
        rest = match piece {
            Piece::Literal(literal) if rest.as_bytes().starts_with(literal.needle()) => {
                &rest[literal.needle().len()..]
            }
            Piece::Literal(_) => return None,
            Piece::Skip(count) => &rest[nth_boundary(rest, *count)?..],
        };
    }
    Some(rest)
}

/// Returns what precedes `part` if `text` ends with it.
fn strip_back<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    for piece in part.iter().rev() {
        rest = match piece {
            Piece::Literal(literal) if rest.as_bytes().ends_with(literal.needle()) => {
                &rest[..rest.len() - literal.needle().len()]
            }
            Piece::Literal(_) => return None,
            Piece::Skip(count) => &rest[..rest.char_indices().rev().nth(count - 1)?.0],
        };
    }
    Some(rest)
}

/// Returns what follows the leftmost place of `part` in `text`.
fn find_front<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let [Piece::Literal(literal), then @ ..] = part else {
        // Two `%` in a row, or only `_` between them.
        return strip_front(part, text);
    };
    let mut rest = text;
    loop {
        let at = literal.find(rest.as_bytes())?;
        let after = &rest[at + literal.needle().len()..];
        if let Some(end) = strip_front(then, after) {
            return Some(end);
        }
        rest = &rest[at + nth_boundary(&rest[at..], 1)?..];
    }
}

/// Returns where the first `count` (at least 1) characters end; `None` if there are fewer.
fn nth_boundary(text: &str, count: usize) -> Option<usize> {
    text.char_indices().nth(count.checked_sub(1)?).map(|(start, c)| start + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::RegexBuilder;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let like = LikePattern::new(pattern, false);
        for text in matching {
            assert!(like.matches(text), "{pattern:?} should match {text:?}");
        }
        for text in other {
            assert!(!like.matches(text), "{pattern:?} should not match {text:?}");
        }
    }

    #[test]
    fn percent_is_any_run() {
        check("a%b%c", &["abc", "aXbYc", "abbcc"], &["ab", "xabc", "abcx", "acb"]);
        check("%", &["", "x"], &[]);
        check("%%", &["", "x"], &[]);
        check("", &[""], &["x"]);
        check("%a", &["a", "ba"], &["ab", ""]);
    }

    #[test]
    fn underscore_is_one_character_of_any_length() {
        check("_", &["x", "é", "日"], &["", "xx"]);
        check("a_c", &["abc", "aéc"], &["ac", "abbc"]);
        check("%_b_%", &["abc", "xxabcx"], &["bc", "ab"]);
        check("%a_b%", &["aab", "aaxb", "xa_bx"], &["ab", "a"]);
    }

    #[test]
    fn nothing_is_an_escape_and_blanks_count() {
        check(r"a\%b", &[r"a\b", r"a\xb"], &["a%b"]);
        check("%\n%", &["a\nb"], &["ab"]);
    }

    #[test]
    fn prefix_and_suffix_do_not_overlap() {
        check("aba%aba", &["abaaba", "abaxaba"], &["aba", "ababa"]);
    }

    #[test]
    fn only_ilike_ignores_case() {
        assert!(!LikePattern::new("%PARIS%", false).matches("in Paris"));
        assert!(LikePattern::new("%PARIS%", true).matches("in Paris"));
        assert!(LikePattern::new("ÄRGER_", true).matches("ärgerΣ"));
    }

    proptest! {
        #[test]
        fn matches_as_the_regex_that_says_the_same(
            pattern in "[abAé%_]{0,8}", text in "[abAé]{0,10}", ignore_case: bool,
        ) {
            let source = regex::escape(&pattern).replace('%', ".*").replace('_', ".");
            let regex = RegexBuilder::new(&format!(r"\A{source}\z"))
                .case_insensitive(ignore_case)
                .dot_matches_new_line(true)
                .build()
                .unwrap();
            prop_assert_eq!(LikePattern::new(&pattern, ignore_case).matches(&text), regex.is_match(&text));
        }
    }
}
