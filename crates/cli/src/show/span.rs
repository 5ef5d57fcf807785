//! One span for people: its messages as a conversation, its inputs, outputs, documents and errors. Pure.

use super::head::{labelled, usage_text};
use crate::api::{Body, Document, Exception, Message, SpanDetail};
use crate::terminal::{Painter, Style};
use crate::text::{Clock, cost_text, count_text, duration_text, many_lines, one_line, width, wrap};
use serde_json::Value;

/// Columns of a name in a heading.
const NAME_WIDTH_MAX: usize = 100;
/// Columns of a text below which breaking it more does not help.
const TEXT_WIDTH_MIN: usize = 20;
/// The margin of a body below its heading.
const MARGIN: &str = "  ";

/// Returns the lines of a span.
pub(super) fn lines(
    span: &SpanDetail,
    clock: &Clock,
    columns: Option<usize>,
    painter: Painter,
) -> Vec<String> {
    let mut page = Page { lines: Vec::new(), columns, painter };
    page.head(span, clock);
    match &span.input_messages {
        Some(messages) => page.messages("INPUT", messages),
        None => page.body("INPUT", span.inputs.as_ref()),
    }
    match &span.output_messages {
        Some(messages) => page.messages("OUTPUT", messages),
        None => page.body("OUTPUT", span.outputs.as_ref()),
    }
    page.documents(span.documents.as_deref().unwrap_or_default());
    page.exception(span.exception.as_ref());
    page.events(span, clock);
    page.lines
}

/// Returns what a span costs and why; that it is not known is said of calls of models only.
fn cost_line(span: &SpanDetail) -> Option<String> {
    let reason = span.cost_reason.as_ref().map(|reason| one_line(&reason.text, NAME_WIDTH_MAX));
    match (span.cost, reason) {
        (Some(cost), Some(reason)) => Some(format!("{}  {reason}", cost_text(cost.total))),
        (Some(cost), None) => Some(cost_text(cost.total)),
        (None, reason) => reason,
    }
}

/// The lines so far.
struct Page {
    lines: Vec<String>,
    columns: Option<usize>,
    painter: Painter,
}

impl Page {
    fn head(&mut self, span: &SpanDetail, clock: &Clock) {
        let (style, status) = match span.status.as_str() {
            "ERROR" => (Style::Red, "ERROR"),
            "OK" => (Style::Green, "OK"),
            _ => (Style::Dim, ""),
        };
        let first = [
            self.painter.paint(Style::Bold, one_line(&span.name, NAME_WIDTH_MAX)),
            self.painter.paint(Style::Cyan, one_line(&span.span_type, NAME_WIDTH_MAX)),
            if status.is_empty() { String::new() } else { self.painter.paint(style, status) },
            span.duration_ns.map_or("open".to_owned(), duration_text),
            clock.text(span.start_ns, "%Y-%m-%d %H:%M:%S%.3f"),
        ];
        let first: Vec<String> = first.into_iter().filter(|part| !part.is_empty()).collect();
        self.lines.push(first.join("  "));
        let parameters: Vec<String> =
            span.parameters.iter().map(|(name, value)| format!("{name}={}", inline(value))).collect();
        let tools: Vec<&str> = span.tools.iter().flatten().map(|tool| tool.name.as_str()).collect();
        let values = [
            ("span", Some(span.span_id.clone())),
            ("parent", span.parent_id.clone()),
            ("model", span.model.clone()),
            ("provider", span.provider.clone()),
            ("parameters", (!parameters.is_empty()).then(|| parameters.join("  "))),
            ("tokens", span.usage.as_ref().map(usage_text)),
            ("cost", cost_line(span)),
            ("tools", (!tools.is_empty()).then(|| tools.join(", "))),
            ("attributes", attribute_names(span)),
        ];
        for (label, value) in values {
            self.lines.extend(value.map(|value| labelled(label, &value, self.columns, self.painter)));
        }
        if !span.status_message.trim().is_empty() {
            let message = labelled("message", &span.status_message, self.columns, self.painter);
            self.lines.push(message);
        }
    }

    fn heading(&mut self, text: &str) {
        self.lines.extend([String::new(), self.painter.paint(Style::Bold, text)]);
    }

    /// Adds text below a margin. A terminal would break its lines within words; a pipe gets them as they are.
    fn text(&mut self, text: &str, margin: &str) {
        for line in many_lines(text).lines() {
            let parts = match self.columns {
                Some(columns) => wrap(line, columns.saturating_sub(width(margin)).max(TEXT_WIDTH_MIN)),
                None => vec![line.to_owned()],
            };
            self.lines.extend(parts.iter().map(|part| format!("{margin}{part}").trim_end().to_owned()));
        }
    }

    fn messages(&mut self, heading: &str, messages: &[Message]) {
        self.heading(heading);
        for message in messages {
            let name = message.name.as_deref().map(|name| format!(" {}", one_line(name, NAME_WIDTH_MAX)));
            let role = one_line(&message.role, NAME_WIDTH_MAX);
            let speaker = self.painter.paint(Style::Cyan, format!("{role}{}", name.unwrap_or_default()));
            let reason = message.finish_reason.as_deref().map(|reason| one_line(reason, NAME_WIDTH_MAX));
            let reason = reason.map(|reason| self.painter.paint(Style::Dim, format!("  ({reason})")));
            self.lines.push(format!("{MARGIN}{speaker}{}", reason.unwrap_or_default()));
            for part in &message.parts {
                self.part(part);
            }
        }
    }

    fn part(&mut self, part: &Value) {
        let margin = format!("{MARGIN}{MARGIN}");
        let text = |key: &str| part[key].as_str().unwrap_or_default();
        let name = || one_line(text("name"), NAME_WIDTH_MAX);
        match text("type") {
            "text" => self.text(text("text"), &margin),
            "thinking" => {
                self.lines.push(self.painter.paint(Style::Dim, format!("{margin}thinking:")));
                self.text(text("text"), &format!("{margin}{MARGIN}"));
            }
            "tool_call" => {
                let call = format!("{margin}calls {}({})", name(), inline(&part["arguments"]));
                self.lines.push(self.painter.paint(Style::Yellow, call));
            }
            "tool_result" => {
                let verb = if part["is_error"] == true { "failed" } else { "returned" };
                self.lines.push(
                    self.painter
                        .paint(Style::Yellow, format!("{margin}{} {verb}:", name()).replace("   ", "  ")),
                );
                self.text(&readable(&part["result"]), &format!("{margin}{MARGIN}"));
            }
            kind @ ("image" | "audio" | "file") => {
                let facts =
                    ["name", "mime_type", "url"].map(&text).into_iter().filter(|fact| !fact.is_empty());
                let facts = one_line(&facts.collect::<Vec<_>>().join(" "), NAME_WIDTH_MAX);
                self.lines.push(format!("{margin}[{kind} {facts}]").replace(" ]", "]"));
            }
            "json" => self.text(&readable(&part["value"]), &margin),
            _ => self.text(&readable(part), &margin),
        }
    }

    fn body(&mut self, heading: &str, body: Option<&Body>) {
        let Some(body) = body else { return };
        self.heading(heading);
        self.text(&readable(&body.value), MARGIN);
        if body.cut {
            let note = format!("{MARGIN}… cut; all of it is {} bytes", count_text(body.bytes));
            self.lines.push(self.painter.paint(Style::Dim, note));
        }
    }

    fn documents(&mut self, documents: &[Document]) {
        if documents.is_empty() {
            return;
        }
        self.heading("DOCUMENTS");
        for (index, document) in documents.iter().enumerate() {
            let id = document.id.as_deref().map(|id| format!("  {}", one_line(id, NAME_WIDTH_MAX)));
            let score = document.score.map(|score| format!("  score {score}"));
            let title =
                format!("{MARGIN}{}{}{}", index + 1, id.unwrap_or_default(), score.unwrap_or_default());
            self.lines.push(self.painter.paint(Style::Cyan, title));
            self.text(&document.content, &format!("{MARGIN}{MARGIN}"));
        }
    }

    fn exception(&mut self, exception: Option<&Exception>) {
        let Some(exception) = exception else { return };
        self.lines.extend([String::new(), self.painter.paint(Style::Red, "EXCEPTION")]);
        let parts = [&exception.exception_type, &exception.message].into_iter().flatten();
        let first = parts.map(String::as_str).collect::<Vec<_>>().join(": ");
        self.text(&first, MARGIN);
        self.text(exception.stacktrace.as_deref().unwrap_or_default(), MARGIN);
    }

    fn events(&mut self, span: &SpanDetail, clock: &Clock) {
        let mut events = span.events.iter().filter(|event| event.name != "exception").peekable();
        if events.peek().is_none() {
            return;
        }
        self.heading("EVENTS");
        for event in events {
            let time = self.painter.paint(Style::Dim, clock.text(event.time_ns, "%H:%M:%S%.3f"));
            self.lines.push(format!("{MARGIN}{time}  {}", one_line(&event.name, NAME_WIDTH_MAX)));
        }
    }
}

fn attribute_names(span: &SpanDetail) -> Option<String> {
    let names: Vec<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    (!names.is_empty()).then(|| format!("{}: {}", names.len(), names.join(", ")))
}

/// Returns a value for a line.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => one_line(text, NAME_WIDTH_MAX),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, &Value)| format!("{}={value}", one_line(name, NAME_WIDTH_MAX));
            one_line(&fields.iter().map(field).collect::<Vec<_>>().join(", "), usize::MAX)
        }
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// Returns a value as a person reads it: a text as it is, the only text of an object, else JSON over several lines.
fn readable(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A span without anything, and what is changed in it.
    fn check(changes: Value, expected: &[&str]) {
        let mut span = json!({
            "span_id": "00000000000000ab", "parent_id": null, "name": "chat", "type": "CHAT_MODEL",
            "start_ns": "1764000000000000000", "duration_ns": 1_500_000_000, "status": "UNSET", "status_message": "",
            "model": null, "provider": null, "usage": null, "cost": null, "parameters": {}, "inputs": null,
            "outputs": null, "input_messages": null, "output_messages": null, "tools": null, "documents": null,
            "events": [], "exception": null, "attributes": []
        });
        for (key, value) in changes.as_object().unwrap() {
            span[key] = value.clone();
        }
        let lines = lines(&serde_json::from_value(span).unwrap(), &Clock::new(true), None, Painter::off());
        assert_eq!(lines[0], "chat  CHAT_MODEL  1.50s  2025-11-24 16:00:00.000");
        assert_eq!(lines[1..], *[&["span        00000000000000ab"], expected].concat());
    }

    #[test]
    fn a_conversation_is_read_turn_by_turn() {
        let part = |text: &str| json!([{"type": "text", "text": text}]);
        let call =
            json!([{"type": "tool_call", "id": "1", "name": "search", "arguments": {"q": "x", "n": 2}}]);
        let result = json!([{"type": "tool_result", "id": "1", "name": null, "result": {"hits": 1}, "is_error": false}]);
        let message = |role: &str, parts: Value| json!({"role": role, "name": null, "parts": parts, "finish_reason": null});
        check(
            json!({
                "input_messages": [message("system", part("Be brief.\nBe kind.")), message("tool", result)],
                "output_messages": [{"role": "assistant", "name": "bot", "parts": call, "finish_reason": "tool_calls"}],
            }),
            &[
                "",
                "INPUT",
                "  system",
                "    Be brief.",
                "    Be kind.",
                "  tool",
                "    returned:",
                "      {",
                "        \"hits\": 1",
                "      }",
                "",
                "OUTPUT",
                "  assistant bot  (tool_calls)",
                "    calls search(q=\"x\", n=2)",
            ],
        );
    }

    #[test]
    fn other_bodies_are_shown_as_they_are() {
        check(
            json!({
                "inputs": {"value": "plain \u{1b}[31mtext", "bytes": 5, "cut": false},
                "outputs": {"value": "head", "bytes": 6_000_000, "cut": true},
                "documents": [{"id": "d1", "content": "first\nsecond", "score": 0.5, "metadata": {}}],
                "attributes": [{"key": "k"}],
            }),
            &[
                "attributes  1: k",
                "",
                "INPUT",
                "  plain [31mtext",
                "",
                "OUTPUT",
                "  head",
                "  … cut; all of it is 6,000,000 bytes",
                "",
                "DOCUMENTS",
                "  1  d1  score 0.5",
                "    first",
                "    second",
            ],
        );
    }

    #[test]
    fn an_exception_is_shown_with_its_stack() {
        check(
            json!({
                "status_message": "it broke",
                "exception": {"type": "ValueError", "message": "bad", "stacktrace": "line 1\nline 2"},
                "events": [{"time_ns": "1764000000500000000", "name": "retry"}, {"time_ns": "0", "name": "exception"}],
            }),
            &[
                "message     it broke",
                "",
                "EXCEPTION",
                "  ValueError: bad",
                "  line 1",
                "  line 2",
                "",
                "EVENTS",
                "  16:00:00.500  retry",
            ],
        );
    }
}
