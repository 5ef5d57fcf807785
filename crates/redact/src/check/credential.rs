//! Values that are secret because of what they are called.

use super::Candidate;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Names of secrets.
macro_rules! names {
    () => {
        concat!(
            r"(?i:api[_ -]?key|api[_ -]?secret|api[_ -]?token|access[_ -]?token|auth[_ -]?token|refresh[_ -]?token",
            r"|bearer[_ -]?token|session[_ -]?token|secret[_ -]?access[_ -]?key|access[_ -]?key|client[_ -]?secret",
            r"|app[_ -]?secret|secret[_ -]?key|secret|private[_ -]?key|account[_ -]?key|subscription[_ -]?key",
            r"|encryption[_ -]?key|signing[_ -]?key|passphrase|password|passwd|pwd)"
        )
    };
}

/// A name and what parts it from its value; the value itself is the business of the pattern.
pub(crate) const HINT: &str = names!();
pub(crate) const PATTERN: &str = concat!(
    names!(),
    r#"s?["']?[ \t]{0,3}(?:=>|[:=])[ \t]{0,3}(?:["'](?P<secret>[^"'\r\n]{6,200})["']|(?P<bare>[^\s"',;<>{}()\[\]&]{6,200}))"#
);

/// Bytes of a value that is taken for a secret because of its name.
const VALUE_BYTES: Range<usize> = 6..4_097;

static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(concat!(names!(), "s?$")).expect("the pattern is tested"));

/// Takes the value of an assignment inside a text.
pub(crate) fn assigned(candidate: &Candidate<'_>) -> Option<Range<usize>> {
    is_secret(candidate.found()).then(|| candidate.range.clone())
}

/// Returns whether a value is a secret by its name, such as the key of an attribute or of a JSON object.
pub(crate) fn is_named_secret(name: &str, value: &str) -> bool {
    VALUE_BYTES.contains(&value.len()) && is_secret(value) && NAME.is_match(name)
}

/// Tells a secret from a placeholder, a word and a sentence.
fn is_secret(value: &str) -> bool {
    let is_placeholder = value.starts_with(['$', '<', '{', '%', '*', '['])
        || value.starts_with("process.env")
        || value.starts_with("os.");
    let is_plain_word = value.chars().all(char::is_alphabetic);
    !is_placeholder && !is_plain_word && !value.contains(char::is_whitespace)
}
