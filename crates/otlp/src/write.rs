//! Writing protobuf: tags, varints, and the requests that are made of stored parts.

use crate::number::group;

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
/// The wire type of texts, bytes and messages.
pub(crate) const LENGTH_DELIMITED: u32 = 2;
const FIXED32: u32 = 5;

/// Appends a varint.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Returns how many bytes [`push_varint`] writes.
pub(crate) fn varint_len(value: u64) -> usize {
    // Seven bits a byte, and zero takes one byte too.
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Appends a tag.
pub(crate) fn push_tag(out: &mut Vec<u8>, number: u32, wire_type: u32) {
    push_varint(out, u64::from(number << 3 | wire_type));
}

/// Appends a field of text, bytes or a message.
pub(crate) fn push_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    push_length(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a field of an integer, boolean or enum.
pub(crate) fn push_integer(out: &mut Vec<u8>, number: u32, value: u64) {
    push_tag(out, number, VARINT);
    push_varint(out, value);
}

/// Appends a field of eight bytes.
pub(crate) fn push_fixed64(out: &mut Vec<u8>, number: u32, value: u64) {
    push_tag(out, number, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Appends a field of four bytes.
pub(crate) fn push_fixed32(out: &mut Vec<u8>, number: u32, value: u32) {
    push_tag(out, number, FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

fn push_length(out: &mut Vec<u8>, number: u32, length: usize) {
    push_tag(out, number, LENGTH_DELIMITED);
    push_varint(out, length as u64);
}

/// Returns how many bytes a length-delimited field of a number below 16 takes.
fn field_len(length: usize) -> usize {
    1 + varint_len(length as u64) + length
}

/// Encodes a `ResourceSpans` message (equally a `ResourceLogs`) that has only its resource and schema: the form in
/// which resources are stored and compared.
pub fn resource_spans_header(resource: Option<&[u8]>, schema_url: &str) -> Vec<u8> {
    header(resource, schema_url)
}

/// Encodes a `ScopeSpans` message (equally a `ScopeLogs`) that has only its scope and schema.
pub fn scope_spans_header(scope: Option<&[u8]>, schema_url: &str) -> Vec<u8> {
    header(scope, schema_url)
}

fn header(owner: Option<&[u8]>, schema_url: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(owner) = owner {
        push_bytes(&mut out, group::OWNER, owner);
    }
    if !schema_url.is_empty() {
        push_bytes(&mut out, group::SCHEMA_URL, schema_url.as_bytes());
    }
    out
}

/// Spans, or log records, of one resource, to be written.
#[derive(Debug, Clone)]
pub struct ResourceGroup<'a> {
    /// What [`resource_spans_header`] made.
    pub header: &'a [u8],
    /// The scopes under it.
    pub scopes: Vec<ScopeGroup<'a>>,
}

/// Spans, or log records, of one scope, to be written.
#[derive(Debug, Clone)]
pub struct ScopeGroup<'a> {
    /// What [`scope_spans_header`] made.
    pub header: &'a [u8],
    /// The raw `Span` or `LogRecord` messages.
    pub items: Vec<&'a [u8]>,
}

impl ScopeGroup<'_> {
    fn encoded_len(&self) -> usize {
        self.header.len() + self.items.iter().map(|item| field_len(item.len())).sum::<usize>()
    }
}

/// Encodes an `ExportTraceServiceRequest` (equally an `ExportLogsServiceRequest`).
pub fn encode_traces(groups: &[ResourceGroup<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for group in groups {
        let length = group.header.len()
            + group.scopes.iter().map(|scope| field_len(scope.encoded_len())).sum::<usize>();
        out.reserve(field_len(length));
        push_length(&mut out, group::RESOURCE_GROUPS, length);
        out.extend_from_slice(group.header);
        for scope in &group.scopes {
            push_length(&mut out, group::ITEMS, scope.encoded_len());
            out.extend_from_slice(scope.header);
            scope.items.iter().for_each(|item| push_bytes(&mut out, group::ITEMS, item));
        }
    }
    out
}
