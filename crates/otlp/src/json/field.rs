//! The fields that hold a scalar.

use crate::json::Fault;
use crate::json::parser::{Parser, SyntaxError, Token};
use crate::json::scalar::{Integer, parse_base64, parse_double, parse_id, parse_integer};
use crate::json::transcoder::Transcoder;
use crate::number::any_value;
use crate::schema::{FieldSpec, Kind};
use crate::write::{push_bytes, push_fixed32, push_fixed64, push_integer};

impl Transcoder<'_> {
    /// Reads a text; an empty one is written only where that differs from an absent one.
    pub(super) fn text(&mut self, field: &FieldSpec, is_explicit: bool) -> Result<(), Fault> {
        if self.parser.peek()? != Token::String {
            return Err(self.wrong_value(field, "a string"));
        }
        let text = self.parser.string(&mut self.scratch)?;
        if is_explicit || !text.is_empty() {
            push_bytes(&mut self.out.bytes, field.number, text.as_bytes());
        }
        Ok(())
    }

    pub(super) fn id(&mut self, field: &FieldSpec, length: usize) -> Result<(), Fault> {
        let start = self.parser.position();
        let text = scalar_text(&mut self.parser, &mut self.scratch)?;
        let Some(id) = text.and_then(|text| parse_id(text, length)) else {
            return Err(self.wrong_value_at(start, field, &format!("{} hex digits", length * 2)));
        };
        if !id.is_empty() {
            push_bytes(&mut self.out.bytes, field.number, &id);
        }
        Ok(())
    }

    pub(super) fn bytes(&mut self, field: &FieldSpec) -> Result<(), Fault> {
        let start = self.parser.position();
        let text = scalar_text(&mut self.parser, &mut self.scratch)?;
        let Some(bytes) = text.and_then(parse_base64) else {
            return Err(self.wrong_value_at(start, field, "base64"));
        };
        push_bytes(&mut self.out.bytes, field.number, &bytes);
        Ok(())
    }

    pub(super) fn boolean(&mut self, field: &FieldSpec) -> Result<(), Fault> {
        let value = match self.parser.peek()? {
            Token::True => self.parser.literal("true").map(|()| true)?,
            Token::False => self.parser.literal("false").map(|()| false)?,
            _ => return Err(self.wrong_value(field, "true or false")),
        };
        push_integer(&mut self.out.bytes, field.number, value.into());
        Ok(())
    }

    /// Reads a number or a name; a name that is not known is ignored, as an unknown field is.
    pub(super) fn enumeration(
        &mut self,
        field: &FieldSpec,
        names: &'static [(&'static str, i32)],
    ) -> Result<(), Fault> {
        let start = self.parser.position();
        let is_text = self.parser.peek()? == Token::String;
        let text = scalar_text(&mut self.parser, &mut self.scratch)?.unwrap_or_default();
        let value = match parse_integer(text) {
            Integer::Value(value) => i32::try_from(value).ok(),
            _ if is_text => {
                names.iter().find(|(name, _)| *name == text).map_or(Some(0), |(_, value)| Some(*value))
            }
            _ => None,
        };
        match value {
            Some(0) => {}
            // Protobuf extends the sign of an enum to 64 bits.
            Some(value) => push_integer(&mut self.out.bytes, field.number, i64::from(value).cast_unsigned()),
            None => return Err(self.wrong_value_at(start, field, "a number or a name of the enum")),
        }
        Ok(())
    }

    /// Reads an `intValue`; one that is too wide is kept as text.
    pub(super) fn int64(&mut self, field: &FieldSpec) -> Result<(), Fault> {
        let start = self.parser.position();
        let text = scalar_text(&mut self.parser, &mut self.scratch)?.unwrap_or_default();
        let value = match parse_integer(text) {
            Integer::Value(value) => i64::try_from(value).ok(),
            Integer::Wide => None,
            Integer::No => return Err(self.wrong_value_at(start, field, "an integer")),
        };
        match value {
            Some(value) => push_integer(&mut self.out.bytes, field.number, value.cast_unsigned()),
            None => push_bytes(&mut self.out.bytes, any_value::STRING, text.as_bytes()),
        }
        Ok(())
    }

    /// Reads an unsigned integer of the field's width; 0 is the same as absent.
    pub(super) fn unsigned(&mut self, field: &FieldSpec) -> Result<(), Fault> {
        let start = self.parser.position();
        let max = if matches!(field.kind, Kind::Fixed64) { u64::MAX } else { u32::MAX.into() };
        let text = scalar_text(&mut self.parser, &mut self.scratch)?.unwrap_or_default();
        let value = match parse_integer(text) {
            Integer::Value(value) => u64::try_from(value).ok().filter(|&value| value <= max),
            Integer::Wide | Integer::No => None,
        };
        let out = &mut self.out.bytes;
        match (value, field.kind) {
            (None, _) => {
                return Err(self.wrong_value_at(start, field, &format!("an integer from 0 to {max}")));
            }
            (Some(0), _) => {}
            (Some(value), Kind::Fixed64) => push_fixed64(out, field.number, value),
            (Some(value), Kind::Fixed32) => push_fixed32(out, field.number, value as u32),
            (Some(value), _) => push_integer(out, field.number, value),
        }
        Ok(())
    }

    pub(super) fn double(&mut self, field: &FieldSpec) -> Result<(), Fault> {
        let start = self.parser.position();
        let text = scalar_text(&mut self.parser, &mut self.scratch)?;
        let Some(value) = text.and_then(parse_double) else {
            return Err(self.wrong_value_at(start, field, "a number"));
        };
        push_fixed64(&mut self.out.bytes, field.number, value.to_bits());
        Ok(())
    }

    #[cold]
    fn wrong_value_at(&mut self, start: usize, field: &FieldSpec, expected: &str) -> Fault {
        self.parser.rewind(start);
        self.wrong_value(field, expected)
    }
}

/// Reads a string or a number as text, and leaves any other value where it is.
fn scalar_text<'s, 'a: 's>(
    parser: &mut Parser<'a>,
    scratch: &'s mut String,
) -> Result<Option<&'s str>, SyntaxError> {
    match parser.peek()? {
        Token::String => parser.string(scratch).map(Some),
        Token::Number => parser.number().map(Some),
        _ => Ok(None),
    }
}
