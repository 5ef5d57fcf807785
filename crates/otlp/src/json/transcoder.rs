//! The walk over a request's structure: messages, lists, and spans that are left out.

use crate::json::parser::{Parser, Token};
use crate::json::{Fault, Rejected, ValueFault};
use crate::nest::Nest;
use crate::schema::{FieldSpec, KEY_VALUE, Kind, Message, SPAN};
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;

/// Characters of a wrong value that an error repeats.
const SHOWN_CHARS_MAX: usize = 60;

pub(super) struct Transcoder<'a> {
    pub(super) parser: Parser<'a>,
    /// The last string that had escapes.
    pub(super) scratch: String,
    pub(super) out: Nest,
    pub(super) rejected: Vec<Rejected>,
}

impl<'a> Transcoder<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Transcoder {
            parser: Parser::new(text),
            scratch: String::new(),
            out: Nest::default(),
            rejected: Vec::new(),
        }
    }

    pub(super) fn request(&mut self, request: &'static Message) -> Result<(), Fault> {
        self.message(request, ATTRIBUTE_DEPTH_MAX)?;
        Ok(self.parser.end()?)
    }

    /// Reads the fields of a message; `levels` is how many containers may still nest in it.
    fn message(&mut self, message: &'static Message, levels: usize) -> Result<(), Fault> {
        if self.parser.peek()? != Token::Object {
            return Err(self.wrong_type(message.name, "an object"));
        }
        let start = self.parser.position();
        let result = self.fields(message, levels);
        match result {
            Err(Fault::Value(fault)) if std::ptr::eq(message, &KEY_VALUE) => {
                Err(self.in_attribute(fault, start))
            }
            result => result,
        }
    }

    fn fields(&mut self, message: &'static Message, levels: usize) -> Result<(), Fault> {
        self.parser.begin_object()?;
        let mut first = true;
        while let Some(key) = self.parser.next_key(&mut first, &mut self.scratch)? {
            match message.field_by_name(key) {
                Some(field) => self.field(field, message.oneof, levels)?,
                None => drop(self.parser.skip_value(&mut self.scratch)?),
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &FieldSpec, is_explicit: bool, levels: usize) -> Result<(), Fault> {
        if self.parser.peek()? == Token::Null {
            return Ok(self.parser.literal("null")?);
        }
        match field.kind {
            Kind::Text => self.text(field, is_explicit),
            Kind::Id(length) => self.id(field, length),
            Kind::Bytes => self.bytes(field),
            Kind::Bool => self.boolean(field),
            Kind::Enum(names) => self.enumeration(field, names),
            Kind::Int64 => self.int64(field),
            Kind::Uint32 | Kind::Fixed32 | Kind::Fixed64 => self.unsigned(field),
            Kind::Double => self.double(field),
            Kind::Message(message) => self.nested(field, message, levels),
            Kind::Container(message) => match levels.checked_sub(1) {
                Some(levels) => self.nested(field, message, levels),
                None => Err(self.too_deep()),
            },
            Kind::RepeatedText => self.elements(field, |this| this.text(field, true)),
            Kind::Repeated(message) => self.elements(field, |this| this.nested(field, message, levels)),
            Kind::Items(message) => self.elements(field, |this| this.item(field, message, levels)),
        }
    }

    fn nested(&mut self, field: &FieldSpec, message: &'static Message, levels: usize) -> Result<(), Fault> {
        let open = self.out.open(field.number);
        // Only a list of values can hold null, which is an empty value.
        if message.oneof && self.parser.peek()? == Token::Null {
            self.parser.literal("null")?;
        } else {
            self.message(message, levels)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn elements(
        &mut self,
        field: &FieldSpec,
        mut element: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.parser.peek()? != Token::Array {
            return Err(self.wrong_value(field, "an array"));
        }
        self.parser.begin_array()?;
        let mut first = true;
        while self.parser.next_element(&mut first)? {
            element(self)?;
        }
        Ok(())
    }

    /// Reads a span or log record; a wrong value costs only this one.
    fn item(&mut self, field: &FieldSpec, message: &'static Message, levels: usize) -> Result<(), Fault> {
        let (start, mark) = (self.parser.position(), self.out.mark());
        let fault = match self.nested(field, message, levels) {
            Err(Fault::Value(fault)) => fault,
            result => return result,
        };
        self.out.rewind(mark);
        self.parser.rewind(start);
        let text = self.parser.skip_value(&mut self.scratch)?;
        let subject = subject(message, text);
        self.rejected.push(Rejected { reason: format!("{subject}: {}", fault.message()) });
        Ok(())
    }

    /// Refuses the value that comes next.
    #[cold]
    pub(super) fn wrong_value(&mut self, field: &FieldSpec, expected: &str) -> Fault {
        self.wrong_type(field.json_name, expected)
    }

    #[cold]
    fn wrong_type(&mut self, name: &str, expected: &str) -> Fault {
        let at = self.parser.position();
        match self.parser.skip_value(&mut self.scratch) {
            Ok(value) => value_fault(at, format!("field `{name}` is {}; expected {expected}", shown(value))),
            Err(error) => error.into(),
        }
    }

    #[cold]
    fn too_deep(&mut self) -> Fault {
        value_fault(self.parser.position(), format!("nested deeper than {ATTRIBUTE_DEPTH_MAX} levels"))
    }

    /// Adds the key of the attribute at `start` to what is wrong inside it.
    #[cold]
    fn in_attribute(&mut self, mut fault: Box<ValueFault>, start: usize) -> Fault {
        self.parser.rewind(start);
        fault.attribute = Some(text_field(self.parser.clone(), "key", "key"));
        Fault::Value(fault)
    }
}

fn value_fault(at: usize, problem: String) -> Fault {
    Fault::Value(Box::new(ValueFault { at, attribute: None, problem }))
}

fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.into(),
    }
}

/// Names a span or log record in an error, as the protobuf reader does.
#[cold]
fn subject(message: &'static Message, text: &str) -> String {
    let parser = Parser::new(text);
    if std::ptr::eq(message, &SPAN) {
        let name = text_field(parser.clone(), "name", "name");
        format!("span `{name}` ({})", text_field(parser, "spanId", "span_id"))
    } else {
        format!("log record `{}`", text_field(parser, "eventName", "event_name"))
    }
}

/// Finds a text in the object that comes next; empty if it is not there.
fn text_field(mut parser: Parser<'_>, json_name: &str, name: &str) -> String {
    let (mut scratch, mut first, mut found) = (String::new(), true, String::new());
    if parser.begin_object().is_err() {
        return found;
    }
    while let Ok(Some(key)) = parser.next_key(&mut first, &mut scratch) {
        let is_wanted = key == json_name || key == name;
        match parser.peek() {
            Ok(Token::String) if is_wanted => {
                found = parser.string(&mut scratch).unwrap_or_default().into();
            }
            _ if parser.skip_value(&mut scratch).is_err() => break,
            _ => {}
        }
    }
    found
}
