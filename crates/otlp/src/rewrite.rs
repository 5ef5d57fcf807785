//! Replaces texts and values inside requests, and leaves every other byte as it came.
//!
//! A first pass walks the tables of the messages and asks a [`Rewriter`] about each part; only if it changes something, a
//! second one writes the message anew, in which the lengths of all messages around a change are put right. Unknown
//! fields, and fields that no table can explain, are copied unless the rewriter wants none of them.

use crate::nest::Nest;
use crate::number::{any_value, key_value};
use crate::schema::{
    ANY_VALUE, ARRAY_VALUE, KEY_VALUE, KEY_VALUE_LIST, Kind, LOGS_REQUEST, Message, RESOURCE_LOGS,
    RESOURCE_SPANS, TRACES_REQUEST,
};
use crate::wire::{Field, Payload, Reader, Repeated, text_of};
use crate::write::push_bytes;
use spanwise_model::limit::ATTRIBUTE_DEPTH_MAX;
use std::borrow::Cow;
use std::ops::Range;

/// A tag that no field can have.
const UNREADABLE: u8 = 0x07;
/// A byte that no UTF-8 has.
const NO_TEXT: u8 = 0xff;

/// One step into a value: the key of an entry, or the place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueStep<'a> {
    /// An entry of a map.
    Key(Cow<'a, str>),
    /// An element of a list.
    Index(usize),
}

/// Where a part of a message stands.
#[derive(Debug, Clone, Default)]
pub struct Place<'a> {
    /// The key of the attribute whose value it is, or is in; `None` for other fields, such as names.
    pub attribute: Option<Cow<'a, str>>,
    /// The steps from the attribute's value (or a log record's body) to it.
    pub steps: Vec<ValueStep<'a>>,
}

impl Place<'_> {
    /// Returns the name that is nearest: that of the innermost entry, else that of the attribute.
    pub fn key(&self) -> Option<&str> {
        let entry = self.steps.iter().rev().find_map(|step| match step {
            ValueStep::Key(key) => Some(&**key),
            ValueStep::Index(_) => None,
        });
        entry.or(self.attribute.as_deref())
    }
}

/// Decides what becomes of the parts of a request; `None` leaves a part as it is.
pub trait Rewriter {
    /// The resource of that place in the request begins.
    fn begin_resource(&mut self, index: usize);

    /// A value of any type, before its parts are asked about: a text takes its place.
    fn value(&mut self, place: &Place<'_>) -> Option<String>;

    /// A text: an attribute's value or a part of it, a key, a name, a message.
    fn text(&mut self, place: &Place<'_>, text: &str) -> Option<String>;

    /// A whole number; a text takes its place.
    fn number(&mut self, place: &Place<'_>, digits: &str) -> Option<String>;

    /// Bytes of a value.
    fn bytes(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Vec<u8>>;

    /// A field that can't be explained; returns whether it is left out.
    fn leaves_out(&mut self, field: &[u8]) -> bool;
}

/// Rewrites an `ExportTraceServiceRequest`; `None`: nothing changes.
pub fn rewrite_traces(body: &[u8], rewriter: &mut dyn Rewriter) -> Option<Vec<u8>> {
    rewrite(body, &TRACES_REQUEST, rewriter)
}

/// Rewrites an `ExportLogsServiceRequest`; `None`: nothing changes.
pub fn rewrite_logs(body: &[u8], rewriter: &mut dyn Rewriter) -> Option<Vec<u8>> {
    rewrite(body, &LOGS_REQUEST, rewriter)
}

/// Rewrites a message of any kind; `None`: nothing changes.
pub(crate) fn rewrite(
    body: &[u8],
    request: &'static Message,
    rewriter: &mut dyn Rewriter,
) -> Option<Vec<u8>> {
    let mut walker =
        Walker { body, rewriter, edits: Vec::new(), place: Place::default(), resources: 0, levels: 0 };
    walker.message(body, request);
    (!walker.edits.is_empty()).then(|| apply(body, &walker.edits))
}

/// A field that is replaced.
#[derive(Debug)]
struct Edit {
    /// Where it stands in the request, tag included.
    range: Range<usize>,
    /// What takes its place, tag included; empty if nothing does.
    field: Vec<u8>,
}

struct Walker<'a, 'r> {
    body: &'a [u8],
    rewriter: &'r mut dyn Rewriter,
    edits: Vec<Edit>,
    place: Place<'a>,
    resources: usize,
    /// Lists and maps that are open.
    levels: usize,
}

impl<'a> Walker<'a, '_> {
    /// Walks a message. Where its bytes are broken, the rest of it is one part that can't be explained.
    fn message(&mut self, message: &'a [u8], table: &'static Message) {
        let mut reader = Reader::new(message);
        let mut elements = 0;
        loop {
            let start = reader.position();
            match reader.next_field() {
                Ok(Some(field)) => {
                    self.field(&message[start..reader.position()], &field, table, &mut elements)
                }
                Ok(None) => return,
                Err(_) => return self.broken(&message[start..]),
            }
        }
    }

    fn field(&mut self, whole: &'a [u8], field: &Field<'a>, table: &'static Message, elements: &mut usize) {
        let kind = table.index_of(field.number).map(|index| table.fields[index].kind);
        match (kind, field.payload) {
            (Some(Kind::Text | Kind::RepeatedText), Payload::Bytes(bytes)) => self.text(whole, field, bytes),
            (Some(Kind::Bytes), Payload::Bytes(bytes)) => self.bytes(whole, field, bytes),
            (Some(Kind::Int64), Payload::Varint(bits)) => self.number(whole, &bits.cast_signed().to_string()),
            (Some(Kind::Double), Payload::Fixed64(bits)) => self.double(whole, f64::from_bits(bits)),
            (
                Some(Kind::Message(inner) | Kind::Repeated(inner) | Kind::Items(inner)),
                Payload::Bytes(bytes),
            ) => self.inner(whole, field, bytes, (table, inner), elements),
            (Some(Kind::Container(inner)), Payload::Bytes(bytes)) => self.container(whole, bytes, inner),
            // An id, a time, a flag: nothing to replace.
            (Some(_), Payload::Varint(_) | Payload::Fixed64(_) | Payload::Fixed32(_)) => {}
            (Some(Kind::Id(length)), Payload::Bytes(bytes)) if bytes.len() == length => {}
            // No id, so it may be anything.
            (Some(Kind::Id(_)), Payload::Bytes(_)) => self.unexplained(whole),
            (None, Payload::Varint(_) | Payload::Fixed64(_) | Payload::Fixed32(_)) => {}
            (None, Payload::Bytes(_) | Payload::Group) => self.unexplained(whole),
            // A field of the wrong type: what has it is refused, and stays so.
            _ => self.broken(whole),
        }
    }

    fn text(&mut self, whole: &'a [u8], field: &Field<'a>, bytes: &'a [u8]) {
        let Some(text) = text_of(bytes) else { return self.no_text(whole, field.number) };
        if let Some(new) = self.rewriter.text(&self.place, text) {
            self.replace(whole, field.number, new.as_bytes());
        }
    }

    fn bytes(&mut self, whole: &'a [u8], field: &Field<'a>, bytes: &'a [u8]) {
        if let Some(new) = self.rewriter.bytes(&self.place, bytes) {
            self.replace(whole, field.number, &new);
        }
    }

    /// Only values have numbers that texts can take the place of.
    fn number(&mut self, whole: &'a [u8], digits: &str) {
        if let Some(new) = self.rewriter.number(&self.place, digits) {
            self.replace(whole, any_value::STRING, new.as_bytes());
        }
    }

    fn double(&mut self, whole: &'a [u8], value: f64) {
        // Beyond these the digits are not those that were meant.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() <= EXACT {
            self.number(whole, &(value as i64).to_string());
        }
    }

    fn inner(
        &mut self,
        whole: &'a [u8],
        field: &Field<'a>,
        bytes: &'a [u8],
        tables: (&'static Message, &'static Message),
        elements: &mut usize,
    ) {
        let (owner, inner) = tables;
        if std::ptr::eq(inner, &RESOURCE_SPANS) || std::ptr::eq(inner, &RESOURCE_LOGS) {
            self.rewriter.begin_resource(self.resources);
            self.resources += 1;
        }
        if std::ptr::eq(inner, &KEY_VALUE) {
            self.entry(bytes, std::ptr::eq(owner, &KEY_VALUE_LIST));
        } else if !std::ptr::eq(inner, &ANY_VALUE) {
            self.message(bytes, inner);
        } else if std::ptr::eq(owner, &ARRAY_VALUE) {
            self.place.steps.push(ValueStep::Index(*elements));
            *elements += 1;
            self.value(whole, field.number, bytes);
            self.place.steps.pop();
        } else {
            self.value(whole, field.number, bytes);
        }
    }

    /// Walks a list or a map.
    fn container(&mut self, whole: &'a [u8], bytes: &'a [u8], inner: &'static Message) {
        if self.levels == ATTRIBUTE_DEPTH_MAX {
            // Deeper than may be: what has it is refused.
            return self.broken(whole);
        }
        self.levels += 1;
        self.message(bytes, inner);
        self.levels -= 1;
    }

    /// Walks a `KeyValue`: an entry of a map, or else an attribute.
    fn entry(&mut self, message: &'a [u8], is_in_map: bool) {
        // Bytes that are no text stay as they are, and the span that has them is refused.
        let key = Repeated::new(message, key_value::KEY).last().and_then(text_of).unwrap_or_default();
        let mut reader = Reader::new(message);
        loop {
            let start = reader.position();
            let field = match reader.next_field() {
                Ok(Some(field)) => field,
                Ok(None) => return,
                Err(_) => return self.broken(&message[start..]),
            };
            let whole = &message[start..reader.position()];
            match (field.number, field.payload) {
                (key_value::VALUE, Payload::Bytes(bytes)) if is_in_map => {
                    self.place.steps.push(ValueStep::Key(key.into()));
                    self.value(whole, field.number, bytes);
                    self.place.steps.pop();
                }
                (key_value::VALUE, Payload::Bytes(bytes)) => {
                    self.place.attribute = Some(key.into());
                    self.value(whole, field.number, bytes);
                    self.place.attribute = None;
                }
                _ => {
                    // A key is not the value of what it names.
                    let place = std::mem::take(&mut self.place);
                    self.field(whole, &field, &KEY_VALUE, &mut 0);
                    self.place = place;
                }
            }
        }
    }

    fn value(&mut self, whole: &'a [u8], number: u32, message: &'a [u8]) {
        let Some(text) = self.rewriter.value(&self.place) else {
            return self.message(message, &ANY_VALUE);
        };
        let mut value = Vec::new();
        push_bytes(&mut value, any_value::STRING, text.as_bytes());
        self.replace(whole, number, &value);
    }

    fn replace(&mut self, whole: &'a [u8], number: u32, bytes: &[u8]) {
        let mut field = Vec::with_capacity(bytes.len() + 8);
        push_bytes(&mut field, number, bytes);
        self.edit(whole, field);
    }

    fn unexplained(&mut self, whole: &'a [u8]) {
        if self.rewriter.leaves_out(whole) {
            self.edit(whole, Vec::new());
        }
    }

    /// What can't even be read is not made readable by leaving it out: it stays broken.
    fn broken(&mut self, rest: &'a [u8]) {
        if self.rewriter.leaves_out(rest) {
            self.edit(rest, vec![UNREADABLE]);
        }
    }

    /// Bytes that should be a text are no text afterwards either, so that what has them is refused as ever.
    fn no_text(&mut self, whole: &'a [u8], number: u32) {
        if self.rewriter.leaves_out(whole) {
            self.replace(whole, number, &[NO_TEXT]);
        }
    }

    fn edit(&mut self, part: &'a [u8], field: Vec<u8>) {
        let start = part.as_ptr() as usize - self.body.as_ptr() as usize;
        self.edits.push(Edit { range: start..start + part.len(), field });
    }
}

/// Writes a request with its edits, which are in order.
fn apply(body: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut writer = Writer { body, edits, nest: Nest::default() };
    writer.message(0..body.len());
    writer.nest.finish()
}

struct Writer<'a> {
    body: &'a [u8],
    edits: &'a [Edit],
    nest: Nest,
}

impl Writer<'_> {
    fn message(&mut self, range: Range<usize>) {
        let mut reader = Reader::new(&self.body[range.clone()]);
        loop {
            let start = range.start + reader.position();
            if start == range.end {
                return;
            }
            match reader.next_field() {
                Ok(Some(field)) => self.field(&field, start..range.start + reader.position()),
                _ => return self.part(start..range.end),
            }
        }
    }

    fn field(&mut self, field: &Field<'_>, whole: Range<usize>) {
        let has_edits_inside =
            self.edits.first().is_some_and(|edit| edit.range.start < whole.end && edit.range != whole);
        match field.payload {
            Payload::Bytes(bytes) if has_edits_inside => {
                let open = self.nest.open(field.number);
                self.message(whole.end - bytes.len()..whole.end);
                self.nest.close(open);
            }
            _ => self.part(whole),
        }
    }

    /// Copies a part, or writes what takes its place.
    fn part(&mut self, whole: Range<usize>) {
        match self.edits.split_first() {
            Some((edit, rest)) if edit.range == whole => {
                self.nest.bytes.extend_from_slice(&edit.field);
                self.edits = rest;
            }
            _ => self.nest.bytes.extend_from_slice(&self.body[whole]),
        }
    }
}
