//! Export: the selected traces as lines, streamed. What it holds in memory grows neither with the number of traces
//! nor with the size of one.

use super::parameter::Parameters;
use super::selection::{SelectionParameters, SelectionText};
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::export::groups;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use spanwise_api_types::native::{self, ARCHIVE_VERSION, ArchivedTrace};
use spanwise_model::{ErrorKind, ExperimentId, TraceId, TraceInfo};
use spanwise_otlp::encode_traces;
use spanwise_otlp::json::transcode_traces;
use spanwise_otlp::json_out::write_traces;
use spanwise_query::{OrderBy, OrderKey};
use spanwise_store::{
    ExplicitValues, Selection, StoreError, StoreResult, StoredSpan, TraceArchive, TraceQuery,
};
use std::collections::{BTreeMap, HashMap};
use tokio::sync::mpsc::{Sender, channel};

/// Traces whose records are read together.
const PAGE_TRACES: usize = 200;
/// Raw bytes of spans and their log records in one line; a larger trace takes several.
const LINE_RAW_BYTES: usize = 1 << 20;
/// Lines that wait for the client.
const LINES_WAITING: usize = 8;
/// How many traces were selected when the export began.
const TOTAL_HEADER: &str = "x-spanwise-total";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(export))
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Jsonl,
    OtlpJson,
}

/// Exports traces
///
/// Lines of JSON, experiment by experiment (by name), the oldest trace of each first. `jsonl` holds whole records (tags, metadata, assessments, links) and spans as
/// OTLP/JSON; spans that JSON can't give back byte for byte also come as base64 of an OTLP request. `otlp-json` holds
/// an `ExportTraceServiceRequest` a line. A large trace takes several lines.
#[utoipa::path(
    get,
    path = "/export",
    tag = "export",
    params(
        SelectionParameters,
        ("format" = Option<String>, Query, description = "`jsonl` (if absent) or `otlp-json`"),
    ),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn export(State(app): State<App>, mut parameters: Parameters) -> Result<Response, Problem> {
    let text = SelectionText::take(&mut parameters)?;
    let form = match parameters.one("format")?.as_deref() {
        None | Some("jsonl") => Form::Jsonl,
        Some("otlp-json") => Form::OtlpJson,
        Some(other) => {
            return Err(Problem::invalid(format!(
                "parameter `format` is `{other}`; expected `jsonl` or `otlp-json`"
            )));
        }
    };
    parameters.finish()?;
    let selection = text.resolve(&app).await?;
    let total = app.store.count_traces(selection.page(Vec::new(), 1, None)).await?;
    let (lines, mut waiting) = channel(LINES_WAITING);
    tokio::spawn(async move {
        let exporter = Exporter { app, form, lines, names: HashMap::new() };
        exporter.run(selection).await;
    });
    let body = Body::from_stream(stream::poll_fn(move |context| waiting.poll_recv(context)));
    let mut response = ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response();
    response.headers_mut().insert(TOTAL_HEADER, HeaderValue::from(total));
    Ok(response)
}

/// Writes the lines of one export.
struct Exporter {
    app: App,
    form: Form,
    lines: Sender<StoreResult<Bytes>>,
    /// Names of experiments.
    names: HashMap<ExperimentId, String>,
}

/// The client has gone.
struct Gone;

enum Stop {
    Gone,
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Failed(error)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Stop::Gone
    }
}

impl Exporter {
    /// Writes everything; a failure on the way is logged, and breaks the connection off.
    async fn run(mut self, selection: Selection) {
        if let Err(Stop::Failed(error)) = self.write_all(&selection).await {
            tracing::error!("an export broke off: {error}");
            // If the client has gone too, nobody is left to tell.
            let _ = self.lines.send(Err(error)).await;
        }
    }

    async fn write_all(&mut self, selection: &Selection) -> Result<(), Stop> {
        // One experiment after the other: the store then walks an index, whatever the number of pages. By name, so
        // that another store with the same traces writes the same lines.
        let mut named = BTreeMap::new();
        for id in &selection.experiments {
            named.insert(self.experiment_name(*id).await?, *id);
        }
        for id in named.into_values() {
            let one = Selection { experiments: vec![id], ..selection.clone() };
            self.write_experiment(&one).await?;
        }
        Ok(())
    }

    async fn write_experiment(&mut self, selection: &Selection) -> Result<(), Stop> {
        let oldest_first = OrderBy { key: OrderKey::Start, descending: false };
        let mut query: TraceQuery = selection.page(vec![oldest_first], PAGE_TRACES, None);
        loop {
            let page = self.app.store.find_traces(query.clone()).await?;
            self.write_page(page.traces).await?;
            match page.next {
                Some(cursor) => query.after = Some(cursor),
                None => return Ok(()),
            }
        }
    }

    async fn write_page(&mut self, traces: Vec<TraceInfo>) -> Result<(), Stop> {
        let ids: Vec<TraceId> = traces.into_iter().map(|trace| trace.trace_id).collect();
        let archives = self.app.store.archive_traces(&ids).await?;
        for archive in archives {
            let id = archive.info.trace_id.clone();
            let record = match self.form {
                Form::Jsonl => {
                    let experiment = self.experiment_name(archive.info.experiment_id).await?;
                    Some(archived(archive, experiment))
                }
                Form::OtlpJson => None,
            };
            match self.write_trace(&id, record).await {
                // Deleted since its page was read.
                Err(Stop::Failed(error)) if error.kind() == ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(())
    }

    async fn write_trace(&mut self, id: &TraceId, mut record: Option<ArchivedTrace>) -> Result<(), Stop> {
        let experiment = record.as_ref().map(|record| record.experiment.clone()).unwrap_or_default();
        let mut chunks = self.app.store.read_spans(id).await?;
        let mut spans: Vec<StoredSpan> = Vec::new();
        let mut bytes = 0;
        while let Some(chunk) = chunks.try_next().await? {
            bytes += chunk.iter().map(bytes_of).sum::<usize>();
            spans.extend(chunk);
            if bytes >= LINE_RAW_BYTES {
                self.write_line(id, &experiment, record.take(), std::mem::take(&mut spans)).await?;
                bytes = 0;
            }
        }
        if !spans.is_empty() || record.is_some() {
            self.write_line(id, &experiment, record, spans).await?;
        }
        Ok(())
    }

    async fn write_line(
        &self,
        id: &TraceId,
        experiment: &str,
        record: Option<ArchivedTrace>,
        spans: Vec<StoredSpan>,
    ) -> Result<(), Stop> {
        let form = self.form;
        let mut head = json!({"spanwise": ARCHIVE_VERSION, "trace_id": id.to_string()});
        match record {
            Some(record) => head["trace"] = to_json(record)?,
            // A further line of a large trace: an import may come to it before the one with the record.
            None => head["experiment"] = experiment.into(),
        }
        let line = tokio::task::spawn_blocking(move || line(form, head, &spans)).await;
        let line = line
            .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot write a line", error))??;
        self.lines.send(Ok(line)).await.map_err(|_| Gone)?;
        Ok(())
    }

    async fn experiment_name(&mut self, id: ExperimentId) -> StoreResult<String> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let name = self.app.store.get_experiment(id).await?.name;
        self.names.insert(id, name.clone());
        Ok(name)
    }
}

fn bytes_of(span: &StoredSpan) -> usize {
    span.raw.len() + span.logs.iter().map(Bytes::len).sum::<usize>()
}

fn to_json(record: ArchivedTrace) -> StoreResult<Value> {
    serde_json::to_value(record)
        .map_err(|error| StoreError::with_source(ErrorKind::Internal, "cannot write a record", error))
}

fn archived(archive: TraceArchive, experiment: String) -> ArchivedTrace {
    let explicit = explicit_names(&archive.explicit);
    ArchivedTrace {
        explicit: explicit.into_iter().map(str::to_owned).collect(),
        runs: archive.runs,
        prompts: archive.prompts.into_iter().map(|prompt| (prompt.name, prompt.version)).collect(),
        ..ArchivedTrace::new(archive.info, experiment)
    }
}

fn explicit_names(explicit: &ExplicitValues) -> Vec<&'static str> {
    let named = [
        ("name", explicit.name),
        ("session", explicit.session),
        ("user", explicit.user),
        ("request_preview", explicit.request_preview),
        ("response_preview", explicit.response_preview),
        ("usage", explicit.usage),
        ("cost", explicit.cost),
    ];
    named.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name).collect()
}

fn line(form: Form, mut head: Value, spans: &[StoredSpan]) -> StoreResult<Bytes> {
    let request = encode_traces(&groups(spans));
    let mut otlp = String::new();
    write_traces(&request, &mut otlp).map_err(|error| {
        StoreError::with_source(
            ErrorKind::Internal,
            format!("a span of trace {} can't be read", head["trace_id"]),
            error,
        )
    })?;
    if form == Form::OtlpJson {
        otlp.push('\n');
        return Ok(otlp.into());
    }
    let is_exact = transcode_traces(otlp.as_bytes()).is_ok_and(|back| back.body == request);
    if !is_exact {
        head["otlp"] = STANDARD.encode(&request).into();
    }
    let logs: Vec<String> =
        spans.iter().flat_map(|span| &span.logs).map(|raw| STANDARD.encode(raw)).collect();
    if !logs.is_empty() {
        head["logs"] = logs.into();
    }
    let mut text = head.to_string();
    append_fields(&mut text, &otlp);
    text.push('\n');
    Ok(text.into())
}

/// Appends the fields of one JSON object to those of another, which has some.
fn append_fields(text: &mut String, more: &str) {
    let fields = &more[1..];
    text.pop();
    if fields != "}" {
        text.push(',');
    }
    text.push_str(fields);
}
