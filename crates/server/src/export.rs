//! The native export of one trace as OTLP, streamed: its memory does not grow with the trace.

use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::native::Parameters;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};
use spanwise_api_types::native;
use spanwise_model::{ErrorKind, TraceId};
use spanwise_otlp::json_out::write_traces;
use spanwise_otlp::{DecodeError, ResourceGroup, ScopeGroup, encode_traces};
use spanwise_store::{SpanStream, StoreError, StoreResult, StoredSpan};

/// Returns the route, below `/api/v1`.
pub(crate) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(export_trace))
}

/// Returns the spans of a trace as they were received
///
/// An OTLP `ExportTraceServiceRequest`: as OTLP/JSON if `Accept` asks for `application/json`, else as protobuf.
#[utoipa::path(
    get,
    path = "/traces/{trace_id}/otlp",
    tag = "traces",
    params(("trace_id" = String, Path, description = "The trace")),
    responses(
        (status = 200, content((Vec<u8> = "application/x-protobuf"), (String = "application/json"))),
        (status = 404, body = native::Problem),
    ),
)]
async fn export_trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let trace_id: TraceId = trace_id.parse()?;
    let spans = app.store.read_spans(&trace_id).await?;
    let wants_json = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    Ok(if wants_json {
        ([(CONTENT_TYPE, "application/json")], Body::from_stream(json_chunks(spans))).into_response()
    } else {
        ([(CONTENT_TYPE, "application/x-protobuf")], Body::from_stream(protobuf_chunks(spans)))
            .into_response()
    })
}

/// Encodes each chunk as a request of its own: protobuf messages that follow each other are one, merged.
pub fn protobuf_chunks(spans: SpanStream) -> impl Stream<Item = StoreResult<Bytes>> + Send {
    spans.map(|chunk| chunk.map(|spans| encode_traces(&groups(&spans)).into()))
}

/// Encodes a request in OTLP/JSON, the `resourceSpans` of one chunk after those of the other.
pub fn json_chunks(spans: SpanStream) -> impl Stream<Item = StoreResult<Bytes>> + Send {
    let mut separator = "";
    let chunks = spans.map(move |chunk| {
        let mut text = String::new();
        write_traces(&encode_traces(&groups(&chunk?)), &mut text).map_err(broken)?;
        let inner =
            text.strip_prefix(JSON_START).and_then(|text| text.strip_suffix(JSON_END)).unwrap_or_default();
        Ok([std::mem::replace(&mut separator, ","), inner].concat().into())
    });
    let fixed = |text: &'static str| stream::iter([Ok(Bytes::from_static(text.as_bytes()))]);
    fixed(JSON_START).chain(chunks).chain(fixed(JSON_END))
}

/// What [`write_traces`] writes around the elements, which are all that a chunk may add.
const JSON_START: &str = r#"{"resourceSpans":["#;
const JSON_END: &str = "]}";

fn broken(error: DecodeError) -> StoreError {
    StoreError::with_source(ErrorKind::Internal, "a stored span can't be read", error)
}

/// Groups spans that follow each other by resource and scope, so that their order stays.
pub(crate) fn groups(spans: &[StoredSpan]) -> Vec<ResourceGroup<'_>> {
    spans.chunk_by(|a, b| a.resource.hash == b.resource.hash).map(resource_group).collect()
}

fn resource_group(spans: &[StoredSpan]) -> ResourceGroup<'_> {
    let scopes = spans.chunk_by(|a, b| a.scope.hash == b.scope.hash).map(scope_group).collect();
    ResourceGroup { header: &spans[0].resource.bytes, scopes }
}

fn scope_group(spans: &[StoredSpan]) -> ScopeGroup<'_> {
    ScopeGroup { header: &spans[0].scope.bytes, items: spans.iter().map(|span| &span.raw[..]).collect() }
}
