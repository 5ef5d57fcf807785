//! OTLP over HTTP, as protobuf.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>

use crate::answer::{CONNECT_TIMEOUT, USER_AGENT, accepted, printable};
use crate::export::{Accepted, ExportError, Exporter, Request};
use crate::wire::Fields;
use std::time::Duration;
use ureq::http::Response;
use ureq::http::header::{HeaderName, LOCATION, RETRY_AFTER};
use ureq::{Agent, Body, SendBody};

/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Makes a client with the time-outs of this crate. It follows no redirects: a POST would become a GET without its body, and
/// headers with keys would go to whatever host is named.
pub(crate) fn agent(url: &str, timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .timeout_connect(Some(timeout.min(CONNECT_TIMEOUT)))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(USER_AGENT);
    // A proxy can't reach a server on this machine.
    let config = if is_loopback(url) { config.proxy(None) } else { config };
    config.build().new_agent()
}

fn is_loopback(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|start| host.starts_with(start))
}

pub(crate) struct HttpExporter {
    agent: Agent,
    url: String,
    headers: Vec<(String, String)>,
}

impl HttpExporter {
    pub(crate) fn new(url: &str, headers: &[(String, String)], timeout: Duration) -> HttpExporter {
        HttpExporter { agent: agent(url, timeout), url: url.to_owned(), headers: headers.to_vec() }
    }
}

impl Exporter for HttpExporter {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        let mut post = self
            .agent
            .post(&self.url)
            .content_type("application/x-protobuf")
            .header("content-length", request.bytes());
        for (key, value) in &self.headers {
            post = post.header(key, value);
        }
        let mut reader = request.reader();
        let response = post.send(SendBody::from_reader(&mut reader)).map_err(|error| not_sent(&error))?;
        judge(response)
    }
}

fn not_sent(error: &ureq::Error) -> ExportError {
    match error {
        // The address or a header is wrong, and will be.
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::RequireHttpsOnly(_) => {
            ExportError::lasting(error.to_string())
        }
        _ => ExportError::passing(error.to_string()),
    }
}

fn judge(mut response: Response<Body>) -> Result<Accepted, ExportError> {
    let status = response.status();
    let header = |name: HeaderName| response.headers().get(name)?.to_str().ok().map(str::trim);
    if let Some(location) = header(LOCATION).filter(|_| status.is_redirection()) {
        let location = printable(location);
        let reason = format!("{status}: redirects to `{location}`; give that address, if it takes spans");
        return Err(ExportError::lasting(reason));
    }
    let retry_after = header(RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
    let answer = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
    if status.is_success() {
        // What can't be read, or is something else, says nothing against what was taken.
        return Ok(answer.map(|answer| accepted(&answer)).unwrap_or_default());
    }
    let text = answer.map(|answer| reason(&answer)).unwrap_or_default();
    let reason = format!("{status}{}{text}", if text.is_empty() { "" } else { ": " });
    // As OTLP has it; 408, and others of the server's failures, are as passing.
    let is_passing = matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504);
    Err(ExportError { reason, is_passing, retry_after: retry_after.map(Duration::from_secs) })
}

/// Returns what a refusal says: the message of a `google.rpc.Status`, or the text as it is.
fn reason(answer: &[u8]) -> String {
    let message = Fields::of(answer).find(|field| field.number == 2).map(|field| field.payload.text());
    let text = message.filter(|text| !text.is_empty()).or_else(|| std::str::from_utf8(answer).ok());
    printable(text.unwrap_or_default())
}
