//! `async-openai`: a service of tower around the one that sends its requests.
//!
//! ```no_run
//! use async_openai::Client;
//!
//! let client = Client::new().with_http_service(spanwise_clients::async_openai::service());
//! ```
//!
//! With an HTTP client of your own, or other layers:
//!
//! ```no_run
//! use async_openai::Client;
//! use async_openai::middleware::{ReqwestService, retry::OpenAIRetryLayer};
//! use spanwise_clients::async_openai::TraceLayer;
//! use tower_layer::Layer;
//!
//! let http = reqwest::Client::builder().build().unwrap();
//! let service = OpenAIRetryLayer::default().layer(TraceLayer::default().layer(ReqwestService::new(http)));
//! let client = Client::new().with_http_service(service);
//! ```

use async_openai::middleware::retry::{OpenAIRetry, OpenAIRetryLayer};
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use http::HeaderMap;
use reqwest::{Request, Response};
use spanwise::llm::Tracer;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

/// Sends requests as the library does by itself, with its retries, and records each attempt.
pub fn service() -> OpenAIRetry<Traced<ReqwestService>> {
    OpenAIRetryLayer::default().layer(TraceLayer::default().layer(ReqwestService::default()))
}

/// Records the requests of a service, for programs that put together their own. Below a layer that retries, each attempt is a
/// span.
#[derive(Debug, Clone, Copy, Default)]
pub struct TraceLayer {
    tracer: Tracer,
}

/// A service whose requests are recorded.
#[derive(Debug, Clone)]
pub struct Traced<S> {
    inner: S,
    tracer: Tracer,
}

impl TraceLayer {
    /// Leaves out what was said.
    #[must_use]
    pub fn without_content(self) -> TraceLayer {
        TraceLayer { tracer: self.tracer.without_content() }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner, tracer: self.tracer }
    }
}

impl<S> Service<HttpRequestFactory> for Traced<S>
where
    S: Service<HttpRequestFactory, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: std::error::Error + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, requests: HttpRequestFactory) -> Self::Future {
        // The one that was asked whether it is ready; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let tracer = self.tracer;
        Box::pin(async move {
            if !spanwise::is_enabled() {
                return inner.call(requests).await;
            }
            match requests.build().await {
                Ok(request) => {
                    tracer.send(request, |request| inner.call(beginning_with(request, requests))).await
                }
                // Fails below, as it would without this.
                Err(_) => inner.call(requests).await,
            }
        })
    }
}

/// Returns a factory that gives `request` first, and builds further ones anew: building one may read files. All name the same
/// span.
fn beginning_with(request: Request, requests: HttpRequestFactory) -> HttpRequestFactory {
    let mut headers = HeaderMap::new();
    for name in ["traceparent", "tracestate"] {
        headers.extend(
            request.headers().get(name).map(|value| (http::HeaderName::from_static(name), value.clone())),
        );
    }
    let built = Arc::new(Mutex::new(Some(request)));
    HttpRequestFactory::new(move || {
        let built = built.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (requests, headers) = (requests.clone(), headers.clone());
        async move {
            if let Some(request) = built {
                return Ok(request);
            }
            let mut request = requests.build().await?;
            request.headers_mut().extend(headers);
            Ok(request)
        }
    })
}
