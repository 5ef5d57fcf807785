//! The description of the native API.

use super::parameter::Parameters;
use crate::error::Problem;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use std::sync::OnceLock;

/// The document as `make openapi` writes it.
static DOCUMENT: &[u8] = include_bytes!("../../data/openapi.json.zst");

/// Returns the document's text, which is unpacked when it is first asked for.
fn document() -> std::io::Result<Bytes> {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text.clone());
    }
    let text = Bytes::from(zstd::decode_all(DOCUMENT)?);
    Ok(TEXT.get_or_init(|| text).clone())
}

/// Returns the route that serves it.
pub(super) fn route<S: Clone + Send + Sync + 'static>() -> MethodRouter<S> {
    get(async |parameters: Parameters| -> Result<Response, Problem> {
        parameters.finish()?;
        let text = document().map_err(|error| {
            tracing::error!(%error, "the description of the API can't be unpacked");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the description can't be unpacked")
        })?;
        Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
    })
}

#[cfg(feature = "describe")]
pub(super) use describe::made;

#[cfg(feature = "describe")]
mod describe;
