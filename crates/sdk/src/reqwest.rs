//! Trace context for requests of reqwest.
//!
//! ```no_run
//! use spanwise::reqwest::RequestBuilderExt;
//!
//! # async fn call() -> reqwest::Result<()> {
//! let client = reqwest::Client::new();
//! // What the server does belongs to the current span.
//! client.get("http://weather/Oslo").with_trace_context().send().await?;
//! // The same, with a span for the request.
//! client.get("http://weather/Oslo").send_traced().await?;
//! # Ok(())
//! # }
//! ```

use crate::__private::run_async;
use crate::status::client_status;
use crate::{Kind, SpanBuilder, headers};
use reqwest::{RequestBuilder, Response, Result};
use std::future::Future;

/// What requests of reqwest can do besides.
pub trait RequestBuilderExt: Sized {
    /// Names the current span in the headers, so that what the request causes belongs to it.
    #[must_use]
    fn with_trace_context(self) -> Self;

    /// Sends the request in a span of its own: method, address and status, without what a query holds.
    ///
    /// # Errors
    /// Those of [`RequestBuilder::send`].
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send;
}

impl RequestBuilderExt for RequestBuilder {
    fn with_trace_context(self) -> Self {
        self.headers(headers::current())
    }

    async fn send_traced(self) -> Result<Response> {
        let (client, request) = self.build_split();
        let mut request = request?;
        let url = request.url();
        let span = SpanBuilder::new(request.method().as_str())
            .kind(Kind::Client)
            .attribute("http.request.method", request.method().as_str())
            .attribute("server.address", url.host_str().unwrap_or_default())
            .attribute("url.path", url.path())
            .start();
        headers::inject(&span, request.headers_mut());
        run_async(span, client.execute(request), |span, result| match result {
            Ok(response) => client_status(span, response.status()),
            Err(error) => span.record_error_as("reqwest::Error", error),
        })
        .await
    }
}
