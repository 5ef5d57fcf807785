//! Images, sounds and files in a message.

use super::json::text_at;
use super::part::{Media, MediaKind, Part};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Maps inside a part that hold some of its fields; each may lie in another.
const LAYERS: &[&str] = &[
    "image_url",
    "input_audio",
    "inlineData",
    "inline_data",
    "fileData",
    "file_data",
    "file",
    "image",
    "audio",
    "document",
    "video",
    "source",
];
/// How many maps may lie in each other.
const LAYERS_MAX: usize = 4;

const URLS: &[&str] =
    &["url", "uri", "fileUri", "file_uri", "image_url", "file_url", "file_id", "fileId", "path"];
const DATA: &[&str] =
    &["data", "bytes", "file_data", "base64", "image", "audio", "document", "content", "b64_json"];
const MIME_TYPES: &[&str] =
    &["mime_type", "mimeType", "media_type", "mediaType", "image_mimetype", "mimetype"];
const NAMES: &[&str] = &["filename", "file_name", "displayName", "display_name", "title", "name"];

/// Reads a part whose kind its MIME type or modality tells.
pub(crate) fn media_of(part: &Value) -> Option<Part> {
    media(part, MediaKind::File)
}

/// Reads a part of that kind; `None` if it neither holds nor names any bytes.
pub(crate) fn media(part: &Value, kind: MediaKind) -> Option<Part> {
    let layers = layers(part);
    let find = |keys: &[&str]| layers.iter().rev().find_map(|layer| text_at(layer, keys)).map(str::to_owned);
    let mut media =
        Media { kind, url: find(URLS), data: find(DATA), mime_type: find(MIME_TYPES), name: find(NAMES) };
    if media.data.as_deref().is_some_and(is_address) {
        media.url = media.url.or(media.data.take());
    }
    take_data_url(&mut media);
    let told = find(&["modality"]);
    let told = told.as_deref().or(media.mime_type.as_deref()).and_then(kind_named);
    if kind == MediaKind::File {
        media.kind = told.or_else(|| layer_kind(part)).unwrap_or(kind);
    }
    if media.mime_type.is_none() {
        media.mime_type = find(&["format"]).and_then(|format| mime_type(media.kind, &format));
    }
    // A plain-text document is the one whose bytes are not in base64.
    if find(&["type"]).as_deref() == Some("text") {
        media.data = media.data.map(|text| STANDARD.encode(text));
    }
    (media.url.is_some() || media.data.is_some()).then_some(Part::Media(media))
}

fn layers(part: &Value) -> Vec<&Value> {
    let mut layers = vec![part];
    while layers.len() <= LAYERS_MAX
        && let Some(inner) = super::json::map_at(layers[layers.len() - 1], LAYERS)
    {
        layers.push(inner);
    }
    layers
}

fn is_address(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.starts_with("data:")
}

/// Splits `data:image/png;base64,…` into its type and its bytes.
fn take_data_url(media: &mut Media) {
    let Some(url) = &media.url else { return };
    let Some((mime_type, data)) = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"))
    else {
        return;
    };
    media.mime_type = media.mime_type.take().or_else(|| Some(mime_type.to_owned()));
    media.data = Some(data.to_owned());
    media.url = None;
}

/// Returns the kind that a MIME type or a modality names.
fn kind_named(name: &str) -> Option<MediaKind> {
    match name.split('/').next()? {
        "image" => Some(MediaKind::Image),
        "audio" => Some(MediaKind::Audio),
        _ => None,
    }
}

fn layer_kind(part: &Value) -> Option<MediaKind> {
    ["image_url", "image"].iter().any(|key| part.get(key).is_some()).then_some(MediaKind::Image)
}

fn mime_type(kind: MediaKind, format: &str) -> Option<String> {
    match kind {
        MediaKind::Image => Some(format!("image/{format}")),
        MediaKind::Audio => Some(format!("audio/{format}")),
        MediaKind::File if format == "pdf" => Some("application/pdf".to_owned()),
        MediaKind::File => None,
    }
}
