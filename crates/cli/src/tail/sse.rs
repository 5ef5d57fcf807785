//! Server-sent events, as far as the API uses them (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//! Pure.

use anyhow::{Result, bail};

/// Bytes of one event; ours are of a trace's summary, a few kilobytes.
const EVENT_BYTES_MAX: usize = 16 << 20;

/// An event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// Puts events together from pieces of a stream.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The id of the event that is being read; it counts when the event is complete.
    next_id: Option<String>,
    last_id: Option<String>,
}

impl Parser {
    /// Returns the id of the last complete event.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// Forgets what is not complete, for a new stream begins.
    pub(super) fn restart(&mut self) {
        *self = Parser { last_id: self.last_id.take(), ..Parser::default() };
    }

    /// Returns the events that `bytes` complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.event.data.len() > EVENT_BYTES_MAX {
                bail!("the server sent an event of more than {EVENT_BYTES_MAX} bytes");
            }
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(self.end_line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])));
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return self.end_event();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.to_owned(),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => self.next_id = Some(value.to_owned()),
            // A comment, or a field that is not for us.
            _ => {}
        }
        None
    }

    fn end_event(&mut self) -> Option<Event> {
        let event = std::mem::take(&mut self.event);
        if let Some(id) = self.next_id.take() {
            self.last_id = Some(id);
        }
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a stream, in one piece and byte by byte, and the last id.
    fn check(stream: &str, expected: &[(&str, &str)], last_id: Option<&str>) {
        let read = |size: usize| {
            let mut parser = Parser::default();
            let events: Vec<Event> =
                stream.as_bytes().chunks(size).flat_map(|bytes| parser.push(bytes).unwrap()).collect();
            (events, parser.last_id().map(str::to_owned))
        };
        assert_eq!(read(stream.len()), read(1));
        let (events, id) = read(stream.len());
        let events: Vec<(&str, &str)> = events.iter().map(|e| (e.name.as_str(), e.data.as_str())).collect();
        assert_eq!((events.as_slice(), id.as_deref()), (expected, last_id));
    }

    #[test]
    fn events_have_names_data_and_ids() {
        check("event: ready\ndata: {}\n\n", &[("ready", "{}")], None);
        check(
            "event: trace\nid: 7\ndata: {\"a\":1}\n\n: still here\n\n",
            &[("trace", "{\"a\":1}")],
            Some("7"),
        );
        check("event:trace\r\nid:8\r\ndata:x\r\ndata:y\r\n\r\n", &[("trace", "x\ny")], Some("8"));
    }

    #[test]
    fn an_event_counts_when_it_is_complete() {
        check("id: 1\ndata: a\n\nid: 2\ndata: b\n", &[("", "a")], Some("1"));
        check("data: é", &[], None);
    }

    #[test]
    fn an_event_without_data_is_none() {
        check("event: trace\n\ndata: a\n\n", &[("", "a")], None);
    }

    #[test]
    fn a_new_stream_starts_fresh_after_the_last_id() {
        let mut parser = Parser::default();
        assert_eq!(parser.push(b"id: 1\ndata: a\n\nid: 2\ndata: b").unwrap().len(), 1);
        parser.restart();
        assert_eq!(parser.last_id(), Some("1"));
        assert_eq!(parser.push(b"data: c\n\n").unwrap(), [Event { name: String::new(), data: "c".into() }]);
    }

    #[test]
    fn an_endless_event_is_an_error() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; 1 << 20];
        assert!((0..=17).any(|_| parser.push(&piece).is_err()));
    }
}
