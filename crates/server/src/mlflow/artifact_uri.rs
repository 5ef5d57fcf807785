//! Artifacts of runs and logged models, found by where the thing says they are.

use super::artifacts::{self, check_path};
use super::extract::query_object;
use crate::App;
use crate::error::{MlflowCode, MlflowError, MlflowResult};
use axum::extract::{RawQuery, State};
use axum::http::Request;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use spanwise_api_types::mlflow::field::{Fields, FromFields};
use spanwise_api_types::mlflow::registry::OneVersion;
use spanwise_model::RunId;

/// What artifacts that are kept here are addressed by.
const SCHEME: &str = "mlflow-artifacts:/";

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/artifacts/list", get(list))
        .route("/get-artifact", get(get_artifact))
        .route("/upload-artifact", post(upload_artifact))
}

/// The same under the root, where MLflow's own UI downloads from.
pub(super) fn root_routes() -> Router<App> {
    Router::new()
        .route("/get-artifact", get(get_artifact))
        .route("/model-versions/get-artifact", get(get_version_artifact))
}

async fn list(State(app): State<App>, RawQuery(query): RawQuery) -> MlflowResult<Json<Value>> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let run = app.catalog.get_run(&run_id(&query)?).await?;
    let path = query.get("path").and_then(Value::as_str).unwrap_or_default();
    files_response(&app, &run.artifact_uri, path).await
}

async fn get_artifact(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> MlflowResult<Response> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let path = artifact_path(&app, &query).await?;
    artifacts::send_checked(&app, &path, &headers).await
}

async fn get_version_artifact(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> MlflowResult<Response> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let OneVersion { name, version } = OneVersion::from_fields(&Fields::of_query(&query))?;
    let path = query.get("path").and_then(Value::as_str).unwrap_or_default();
    let version = app.catalog.get_model_version(&name, version).await?;
    let path = format!("{}/{path}", folder_of(&version.storage_location)?);
    artifacts::send_checked(&app, &path, &headers).await
}

async fn upload_artifact(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    request: Request<axum::body::Body>,
) -> MlflowResult<StatusCode> {
    let query = query_object(query.as_deref().unwrap_or_default());
    let path = artifact_path(&app, &query).await?;
    artifacts::put(&app, path, request).await
}

/// Returns where the file is that a query names by its run and its path there.
async fn artifact_path(app: &App, query: &Map<String, Value>) -> MlflowResult<String> {
    let run_id = run_id(query)?;
    let path = query.get("path").and_then(Value::as_str).unwrap_or_default();
    let run = app.catalog.get_run(&run_id).await?;
    Ok(format!("{}/{path}", folder_of(&run.artifact_uri)?))
}

fn run_id(query: &Map<String, Value>) -> MlflowResult<RunId> {
    let given = query.get("run_id").or_else(|| query.get("run_uuid")).and_then(Value::as_str);
    let given = given.filter(|id| !id.is_empty());
    given.map(|id| RunId(id.to_owned())).ok_or_else(|| {
        MlflowError::invalid(
            "Missing value for required parameter 'run_id'. See the API docs for more information about request \
             parameters.",
        )
    })
}

/// Returns where the artifacts behind a URI are, below the folder of all.
pub(super) fn folder_of(artifact_uri: &str) -> MlflowResult<&str> {
    let path = artifact_uri.strip_prefix(SCHEME).filter(|path| !path.starts_with('/'));
    path.ok_or_else(|| {
        let text = format!("artifacts at '{artifact_uri}' are not kept by this server; ask for them there");
        MlflowError::new(MlflowCode::InvalidParameterValue, text)
    })
}

/// Lists a folder, with paths that begin at `artifact_uri`, as MLflow does.
pub(super) async fn files_response(app: &App, artifact_uri: &str, path: &str) -> MlflowResult<Json<Value>> {
    let path = path.trim_end_matches('/');
    if !path.is_empty() {
        check_path(path)?;
    }
    let folder = match path {
        "" => folder_of(artifact_uri)?.to_owned(),
        path => format!("{}/{path}", folder_of(artifact_uri)?),
    };
    let files: Vec<Value> = artifacts::entries(app, &folder)
        .await?
        .into_iter()
        .map(|entry| {
            let path = if path.is_empty() { entry.name } else { format!("{path}/{}", entry.name) };
            match entry.size_bytes {
                Some(size_bytes) => json!({"path": path, "is_dir": false, "file_size": size_bytes}),
                None => json!({"path": path, "is_dir": true}),
            }
        })
        .collect();
    Ok(Json(json!({"root_uri": artifact_uri, "files": files})))
}
