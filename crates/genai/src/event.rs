//! Inputs and outputs that came as events, on the span, as log records, or as a list of events in an attribute.
//!
//! Four forms are in the wild: one event for each message (`gen_ai.user.message`, …, `gen_ai.choice`), with the
//! message in the attributes of a span event or the body of a log record; one event with whole lists
//! (`gen_ai.client.inference.operation.details`); a log record whose body has `input.messages` and `output.messages`,
//! as AWS's distribution writes it; and events of a dialect's own, which hold one value.
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/>

use crate::engine::Engine;
use crate::gather::is_silent;
use crate::json::{Cursor, write};
use crate::side::{Side, Sides};
use crate::value::ValueRef;
use spanwise_otlp::{AnyValueView, Attributes, EventView, LogRecordView, SpanView};

/// The event that carries whole lists of messages, and what else its call had, as attributes.
pub(crate) const DETAILS: &str = "gen_ai.client.inference.operation.details";

/// The events that are one message each: name, side, and the role if the event names none.
const MESSAGES: [(&str, Side, &str); 5] = [
    ("gen_ai.system.message", Side::Input, "system"),
    ("gen_ai.user.message", Side::Input, "user"),
    ("gen_ai.assistant.message", Side::Input, "assistant"),
    ("gen_ai.tool.message", Side::Input, "tool"),
    ("gen_ai.choice", Side::Output, "assistant"),
];

/// Fields of a message that are kept beside its role and content.
const EXTRA_FIELDS: [&str; 4] = ["tool_calls", "id", "name", "finish_reason"];

/// Returns inputs and outputs, as lists of messages or as the value of an event; the span's own events count before
/// log records.
pub(crate) fn read_events<'a>(
    span: &SpanView<'a>,
    logs: &[LogRecordView<'a>],
) -> Sides<Option<ValueRef<'a>>> {
    let mut sides = Sides::default();
    if span.events().next().is_some() {
        sides = collect(span.events().map(of_event));
        fill_from_values(&mut sides, span.events().map(|event| (event.name, event.attributes())));
    }
    if !logs.is_empty() {
        let logged = collect(logs.iter().map(of_record));
        sides.input = sides.input.or(logged.input);
        sides.output = sides.output.or(logged.output);
        fill_from_values(&mut sides, logs.iter().map(|record| (event_name(record), record.attributes())));
    }
    sides
}

/// Returns inputs and outputs of a list of message events that is the value of an attribute.
pub(crate) fn read_event_list(list: AnyValueView<'_>) -> Sides<Option<ValueRef<'static>>> {
    let events: Vec<_> = Cursor::of_attribute(list).elements().into_iter().flatten().collect();
    let names: Vec<_> = events
        .iter()
        .map(|event| event.get("event.name").and_then(Cursor::as_text).unwrap_or_default())
        .collect();
    collect(names.iter().map(|name| &**name).zip(events.into_iter().map(Fields::Body)))
}

/// Takes what is missing from events that hold one value; the first that is not empty counts.
fn fill_from_values<'a>(
    sides: &mut Sides<Option<ValueRef<'a>>>,
    events: impl Iterator<Item = (&'a str, Attributes<'a>)>,
) {
    if sides.input.is_some() && sides.output.is_some() {
        return;
    }
    for (name, attributes) in events {
        let Some(event) = Engine::get().event(name) else { continue };
        let first = |keys: &[&str]| {
            let values = keys.iter().filter_map(|key| {
                attributes.clone().filter(|(name, _)| name == key).last().map(|(_, value)| value)
            });
            values.filter(|value| !is_silent(*value)).map(ValueRef::Native).next()
        };
        sides.input = sides.input.take().or_else(|| first(event.inputs));
        sides.output = sides.output.take().or_else(|| first(event.outputs));
    }
}

/// Semantic Kernel for .NET writes the message as the JSON text of one attribute.
fn of_event(event: EventView<'_>) -> (&str, Fields<'_>) {
    let content = event.attributes().find(|(key, _)| *key == "gen_ai.event.content");
    let fields = match content {
        Some((_, content)) => Fields::Body(Cursor::of_attribute(content)),
        None => Fields::Attributes(event.attributes()),
    };
    (event.name, fields)
}

fn of_record<'a>(record: &LogRecordView<'a>) -> (&'a str, Fields<'a>) {
    match event_name(record) {
        DETAILS => (DETAILS, Fields::Attributes(record.attributes())),
        name => (name, Fields::Body(Cursor::of_attribute(record.body))),
    }
}

/// Returns the name of an event that came as a log record.
///
/// The attribute counts first: earlier versions of the log data model had the name only there, and Rust's `tracing`
/// puts the place in the source into the other.
pub(crate) fn event_name<'a>(record: &LogRecordView<'a>) -> &'a str {
    match record.attributes().find(|(key, _)| *key == "event.name") {
        Some((_, AnyValueView::String(name))) => name,
        _ => record.event_name,
    }
}

fn collect<'a>(events: impl Iterator<Item = (&'a str, Fields<'a>)>) -> Sides<Option<ValueRef<'static>>> {
    let (mut inputs, mut outputs) = (MessageList::default(), MessageList::default());
    for (name, fields) in events {
        if name == DETAILS {
            inputs.extend(fields.get("gen_ai.input.messages"));
            outputs.extend(fields.get("gen_ai.output.messages"));
        } else if let Some((_, side, role)) = MESSAGES.iter().find(|(event, _, _)| *event == name) {
            match side {
                Side::Input => inputs.push(&fields, role),
                Side::Output => {
                    outputs.push(&fields, role);
                    outputs.push_content("tool", fields.get("tool.result"));
                }
            }
        } else if let Fields::Body(body) = fields {
            let messages = |side| body.get(side)?.get("messages")?.elements();
            messages("input").into_iter().flatten().for_each(|message| inputs.push_logged(message, "user"));
            let said = messages("output").into_iter().flatten();
            said.for_each(|message| outputs.push_logged(message, "assistant"));
        }
    }
    Sides { input: inputs.finish(), output: outputs.finish() }
}

/// Where the fields of an event are.
#[derive(Clone)]
enum Fields<'a> {
    /// Each is an attribute.
    Attributes(Attributes<'a>),
    /// They are in the body, or the body is the content.
    Body(Cursor<'a>),
}

impl<'a> Fields<'a> {
    fn get(&self, key: &str) -> Option<Cursor<'a>> {
        match self {
            Fields::Attributes(attributes) => attributes
                .clone()
                .filter(|(name, _)| *name == key)
                .last()
                .map(|(_, value)| Cursor::of_attribute(value)),
            Fields::Body(body) if body.is_map() => body.get(key),
            Fields::Body(body) => (key == "content").then_some(*body),
        }
    }

    /// Returns a field of the message, which a choice may wrap in `message`.
    fn message_field(&self, key: &str) -> Option<Cursor<'a>> {
        let wrapped = self.get("message");
        let found = wrapped.filter(|message| message.is_map()).and_then(|message| message.get(key));
        // Strands has the content itself there, as a text or as blocks.
        let content = || wrapped.filter(|message| key == "content" && !message.is_map());
        found.or_else(|| self.get(key)).or_else(content).filter(|value| !value.is_falsy())
    }
}

/// Messages as the JSON text of a list, spaced as Python does.
#[derive(Default)]
struct MessageList {
    text: String,
}

impl MessageList {
    fn separate(&mut self) {
        self.text.push_str(if self.text.is_empty() { "[" } else { ", " });
    }

    /// Adds a message, unless it says nothing.
    fn push(&mut self, fields: &Fields<'_>, default_role: &str) {
        let content = fields.message_field("content");
        if content.is_none() && fields.message_field("tool_calls").is_none() {
            return;
        }
        self.separate();
        self.text.push_str("{\"role\": ");
        let role = fields.message_field("role").and_then(Cursor::as_text);
        write::string(role.as_deref().unwrap_or(default_role), &mut self.text);
        self.text.push_str(", \"content\": ");
        match content {
            Some(content) => write::json(content, &mut self.text),
            None => self.text.push_str("null"),
        }
        for key in EXTRA_FIELDS {
            if let Some(value) = fields.message_field(key) {
                self.push_field(key, value);
            }
        }
        self.text.push('}');
    }

    /// Adds a message of a log record of AWS's distribution, whose content may be wrapped once more.
    fn push_logged(&mut self, message: Cursor<'_>, default_role: &str) {
        let Some(content) = message.get("content") else { return };
        let [inner, said] = content.get_all(&["content", "message"]);
        let role = message.get("role").and_then(Cursor::as_text);
        let reason = content.get("finish_reason");
        let content = match inner.or(said).unwrap_or(content) {
            Cursor::Native(value) => Cursor::of_attribute(value),
            json => json,
        };
        self.push_content(role.as_deref().unwrap_or(default_role), Some(content));
        if let Some(reason) = reason
            && self.text.ends_with('}')
        {
            self.text.pop();
            self.push_field("finish_reason", reason);
            self.text.push('}');
        }
    }

    /// Adds a message of that content, if there is one.
    fn push_content(&mut self, role: &str, content: Option<Cursor<'_>>) {
        let Some(content) = content.filter(|content| !content.is_falsy()) else { return };
        self.separate();
        self.text.push_str("{\"role\": ");
        write::string(role, &mut self.text);
        self.push_field("content", content);
        self.text.push('}');
    }

    fn push_field(&mut self, key: &str, value: Cursor<'_>) {
        self.text.push_str(", ");
        write::string(key, &mut self.text);
        self.text.push_str(": ");
        write::json(value, &mut self.text);
    }

    /// Adds the messages of a list.
    fn extend(&mut self, list: Option<Cursor<'_>>) {
        for message in list.and_then(Cursor::elements).into_iter().flatten() {
            self.separate();
            write::json(message, &mut self.text);
        }
    }

    fn finish(mut self) -> Option<ValueRef<'static>> {
        if self.text.is_empty() {
            return None;
        }
        self.text.push(']');
        Some(ValueRef::Json(self.text.into()))
    }
}
