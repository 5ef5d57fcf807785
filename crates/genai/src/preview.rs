//! MLflow's previews of inputs and outputs.
//!
//! The rule is MLflow's to the letter, odd corners included, since its client compares and filters by it; what a
//! person reads is made in [`crate::reading`].

use crate::json::{Cursor, write};
use crate::value::ValueRef;
use spanwise_model::limit::PREVIEW_CHARS_MAX;
use spanwise_otlp::AnyValueView;
use std::borrow::Cow;

const CUT_MARK: &str = "...";
/// Deepest `request` inside `request` that is looked into; each level reads the rest again.
const REQUESTS_MAX: usize = 16;

/// Returns the preview: the text of the last message of that role, else of the last message, else the JSON text.
///
/// `cursor` is that of `value`.
pub(crate) fn preview(value: &ValueRef<'_>, cursor: Cursor<'_>, role: &str) -> String {
    let message = find_messages(cursor, REQUESTS_MAX).and_then(|messages| last_text(messages, role));
    clip(&message.unwrap_or_else(|| json_text(value, cursor)), PREVIEW_CHARS_MAX)
}

/// Cuts a text to that many characters, the mark of the cut included.
pub(crate) fn clip(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(chars_max - CUT_MARK.len()).map_or(0, |(at, _)| at);
            [&text[..end], CUT_MARK].concat()
        }
    }
}

/// Returns the JSON text, as MLflow stores it; of a long plain string only as much as a preview needs.
fn json_text<'a>(value: &ValueRef<'a>, cursor: Cursor<'a>) -> Cow<'a, str> {
    match (value, cursor) {
        // The text with the white space around it.
        (ValueRef::Native(AnyValueView::String(text)), Cursor::Json(_)) => Cow::Borrowed(text),
        (_, Cursor::Json(json)) => Cow::Borrowed(json.as_str()),
        (_, Cursor::Native(AnyValueView::String(text))) => quoted(text),
        _ => {
            let mut text = String::new();
            write::json(cursor, &mut text);
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
fn find_messages(body: Cursor<'_>, requests_left: usize) -> Option<Vec<Cursor<'_>>> {
    let [messages, choices, input, output, request] =
        body.get_all(&["messages", "choices", "input", "output", "request"]);
    let choice = || {
        let message = choices?.elements()?.next()?.get("message")?;
        message.is_map().then(|| vec![message])
    };
    filled_list(messages)
        .or_else(choice)
        .or_else(|| filled_list(input))
        .or_else(|| filled_list(output))
        .or_else(|| find_messages(request?, requests_left.checked_sub(1)?))
}

fn filled_list(value: Option<Cursor<'_>>) -> Option<Vec<Cursor<'_>>> {
    let elements: Vec<_> = value?.elements()?.collect();
    (!elements.is_empty()).then_some(elements)
}

fn last_text<'a>(messages: Vec<Cursor<'a>>, role: &str) -> Option<Cow<'a, str>> {
    let mut last = None;
    for message in messages.into_iter().rev() {
        let [Some(own_role), Some(content)] = message.get_all(&["role", "content"]) else { continue };
        if own_role.as_text().is_some_and(|own| own == role) {
            last = Some(content);
            break;
        }
        last = last.or(Some(content));
    }
    content_text(last?).filter(|text| !text.is_empty())
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
