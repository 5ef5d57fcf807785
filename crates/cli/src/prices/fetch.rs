//! Where a list of prices comes from: a file, standard input, or a URL. The server itself fetches nothing.

use anyhow::{Context, Result, anyhow, bail};
use axum::body::Body;
use bytes::Bytes;
use http::header::{LOCATION, USER_AGENT};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::io::Read;
use std::time::Duration;

/// Longest list; the largest public one has 4 MB.
const LIST_BYTES_MAX: usize = 32 << 20;
/// How long a list may take to come over the network.
const FETCH_TIME_MAX: Duration = Duration::from_secs(60);
/// Redirects that are followed.
const REDIRECTS_MAX: usize = 5;

/// Returns the bytes of a list.
pub(super) async fn fetch(from: &str) -> Result<Bytes> {
    if from.starts_with("http://") || from.starts_with("https://") {
        let fetched = tokio::time::timeout(FETCH_TIME_MAX, download(from)).await;
        return fetched.with_context(|| format!("{from} took more than {} s", FETCH_TIME_MAX.as_secs()))?;
    }
    let source: Box<dyn Read> = match from {
        "-" => Box::new(std::io::stdin()),
        path => Box::new(std::fs::File::open(path).with_context(|| format!("cannot open {path}"))?),
    };
    let mut bytes = Vec::new();
    source
        .take(LIST_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {from}"))?;
    if bytes.len() > LIST_BYTES_MAX {
        bail!("{from} has more than {} MiB, and is no list of prices", LIST_BYTES_MAX >> 20);
    }
    Ok(bytes.into())
}

async fn download(url: &str) -> Result<Bytes> {
    let mut url: Uri = url.parse().with_context(|| format!("`{url}` is not a URL"))?;
    let is_safe = url.scheme_str() == Some("https");
    for _ in 0..=REDIRECTS_MAX {
        let response = get(&url).await.with_context(|| format!("cannot get {url}"))?;
        let Some(next) = redirect(&url, &response) else { return body_of(&url, response).await };
        url = next?;
        if is_safe && url.scheme_str() != Some("https") {
            bail!("https led to {url}, which anybody on the way could change");
        }
    }
    bail!("more than {REDIRECTS_MAX} redirects, the last to {url}");
}

async fn get(url: &Uri) -> Result<Response<Body>> {
    let builder = HttpsConnectorBuilder::new().with_native_roots();
    let builder = builder.context("cannot read the certificates that this machine trusts")?;
    let connector = builder.https_or_http().enable_http1().build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let agent = concat!("spanwise/", env!("CARGO_PKG_VERSION"));
    let request = Request::get(url).header(USER_AGENT, agent).body(Body::empty())?;
    let response = client.request(request).await;
    let response = response.map_err(|error| anyhow!("{}", anyhow::Error::from(error).root_cause()))?;
    Ok(response.map(Body::new))
}

fn redirect(from: &Uri, response: &Response<Body>) -> Option<Result<Uri>> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let to = response.headers().get(LOCATION).filter(|_| is_redirect)?.to_str().ok()?;
    let whole = match (from.scheme_str(), from.authority()) {
        (Some(scheme), Some(authority)) if to.starts_with('/') => format!("{scheme}://{authority}{to}"),
        _ => to.to_owned(),
    };
    Some(whole.parse().with_context(|| format!("{from} leads to `{to}`, which is no URL")))
}

async fn body_of(url: &Uri, response: Response<Body>) -> Result<Bytes> {
    if !response.status().is_success() {
        bail!("{url} answered {}", response.status());
    }
    let body = Limited::new(response.into_body(), LIST_BYTES_MAX).collect().await;
    let body = body.map_err(|error| anyhow!("cannot read {url}: {error}"))?;
    Ok(body.to_bytes())
}
