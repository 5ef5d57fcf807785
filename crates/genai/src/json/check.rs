//! Whether a text is JSON, by the rules of Python's `json.loads`, which MLflow applies to attributes.
//!
//! It differs from RFC 8259 in taking `NaN`, `Infinity` and lone surrogate escapes.

use memchr::memchr2;

/// Deepest nesting of JSON text that counts as JSON; deeper text stays a string (Python's own parser gives up soon after).
pub(crate) const JSON_DEPTH_MAX: usize = 512;

/// Returns the part of `text` that is one JSON value, with the white space around it cut off; `None` if it is not JSON.
pub(crate) fn checked(text: &str) -> Option<&str> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    scan.skip_space();
    let start = scan.at;
    scan.value()?;
    let end = scan.at;
    scan.skip_space();
    (scan.at == text.len()).then(|| &text[start..end])
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The open lists and maps around a place: one bit each, set for a map.
struct Open {
    bits: [u64; JSON_DEPTH_MAX / 64],
    depth: usize,
}

impl Open {
    fn push(&mut self, is_map: bool) -> Option<()> {
        if self.depth == JSON_DEPTH_MAX {
            return None;
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.bits[word] = self.bits[word] & !(1 << bit) | u64::from(is_map) << bit;
        self.depth += 1;
        Some(())
    }

    fn is_map(&self) -> bool {
        let last = self.depth - 1;
        self.bits[last / 64] >> (last % 64) & 1 == 1
    }
}

impl Scan<'_> {
    /// Reads one value. A loop with its own stack, since text from outside must not decide how deep we recurse.
    fn value(&mut self) -> Option<()> {
        let mut open = Open { bits: [0; JSON_DEPTH_MAX / 64], depth: 0 };
        loop {
            self.skip_space();
            let opened = match self.peek()? {
                b'{' => self.open_map(&mut open)?,
                b'[' => self.open_list(&mut open)?,
                _ => {
                    self.scalar()?;
                    false
                }
            };
            if !opened && !self.close(&mut open)? {
                return Some(());
            }
        }
    }

    /// Opens a map up to its first value; `false` if it is empty and closed again.
    fn open_map(&mut self, open: &mut Open) -> Option<bool> {
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Some(false);
        }
        open.push(true)?;
        self.key()?;
        Some(true)
    }

    fn open_list(&mut self, open: &mut Open) -> Option<bool> {
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Some(false);
        }
        open.push(false)?;
        Some(true)
    }

    /// Goes on after a value: `true` when another value follows, `false` when all is closed.
    fn close(&mut self, open: &mut Open) -> Option<bool> {
        while open.depth > 0 {
            self.skip_space();
            let is_map = open.is_map();
            if self.take(b',') {
                if is_map {
                    self.skip_space();
                    self.key()?;
                }
                return Some(true);
            }
            if !self.take(if is_map { b'}' } else { b']' }) {
                return None;
            }
            open.depth -= 1;
        }
        Some(false)
    }

    fn key(&mut self) -> Option<()> {
        self.string()?;
        self.skip_space();
        self.take(b':').then_some(())
    }

    fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'N' => self.word("NaN"),
            b'I' => self.word("Infinity"),
            b'-' if self.bytes.get(self.at + 1) == Some(&b'I') => self.word("-Infinity"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.bytes[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.take(b'"') {
            return None;
        }
        loop {
            let rest = &self.bytes[self.at..];
            let plain = memchr2(b'"', b'\\', rest)?;
            if rest[..plain].iter().any(|byte| *byte < 0x20) {
                return None;
            }
            self.at += plain + 1;
            if rest[plain] == b'"' {
                return Some(());
            }
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => (0..4).try_for_each(|_| self.next()?.is_ascii_hexdigit().then_some(())),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        assert_eq!(checked(text).is_some(), expected, "{text:.99}");
    }

    #[test]
    fn takes_what_python_takes() {
        for text in
            ["{}", " [1] ", "[[],{}]", "\"a\\u00e9\\n\"", "{\"a\":[1,-0.5e+3,true,null]}", "[NaN,-Infinity]"]
        {
            check(text, true);
        }
    }

    #[test]
    fn refuses_what_python_refuses() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "[01]",
            "[1.]",
            "\"a\nb\"",
            "\"\\x\"",
            "[1] x",
            "[1}",
            "tru",
        ] {
            check(text, false);
        }
    }

    #[test]
    fn depth_is_bounded_without_recursion() {
        let nested = |depth: usize| ["[".repeat(depth), "1".into(), "]".repeat(depth)].concat();
        check(&nested(JSON_DEPTH_MAX), true);
        check(&nested(JSON_DEPTH_MAX + 1), false);
        check(&"[".repeat(1_000_000), false);
    }
}
