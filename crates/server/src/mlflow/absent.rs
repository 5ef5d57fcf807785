//! What MLflow's client can ask for and this server does not have: it says so, rather than that a path is unknown.

use crate::App;
use crate::error::{MlflowCode, MlflowError};
use axum::Router;
use axum::routing::any;

/// The roots of what is not here, and how it is called.
const ABSENT: &[(&str, &str)] = &[
    ("/gateway", "an AI gateway"),
    ("/mcp-servers", "a registry of MCP servers"),
    (
        "/prompt-optimization",
        "optimization of prompts on the server; `mlflow.genai.optimize_prompts` works on the client",
    ),
];

pub(super) fn routes() -> Router<App> {
    ABSENT.iter().fold(Router::new(), |router, &(root, what)| {
        // A 501 is not tried again by the client, and its message is shown.
        let answer = move || async move {
            MlflowError::new(MlflowCode::NotImplemented, format!("this server does not have {what}"))
        };
        router.route(root, any(answer)).route(&format!("{root}/{{*path}}"), any(answer))
    })
}
