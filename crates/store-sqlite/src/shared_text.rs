//! The input and output of a trace, of which its previews mostly have the beginning already.
//!
//! A preview is JSON that the text was taken from, or the text itself; both are cut at about the same length. So the text
//! is written as the place of its beginning in the preview, and the rest. This halves the rows of traces, which are most
//! of what the writing thread writes.

use crate::error::damaged;
use spanwise_store::StoreResult;

/// A shorter beginning is not worth a place.
const SHARED_BYTES_MIN: usize = 32;
/// So much of the text is looked for in the preview.
const ANCHOR_BYTES: usize = 12;
/// Places beyond it are not written.
const PLACE_MAX: usize = u16::MAX as usize;

/// Which bytes of a preview are the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    length: usize,
    /// They stand inside of a JSON string, with its escapes.
    is_json: bool,
}

impl Place {
    fn to_number(self) -> i64 {
        (self.start | self.length << 16) as i64 | i64::from(self.is_json) << 32
    }

    fn from_number(number: i64) -> Place {
        let part = |shift: u32| (number >> shift & PLACE_MAX as i64) as usize;
        Place { start: part(0), length: part(16), is_json: number >> 32 & 1 == 1 }
    }
}

/// Splits a text into the place of its beginning in `preview` and the rest, as the columns have them.
pub(crate) fn split<'a>(text: Option<&'a str>, preview: Option<&str>) -> (Option<&'a str>, Option<i64>) {
    let (Some(text), Some(preview)) = (text, preview) else { return (text, None) };
    match find(text, preview) {
        Some((place, end)) => (Some(&text[end..]), Some(place.to_number())),
        None => (Some(text), None),
    }
}

/// Puts together what [`split`] took apart.
///
/// # Errors
///
/// The place is not in the preview.
pub(crate) fn join(
    rest: Option<String>,
    place: Option<i64>,
    preview: Option<&str>,
) -> StoreResult<Option<String>> {
    let Some(number) = place else { return Ok(rest) };
    let place = Place::from_number(number);
    let shared = preview.and_then(|preview| preview.get(place.start..place.start + place.length));
    let shared =
        shared.ok_or_else(|| damaged(format!("place {number} is not in the preview of its trace")))?;
    let mut text = String::with_capacity(shared.len() + rest.as_ref().map_or(0, String::len));
    if place.is_json {
        unescape(shared, &mut text)
    } else {
        text.push_str(shared)
    }
    text.push_str(rest.as_deref().unwrap_or_default());
    Ok(Some(text))
}

/// Returns where the longest beginning of `text` stands in `preview`, and where it ends in `text`.
fn find(text: &str, preview: &str) -> Option<(Place, usize)> {
    // In JSON it is the same bytes up to here.
    let plain = text.bytes().take(ANCHOR_BYTES).take_while(|byte| escaped(*byte).is_none()).count();
    let start = memchr::memmem::find(preview.as_bytes(), &text.as_bytes()[..plain])?;
    let found = &preview[start..];
    let as_it_is = common_prefix(text.as_bytes(), found.as_bytes());
    let (in_text, length) = common_escaped(text.as_bytes(), found.as_bytes());
    let is_json = in_text > as_it_is;
    // Both ends lie in bytes that are the same, so one is between two characters if the other is.
    let mut end = if is_json { in_text } else { as_it_is };
    let mut length = if is_json { length } else { as_it_is };
    while !text.is_char_boundary(end) {
        (end, length) = (end - 1, length - 1);
    }
    (end >= SHARED_BYTES_MIN && start <= PLACE_MAX && length <= PLACE_MAX)
        .then_some((Place { start, length, is_json }, end))
}

fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    const STEP: usize = 32;
    let equal =
        left.chunks_exact(STEP).zip(right.chunks_exact(STEP)).take_while(|(left, right)| left == right);
    let start = equal.count() * STEP;
    let rest = left[start..].iter().zip(&right[start..]).take_while(|(left, right)| left == right);
    start + rest.count()
}

/// Returns how many bytes of `text` stand escaped at the start of `json`, and as how many.
fn common_escaped(text: &[u8], json: &[u8]) -> (usize, usize) {
    let (mut in_text, mut in_json) = (0, 0);
    loop {
        // Up to the next escape both are the same bytes, unless the text has what should be escaped.
        let until = memchr::memchr(b'\\', &json[in_json..]).map_or(json.len(), |at| in_json + at);
        let same = common_prefix(&text[in_text..], &json[in_json..until]);
        in_text += same;
        in_json += same;
        let letter = text.get(in_text).and_then(|byte| escaped(*byte));
        if in_json != until || letter.is_none() || letter != json.get(in_json + 1).copied() {
            return (in_text, in_json);
        }
        in_text += 1;
        in_json += 2;
    }
}

/// Returns the letter behind the backslash that JSON writes for a byte, if it has one.
fn escaped(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\t' => Some(b't'),
        b'\r' => Some(b'r'),
        _ => None,
    }
}

fn unescape(json: &str, out: &mut String) {
    let mut rest = json;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let mut after = rest[at + 1..].chars();
        match after.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(c) => out.push(c),
            None => {}
        }
        rest = after.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, preview: &str, expected_rest: &str) {
        let (rest, place) = split(Some(text), Some(preview));
        assert_eq!(rest, Some(expected_rest));
        let joined = join(rest.map(str::to_owned), place, Some(preview)).unwrap();
        assert_eq!(joined.as_deref(), Some(text));
    }

    #[test]
    fn what_the_preview_has_is_not_written_again() {
        let long = "a question of some length, which is longer than a place is worth";
        check(long, &format!("{{\"input\": \"{long}\"}}"), "");
        check(&format!("{long} and more"), &format!("{{\"input\": \"{long}"), " and more");
        check(&format!("{long}\nsays \"x\\y\""), &format!("[\"{long}\\nsays \\\"x\\\\y\\\"\"]"), "");
        check(&format!("{long}\nmore"), &format!("{long}\nmore"), "");
        check(&format!("{long}ä{long}"), &format!("{long}ö{long}"), &format!("ä{long}"));
        check("short", "short", "short");
        check(long, "something else", long);
        check("", "", "");
    }

    #[test]
    fn a_place_outside_of_the_preview_is_an_error() {
        let place = Place { start: 3, length: 40, is_json: false }.to_number();
        assert!(join(Some("x".into()), Some(place), Some("short")).is_err());
        assert!(join(Some("x".into()), Some(place), None).is_err());
        assert!(join(None, Some(i64::MAX), Some("ä")).is_err());
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(
            head in "[ab\"\\\\\n\tä€n]{0,9}", text in "[ab\"\\\\\n\t\rä€n]{0,80}", cut in 0usize..90, escapes: bool,
        ) {
            let written = if escapes { serde_json::to_string(&text).unwrap() } else { text.clone() };
            let preview: String = head.chars().chain(written.chars()).take(cut).collect();
            let (rest, place) = split(Some(&text), Some(&preview));
            prop_assert!(rest.unwrap().len() <= text.len());
            prop_assert_eq!(join(rest.map(str::to_owned), place, Some(&preview)).unwrap(), Some(text));
        }
    }
}
