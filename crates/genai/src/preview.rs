//! MLflow's previews of inputs and outputs.
//!
//! The rule is MLflow's to the letter, odd corners included, since its client compares and filters by it; what a
//! person reads is made in [`crate::reading`].

use crate::json::{Cursor, JsonText, write};
use crate::value::ValueRef;
use spanwise_model::limit::PREVIEW_CHARS_MAX;
use spanwise_otlp::AnyValueView;
use std::borrow::Cow;

const CUT_MARK: &str = "...";

/// Returns the preview: the text of the last message of that role, else of the last message, else the JSON text.
pub(crate) fn preview(value: &ValueRef<'_>, role: &str) -> String {
    let cursor = value.cursor();
    let message = find_messages(cursor).and_then(|messages| last_text(messages, role));
    clip(&message.unwrap_or_else(|| json_text(value)))
}

/// Cuts a text to [`PREVIEW_CHARS_MAX`] characters, the mark of the cut included.
pub(crate) fn clip(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS_MAX) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(PREVIEW_CHARS_MAX - CUT_MARK.len()).map_or(0, |(at, _)| at);
            [&text[..end], CUT_MARK].concat()
        }
    }
}

/// Returns the JSON text, as MLflow stores it; of a long plain string only as much as a preview needs.
fn json_text<'a>(value: &'a ValueRef<'_>) -> Cow<'a, str> {
    match value {
        ValueRef::Json(text) => Cow::Borrowed(text),
        ValueRef::Native(AnyValueView::String(text)) if JsonText::parse_structured(text).is_some() => {
            Cow::Borrowed(text)
        }
        ValueRef::Native(AnyValueView::String(text)) => quoted(text),
        ValueRef::Text(text) => quoted(text),
        ValueRef::Native(value) => {
            let mut text = String::new();
            write::json(Cursor::Native(*value), &mut text);
            Cow::Owned(text)
        }
    }
}

fn quoted(text: &str) -> Cow<'static, str> {
    let end = text.char_indices().nth(PREVIEW_CHARS_MAX + 1).map_or(text.len(), |(at, _)| at);
    let mut quoted = String::new();
    write::string(&text[..end], &mut quoted);
    Cow::Owned(quoted)
}

/// Finds the messages of a request or response body; a list that is empty is passed over.
fn find_messages(body: Cursor<'_>) -> Option<Vec<Cursor<'_>>> {
    let list = |key| {
        let elements: Vec<_> = body.get(key)?.elements()?.collect();
        (!elements.is_empty()).then_some(elements)
    };
    let choice = || {
        let message = body.get("choices")?.elements()?.next()?.get("message")?;
        message.is_map().then(|| vec![message])
    };
    list("messages")
        .or_else(choice)
        .or_else(|| list("input"))
        .or_else(|| list("output"))
        .or_else(|| find_messages(body.get("request")?))
}

fn last_text<'a>(messages: Vec<Cursor<'a>>, role: &str) -> Option<Cow<'a, str>> {
    let is_message = |message: &Cursor<'_>| message.get("role").is_some() && message.get("content").is_some();
    let has_role =
        |message: &Cursor<'_>| message.get("role").and_then(Cursor::as_text).is_some_and(|own| own == role);
    let messages: Vec<_> = messages.into_iter().filter(is_message).collect();
    let last = messages.iter().rev().find(|message| has_role(message)).or(messages.last())?;
    content_text(last.get("content")?).filter(|text| !text.is_empty())
}

/// Returns the text of a content: itself, or that of its first text part.
fn content_text(content: Cursor<'_>) -> Option<Cow<'_, str>> {
    let Some(mut parts) = content.elements() else { return content.as_text() };
    let is_text = |part: &Cursor<'_>| {
        part.as_text().is_some()
            || part
                .get("type")
                .and_then(Cursor::as_text)
                .is_some_and(|kind| kind == "text" || kind == "output_text")
    };
    let part = parts.find(is_text)?;
    part.as_text().or_else(|| part.get("text")?.as_text())
}
