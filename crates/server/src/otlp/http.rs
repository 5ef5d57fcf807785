//! OTLP/HTTP: `/v1/{traces,logs,metrics}`, and the same below `/otlp/{experiment}`.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use super::body::read_body;
use super::decompress::Encoding;
use super::reply::{OtlpError, Signal, success};
use crate::App;
use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Request, StatusCode};
use spanwise_ingest::{Body, Format, IngestOutcome, Route};

/// The header and gRPC metadata that names the experiment.
pub(crate) const EXPERIMENT_HEADER: &str = "x-mlflow-experiment-id";
/// The header and gRPC metadata that names a run to link traces to.
pub(crate) const RUN_HEADER: &str = "x-mlflow-run-id";

/// Returns the routes of OTLP/HTTP.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/v1/traces", post(traces))
        .route("/v1/logs", post(logs))
        .route("/v1/metrics", post(metrics))
        // Exporters append `/v1/…` to the endpoint that they are configured with.
        .route("/otlp/{experiment}/v1/traces", post(traces))
        .route("/otlp/{experiment}/v1/logs", post(logs))
        .route("/otlp/{experiment}/v1/metrics", post(metrics))
}

type Prefix = Option<Path<String>>;

async fn traces(State(app): State<App>, prefix: Prefix, request: Request<HttpBody>) -> Response {
    export(&app, Signal::Traces, prefix, request).await
}

async fn logs(State(app): State<App>, prefix: Prefix, request: Request<HttpBody>) -> Response {
    export(&app, Signal::Logs, prefix, request).await
}

async fn metrics(State(app): State<App>, prefix: Prefix, request: Request<HttpBody>) -> Response {
    export(&app, Signal::Metrics, prefix, request).await
}

async fn export(app: &App, signal: Signal, prefix: Prefix, request: Request<HttpBody>) -> Response {
    let format = match format_of(request.headers()) {
        Ok(format) => format,
        Err(error) => return error.into_reply(Format::Json),
    };
    match take(app, signal, format, prefix, request).await {
        Ok(outcome) => success(signal, format, &outcome),
        Err(error) => error.into_reply(format),
    }
}

async fn take(
    app: &App,
    signal: Signal,
    format: Format,
    prefix: Prefix,
    request: Request<HttpBody>,
) -> Result<IngestOutcome, OtlpError> {
    let encoding = encoding_of(request.headers())?;
    let route = Route {
        experiment: header(request.headers(), EXPERIMENT_HEADER)?
            .or(prefix.map(|Path(experiment)| experiment)),
        run_id: header(request.headers(), RUN_HEADER)?,
    };
    let mut reservation = app.ingest.reserve();
    let bytes = read_body(request, encoding, app.config.body_bytes_max, &mut reservation).await?;
    let body = Body { bytes, format, reservation };
    Ok(match signal {
        Signal::Traces => app.ingest.submit_traces(body, &route).await?,
        Signal::Logs => app.ingest.submit_logs(body, &route).await?,
        Signal::Metrics => app.ingest.discard_metrics(&body),
    })
}

fn format_of(headers: &HeaderMap) -> Result<Format, OtlpError> {
    let value = headers.get(CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("(not text)"));
    let media_type = value.split(';').next().unwrap_or_default().trim();
    match media_type.to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Ok(Format::Protobuf),
        "application/json" => Ok(Format::Json),
        _ => Err(OtlpError::transport(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "unsupported Content-Type `{value}`; expected application/x-protobuf or application/json"
            ),
        )),
    }
}

fn encoding_of(headers: &HeaderMap) -> Result<Encoding, OtlpError> {
    let value = headers.get(CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("(not text)"));
    Encoding::from_header(value).ok_or_else(|| {
        OtlpError::transport(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("unsupported Content-Encoding `{value}`; expected gzip, deflate, zstd or identity"),
        )
    })
}

/// Returns a header's text; absent and empty are the same, since exporters are configured by templates.
fn header(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, OtlpError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| {
        OtlpError::transport(StatusCode::BAD_REQUEST, format!("header `{name}` is not ASCII text"))
    })?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
}
