//! Which routes each port serves, and what wraps them.

use crate::drain::drain_body;
use crate::error::{MlflowCode, MlflowError, Problem};
use crate::paced_body::pace_body;
use crate::{App, guard, mlflow, native, observe, otlp, probe, ui};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// Returns everything that the main port serves.
pub fn main_router(app: App) -> Router {
    let routes = Router::new()
        .merge(probe::routes())
        .merge(otlp::http_routes())
        .merge(mlflow::routes())
        .merge(native::routes())
        .fallback(page_or_unknown_path)
        .method_not_allowed_fallback(wrong_method);
    wrap(&app, routes)
        .layer(from_fn_with_state(app.clone(), guard::check_host_and_origin))
        .layer(from_fn(guard::add_headers))
        .layer(from_fn(drain_body))
        .with_state(app)
}

/// Returns OTLP over HTTP alone, and `/health`.
pub fn otlp_router(app: App) -> Router {
    let routes = Router::new()
        .merge(otlp::http_routes())
        .route("/health", axum::routing::get(async || "OK"))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method);
    wrap(&app, routes)
        .layer(from_fn_with_state(app.clone(), guard::check_origin_only))
        .layer(from_fn(guard::add_headers))
        .layer(from_fn(drain_body))
        .with_state(app)
}

/// Returns OTLP over gRPC. Hosts and origins are not checked: no web page can speak HTTP/2 without TLS.
pub fn grpc_router(app: App) -> Router {
    wrap(&app, otlp::grpc_routes()).with_state(app)
}

fn wrap(app: &App, routes: Router<App>) -> Router<App> {
    routes
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(app.config.body_bytes_max))
        .layer(from_fn_with_state(app.config.body_pace, pace_body))
        .layer(RequestBodyTimeoutLayer::new(app.config.body_idle_timeout))
        .layer(from_fn(observe::observe))
}

async fn page_or_unknown_path(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    match ui::respond(&method, uri.path(), &headers) {
        Some(response) => response,
        None => unknown_path(uri).await,
    }
}

async fn unknown_path(uri: Uri) -> Response {
    let message = format!("no such endpoint: {}", uri.path());
    if is_mlflow_path(uri.path()) {
        // MLflow's client falls back to older endpoints on this code.
        return MlflowError::new(MlflowCode::EndpointNotFound, message).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, message).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not allowed on {}", uri.path()))
        .into_response()
}

/// Says whether a path is of MLflow's API; `/api/v1` is ours.
fn is_mlflow_path(path: &str) -> bool {
    (path.starts_with("/api/") && !path.starts_with("/api/v1/")) || path.starts_with("/ajax-api/")
}
