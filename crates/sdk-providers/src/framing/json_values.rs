//! JSON values one after the other: one body, lines, or the elements of a list, which is how Gemini streams.

use super::{FRAME_BYTES_MAX, Frame, OnFrame};

/// Values, told apart by their brackets alone; whether they are JSON is not known here.
#[derive(Debug, Default)]
pub(crate) struct JsonValues {
    value: Vec<u8>,
    depth: u64,
    is_inside_text: bool,
    is_escaped: bool,
    list: List,
    /// Bytes of this value that had no room.
    too_long: u64,
}

/// Whether the values are elements of a list.
#[derive(Debug, Default, PartialEq)]
enum List {
    #[default]
    Unknown,
    None,
    Open,
    Ended,
}

impl JsonValues {
    pub(crate) fn push(&mut self, bytes: &[u8], on: OnFrame<'_>) {
        let mut at = 0;
        while at < bytes.len() {
            if self.is_between() {
                self.begin(bytes[at]);
                at += 1;
                continue;
            }
            let (end, is_whole) = self.end_of_value(&bytes[at..]);
            self.add(&bytes[at..at + end]);
            at += end;
            if is_whole {
                self.give(on);
            }
        }
    }

    fn is_between(&self) -> bool {
        self.value.is_empty() && self.too_long == 0
    }

    /// Takes a byte that stands between values, or begins one.
    fn begin(&mut self, byte: u8) {
        match byte {
            _ if byte.is_ascii_whitespace() => return,
            b'[' if self.list == List::Unknown => self.list = List::Open,
            b']' if self.list == List::Open => self.list = List::Ended,
            b',' if self.list == List::Open => {}
            _ => {
                self.value.push(byte);
                self.depth = u64::from(matches!(byte, b'{' | b'['));
                self.is_inside_text = byte == b'"';
            }
        }
        if self.list == List::Unknown {
            self.list = List::None;
        }
    }

    /// Returns how many bytes belong to the value under way, and whether it ends with them.
    fn end_of_value(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.is_inside_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => {
                        self.is_inside_text = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.is_inside_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                // A number or a word ends where something else begins.
                _ if self.depth == 0 && (byte.is_ascii_whitespace() || matches!(byte, b',' | b']')) => {
                    return (at, true);
                }
                _ => {}
            }
        }
        (bytes.len(), false)
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.too_long > 0 || self.value.len() + bytes.len() > FRAME_BYTES_MAX {
            self.too_long += (self.value.len() + bytes.len()) as u64;
            self.value.clear();
        } else {
            self.value.extend_from_slice(bytes);
        }
    }

    fn give(&mut self, on: OnFrame<'_>) {
        match self.too_long {
            0 => on(Frame::Json(&self.value)),
            bytes => on(Frame::TooLong(bytes)),
        }
        self.value.clear();
        (self.depth, self.is_inside_text, self.is_escaped, self.too_long) = (0, false, false, 0);
    }

    /// Gives a number or word that came last; returns whether nothing is open.
    pub(crate) fn end(&mut self, on: OnFrame<'_>) -> bool {
        if !self.is_between() && self.depth == 0 && !self.is_inside_text {
            self.give(on);
        }
        if self.too_long > 0 {
            on(Frame::TooLong(std::mem::take(&mut self.too_long)));
            return false;
        }
        self.is_between() && self.list != List::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str], is_whole: bool) {
        for size in 1..=text.len().max(1) {
            let (mut values, mut all) = (JsonValues::default(), Vec::new());
            let mut on = |frame: Frame<'_>| match frame {
                Frame::Json(json) => all.push(String::from_utf8_lossy(json).into_owned()),
                other => panic!("{other:?}"),
            };
            text.as_bytes().chunks(size).for_each(|bytes| values.push(bytes, &mut on));
            assert_eq!(values.end(&mut on), is_whole, "{text}");
            assert_eq!(all, expected, "{text}");
        }
    }

    #[test]
    fn one_value_lines_and_lists_are_told_apart() {
        check(r#"{"a": "}\"]", "b": [1, {}]}"#, &[r#"{"a": "}\"]", "b": [1, {}]}"#], true);
        check("{\"a\":1}\n{\"a\":2}\r\n\n", &[r#"{"a":1}"#, r#"{"a":2}"#], true);
        check("[{\"a\":1}\n,\r\n{\"a\":[2]}]", &[r#"{"a":1}"#, r#"{"a":[2]}"#], true);
        check(" 7 true \"x y\" null", &["7", "true", "\"x y\"", "null"], true);
        check("[1,2]", &["1", "2"], true);
    }

    #[test]
    fn what_is_cut_off_is_not_given() {
        check(r#"{"a": 1"#, &[], false);
        check(r#"[{"a": 1},"#, &[r#"{"a": 1}"#], false);
        check(r#"{"a": 1}{"b"#, &[r#"{"a": 1}"#], false);
        check("\"unterm", &[], false);
    }

    #[test]
    fn a_value_that_is_too_long_is_left_out() {
        let (mut values, mut sizes) = (JsonValues::default(), Vec::new());
        let text = format!("{{\"a\": \"{}\"}}\n{{}}", "x".repeat(FRAME_BYTES_MAX));
        let mut on = |frame: Frame<'_>| sizes.push(format!("{frame:?}"));
        text.as_bytes().chunks(4096).for_each(|bytes| values.push(bytes, &mut on));
        assert!(values.end(&mut on));
        assert_eq!(sizes.len(), 2, "{sizes:?}");
        assert!(sizes[0].starts_with("TooLong(8388"), "{}", sizes[0]);
    }
}
