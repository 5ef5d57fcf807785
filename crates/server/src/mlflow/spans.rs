//! Traces with their spans, streamed: what an answer holds in memory does not grow with the trace.

use super::artifacts::{attachment, stored_traces_json};
use super::extract::Params;
use super::lookup::{OrMissing, missing, trace_id};
use super::render::{Form, write_span};
use super::traces::find_by_ids;
use crate::App;
use crate::error::MlflowResult;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use spanwise_api_types::mlflow::trace::{BatchGetTraces, GetTrace};
use spanwise_api_types::mlflow::trace_info::{TraceInfo as WireTraceInfo, expected_span_count};
use spanwise_genai::prices::PriceBook;
use spanwise_model::{ErrorKind, TraceInfo};
use spanwise_store::{SpanStream, StoreResult};
use std::sync::Arc;
use std::time::Duration;

/// How long a read waits for spans that are still on their way, in steps that double.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const WAIT_MAX: Duration = Duration::from_secs(3);

pub(super) fn routes() -> Router<App> {
    Router::new().route("/traces/get", get(get_one)).route("/traces/batchGet", get(batch_get))
}

async fn get_one(State(app): State<App>, Params(request): Params<GetTrace>) -> MlflowResult<Response> {
    let info = wait_until_complete(&app, &request).await?;
    let spans = open(&app, &info).await?;
    let chunks = text("{\"trace\":").chain(trace_chunks(info, spans, app.store.prices())).chain(text("}"));
    Ok(json_response(chunks))
}

/// Returns the record of a trace once as many spans are stored as its client said that it has.
async fn wait_until_complete(app: &App, request: &GetTrace) -> MlflowResult<TraceInfo> {
    let text = &request.trace_id;
    let no_trace = || missing(format!("Trace with ID {text} is not found."));
    let id = trace_id(text).map_err(|_| no_trace())?;
    let mut waited = Duration::ZERO;
    let mut wait = FIRST_WAIT;
    loop {
        let info = app.store.get_trace(&id).await.or_missing(no_trace)?;
        if request.allow_partial || is_complete(&info) {
            return Ok(info);
        }
        if waited >= WAIT_MAX {
            let text = format!("Trace with ID {text} is not fully exported yet, please try again later.");
            return Err(missing(text));
        }
        tokio::time::sleep(wait).await;
        waited += wait;
        wait = (wait * 2).min(WAIT_MAX - waited);
    }
}

fn is_complete(info: &TraceInfo) -> bool {
    expected_span_count(info).is_none_or(|expected| info.span_count >= expected)
}

async fn batch_get(
    State(app): State<App>,
    Params(request): Params<BatchGetTraces>,
) -> MlflowResult<Response> {
    let infos: Vec<TraceInfo> = find_by_ids(&app, &request).await?.into_iter().filter(is_complete).collect();
    if infos.is_empty() {
        return Ok(super::reply::done().into_response());
    }
    let mut separator = "";
    let prices = app.store.prices();
    let traces = stream::iter(infos)
        .then(move |info| open_listed(app.clone(), info))
        .try_filter_map(async |opened| Ok(opened));
    let chunks = traces.map_ok(move |(info, spans)| {
        let prices = Arc::clone(&prices);
        text(std::mem::replace(&mut separator, ",")).chain(trace_chunks(info, spans, prices))
    });
    Ok(json_response(text("{\"traces\":[").chain(chunks.try_flatten()).chain(text("]}"))))
}

/// Opens a trace for reading; one that was deleted since its record was read is left out.
async fn open_listed(app: App, info: TraceInfo) -> StoreResult<Option<(TraceInfo, SpanStream)>> {
    match open(&app, &info).await {
        Ok(spans) => Ok(Some((info, spans))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Answers with all spans as MLflow's file of a trace.
pub(super) async fn send_traces_json(app: &App, info: TraceInfo) -> MlflowResult<Response> {
    if info.span_count == 0
        && let Some(response) = stored_traces_json(app, &info).await?
    {
        return Ok(response);
    }
    let spans = span_chunks(Form::Dict, &info, open(app, &info).await?, app.store.prices());
    let mut response = json_response(text("{\"spans\":[").chain(spans).chain(text("]}")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response.headers_mut().insert(CONTENT_DISPOSITION, attachment("traces.json"));
    Ok(response)
}

/// Opens the spans of a trace and reads the first of them, so that a failure still has a status of its own.
async fn open(app: &App, info: &TraceInfo) -> StoreResult<SpanStream> {
    let mut spans = app.store.read_spans(&info.trace_id).await?;
    let first = spans.try_next().await?;
    Ok(stream::iter(first.map(Ok)).chain(spans).boxed())
}

/// Writes `{"trace_info": …, "spans": […]}`.
fn trace_chunks(
    info: TraceInfo,
    spans: SpanStream,
    prices: Arc<PriceBook>,
) -> impl Stream<Item = StoreResult<Bytes>> + Send {
    let spans = span_chunks(Form::Proto, &info, spans, prices);
    let info =
        serde_json::to_string(&WireTraceInfo::from(info)).expect("a record holds texts and JSON values");
    let head = Bytes::from(format!("{{\"trace_info\":{info},\"spans\":["));
    stream::iter([Ok(head)]).chain(spans).chain(text("]}"))
}

/// Writes spans, separated by commas; each chunk of the store becomes a chunk of the answer.
fn span_chunks(
    form: Form,
    info: &TraceInfo,
    spans: SpanStream,
    prices: Arc<PriceBook>,
) -> impl Stream<Item = StoreResult<Bytes>> + Send + use<> {
    let (trace_id, experiment) = (info.trace_id.to_string(), info.experiment_id);
    let mut is_first = true;
    spans.map(move |chunk| {
        let mut out = String::new();
        for span in &chunk? {
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            write_span(form, span, &trace_id, prices.of(experiment), &mut out)?;
        }
        Ok(Bytes::from(out))
    })
}

fn text(text: &'static str) -> impl Stream<Item = StoreResult<Bytes>> + Send {
    stream::iter([Ok(Bytes::from_static(text.as_bytes()))])
}

/// Answers with a stream; a failure on the way is logged here, and breaks the connection off.
fn json_response(chunks: impl Stream<Item = StoreResult<Bytes>> + Send + 'static) -> Response {
    let logged = chunks.inspect_err(|error| tracing::error!("an answer broke off: {error}"));
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(logged)).into_response()
}
