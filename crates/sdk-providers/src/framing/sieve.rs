//! Takes vectors and long texts out of JSON before anybody holds them: a batch of embeddings has a hundred megabytes, of
//! which only the number and the length of the vectors are of interest.
//!
//! A list of numbers becomes a list with one number, its length; a long text becomes `#` and its length.

/// Bytes of a text that stays as it is.
const TEXT_BYTES_MAX: usize = 1024;

/// JSON on its way through.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    state: State,
    is_escaped: bool,
    /// Bytes of the text under way.
    text: Vec<u8>,
    text_length: u64,
    commas: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Plain,
    /// Behind a bracket, where the first thing tells what list it is.
    Opened,
    Numbers,
    Text,
}

impl Sieve {
    /// Appends to `out` what stays of `bytes`.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            match self.state {
                State::Text => self.text_byte(byte, out),
                State::Numbers => self.number_byte(byte, out),
                State::Opened if byte.is_ascii_whitespace() => {}
                State::Opened if byte.is_ascii_digit() || byte == b'-' => {
                    (self.state, self.commas) = (State::Numbers, 0);
                }
                State::Opened | State::Plain => self.plain_byte(byte, out),
            }
        }
    }

    fn plain_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.state = match byte {
            b'[' => State::Opened,
            b'"' => State::Text,
            _ => State::Plain,
        };
        out.push(byte);
    }

    fn number_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b',' => self.commas += 1,
            b']' => {
                out.extend_from_slice((self.commas + 1).to_string().as_bytes());
                out.push(b']');
                self.state = State::Plain;
            }
            _ => {}
        }
    }

    fn text_byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'"' && !self.is_escaped {
            match self.text_length {
                length if length > TEXT_BYTES_MAX as u64 => {
                    out.extend_from_slice(format!("#{length}").as_bytes());
                }
                _ => out.extend_from_slice(&self.text),
            }
            out.push(b'"');
            self.text.clear();
            (self.state, self.text_length) = (State::Plain, 0);
            return;
        }
        self.is_escaped = byte == b'\\' && !self.is_escaped;
        self.text_length += 1;
        if self.text_length <= TEXT_BYTES_MAX as u64 {
            self.text.push(byte);
        }
    }
}

/// Returns how long a text was that has gone through, whether it stayed or not.
pub(crate) fn length_told(text: &str) -> u64 {
    text.strip_prefix('#').and_then(|length| length.parse().ok()).unwrap_or(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        for size in 1..=json.len() {
            let (mut sieve, mut out) = (Sieve::default(), Vec::new());
            json.as_bytes().chunks(size).for_each(|bytes| sieve.push(bytes, &mut out));
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn vectors_and_long_texts_become_their_lengths() {
        check(
            r#"{"a": [0.5, -1e-3,2], "b": [], "c": [[1],[ 2 , 3 ]]}"#,
            r#"{"a": [3], "b": [], "c": [[1],[2]]}"#,
        );
        check(r#"{"a": "[1,2]\"", "b": ["x", {"c": [1]}]}"#, r#"{"a": "[1,2]\"", "b": ["x", {"c": [1]}]}"#);
        let long = "A".repeat(2000);
        check(&format!(r#"{{"embedding": "{long}"}}"#), r##"{"embedding": "#2000"}"##);
        assert_eq!((length_told("#2000"), length_told("AAAA")), (2000, 4));
    }
}
