//! A whole span as plain data, for processors.

use crate::body::{field, link};
use crate::value::{Value, put_key_value, read_key_value};
use crate::wire::{Fields, VARINT, put_bytes, put_fixed64, put_message, put_varint};
use crate::{SpanId, TraceId};

/// A span that is about to be queued, as its processors see and change it.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct SpanData {
    /// The name.
    pub name: String,
    /// Nanoseconds since the Unix epoch.
    pub start_unix_ns: i64,
    /// The end likewise; `None` for a span that is only announced.
    pub end_unix_ns: Option<i64>,
    /// Whether it failed.
    pub is_error: bool,
    /// What its status says.
    pub status_message: String,
    /// Its attributes, each key once.
    pub attributes: Vec<(String, Value)>,
    /// What happened during it.
    pub events: Vec<EventData>,
    /// The other spans that it is linked to.
    pub links: Vec<LinkData>,
    /// What identifies it: ids, kind, flags; processors can't change it.
    rest: Vec<u8>,
    /// Whether it says how it went; one of another library may not.
    has_status: bool,
}

/// Something that happened during a span.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct EventData {
    /// What happened.
    pub name: String,
    /// Nanoseconds since the Unix epoch.
    pub unix_ns: i64,
    /// More about it.
    pub attributes: Vec<(String, Value)>,
    /// Attributes that another library left out.
    dropped: u64,
}

/// A link to another span.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct LinkData {
    /// More about it.
    pub attributes: Vec<(String, Value)>,
    /// What it leads to: ids, trace state, flags, how many attributes were left out; processors can't change it.
    rest: Vec<u8>,
}

impl LinkData {
    /// Returns the trace that it leads to.
    pub fn trace_id(&self) -> Option<TraceId> {
        id_in(&self.rest, link::TRACE_ID).map(TraceId)
    }

    /// Returns the span that it leads to.
    pub fn span_id(&self) -> Option<SpanId> {
        id_in(&self.rest, link::SPAN_ID).map(SpanId)
    }
}

/// Looks at each span before it is queued, on the thread that ends it: to take out what must not leave the process, or
/// to leave out the span.
///
/// A span that was announced when it started is seen then, too. If a processor panics, the span is left out. Nothing is
/// recorded of what a processor does itself: it would be processed in turn, without end.
pub trait Processor: Send + Sync {
    /// Changes `span`, and returns whether it is to be sent.
    fn process(&self, span: &mut SpanData) -> bool;
}

impl<F: Fn(&mut SpanData) -> bool + Send + Sync> Processor for F {
    fn process(&self, span: &mut SpanData) -> bool {
        self(span)
    }
}

impl SpanData {
    /// Returns the value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Calls `change` with each text in it and, if it belongs to an attribute, the key of that: names, status, values
    /// of attributes, also of events and links, at any depth, and keys of maps.
    pub fn for_each_text(&mut self, mut change: impl FnMut(Option<&str>, &mut String)) {
        change(None, &mut self.name);
        change(None, &mut self.status_message);
        for event in &mut self.events {
            change(None, &mut event.name);
            for (key, value) in &mut event.attributes {
                texts_of(key, value, &mut change);
            }
        }
        let of_links = self.links.iter_mut().flat_map(|link| &mut link.attributes);
        for (key, value) in of_links.chain(&mut self.attributes) {
            texts_of(key, value, &mut change);
        }
    }

    /// Returns the trace that it belongs to.
    pub fn trace_id(&self) -> Option<TraceId> {
        id_in(&self.rest, field::TRACE_ID).map(TraceId)
    }

    /// Returns its id.
    pub fn span_id(&self) -> Option<SpanId> {
        id_in(&self.rest, field::SPAN_ID).map(SpanId)
    }

    /// Reads a message that this crate wrote.
    pub(crate) fn read(message: &[u8]) -> SpanData {
        let mut span = SpanData::default();
        for found in Fields::of(message) {
            let payload = found.payload;
            match found.number as u8 {
                field::NAME => span.name = payload.text().to_owned(),
                field::START_TIME => span.start_unix_ns = payload.number().cast_signed(),
                field::END_TIME => span.end_unix_ns = Some(payload.number().cast_signed()),
                field::ATTRIBUTES => span.attributes.push(read_key_value(payload.bytes())),
                field::EVENTS => span.events.push(read_event(payload.bytes())),
                field::LINKS => span.links.push(read_link(payload.bytes())),
                field::STATUS => {
                    span.has_status = true;
                    for part in Fields::of(payload.bytes()) {
                        match part.number {
                            2 => span.status_message = part.payload.text().to_owned(),
                            3 => {
                                span.is_error = part.payload.number() == u64::from(crate::kind::status::ERROR)
                            }
                            _ => {}
                        }
                    }
                }
                _ => span.rest.extend_from_slice(&message[found.range.0..found.range.1]),
            }
        }
        span
    }

    /// Writes the message.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = self.rest.clone();
        put_bytes(&mut out, field::NAME, self.name.as_bytes());
        put_fixed64(&mut out, field::START_TIME, self.start_unix_ns.cast_unsigned());
        for (key, value) in &self.attributes {
            put_key_value(&mut out, field::ATTRIBUTES, key, value);
        }
        for event in &self.events {
            put_message(&mut out, field::EVENTS, |out| {
                put_fixed64(out, 1, event.unix_ns.cast_unsigned());
                put_bytes(out, 2, event.name.as_bytes());
                for (key, value) in &event.attributes {
                    put_key_value(out, 3, key, value);
                }
                if event.dropped > 0 {
                    out.push(crate::wire::tag(4, VARINT));
                    put_varint(out, event.dropped);
                }
            });
        }
        for link in &self.links {
            put_message(&mut out, field::LINKS, |out| {
                out.extend_from_slice(&link.rest);
                for (key, value) in &link.attributes {
                    put_key_value(out, link::ATTRIBUTES, key, value);
                }
            });
        }
        if let Some(end) = self.end_unix_ns {
            put_fixed64(&mut out, field::END_TIME, end.cast_unsigned());
        }
        if self.has_status || self.is_error {
            put_message(&mut out, field::STATUS, |out| {
                put_bytes(out, 2, self.status_message.as_bytes());
                let code = if self.is_error { crate::kind::status::ERROR } else { crate::kind::status::OK };
                out.extend_from_slice(&[crate::wire::tag(3, VARINT), code]);
            });
        }
        out
    }
}

fn read_event(message: &[u8]) -> EventData {
    let mut event = EventData::default();
    for found in Fields::of(message) {
        match found.number {
            1 => event.unix_ns = found.payload.number().cast_signed(),
            2 => event.name = found.payload.text().to_owned(),
            3 => event.attributes.push(read_key_value(found.payload.bytes())),
            4 => event.dropped = found.payload.number(),
            _ => {}
        }
    }
    event
}

fn read_link(message: &[u8]) -> LinkData {
    let mut link = LinkData::default();
    for found in Fields::of(message) {
        if found.number == u64::from(link::ATTRIBUTES) {
            link.attributes.push(read_key_value(found.payload.bytes()));
        } else {
            link.rest.extend_from_slice(&message[found.range.0..found.range.1]);
        }
    }
    link
}

fn id_in<const N: usize>(message: &[u8], number: u8) -> Option<[u8; N]> {
    let found = Fields::of(message).find(|field| field.number == u64::from(number))?;
    found.payload.bytes().try_into().ok()
}

fn texts_of(key: &str, value: &mut Value, change: &mut impl FnMut(Option<&str>, &mut String)) {
    match value {
        Value::Text(text) => change(Some(key), text),
        Value::List(values) => values.iter_mut().for_each(|value| texts_of(key, value, change)),
        Value::Map(entries) => {
            for (name, value) in entries {
                change(Some(key), name);
                texts_of(key, value, change);
            }
        }
        Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Bytes(_) | Value::Empty => {}
    }
}
