//! One log record, read in place from its `LogRecord` message.
//!
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto>

use crate::check::{check_attribute, check_optional_id, check_time, field_problem};
use crate::error::{SpanError, SpanProblem};
use crate::number::log_record;
use crate::schema::LOG_RECORD;
use crate::stored::StoredAttributes;
use crate::value::{AnyValueView, Attributes, check_any_value, read_any_value};
use crate::wire::{Field, Reader, Repeated, Stretch, WireError};
use spanwise_model::SpanId;

/// A log record, checked as a whole: structure, UTF-8, depth of its values, and times within `i64`.
///
/// Ids are as sent; [`LogRecordView::ids`] checks them.
#[derive(Debug, Clone, Copy)]
pub struct LogRecordView<'a> {
    /// The trace; empty if the record belongs to none.
    pub trace_id: &'a [u8],
    /// The span; empty if the record belongs to none.
    pub span_id: &'a [u8],
    /// When it happened, 0 if unknown; fits into `i64`.
    pub time_unix_nano: u64,
    /// When it was first seen by a collector; fits into `i64`.
    pub observed_time_unix_nano: u64,
    /// The `SeverityNumber`, as numbered by OTLP.
    pub severity_number: i32,
    /// The severity as its source names it.
    pub severity_text: &'a str,
    /// The name of the event, e.g. `gen_ai.choice`.
    pub event_name: &'a str,
    /// The body.
    pub body: AnyValueView<'a>,
    /// The W3C trace flags.
    pub flags: u32,
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    /// The message itself.
    pub raw: &'a [u8],
    attributes: &'a [u8],
}

impl<'a> LogRecordView<'a> {
    /// Reads and checks a `LogRecord` message; a singular field that occurs twice has its last value.
    pub fn parse(raw: &'a [u8]) -> Result<LogRecordView<'a>, SpanError> {
        read_record(raw).map_err(|problem| SpanError { subject: subject_of_refused(raw), problem })
    }

    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.attributes, log_record::ATTRIBUTES)
    }

    /// Returns the attributes as bytes, in the order they were sent.
    pub fn stored_attributes(&self) -> StoredAttributes<'a> {
        StoredAttributes::new(self.attributes, log_record::ATTRIBUTES)
    }

    /// Returns the ids of trace and span, `None` if the record has only one or none of them; an id of the wrong
    /// length is an error.
    pub fn ids(&self) -> Result<Option<([u8; 16], SpanId)>, SpanError> {
        let named = |problem| SpanError { subject: subject(self.event_name), problem };
        let trace_id = check_optional_id("trace_id", self.trace_id).map_err(named)?;
        let span_id = check_optional_id("span_id", self.span_id).map_err(named)?;
        Ok(trace_id.zip(span_id.map(SpanId)))
    }
}

fn read_record(raw: &[u8]) -> Result<LogRecordView<'_>, SpanProblem> {
    let mut record = LogRecordView { raw, ..EMPTY };
    let mut attributes = Stretch::default();
    let mut reader = Reader::new(raw);
    let named = |error| field_problem(error, &LOG_RECORD);
    while let Some(field) = reader.next_field().map_err(named)? {
        match field.number {
            log_record::ATTRIBUTES => {
                check_attribute(&field)?;
                attributes.extend(field.at, reader.position());
            }
            log_record::BODY => record.body = read_body(&field)?,
            _ => read_scalar(&mut record, &field).map_err(named)?,
        }
    }
    check_time("time_unix_nano", record.time_unix_nano)?;
    check_time("observed_time_unix_nano", record.observed_time_unix_nano)?;
    record.attributes = attributes.of(raw);
    Ok(record)
}

const EMPTY: LogRecordView<'static> = LogRecordView {
    trace_id: &[],
    span_id: &[],
    time_unix_nano: 0,
    observed_time_unix_nano: 0,
    severity_number: 0,
    severity_text: "",
    event_name: "",
    body: AnyValueView::Empty,
    flags: 0,
    dropped_attributes_count: 0,
    raw: &[],
    attributes: &[],
};

fn read_scalar<'a>(record: &mut LogRecordView<'a>, field: &Field<'a>) -> Result<(), WireError> {
    match field.number {
        log_record::TIME => record.time_unix_nano = field.fixed64()?,
        log_record::SEVERITY_NUMBER => record.severity_number = field.varint()? as i32,
        log_record::SEVERITY_TEXT => record.severity_text = field.text()?,
        log_record::DROPPED_ATTRIBUTES => record.dropped_attributes_count = field.varint()? as u32,
        log_record::FLAGS => record.flags = field.fixed32()?,
        log_record::TRACE_ID => record.trace_id = field.bytes()?,
        log_record::SPAN_ID => record.span_id = field.bytes()?,
        log_record::OBSERVED_TIME => record.observed_time_unix_nano = field.fixed64()?,
        log_record::EVENT_NAME => record.event_name = field.text()?,
        _ => {}
    }
    Ok(())
}

fn read_body<'a>(field: &Field<'a>) -> Result<AnyValueView<'a>, SpanProblem> {
    let check = |raw| check_any_value(raw).map(|()| read_any_value(raw));
    field.bytes().and_then(check).map_err(|error| SpanProblem::Field {
        field: LOG_RECORD.path_of(field.number),
        problem: error.problem,
    })
}

fn subject(event_name: &str) -> String {
    format!("log record `{event_name}`")
}

/// Names a record that was refused, as far as it can be read.
#[cold]
fn subject_of_refused(raw: &[u8]) -> String {
    let name = Repeated::new(raw, log_record::EVENT_NAME).last().unwrap_or_default();
    subject(&String::from_utf8_lossy(name))
}
