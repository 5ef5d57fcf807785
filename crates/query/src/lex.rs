//! Text to tokens, shared by trace filters, experiment filters and order clauses.
//!
//! Every non-blank byte belongs to exactly one token, and no text is an error here: what fits nowhere becomes
//! [`TokenKind::Other`], so that the parser can name all wrong parts at once, as MLflow does.

use crate::filter::TextSpan;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, keywords included; segments after a dot may be quoted.
    Word,
    /// A closed quoted string, quotes included; backticks make a `Word` instead.
    Quoted,
    /// A decimal number, maybe negative, maybe with fraction or exponent.
    Number,
    /// A run of `<`, `>`, `=`, `!` and `~`.
    Comparison,
    /// `has:` and a name, which may be missing.
    Has,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// Any other character, an unclosed quote included.
    Other,
}

/// What the token [`TokenKind::Has`] begins with, in any case.
pub(crate) const HAS: &str = "has:";

/// A token and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Returns where the token is.
    pub(crate) fn span(&self) -> TextSpan {
        self.start..self.start + self.text.len()
    }

    /// Returns whether the token is this keyword, in any case.
    pub(crate) fn is_keyword(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// Splits `text` into tokens; blanks between them are dropped.
pub(crate) fn tokenize(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, len) = next_token(&text[at..], first);
        tokens.push(Token { kind, text: &text[at..at + len], start: at });
        at += len;
    }
    tokens
}

fn next_token(rest: &str, first: char) -> (TokenKind, usize) {
    match first {
        '(' => (TokenKind::Open, 1),
        ')' => (TokenKind::Close, 1),
        ',' => (TokenKind::Comma, 1),
        ';' => (TokenKind::Semicolon, 1),
        '<' | '>' | '=' | '!' | '~' => (TokenKind::Comparison, run_len(rest, |c| "<>=!~".contains(c))),
        '\'' | '"' => match quoted_len(rest, first) {
            Some(len) => (TokenKind::Quoted, len),
            None => (TokenKind::Other, 1),
        },
        '-' | '0'..='9' => number_or_word(rest),
        _ if rest.get(..HAS.len()).is_some_and(|start| start.eq_ignore_ascii_case(HAS)) => {
            (TokenKind::Has, HAS.len() + word_len(&rest[HAS.len()..]))
        }
        _ => match word_len(rest) {
            0 => (TokenKind::Other, first.len_utf8()),
            len => (TokenKind::Word, len),
        },
    }
}

/// Returns the length of the string that `rest` begins with. A doubled quote does not end it and is not an
/// escape either: both characters belong to the value (as MLflow reads it).
fn quoted_len(rest: &str, quote: char) -> Option<usize> {
    let bytes = rest.as_bytes();
    let quote = quote as u8;
    let mut at = 1;
    loop {
        at += memchr::memchr(quote, &bytes[at..])? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

fn number_or_word(rest: &str) -> (TokenKind, usize) {
    let sign = usize::from(rest.starts_with('-'));
    let mut len = sign + run_len(&rest[sign..], |c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
    // `1e-3`: the run stopped at the exponent's sign.
    if rest[..len].ends_with(['e', 'E'])
        && rest[len..].starts_with(['-', '+'])
        && is_number(&rest[sign..len - 1])
    {
        len += 1 + run_len(&rest[len + 1..], |c| c.is_ascii_digit());
    }
    if is_number(&rest[sign..len]) {
        return (TokenKind::Number, len);
    }
    // `-1h`: a quantity below zero is a word with a sign.
    let digits = rest[sign..].starts_with(|c: char| c.is_ascii_digit());
    match word_len(&rest[sign..]) {
        len if digits && len > 0 => (TokenKind::Word, sign + len),
        _ => (TokenKind::Other, 1),
    }
}

/// Returns whether `text` is digits with an optional fraction and exponent; `inf` and `nan` are not.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && text.parse::<f64>().is_ok()
}

/// Returns the length of the dotted name that `rest` begins with, 0 if it begins with none. After the first dot
/// a name may also hold `-`, `/`, `:`, `@` and `$`, which tag and attribute keys often do.
fn word_len(rest: &str) -> usize {
    let mut len = segment_len(rest, &['`'], is_name_char);
    if len == 0 {
        return 0;
    }
    while rest[len..].starts_with('.') {
        len += 1;
        len += segment_len(&rest[len..], &['`', '"', '\''], is_key_char);
    }
    len
}

fn segment_len(rest: &str, quotes: &[char], is_bare: fn(char) -> bool) -> usize {
    match rest.chars().next() {
        Some(quote) if quotes.contains(&quote) => rest[1..].find(quote).map_or(0, |end| end + 2),
        _ => run_len(rest, is_bare),
    }
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_key_char(c: char) -> bool {
    is_name_char(c) || matches!(c, '-' | '/' | ':' | '@' | '$')
}

fn run_len(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(TokenKind, &str)]) {
        let tokens: Vec<_> = tokenize(text).into_iter().map(|token| (token.kind, token.text)).collect();
        assert_eq!(tokens, expected);
    }

    #[test]
    fn names_may_quote_the_segments_after_a_dot() {
        use TokenKind::{Comparison, Quoted, Word};
        check("tags.a.b='x'", &[(Word, "tags.a.b"), (Comparison, "="), (Quoted, "'x'")]);
        check("tags.`a b`.\"c d\"", &[(Word, "tags.`a b`.\"c d\"")]);
        check("tags.my-key", &[(Word, "tags.my-key")]);
        check("feedback. ", &[(Word, "feedback.")]);
    }

    #[test]
    fn numbers_may_have_sign_fraction_and_exponent() {
        use TokenKind::{Number, Other, Word};
        for number in ["5", "-5", "1.5", "1e3", "-1.5E-3", "1e+3"] {
            check(number, &[(Number, number)]);
        }
        check("5x", &[(Word, "5x")]);
        check("-1.5h", &[(Word, "-1.5h")]);
        check("-x", &[(Other, "-"), (Word, "x")]);
        check("- 5", &[(Other, "-"), (Number, "5")]);
    }

    #[test]
    fn has_belongs_to_the_name_behind_it() {
        use TokenKind::{Comparison, Has, Other, Quoted, Word};
        check("has:tags.`a b` HAS:x has:", &[(Has, "has:tags.`a b`"), (Has, "HAS:x"), (Has, "has:")]);
        check(
            "has = 'x' hase:",
            &[(Word, "has"), (Comparison, "="), (Quoted, "'x'"), (Word, "hase"), (Other, ":")],
        );
    }

    #[test]
    fn doubled_quotes_stay_in_the_string() {
        use TokenKind::{Other, Quoted, Word};
        check("'it''s' ''", &[(Quoted, "'it''s'"), (Quoted, "''")]);
        check("'a", &[(Other, "'"), (Word, "a")]);
    }
}
