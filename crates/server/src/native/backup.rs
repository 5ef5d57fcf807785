//! A backup, streamed: whoever asks writes it, so that the server writes nowhere but to its data directory.

use super::body::JsonBody;
use super::parameter::NoParameters;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::CONTENT_TYPE;
use spanwise_api_types::native::{self, BackupFrame, BackupRequest};
use spanwise_store::{BackupItem, KnownFile, KnownFiles, StoreResult};
use std::convert::Infallible;

/// What the answer is.
const MEDIA_TYPE: &str = "application/vnd.spanwise.backup";
/// The first byte of a frame that holds JSON.
const JSON: u8 = b'J';
/// The first byte of a frame that holds bytes of the file that was begun.
const DATA: u8 = b'D';

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(backup))
}

/// Streams all files of the store as of now
///
/// Frames of one byte (`J`: JSON, `D`: bytes of a file), a length of four bytes, the lowest first, and the contents.
/// `start` comes first; then for each file `unchanged`, or `file`, its bytes and `end`; at last `done` or `error`. An
/// answer without `done` is no whole backup. `spanwise backup` reads it.
#[utoipa::path(
    post,
    path = "/backup",
    tag = "server",
    request_body = BackupRequest,
    responses(
        (status = 200, body = BackupFrame, content_type = "application/vnd.spanwise.backup"),
        (status = 400, body = native::Problem),
        (status = 429, body = native::Problem),
    ),
)]
async fn backup(
    State(app): State<App>,
    _: NoParameters,
    JsonBody(request): JsonBody<BackupRequest>,
) -> Result<Response, Problem> {
    let items = app.store.backup(known(request)).await?;
    let frames = items.map(|item| Ok::<Bytes, Infallible>(frame(item)));
    Ok(([(CONTENT_TYPE, MEDIA_TYPE)], Body::from_stream(frames)).into_response())
}

fn known(request: BackupRequest) -> KnownFiles {
    let file = |file: native::BackupFile| (file.path, KnownFile { bytes: file.bytes, xxh3: file.xxh3 });
    request.known.into_iter().map(file).collect()
}

fn frame(item: StoreResult<BackupItem>) -> Bytes {
    let json = match item {
        Ok(BackupItem::Data(bytes)) => return framed(DATA, &bytes),
        Ok(BackupItem::Start { files, bytes }) => BackupFrame::Start { files, bytes },
        Ok(BackupItem::Unchanged { path }) => BackupFrame::Unchanged { path },
        Ok(BackupItem::File { path, bytes }) => BackupFrame::File { path, bytes },
        Ok(BackupItem::End { xxh3 }) => BackupFrame::End { xxh3 },
        Ok(BackupItem::Done) => BackupFrame::Done,
        Err(error) => BackupFrame::Error { error: Failure::from(error).into_public_message() },
    };
    framed(JSON, &serde_json::to_vec(&json).expect("a frame has only texts and numbers"))
}

fn framed(kind: u8, contents: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(contents.len() + 5);
    frame.put_u8(kind);
    frame.put_u32_le(u32::try_from(contents.len()).expect("the store sends files in small parts"));
    frame.extend_from_slice(contents);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_say_what_they_are_and_how_long() {
        assert_eq!(frame(Ok(BackupItem::Data("ab".into()))), Bytes::from_static(b"D\x02\0\0\0ab"));
        assert_eq!(frame(Ok(BackupItem::Done)), Bytes::from_static(b"J\x0f\0\0\0{\"item\":\"done\"}"));
    }
}
