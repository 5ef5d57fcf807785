//! Requests and responses of reqwest.

use super::{Exchange, TracedBody, Tracer};
use crate::{SpanRef, headers};
use pin_project_lite::pin_project;
use reqwest::{Body, Client, Request, Response, ResponseBuilderExt as _};
use spanwise_sdk_providers::{RequestBody, RequestHead};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

impl Tracer {
    /// Sends a request, and records it if it calls a provider.
    ///
    /// # Errors
    ///
    /// Those of [`Client::execute`].
    pub async fn execute(&self, client: &Client, request: Request) -> reqwest::Result<Response> {
        self.send(request, |request| client.execute(request)).await
    }

    /// Sends a request in some other way, such as through another client around reqwest's.
    ///
    /// # Errors
    ///
    /// Those of `send`.
    pub async fn send<F, E>(
        &self,
        mut request: Request,
        send: impl FnOnce(Request) -> F,
    ) -> Result<Response, E>
    where
        F: Future<Output = Result<Response, E>>,
        E: std::error::Error + 'static,
    {
        let Some(exchange) = self.begin_request(&mut request) else { return send(request).await };
        let span = exchange.span().clone();
        let sent = span.scope(|| send(request));
        let result = InScope::new(sent, span).await;
        traced(exchange, result)
    }

    pub(super) fn begin_request(&self, request: &mut Request) -> Option<Exchange> {
        if self.is_idle() {
            if self.names_unrecorded(request.method().as_str(), request.url().as_str()) {
                headers::inject(&SpanRef::current(), request.headers_mut());
            }
            return None;
        }
        let body = match request.body() {
            None => RequestBody::Bytes(&[]),
            Some(body) => body.as_bytes().map_or(RequestBody::Unread(None), RequestBody::Bytes),
        };
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        let head =
            RequestHead { method: request.method().as_str(), url: request.url().as_str(), header: &header };
        let exchange = self.begin(&head, body)?;
        exchange.inject(request.headers_mut());
        Some(exchange)
    }
}

/// Takes what came back.
pub(super) fn traced<E: std::error::Error + 'static>(
    mut exchange: Exchange,
    result: Result<Response, E>,
) -> Result<Response, E> {
    match result {
        Ok(response) => {
            exchange.respond(response.status().as_u16(), response.headers());
            Ok(with_traced_body(exchange, response))
        }
        Err(error) => {
            exchange.fail(&error_text(&error));
            Err(error)
        }
    }
}

/// Returns the same response, whose body tells the exchange what comes.
fn with_traced_body(exchange: Exchange, response: Response) -> Response {
    let url = response.url().clone();
    let (mut head, body) = http::Response::from(response).into_parts();
    // The address is not in the head, and would be lost.
    if let Ok(carrier) = http::Response::builder().url(url).body(()) {
        head.extensions.extend(carrier.into_parts().0.extensions);
    }
    let body = Body::wrap(TracedBody::with_causes(body, exchange));
    Response::from(http::Response::from_parts(head, body))
}

/// Clients of reqwest are services too.
#[cfg(feature = "tower")]
impl<S> tower_service::Service<Request> for super::TracedService<S>
where
    S: tower_service::Service<Request, Response = Response>,
    S::Error: std::error::Error + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = TracedRequest<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let exchange = self.tracer.begin_request(&mut request);
        let inner = &mut self.inner;
        let future = match &exchange {
            Some(exchange) => exchange.span().scope(|| inner.call(request)),
            None => inner.call(request),
        };
        TracedRequest { future, exchange }
    }
}

#[cfg(feature = "tower")]
pin_project! {
    /// A request under way.
    #[derive(Debug)]
    #[must_use = "a future does nothing unless it is awaited"]
    pub struct TracedRequest<F> {
        #[pin]
        future: F,
        exchange: Option<Exchange>,
    }
}

#[cfg(feature = "tower")]
impl<F, E> Future for TracedRequest<F>
where
    F: Future<Output = Result<Response, E>>,
    E: std::error::Error + 'static,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match this.exchange {
            Some(exchange) => exchange.span().scope(|| this.future.poll(context)),
            None => this.future.poll(context),
        };
        polled.map(|result| match this.exchange.take() {
            Some(exchange) => traced(exchange, result),
            None => result,
        })
    }
}

pin_project! {
    /// A future while which a span is current that ends elsewhere.
    pub(super) struct InScope<F> {
        #[pin]
        future: F,
        span: SpanRef,
    }
}

impl<F> InScope<F> {
    pub(super) fn new(future: F, span: SpanRef) -> InScope<F> {
        InScope { future, span }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.span.scope(|| this.future.poll(context))
    }
}

/// Returns what an error says, with its causes.
pub(super) fn error_text(error: &(dyn std::error::Error + 'static)) -> String {
    /// Causes that are looked at.
    const CAUSES_MAX: usize = 32;
    let mut text = error.to_string();
    let mut source = error.source();
    for _ in 0..CAUSES_MAX {
        let Some(cause) = source else { break };
        let cause_text = cause.to_string();
        // Many errors tell their cause themselves.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
