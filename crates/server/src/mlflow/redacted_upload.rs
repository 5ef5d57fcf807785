//! Uploads to experiments with redaction rules: files of text are redacted before they are written.

use super::artifacts::too_large;
use crate::App;
use crate::error::{MlflowError, MlflowResult};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use spanwise_ingest::IngestError;
use spanwise_model::ExperimentId;
use spanwise_redact::{Redactor, Tally};
use std::sync::Arc;

/// What an upload is redacted by; `None` if its experiment, which its path begins with, has no rules.
pub(super) async fn rules_of(app: &App, path: &str) -> MlflowResult<Option<(ExperimentId, Arc<Redactor>)>> {
    // A path of no experiment is held to the rules of the default one.
    let id = path.split('/').next().and_then(|first| first.parse().ok()).unwrap_or(ExperimentId::DEFAULT);
    Ok(app.ingest.redaction().redactor(id).await?.map(|redactor| (id, redactor)))
}

/// Writes an upload with what was found in it replaced. What is no text (images, audio) is written as it is.
///
/// The whole file must be in memory for that, so that the limit is that of a request's body.
pub(super) async fn put_redacted(
    app: &App,
    path: &str,
    body: Body,
    (id, redactor): (ExperimentId, Arc<Redactor>),
) -> MlflowResult<()> {
    let limit = app.config.body_bytes_max;
    let mut reservation = app.ingest.reserve();
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| MlflowError::invalid("the upload ended before it was complete"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(path, limit as u64));
        }
        reservation.grow_to(bytes.len() + chunk.len()).map_err(IngestError::from)?;
        bytes.extend_from_slice(&chunk);
    }
    let search = move || {
        let mut tally = Tally::default();
        let redacted = match std::str::from_utf8(&bytes) {
            Ok(text) => redactor.redact(None, &[], text, &mut tally).map(String::into_bytes),
            Err(_) => None,
        };
        (redacted.unwrap_or(bytes), tally)
    };
    let (bytes, tally) = tokio::task::spawn_blocking(search).await.map_err(IngestError::Task)?;
    app.artifacts.put(path, stream::iter([Ok(Bytes::from(bytes))]).boxed()).await?;
    app.ingest.redaction().count(id, &tally);
    Ok(())
}
