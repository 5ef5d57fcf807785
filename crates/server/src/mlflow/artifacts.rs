//! The artifact proxy: files in and out, streamed. What a trace's client uploads here belongs to the trace.

use super::extract::query_object;
use super::lookup::{OrMissing, missing, trace_id};
use super::range::{self, Wanted};
use super::reply::done;
use super::{redacted_upload, spans, traces_json};
use crate::App;
use crate::error::{MlflowCode, MlflowError, MlflowResult};
use crate::otlp::content_length;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt;
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use spanwise_api_types::mlflow::trace_info::artifact_folder;
use spanwise_model::TraceInfo;
use spanwise_store::{ArtifactEntry, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/artifacts", get(list))
        .route("/artifacts/{*path}", get(download).put(upload).delete(delete))
        .route("/mpu/{*path}", post(no_multipart_upload))
        .route("/presigned/{*path}", get(no_multipart_download))
}

/// The route by which the UI reads what belongs to a trace.
pub(super) fn trace_routes() -> Router<App> {
    Router::new().route("/get-trace-artifact", get(get_trace_artifact))
}

async fn upload(
    State(app): State<App>,
    Path(path): Path<String>,
    request: Request,
) -> MlflowResult<StatusCode> {
    put(&app, path, request).await
}

/// Stores a request's body as a file.
pub(super) async fn put(app: &App, path: String, request: Request) -> MlflowResult<StatusCode> {
    check_path(&path)?;
    let limit = app.config.artifact_bytes_max;
    if content_length(request.headers()) > limit {
        return Err(too_large(&path, limit));
    }
    if let Some(rules) = redacted_upload::rules_of(app, &path).await? {
        redacted_upload::put_redacted(app, &path, request.into_body(), rules).await?;
        traces_json::ingest_upload(app, &path).await?;
        return Ok(StatusCode::OK);
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let chunks = limited(request.into_body(), limit, is_over.clone());
    let stored = app.artifacts.put(&path, chunks).await;
    if is_over.load(Ordering::Relaxed) {
        return Err(too_large(&path, limit));
    }
    stored?;
    traces_json::ingest_upload(app, &path).await?;
    Ok(StatusCode::OK)
}

/// Refuses an artifact for its size.
pub(super) fn too_large(path: &str, limit: u64) -> MlflowError {
    let text = format!("artifact '{path}' is larger than {limit} bytes, the limit for an artifact");
    MlflowError::new(MlflowCode::BodyTooLarge, text)
}

/// Passes a body on until it has more than `limit` bytes, which sets `is_over`.
fn limited(body: Body, limit: u64, is_over: Arc<AtomicBool>) -> spanwise_store::ArtifactWriter {
    let mut total = 0;
    let check = move |chunk: Result<bytes::Bytes, axum::Error>| {
        let chunk = chunk.map_err(|_| StoreError::invalid("the upload ended before it was complete"))?;
        total += chunk.len() as u64;
        if total > limit {
            is_over.store(true, Ordering::Relaxed);
            return Err(StoreError::invalid("the upload is too large"));
        }
        Ok(chunk)
    };
    body.into_data_stream().map(check).boxed()
}

async fn download(
    State(app): State<App>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> MlflowResult<Response> {
    send_checked(&app, &path, &headers).await
}

/// Answers with a file, or refuses a path that leads out of the artifacts.
pub(super) async fn send_checked(app: &App, path: &str, headers: &HeaderMap) -> MlflowResult<Response> {
    check_path(path)?;
    send(app, path, headers).await
}

/// Answers with a file or the part of it that was asked for, or with the news that the client has it already.
async fn send(app: &App, path: &str, headers: &HeaderMap) -> MlflowResult<Response> {
    let opened = app.artifacts.get(path).await.or_missing(|| missing(format!("No such artifact: '{path}'")));
    let reader = opened?;
    let etag = format!("\"{:x}-{:x}\"", reader.modified_ns, reader.size_bytes);
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let size_bytes = reader.size_bytes;
    let answer = [
        (CONTENT_TYPE, HeaderValue::from_static(content_type(name))),
        (CONTENT_DISPOSITION, attachment(name)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (ETAG, HeaderValue::try_from(&etag).expect("hexadecimal digits in quotes")),
    ];
    match range::wanted(headers, &etag, size_bytes) {
        Wanted::Whole => {
            let length = [(CONTENT_LENGTH, HeaderValue::from(size_bytes))];
            Ok((answer, length, Body::from_stream(reader.chunks)).into_response())
        }
        Wanted::Nothing => {
            let content_range = [(CONTENT_RANGE, format!("bytes */{size_bytes}"))];
            Ok((StatusCode::RANGE_NOT_SATISFIABLE, content_range).into_response())
        }
        Wanted::Part { first, last } => {
            let part = app.artifacts.get_from(path, first).await?;
            if (part.modified_ns, part.size_bytes) != (reader.modified_ns, size_bytes) {
                // It was overwritten in between.
                return Err(MlflowError::new(
                    MlflowCode::TemporarilyUnavailable,
                    "the artifact is being written",
                ));
            }
            let length = last - first + 1;
            let about = [
                (CONTENT_LENGTH, HeaderValue::from(length)),
                (
                    CONTENT_RANGE,
                    HeaderValue::try_from(format!("bytes {first}-{last}/{size_bytes}")).expect("digits"),
                ),
            ];
            let chunks = range::cut(part.chunks, length);
            Ok((StatusCode::PARTIAL_CONTENT, answer, about, Body::from_stream(chunks)).into_response())
        }
    }
}

async fn list(State(app): State<App>, RawQuery(query): RawQuery) -> MlflowResult<Json<Value>> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let path = query.get("path").and_then(Value::as_str).unwrap_or_default().trim_end_matches('/');
    if !path.is_empty() {
        check_path(path)?;
    }
    let entries = entries(&app, path).await?;
    if entries.is_empty() {
        return Ok(done());
    }
    Ok(Json(json!({"files": entries.into_iter().map(list_entry).collect::<Vec<_>>()})))
}

/// Lists a folder. A listing of a file is empty: a client takes what has entries for a folder.
pub(super) async fn entries(app: &App, path: &str) -> MlflowResult<Vec<ArtifactEntry>> {
    let entries = app.artifacts.list(path).await?;
    Ok(if is_file(app, path, &entries).await { Vec::new() } else { entries })
}

fn list_entry(entry: ArtifactEntry) -> Value {
    match entry.size_bytes {
        Some(size_bytes) => json!({"path": entry.name, "is_dir": false, "file_size": size_bytes}),
        None => json!({"path": entry.name, "is_dir": true}),
    }
}

async fn is_file(app: &App, path: &str, entries: &[ArtifactEntry]) -> bool {
    let alone = matches!(entries, [entry] if entry.size_bytes.is_some() && path.rsplit('/').next() == Some(&entry.name));
    alone && app.artifacts.get(path).await.is_ok()
}

async fn delete(State(app): State<App>, Path(path): Path<String>) -> MlflowResult<Json<Value>> {
    check_path(&path)?;
    app.artifacts.delete(&path).await?;
    Ok(done())
}

async fn no_multipart_upload() -> MlflowError {
    not_supported("Multipart upload is not supported for the current artifact repository")
}

async fn no_multipart_download() -> MlflowError {
    not_supported("Multipart download is not supported for the current artifact repository")
}

fn not_supported(text: &str) -> MlflowError {
    MlflowError::new(MlflowCode::NotImplemented, text)
}

/// Answers with all spans of a trace as a file, or with one of its attachments.
async fn get_trace_artifact(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> MlflowResult<Response> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let Some(trace) = query.get("request_id").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        let text = "Request must include the \"request_id\" query parameter.";
        return Err(MlflowError::new(MlflowCode::BadRequest, text));
    };
    let attachment_id =
        query.get("path").map(|path| attachment_id(path.as_str().unwrap_or_default())).transpose()?;
    let no_trace = || missing(format!("Trace with ID {trace} is not found."));
    let id = trace_id(trace).map_err(|_| no_trace())?;
    let info = app.store.get_trace(&id).await.or_missing(no_trace)?;
    let folder = artifact_folder(info.experiment_id, &info.trace_id);
    match attachment_id {
        Some(uuid) => send(&app, &format!("{folder}/attachments/{uuid}"), &headers).await,
        None => spans::send_traces_json(&app, info).await,
    }
}

/// Answers with the file of spans that a client uploaded, if it did.
pub(super) async fn stored_traces_json(app: &App, info: &TraceInfo) -> MlflowResult<Option<Response>> {
    let path = format!("{}/traces.json", artifact_folder(info.experiment_id, &info.trace_id));
    match send(app, &path, &HeaderMap::new()).await {
        Err(error) if error.code == MlflowCode::ResourceDoesNotExist => Ok(None),
        sent => sent.map(Some),
    }
}

fn attachment_id(text: &str) -> MlflowResult<uuid::Uuid> {
    let text_of_error =
        || format!("Invalid attachment path: '{text}'. Attachment path must be a valid UUID.");
    uuid::Uuid::try_parse(text).map_err(|_| MlflowError::invalid(text_of_error()))
}

/// Refuses a path that leads out of the artifacts, however often it is percent-encoded.
pub(super) fn check_path(path: &str) -> MlflowResult<()> {
    let mut path = path.to_owned();
    loop {
        if path.contains(['\\', '\0']) || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(MlflowError::invalid("Invalid path"));
        }
        let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if decoded == path {
            return Ok(());
        }
        path = decoded;
    }
}

/// Names a file for download. Browsers must never show it as a page of this server.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    let text = if name.bytes().all(is_token) {
        format!("attachment; filename={name}")
    } else {
        // RFC 6266: the form for names beyond tokens.
        format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
    };
    HeaderValue::try_from(text).expect("a token or percent-encoded text")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "txt" | "log" | "csv" | "tsv" | "json" | "jsonl" | "md" | "yaml" | "yml" | "py" | "cfg" => {
            "text/plain"
        }
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, allowed: bool) {
        assert_eq!(check_path(path).is_ok(), allowed, "{path}");
    }

    #[test]
    fn paths_that_lead_out_are_refused_however_encoded() {
        check("x/y.txt", true);
        check("2/traces/tr-1/artifacts/traces.json", true);
        check("100%.txt", true);
        for path in [
            "",
            "/etc",
            "../x",
            "a/../../x",
            "a//b",
            "a/./b",
            "a\\..\\b",
            "%2e%2e/x",
            "%252e%252e%252fx",
            "a\0b",
            "a%00b",
        ] {
            check(path, false);
        }
    }

    #[test]
    fn names_are_tokens_or_encoded() {
        assert_eq!(attachment("y.txt"), "attachment; filename=y.txt");
        assert_eq!(attachment("a \"é\".txt"), "attachment; filename*=UTF-8''a%20%22%C3%A9%22%2Etxt");
    }
}
