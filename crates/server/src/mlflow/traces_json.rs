//! MLflow's file of a trace, `{"spans": […]}`, as a way in: a client that could not export its spans uploads them so.

use crate::App;
use crate::error::{Failure, MlflowResult};
use futures_util::TryStreamExt;
use spanwise_api_types::mlflow::traces_json::export_request;
use spanwise_ingest::{Body, Format, IngestError, IngestOutcome, Route};
use spanwise_model::{ErrorKind, TraceId};
use spanwise_store::StoreResult;

/// Takes in the spans of an upload to `<experiment>/traces/<trace>/artifacts/traces.json`, if its trace has none.
///
/// An upload to any other path, and one whose spans can't be taken in, is only a file. What may succeed later is an
/// error, so that the client uploads again.
pub(super) async fn ingest_upload(app: &App, path: &str) -> MlflowResult<()> {
    let Some((experiment, trace_id)) = trace_of_upload(path) else { return Ok(()) };
    let Some(id) = trace_id.otel_bytes() else { return Ok(()) };
    if has_spans(app, &trace_id).await? {
        return Ok(());
    }
    match ingest_file(app, path, experiment, id).await {
        Ok(outcome) if outcome.rejected == 0 => {}
        Ok(outcome) => {
            let rejected = outcome.rejected;
            tracing::warn!(trace.id = %trace_id, rejected, "spans of a traces.json refused: {}", outcome.reason);
        }
        Err(error) if matches!(error.kind, ErrorKind::InvalidArgument | ErrorKind::NotFound) => {
            tracing::warn!(trace.id = %trace_id, "a traces.json is kept as a file only: {}", error.message);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn ingest_file(
    app: &App,
    path: &str,
    experiment: &str,
    id: &[u8; 16],
) -> Result<IngestOutcome, Failure> {
    let file = app.artifacts.get(path).await?;
    let size_bytes = usize::try_from(file.size_bytes).unwrap_or(usize::MAX);
    let limit = app.config.body_bytes_max;
    if size_bytes > limit {
        return Err(Failure::new(ErrorKind::InvalidArgument, format!("it is larger than {limit} bytes")));
    }
    let mut reservation = app.ingest.reserve();
    reservation.grow_to(size_bytes).map_err(IngestError::from)?;
    let mut text = Vec::with_capacity(size_bytes);
    let mut chunks = file.chunks;
    while let Some(chunk) = chunks.try_next().await? {
        text.extend_from_slice(&chunk);
    }
    let request = export_request(&text, id)
        .map_err(|error| Failure::new(ErrorKind::InvalidArgument, format!("it can't be read: {error}")))?;
    let body = Body { bytes: request.to_string().into(), format: Format::Json, reservation };
    let route = Route { experiment: Some(experiment.to_owned()), run_id: None };
    Ok(app.ingest.submit_traces(body, &route).await?)
}

fn trace_of_upload(path: &str) -> Option<(&str, TraceId)> {
    let mut parts = path.split('/');
    let experiment = parts.next()?;
    let is_traces = parts.next()? == "traces";
    let trace_id = parts.next()?.parse().ok()?;
    let is_file = parts.eq(["artifacts", "traces.json"]);
    (is_traces && is_file).then_some((experiment, trace_id))
}

async fn has_spans(app: &App, trace_id: &TraceId) -> StoreResult<bool> {
    match app.store.get_trace(trace_id).await {
        Ok(info) => Ok(info.span_count > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_traces_are_read() {
        let id = "tr-00112233445566778899aabbccddeeff";
        let path = format!("2/traces/{id}/artifacts/traces.json");
        assert_eq!(trace_of_upload(&path), Some(("2", id.parse().unwrap())));
        for path in [
            "2/traces/x/artifacts/attachments/y",
            "2/traces/x/artifacts/traces.json/z",
            "2/x/y",
            "traces.json",
        ] {
            assert_eq!(trace_of_upload(path), None, "{path}");
        }
    }
}
