//! Requests to a server, over a socket or in this process: commands do not notice which.

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use tower::ServiceExt;

/// How long a running server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a server may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// What our servers call themselves; MLflow's own server has the same probes on the same port.
const SERVER_NAME: &str = "spanwise/";

type HttpClient = hyper_util::client::legacy::Client<HttpConnector, Body>;

/// An answer that is no success, in the server's words.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) detail: String,
    /// Whether a filter or an order could not be understood.
    pub(crate) is_about_a_query: bool,
    /// How long to wait before the request is repeated.
    pub(crate) retry_after: Option<Duration>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}

/// Where requests go.
pub(crate) enum Client {
    /// To a server.
    Http { base: String, http: Box<HttpClient> },
    /// To the routes of a store that this process has opened.
    InProcess(Router),
}

impl Client {
    /// Makes a client of the server at `base`, e.g. `http://127.0.0.1:5000`.
    pub(crate) fn http(base: &str) -> Result<Client> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("`{base}` is not a URL"))?;
        if uri.scheme_str() != Some("http") || uri.authority().is_none() {
            bail!(
                "cannot reach `{base}`: expected a URL like http://127.0.0.1:5000 (this command speaks plain HTTP)"
            );
        }
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Client::Http { base, http: Box::new(http) })
    }

    /// Says whether one of our servers answers at `base`.
    pub(crate) async fn is_running(base: &str) -> bool {
        let Ok(client) = Client::http(base) else { return false };
        let Ok(request) = request(Method::GET, "/health", Body::empty()) else { return false };
        match tokio::time::timeout(PROBE_TIMEOUT, client.send(request)).await {
            Ok(Ok(response)) => response
                .headers()
                .get(http::header::SERVER)
                .is_some_and(|server| server.as_bytes().starts_with(SERVER_NAME.as_bytes())),
            _ => false,
        }
    }

    /// Gets JSON.
    pub(crate) async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.expect_ok(request(Method::GET, path, Body::empty())?).await?;
        read_json(answer.into_body()).await
    }

    /// Posts JSON and gets JSON.
    pub(crate) async fn post_json<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T> {
        self.send_json(Method::POST, path, body).await
    }

    /// Sends JSON with another method and gets JSON.
    pub(crate) async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T> {
        let answer = self.post(method, path, "application/json", body.to_string().into()).await?;
        read_json(answer).await
    }

    /// Posts lines of JSON and gets JSON.
    pub(crate) async fn post_lines<T: DeserializeOwned>(&self, path: &str, lines: Bytes) -> Result<T> {
        read_json(self.post(Method::POST, path, "application/x-ndjson", lines.into()).await?).await
    }

    /// Posts JSON (or nothing, if it is null) and gets an answer that is to be read piece by piece.
    pub(crate) async fn post_for_body(&self, path: &str, body: &Value) -> Result<Body> {
        if body.is_null() {
            return Ok(self.expect_ok(request(Method::POST, path, Body::empty())?).await?.into_body());
        }
        self.post(Method::POST, path, "application/json", body.to_string().into()).await
    }

    /// Puts bytes as they are and gets JSON.
    pub(crate) async fn put_bytes<T: DeserializeOwned>(&self, path: &str, bytes: Bytes) -> Result<T> {
        read_json(self.post(Method::PUT, path, "application/octet-stream", bytes.into()).await?).await
    }

    /// Puts a body, which is sent piece by piece, and waits until it is taken.
    pub(crate) async fn put_body(&self, path: &str, body: Body) -> Result<()> {
        let answer = self.post(Method::PUT, path, "application/octet-stream", body).await?;
        answer.collect().await.context("the answer broke off")?;
        Ok(())
    }

    /// Sends a body that is read piece by piece, and gets JSON.
    pub(crate) async fn send_body<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        media_type: &'static str,
        body: Body,
    ) -> Result<T> {
        read_json(self.post(method, path, media_type, body).await?).await
    }

    /// Posts a protobuf message and gets one.
    pub(crate) async fn post_protobuf(&self, path: &str, body: Vec<u8>) -> Result<Bytes> {
        let answer = self.post(Method::POST, path, "application/x-protobuf", body.into()).await?;
        Ok(answer.collect().await.context("the answer broke off")?.to_bytes())
    }

    /// Deletes what is at a path.
    pub(crate) async fn delete(&self, path: &str) -> Result<()> {
        self.expect_ok(request(Method::DELETE, path, Body::empty())?).await?;
        Ok(())
    }

    /// Gets a body of some media type, to be read piece by piece.
    pub(crate) async fn get_body(&self, path: &str, accept: &'static str) -> Result<Body> {
        Ok(self.open(path, accept, HeaderMap::new()).await?.into_body())
    }

    /// Gets an answer with its headers, its body to be read piece by piece.
    pub(crate) async fn open(
        &self,
        path: &str,
        accept: &'static str,
        headers: HeaderMap,
    ) -> Result<Response<Body>> {
        let mut request = request(Method::GET, path, Body::empty())?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        self.expect_ok(request).await
    }

    async fn post(&self, method: Method, path: &str, media_type: &'static str, body: Body) -> Result<Body> {
        let mut request = request(method, path, body)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        Ok(self.expect_ok(request).await?.into_body())
    }

    async fn expect_ok(&self, request: Request<Body>) -> Result<Response<Body>> {
        let response = self.send(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(read_refusal(response).await?.into())
    }

    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>> {
        match self {
            Client::Http { base, http } => {
                *request.uri_mut() =
                    format!("{base}{}", request.uri()).parse().context("the URL is too long")?;
                let response = http.request(request).await;
                let response =
                    response.map_err(root_cause).with_context(|| format!("cannot reach {base}"))?;
                Ok(response.map(Body::new))
            }
            Client::InProcess(router) => Ok(router.clone().oneshot(request).await?),
        }
    }
}

fn request(method: Method, path: &str, body: Body) -> Result<Request<Body>> {
    Request::builder().method(method).uri(path).body(body).context("cannot make the request")
}

async fn read_json<T: DeserializeOwned>(body: Body) -> Result<T> {
    let bytes = body.collect().await.context("the answer broke off")?.to_bytes();
    serde_json::from_slice(&bytes).context("the answer is not what this command understands")
}

/// An error body: MLflow's `message`, or a problem's `detail`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    message: Option<String>,
    detail: Option<String>,
    errors: Vec<Value>,
}

async fn read_refusal(response: Response<Body>) -> Result<Refusal> {
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let bytes = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
    let body: ErrorBody = serde_json::from_slice(&bytes).unwrap_or_default();
    Ok(Refusal {
        status,
        detail: body.message.or(body.detail).unwrap_or_else(|| format!("the server answered {status}")),
        is_about_a_query: !body.errors.is_empty(),
        retry_after: retry_after.map(Duration::from_secs),
    })
}

/// The client wraps its errors in layers that say nothing; the innermost one says what is wrong.
fn root_cause(error: hyper_util::client::legacy::Error) -> anyhow::Error {
    anyhow::anyhow!("{}", anyhow::Error::from(error).root_cause())
}
