//! What a provider answers, in one form for all, gathered piece by piece.

use crate::call::Options;
use crate::error::Failure;
use crate::json::parsed;
use crate::part::{call_part, reasoning_part, text_part};
use crate::request::{json_text, put};
use crate::usage::Usage;
use serde_json::{Value, json};
use spanwise_sdk_core::SpanRef;

/// Alternatives of an answer that are kept; providers give at most 128.
const CHOICES_MAX: usize = 256;
/// Parts of one alternative that are kept.
const PARTS_MAX: usize = 1024;
/// The first key of calls of tools that have to share the number of another; below are those with a number of their own.
const MOVED_CALLS: u64 = 1 << 31;
/// How many bytes of an answer are not on the span.
const OMITTED: &str = "spanwise.response.omitted_bytes";

/// What a provider answers.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) usage: Usage,
    pub(crate) failure: Option<Failure>,
    /// The provider has said that this was all.
    pub(crate) is_done: bool,
    /// Something of the answer itself has come.
    pub(crate) has_content: bool,
    /// How many vectors came, and how many numbers each has.
    pub(crate) embeddings: Option<(u64, Option<u64>)>,
    /// What came out, where that is no conversation.
    pub(crate) outputs: Option<Value>,
    pub(crate) attributes: Vec<(&'static str, Value)>,
    /// What could not be kept.
    pub(crate) omitted_bytes: u64,
    /// Bytes that may still be kept.
    room: usize,
    bytes_max: usize,
    choices: Vec<Choice>,
}

#[derive(Debug)]
struct Choice {
    index: u64,
    role: String,
    parts: Vec<(u64, Part)>,
    /// Calls that were told with a key that another call has: that key, and the one that they have instead.
    moved_calls: Vec<(u64, u64)>,
    finish_reason: Option<String>,
}

/// A part that may still grow.
#[derive(Debug)]
enum Part {
    Text(String),
    Reasoning(String),
    Call { id: String, name: String, arguments: String, input: Option<Value> },
    Other(Value),
}

/// What a provider says of a call of a tool at once; the arguments may come later, in pieces.
#[derive(Debug, Default)]
pub(crate) struct CallStart<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) input: Option<Value>,
}

impl Reply {
    /// Begins a reply of which so many bytes may be kept.
    pub(crate) fn with_room(bytes_max: usize) -> Reply {
        Reply { room: bytes_max, bytes_max, ..Reply::default() }
    }

    /// Takes room for so many bytes; where there is none, nothing that comes later is kept either, since what is behind a
    /// gap would be read as if there were none.
    fn take_room(&mut self, bytes: usize) -> bool {
        self.has_content = true;
        match self.room.checked_sub(bytes) {
            Some(room) => {
                self.room = room;
                true
            }
            None => {
                self.room = 0;
                self.omit(bytes);
                false
            }
        }
    }

    /// Counts what is not kept.
    pub(crate) fn omit(&mut self, bytes: usize) {
        self.omitted_bytes = self.omitted_bytes.saturating_add(bytes as u64);
    }

    fn choice(&mut self, index: u64) -> Option<&mut Choice> {
        let place = self.choices.iter().position(|choice| choice.index == index);
        let place = match place {
            Some(place) => place,
            None if self.choices.len() == CHOICES_MAX => return None,
            None => {
                let role = "assistant".to_owned();
                self.choices.push(Choice {
                    index,
                    role,
                    parts: Vec::new(),
                    moved_calls: Vec::new(),
                    finish_reason: None,
                });
                self.choices.len() - 1
            }
        };
        self.choices.get_mut(place)
    }

    fn part(&mut self, index: u64, key: u64, new: impl FnOnce() -> Part) -> Option<&mut Part> {
        let parts = &mut self.choice(index)?.parts;
        // Pieces belong to the newest part nearly always.
        let place = parts.iter().rposition(|(own, _)| *own == key);
        let place = match place {
            Some(place) => place,
            None if parts.len() == PARTS_MAX => return None,
            None => {
                parts.push((key, new()));
                parts.len() - 1
            }
        };
        parts.get_mut(place).map(|(_, part)| part)
    }

    /// Appends to a text; `key` tells the parts of an alternative apart.
    pub(crate) fn add_text(&mut self, index: u64, key: u64, more: &str) {
        if more.is_empty() || !self.take_room(more.len()) {
            return;
        }
        match self.part(index, key, || Part::Text(String::new())) {
            Some(Part::Text(text)) => text.push_str(more),
            _ => self.omit(more.len()),
        }
    }

    /// Appends to a thought.
    pub(crate) fn add_reasoning(&mut self, index: u64, key: u64, more: &str) {
        if more.is_empty() || !self.take_room(more.len()) {
            return;
        }
        match self.part(index, key, || Part::Reasoning(String::new())) {
            Some(Part::Reasoning(text)) => text.push_str(more),
            _ => self.omit(more.len()),
        }
    }

    /// Returns the key of the call that a piece with the number `key` belongs to: the newest with that number, unless the
    /// piece begins another one. Some servers give all calls of an answer one number, and only ids tell them apart; others
    /// make a new id for each piece, but tell the name only once.
    pub(crate) fn call_key(&mut self, index: u64, key: u64, start: &CallStart<'_>) -> u64 {
        let Some(choice) = self.choice(index) else { return key };
        let moved = choice.moved_calls.iter().rev().find(|(own, _)| *own == key);
        let newest = moved.map_or(key, |(_, moved)| *moved);
        let part = choice.parts.iter().rfind(|(own, _)| *own == newest).map(|(_, part)| part);
        let is_other = |id: &str| !id.is_empty() && id != start.id;
        match part {
            Some(Part::Call { id, .. }) if is_other(id) && !start.id.is_empty() && !start.name.is_empty() => {
                let free = MOVED_CALLS + choice.moved_calls.len() as u64;
                choice.moved_calls.push((key, free));
                free
            }
            _ => newest,
        }
    }

    /// Begins a call of a tool, or adds what was not told before.
    pub(crate) fn start_call(&mut self, index: u64, key: u64, start: CallStart<'_>) {
        let bytes = start.id.len() + start.name.len() + start.input.as_ref().map_or(0, size_of);
        if !self.take_room(bytes) {
            return;
        }
        match self.part(index, key, Part::empty_call) {
            Some(Part::Call { id, name, input, .. }) => {
                if id.is_empty() {
                    id.push_str(start.id);
                }
                if name.is_empty() {
                    name.push_str(start.name);
                }
                *input = start.input.or(input.take());
            }
            _ => self.omit(bytes),
        }
    }

    /// Appends to the arguments of a call.
    pub(crate) fn add_arguments(&mut self, index: u64, key: u64, more: &str) {
        if more.is_empty() || !self.take_room(more.len()) {
            return;
        }
        match self.part(index, key, Part::empty_call) {
            Some(Part::Call { arguments, .. }) => arguments.push_str(more),
            _ => self.omit(more.len()),
        }
    }

    /// Sets a part that is whole.
    pub(crate) fn set_other(&mut self, index: u64, key: u64, value: Value) {
        let bytes = size_of(&value);
        if !self.take_room(bytes) {
            return;
        }
        match self.part(index, key, || Part::Other(Value::Null)) {
            Some(part) => *part = Part::Other(value),
            None => self.omit(bytes),
        }
    }

    /// Adds parts in OpenTelemetry's words, under the keys from `key` on. Texts and thoughts that follow each other in
    /// pieces are put together.
    pub(crate) fn add_parts(&mut self, index: u64, key: u64, parts: Vec<Value>) {
        for (at, part) in parts.into_iter().enumerate() {
            let key = key.saturating_add(at as u64);
            let content = part.get("content").and_then(Value::as_str);
            match (part.get("type").and_then(Value::as_str), content) {
                (Some("text"), Some(text)) => self.add_text(index, key, text),
                (Some("reasoning"), Some(text)) => self.add_reasoning(index, key, text),
                _ => self.set_other(index, key, part),
            }
        }
    }

    /// Returns a key for the next part: that of the last one, if it is a text and this is more of it, and so for thoughts.
    pub(crate) fn next_key(&self, index: u64, kind: PartKind) -> u64 {
        let choice = self.choices.iter().find(|choice| choice.index == index);
        let last = choice.and_then(|choice| choice.parts.last());
        match last {
            Some((key, part)) if kind != PartKind::Other && part.kind() == kind => *key,
            Some((key, _)) => key.saturating_add(1),
            None => 0,
        }
    }

    pub(crate) fn set_role(&mut self, index: u64, role: &str) {
        if let Some(choice) = self.choice(index) {
            role.clone_into(&mut choice.role);
        }
    }

    pub(crate) fn set_finish_reason(&mut self, index: u64, reason: &str) {
        if let Some(choice) = self.choice(index) {
            choice.finish_reason = Some(reason.to_owned());
        }
    }

    /// Forgets what was gathered, since all of it comes again.
    pub(crate) fn restart(&mut self) {
        self.choices.clear();
        self.room = self.bytes_max;
        self.omitted_bytes = 0;
    }

    /// Adds an attribute, or changes it.
    pub(crate) fn set_attribute(&mut self, key: &'static str, value: Value) {
        match self.attributes.iter_mut().find(|(own, _)| *own == key) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((key, value)),
        }
    }

    pub(crate) fn write(&self, span: &SpanRef, options: Options) {
        let texts = [("gen_ai.response.id", &self.id), ("gen_ai.response.model", &self.model)];
        for (key, text) in texts {
            if let Some(text) = text {
                span.set_attribute(key, text.as_str());
            }
        }
        let reasons: Vec<&str> =
            self.choices.iter().filter_map(|choice| choice.finish_reason.as_deref()).collect();
        if !reasons.is_empty() {
            span.set_attribute("gen_ai.response.finish_reasons", reasons);
        }
        self.usage.write(span);
        for (key, value) in &self.attributes {
            put(span, key, value);
        }
        if self.omitted_bytes > 0 {
            span.set_attribute(OMITTED, self.omitted_bytes);
        }
        self.write_embeddings(span);
        if options.content {
            self.write_content(span);
        }
    }

    fn write_embeddings(&self, span: &SpanRef) {
        let Some((count, dimensions)) = self.embeddings else { return };
        if let Some(dimensions) = dimensions {
            span.set_attribute("gen_ai.embeddings.dimension.count", dimensions);
        }
        span.set_outputs(json!({"embeddings": count, "dimensions": dimensions}).to_string());
    }

    fn write_content(&self, span: &SpanRef) {
        let said =
            self.choices.iter().filter(|choice| !choice.parts.is_empty() || choice.finish_reason.is_some());
        let messages: Vec<Value> = said.map(Choice::message).collect();
        if !messages.is_empty() {
            span.set_attribute("gen_ai.output.messages", json_text(&messages));
        }
        if let Some(outputs) = &self.outputs {
            span.set_outputs(outputs.to_string());
        }
    }
}

/// What kind of a part it is.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum PartKind {
    /// A text.
    Text,
    /// A thought.
    Reasoning,
    /// Anything else.
    Other,
}

impl Part {
    fn empty_call() -> Part {
        Part::Call { id: String::new(), name: String::new(), arguments: String::new(), input: None }
    }

    fn kind(&self) -> PartKind {
        match self {
            Part::Text(_) => PartKind::Text,
            Part::Reasoning(_) => PartKind::Reasoning,
            Part::Call { .. } | Part::Other(_) => PartKind::Other,
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Part::Text(text) => text_part(text),
            Part::Reasoning(text) => reasoning_part(text),
            Part::Call { id, name, arguments, input } => {
                let input = match arguments.as_str() {
                    "" => input.clone().unwrap_or_default(),
                    arguments => parsed(arguments),
                };
                call_part(id, name, input)
            }
            Part::Other(value) => value.clone(),
        }
    }
}

impl Choice {
    fn message(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(|(_, part)| part.to_value()).collect();
        let mut message = json!({"role": self.role, "parts": parts});
        if let (Some(reason), Some(map)) = (&self.finish_reason, message.as_object_mut()) {
            map.insert("finish_reason".to_owned(), reason.as_str().into());
        }
        message
    }
}

/// Returns about how many bytes a value holds.
fn size_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(size_of).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + size_of(value)).sum(),
        _ => 8,
    }
}
