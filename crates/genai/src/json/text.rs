//! JSON text that was checked, and the iterators over it.

use super::check::checked;
use memchr::memchr2;
use std::borrow::Cow;

/// One JSON value as text, checked as a whole, without white space around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JsonText<'a>(&'a str);

impl<'a> JsonText<'a> {
    /// Reads `text` if it is JSON.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        checked(text).map(JsonText)
    }

    /// Reads `text` if it is a JSON map, list or string: what MLflow takes out of a string attribute. A text such
    /// as `123` or `true` stays what it is.
    pub(crate) fn parse_structured(text: &'a str) -> Option<Self> {
        let first = text.trim_start_matches(is_space).as_bytes().first()?;
        if !matches!(first, b'{' | b'[' | b'"') {
            return None;
        }
        JsonText::parse(text)
    }

    /// Returns the text.
    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// Returns the first byte, which tells the kind of value.
    pub(crate) fn first_byte(self) -> u8 {
        self.0.as_bytes()[0]
    }

    /// Returns the elements of a list, or the values of a map with their keys; nothing for a scalar.
    pub(crate) fn entries(self) -> JsonEntries<'a> {
        let is_map = self.first_byte() == b'{';
        let rest = if is_map || self.first_byte() == b'[' { &self.0[1..] } else { "" };
        JsonEntries { rest, is_map }
    }

    /// Returns the text of a JSON string; a lone surrogate becomes U+FFFD.
    pub(crate) fn unquote(self) -> Option<Cow<'a, str>> {
        (self.first_byte() == b'"').then(|| unescape(&self.0[1..self.0.len() - 1]))
    }
}

/// The entries of a checked list or map: `(key, value)`, where a list's keys are `None`.
#[derive(Debug, Clone)]
pub(crate) struct JsonEntries<'a> {
    rest: &'a str,
    is_map: bool,
}

impl<'a> Iterator for JsonEntries<'a> {
    type Item = (Option<JsonText<'a>>, JsonText<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = if self.is_map { Some(self.next_value()?) } else { None };
        Some((key, self.next_value()?))
    }
}

impl<'a> JsonEntries<'a> {
    /// Takes the next value or key; the checked text before it holds only separators.
    fn next_value(&mut self) -> Option<JsonText<'a>> {
        let mut walk = JsonWalk { rest: self.rest };
        let value = if walk.is_at_end() { None } else { Some(walk.value()) };
        self.rest = walk.rest;
        value
    }
}

/// A walk through checked text from value to value, which passes over each byte once.
#[derive(Debug, Clone)]
pub(crate) struct JsonWalk<'a> {
    rest: &'a str,
}

impl<'a> JsonWalk<'a> {
    pub(crate) fn new(json: JsonText<'a>) -> Self {
        JsonWalk { rest: json.0 }
    }

    /// Returns the first byte of the next value or key, or the bracket that closes the list or map; 0 at the end.
    pub(crate) fn peek(&mut self) -> u8 {
        let is_separator = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':');
        let separators = self.rest.bytes().position(|byte| !is_separator(byte)).unwrap_or(self.rest.len());
        self.rest = &self.rest[separators..];
        self.rest.bytes().next().unwrap_or(0)
    }

    /// Goes into the list or map that is next.
    pub(crate) fn enter(&mut self) {
        self.peek();
        self.rest = &self.rest[1..];
    }

    /// Returns whether the list or map has no further value.
    pub(crate) fn is_at_end(&mut self) -> bool {
        matches!(self.peek(), b']' | b'}' | 0)
    }

    /// Goes out of the list or map, if it has no further value.
    pub(crate) fn leave(&mut self) -> bool {
        let at_end = self.is_at_end();
        if at_end {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        at_end
    }

    /// Takes the next value or key as a whole.
    pub(crate) fn value(&mut self) -> JsonText<'a> {
        self.peek();
        let (value, rest) = self.rest.split_at(value_len(self.rest.as_bytes()));
        self.rest = rest;
        JsonText(value)
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Returns how long the value at the start of checked JSON text is.
fn value_len(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b'"') => string_len(bytes),
        Some(b'{' | b'[') => nested_len(bytes),
        _ => bytes
            .iter()
            .position(|byte| matches!(byte, b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))
            .unwrap_or(bytes.len()),
    }
}

fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(plain) = memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        at += plain + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

fn nested_len(bytes: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at += string_len(&bytes[at..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn unescape(raw: &str) -> Cow<'_, str> {
    let Some(first) = raw.find('\\') else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(&raw[..first]);
    let mut rest = &raw[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        rest = push_escaped(escape, &mut text);
        let plain = rest.find('\\').unwrap_or(rest.len());
        text.push_str(&rest[..plain]);
        rest = &rest[plain..];
    }
    Cow::Owned(text)
}

/// Decodes the escape at the start of `rest` (after its backslash) and returns what follows it.
fn push_escaped<'a>(rest: &'a str, text: &mut String) -> &'a str {
    let (c, len) = match rest.as_bytes()[0] {
        b'b' => ('\u{8}', 1),
        b'f' => ('\u{c}', 1),
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        b'u' => unicode_escape(rest),
        other => (char::from(other), 1),
    };
    text.push(c);
    &rest[len..]
}

/// Decodes `uXXXX`, with the second half of a surrogate pair if there is one.
fn unicode_escape(rest: &str) -> (char, usize) {
    let unit = |at: usize| rest.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let first = unit(1).unwrap_or(0xFFFD);
    let second = if rest[5..].starts_with("\\u") { unit(7) } else { None };
    if let (0xD800..0xDC00, Some(second @ 0xDC00..0xE000)) = (first, second) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 11);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(Option<&str>, &str)> {
        let json = JsonText::parse(text).unwrap();
        json.entries().map(|(key, value)| (key.map(JsonText::as_str), value.as_str())).collect()
    }

    #[test]
    fn entries_are_slices_of_the_text() {
        assert_eq!(
            entries(" [1, \"a]\\\"\" ,[2,[3]], {}]"),
            [(None, "1"), (None, "\"a]\\\"\""), (None, "[2,[3]]"), (None, "{}"),]
        );
        assert_eq!(
            entries("{\"k\" : {\"x\":\"}\"} ,\"\":null}"),
            [(Some("\"k\""), "{\"x\":\"}\"}"), (Some("\"\""), "null"),]
        );
        assert_eq!(entries("[]"), []);
        assert_eq!(entries("12"), []);
    }

    #[test]
    fn strings_are_unescaped() {
        let unquote = |text| JsonText::parse(text).unwrap().unquote().unwrap().into_owned();
        assert_eq!(unquote(r#""a\u00e9\ud83d\ude00\/\n""#), "aé😀/\n");
        assert_eq!(unquote(r#""x\ud83d y\udc00\ud83d""#), "x\u{fffd} y\u{fffd}\u{fffd}");
        assert_eq!(unquote(r#""\ud83d\u0041""#), "\u{fffd}A");
    }

    #[test]
    fn only_maps_lists_and_strings_come_out_of_a_string() {
        for text in ["{\"a\":1}", " [1]", "\"q\""] {
            assert!(JsonText::parse_structured(text).is_some(), "{text}");
        }
        for text in ["123", "null", "true", "", "{", "NaN"] {
            assert!(JsonText::parse_structured(text).is_none(), "{text}");
        }
    }
}
