//! Finding base64 in texts, without looking at most of their bytes.

use super::BASE64_CHARS_MIN;
use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use std::ops::Range;

/// How bytes were written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alphabet {
    /// With `-` and `_` in place of `+` and `/`.
    pub(super) is_url_safe: bool,
    /// With `=` at the end where there is room for it.
    pub(super) is_padded: bool,
}

impl Alphabet {
    fn engine(self) -> &'static GeneralPurpose {
        match (self.is_url_safe, self.is_padded) {
            (false, true) => &STANDARD,
            (false, false) => &STANDARD_NO_PAD,
            (true, true) => &URL_SAFE,
            (true, false) => &URL_SAFE_NO_PAD,
        }
    }

    /// Returns the bytes of a text; `None` if writing them again would give another text.
    pub(super) fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        self.engine().decode(text).ok()
    }

    /// Appends the text of bytes.
    pub(super) fn encode(self, bytes: &[u8], out: &mut String) {
        self.engine().encode_string(bytes, out);
    }
}

/// Characters of some base64, whatever its alphabet; `=` is none of them.
const IS_DIGIT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

fn is_digit(byte: u8) -> bool {
    IS_DIGIT[byte as usize]
}

/// Returns the next run of at least [`BASE64_CHARS_MIN`] characters that all satisfy `is_in`, from `from` on.
///
/// A run of that length has a character at one of the places that are looked at; where there is none, nothing before it is
/// read.
fn next_run(text: &[u8], mut from: usize, is_in: impl Fn(u8) -> bool) -> Option<Range<usize>> {
    loop {
        let probe = from + BASE64_CHARS_MIN - 1;
        if !is_in(*text.get(probe)?) {
            from = probe + 1;
            continue;
        }
        let start = text[from..probe].iter().rposition(|byte| !is_in(*byte)).map_or(from, |at| from + at + 1);
        let length = text[probe..].iter().position(|byte| !is_in(*byte));
        let end = length.map_or(text.len(), |length| probe + length);
        if end - start >= BASE64_CHARS_MIN {
            return Some(start..end);
        }
        from = end;
    }
}

/// Returns whether there may be base64 that is long enough; about one byte in a thousand is looked at.
pub(super) fn may_have_run(bytes: &[u8]) -> bool {
    next_run(bytes, 0, is_digit).is_some()
}

/// Base64 in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) range: Range<usize>,
    pub(super) alphabet: Alphabet,
}

/// Returns what looks like base64 in a text, in order.
pub(super) fn runs(text: &[u8]) -> Vec<Run> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(run) = next_run(text, from, is_digit) {
        from = run.end;
        let has = |wanted: [u8; 2]| text[run.clone()].iter().any(|byte| wanted.contains(byte));
        match (has(*b"+/"), has(*b"-_")) {
            (false, true) => found.extend(whole(text, run, true)),
            (_, false) => found.extend(whole(text, run, false)),
            // No alphabet has both: it is what stands between those of the rarer one.
            (true, true) => {
                let part = &text[..run.end];
                let mut at = run.start;
                while let Some(inner) = next_run(part, at, |byte| is_digit(byte) && !b"-_".contains(&byte)) {
                    at = inner.end;
                    found.extend(whole(text, inner, false));
                }
            }
        }
    }
    found
}

/// Leaves out what belongs to an escape of JSON, takes in padding, and returns the run if it can be decoded.
fn whole(text: &[u8], mut range: Range<usize>, is_url_safe: bool) -> Option<Run> {
    range.start += escape_len(text, range.start);
    let length = range.len();
    if length < BASE64_CHARS_MIN {
        return None;
    }
    let padding = match length % 4 {
        0 => 0,
        2 => 2,
        3 => 1,
        _ => return None,
    };
    let padded = range.start..range.end + padding;
    let is_padded = text.get(range.end..padded.end).is_some_and(|end| end.iter().all(|byte| *byte == b'='));
    let range = if is_padded { padded } else { range };
    Some(Run { range, alphabet: Alphabet { is_url_safe, is_padded } })
}

/// Returns how many characters behind a backslash are its own: the `n` of `\n`, the `u00e9` of `\u00e9`.
fn escape_len(text: &[u8], start: usize) -> usize {
    match start.checked_sub(1).map(|before| text[before]) {
        Some(b'\\') if text[start] == b'u' => 5,
        Some(b'\\') => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PADDED: Alphabet = Alphabet { is_url_safe: false, is_padded: true };

    fn base64(chars: usize) -> String {
        "Q".repeat(chars)
    }

    fn check(text: &str, expected: &[(&str, Alphabet)]) {
        let found = runs(text.as_bytes());
        let found: Vec<_> = found.into_iter().map(|run| (&text[run.range], run.alphabet)).collect();
        assert_eq!(found, expected, "{}…", text.chars().take(80).collect::<String>());
        assert!(expected.is_empty() || may_have_run(text.as_bytes()));
    }

    #[test]
    fn a_run_is_found_wherever_it_stands() {
        let run = base64(BASE64_CHARS_MIN);
        for before in [0, 1, 100, 2_731, 2_732, 2_733, 10_000] {
            let before = " ".repeat(before);
            check(&format!("{before}{run}"), &[(&run, PADDED)]);
            check(
                &format!("{before}{run},{run}\n\n{run}."),
                &[(&run, PADDED), (&run, PADDED), (&run, PADDED)],
            );
        }
        check(&base64(BASE64_CHARS_MIN - 1), &[]);
        check(&format!("{} {}", base64(2_000), base64(2_000)), &[]);
        assert!(!may_have_run("words of a person, as they are written ".repeat(1_000).as_bytes()));
    }

    #[test]
    fn padding_belongs_to_it_if_it_is_whole() {
        let two = base64(BASE64_CHARS_MIN + 2);
        let bare = Alphabet { is_padded: false, ..PADDED };
        check(&format!("{two}== "), &[(&format!("{two}=="), PADDED)]);
        check(&format!("{two}="), &[(&two, bare)]);
        check(&two, &[(&two, bare)]);
        let three = base64(BASE64_CHARS_MIN + 3);
        check(&format!("{three}=="), &[(&format!("{three}="), PADDED)]);
        check(&base64(BASE64_CHARS_MIN + 1), &[]);
    }

    #[test]
    fn alphabets_are_told_apart() {
        let run = base64(BASE64_CHARS_MIN - 4);
        let url = Alphabet { is_url_safe: true, is_padded: true };
        check(&format!("{run}-_QQ"), &[(&format!("{run}-_QQ"), url)]);
        check(&format!("{run}+/QQ"), &[(&format!("{run}+/QQ"), PADDED)]);
        // A name before it, such as a path.
        check(&format!("image-{run}+/QQ"), &[(&format!("{run}+/QQ"), PADDED)]);
    }

    #[test]
    fn an_escape_before_it_is_none_of_it() {
        let run = base64(BASE64_CHARS_MIN);
        check(&format!(r"here:\n{run}\n"), &[(&run, PADDED)]);
        check(&format!(r"here:\u00e9{run}\u003d"), &[(&run, PADDED)]);
        check(&format!(r"\\/9j{}", base64(BASE64_CHARS_MIN - 3)), &[]);
    }
}
