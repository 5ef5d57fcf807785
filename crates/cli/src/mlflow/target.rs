//! Where everything goes: a running server, or a store that this command has opened.

use super::page::{Item, Line};
use crate::api::{ImportResult, LineError};
use crate::client::{Client, Refusal};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use spanwise_api_types::native::{CatalogImportResult, ImportedAs};
use std::time::Duration;

/// Bytes of lines that are sent together.
const CHUNK_BYTES: usize = 4 << 20;
/// Lines that are sent together: an answer names the errors of so many at most.
const CHUNK_LINES: usize = 100;
/// How long to wait if a server that is busy does not say how long, and at most.
const WAIT_DEFAULT: Duration = Duration::from_secs(1);
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Links that one request makes.
const LINKS: usize = 100;

const CATALOG_ROUTE: &str = "/api/v1/import/catalog";
const TRACE_ROUTE: &str = "/api/v1/import";

/// What became of some items.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Which of them were not taken, by their place, and why.
    pub(super) refused: Vec<(usize, String)>,
    /// The experiments among them.
    pub(super) experiments: Vec<ImportedAs>,
}

/// Sends items, which are all lines of traces or all of the catalog.
pub(super) async fn send(client: &Client, items: &[Item]) -> Result<Sent> {
    let mut sent = Sent::default();
    let (mut first, mut chunk) = (0, Vec::new());
    for (index, item) in items.iter().enumerate() {
        let line = match &item.line {
            Line::RunLinks { run_id, trace_ids } => {
                link(client, run_id, trace_ids).await?;
                continue;
            }
            Line::Catalog(line) => Bytes::from(serde_json::to_vec(line)?),
            Line::Trace(line) => line.clone(),
        };
        if !chunk.is_empty() && (chunk.len() + line.len() > CHUNK_BYTES || index - first >= CHUNK_LINES) {
            send_chunk(client, &items[first..index], first, std::mem::take(&mut chunk), &mut sent).await?;
            first = index;
        }
        chunk.extend_from_slice(&line);
        chunk.push(b'\n');
    }
    if !chunk.is_empty() {
        send_chunk(client, &items[first..], first, chunk, &mut sent).await?;
    }
    Ok(sent)
}

/// Links traces to a run, as MLflow's client does.
async fn link(client: &Client, run_id: &str, trace_ids: &[String]) -> Result<()> {
    for ids in trace_ids.chunks(LINKS) {
        let body = json!({"run_id": run_id, "trace_ids": ids});
        client.post_json::<Value>("/api/2.0/mlflow/traces/link-to-run", &body).await?;
    }
    Ok(())
}

async fn send_chunk(
    client: &Client,
    items: &[Item],
    first: usize,
    lines: Vec<u8>,
    sent: &mut Sent,
) -> Result<()> {
    let is_catalog = items.iter().any(|item| matches!(item.line, Line::Catalog(_)));
    let lines = Bytes::from(lines);
    let errors: Vec<LineError> = if is_catalog {
        let result: CatalogImportResult = post(client, CATALOG_ROUTE, lines, items.len()).await?;
        sent.experiments.extend(result.experiments);
        result
            .errors
            .into_iter()
            .map(|error| LineError { line: error.line, message: error.message })
            .collect()
    } else {
        post::<ImportResult>(client, TRACE_ROUTE, lines, items.len()).await?.errors
    };
    let place = |error: LineError| {
        (first + usize::try_from(error.line.saturating_sub(1)).unwrap_or(0), error.message)
    };
    sent.refused.extend(errors.into_iter().map(place));
    Ok(())
}

/// Posts lines until the server takes them. A single one that is too large for it is refused.
async fn post<T: DeserializeOwned + Refused>(
    client: &Client,
    route: &str,
    lines: Bytes,
    count: usize,
) -> Result<T> {
    loop {
        let error = match client.post_lines(route, lines.clone()).await {
            Ok(result) => return Ok(result),
            Err(error) => error,
        };
        let Some(refusal) = error.downcast_ref::<Refusal>() else { return Err(error) };
        match refusal.status {
            StatusCode::TOO_MANY_REQUESTS => {
                tokio::time::sleep(refusal.retry_after.unwrap_or(WAIT_DEFAULT).min(WAIT_MAX)).await;
            }
            StatusCode::PAYLOAD_TOO_LARGE if count == 1 => return Ok(T::refused(refusal.detail.clone())),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                return Err(error)
                    .context("this server can't take an import; update it to the version of this command");
            }
            _ => return Err(error),
        }
    }
}

/// An answer that refuses its only line.
trait Refused {
    fn refused(message: String) -> Self;
}

impl Refused for CatalogImportResult {
    fn refused(message: String) -> Self {
        let errors = vec![spanwise_api_types::native::LineError { line: 1, message }];
        CatalogImportResult { lines: 1, error_count: 1, errors, ..CatalogImportResult::default() }
    }
}

impl Refused for ImportResult {
    fn refused(message: String) -> Self {
        ImportResult { errors: vec![LineError { line: 1, message }], ..ImportResult::default() }
    }
}
