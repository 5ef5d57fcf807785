//! Requests to a tracking server of MLflow's: over HTTP or HTTPS, with a login or a token.

use super::super::page::{Folder, Place};
use super::read::{self, Json};
use crate::text::url_encoded;
use anyhow::{Context, Result, anyhow, bail};
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::time::Duration;

/// Longest answer that is held in memory.
const ANSWER_BYTES_MAX: usize = 256 << 20;
/// How long an answer may take to begin.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(120);
/// Times that a request is made again when the server fails or is busy, and how long to wait before the first of them.
const RETRIES: u32 = 4;
const RETRY_WAIT: Duration = Duration::from_millis(500);

/// A client of one server.
pub(in super::super) struct ApiClient {
    base: String,
    http: Client<HttpsConnector<HttpConnector>, Body>,
    login: Option<HeaderValue>,
}

/// A file or, without a length, a folder of artifacts.
pub(in super::super) struct ApiFile {
    pub(in super::super) path: String,
    pub(in super::super) bytes: Option<u64>,
}

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the tracking server answered {}: {}", self.status, self.message)
    }
}

impl std::error::Error for Refused {}

impl ApiClient {
    pub(super) fn new(url: &str) -> Result<ApiClient> {
        let (scheme, rest) = url.split_once("://").context("it is no URL")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (in_url, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (login.split_once(':'), host),
            None => (None, authority),
        };
        let connector = HttpsConnectorBuilder::new().with_native_roots();
        let connector = connector.context("cannot read the certificates that this machine trusts")?;
        let connector = connector.https_or_http().enable_http1().build();
        Ok(ApiClient {
            base: format!("{scheme}://{host}{}", path.trim_end_matches('/')),
            http: Client::builder(TokioExecutor::new()).build(connector),
            login: login(in_url)?,
        })
    }

    /// Gets JSON.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.json(Method::GET, path, None).await
    }

    /// Posts JSON and gets JSON.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(Method::POST, path, Some(body)).await
    }

    async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, path, body).await?;
        let bytes = Limited::new(answer, ANSWER_BYTES_MAX).collect().await;
        let bytes = bytes.map_err(|error| anyhow!("the answer to {path} broke off: {error}"))?.to_bytes();
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{}{path} answered what is no JSON", self.base))
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Body> {
        let mut wait = RETRY_WAIT;
        for attempt in 0.. {
            let error = match self.send_once(&method, path, body).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_passing = match error.downcast_ref::<Refused>() {
                Some(refused) => {
                    refused.status.is_server_error() || refused.status == StatusCode::TOO_MANY_REQUESTS
                }
                None => true,
            };
            if attempt >= RETRIES || !is_passing {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        unreachable!("the loop ends by returning")
    }

    async fn send_once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Body> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(login) = &self.login {
            request = request.header(AUTHORIZATION, login);
        }
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let answer = tokio::time::timeout(ANSWER_TIME_MAX, self.http.request(request?)).await;
        let answer = answer.with_context(|| format!("{} did not answer in time", self.base))?;
        let answer = answer.map_err(|error| {
            anyhow!("cannot reach {}: {}", self.base, anyhow::Error::from(error).root_cause())
        })?;
        let status = answer.status();
        let body = Body::new(answer.into_body());
        if status.is_success() {
            return Ok(body);
        }
        let text =
            Limited::new(body, 1 << 20).collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let message = serde_json::from_slice::<Value>(&text).ok();
        let message =
            message.and_then(|body| body["message"].as_str().map(str::to_owned)).unwrap_or_default();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            bail!(
                "{} answered {status}; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
                self.base
            );
        }
        Err(Refused { status, message }.into())
    }

    /// Lists a folder of artifacts; nothing if the server does not hand it out.
    pub(in super::super) async fn files(&self, folder: &Folder, path: &str) -> Result<Option<Vec<ApiFile>>> {
        let (route, prefix) = match (&folder.run_id, Place::of(&folder.uri)) {
            (Some(run), _) => {
                let route = format!("/api/2.0/mlflow/artifacts/list?run_id={run}");
                let path =
                    if path.is_empty() { String::new() } else { format!("&path={}", url_encoded(path)) };
                (format!("{route}{path}"), "")
            }
            (None, Place::Server(root)) => {
                let whole = if path.is_empty() { root.to_owned() } else { format!("{root}/{path}") };
                (format!("/api/2.0/mlflow-artifacts/artifacts?path={}", url_encoded(&whole)), path)
            }
            _ => return Ok(None),
        };
        let answer = match self.get(&route).await {
            Ok(answer) => answer,
            Err(error) if error.is::<Refused>() => return Ok(None),
            Err(error) => return Err(error),
        };
        let file = |file: &Value| {
            let name = read::text(&file["path"]);
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let bytes = (!file["is_dir"].as_bool().unwrap_or(false))
                .then(|| file["file_size"].integer().max(0) as u64);
            ApiFile { path, bytes }
        };
        Ok(Some(read::list(&answer["files"]).iter().map(file).collect()))
    }

    /// Returns the bytes of an artifact.
    pub(in super::super) async fn file(&self, folder: &Folder, path: &str) -> Result<Body> {
        let route = match (&folder.run_id, Place::of(&folder.uri)) {
            (Some(run), _) => format!("/get-artifact?run_uuid={run}&path={}", url_encoded(path)),
            (None, Place::Server(root)) => {
                let whole = super::super::artifact::encoded_path(&format!("{root}/{path}"));
                format!("/api/2.0/mlflow-artifacts/artifacts/{whole}")
            }
            _ => bail!("it can't be reached"),
        };
        self.send(Method::GET, &route, None).await
    }
}

/// Returns the header of a login: that of the URL, else as MLflow's client takes it from the environment.
fn login(in_url: Option<(&str, &str)>) -> Result<Option<HeaderValue>> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let basic =
        |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    let text = match (in_url, variable("MLFLOW_TRACKING_USERNAME"), variable("MLFLOW_TRACKING_TOKEN")) {
        (Some((user, password)), _, _) => basic(user, password),
        (None, Some(user), _) => basic(&user, &variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default()),
        (None, None, Some(token)) => format!("Bearer {token}"),
        (None, None, None) => return Ok(None),
    };
    let mut header = HeaderValue::from_str(&text).context("the login holds what can't be sent")?;
    header.set_sensitive(true);
    Ok(Some(header))
}
