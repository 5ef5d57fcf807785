//! One span, read in place from its `Span` message.
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>

use crate::check::{check_attribute, check_id, check_optional_id, check_time, field_problem, hex};
use crate::error::{SpanError, SpanProblem};
use crate::event::{Events, Links, check_event, check_link};
use crate::number::{span, status};
use crate::schema::{SPAN, STATUS};
use crate::stored::StoredAttributes;
use crate::value::Attributes;
use crate::wire::{Field, Reader, Repeated, Stretch, WireError};
use spanwise_model::SpanId;

/// Says that the next bit of the flags tells something.
const HAS_IS_REMOTE: u32 = 0x100;
/// Says that the parent is in another process.
const IS_REMOTE: u32 = 0x200;

/// A span, checked as a whole: structure, UTF-8, depth of its attributes, and times within `i64`.
///
/// Ids are as sent; [`SpanView::ids`] checks them.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpanView<'a> {
    /// The trace.
    pub trace_id: &'a [u8],
    /// The span.
    pub span_id: &'a [u8],
    /// The parent; empty or all zero for a root.
    pub parent_span_id: &'a [u8],
    /// The W3C trace state.
    pub trace_state: &'a str,
    /// The W3C trace flags, and OTLP's bits above them.
    pub flags: u32,
    /// The name.
    pub name: &'a str,
    /// The `SpanKind`, as numbered by OTLP.
    pub kind: i32,
    /// When it started; fits into `i64`.
    pub start_time_unix_nano: u64,
    /// When it ended, 0 while it is open; fits into `i64`.
    pub end_time_unix_nano: u64,
    /// The `StatusCode`, as numbered by OTLP.
    pub status_code: i32,
    /// The status message.
    pub status_message: &'a str,
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    /// Events that the sender dropped.
    pub dropped_events_count: u32,
    /// Links that the sender dropped.
    pub dropped_links_count: u32,
    /// The message itself.
    pub raw: &'a [u8],
    attributes: &'a [u8],
    events: &'a [u8],
    links: &'a [u8],
}

impl<'a> SpanView<'a> {
    /// Reads and checks a `Span` message.
    pub fn parse(raw: &'a [u8]) -> Result<SpanView<'a>, SpanError> {
        read_span::<true>(raw).map_err(|problem| SpanError { subject: subject_of_refused(raw), problem })
    }

    /// Reads a `Span` message that [`SpanView::parse`] accepted before: attributes, events and links are not checked
    /// again. Where they are broken all the same, what is behind the break is not seen.
    pub fn parse_stored(raw: &'a [u8]) -> Result<SpanView<'a>, SpanError> {
        read_span::<false>(raw).map_err(|problem| SpanError { subject: subject_of_refused(raw), problem })
    }

    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.attributes, span::ATTRIBUTES)
    }

    /// Returns the attributes as bytes, in the order they were sent.
    pub fn stored_attributes(&self) -> StoredAttributes<'a> {
        StoredAttributes::new(self.attributes, span::ATTRIBUTES)
    }

    /// Returns the events in the order they were sent.
    pub fn events(&self) -> Events<'a> {
        Events::new(self.events, span::EVENTS)
    }

    /// Returns the links in the order they were sent.
    pub fn links(&self) -> Links<'a> {
        Links::new(self.links, span::LINKS)
    }

    /// Returns when the span started, in nanoseconds since the Unix epoch.
    pub fn start_ns(&self) -> i64 {
        self.start_time_unix_nano.cast_signed()
    }

    /// Returns when the span ended; `None` while it is open.
    pub fn end_ns(&self) -> Option<i64> {
        (self.end_time_unix_nano != 0).then_some(self.end_time_unix_nano.cast_signed())
    }

    /// Returns whether it has a parent that its sender knows to be in another process. Older SDKs do not tell.
    pub fn has_remote_parent(&self) -> bool {
        let both = HAS_IS_REMOTE | IS_REMOTE;
        self.flags & both == both && self.parent_span_id.iter().any(|byte| *byte != 0)
    }

    /// Returns the ids of the trace, the span and its parent, or says which of them is wrong.
    ///
    /// An all-zero parent is no parent, as some exporters write it for a root.
    pub fn ids(&self) -> Result<([u8; 16], SpanId, Option<SpanId>), SpanError> {
        self.read_ids().map_err(|problem| SpanError { subject: subject(self.name, self.span_id), problem })
    }

    fn read_ids(&self) -> Result<([u8; 16], SpanId, Option<SpanId>), SpanProblem> {
        let trace_id = check_id("trace_id", self.trace_id)?;
        let span_id = check_id("span_id", self.span_id)?;
        let parent_id = check_optional_id("parent_span_id", self.parent_span_id)?;
        Ok((trace_id, SpanId(span_id), parent_id.map(SpanId)))
    }
}

fn read_span<const CHECK: bool>(raw: &[u8]) -> Result<SpanView<'_>, SpanProblem> {
    let mut view = SpanView { raw, ..SpanView::default() };
    let (mut attributes, mut events, mut links) =
        (Stretch::default(), Stretch::default(), Stretch::default());
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field().map_err(|error| field_problem(error, &SPAN))? {
        match field.number {
            span::ATTRIBUTES => {
                if CHECK {
                    check_attribute(&field)?;
                }
                attributes.extend(field.at, reader.position());
            }
            span::EVENTS => {
                if CHECK {
                    check_event(message(&field)?)?;
                }
                events.extend(field.at, reader.position());
            }
            span::LINKS => {
                if CHECK {
                    check_link(message(&field)?)?;
                }
                links.extend(field.at, reader.position());
            }
            span::STATUS => {
                let raw = message(&field)?;
                read_status(&mut view, raw).map_err(|error| field_problem(error, &STATUS))?;
            }
            _ => read_scalar(&mut view, &field).map_err(|error| field_problem(error, &SPAN))?,
        }
    }
    check_time("start_time_unix_nano", view.start_time_unix_nano)?;
    check_time("end_time_unix_nano", view.end_time_unix_nano)?;
    (view.attributes, view.events, view.links) = (attributes.of(raw), events.of(raw), links.of(raw));
    Ok(view)
}

fn message<'a>(field: &Field<'a>) -> Result<&'a [u8], SpanProblem> {
    field.bytes().map_err(|error| field_problem(error, &SPAN))
}

#[inline]
fn read_scalar<'a>(span: &mut SpanView<'a>, field: &Field<'a>) -> Result<(), WireError> {
    match field.number {
        span::TRACE_ID => span.trace_id = field.bytes()?,
        span::SPAN_ID => span.span_id = field.bytes()?,
        span::TRACE_STATE => span.trace_state = field.text()?,
        span::PARENT_SPAN_ID => span.parent_span_id = field.bytes()?,
        span::NAME => span.name = field.text()?,
        span::KIND => span.kind = field.varint()? as i32,
        span::START_TIME => span.start_time_unix_nano = field.fixed64()?,
        span::END_TIME => span.end_time_unix_nano = field.fixed64()?,
        span::DROPPED_ATTRIBUTES => span.dropped_attributes_count = field.varint()? as u32,
        span::DROPPED_EVENTS => span.dropped_events_count = field.varint()? as u32,
        span::DROPPED_LINKS => span.dropped_links_count = field.varint()? as u32,
        span::FLAGS => span.flags = field.fixed32()?,
        _ => {}
    }
    Ok(())
}

fn read_status<'a>(span: &mut SpanView<'a>, raw: &'a [u8]) -> Result<(), WireError> {
    (span.status_code, span.status_message) = (0, "");
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field()? {
        match field.number {
            status::MESSAGE => span.status_message = field.text()?,
            status::CODE => span.status_code = field.varint()? as i32,
            _ => {}
        }
    }
    Ok(())
}

fn subject(name: &str, span_id: &[u8]) -> String {
    format!("span `{name}` ({})", hex(span_id))
}

/// Names a span that was refused, as far as it can be read.
#[cold]
fn subject_of_refused(raw: &[u8]) -> String {
    let last = |number| Repeated::new(raw, number).last().unwrap_or_default();
    subject(&String::from_utf8_lossy(last(span::NAME)), last(span::SPAN_ID))
}
