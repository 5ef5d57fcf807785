//! Layers for services of tower: servers and clients of HTTP.
//!
//! For axum and tonic there are layers that say more: routes, methods, the status of gRPC.
//!
//! ```
//! // hyper, tower-http and others: `ServiceBuilder::new().layer(spanwise::tower::ServerLayer)`.
//! let layer = spanwise::tower::ServerLayer;
//! ```

use crate::__private::Run;
use crate::status::{client_status, server_status};
use crate::{Kind, Parent, Span, SpanBuilder, SpanRef, StartOptions, headers};
use http::{HeaderMap, Request, Response, StatusCode};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Records each request that a service handles, as part of the trace that its headers name.
///
/// The handler runs in the span, which ends with the head of the response: a body that is streamed is not part of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerLayer;

/// Records each request that a client sends, and names its span in the headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLayer;

/// A service whose requests are recorded.
#[derive(Debug, Clone)]
pub struct Traced<S> {
    inner: S,
    kind: Kind,
    protocol: Protocol,
}

/// What is known of requests besides that they are HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    /// An axum router has found the route.
    #[cfg(feature = "axum")]
    Axum,
    #[cfg(feature = "tonic")]
    Grpc,
}

impl<S> Traced<S> {
    pub(crate) fn new(inner: S, kind: Kind, protocol: Protocol) -> Traced<S> {
        Traced { inner, kind, protocol }
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced::new(inner, Kind::Server, Protocol::Http)
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced::new(inner, Kind::Client, Protocol::Http)
    }
}

type Done<R, E> = fn(&SpanRef, &Result<Response<R>, E>);

impl<S, B, R> Service<Request<B>> for Traced<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: std::fmt::Display,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Run<S::Future, Done<R, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let span = start(&request, self.kind, self.protocol);
        if self.kind == Kind::Client {
            headers::inject(&span, request.headers_mut());
        }
        let done: Done<R, S::Error> = match (self.protocol, self.kind) {
            #[cfg(feature = "tonic")]
            (Protocol::Grpc, Kind::Client) => |span, result| done(span, result, crate::tonic::client_status),
            #[cfg(feature = "tonic")]
            (Protocol::Grpc, _) => |span, result| done(span, result, crate::tonic::server_status),
            (_, Kind::Client) => |span, result| done(span, result, |span, code, _| client_status(span, code)),
            _ => |span, result| done(span, result, |span, code, _| server_status(span, code)),
        };
        let inner = &mut self.inner;
        crate::__private::run_future(span, || inner.call(request), done)
    }
}

fn start<B>(request: &Request<B>, kind: Kind, protocol: Protocol) -> Span {
    let caller = headers::extract(request.headers());
    let is_called = kind == Kind::Server && caller.span_context().is_some();
    let options = StartOptions {
        parent: if is_called { Parent::Of(&caller) } else { Parent::Current },
        sampling: None,
    };
    match protocol {
        Protocol::Http => http_span(request, request.method().as_str(), options),
        #[cfg(feature = "axum")]
        Protocol::Axum => crate::axum::span(request, options),
        #[cfg(feature = "tonic")]
        Protocol::Grpc => crate::tonic::span(request.uri(), options),
    }
    .kind(kind)
    .start()
}

/// Begins the span of a request of HTTP. Paths hold ids, of which there are many: they are in an attribute, and not in the
/// name.
pub(crate) fn http_span<B>(request: &Request<B>, name: &str, options: StartOptions<'_>) -> SpanBuilder {
    let builder = SpanBuilder::with(name, options)
        .attribute("http.request.method", request.method().as_str())
        .attribute("url.path", request.uri().path());
    match request.uri().host() {
        Some(host) => builder.attribute("server.address", host),
        None => builder,
    }
}

fn done<R, E: std::fmt::Display>(
    span: &SpanRef,
    result: &Result<Response<R>, E>,
    status: impl FnOnce(&SpanRef, StatusCode, &HeaderMap),
) {
    match result {
        Ok(response) => status(span, response.status(), response.headers()),
        Err(error) => span.record_exception(std::any::type_name::<E>(), &[error.to_string()]),
    }
}
