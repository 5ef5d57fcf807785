//! OTLP/gRPC: the `Export` call of the three collector services, by tonic.
//!
//! Messages pass as bytes: `ingest` reads them in place, so tonic must not decode them first.

use super::http::{EXPERIMENT_HEADER, RUN_HEADER};
use super::reply::{Signal, export_response};
use crate::App;
use crate::error::{Failure, RETRY_AFTER_SECONDS, grpc_code};
use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::{Buf, BufMut, Bytes};
use futures_util::StreamExt;
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use spanwise_ingest::{Body, Format, IngestError, Reservation, Route};
use spanwise_model::ErrorKind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Returns the three services.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/opentelemetry.proto.collector.trace.v1.TraceService/Export", post(traces))
        .route("/opentelemetry.proto.collector.logs.v1.LogsService/Export", post(logs))
        .route("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", post(metrics))
        .fallback(async || Status::unimplemented("no such gRPC method").into_http::<HttpBody>())
}

async fn traces(State(app): State<App>, request: Request<HttpBody>) -> Response {
    export(app, Signal::Traces, request).await
}

async fn logs(State(app): State<App>, request: Request<HttpBody>) -> Response {
    export(app, Signal::Logs, request).await
}

async fn metrics(State(app): State<App>, request: Request<HttpBody>) -> Response {
    export(app, Signal::Metrics, request).await
}

async fn export(app: App, signal: Signal, request: Request<HttpBody>) -> Response {
    let was_read = Arc::new(AtomicBool::new(false));
    let reservation = Arc::new(Mutex::new(app.ingest.reserve()));
    let request = request.map(|body| counted(body, reservation.clone()));
    let limit = app.config.body_bytes_max;
    let mut grpc = Grpc::new(BytesCodec)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(limit);
    let response = grpc.unary(Export { app, signal, reservation, was_read: was_read.clone() }, request).await;
    if was_read.load(Ordering::Relaxed) {
        return response.into_response();
    }
    match Status::from_header_map(response.headers()).and_then(|status| unreadable(&status)) {
        Some(status) => status.into_http::<HttpBody>(),
        None => response.into_response(),
    }
}

/// Counts a body against the byte budget while tonic collects it.
fn counted(
    body: HttpBody,
    reservation: Arc<Mutex<Reservation>>,
) -> impl http_body::Body<Data = Bytes, Error = Status> {
    let mut total = 0;
    StreamBody::new(body.into_data_stream().map(move |chunk| {
        let chunk = chunk.map_err(|error| Status::cancelled(error.to_string()))?;
        total += chunk.len();
        let mut reservation = reservation.lock().unwrap_or_else(PoisonError::into_inner);
        reservation.grow_to(total).map_err(|error| status_of(error.into()))?;
        Ok(Frame::data(chunk))
    }))
}

/// Corrects tonic's code for a message that could not be read. Tonic says `INTERNAL` for a corrupt one, which is not
/// our fault, and `OUT_OF_RANGE` for one that is too long, which exporters would send again for ever.
fn unreadable(status: &Status) -> Option<Status> {
    let is_tonics_own = status.details().is_empty();
    let is_wrong = matches!(status.code(), Code::Internal | Code::OutOfRange | Code::ResourceExhausted);
    (is_tonics_own && is_wrong).then(|| Status::invalid_argument(status.message()))
}

struct Export {
    app: App,
    signal: Signal,
    /// What the body holds of the byte budget.
    reservation: Arc<Mutex<Reservation>>,
    /// Set once the message has been read, and what follows is our answer.
    was_read: Arc<AtomicBool>,
}

impl UnaryService<Bytes> for Export {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        self.was_read.store(true, Ordering::Relaxed);
        let (app, signal) = (self.app.clone(), self.signal);
        let mut held = self.reservation.lock().unwrap_or_else(PoisonError::into_inner);
        let reservation = std::mem::replace(&mut *held, app.ingest.reserve());
        Box::pin(async move { take(&app, signal, request, reservation).await })
    }
}

async fn take(
    app: &App,
    signal: Signal,
    request: tonic::Request<Bytes>,
    reservation: Reservation,
) -> Result<tonic::Response<Bytes>, Status> {
    let route = Route {
        experiment: metadata(request.metadata(), EXPERIMENT_HEADER)?,
        run_id: metadata(request.metadata(), RUN_HEADER)?,
    };
    let body = Body { bytes: request.into_inner(), format: Format::Protobuf, reservation };
    let outcome = match signal {
        Signal::Traces => app.ingest.submit_traces(body, &route).await.map_err(status_of)?,
        Signal::Logs => app.ingest.submit_logs(body, &route).await.map_err(status_of)?,
        Signal::Metrics => app.ingest.discard_metrics(&body),
    };
    Ok(tonic::Response::new(export_response(&outcome).into()))
}

fn metadata(map: &MetadataMap, key: &'static str) -> Result<Option<String>, Status> {
    let Some(value) = map.get(key) else { return Ok(None) };
    let text = value
        .to_str()
        .map_err(|_| Status::invalid_argument(format!("metadata `{key}` is not ASCII text")))?;
    Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned))
}

fn status_of(error: IngestError) -> Status {
    let failure = Failure::from(error);
    let (kind, code) = (failure.kind, grpc_code(failure.kind));
    let message = failure.into_public_message();
    match kind {
        // Exporters send again only if they are told when to.
        ErrorKind::Exhausted | ErrorKind::Unavailable => {
            let after = Duration::from_secs(RETRY_AFTER_SECONDS.into());
            Status::with_error_details(code, message, ErrorDetails::with_retry_info(Some(after)))
        }
        _ => Status::new(code, message),
    }
}

/// Hands messages over as they are on the wire.
#[derive(Clone, Copy)]
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = BytesCodec;
    type Decoder = BytesCodec;

    fn encoder(&mut self) -> BytesCodec {
        BytesCodec
    }

    fn decoder(&mut self) -> BytesCodec {
        BytesCodec
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
