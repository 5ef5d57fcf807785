//! Server-sent events.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use super::{FRAME_BYTES_MAX, Frame, OnFrame};

/// What OpenAI's APIs, and those that speak like them, end with.
const DONE: &[u8] = b"[DONE]";

/// Events, line by line.
#[derive(Debug, Default)]
pub(crate) struct Sse {
    line: Vec<u8>,
    /// Something stands on the line, even where it is too long to be kept.
    has_line: bool,
    data: Vec<u8>,
    has_data: bool,
    is_error: bool,
    /// The last byte was a carriage return, to which a line feed may belong.
    ends_with_return: bool,
    /// Bytes of this event that had no room.
    too_long: u64,
}

impl Sse {
    pub(crate) fn push(&mut self, mut bytes: &[u8], on: OnFrame<'_>) {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.ends_with_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.add_to_line(bytes);
                return;
            };
            self.add_to_line(&bytes[..end]);
            self.ends_with_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(on);
        }
    }

    fn add_to_line(&mut self, bytes: &[u8]) {
        self.has_line |= !bytes.is_empty();
        if self.too_long > 0 || self.line.len() + self.data.len() + bytes.len() > FRAME_BYTES_MAX {
            self.too_long += (bytes.len() + self.line.len() + self.data.len()) as u64;
            self.line.clear();
            self.data.clear();
        } else {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, on: OnFrame<'_>) {
        let line = std::mem::take(&mut self.line);
        if !std::mem::take(&mut self.has_line) {
            self.end_event(on);
        } else if self.too_long == 0 {
            self.take_line(&line);
        }
        self.line = line;
        self.line.clear();
    }

    fn take_line(&mut self, line: &[u8]) {
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            // What some servers answer in place of events.
            _ if line[0] == b'{' => (&b"data"[..], line),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.is_error = value == b"error",
            _ => {}
        }
    }

    fn end_event(&mut self, on: OnFrame<'_>) {
        if self.too_long > 0 {
            on(Frame::TooLong(self.too_long));
        } else if self.has_data {
            let data = self.data.trim_ascii();
            match data {
                b"" => {}
                DONE => on(Frame::Done),
                _ if self.is_error => on(Frame::Error(None, data)),
                _ => on(Frame::Json(data)),
            }
        }
        self.data.clear();
        (self.has_data, self.is_error, self.too_long) = (false, false, 0);
    }

    /// Gives what came last: not all servers send the empty line behind it.
    pub(crate) fn end(&mut self, on: OnFrame<'_>) -> bool {
        if self.has_line {
            self.end_line(on);
        }
        self.end_event(on);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> Vec<String> {
        let mut sse = Sse::default();
        let mut all = Vec::new();
        let mut on = |frame: Frame<'_>| {
            all.push(match frame {
                Frame::Json(json) => String::from_utf8_lossy(json).into_owned(),
                other => format!("{other:?}"),
            });
        };
        sse.push(text.as_bytes(), &mut on);
        sse.end(&mut on);
        all
    }

    #[test]
    fn lines_end_in_each_of_three_ways() {
        let expected = ["{1}", "{2}", "Done"];
        assert_eq!(frames("data: {1}\n\ndata:{2}\n\ndata: [DONE]\n\n"), expected);
        assert_eq!(frames("data: {1}\r\n\r\ndata:{2}\r\n\r\ndata: [DONE]\r\n\r\n"), expected);
        assert_eq!(frames("data: {1}\r\rdata:{2}\r\rdata: [DONE]\r\r"), expected);
    }

    #[test]
    fn data_may_have_several_lines_and_lack_its_end() {
        assert_eq!(frames(": hello\nid: 7\nevent: x\ndata: {\ndata: }\n\ndata: {2}"), ["{\n}", "{2}"]);
        assert_eq!(frames("{\"error\": \"no stream\"}"), ["{\"error\": \"no stream\"}"]);
    }

    #[test]
    fn an_event_that_is_too_long_is_left_out_and_the_next_one_read() {
        let long = "x".repeat(FRAME_BYTES_MAX);
        let text = format!("data: {{1}}\n\ndata: {long}\ndata: {long}\n\ndata: {{2}}\n\n");
        let frames = frames(&text);
        assert_eq!((frames[0].as_str(), frames[2].as_str()), ("{1}", "{2}"));
        assert!(frames[1].starts_with("TooLong("), "{}", frames[1]);
    }
}
