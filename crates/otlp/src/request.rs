//! Export requests, read in place down to their spans or log records, and written from stored parts.
//!
//! Traces and logs have the same shape and the same field numbers, so one scanner serves both.
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto/collector>

use crate::error::DecodeError;
use crate::number::group;
use crate::schema::{
    LOGS_REQUEST, Message, RESOURCE_LOGS, RESOURCE_SPANS, SCOPE_LOGS, SCOPE_SPANS, TRACES_REQUEST,
};
use crate::wire::{Reader, WireError};

/// The spans of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceSpansView<'a> {
    /// The raw `Resource` message.
    pub resource: Option<&'a [u8]>,
    /// The schema of the resource.
    pub schema_url: &'a str,
    /// The scopes under it.
    pub scopes: Vec<ScopeSpansView<'a>>,
}

/// The spans of one instrumentation scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeSpansView<'a> {
    /// The raw `InstrumentationScope` message.
    pub scope: Option<&'a [u8]>,
    /// The schema of the spans.
    pub schema_url: &'a str,
    /// The raw `Span` messages; [`crate::SpanView::parse`] reads one.
    pub spans: Vec<&'a [u8]>,
}

/// The log records of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceLogsView<'a> {
    /// The raw `Resource` message.
    pub resource: Option<&'a [u8]>,
    /// The schema of the resource.
    pub schema_url: &'a str,
    /// The scopes under it.
    pub scopes: Vec<ScopeLogsView<'a>>,
}

/// The log records of one instrumentation scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeLogsView<'a> {
    /// The raw `InstrumentationScope` message.
    pub scope: Option<&'a [u8]>,
    /// The schema of the records.
    pub schema_url: &'a str,
    /// The raw `LogRecord` messages; [`crate::LogRecordView::parse`] reads one.
    pub records: Vec<&'a [u8]>,
}

/// Reads an `ExportTraceServiceRequest` down to its raw spans.
///
/// Only what is above the spans is checked: a bad span must cost that span only.
pub fn scan_traces(body: &[u8]) -> Result<Vec<ResourceSpansView<'_>>, DecodeError> {
    scan(body, &TRACES, |group, scopes| ResourceSpansView {
        resource: group.owner,
        schema_url: group.schema_url,
        scopes: scopes
            .into_iter()
            .map(|scope| ScopeSpansView {
                scope: scope.owner,
                schema_url: scope.schema_url,
                spans: scope.items,
            })
            .collect(),
    })
}

/// Reads an `ExportLogsServiceRequest` down to its raw log records.
///
/// Only what is above the records is checked: a bad record must cost that record only.
pub fn scan_logs(body: &[u8]) -> Result<Vec<ResourceLogsView<'_>>, DecodeError> {
    scan(body, &LOGS, |group, scopes| ResourceLogsView {
        resource: group.owner,
        schema_url: group.schema_url,
        scopes: scopes
            .into_iter()
            .map(|scope| ScopeLogsView {
                scope: scope.owner,
                schema_url: scope.schema_url,
                records: scope.items,
            })
            .collect(),
    })
}

/// The messages of a signal, from the outside in.
struct Signal {
    request: &'static Message,
    resource_group: &'static Message,
    scope_group: &'static Message,
}

static TRACES: Signal =
    Signal { request: &TRACES_REQUEST, resource_group: &RESOURCE_SPANS, scope_group: &SCOPE_SPANS };

static LOGS: Signal =
    Signal { request: &LOGS_REQUEST, resource_group: &RESOURCE_LOGS, scope_group: &SCOPE_LOGS };

/// A resource group or a scope group: both have an owner, a schema and items.
#[derive(Default)]
struct Group<'a> {
    owner: Option<&'a [u8]>,
    schema_url: &'a str,
    items: Vec<&'a [u8]>,
}

fn scan<'a, T>(
    body: &'a [u8],
    signal: &Signal,
    into_view: fn(Group<'a>, Vec<Group<'a>>) -> T,
) -> Result<Vec<T>, DecodeError> {
    let mut views = Vec::new();
    let mut reader = Reader::new(body);
    let in_request = |error| located(body, body, error, signal.request);
    while let Some(field) = reader.next_field().map_err(in_request)? {
        if field.number == group::RESOURCE_GROUPS {
            let raw = field.bytes().map_err(in_request)?;
            let group = read_group(raw).map_err(|error| located(body, raw, error, signal.resource_group))?;
            let scopes = scan_scopes(body, &group, signal)?;
            views.push(into_view(group, scopes));
        }
    }
    Ok(views)
}

fn scan_scopes<'a>(body: &[u8], group: &Group<'a>, signal: &Signal) -> Result<Vec<Group<'a>>, DecodeError> {
    let read =
        |raw: &&'a [u8]| read_group(raw).map_err(|error| located(body, raw, error, signal.scope_group));
    group.items.iter().map(read).collect()
}

fn read_group(raw: &[u8]) -> Result<Group<'_>, WireError> {
    let mut group = Group::default();
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field()? {
        match field.number {
            group::OWNER => group.owner = Some(field.bytes()?),
            group::ITEMS => group.items.push(field.bytes()?),
            group::SCHEMA_URL => group.schema_url = field.text()?,
            _ => {}
        }
    }
    Ok(group)
}

/// Says where in the body an error inside `part`, a slice of the body, is.
#[cold]
fn located(body: &[u8], part: &[u8], error: WireError, message: &'static Message) -> DecodeError {
    let offset = part.as_ptr() as usize - body.as_ptr() as usize + error.at;
    DecodeError::Protobuf { offset, field: message.path_of(error.number), problem: error.problem }
}

/// Reads what [`crate::resource_spans_header`] or [`crate::scope_spans_header`] wrote: the raw `Resource` or
/// `InstrumentationScope` message, and the schema.
pub fn parse_header(header: &[u8]) -> Result<(Option<&[u8]>, &str), DecodeError> {
    let group = read_group(header).map_err(|error| located(header, header, error, &RESOURCE_SPANS))?;
    Ok((group.owner, group.schema_url))
}
