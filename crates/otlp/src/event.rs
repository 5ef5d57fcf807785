//! The events and links of a span, read in place.

use crate::check::{check_attributes, check_time, field_problem};
use crate::error::SpanProblem;
use crate::number::{event, link};
use crate::schema::{EVENT, LINK};
use crate::stored::StoredAttributes;
use crate::value::Attributes;
use crate::wire::{Reader, Repeated, WireError};

/// Something that happened during a span.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventView<'a> {
    /// When; fits into `i64`.
    pub time_unix_nano: u64,
    /// What.
    pub name: &'a str,
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    raw: &'a [u8],
}

impl<'a> EventView<'a> {
    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.raw, event::ATTRIBUTES)
    }

    /// Returns the attributes as bytes, in the order they were sent.
    pub fn stored_attributes(&self) -> StoredAttributes<'a> {
        StoredAttributes::new(self.raw, event::ATTRIBUTES)
    }
}

/// The events of a span.
#[derive(Debug, Clone)]
pub struct Events<'a>(Repeated<'a>);

impl<'a> Events<'a> {
    /// Reads the `Event` fields of that number in `message`.
    pub(crate) fn new(message: &'a [u8], number: u32) -> Self {
        Events(Repeated::new(message, number))
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = EventView<'a>;

    fn next(&mut self) -> Option<EventView<'a>> {
        read_event(self.0.next()?).ok()
    }
}

fn read_event(raw: &[u8]) -> Result<EventView<'_>, WireError> {
    let mut view = EventView { raw, ..EventView::default() };
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field()? {
        match field.number {
            event::TIME => view.time_unix_nano = field.fixed64()?,
            event::NAME => view.name = field.text()?,
            event::DROPPED_ATTRIBUTES => view.dropped_attributes_count = field.varint()? as u32,
            _ => {}
        }
    }
    Ok(view)
}

pub(crate) fn check_event(raw: &[u8]) -> Result<(), SpanProblem> {
    let view = read_event(raw).map_err(|error| field_problem(error, &EVENT))?;
    check_time("events.time_unix_nano", view.time_unix_nano)?;
    check_attributes(raw, event::ATTRIBUTES, &EVENT)
}

/// A span of this or another trace that a span points to.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkView<'a> {
    /// The trace, as sent.
    pub trace_id: &'a [u8],
    /// The span, as sent.
    pub span_id: &'a [u8],
    /// The W3C trace state.
    pub trace_state: &'a str,
    /// The W3C trace flags, and OTLP's bits above them.
    pub flags: u32,
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    raw: &'a [u8],
}

impl<'a> LinkView<'a> {
    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.raw, link::ATTRIBUTES)
    }
}

/// The links of a span.
#[derive(Debug, Clone)]
pub struct Links<'a>(Repeated<'a>);

impl<'a> Links<'a> {
    /// Reads the `Link` fields of that number in `message`.
    pub(crate) fn new(message: &'a [u8], number: u32) -> Self {
        Links(Repeated::new(message, number))
    }
}

impl<'a> Iterator for Links<'a> {
    type Item = LinkView<'a>;

    fn next(&mut self) -> Option<LinkView<'a>> {
        read_link(self.0.next()?).ok()
    }
}

fn read_link(raw: &[u8]) -> Result<LinkView<'_>, WireError> {
    let mut view = LinkView { raw, ..LinkView::default() };
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field()? {
        match field.number {
            link::TRACE_ID => view.trace_id = field.bytes()?,
            link::SPAN_ID => view.span_id = field.bytes()?,
            link::TRACE_STATE => view.trace_state = field.text()?,
            link::DROPPED_ATTRIBUTES => view.dropped_attributes_count = field.varint()? as u32,
            link::FLAGS => view.flags = field.fixed32()?,
            _ => {}
        }
    }
    Ok(view)
}

pub(crate) fn check_link(raw: &[u8]) -> Result<(), SpanProblem> {
    read_link(raw).map_err(|error| field_problem(error, &LINK))?;
    check_attributes(raw, link::ATTRIBUTES, &LINK)
}
