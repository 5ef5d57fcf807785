//! JSON as it is written: where its texts and numbers are, and on which path.

use crate::escape::Resolved;
use crate::path::Step;
use memchr::memchr2;
use std::ops::Range;

/// Deepest nesting that is walked; what lies deeper is read as plain text.
const DEPTH_MAX: usize = 128;

/// Hears of the parts of a JSON text. Ranges are bytes of that text.
pub(crate) trait Visit {
    /// Returns whether the value that `path` leads to is to be taken whole; [`Visit::whole`] then hears of it.
    fn wants_whole(&mut self, path: &[Step]) -> bool;

    /// A value that is wanted whole, quotes and brackets included.
    fn whole(&mut self, range: Range<usize>);

    /// The inside of a string; `key` is the name that it is the value of.
    fn text(&mut self, range: Range<usize>, key: Option<&str>, path: &mut Vec<Step>);

    /// A whole number.
    fn number(&mut self, range: Range<usize>);
}

/// Returns whether a text may be JSON that holds texts.
pub(crate) fn looks_like_json(text: &str) -> bool {
    matches!(text.trim_ascii_start().as_bytes().first(), Some(b'{' | b'[' | b'"'))
}

/// Walks the values of a text, one after the other, and returns where JSON ends in it. A text that was cut off is walked
/// up to the cut, its last string included. `path` leads to the text itself; it is kept up only if `with_path`.
pub(crate) fn walk(text: &str, path: &mut Vec<Step>, with_path: bool, visit: &mut dyn Visit) -> usize {
    let mut walker = Walker { text, at: 0, with_path, is_muted: false, path, visit };
    loop {
        walker.skip_space();
        if !looks_like_json(&text[walker.at..]) || walker.value(None, 0).is_none() {
            return walker.at;
        }
    }
}

struct Walker<'a, 'v> {
    text: &'a str,
    at: usize,
    with_path: bool,
    /// Inside a value that is wanted whole.
    is_muted: bool,
    path: &'v mut Vec<Step>,
    visit: &'v mut dyn Visit,
}

/// `None`: what stands at `at` is no JSON any more.
type Walked = Option<()>;

impl Walker<'_, '_> {
    fn value(&mut self, key: Option<&str>, depth: usize) -> Walked {
        self.skip_space();
        if self.is_muted || !self.with_path || !self.visit.wants_whole(self.path) {
            return self.part(key, depth);
        }
        let start = self.at;
        self.is_muted = true;
        let walked = self.part(key, depth);
        self.is_muted = false;
        if walked.is_none() {
            // Cut off or broken in the middle: where the value ends is not known.
            self.at = self.text.len();
        }
        self.visit.whole(start..self.at);
        walked
    }

    fn part(&mut self, key: Option<&str>, depth: usize) -> Walked {
        match self.peek()? {
            b'"' => self.string(key),
            b'{' if depth < DEPTH_MAX => self.object(depth),
            b'[' if depth < DEPTH_MAX => self.list(key, depth),
            b'-' | b'0'..=b'9' => {
                self.number();
                Some(())
            }
            _ => self.literal(),
        }
    }

    fn string(&mut self, key: Option<&str>) -> Walked {
        let (content, is_whole) = self.quoted();
        if !self.is_muted {
            self.visit.text(content, key, self.path);
        }
        is_whole.then_some(())
    }

    /// Passes over a string; returns its inside, and whether it ends at all.
    fn quoted(&mut self) -> (Range<usize>, bool) {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        while let Some(found) = memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
            at += found;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return (start..at, true);
            }
            // An escape of one character; that of others goes on with plain ones.
            at += 2;
        }
        self.at = bytes.len();
        (start..bytes.len(), false)
    }

    fn object(&mut self, depth: usize) -> Walked {
        self.at += 1;
        self.skip_space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.skip_space();
            if self.peek()? != b'"' {
                return None;
            }
            let (name, is_whole) = self.quoted();
            if !self.is_muted {
                self.visit.text(name.clone(), None, self.path);
            }
            if !is_whole {
                return None;
            }
            self.skip_space();
            self.take(b':')?;
            self.member(name, depth)?;
            self.skip_space();
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(());
            }
            self.take(b',')?;
        }
    }

    fn member(&mut self, name: Range<usize>, depth: usize) -> Walked {
        let written = &self.text[name];
        let resolved;
        let key = if written.contains('\\') {
            resolved = Resolved::of(written).text;
            resolved.as_str()
        } else {
            written
        };
        if self.with_path {
            self.path.push(Step::Key(key.to_owned()));
        }
        let walked = self.value(Some(key), depth + 1);
        if self.with_path {
            self.path.pop();
        }
        walked
    }

    /// The elements of a list are values of what names the list.
    fn list(&mut self, key: Option<&str>, depth: usize) -> Walked {
        self.at += 1;
        self.skip_space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        let mut index = 0;
        loop {
            if self.with_path {
                self.path.push(Step::Index(index));
            }
            let walked = self.value(key, depth + 1);
            if self.with_path {
                self.path.pop();
            }
            walked?;
            index += 1;
            self.skip_space();
            if self.peek()? == b']' {
                self.at += 1;
                return Some(());
            }
            self.take(b',')?;
        }
    }

    /// Passes over a number. One with a fraction or an exponent is a measurement, whatever its digits look like.
    fn number(&mut self) {
        let start = self.at;
        let rest = &self.text.as_bytes()[start..];
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        self.at += rest.iter().take_while(|byte| is_part(byte)).count();
        let is_whole = self.text[start..self.at].bytes().skip(1).all(|byte| byte.is_ascii_digit());
        if is_whole && !self.is_muted {
            self.visit.number(start..self.at);
        }
    }

    fn literal(&mut self) -> Walked {
        let rest = &self.text[self.at..];
        let known =
            ["true", "false", "null", "NaN", "Infinity"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += known.len();
        Some(())
    }

    fn take(&mut self, wanted: u8) -> Walked {
        if self.peek()? != wanted {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard<'a> {
        text: &'a str,
        whole: &'a str,
        parts: Vec<String>,
    }

    impl Visit for Heard<'_> {
        fn wants_whole(&mut self, path: &[Step]) -> bool {
            matches!(path.last(), Some(Step::Key(key)) if key == self.whole)
        }
        fn whole(&mut self, range: Range<usize>) {
            self.parts.push(format!("whole {}", &self.text[range]));
        }
        fn text(&mut self, range: Range<usize>, key: Option<&str>, path: &mut Vec<Step>) {
            self.parts.push(format!("{}={} {}", key.unwrap_or("-"), &self.text[range], path.len()));
        }
        fn number(&mut self, range: Range<usize>) {
            self.parts.push(format!("number {}", &self.text[range]));
        }
    }

    fn check(text: &str, expected: &[&str], end: usize) {
        let mut heard = Heard { text, whole: "w", ..Heard::default() };
        let stopped = walk(text, &mut Vec::new(), true, &mut heard);
        let parts: Vec<&str> = heard.parts.iter().map(String::as_str).collect();
        assert_eq!((parts.as_slice(), stopped), (expected, end), "{text}");
    }

    #[test]
    fn texts_and_numbers_are_heard_with_their_keys() {
        check(
            r#"{"a": ["x", 12, 1.5, -7], "b\u0063": "y\""}"#,
            &["-=a 0", "a=x 2", "number 12", "number -7", r"-=b\u0063 0", r#"bc=y\" 1"#],
            43,
        );
        check(r#""x" "y""#, &["-=x 0", "-=y 0"], 7);
    }

    #[test]
    fn a_value_may_be_wanted_whole() {
        check(r#"{"w": {"a": ["x"]}, "b": "y"}"#, &["-=w 0", r#"whole {"a": ["x"]}"#, "-=b 0", "b=y 1"], 29);
    }

    #[test]
    fn a_cut_text_is_walked_up_to_the_cut() {
        check(r#"{"a": "x", "b": "y\u00"#, &["-=a 0", "a=x 1", "-=b 0", r"b=y\u00 1"], 22);
        check(r#"{"w": {"a": "x"#, &["-=w 0", r#"whole {"a": "x"#], 14);
        check(r#"{"a": "x"} and"#, &["-=a 0", "a=x 1"], 11);
        check("{'a': 1}", &[], 1);
    }
}
