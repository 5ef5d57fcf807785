//! Checks that spans, log records, resources and scopes share.

use crate::error::SpanProblem;
use crate::schema::{KEY_VALUE, Message};
use crate::text::push_hex;
use crate::value::{check_key_value, key_of_refused};
use crate::wire::{Field, Reader, WireError};

/// Turns an error of the wire into one that names its field.
#[cold]
pub(crate) fn field_problem(error: WireError, owner: &'static Message) -> SpanProblem {
    SpanProblem::Field { field: owner.path_of(error.number), problem: error.problem }
}

/// Checks one attribute.
#[inline]
pub(crate) fn check_attribute(field: &Field<'_>) -> Result<(), SpanProblem> {
    let message = field
        .bytes()
        .map_err(|error| SpanProblem::Field { field: KEY_VALUE.name.into(), problem: error.problem })?;
    check_key_value(message)
        .map_err(|error| SpanProblem::Attribute { key: key_of_refused(message), problem: error.problem })
}

/// Checks all attributes of a message, which are its fields of that number.
pub(crate) fn check_attributes(
    message: &[u8],
    number: u32,
    owner: &'static Message,
) -> Result<(), SpanProblem> {
    let mut reader = Reader::new(message);
    while let Some(field) = reader.next_field().map_err(|error| field_problem(error, owner))? {
        if field.number == number {
            check_attribute(&field)?;
        }
    }
    Ok(())
}

/// Checks that a time fits into `i64` nanoseconds.
#[inline]
pub(crate) fn check_time(field: &'static str, value: u64) -> Result<(), SpanProblem> {
    if i64::try_from(value).is_ok() { Ok(()) } else { Err(SpanProblem::Time { field, value }) }
}

/// Checks an id that must be there: `N` bytes, not all zero.
pub(crate) fn check_id<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], SpanProblem> {
    match <[u8; N]>::try_from(bytes) {
        Ok(id) if id != [0; N] => Ok(id),
        _ => Err(SpanProblem::Id { field, value: hex(bytes), expected: N }),
    }
}

/// Checks an id that may be absent: empty, or `N` zero bytes.
pub(crate) fn check_optional_id<const N: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<Option<[u8; N]>, SpanProblem> {
    if bytes.is_empty() || bytes == [0; N] { Ok(None) } else { check_id(field, bytes).map(Some) }
}

/// Returns the bytes as lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::new();
    push_hex(bytes, &mut digits);
    digits
}
