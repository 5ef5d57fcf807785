//! Attachments: images, sounds and files out of messages, as files of their own, and how messages name them.

use super::parameter::Parameters;
use super::path::Path;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};
use spanwise_api_types::native;
use spanwise_genai::content::{
    Content, Details, Media, Message, Part, PromptTemplate, ToolCall, ToolDefinition, ToolResult,
};
use spanwise_model::{AttachmentHash, ErrorKind};
use spanwise_otlp::attachment::{self, Kind, Piece, Reference, pieces};
use spanwise_store::StoredSpan;
use std::borrow::Cow;
use std::ops::Range;

/// What begins and ends a reference in a text.
const SENTINEL: char = '\u{e0ff}';
/// How the base64 of a value of bytes begins that is a reference: that of [`SENTINEL`].
const BYTES_PREFIX: &str = "7oO/";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(get_attachment))
}

/// Returns an attachment
///
/// The bytes of an image, a sound or a file out of a message. They never change. `Range: bytes=a-b` and `bytes=a-` are
/// understood. Only known images, sounds and MP4 are shown by a browser; all else is a download of no type.
#[utoipa::path(
    get,
    path = "/attachments/{hash}",
    tag = "traces",
    params(("hash" = String, Path, description = "SHA-256 of its bytes, 64 lower-case hex digits")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 400, body = native::Problem),
        (status = 404, body = native::Problem),
        (status = 416, body = native::Problem),
    ),
)]
async fn get_attachment(
    State(app): State<App>,
    Path(hash): Path<String>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let hash: AttachmentHash = hash.parse()?;
    let etag = format!("\"{hash}\"");
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    let range = headers.get(RANGE).and_then(|range| read_range(range.to_str().ok()?));
    let is_part = range.is_some();
    let reader = match app.store.read_attachment(&hash, range).await {
        Err(error) if error.kind() == ErrorKind::InvalidArgument => {
            return Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, error.message().to_owned()));
        }
        reader => reader?,
    };
    let Shown { media_type, extension, is_inline } = shown(&reader.head);
    let disposition = if is_inline { "inline" } else { "attachment" };
    let Range { start, end } = reader.range;
    let mut answer = (
        [
            (CONTENT_TYPE, value(media_type)),
            (CONTENT_LENGTH, HeaderValue::from(end - start)),
            (CONTENT_DISPOSITION, value(&format!("{disposition}; filename={hash}.{extension}"))),
            (CACHE_CONTROL, value("private, max-age=31536000, immutable")),
            (ACCEPT_RANGES, value("bytes")),
            (ETAG, value(&etag)),
        ],
        Body::from_stream(reader.chunks),
    )
        .into_response();
    if is_part {
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {start}-{}/{}", end.saturating_sub(1), reader.size_bytes);
        answer.headers_mut().insert(CONTENT_RANGE, value(&range));
    }
    Ok(answer)
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("ASCII that was made here")
}

/// Reads one range with a start; a client has to be content with all bytes where it asks for anything else.
fn read_range(header: &str) -> Option<Range<u64>> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let end = if to.is_empty() { u64::MAX } else { to.parse::<u64>().ok()?.checked_add(1)? };
    (from < end).then_some(from..end)
}

/// How an attachment is handed to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    media_type: &'static str,
    extension: &'static str,
    is_inline: bool,
}

/// Tells by its first bytes what an attachment is; what a message says of it is not asked. None of what is shown can hold a
/// script.
fn shown(head: &[u8]) -> Shown {
    let at = |from: usize, wanted: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(wanted));
    let inline = |media_type, extension| Shown { media_type, extension, is_inline: true };
    match () {
        () if at(0, b"\x89PNG\r\n\x1a\n") => inline("image/png", "png"),
        () if at(0, b"\xff\xd8\xff") => inline("image/jpeg", "jpg"),
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => inline("image/gif", "gif"),
        () if at(0, b"RIFF") && at(8, b"WEBP") => inline("image/webp", "webp"),
        () if at(0, b"RIFF") && at(8, b"WAVE") => inline("audio/wav", "wav"),
        // With a tag in front, or a frame of layer III at once.
        () if at(0, b"ID3") || (at(0, b"\xff") && head.get(1).is_some_and(|byte| byte & 0xe6 == 0xe2)) => {
            inline("audio/mpeg", "mp3")
        }
        () if at(4, b"ftyp") => inline("video/mp4", "mp4"),
        () => {
            let extension = if at(0, b"%PDF-") { "pdf" } else { "bin" };
            Shown { media_type: "application/octet-stream", extension, is_inline: false }
        }
    }
}

/// Returns whether a span or its log records were cut.
pub(super) fn is_cut(kept: &StoredSpan) -> bool {
    attachment::is_marked(&kept.raw) || kept.logs.iter().any(|log| attachment::is_marked(log))
}

/// Returns a span whose texts all are to be read with references; none if it has no attachments.
pub(super) fn with_references(kept: &StoredSpan) -> Option<StoredSpan> {
    is_cut(kept).then(|| in_form(kept, attachment::with_references))
}

/// Returns a span with a gap in place of each attachment.
pub(crate) fn with_gaps(kept: &StoredSpan) -> StoredSpan {
    if is_cut(kept) { in_form(kept, attachment::with_gaps) } else { kept.clone() }
}

fn in_form(kept: &StoredSpan, form: fn(&[u8], Kind) -> Cow<'_, [u8]>) -> StoredSpan {
    let bytes = |message: &Bytes, kind| Bytes::from(form(message, kind).into_owned());
    StoredSpan {
        raw: bytes(&kept.raw, Kind::Span),
        logs: kept.logs.iter().map(|log| bytes(log, Kind::LogRecord)).collect(),
        ..kept.clone()
    }
}

/// Returns where an attachment can be read.
pub(super) fn url_of(reference: &Reference) -> String {
    format!("/api/v1/attachments/{}", reference.hash)
}

/// Returns the attachment that the data of a part is. Padding that was written as an escape may follow it.
pub(super) fn reference_of(data: &str) -> Option<Reference> {
    let mut parts = pieces(data);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Piece::Reference(reference)), None, None) => Some(reference),
        (Some(Piece::Reference(reference)), Some(Piece::Text("=" | "==")), None) => Some(reference),
        _ => of_bytes(data),
    }
}

/// Reads the base64 of a value of bytes that is a reference.
fn of_bytes(text: &str) -> Option<Reference> {
    let bytes = text.starts_with(BYTES_PREFIX).then(|| STANDARD.decode(text).ok()).flatten()?;
    attachment::reference_of_bytes(&bytes)
}

/// Puts addresses in place of the references in a content, but for the data of its parts.
pub(super) fn show_addresses(content: &mut Content) {
    let Content {
        inputs,
        outputs,
        input_messages,
        output_messages,
        tools,
        documents,
        parameters,
        template,
        details,
    } = content;
    [inputs, outputs].into_iter().flatten().for_each(in_value);
    [input_messages, output_messages].into_iter().flatten().flatten().for_each(in_message);
    for ToolDefinition { name, description, parameters } in tools.iter_mut().flatten() {
        in_text(name);
        description.iter_mut().for_each(in_text);
        in_value(parameters);
    }
    for document in documents.iter_mut().flatten() {
        document.id.iter_mut().for_each(in_text);
        in_text(&mut document.content);
        in_map(&mut document.metadata);
    }
    in_map(parameters);
    if let Some(PromptTemplate { template, version, variables }) = template {
        [template, version].into_iter().flatten().for_each(in_text);
        in_map(variables);
    }
    in_details(details);
}

fn in_details(details: &mut Details) {
    let Details { agent, prompt, asked_model, finish_reasons, error, .. } = details;
    [agent, asked_model, error].into_iter().flatten().for_each(in_text);
    finish_reasons.iter_mut().for_each(in_text);
    if let Some(prompt) = prompt {
        in_text(&mut prompt.name);
        prompt.version.iter_mut().for_each(in_text);
    }
}

fn in_message(message: &mut Message) {
    let Message { role, name, parts, finish_reason } = message;
    in_text(role);
    [name, finish_reason].into_iter().flatten().for_each(in_text);
    parts.iter_mut().for_each(in_part);
}

fn in_part(part: &mut Part) {
    match part {
        Part::Text(text) | Part::Thinking(text) => in_text(text),
        Part::ToolCall(ToolCall { id, name, arguments }) => {
            id.iter_mut().for_each(in_text);
            in_text(name);
            in_value(arguments);
        }
        Part::ToolResult(ToolResult { id, name, result, .. }) => {
            [id, name].into_iter().flatten().for_each(in_text);
            in_value(result);
        }
        Part::Media(Media { url, data, mime_type, name, .. }) => {
            [url, mime_type, name].into_iter().flatten().for_each(in_text);
            // What is an attachment as a whole becomes the part's address.
            data.iter_mut().filter(|data| reference_of(data).is_none()).for_each(in_text);
        }
        Part::Json(value) => in_value(value),
    }
}

fn in_value(value: &mut Value) {
    match value {
        Value::String(text) => in_text(text),
        Value::Array(list) => list.iter_mut().for_each(in_value),
        Value::Object(map) => in_map(map),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn in_map(map: &mut Map<String, Value>) {
    map.values_mut().for_each(in_value);
    if map.keys().any(|key| key.contains(SENTINEL)) {
        let with_addresses = |(mut key, value)| {
            in_text(&mut key);
            (key, value)
        };
        *map = std::mem::take(map).into_iter().map(with_addresses).collect();
    }
}

fn in_text(text: &mut String) {
    if let Some(reference) = of_bytes(text) {
        *text = url_of(&reference);
    }
    if !text.contains(SENTINEL) {
        return;
    }
    let mut shown = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => shown.push_str(text),
            Piece::Reference(reference) => shown.push_str(&url_of(&reference)),
            Piece::Stray => shown.push(SENTINEL),
        }
    }
    *text = shown;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_shown() {
        let check = |head: &[u8], media_type: &str, is_inline: bool| {
            let shown = shown(head);
            assert_eq!((shown.media_type, shown.is_inline), (media_type, is_inline), "{head:?}");
        };
        check(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", true);
        check(b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", true);
        check(b"GIF89a", "image/gif", true);
        check(b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", true);
        check(b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav", true);
        check(b"ID3\x04", "audio/mpeg", true);
        check(b"\xff\xfb\x90\x64", "audio/mpeg", true);
        check(b"\0\0\0\x18ftypmp42", "video/mp4", true);
        check(b"%PDF-1.7", "application/octet-stream", false);
        check(b"<svg xmlns=", "application/octet-stream", false);
        check(b"<!doctype html>", "application/octet-stream", false);
        check(b"", "application/octet-stream", false);
    }

    #[test]
    fn a_range_has_a_start() {
        assert_eq!(read_range("bytes=0-"), Some(0..u64::MAX));
        assert_eq!(read_range("bytes=5-9"), Some(5..10));
        for other in ["bytes=-5", "bytes=5-4", "bytes=0-1,4-5", "items=0-1", "bytes=a-"] {
            assert_eq!(read_range(other), None, "{other}");
        }
    }
}
