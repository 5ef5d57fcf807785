//! `traces/{id}/tags`.

use super::extract::Params;
use super::lookup::{OrMissing, missing, no_trace, trace_id};
use super::reply::done;
use crate::App;
use crate::error::MlflowResult;
use axum::extract::{Path, State};
use axum::routing::patch;
use axum::{Json, Router};
use serde_json::Value;
use spanwise_api_types::mlflow::tag::{DeleteTraceTag, SetTraceTag};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/traces/{trace_id}/tags", patch(set).delete(delete))
}

async fn set(
    State(app): State<App>,
    Path(trace): Path<String>,
    Params(mut tag): Params<SetTraceTag>,
) -> MlflowResult<Json<Value>> {
    let id = trace_id(&trace)?;
    app.ingest.redaction().tag(&id, &mut tag.key, &mut tag.value).await?;
    app.store.set_trace_tag(&id, &tag.key, &tag.value).await.or_missing(|| no_trace(&trace))?;
    Ok(done())
}

async fn delete(
    State(app): State<App>,
    Path(trace): Path<String>,
    Params(tag): Params<DeleteTraceTag>,
) -> MlflowResult<Json<Value>> {
    let id = trace_id(&trace)?;
    let no_tag = || missing(format!("No trace tag with key '{}' for trace with ID '{trace}'", tag.key));
    app.store.delete_trace_tag(&id, &tag.key).await.or_missing(no_tag)?;
    Ok(done())
}
