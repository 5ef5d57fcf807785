//! A middleware of reqwest-middleware.

use super::Tracer;
use super::reqwest::{InScope, traced};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

#[async_trait::async_trait]
impl Middleware for Tracer {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(exchange) = self.begin_request(&mut request) else {
            return next.run(request, extensions).await;
        };
        let span = exchange.span().clone();
        let result = InScope::new(next.run(request, extensions), span).await;
        traced(exchange, result)
    }
}
