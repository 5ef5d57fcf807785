//! Export requests, read in place down to their spans or log records, and written from stored parts.
//!
//! Traces and logs have the same shape and the same field numbers, so one scanner serves both.
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto/collector>

use crate::error::DecodeError;
use crate::number::group;
use crate::wire::{Field, Reader, WireError};

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

/// The names of a signal's fields, for errors.
struct Names {
    request: &'static str,
    resource_group: &'static str,
    scope_group: &'static str,
    item: &'static str,
}

const TRACES: Names = Names {
    request: "ExportTraceServiceRequest",
    resource_group: "resource_spans",
    scope_group: "scope_spans",
    item: "spans",
};

const LOGS: Names = Names {
    request: "ExportLogsServiceRequest",
    resource_group: "resource_logs",
    scope_group: "scope_logs",
    item: "log_records",
};

/// A resource group or a scope group: both have an owner, a schema and items.
#[derive(Default)]
struct Group<'a> {
    owner: Option<&'a [u8]>,
    schema_url: &'a str,
    items: Vec<&'a [u8]>,
}

fn scan<'a, T>(
    body: &'a [u8],
    names: &Names,
    into_view: fn(Group<'a>, Vec<Group<'a>>) -> T,
) -> Result<Vec<T>, DecodeError> {
    let mut views = Vec::new();
    let mut reader = Reader::new(body);
    let in_request = |error| located(body, body, error, names.request, names.resource_group);
    while let Some(field) = reader.next_field().map_err(in_request)? {
        if field.number == group::RESOURCE_GROUPS {
            let raw = field.bytes().map_err(in_request)?;
            let group = read_group(raw).map_err(|error| {
                group_error(body, raw, error, names.resource_group, "resource", names.scope_group)
            })?;
            let scopes = scan_scopes(body, &group, names)?;
            views.push(into_view(group, scopes));
        }
    }
    Ok(views)
}

fn scan_scopes<'a>(body: &[u8], group: &Group<'a>, names: &Names) -> Result<Vec<Group<'a>>, DecodeError> {
    let read = |raw: &&'a [u8]| {
        read_group(raw).map_err(|error| group_error(body, raw, error, names.scope_group, "scope", names.item))
    };
    group.items.iter().map(read).collect()
}

fn read_group(raw: &[u8]) -> Result<Group<'_>, WireError> {
    let mut group = Group::default();
    let mut reader = Reader::new(raw);
    while let Some(field) = reader.next_field()? {
        read_group_field(&mut group, &field)?;
    }
    Ok(group)
}

fn read_group_field<'a>(group: &mut Group<'a>, field: &Field<'a>) -> Result<(), WireError> {
    match field.number {
        group::OWNER => group.owner = Some(field.bytes()?),
        group::ITEMS => group.items.push(field.bytes()?),
        group::SCHEMA_URL => group.schema_url = field.text()?,
        _ => {}
    }
    Ok(())
}

#[cold]
fn group_error(
    body: &[u8],
    raw: &[u8],
    error: WireError,
    group: &'static str,
    owner: &'static str,
    item: &'static str,
) -> DecodeError {
    let field = match error.number {
        group::OWNER => owner,
        group::ITEMS => item,
        group::SCHEMA_URL => "schema_url",
        _ => group,
    };
    located(body, raw, error, group, field)
}

/// Says where in the body an error inside `part`, a slice of the body, is.
#[cold]
fn located(
    body: &[u8],
    part: &[u8],
    error: WireError,
    message: &'static str,
    field: &'static str,
) -> DecodeError {
    let offset = part.as_ptr() as usize - body.as_ptr() as usize + error.at;
    let field = if error.number == 0 { message } else { field };
    DecodeError::Protobuf { offset, field, problem: error.problem }
}

/// Reads the stored form of a resource or scope that [`resource_spans_header`] or [`scope_spans_header`] wrote:
/// the raw `Resource` or `InstrumentationScope` message, and the schema.
pub fn parse_header(header: &[u8]) -> Result<(Option<&[u8]>, &str), DecodeError> {
    let group =
        read_group(header).map_err(|error| group_error(header, header, error, "header", "owner", "items"))?;
    Ok((group.owner, group.schema_url))
}
