//! Import: lines that an export wrote, streamed. The same lines again change nothing.

use super::experiments::check_name;
use super::parameter::Parameters;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::otlp::{BodyError, Decompressor, Encoding, PushError};
use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde::Deserialize;
use spanwise_api_types::native::{self, ARCHIVE_VERSION, ArchivedTrace, ImportResult, LineError};
use spanwise_ingest::{Body, Format, IngestError, IngestOutcome, Route};
use spanwise_model::{ErrorKind, ExperimentId, LifecycleStage};
use spanwise_otlp::{ResourceGroup, ScopeGroup, encode_traces};
use spanwise_store::{ExplicitValues, NewExperiment, PromptLink, TraceArchive};
use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 64 << 20;
/// Lines under way at one time: they share the store's commits.
const LINES_UNDER_WAY: usize = 16;
/// Bytes of lines under way at one time; a line that is longer goes alone.
const BYTES_UNDER_WAY: usize = 32 << 20;
/// Bytes of a compressed body that are unpacked before their lines are taken: few bytes may hold a great many.
const PACKED_BYTES: usize = 1 << 10;
/// Errors that are told one by one.
const ERRORS_MAX: usize = 100;
/// How long a line waits for room in the queue, in steps of a tenth of a second.
const ROOM_STEPS_MAX: u32 = 300;
const ROOM_STEP: Duration = Duration::from_millis(100);

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(import))
}

/// Imports traces
///
/// Takes the lines of an export of either format, plain or compressed (`gzip`, `deflate`, `zstd`), of any length. The
/// same lines again change nothing. A line that can't be taken is named in the answer, and the others are kept.
#[utoipa::path(
    post,
    path = "/import",
    tag = "export",
    params(("experiment" = Option<String>, Query, description = "Name of the experiment to put all traces into; it is created if there is none")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = ImportResult), (status = 400, body = native::Problem), (status = 415, body = native::Problem)),
)]
async fn import(
    State(app): State<App>,
    mut parameters: Parameters,
    request: Request<HttpBody>,
) -> Result<Json<ImportResult>, Problem> {
    let experiment = parameters.one("experiment")?;
    parameters.finish()?;
    let named = request.headers().get(CONTENT_ENCODING).map_or(Some(""), |value| value.to_str().ok());
    let encoding = named.and_then(Encoding::from_header).ok_or_else(|| {
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown Content-Encoding; expected `gzip`, `deflate`, `zstd` or none",
        )
    })?;
    let importer = Arc::new(Importer { app, experiment, experiments: Mutex::new(HashMap::new()) });
    let mut run = Run::new(importer);
    let mut decompressor = Decompressor::new(encoding);
    let mut body = request.into_body();
    let mut is_empty = true;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(BodyError::Interrupted.into()) };
        let Some(chunk) = frame.data_ref() else { continue };
        is_empty &= chunk.is_empty();
        if encoding == Encoding::Identity {
            run.take(chunk).await;
            continue;
        }
        for packed in chunk.chunks(PACKED_BYTES) {
            run.take(&unpacked(&mut decompressor, packed, encoding)?).await;
        }
    }
    // No body at all holds no lines, whatever encoding its headers name.
    if !is_empty && !decompressor.is_complete() {
        return Err(BodyError::Corrupt(encoding.name()).into());
    }
    Ok(Json(run.finish().await))
}

fn unpacked(
    decompressor: &mut Decompressor,
    packed: &[u8],
    encoding: Encoding,
) -> Result<Vec<u8>, BodyError> {
    let mut out = Vec::new();
    let mut sink = |part: &[u8]| {
        out.extend_from_slice(part);
        Ok::<(), Infallible>(())
    };
    match decompressor.push(packed, &mut sink) {
        Ok(()) => Ok(out),
        Err(PushError::Corrupt) => Err(BodyError::Corrupt(encoding.name())),
        Err(PushError::Sink(never)) => match never {},
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let status = match error {
            BodyError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Corrupt(_) | BodyError::Interrupted => StatusCode::BAD_REQUEST,
            BodyError::Exhausted(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        Problem::new(status, error.to_string())
    }
}

/// Cuts a stream of bytes into lines.
#[derive(Default)]
struct Splitter {
    begun: Vec<u8>,
    /// The line that is begun is too long: the rest of it is passed over.
    is_too_long: bool,
}

/// A line, or that it was longer than [`LINE_BYTES_MAX`].
type Cut = Option<Bytes>;

impl Splitter {
    /// Returns the next line that ends in `rest`, and moves on behind it.
    fn next(&mut self, rest: &mut &[u8]) -> Option<Cut> {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            self.add(rest);
            *rest = &[];
            return None;
        };
        self.add(&rest[..end]);
        *rest = &rest[end + 1..];
        Some(self.cut())
    }

    /// Returns the last line, if the stream did not end with a line's end.
    fn finish(&mut self) -> Option<Cut> {
        (self.is_too_long || !self.begun.is_empty()).then(|| self.cut())
    }

    fn add(&mut self, part: &[u8]) {
        if self.is_too_long || self.begun.len() + part.len() > LINE_BYTES_MAX {
            (self.begun, self.is_too_long) = (Vec::new(), true);
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    fn cut(&mut self) -> Cut {
        let line = std::mem::take(&mut self.begun);
        if std::mem::take(&mut self.is_too_long) { None } else { Some(line.into()) }
    }
}

/// What a line did.
#[derive(Default)]
struct LineOutcome {
    traces: u64,
    spans: u64,
    errors: Vec<String>,
}

impl LineOutcome {
    fn of_error(message: String) -> LineOutcome {
        LineOutcome { errors: vec![message], ..LineOutcome::default() }
    }
}

/// A line's length, and what takes it.
type LineTask = (usize, tokio::task::JoinHandle<LineOutcome>);

/// One import under way.
struct Run {
    importer: Arc<Importer>,
    splitter: Splitter,
    under_way: VecDeque<LineTask>,
    /// Bytes of the lines that are under way.
    bytes_under_way: usize,
    /// What became of the lines before.
    result: ImportResult,
}

impl Run {
    fn new(importer: Arc<Importer>) -> Run {
        Run {
            importer,
            splitter: Splitter::default(),
            under_way: VecDeque::new(),
            bytes_under_way: 0,
            result: ImportResult::default(),
        }
    }

    /// Takes a part of the body.
    async fn take(&mut self, part: &[u8]) {
        let mut rest = part;
        while let Some(line) = self.splitter.next(&mut rest) {
            self.begin(line).await;
        }
    }

    async fn begin(&mut self, line: Cut) {
        let bytes = line.as_ref().map_or(0, Bytes::len);
        while self.under_way.len() >= LINES_UNDER_WAY
            || (self.bytes_under_way > 0 && self.bytes_under_way + bytes > BYTES_UNDER_WAY)
        {
            self.settle_one().await;
        }
        self.bytes_under_way += bytes;
        let importer = Arc::clone(&self.importer);
        self.under_way.push_back((bytes, tokio::spawn(async move { importer.take_line(line).await })));
    }

    async fn settle_one(&mut self) {
        let Some((bytes, task)) = self.under_way.pop_front() else { return };
        self.bytes_under_way -= bytes;
        let outcome = task.await.unwrap_or_else(|error| {
            tracing::error!("a line of an import failed: {error}");
            LineOutcome::of_error("internal error; the server's log has the cause".to_owned())
        });
        let result = &mut self.result;
        result.lines += 1;
        result.traces += outcome.traces;
        result.spans += outcome.spans;
        result.error_count += u64::from(!outcome.errors.is_empty());
        if let Some(message) = outcome.errors.into_iter().next()
            && result.errors.len() < ERRORS_MAX
        {
            result.errors.push(LineError { line: result.lines, message });
        }
    }

    async fn finish(mut self) -> ImportResult {
        if let Some(line) = self.splitter.finish() {
            self.begin(line).await;
        }
        while !self.under_way.is_empty() {
            self.settle_one().await;
        }
        self.result
    }
}

/// The parts of a line beside its spans, which the reader of OTLP/JSON takes.
#[derive(Deserialize)]
struct Line {
    spanwise: Option<u32>,
    trace: Option<ArchivedTrace>,
    trace_id: Option<String>,
    /// Of a further line of a large trace.
    experiment: Option<String>,
    otlp: Option<String>,
    #[serde(default)]
    logs: Vec<String>,
}

struct Importer {
    app: App,
    /// The experiment to put everything into.
    experiment: Option<String>,
    /// Ids of the experiments that lines named.
    experiments: Mutex<HashMap<String, ExperimentId>>,
}

impl Importer {
    async fn take_line(&self, line: Cut) -> LineOutcome {
        let Some(line) = line else {
            return LineOutcome::of_error(format!("longer than {LINE_BYTES_MAX} bytes"));
        };
        let mut outcome = LineOutcome::default();
        if line.iter().all(u8::is_ascii_whitespace) {
            return outcome;
        }
        if let Err(message) = self.try_line(&line, &mut outcome).await {
            outcome.errors.push(message);
        }
        outcome
    }

    async fn try_line(&self, line: &Bytes, outcome: &mut LineOutcome) -> Result<(), String> {
        let parsed: Line =
            serde_json::from_slice(line).map_err(|error| format!("not a line of an export: {error}"))?;
        if parsed.spanwise.is_some_and(|version| version > ARCHIVE_VERSION) {
            return Err(format!(
                "the line has version {}, and this build knows up to {ARCHIVE_VERSION}; use a newer spanwise",
                parsed.spanwise.unwrap_or_default()
            ));
        }
        let experiment = self.experiment_of(&parsed).await?;
        let route = Route { experiment: experiment.map(|id| id.to_string()), run_id: None };
        let (bytes, format) = match &parsed.otlp {
            Some(text) => {
                let raw = STANDARD.decode(text).map_err(|error| format!("`otlp` is not base64: {error}"))?;
                (raw.into(), Format::Protobuf)
            }
            None => (line.clone(), Format::Json),
        };
        let stored = self.submit(&bytes, format, &route, false).await?;
        outcome.spans += stored.accepted as u64;
        if stored.rejected > 0 {
            outcome.errors.push(format!("{} spans were refused: {}", stored.rejected, stored.reason));
        }
        if !parsed.logs.is_empty() {
            let request = logs_request(&parsed.logs)?;
            let stored = self.submit(&request, Format::Protobuf, &route, true).await?;
            if stored.rejected > 0 {
                outcome
                    .errors
                    .push(format!("{} log records were refused: {}", stored.rejected, stored.reason));
            }
        }
        if let (Some(record), Some(experiment_id)) = (parsed.trace, experiment) {
            self.restore(record, experiment_id).await?;
            outcome.traces += 1;
        }
        Ok(())
    }

    /// Stores spans or log records, waiting for room in the queue.
    async fn submit(
        &self,
        bytes: &Bytes,
        format: Format,
        route: &Route,
        is_logs: bool,
    ) -> Result<IngestOutcome, String> {
        let ingest = &self.app.ingest;
        let mut steps = 0;
        loop {
            let body = Body { bytes: bytes.clone(), format, reservation: ingest.reserve() };
            let result = match is_logs {
                true => ingest.submit_logs(body, route).await,
                false => ingest.submit_traces(body, route).await,
            };
            match result {
                Err(error) if error.kind() == ErrorKind::Exhausted && steps < ROOM_STEPS_MAX => {
                    steps += 1;
                    tokio::time::sleep(ROOM_STEP).await;
                }
                result => return result.map_err(|error: IngestError| public_message(error)),
            }
        }
    }

    async fn restore(&self, mut record: ArchivedTrace, experiment_id: ExperimentId) -> Result<(), String> {
        let explicit = explicit_values(&record.explicit);
        let runs = std::mem::take(&mut record.runs);
        let prompts = std::mem::take(&mut record.prompts);
        let mut info = record.into_info(experiment_id).map_err(|error| error.to_string())?;
        self.app.ingest.redaction().trace_info(&mut info).await.map_err(public_message)?;
        let prompts = prompts.into_iter().map(|(name, version)| PromptLink { name, version }).collect();
        let archive = TraceArchive { info, explicit, runs, prompts };
        self.app.store.restore_trace(archive).await.map_err(public_message)
    }

    /// Returns the experiment that a line's trace goes to, making it if there is none; `None` if nothing says which.
    async fn experiment_of(&self, line: &Line) -> Result<Option<ExperimentId>, String> {
        let of_record = line.trace.as_ref().map(|trace| trace.experiment.as_str());
        let of_line = of_record.or(line.experiment.as_deref());
        if let Some(name) = self.experiment.as_deref().or(of_line) {
            return self.experiment_named(name).await.map(Some);
        }
        // A line that someone made without an experiment: the trace may be there.
        let Some(id) = line.trace_id.as_ref().and_then(|id| id.parse().ok()) else { return Ok(None) };
        match self.app.store.get_trace(&id).await {
            Ok(info) => Ok(Some(info.experiment_id)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(public_message(error)),
        }
    }

    async fn experiment_named(&self, name: &str) -> Result<ExperimentId, String> {
        let known = self.experiments.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        if let Some(id) = known {
            return Ok(id);
        }
        let find = async || self.app.store.find_experiment_by_name(name).await.map_err(public_message);
        let experiment = match find().await? {
            Some(found) => found,
            None => {
                check_name(name).map_err(|problem| problem.detail)?;
                let new = NewExperiment { name: name.to_owned(), ..NewExperiment::default() };
                match self.app.store.create_experiment(new).await {
                    Ok(created) => created,
                    // Another line has made it in between.
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                        find().await?.ok_or_else(|| {
                            format!("experiment `{name}` was renamed during the import; import again")
                        })?
                    }
                    Err(error) => return Err(public_message(error)),
                }
            }
        };
        if experiment.lifecycle_stage == LifecycleStage::Deleted {
            return Err(format!("experiment `{name}` is deleted; restore it, or import into another one"));
        }
        let id = experiment.experiment_id;
        self.experiments.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), id);
        Ok(id)
    }
}

fn public_message(error: impl Into<crate::error::Failure>) -> String {
    error.into().into_public_message()
}

/// Makes a request of raw log records.
fn logs_request(records: &[String]) -> Result<Bytes, String> {
    let decode =
        |text: &String| STANDARD.decode(text).map_err(|error| format!("`logs` is not base64: {error}"));
    let records = records.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    let items = records.iter().map(Vec::as_slice).collect();
    let scopes = vec![ScopeGroup { header: &[], items }];
    Ok(encode_traces(&[ResourceGroup { header: &[], scopes }]).into())
}

fn explicit_values(names: &[String]) -> ExplicitValues {
    let has = |name: &str| names.iter().any(|given| given == name);
    ExplicitValues {
        name: has("name"),
        session: has("session"),
        user: has("user"),
        request_preview: has("request_preview"),
        response_preview: has("response_preview"),
        usage: has("usage"),
        cost: has("cost"),
    }
}
