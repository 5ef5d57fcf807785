//! What a client asks about the server itself.

use crate::App;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/server-info", get(server_info))
        .route("/workspaces", get(workspaces).post(workspaces))
        .route("/ui-telemetry", get(ui_telemetry).post(disabled))
}

async fn server_info() -> Json<Value> {
    Json(json!({
        "store_type": "SqlStore",
        "workspaces_enabled": false,
        "trace_archival_enabled": false,
        "multipart_uploads_enabled": false,
        "multipart_downloads_enabled": false,
        "presigned_upload_run_id_supported": false,
        "presigned_upload_model_id_supported": false,
        "features_enabled": {"gateway": false},
    }))
}

/// MLflow's answer of a server without workspaces, which its client knows as such.
async fn workspaces() -> (StatusCode, &'static str) {
    let text = "Endpoint: /api/3.0/mlflow/workspaces disabled because the server is running without workspaces support.";
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

async fn ui_telemetry() -> Json<Value> {
    Json(json!({"disable_ui_telemetry": true, "disable_ui_events": [], "ui_rollout_percentage": 0}))
}

async fn disabled() -> Json<Value> {
    Json(json!({"status": "disabled"}))
}
