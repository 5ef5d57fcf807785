//! The records of a version as a file, streamed.

use super::super::parameter::Parameters;
use super::super::path::Path;
use super::version_of;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use spanwise_api_types::native;
use spanwise_model::{Dataset, DatasetRecord, ErrorKind};
use spanwise_store::{StoreError, StoreResult};
use spanwise_tabular::parquet::{Cell, ColumnKind, ParquetWriter};
use spanwise_tabular::{CsvWriter, JsonlWriter, Row};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{Sender, channel};

/// Records that are read together.
const PAGE: usize = 500;
/// Parts of the file that wait for the client.
const PARTS_WAITING: usize = 4;
/// Fields that get a column of their own in CSV; where there are more, inputs and expectations are a column each.
const CSV_FIELDS_MAX: usize = 500;

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(export))
}

/// The forms of a file of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Jsonl,
    Csv,
    Parquet,
}

impl Form {
    /// Takes the parameter `format`.
    pub(super) fn take(parameters: &mut Parameters) -> Result<Form, Problem> {
        match parameters.one("format")?.as_deref() {
            None | Some("jsonl") => Ok(Form::Jsonl),
            Some("csv") => Ok(Form::Csv),
            Some("parquet") => Ok(Form::Parquet),
            Some(other) => Err(Problem::invalid(format!(
                "parameter `format` is `{other}`; expected `jsonl`, `csv` or `parquet`"
            ))),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Form::Jsonl => "application/x-ndjson",
            Form::Csv => "text/csv; charset=utf-8",
            Form::Parquet => "application/vnd.apache.parquet",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Form::Jsonl => "jsonl",
            Form::Csv => "csv",
            Form::Parquet => "parquet",
        }
    }
}

/// Exports the records of a dataset
///
/// `jsonl` has an object a record; `csv` a column for each field of inputs and expectations, whose cells are JSON where
/// they are no text; `parquet` a column for each part of a record, as JSON texts. An import of any gives the same records.
#[utoipa::path(
    get,
    path = "/datasets/{dataset_id}/export",
    tag = "datasets",
    params(
        ("dataset_id" = String, Path, description = "The dataset"),
        ("format" = Option<String>, Query, description = "`jsonl` (if absent), `csv` or `parquet`"),
        ("version" = Option<i64>, Query, description = "As they were in this version; the newest if absent"),
    ),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn export(
    State(app): State<App>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let form = Form::take(&mut parameters)?;
    let version = version_of(&app, &id, &mut parameters, "version").await?;
    parameters.finish()?;
    let dataset = app.catalog.get_dataset(&id).await?;
    // One version throughout, whatever changes while the client reads.
    let version = version.unwrap_or(dataset.version);
    let name = file_name(&dataset.name, version, form);
    let writer = RecordWriter::new(form, &dataset)
        .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot begin a file", error))?;
    let (parts, mut waiting) = channel(PARTS_WAITING);
    tokio::spawn(async move {
        if let Err(error) = write_all(&app, &id, version, writer, &parts).await {
            tracing::error!("an export of dataset {id} broke off: {error}");
            // If the client has gone too, nobody is left to tell.
            let _ = parts.send(Err(error)).await;
        }
    });
    let body = Body::from_stream(stream::poll_fn(move |context| waiting.poll_recv(context)));
    let mut response = ([(CONTENT_TYPE, form.media_type())], body).into_response();
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Returns a name that every file system takes.
fn file_name(name: &str, version: i64, form: Form) -> String {
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '-' };
    let name: String = name.chars().take(80).map(plain).collect();
    format!("{name}-v{version}.{}", form.ending())
}

async fn write_all(
    app: &App,
    id: &str,
    version: i64,
    mut writer: RecordWriter,
    parts: &Sender<StoreResult<Bytes>>,
) -> StoreResult<()> {
    let mut after = None;
    loop {
        let page = app.catalog.find_records(id, Some(version), PAGE, after).await?;
        after = page.next;
        let is_last = after.is_none();
        let written = tokio::task::spawn_blocking(move || writer.write(page.records, is_last)).await;
        let (next, bytes) =
            written.map_err(io::Error::other).and_then(|written| written).map_err(|error| {
                StoreError::with_source(ErrorKind::Internal, "cannot write a part of a file", error)
            })?;
        if !bytes.is_empty() && parts.send(Ok(bytes)).await.is_err() {
            // The client has gone.
            return Ok(());
        }
        match next {
            Some(next) => writer = next,
            None => return Ok(()),
        }
    }
}

/// What was written and is not sent yet.
#[derive(Debug, Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file of records that is being written.
struct RecordWriter {
    buffer: Buffer,
    format: FormatWriter,
}

enum FormatWriter {
    Jsonl(JsonlWriter<Buffer>),
    /// And whether each field has a column of its own.
    Csv(Box<CsvWriter<Buffer>>, bool),
    Parquet(ParquetWriter<Buffer>),
}

const PARQUET_COLUMNS: [(&str, ColumnKind); 10] = [
    ("record_id", ColumnKind::Text),
    ("inputs", ColumnKind::Json),
    ("outputs", ColumnKind::Json),
    ("expectations", ColumnKind::Json),
    ("tags", ColumnKind::Json),
    ("source", ColumnKind::Json),
    ("created_time", ColumnKind::Timestamp),
    ("last_update_time", ColumnKind::Timestamp),
    ("created_by", ColumnKind::Text),
    ("last_updated_by", ColumnKind::Text),
];

impl RecordWriter {
    fn new(form: Form, dataset: &Dataset) -> io::Result<RecordWriter> {
        let buffer = Buffer::default();
        let to = buffer.clone();
        let format = match form {
            Form::Jsonl => FormatWriter::Jsonl(JsonlWriter(to)),
            Form::Csv => {
                let (columns, is_wide) = csv_columns(dataset);
                FormatWriter::Csv(Box::new(CsvWriter::new(to, columns)?), is_wide)
            }
            Form::Parquet => FormatWriter::Parquet(ParquetWriter::new(to, &PARQUET_COLUMNS)?),
        };
        Ok(RecordWriter { buffer, format })
    }

    /// Writes records, and returns what can be sent, and the writer unless that was all.
    fn write(
        mut self,
        records: Vec<DatasetRecord>,
        is_last: bool,
    ) -> io::Result<(Option<RecordWriter>, Bytes)> {
        for record in records {
            match &mut self.format {
                FormatWriter::Jsonl(writer) => writer.write(line(record))?,
                FormatWriter::Csv(writer, is_wide) => writer.write(&csv_row(record, *is_wide))?,
                FormatWriter::Parquet(writer) => write_parquet(writer, record)?,
            }
        }
        let buffer = self.buffer.clone();
        let next = if is_last {
            match self.format {
                FormatWriter::Jsonl(_) => {}
                FormatWriter::Csv(writer, _) => writer.finish()?,
                FormatWriter::Parquet(writer) => writer.finish()?,
            }
            None
        } else {
            Some(self)
        };
        let bytes = std::mem::take(&mut *buffer.0.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((next, bytes.into()))
    }
}

fn csv_columns(dataset: &Dataset) -> (Vec<String>, bool) {
    let fields = |part: &str| {
        let fields = dataset.schema.as_ref().and_then(|schema| schema.get(part)?.as_object());
        let names = fields.into_iter().flatten().map(|(name, _)| format!("{part}.{name}"));
        names.collect::<Vec<_>>()
    };
    let (inputs, expectations) = (fields("inputs"), fields("expectations"));
    let is_wide = inputs.len() + expectations.len() <= CSV_FIELDS_MAX;
    let whole = |name: &str| vec![name.to_owned()];
    let parts = [
        whole("record_id"),
        if is_wide { inputs } else { whole("inputs") },
        if is_wide { expectations } else { whole("expectations") },
        ["outputs", "tags", "source"].map(str::to_owned).into(),
    ];
    (parts.concat(), is_wide)
}

fn csv_row(record: DatasetRecord, is_wide: bool) -> Row {
    let mut row = Row::new();
    row.insert("record_id".to_owned(), record.record_id.clone().into());
    for (part, fields) in [("inputs", record.inputs), ("expectations", record.expectations)] {
        if is_wide {
            row.extend(fields.into_iter().map(|(name, value)| (format!("{part}.{name}"), value)));
        } else if !fields.is_empty() {
            row.insert(part.to_owned(), fields.into());
        }
    }
    if let Some(outputs) = record.outputs {
        row.insert("outputs".to_owned(), outputs);
    }
    if !record.tags.is_empty() {
        row.insert("tags".to_owned(), record.tags.into());
    }
    if let Some(source) = record.source {
        row.insert(
            "source".to_owned(),
            json!({"source_type": source.source_type, "source_data": source.data}),
        );
    }
    row
}

fn line(record: DatasetRecord) -> Row {
    let mut row = Row::new();
    row.insert("record_id".to_owned(), record.record_id.into());
    row.insert("inputs".to_owned(), record.inputs.into());
    if let Some(outputs) = record.outputs {
        row.insert("outputs".to_owned(), outputs);
    }
    row.insert("expectations".to_owned(), record.expectations.into());
    row.insert("tags".to_owned(), record.tags.into());
    if let Some(source) = record.source {
        row.insert(
            "source".to_owned(),
            json!({"source_type": source.source_type, "source_data": source.data}),
        );
    }
    row.insert("created_ns".to_owned(), record.created_ns.to_string().into());
    row.insert("last_updated_ns".to_owned(), record.last_updated_ns.to_string().into());
    for (name, user) in [("created_by", record.created_by), ("last_updated_by", record.last_updated_by)] {
        row.insert(name.to_owned(), user.map_or(Value::Null, Value::String));
    }
    row
}

fn write_parquet(writer: &mut ParquetWriter<Buffer>, record: DatasetRecord) -> io::Result<()> {
    let text = |object: Map<String, Value>| Value::Object(object).to_string();
    let inputs = text(record.inputs);
    let outputs = record.outputs.map(|outputs| outputs.to_string());
    let (expectations, tags) = (text(record.expectations), text(record.tags));
    let source = record
        .source
        .map(|source| json!({"source_type": source.source_type, "source_data": source.data}).to_string());
    writer.write(&[
        Cell::Text(&record.record_id),
        Cell::Text(&inputs),
        optional(&outputs),
        Cell::Text(&expectations),
        Cell::Text(&tags),
        optional(&source),
        Cell::Timestamp(record.created_ns),
        Cell::Timestamp(record.last_updated_ns),
        optional(&record.created_by),
        optional(&record.last_updated_by),
    ])
}

fn optional(text: &Option<String>) -> Cell<'_> {
    text.as_deref().map_or(Cell::Missing, Cell::Text)
}
