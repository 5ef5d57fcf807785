//! A span's OTLP message while it is being written.
//!
//! What is set of a span is encoded at once into one buffer, in the order in which it comes: OTLP lets fields come in any
//! order. So a value is copied once, nothing is kept to be encoded later, and what is sent was never more than bytes.
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>

use crate::value::{AttributeValue, put_key_value};
use crate::wire::{
    FIXED32, Fields, VARINT, bytes_field_len, put_bytes, put_count, put_fixed64, put_message, put_varint,
    tag, varint_len,
};
use crate::{Kind, SpanId, TraceId};

/// Fields of `Span`.
pub(crate) mod field {
    pub(crate) const TRACE_ID: u8 = 1;
    pub(crate) const SPAN_ID: u8 = 2;
    pub(crate) const TRACE_STATE: u8 = 3;
    pub(crate) const PARENT_SPAN_ID: u8 = 4;
    pub(crate) const NAME: u8 = 5;
    pub(crate) const KIND: u8 = 6;
    pub(crate) const START_TIME: u8 = 7;
    pub(crate) const END_TIME: u8 = 8;
    pub(crate) const ATTRIBUTES: u8 = 9;
    pub(crate) const DROPPED_ATTRIBUTES: u8 = 10;
    pub(crate) const EVENTS: u8 = 11;
    pub(crate) const DROPPED_EVENTS: u8 = 12;
    pub(crate) const LINKS: u8 = 13;
    pub(crate) const DROPPED_LINKS: u8 = 14;
    pub(crate) const STATUS: u8 = 15;
    pub(crate) const FLAGS: u8 = 16;
}

/// Fields of `Span.Link`.
pub(crate) mod link {
    pub(crate) const TRACE_ID: u8 = 1;
    pub(crate) const SPAN_ID: u8 = 2;
    pub(crate) const ATTRIBUTES: u8 = 4;
}

/// The field of `ScopeSpans` that each message is in the end.
const SPANS: u8 = 2;
/// Room before the message for its tag and length, which are known at the end.
const HEAD_BYTES: usize = 6;
/// Flags of a span: sampled, “the next bit tells something”, “the parent is in another process”.
const SAMPLED: u32 = 1;
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;
/// Bytes of a buffer that is kept for the next span; after a larger span it is given back.
pub(crate) const KEPT_BYTES_MAX: usize = 16 << 10;
/// Bytes of a new buffer: most spans without texts.
const NEW_BYTES: usize = 512;

/// What a span under way keeps of events and of links, so that one that goes on for days stays small enough to be sent.
///
/// The bytes have room for as many events as there may be, of 4 KiB each, as notifications of MCP are.
const EVENTS: Limit = Limit { count: 1_000, bytes: 5 << 20 };
const LINKS: Limit = Limit { count: 1_000, bytes: 1 << 20 };
/// Places for errors where other events took all: the last ones often say why the span failed.
const EXCEPTIONS: Limit = Limit { count: 16, bytes: 64 << 10 };
/// What OpenTelemetry calls the event of an error.
pub(crate) const EXCEPTION: &str = "exception";

/// How many of something are kept; the last one may go beyond the bytes.
struct Limit {
    count: u32,
    bytes: usize,
}

/// How many of something were written, and their bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    count: u32,
    bytes: usize,
}

impl Written {
    fn has_room(self, limit: &Limit) -> bool {
        self.count < limit.count && self.bytes < limit.bytes
    }

    fn add(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes += bytes;
    }
}

/// What was written of what has limits, and what had no room.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    events: Written,
    exceptions: Written,
    links: Written,
    dropped_events: u32,
    dropped_links: u32,
}

/// Who a span is, and whose child.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) parent_is_remote: bool,
    pub(crate) trace_state: Option<&'a str>,
}

/// The message, and which attributes it may have.
#[derive(Debug)]
pub(crate) struct Body {
    buffer: Vec<u8>,
    /// A bit for each key that was set, by a hash of it: where it is not set yet, the key is new.
    keys: u64,
    tally: Tally,
    /// The role that it starts with.
    pub(crate) kind: Kind,
}

impl Body {
    /// Makes a body without a message.
    pub(crate) fn new() -> Body {
        Body { buffer: Vec::new(), keys: 0, tally: Tally::default(), kind: Kind::Internal }
    }

    /// Begins a message; what was there is lost.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.buffer.clear();
        // Once here is cheaper than several times on the way.
        self.buffer.reserve(NEW_BYTES);
        self.buffer.extend_from_slice(&[0; HEAD_BYTES]);
        self.keys = 0;
        self.tally = Tally::default();
        self.kind = Kind::Internal;
    }

    #[inline]
    pub(crate) fn put_name(&mut self, name: &str) {
        put_bytes(&mut self.buffer, field::NAME, name.as_bytes());
    }

    #[inline]
    pub(crate) fn put_start(&mut self, start_unix_ns: i64) {
        let mut fields = [0; 11];
        fields[..2].copy_from_slice(&[tag(field::KIND, VARINT), self.kind as u8]);
        fields[2] = tag(field::START_TIME, crate::wire::FIXED64);
        fields[3..].copy_from_slice(&start_unix_ns.cast_unsigned().to_le_bytes());
        self.buffer.extend_from_slice(&fields);
    }

    #[inline]
    pub(crate) fn put_identity(&mut self, identity: &Identity<'_>) {
        let remote = if identity.parent_is_remote { IS_REMOTE } else { 0 };
        // All of them at once: one copy, and lengths that the compiler knows.
        let mut fields = [0; 18 + 10 + 6 + 10];
        fields[..2].copy_from_slice(&[tag(field::TRACE_ID, crate::wire::BYTES), 16]);
        fields[2..18].copy_from_slice(&identity.trace_id.0);
        fields[18..20].copy_from_slice(&[tag(field::SPAN_ID, crate::wire::BYTES), 8]);
        fields[20..28].copy_from_slice(&identity.span_id.0);
        // Field 16 has a tag of two bytes.
        fields[28..30].copy_from_slice(&[(field::FLAGS & 15) << 3 | FIXED32 | 0x80, field::FLAGS >> 4]);
        fields[30..34].copy_from_slice(&(SAMPLED | HAS_IS_REMOTE | remote).to_le_bytes());
        fields[34..36].copy_from_slice(&[tag(field::PARENT_SPAN_ID, crate::wire::BYTES), 8]);
        match identity.parent {
            Some(parent) => {
                fields[36..].copy_from_slice(&parent.0);
                self.buffer.extend_from_slice(&fields);
            }
            None => self.buffer.extend_from_slice(&fields[..34]),
        }
        if let Some(state) = identity.trace_state {
            put_bytes(&mut self.buffer, field::TRACE_STATE, state.as_bytes());
        }
    }

    /// Sets an attribute; a value that the key had before is taken out.
    // By value, and one function for each type: small values then come in registers.
    #[inline(never)]
    pub(crate) fn attribute<V: AttributeValue>(&mut self, key: &str, value: V) {
        self.note_key(key);
        put_key_value(&mut self.buffer, field::ATTRIBUTES, key, &value);
    }

    /// Sets an attribute to the text that `write` appends.
    pub(crate) fn text_attribute(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.note_key(key);
        put_message(&mut self.buffer, field::ATTRIBUTES, |out| {
            put_bytes(out, 1, key.as_bytes());
            put_message(out, 2, |out| {
                put_message(out, 1, |out| {
                    let start = out.len();
                    write(out);
                    mend_text(out, start);
                });
            });
        });
    }

    #[inline(always)]
    fn note_key(&mut self, key: &str) {
        let bit = 1 << (hash(key.as_bytes()) & 63);
        if self.keys & bit != 0 {
            self.remove_attribute(key);
        }
        self.keys |= bit;
    }

    #[cold]
    fn remove_attribute(&mut self, key: &str) {
        let is_key = |field: &crate::wire::Field<'_>| {
            field.number == u64::from(field::ATTRIBUTES) && key_of(field.payload.bytes()) == key.as_bytes()
        };
        let found = Fields::of(&self.buffer[HEAD_BYTES..]).find(is_key).map(|field| field.range);
        if let Some((start, end)) = found {
            self.buffer.drain(HEAD_BYTES + start..HEAD_BYTES + end);
        }
    }

    /// Writes an event with attributes, if there is room.
    pub(crate) fn event(&mut self, name: &str, unix_ns: i64, attributes: &[(&str, &dyn AttributeValue)]) {
        let tally = &mut self.tally;
        let written = if tally.events.has_room(&EVENTS) {
            &mut tally.events
        } else if name == EXCEPTION && tally.exceptions.has_room(&EXCEPTIONS) {
            &mut tally.exceptions
        } else {
            tally.dropped_events = tally.dropped_events.saturating_add(1);
            return;
        };
        let start = self.buffer.len();
        put_message(&mut self.buffer, field::EVENTS, |out| {
            put_fixed64(out, 1, unix_ns.cast_unsigned());
            put_bytes(out, 2, name.as_bytes());
            for (key, value) in attributes {
                put_key_value(out, 3, key, *value);
            }
        });
        written.add(self.buffer.len() - start);
    }

    /// Writes a link to another span, if there is room.
    pub(crate) fn link(
        &mut self,
        trace_id: TraceId,
        span_id: SpanId,
        attributes: &[(&str, &dyn AttributeValue)],
    ) {
        if !self.tally.links.has_room(&LINKS) {
            self.tally.dropped_links = self.tally.dropped_links.saturating_add(1);
            return;
        }
        let start = self.buffer.len();
        put_message(&mut self.buffer, field::LINKS, |out| {
            put_bytes(out, link::TRACE_ID, &trace_id.0);
            put_bytes(out, link::SPAN_ID, &span_id.0);
            for (key, value) in attributes {
                put_key_value(out, link::ATTRIBUTES, key, *value);
            }
        });
        self.tally.links.add(self.buffer.len() - start);
    }

    /// Replaces the name.
    pub(crate) fn rename(&mut self, name: &str) {
        let is_name = |field: &crate::wire::Field<'_>| field.number == u64::from(field::NAME);
        let found = Fields::of(&self.buffer[HEAD_BYTES..]).find(is_name).map(|field| field.range);
        if let Some((start, end)) = found {
            self.buffer.drain(HEAD_BYTES + start..HEAD_BYTES + end);
        }
        put_bytes(&mut self.buffer, field::NAME, name.as_bytes());
    }

    /// Writes the end.
    #[inline]
    pub(crate) fn put_end(&mut self, end_unix_ns: i64, code: u8, message: &str) {
        let out = &mut self.buffer;
        put_count(out, field::DROPPED_EVENTS, self.tally.dropped_events);
        put_count(out, field::DROPPED_LINKS, self.tally.dropped_links);
        let mut end = [0; 13];
        end[0] = tag(field::END_TIME, crate::wire::FIXED64);
        end[1..9].copy_from_slice(&end_unix_ns.cast_unsigned().to_le_bytes());
        if message.is_empty() {
            end[9..].copy_from_slice(&[tag(field::STATUS, crate::wire::BYTES), 2, tag(3, VARINT), code]);
            return out.extend_from_slice(&end);
        }
        out.extend_from_slice(&end[..9]);
        let message_len = bytes_field_len(message.len());
        out.push(tag(field::STATUS, crate::wire::BYTES));
        put_varint(out, (message_len + 2) as u64);
        put_bytes(out, 2, message.as_bytes());
        out.extend_from_slice(&[tag(3, VARINT), code]);
    }

    /// Returns the message.
    pub(crate) fn message(&self) -> &[u8] {
        &self.buffer[HEAD_BYTES..]
    }

    /// Replaces the message.
    pub(crate) fn set_message(&mut self, message: &[u8]) {
        self.buffer.truncate(HEAD_BYTES);
        self.buffer.extend_from_slice(message);
    }

    /// Puts tag and length before the message, and returns the buffer and where that starts.
    #[inline]
    pub(crate) fn framed(&mut self) -> (&mut Vec<u8>, usize) {
        let length = self.buffer.len() - HEAD_BYTES;
        let start = HEAD_BYTES - 1 - varint_len(length as u64);
        self.buffer[start] = tag(SPANS, crate::wire::BYTES);
        let mut rest = length;
        for byte in &mut self.buffer[start + 1..HEAD_BYTES] {
            *byte = (rest & 0x7f) as u8 | 0x80;
            rest >>= 7;
        }
        self.buffer[HEAD_BYTES - 1] &= 0x7f;
        (&mut self.buffer, start)
    }

    /// Gives a buffer that grew large back to the system.
    #[inline]
    pub(crate) fn shrink(&mut self) {
        if self.buffer.capacity() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        }
    }
}

/// Sees to it that what was written from `start` on is UTF-8: a receiver would refuse the whole span.
pub(crate) fn mend_text(out: &mut Vec<u8>, start: usize) {
    if std::str::from_utf8(&out[start..]).is_err() {
        let mended = String::from_utf8_lossy(&out[start..]).into_owned();
        out.truncate(start);
        out.extend_from_slice(mended.as_bytes());
    }
}

/// Returns the key of a `KeyValue` that this crate wrote.
fn key_of(message: &[u8]) -> &[u8] {
    Fields::of(message).find(|field| field.number == 1).map_or(&[], |field| field.payload.bytes())
}

/// Mixes length, first and last bytes: keys of one span differ there more often than not, and a clash costs a look.
#[inline(always)]
fn hash(key: &[u8]) -> u64 {
    let word = |bytes: &[u8]| bytes.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    let first = key.first_chunk::<8>().map_or_else(|| word(key), |first| u64::from_le_bytes(*first));
    let last = key.last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    (first.rotate_left(23) ^ last ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58
}
