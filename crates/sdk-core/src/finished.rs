//! Spans that another library recorded, which are sent like ours: through processors, the queue and its counters.

use crate::body::{Body, field};
use crate::kind::status;
use crate::sdk::{self, Core};
use crate::value::{AttributeValue, Value, put_key_value};
use crate::wire::{FIXED32, VARINT, put_bytes, put_count, put_fixed64, put_message, put_varint, tag};
use crate::{Kind, SpanContext, SpanId, local};
use std::sync::Arc;

/// Flags of a span: “the next bit tells something”, “the parent is in another process”.
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// A whole span that another library recorded, before it is handed over.
#[derive(Debug, Clone)]
#[must_use = "a span is sent by `hand_over`"]
pub struct FinishedSpan(Vec<u8>);

/// What became of a span that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It is counted among the recorded ones: it waits to be sent, was left out by a processor, or dropped for want of room.
    Recorded,
    /// Recording is off, or this is part of it: a processor, or a thread of the SDK.
    Off,
}

fn put_attributes(out: &mut Vec<u8>, field: u8, attributes: &[(&str, Value)]) {
    for (key, value) in attributes {
        put_key_value(out, field, key, value);
    }
}

impl FinishedSpan {
    /// Begins with who it is, the lower eight W3C flags of its trace, and whose child: the parent's id, and whether that is in
    /// another process.
    pub fn new(context: &SpanContext, flags: u8, parent: Option<(SpanId, bool)>) -> FinishedSpan {
        let mut out = Vec::new();
        put_bytes(&mut out, field::TRACE_ID, &context.trace_id.0);
        put_bytes(&mut out, field::SPAN_ID, &context.span_id.0);
        if let Some(state) = &context.trace_state {
            put_bytes(&mut out, field::TRACE_STATE, state.as_bytes());
        }
        if let Some((parent, _)) = parent {
            put_bytes(&mut out, field::PARENT_SPAN_ID, &parent.0);
        }
        let remote = if parent.is_some_and(|(_, is_remote)| is_remote) { IS_REMOTE } else { 0 };
        put_varint(&mut out, u64::from(field::FLAGS) << 3 | u64::from(FIXED32));
        out.extend_from_slice(&(u32::from(flags) | HAS_IS_REMOTE | remote).to_le_bytes());
        FinishedSpan(out)
    }

    /// Says what it is, and when it was, in nanoseconds since the Unix epoch; without an end, it is under way.
    pub fn describe(mut self, name: &str, kind: Kind, start_unix_ns: i64, end_unix_ns: Option<i64>) -> Self {
        put_bytes(&mut self.0, field::NAME, name.as_bytes());
        self.0.extend_from_slice(&[tag(field::KIND, VARINT), kind as u8]);
        put_fixed64(&mut self.0, field::START_TIME, start_unix_ns.cast_unsigned());
        if let Some(end) = end_unix_ns {
            put_fixed64(&mut self.0, field::END_TIME, end.cast_unsigned());
        }
        self
    }

    /// Adds an attribute; each key may come once.
    pub fn attribute(&mut self, key: &str, value: impl AttributeValue) {
        put_key_value(&mut self.0, field::ATTRIBUTES, key, &value);
    }

    /// Adds something that happened at `unix_ns`, with attributes, of which `dropped` more were left out.
    pub fn event(&mut self, name: &str, unix_ns: i64, attributes: &[(&str, Value)], dropped: u32) {
        put_message(&mut self.0, field::EVENTS, |out| {
            put_fixed64(out, 1, unix_ns.cast_unsigned());
            put_bytes(out, 2, name.as_bytes());
            put_attributes(out, 3, attributes);
            put_count(out, 4, dropped);
        });
    }

    /// Adds a link to another span, with attributes, of which `dropped` more were left out.
    pub fn link(&mut self, to: &SpanContext, attributes: &[(&str, Value)], dropped: u32) {
        put_message(&mut self.0, field::LINKS, |out| {
            put_bytes(out, 1, &to.trace_id.0);
            put_bytes(out, 2, &to.span_id.0);
            if let Some(state) = &to.trace_state {
                put_bytes(out, 3, state.as_bytes());
            }
            put_attributes(out, 4, attributes);
            put_count(out, 5, dropped);
        });
    }

    /// Says how many attributes, events and links were left out.
    pub fn dropped(&mut self, attributes: u32, events: u32, links: u32) {
        put_count(&mut self.0, field::DROPPED_ATTRIBUTES, attributes);
        put_count(&mut self.0, field::DROPPED_EVENTS, events);
        put_count(&mut self.0, field::DROPPED_LINKS, links);
    }

    /// Says how it went: well, or failed with a message; without, nothing is known.
    pub fn status(&mut self, status: Result<(), &str>) {
        let (code, message) = match status {
            Ok(()) => (status::OK, ""),
            Err(message) => (status::ERROR, message),
        };
        put_message(&mut self.0, field::STATUS, |out| {
            put_bytes(out, 2, message.as_bytes());
            out.extend_from_slice(&[tag(3, VARINT), code]);
        });
    }

    /// Gives it to the installed SDK.
    pub fn hand_over(self) -> Handed {
        let Some(core) = active_core() else { return Handed::Off };
        let mut body = local::with(|local| local.take_body()).unwrap_or_else(|| Box::new(Body::new()));
        body.begin();
        body.set_message(&self.0);
        core.queue_span(body);
        Handed::Recorded
    }
}

fn active_core() -> Option<Arc<Core>> {
    let active = sdk::active();
    if active == 0 {
        return None;
    }
    let core = local::with(|local| {
        if local.is_quiet() {
            return None;
        }
        local.follow(active);
        local.core.clone()
    });
    core.flatten()
}

/// Returns whether spans of the installed SDK are to be sent when they start too.
pub fn announces_open_spans() -> bool {
    active_core().is_some_and(|core| core.announces)
}
