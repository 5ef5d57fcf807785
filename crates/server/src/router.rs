//! Which routes a port serves.

use crate::error::{MlflowCode, MlflowError, Problem};
use crate::{App, mlflow};
use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};

/// Returns everything that the main port serves.
pub fn main_router(app: App) -> Router {
    Router::new()
        .merge(mlflow::routes())
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

async fn unknown_path(uri: Uri) -> Response {
    let message = format!("no such endpoint: {}", uri.path());
    if is_mlflow_path(uri.path()) {
        // MLflow's client falls back to older endpoints on this code.
        return MlflowError::new(MlflowCode::EndpointNotFound, message).into_response();
    }
    Problem::new(StatusCode::NOT_FOUND, message).into_response()
}

async fn wrong_method(method: http::Method, uri: Uri) -> Response {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not allowed on {}", uri.path()))
        .into_response()
}

fn is_mlflow_path(path: &str) -> bool {
    (path.starts_with("/api/") && !path.starts_with("/api/v1/")) || path.starts_with("/ajax-api/")
}
