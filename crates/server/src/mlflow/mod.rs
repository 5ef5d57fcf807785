//! The MLflow REST API, under `/api` and, the same, under `/ajax-api`.

use crate::App;
use axum::Router;

/// Returns all routes, with their whole paths.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
