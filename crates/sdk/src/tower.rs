//! Layers for services of tower: axum's and tonic's servers, and clients.
//!
//! ```
//! // axum: `Router::new().layer(spanwise::tower::ServerLayer)`; tonic: `Server::builder().layer(…)`.
//! let layer = spanwise::tower::ServerLayer;
//! ```

use crate::__private::Run;
use crate::{Kind, Parent, Span, SpanBuilder, SpanRef, StartOptions, headers};
use http::{Request, Response};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Records each request that a service handles, as part of the trace that its headers name.
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
}

impl<S> Layer<S> for ServerLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner, kind: Kind::Server }
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner, kind: Kind::Client }
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
        let span = start(&request, self.kind);
        if self.kind == Kind::Client {
            headers::inject(&span, request.headers_mut());
        }
        let inner = &mut self.inner;
        crate::__private::run_future(span, || inner.call(request), done)
    }
}

fn start<B>(request: &Request<B>, kind: Kind) -> Span {
    let caller = headers::extract(request.headers());
    let is_called = kind == Kind::Server && caller.span_context().is_some();
    let parent = if is_called { Parent::Of(&caller) } else { Parent::Current };
    // Paths hold ids, of which there are many; they are in an attribute.
    let builder = SpanBuilder::with(request.method().as_str(), StartOptions { parent, sampling: None });
    builder
        .kind(kind)
        .attribute("http.request.method", request.method().as_str())
        .attribute("url.path", request.uri().path())
        .start()
}

fn done<R, E: std::fmt::Display>(span: &SpanRef, result: &Result<Response<R>, E>) {
    match result {
        Ok(response) => {
            span.set_attribute("http.response.status_code", response.status().as_u16());
            if response.status().is_server_error() {
                span.set_error(&response.status().to_string());
            }
        }
        Err(error) => span.record_exception(std::any::type_name::<E>(), &[error.to_string()]),
    }
}
