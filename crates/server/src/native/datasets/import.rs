//! Records out of a file that is sent, streamed: what is held in memory does not grow with the file.

use super::super::parameter::Parameters;
use super::super::path::Path;
use super::candidate::{Made, try_all};
use super::export::Form;
use super::from_traces::PROBLEMS_MAX;
use super::row::Columns;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::{Failure, Problem};
use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use bytes::{Buf, Bytes};
use http::Request;
use http_body_util::BodyExt;
use spanwise_api_types::native::{self, DatasetImportResult, RecordProblem};
use spanwise_model::ErrorKind;
use spanwise_tabular::parquet::read_parquet;
use spanwise_tabular::{Row, TableError, read_csv, read_jsonl};
use std::io::{self, Read};
use std::ops::ControlFlow;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Records that are merged together.
const BATCH_RECORDS: usize = 500;
/// Bytes of inputs and the like after which a batch is merged, roughly.
const BATCH_BYTES: usize = 4 << 20;
/// Parts of the body that wait to be read.
const PARTS_WAITING: usize = 16;
/// Records that a dry run shows.
const SHOWN: usize = 20;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(import))
}

/// Imports records from a file
///
/// Merges them as `POST …/records` does, in one version. Columns named like fields of a record (`inputs.question`,
/// `expectations.expected_response`, `outputs`, `tags`) go there; `column` says where others do. A row that can't be taken is named in
/// the answer with its number, and the others are kept. With `dry_run` nothing is changed, and the first 20 records are shown.
#[utoipa::path(
    post,
    path = "/datasets/{dataset_id}/import",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("format" = Option<String>, Query, description = "`jsonl` (if absent), `csv` or `parquet`"),
        ("column" = Option<Vec<String>>, Query, description = "`NAME=TARGET`, where a column of a file goes; an empty target leaves it out; may be repeated"),
        ("dry_run" = Option<bool>, Query, description = "Only say what would be done"),
        ("user" = Option<String>, Query, description = "Who imports"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = DatasetImportResult), (status = 400, body = native::Problem), (status = 404, body = native::Problem), (status = 413, body = native::Problem)),
)]
async fn import(
    State(app): State<App>,
    Path(id): Path<String>,
    mut parameters: Parameters,
    request: Request<HttpBody>,
) -> Result<Json<DatasetImportResult>, Problem> {
    let form = Form::take(&mut parameters)?;
    let columns = Columns::parse(&parameters.all("column")).map_err(Problem::invalid)?;
    let dry_run = parameters.flag("dry_run")?;
    let user = parameters.one("user")?;
    parameters.finish()?;
    let version = app.catalog.get_dataset(&id).await?.version;
    let (parts, body) = channel(PARTS_WAITING);
    let (batches, made) = channel(1);
    let file_bytes_max = app.config.artifact_bytes_max;
    let parsing = tokio::task::spawn_blocking(move || {
        let mut parser = Parser { columns, user, batch: Vec::new(), bytes: 0, batches };
        parser
            .run(form, Parts { body, part: Bytes::new() }, file_bytes_max)
            .map(|()| parser.columns.into_met())
    });
    let mut merging =
        Merging { app, dataset: id, dry_run, begun: None, result: DatasetImportResult::default() };
    merging.result.result.version = version;
    let (fed, merged) = tokio::join!(feed(request.into_body(), parts), merging.take_all(made));
    // Why the reading ended says more than that the sending did.
    let parsed = parsing.await.map_err(|error| {
        Failure::new(ErrorKind::Internal, format!("the reading of a file failed: {error}"))
    })?;
    merged?;
    fed?;
    merging.result.columns = parsed.map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(Json(merging.result))
}

/// Sends the parts of a body on as they come. Whoever reads them may have enough before the end.
async fn feed(mut body: HttpBody, parts: Sender<io::Result<Bytes>>) -> Result<(), Problem> {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            // What was read until now must not be taken for the whole file.
            let broken = io::Error::new(io::ErrorKind::UnexpectedEof, "the request broke off");
            let _ = parts.send(Err(broken)).await;
            return Err(Problem::invalid("the request broke off"));
        };
        let Ok(part) = frame.into_data() else { continue };
        if parts.send(Ok(part)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The parts of a body, to be read on a thread that may wait.
struct Parts {
    body: Receiver<io::Result<Bytes>>,
    part: Bytes,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.part.is_empty() {
            match self.body.blocking_recv() {
                Some(part) => self.part = part?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.part.len());
        self.part.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// Makes records of rows, and hands them on batch by batch.
struct Parser {
    columns: Columns,
    user: Option<String>,
    batch: Vec<Made>,
    /// Bytes of the batch, roughly.
    bytes: usize,
    batches: Sender<Vec<Made>>,
}

impl Parser {
    fn run(&mut self, form: Form, mut source: Parts, file_bytes_max: u64) -> Result<(), TableError> {
        match form {
            Form::Jsonl => read_jsonl(&mut source, &mut |number, row| self.take(number, row))?,
            Form::Csv => read_csv(&mut source, &mut |number, row| self.take(number, row))?,
            Form::Parquet => {
                // It is read from its end, so that all of it must be there.
                let mut file = tempfile::tempfile()?;
                let copied = io::copy(&mut source.take(file_bytes_max.saturating_add(1)), &mut file)?;
                if copied > file_bytes_max {
                    return Err(TableError::Unsupported(format!("more than {file_bytes_max} bytes")));
                }
                read_parquet(&mut file, &mut |number, row| self.take(number, row))?;
            }
        }
        // Whoever takes them may have gone with the request.
        let _ = self.send();
        Ok(())
    }

    fn take(&mut self, number: u64, row: Result<Row, String>) -> ControlFlow<()> {
        let record = row.and_then(|row| self.columns.record(row, self.user.as_deref()));
        self.bytes += match &record {
            Ok(record) => bytes_of(&record.inputs) + bytes_of(&record.expectations),
            Err(message) => message.len(),
        };
        self.batch.push(Made { origin: number.to_string(), span_id: None, record });
        if self.batch.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES {
            self.send()
        } else {
            ControlFlow::Continue(())
        }
    }

    fn send(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        match self.batches.blocking_send(std::mem::take(&mut self.batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

fn bytes_of(fields: &Row) -> usize {
    fields.values().map(|value| value.as_str().map_or(64, str::len)).sum()
}

/// Merges the batches of a file into a dataset.
struct Merging {
    app: App,
    dataset: String,
    dry_run: bool,
    /// The version that the batch before made.
    begun: Option<i64>,
    result: DatasetImportResult,
}

impl Merging {
    async fn take_all(&mut self, mut batches: Receiver<Vec<Made>>) -> Result<(), Problem> {
        while let Some(batch) = batches.recv().await {
            self.take(batch).await?;
        }
        Ok(())
    }

    async fn take(&mut self, mut batch: Vec<Made>) -> Result<(), Problem> {
        let records = batch.iter_mut().filter_map(|made| made.record.as_mut().ok());
        self.app.redact_records(&self.dataset, records).await?;
        self.result.rows += batch.len() as u64;
        for made in &batch {
            let Err(message) = &made.record else { continue };
            self.result.problem_count += 1;
            if self.result.problems.len() < PROBLEMS_MAX {
                let problem = RecordProblem { origin: made.origin.clone(), message: message.clone() };
                self.result.problems.push(problem);
            }
        }
        if self.dry_run {
            let shown = try_all(&self.app, &self.dataset, &batch, &mut self.result.result).await?;
            let room = SHOWN - self.result.candidates.len();
            self.result.candidates.extend(shown.into_iter().take(room));
            return Ok(());
        }
        let records = batch.into_iter().filter_map(|made| made.record.ok()).collect();
        let merged = self.app.catalog.continue_merge(&self.dataset, records, self.begun).await?;
        if merged.added + merged.changed > 0 {
            self.begun = Some(merged.version);
        }
        let result = &mut self.result.result;
        result.version = merged.version;
        result.added += merged.added;
        result.changed += merged.changed;
        result.unchanged += merged.unchanged;
        Ok(())
    }
}
