//! The escapes of JSON strings: a text with them resolved, and the way back to where each character was written.

use memchr::memchr;
use std::borrow::Cow;
use std::ops::Range;

/// A text with its escapes resolved.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) text: String,
    escapes: Vec<Escape>,
}

/// An escape, and what it stands for.
#[derive(Debug, Clone, Copy)]
struct Escape {
    /// Where it starts in the text as written, and where it ends.
    written: (usize, usize),
    /// Where that character starts in the resolved text, and where it ends.
    resolved: (usize, usize),
}

impl Resolved {
    /// Resolves the escapes of a text. What is no escape stays as it is, so that any text may be given.
    pub(crate) fn of(written: &str) -> Resolved {
        let mut out = Resolved::default();
        let mut at = 0;
        while let Some(found) = memchr(b'\\', &written.as_bytes()[at..]) {
            out.text.push_str(&written[at..at + found]);
            at += found;
            let Some((character, length)) = read_escape(&written.as_bytes()[at..]) else {
                out.text.push('\\');
                at += 1;
                continue;
            };
            let start = out.text.len();
            out.text.push(character);
            out.escapes.push(Escape { written: (at, at + length), resolved: (start, out.text.len()) });
            at += length;
        }
        out.text.push_str(&written[at..]);
        out
    }

    /// Returns where a range of the resolved text was written: whole escapes, always.
    pub(crate) fn written(&self, range: &Range<usize>) -> Range<usize> {
        self.written_at(range.start)..self.written_at(range.end)
    }

    fn written_at(&self, resolved: usize) -> usize {
        let before = self.escapes.partition_point(|escape| escape.resolved.1 <= resolved);
        match before.checked_sub(1).map(|index| self.escapes[index]) {
            Some(escape) => escape.written.1 + (resolved - escape.resolved.1),
            None => resolved,
        }
    }

    /// Moves the borders of a range of the written text off the insides of escapes: behind one that it begins in, since
    /// `n` of `\n` is no letter, and to the end of one that it ends in.
    pub(crate) fn to_borders(&self, range: Range<usize>) -> Range<usize> {
        let end = self.around(range.end).unwrap_or(range.end);
        self.around(range.start).unwrap_or(range.start).min(end)..end
    }

    /// Returns the end of the escape that `at` is inside of.
    fn around(&self, at: usize) -> Option<usize> {
        let index = self.escapes.partition_point(|escape| escape.written.1 <= at);
        self.escapes.get(index).filter(|escape| escape.written.0 < at).map(|escape| escape.written.1)
    }
}

/// Reads an escape; returns its character, and how many bytes it takes. A lone surrogate stands for U+FFFD.
fn read_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let simple = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return Some(read_unicode(bytes)).flatten(),
        _ => return None,
    };
    Some((simple, 2))
}

fn read_unicode(bytes: &[u8]) -> Option<(char, usize)> {
    let unit = read_unit(bytes)?;
    if let (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) = (unit, bytes.get(6..).and_then(read_unit)) {
        let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        return char::from_u32(code).map(|character| (character, 12));
    }
    Some((char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

fn read_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// Writes what must be escaped in a JSON string as escapes. Replacements are all that is written, so that quotes and
/// backslashes are enough.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    match text.contains(['"', '\\']) {
        true => text.replace('\\', "\\\\").replace('"', "\\\"").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, resolved: &str) {
        assert_eq!(Resolved::of(written).text, resolved, "{written}");
    }

    #[test]
    fn escapes_are_resolved_and_others_stay() {
        check(r"a\u0040b\/c", "a@b/c");
        check(r#"\"\\\n"#, "\"\\\n");
        check(r"\ud83d\ude00 \ud83d", "😀 \u{fffd}");
        check(r"C:\dir \q \u12 \", "C:\\dir \\q \\u12 \\");
    }

    #[test]
    fn ranges_lead_back_to_whole_escapes() {
        let written = r"x\nbob\u0040\ud83d\ude00.org";
        let resolved = Resolved::of(written);
        let back = |part: &str| {
            let start = resolved.text.find(part).unwrap();
            &written[resolved.written(&(start..start + part.len()))]
        };
        assert_eq!(back("bob@"), r"bob\u0040");
        assert_eq!(back("\n"), r"\n");
        assert_eq!(back("@😀."), r"\u0040\ud83d\ude00.");
        assert_eq!(back(".org"), ".org");
        let nbob = written.find("nbob").unwrap();
        assert_eq!(&written[resolved.to_borders(nbob..nbob + 6)], r"bob\u0040");
        assert_eq!(resolved.to_borders(0..1), 0..1);
    }
}
