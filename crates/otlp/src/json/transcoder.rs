//! The walk over a request's structure: messages, lists, and spans that are left out.

use crate::json::parser::{Parser, Token};
use crate::json::{Fault, REJECTED_MAX, Rejected, ValueFault};
use crate::nest::Nest;
use crate::schema::{FieldSpec, KEY_VALUE, Kind, Message, SPAN};
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;

/// Characters of a wrong value that an error repeats.
const SHOWN_CHARS_MAX: usize = 60;

pub(super) struct Transcoder<'a> {
    text: &'a str,
    pub(super) parser: Parser<'a>,
    /// The last string that had escapes.
    pub(super) scratch: String,
    pub(super) out: Nest,
    pub(super) rejected: Vec<Rejected>,
    pub(super) further_rejected: usize,
}

impl<'a> Transcoder<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Transcoder {
            text,
            parser: Parser::new(text),
            scratch: String::new(),
            out: Nest::default(),
            rejected: Vec::new(),
            further_rejected: 0,
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
        self.fields(message, levels).map_err(|mut fault| {
            if let Fault::Value(fault) = &mut fault
                && std::ptr::eq(message, &KEY_VALUE)
            {
                fault.attribute = Some(start);
            }
            fault
        })
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
        let item = self.parser.skip_value(&mut self.scratch)?;
        if self.rejected.len() < REJECTED_MAX {
            let reason = format!("{}: {}", subject(message, item), fault.message(self.text));
            self.rejected.push(Rejected { reason });
        } else {
            self.further_rejected += 1;
        }
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
    if std::ptr::eq(message, &SPAN) {
        let (name, span_id) = (text_field(text, "name", "name"), text_field(text, "spanId", "span_id"));
        format!("span `{name}` ({span_id})")
    } else {
        format!("log record `{}`", text_field(text, "eventName", "event_name"))
    }
}

/// Finds a text in the object that `text` starts with; empty if it is not there.
#[cold]
pub(super) fn text_field(text: &str, json_name: &str, name: &str) -> String {
    let (mut parser, mut first) = (Parser::new(text), true);
    let (mut scratch, mut found) = (String::new(), String::new());
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
