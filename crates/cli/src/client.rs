//! Requests to a server, over a socket or in this process: commands do not notice which.

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, Uri};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::time::Duration;
use tower::ServiceExt;

/// How long a running server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a server may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_millis(500);
/// What our servers call themselves; MLflow's own server has the same probes on the same port.
const SERVER_NAME: &str = "spanwise/";

type HttpClient = hyper_util::client::legacy::Client<HttpConnector, Body>;

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
    pub(crate) async fn get_json(&self, path: &str) -> Result<Value> {
        let body = self.expect_ok(request(Method::GET, path, Body::empty())?).await?;
        read_json(body).await
    }

    /// Posts JSON and gets JSON.
    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Result<Value> {
        let mut request = request(Method::POST, path, Body::from(body.to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        read_json(self.expect_ok(request).await?).await
    }

    /// Posts a protobuf message and gets one.
    pub(crate) async fn post_protobuf(&self, path: &str, body: Vec<u8>) -> Result<Bytes> {
        let mut request = request(Method::POST, path, Body::from(body))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let body = self.expect_ok(request).await?;
        Ok(body.collect().await.context("the answer broke off")?.to_bytes())
    }

    /// Gets a body of some media type, to be read piece by piece.
    pub(crate) async fn get_body(&self, path: &str, accept: &'static str) -> Result<Body> {
        let mut request = request(Method::GET, path, Body::empty())?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        self.expect_ok(request).await
    }

    async fn expect_ok(&self, request: Request<Body>) -> Result<Body> {
        let response = self.send(request).await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = response.into_body().collect().await.context("the answer broke off")?.to_bytes();
        bail!(error_text(&body).unwrap_or_else(|| format!("the server answered {status}")))
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

async fn read_json(body: Body) -> Result<Value> {
    let bytes = body.collect().await.context("the answer broke off")?.to_bytes();
    serde_json::from_slice(&bytes).context("the answer is no JSON")
}

/// Returns what an error body says: MLflow's `message`, or a problem's `detail`.
fn error_text(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = body.get("message").or_else(|| body.get("detail"))?;
    Some(text.as_str()?.to_owned())
}

/// The client wraps its errors in layers that say nothing; the innermost one says what is wrong.
fn root_cause(error: hyper_util::client::legacy::Error) -> anyhow::Error {
    anyhow::anyhow!("{}", anyhow::Error::from(error).root_cause())
}
