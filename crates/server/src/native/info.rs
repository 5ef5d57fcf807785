//! What a client asks first.

use super::parameter::Parameters;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use axum::Json;
use axum::extract::State;
use spanwise_api_types::native::{self, Info};

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(info))
}

/// Describes the server
#[utoipa::path(
    get,
    path = "/info",
    tag = "server",
    responses((status = 200, body = Info), (status = 400, body = native::Problem)),
)]
async fn info(State(app): State<App>, parameters: Parameters) -> Result<Json<Info>, Problem> {
    parameters.finish()?;
    let traces = app.store.experiment_activity().await?.iter().map(|activity| activity.traces).sum();
    Ok(Json(Info {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        otlp_http_port: app.config.otlp_http_port,
        otlp_grpc_port: app.config.otlp_grpc_port,
        traces,
    }))
}
