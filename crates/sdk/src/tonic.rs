//! Layers for tonic's servers and clients, whose spans are named like their methods, and trace context in metadata.
//!
//! ```
//! # fn server<L>(layer: L) {}
//! // `tonic::transport::Server::builder().layer(spanwise::tonic::ServerLayer)`.
//! server(spanwise::tonic::ServerLayer);
//! // A client that records its calls: `GreeterClient::new(spanwise::tonic::ClientLayer.layer(channel))`; one that only tells
//! // its servers what is going on: `GreeterClient::with_interceptor(channel, spanwise::tonic::TraceContext)`.
//! ```

use crate::tower::{Protocol, Traced};
use crate::{Kind, SpanBuilder, SpanRef, StartOptions, propagation};
use http::{HeaderMap, StatusCode, Uri};
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};
use tower_layer::Layer;

/// Records each call that a server handles, as part of the trace that its metadata names: service, method, and status.
///
/// The handler runs in the span, which ends with the head of the response: what is streamed after it, and the status behind
/// that, is not part of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerLayer;

/// Records each call that a client makes, and names its span in the metadata. The status is that in the head of the response,
/// as failed calls have it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLayer;

/// An interceptor that names the current span in the metadata of each call, and records nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceContext;

impl<S> Layer<S> for ServerLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced::new(inner, Kind::Server, Protocol::Grpc)
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced::new(inner, Kind::Client, Protocol::Grpc)
    }
}

impl ClientLayer {
    /// Returns the client around `inner`, such as a channel; as tower's trait `Layer` does.
    pub fn layer<S>(&self, inner: S) -> Traced<S> {
        Layer::layer(self, inner)
    }
}

impl Interceptor for TraceContext {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        inject(&SpanRef::current(), request.metadata_mut());
        Ok(request)
    }
}

/// Sets the metadata that names `span`.
pub fn inject(span: &SpanRef, metadata: &mut MetadataMap) {
    propagation::inject(span, |name, value| {
        // What came as metadata is some, and what is made here is ASCII.
        if let Ok(value) = AsciiMetadataValue::try_from(value) {
            metadata.insert(name, value);
        }
    });
}

/// Returns the span in another process that a call came from; no span, if its metadata names none.
pub fn extract(metadata: &MetadataMap) -> SpanRef {
    propagation::extract(|name| metadata.get(name)?.to_str().ok())
}

pub(crate) fn span(uri: &Uri, options: StartOptions<'_>) -> SpanBuilder {
    let name = uri.path().trim_start_matches('/');
    let builder = SpanBuilder::with(name, options).attribute("rpc.system", "grpc");
    let builder = match name.rsplit_once('/') {
        Some((service, method)) => builder.attribute("rpc.service", service).attribute("rpc.method", method),
        None => builder,
    };
    match uri.host() {
        Some(host) => builder.attribute("server.address", host),
        None => builder,
    }
}

/// Records a status as the client sees it: any but `OK` is a failure.
pub(crate) fn client_status(span: &SpanRef, status: StatusCode, headers: &HeaderMap) {
    record(span, status, headers, |code| code != Code::Ok);
}

/// Records a status as the server sees it: what its callers did wrong is no failure.
pub(crate) fn server_status(span: &SpanRef, status: StatusCode, headers: &HeaderMap) {
    record(span, status, headers, |code| {
        matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        )
    });
}

fn record(span: &SpanRef, http: StatusCode, headers: &HeaderMap, is_failure: impl FnOnce(Code) -> bool) {
    if !http.is_success() {
        // Something in between that does not speak gRPC.
        return span.set_error(&http.to_string());
    }
    // A call that does not fail has its status behind its messages.
    let status = Status::from_header_map(headers).unwrap_or_else(|| Status::new(Code::Ok, ""));
    span.set_attribute("rpc.grpc.status_code", i64::from(i32::from(status.code())));
    if is_failure(status.code()) {
        span.set_error(&format!("{:?}: {}", status.code(), status.message()));
    }
}
