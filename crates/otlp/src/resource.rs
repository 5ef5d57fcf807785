//! Resources and instrumentation scopes, read in place.

use crate::check::{check_attribute, field_problem};
use crate::error::{SpanError, SpanProblem};
use crate::number::{resource, scope};
use crate::schema::{RESOURCE, SCOPE};
use crate::value::Attributes;
use crate::wire::Reader;

/// What made the spans: a service, a process, a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResourceView<'a> {
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    raw: &'a [u8],
}

impl<'a> ResourceView<'a> {
    /// Reads and checks a `Resource` message.
    pub fn parse(raw: &'a [u8]) -> Result<ResourceView<'a>, SpanError> {
        read_resource(raw).map_err(|problem| SpanError { subject: "resource".into(), problem })
    }

    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.raw, resource::ATTRIBUTES)
    }
}

fn read_resource(raw: &[u8]) -> Result<ResourceView<'_>, SpanProblem> {
    let mut view = ResourceView { raw, ..ResourceView::default() };
    let mut reader = Reader::new(raw);
    let named = |error| field_problem(error, &RESOURCE);
    while let Some(field) = reader.next_field().map_err(named)? {
        match field.number {
            resource::ATTRIBUTES => check_attribute(&field)?,
            resource::DROPPED_ATTRIBUTES => {
                view.dropped_attributes_count = field.varint().map_err(named)? as u32
            }
            _ => {}
        }
    }
    Ok(view)
}

/// What instrumented the code: a library and its version.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScopeView<'a> {
    /// The library's name.
    pub name: &'a str,
    /// The library's version.
    pub version: &'a str,
    /// Attributes that the sender dropped.
    pub dropped_attributes_count: u32,
    raw: &'a [u8],
}

impl<'a> ScopeView<'a> {
    /// Reads and checks an `InstrumentationScope` message.
    pub fn parse(raw: &'a [u8]) -> Result<ScopeView<'a>, SpanError> {
        read_scope(raw).map_err(|problem| SpanError { subject: "scope".into(), problem })
    }

    /// Returns the attributes in the order they were sent.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.raw, scope::ATTRIBUTES)
    }
}

/// Returns the name in a raw `InstrumentationScope` message; empty if there is none that can be read.
pub fn scope_name(scope: Option<&[u8]>) -> &str {
    scope.and_then(|raw| ScopeView::parse(raw).ok()).map(|scope| scope.name).unwrap_or_default()
}

fn read_scope(raw: &[u8]) -> Result<ScopeView<'_>, SpanProblem> {
    let mut view = ScopeView { raw, ..ScopeView::default() };
    let mut reader = Reader::new(raw);
    let named = |error| field_problem(error, &SCOPE);
    while let Some(field) = reader.next_field().map_err(named)? {
        match field.number {
            scope::NAME => view.name = field.text().map_err(named)?,
            scope::VERSION => view.version = field.text().map_err(named)?,
            scope::ATTRIBUTES => check_attribute(&field)?,
            scope::DROPPED_ATTRIBUTES => {
                view.dropped_attributes_count = field.varint().map_err(named)? as u32
            }
            _ => {}
        }
    }
    Ok(view)
}
