//! Import of all that is not a trace: what another store has, with its ids and times. The same lines again change nothing.

use super::parameter::NoParameters;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use spanwise_api_types::native::{
    self, CatalogImportResult, CatalogLine, CatalogLineError, ImportedAs, ImportedRecords, LineError,
};
use spanwise_ingest::IngestError;
use spanwise_model::{ErrorKind, ExperimentId};
use spanwise_store::StoreResult;
use spanwise_store::catalog::{ImportItem, Imported};

/// Lines that are written together: others' writes wait so long.
const LINES_TOGETHER: usize = 200;
/// Errors that are told one by one.
const ERRORS_MAX: usize = 1_000;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(import_catalog))
}

/// Imports what is not a trace
///
/// Takes lines of JSON, each one experiment, run, dataset, prompt version and so on of another store with its ids, times and
/// versions, in an order in which each comes after what it belongs to. What is there already becomes as its line says; tags
/// and the like are merged, and nothing is deleted. A line that can't be taken is named in the answer, and the others are
/// kept.
#[utoipa::path(
    post,
    path = "/import/catalog",
    tag = "export",
    request_body(content = CatalogLine, content_type = "application/x-ndjson"),
    responses((status = 200, body = CatalogImportResult), (status = 400, body = native::Problem), (status = 413, body = native::Problem)),
)]
async fn import_catalog(
    State(app): State<App>,
    _: NoParameters,
    body: Bytes,
) -> Result<Json<CatalogImportResult>, Problem> {
    let mut result = CatalogImportResult::default();
    let mut batch = Batch::default();
    let is_redacting = app.ingest.redaction().is_on().await?;
    for text in body.split(|&byte| byte == b'\n') {
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        result.lines += 1;
        match read(text) {
            Ok((mut item, source_id)) => {
                if is_redacting {
                    // Whose rules hold for records is known when their dataset is there.
                    if matches!(item, ImportItem::Records { .. }) {
                        batch.write(&app, &mut result).await?;
                    }
                    match redact(&app, &mut item).await {
                        // The store will say so.
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        redacted => redacted?,
                    }
                }
                batch.push(item, result.lines, source_id);
            }
            Err(message) => {
                let line = result.lines;
                refuse(&mut result, line, message);
            }
        }
        if batch.items.len() >= LINES_TOGETHER {
            batch.write(&app, &mut result).await?;
        }
    }
    batch.write(&app, &mut result).await?;
    result.errors.sort_by_key(|error| error.line);
    Ok(Json(result))
}

async fn redact(app: &App, item: &mut ImportItem) -> Result<(), IngestError> {
    let redaction = app.ingest.redaction();
    match item {
        ImportItem::Run(run) => redaction.whole_run(run).await,
        ImportItem::LoggedModel(model) => redaction.whole_logged_model(model).await,
        ImportItem::Records { dataset_id, records } => app.redact_records(dataset_id, records).await,
        _ => Ok(()),
    }
}

/// Items that are written together, each with the number of its line, and of an experiment its id in the other store.
#[derive(Default)]
struct Batch {
    items: Vec<ImportItem>,
    lines: Vec<(u64, Option<i64>)>,
}

impl Batch {
    fn push(&mut self, item: ImportItem, line: u64, source_id: Option<i64>) {
        self.items.push(item);
        self.lines.push((line, source_id));
    }

    async fn write(&mut self, app: &App, result: &mut CatalogImportResult) -> StoreResult<()> {
        let lines = std::mem::take(&mut self.lines);
        let outcomes = app.catalog.import_items(std::mem::take(&mut self.items)).await?;
        for ((line, source_id), outcome) in lines.into_iter().zip(outcomes) {
            match (outcome, source_id) {
                (Ok(Imported::Experiment(ExperimentId(id), name)), Some(source_id)) => {
                    result.experiments.push(ImportedAs { source_id, experiment_id: id.to_string(), name });
                }
                (Ok(_), _) => {}
                (Err(error), _) => refuse(result, line, Failure::from(error).into_public_message()),
            }
        }
        Ok(())
    }
}

fn refuse(result: &mut CatalogImportResult, line: u64, message: String) {
    result.error_count += 1;
    if result.errors.len() < ERRORS_MAX {
        result.errors.push(LineError { line, message });
    }
}

/// Reads a line: the item, and of an experiment its id in the other store.
fn read(text: &[u8]) -> Result<(ImportItem, Option<i64>), String> {
    let line: CatalogLine =
        serde_json::from_slice(text).map_err(|error| format!("not a line of an import: {error}"))?;
    let source_id = match &line {
        CatalogLine::Experiment(experiment) => Some(experiment.experiment_id),
        _ => None,
    };
    let item = item(line).map_err(|error| error.to_string())?;
    Ok((item, source_id))
}

fn item(line: CatalogLine) -> Result<ImportItem, CatalogLineError> {
    Ok(match line {
        CatalogLine::Experiment(line) => ImportItem::Experiment(line.into()),
        CatalogLine::Run(line) => ImportItem::Run(Box::new(line.try_into()?)),
        CatalogLine::Metrics(line) => {
            let (run_id, points) = line.into_model()?;
            ImportItem::Metrics { run_id, points }
        }
        CatalogLine::LoggedModel(line) => ImportItem::LoggedModel(Box::new(line.try_into()?)),
        CatalogLine::Dataset(line) => ImportItem::Dataset(line.into()),
        CatalogLine::Records(ImportedRecords { dataset_id, records }) => {
            ImportItem::Records { dataset_id, records: records.into_iter().map(Into::into).collect() }
        }
        CatalogLine::RegisteredModel(line) => ImportItem::RegisteredModel(line.into()),
        CatalogLine::ModelVersion(line) => ImportItem::ModelVersion(Box::new(line.try_into()?)),
        CatalogLine::ScorerVersion(line) => ImportItem::ScorerVersion(line.into()),
        CatalogLine::OnlineScoring(line) => ImportItem::OnlineScoring(line.into()),
        CatalogLine::Issue(line) => ImportItem::Issue(line.try_into()?),
        CatalogLine::LabelSchema(line) => ImportItem::LabelSchema(line.try_into()?),
        CatalogLine::ReviewQueue(line) => ImportItem::ReviewQueue(line.into()),
        CatalogLine::ReviewItem(line) => ImportItem::ReviewItem(line.try_into()?),
        CatalogLine::Webhook(line) => {
            let (webhook, secret) = line.into_model()?;
            ImportItem::Webhook(webhook, secret)
        }
    })
}
