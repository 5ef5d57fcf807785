//! Words of a text, for an index of words, and the words that a pattern can't do without, to narrow a search.
//!
//! Both sides go through [`each_token`], so that narrowing is sound: a text that fits a pattern always has the
//! tokens that [`required_tokens`] names. This holds if what is indexed is the same text that the pattern is
//! matched against (JSON is indexed as JSON, with its escapes).

use crate::fold::fold_char;
use crate::like::{LikePattern, Piece};
use crate::operator::TextTest;
use memchr::memmem::Finder;

/// Longest token, in bytes of folded text. A longer run is cut here and followed by [`LONG_TOKEN`].
pub const TOKEN_BYTES_MAX: usize = 64;

/// The token that stands after a cut one: this text has a word of which only the beginning is known.
pub const LONG_TOKEN: &str = "…";

/// Calls `visit` for each token of `text`, in order and with repetitions.
///
/// A token is a run of letters and digits, case folded; every Chinese, Japanese or similar character is one of
/// its own, since those scripts don't part words.
pub fn each_token(text: &str, mut visit: impl FnMut(&str)) {
    // Most texts need neither; what is short and has few words must not cost an allocation.
    let mut folded = String::new();
    let mut lower = [0; TOKEN_BYTES_MAX];
    let mut at = 0;
    while let Some(Run { start, end, kind }) = next_run(text, at) {
        let run = &text[start..end];
        match kind {
            Kind::Plain if run.len() <= TOKEN_BYTES_MAX => visit(run),
            Kind::Ascii if run.len() <= TOKEN_BYTES_MAX => visit(lower_case(run, &mut lower)),
            _ => {
                let cut = fold_cut(run, &mut folded);
                visit(&folded);
                if cut {
                    visit(LONG_TOKEN);
                }
            }
        }
        at = end;
    }
}

/// Returns the tokens of `text`, as [`each_token`] gives them.
pub fn tokens(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    each_token(text, |token| all.push(token.to_owned()));
    all
}

/// What a text must have among its tokens to fit a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowing {
    /// All of these tokens (at least one).
    Tokens(Vec<String>),
    /// A token that contains this, or [`LONG_TOKEN`].
    Part(String),
    /// Nothing: every text is a candidate.
    Nothing,
}

impl Narrowing {
    /// Returns whether a text with these tokens is a candidate.
    pub fn admits(&self, tokens: &[String]) -> bool {
        match self {
            Narrowing::Tokens(required) => required.iter().all(|token| tokens.contains(token)),
            Narrowing::Part(part) => {
                tokens.iter().any(|token| token.contains(part.as_str()) || token == LONG_TOKEN)
            }
            Narrowing::Nothing => true,
        }
    }
}

/// Returns what every text that satisfies `test` has among its tokens.
pub fn required_tokens(test: &TextTest) -> Narrowing {
    match test {
        TextTest::Eq(value) => all_of(tokens(value)),
        TextTest::Like(pattern) => required_by_pattern(pattern),
        TextTest::Words(words) => all_of(words.tokens().to_vec()),
        _ => Narrowing::Nothing,
    }
}

/// Whole tokens of the pattern, those that its literal text or its ends bound on both sides; if it has none, its
/// longest run of letters and digits, which may be a part of any token.
fn required_by_pattern(pattern: &LikePattern) -> Narrowing {
    let mut whole = Vec::new();
    let mut part = String::new();
    let literals = literals(pattern);
    for (literal, open_left, open_right) in &literals {
        let mut at = 0;
        while let Some(Run { start, end, .. }) = next_run(literal, at) {
            let run = &literal[start..end];
            let touches_wildcard = (start == 0 && *open_left) || (end == literal.len() && *open_right);
            let folded: String = run.chars().map(fold_char).collect();
            if !touches_wildcard || run.chars().all(is_ideograph) {
                each_token(run, |token| whole.push(token.to_owned()));
            } else if folded.len() > part.len() {
                part = folded;
            }
            at = end;
        }
    }
    match (whole.is_empty(), part.is_empty()) {
        (false, _) => all_of(whole),
        (true, false) => Narrowing::Part(part),
        (true, true) => Narrowing::Nothing,
    }
}

fn all_of(mut tokens: Vec<String>) -> Narrowing {
    tokens.sort_unstable();
    tokens.dedup();
    if tokens.is_empty() { Narrowing::Nothing } else { Narrowing::Tokens(tokens) }
}

/// Returns the literal pieces of a pattern, and whether a wildcard stands on the left and on the right of each.
fn literals(pattern: &LikePattern) -> Vec<(&str, bool, bool)> {
    let mut all = Vec::new();
    let parts = pattern.parts();
    for (part_index, part) in parts.iter().enumerate() {
        for (index, piece) in part.iter().enumerate() {
            let Piece::Literal(literal) = piece else { continue };
            let open_left = index > 0 || part_index > 0;
            let open_right = index + 1 < part.len() || part_index + 1 < parts.len();
            all.push((needle_text(literal), open_left, open_right));
        }
    }
    all
}

fn needle_text<'a>(literal: &'a Finder<'static>) -> &'a str {
    std::str::from_utf8(literal.needle()).expect("the needle was cut from a str")
}

/// Folds `run` into `folded` up to [`TOKEN_BYTES_MAX`]; returns whether something was left off.
fn fold_cut(run: &str, folded: &mut String) -> bool {
    folded.clear();
    for c in run.chars().map(fold_char) {
        if folded.len() + c.len_utf8() > TOKEN_BYTES_MAX {
            return true;
        }
        folded.push(c);
    }
    false
}

/// Writes a run of ASCII in lower case, which is how it is folded, into a buffer that holds it.
fn lower_case<'a>(run: &str, buffer: &'a mut [u8; TOKEN_BYTES_MAX]) -> &'a str {
    let lower = &mut buffer[..run.len()];
    lower.copy_from_slice(run.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).unwrap_or_default()
}

/// A run of letters and digits in a text.
struct Run {
    start: usize,
    end: usize,
    kind: Kind,
}

/// What it takes to fold a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// ASCII without capitals: nothing.
    Plain,
    /// ASCII with capitals.
    Ascii,
    /// Other characters too.
    Wide,
}

/// Returns the first run at or after `at`.
fn next_run(text: &str, at: usize) -> Option<Run> {
    let bytes = text.as_bytes();
    let mut start = at;
    let first = loop {
        match CLASSES[usize::from(*bytes.get(start)?)] {
            Class::Separator => start += 1,
            Class::Plain | Class::Capital => break None,
            Class::Wide => {
                let c = text[start..].chars().next()?;
                if c.is_alphanumeric() {
                    break Some(c);
                }
                start += c.len_utf8();
            }
        }
    };
    if let Some(c) = first.filter(|c| is_ideograph(*c)) {
        return Some(Run { start, end: start + c.len_utf8(), kind: Kind::Wide });
    }
    let mut end = start;
    let mut kind = Kind::Plain;
    while let Some(&byte) = bytes.get(end) {
        match CLASSES[usize::from(byte)] {
            Class::Separator => break,
            Class::Plain => end += 1,
            Class::Capital => {
                if kind == Kind::Plain {
                    kind = Kind::Ascii;
                }
                end += 1;
            }
            Class::Wide => {
                let next = text[end..].chars().next();
                let Some(c) = next.filter(|c| c.is_alphanumeric() && !is_ideograph(*c)) else { break };
                kind = Kind::Wide;
                end += c.len_utf8();
            }
        }
    }
    Some(Run { start, end, kind })
}

/// What a byte is; the texts to index are large, and this is their inner loop.
#[derive(Clone, Copy)]
enum Class {
    Separator,
    Plain,
    Capital,
    /// A byte of a character outside of ASCII.
    Wide,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Wide; 256];
    let mut byte = 0u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'0'..=b'9' => Class::Plain,
            b'A'..=b'Z' => Class::Capital,
            _ => Class::Separator,
        };
        byte += 1;
    }
    classes
};

/// Returns whether `c` is of a script without spaces between words: Han, kana, Thai to Khmer.
fn is_ideograph(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tokens_are_folded_runs_of_letters_and_digits() {
        assert_eq!(tokens(r#"{"Name": "Größe_2x"}"#), ["name", "größe", "2x"]);
        assert_eq!(tokens("東京tower"), ["東", "京", "tower"]);
        assert_eq!(tokens("--"), Vec::<String>::new());
    }

    #[test]
    fn a_long_run_is_cut_and_marked() {
        let long = "é".repeat(33);
        assert_eq!(tokens(&long), ["é".repeat(32), LONG_TOKEN.to_owned()]);
        let fits = "é".repeat(32);
        assert_eq!(tokens(&fits), [fits]);
    }

    #[track_caller]
    fn check(pattern: &str, expected: Narrowing) {
        assert_eq!(required_tokens(&TextTest::Like(LikePattern::new(pattern, false))), expected);
    }

    #[test]
    fn whole_tokens_are_those_that_no_wildcard_touches() {
        let whole =
            |tokens: &[&str]| Narrowing::Tokens(tokens.iter().map(|&token| token.to_owned()).collect());
        check("%refund policy for%", whole(&["policy"]));
        check("%\"Paris\"%", whole(&["paris"]));
        check("hello%", Narrowing::Part("hello".to_owned()));
        check("hello %", whole(&["hello"]));
        check("%ab_cde%", Narrowing::Part("cde".to_owned()));
        check("%東京%", whole(&["京", "東"]));
        check("%--%", Narrowing::Nothing);
    }

    /// A pattern made from a text that it matches: pieces of the text are replaced by wildcards.
    fn text_and_pattern() -> impl Strategy<Value = (String, String)> {
        let word = prop_oneof!["[a-cA-C]{1,3}", "[ .\"]", "[äÄς東]", "x{60,70}"];
        let piece = (word, 0..4u8);
        prop::collection::vec(piece, 0..8).prop_map(|pieces| {
            let text: String = pieces.iter().map(|(word, _)| word.as_str()).collect();
            let pattern = pieces
                .iter()
                .map(|(word, how)| match how {
                    0 => "%".to_owned(),
                    1 => "_".repeat(word.chars().count()),
                    _ => word.clone(),
                })
                .collect();
            (text, pattern)
        })
    }

    proptest! {
        #[test]
        fn narrowing_never_loses_a_match((text, pattern) in text_and_pattern(), ignore_case: bool) {
            let like = LikePattern::new(&pattern, ignore_case);
            prop_assert!(like.matches(&text));
            prop_assert!(required_tokens(&TextTest::Like(like)).admits(&tokens(&text)));
        }

        #[test]
        fn narrowing_never_loses_any_match(text in "[aAbß ς東-]{0,9}", pattern in "[aAbß ς東%_-]{0,6}") {
            let like = LikePattern::new(&pattern, true);
            if like.matches(&text) {
                prop_assert!(required_tokens(&TextTest::Like(like)).admits(&tokens(&text)));
            }
            if text == pattern {
                prop_assert!(required_tokens(&TextTest::Eq(pattern)).admits(&tokens(&text)));
            }
        }
    }
}
