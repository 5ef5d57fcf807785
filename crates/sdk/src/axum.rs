//! A layer for axum's routers, whose spans are named like their routes: `GET /cities/{city}`.
//!
//! ```
//! use axum::{Router, routing::get};
//!
//! let app: Router = Router::new()
//!     .route("/cities/{city}", get(async || "sunny"))
//!     // After the routes, so that it is around them.
//!     .layer(spanwise::axum::ServerLayer);
//! ```

use crate::tower::{Protocol, Traced, http_span};
use crate::{Kind, SpanBuilder, StartOptions};
use axum::extract::MatchedPath;
use http::Request;
use tower_layer::Layer;

/// Records each request that a router handles, as part of the trace that its headers name: `http.route`, method, path and
/// status. A request that no route fits is named like its method alone.
///
/// The handler runs in the span, which ends with the head of the response: give a body that is streamed a span of its own,
/// with `StreamExt::in_span`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerLayer;

impl<S> Layer<S> for ServerLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced::new(inner, Kind::Server, Protocol::Axum)
    }
}

pub(crate) fn span<B>(request: &Request<B>, options: StartOptions<'_>) -> SpanBuilder {
    let method = request.method().as_str();
    let Some(route) = request.extensions().get::<MatchedPath>() else {
        return http_span(request, method, options);
    };
    let route = route.as_str();
    http_span(request, &format!("{method} {route}"), options).attribute("http.route", route)
}
