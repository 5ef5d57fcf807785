//! One log line and one measurement for each request. Neither has query values or bodies: they may hold prompts.

use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use std::time::Instant;

/// How long the server took until its answer began, for developer tools and benchmarks.
///
/// <https://www.w3.org/TR/server-timing/>
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Logs and measures a request, and says in its answer how long it took.
///
/// Requests that succeed are logged at `debug`, for a busy server has thousands a second; failures at `info`. Those that
/// shall come again are as many as clients care to send, and what is behind them is logged once (`error.rs`).
pub(crate) async fn observe(
    matched: Option<MatchedPath>,
    params: Result<RawPathParams, axum::extract::rejection::RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let (elapsed, status) = (started.elapsed(), response.status().as_u16());
    // The route, not the path: a label must have few values, and a path may hold what is nobody's business.
    let route = matched.as_ref().map_or("(none)", MatchedPath::as_str);
    let labels =
        [("method", method.to_string()), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("spanwise_http_requests_total", &labels).increment(1);
    metrics::histogram!("spanwise_http_request_duration_seconds", "route" => route.to_owned())
        .record(elapsed);
    let params = params.ok();
    let trace_id = params.as_ref().and_then(|params| params.iter().find(|(key, _)| *key == "trace_id"));
    let trace_id = trace_id.map(|(_, value)| value);
    let duration_ms = elapsed.as_secs_f64() * 1e3;
    if let Ok(timing) = HeaderValue::try_from(format!("total;dur={duration_ms:.3}")) {
        response.headers_mut().insert(SERVER_TIMING, timing);
    }
    if status < 400 || status == 429 || status == 503 {
        tracing::debug!(%method, route, status, duration_ms, trace.id = trace_id, "request");
    } else {
        tracing::info!(%method, route, status, duration_ms, trace.id = trace_id, "request failed");
    }
    response
}
