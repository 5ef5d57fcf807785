//! Calls of a model, and the state of the server that has it.

use super::config::Endpoint;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// How long it may take to connect.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Characters of an error's body that are told.
const TOLD_CHARS_MAX: usize = 300;
/// The longest pause that a server can ask for.
const ASKED_PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// Failures one after the other that open the circuit.
const FAILURES_MAX: u32 = 5;
/// How long the circuit is open the first time; twice as long each further time.
const OPEN_FIRST: Duration = Duration::from_secs(10);
/// How long it is open at most.
const OPEN_MAX: Duration = Duration::from_secs(300);
/// How long nothing is asked after a key was refused: only the operator can help.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

type HttpClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// Trying again may help, not before the pause that the server asked for.
    #[error("{reason}")]
    Passing { reason: String, pause: Option<Duration> },
    /// The key was refused: it is no fault of what was asked.
    #[error("{0}")]
    Refused(String),
    /// The server can't answer by a schema.
    #[error("{0}")]
    NoSchemas(String),
    /// Trying again does not help.
    #[error("{0}")]
    Final(String),
}

/// A server with models.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) endpoint: Endpoint,
    /// Made when it is first needed: not every machine has certificates.
    client: OnceCell<HttpClient>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures since the last answer.
    failures: u32,
    /// No call before this.
    closed_until: Option<Instant>,
    /// What went wrong.
    trouble: Option<String>,
    /// Whether the server can't answer by a schema.
    is_plain: bool,
    /// Calls that are under way, see [`InFlight`].
    in_flight: usize,
}

impl Caller {
    pub(super) fn new(endpoint: Endpoint) -> Caller {
        Caller { endpoint, client: OnceCell::new(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many calls may begin now; while the server is in trouble one, and none before its pause is over.
    pub(super) fn free(&self) -> Result<usize, Duration> {
        let state = self.state();
        if let Some(pause) = state.closed_until.and_then(|until| until.checked_duration_since(Instant::now()))
        {
            return Err(pause);
        }
        let most = if state.failures >= FAILURES_MAX { 1 } else { self.endpoint.concurrency };
        Ok(most.saturating_sub(state.in_flight))
    }

    /// Returns what is wrong with the server, if it is left alone.
    pub(super) fn trouble(&self) -> Option<String> {
        let state = self.state();
        let pause = state.closed_until?.checked_duration_since(Instant::now())?;
        let reason = state.trouble.as_deref().unwrap_or("it asked to be left alone");
        Some(format!("not asked for {} s: {reason}", pause.as_secs().max(1)))
    }

    pub(super) fn is_plain(&self) -> bool {
        self.state().is_plain
    }

    /// Posts a request for a chat completion.
    pub(super) async fn call(&self, body: &Value) -> Result<Value, CallError> {
        let timeout = self.endpoint.timeout;
        let result = match tokio::time::timeout(timeout, self.attempt(body)).await {
            Ok(result) => result,
            Err(_) => Err(passing(format!("no answer within {} s", timeout.as_secs_f64()))),
        };
        self.learn(&result);
        result
    }

    fn learn(&self, result: &Result<Value, CallError>) {
        let mut state = self.state();
        let pause = match result {
            Ok(_) | Err(CallError::Final(_)) => {
                (state.failures, state.closed_until, state.trouble) = (0, None, None);
                return;
            }
            Err(CallError::NoSchemas(_)) => {
                state.is_plain = true;
                return;
            }
            Err(CallError::Refused(_)) => Some(REFUSED_PAUSE),
            Err(CallError::Passing { pause, .. }) => {
                state.failures = state.failures.saturating_add(1);
                let times = state.failures.saturating_sub(FAILURES_MAX).min(10);
                let open = (state.failures >= FAILURES_MAX)
                    .then(|| (OPEN_FIRST * 2_u32.saturating_pow(times)).min(OPEN_MAX));
                pause.map(|pause| pause.min(ASKED_PAUSE_MAX)).max(open)
            }
        };
        state.trouble = result.as_ref().err().map(ToString::to_string);
        if let Some(pause) = pause {
            state.closed_until = Some(Instant::now() + pause);
        }
    }

    async fn attempt(&self, body: &Value) -> Result<Value, CallError> {
        let client = self.client.get_or_try_init(async || connect()).await?;
        let base = self.endpoint.url.to_string();
        let mut request = Request::post(format!("{}/chat/completions", base.trim_end_matches('/')))
            .header(USER_AGENT, concat!("spanwise/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(key) = &self.endpoint.api_key {
            let mut value = HeaderValue::from_str(&key.header()).map_err(|_| {
                CallError::Refused("the API key has characters that no header can have".to_owned())
            })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| CallError::Final(error.to_string()))?;
        let response = client.request(request).await.map_err(|error| passing(innermost(&error)))?;
        let status = response.status();
        let pause = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let pause = pause.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let read = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let bytes = read.map_err(|error| passing(format!("the answer broke off: {error}")))?.to_bytes();
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|error| passing(format!("the answer is no JSON: {error}")));
        }
        Err(refusal(status, pause, &bytes, body.get("response_format").is_some()))
    }
}

/// Counts a call from before its question is written until its answer is stored, however it ends: so no more is asked at one
/// time, or again after a crash, than the endpoint's concurrency says.
pub(super) struct InFlight(Arc<Caller>);

impl InFlight {
    pub(super) fn begin(caller: &Arc<Caller>) -> InFlight {
        caller.state().in_flight += 1;
        InFlight(Arc::clone(caller))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight = state.in_flight.saturating_sub(1);
    }
}

fn connect() -> Result<HttpClient, CallError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT_TIME_MAX));
    let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(|error| {
        passing(format!("cannot read the certificates that this machine trusts: {error}"))
    })?;
    let connector = builder.https_or_http().enable_http1().wrap_connector(http);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

fn passing(reason: String) -> CallError {
    CallError::Passing { reason, pause: None }
}

/// Says what a status that is no success means.
fn refusal(status: StatusCode, pause: Option<Duration>, body: &[u8], has_schema: bool) -> CallError {
    let body = String::from_utf8_lossy(body);
    let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
    let told = parsed["error"]["message"].as_str().or(parsed["message"].as_str()).unwrap_or(&body).trim();
    let told = match told.char_indices().nth(TOLD_CHARS_MAX) {
        None => told.to_owned(),
        Some((end, _)) => format!("{}…", &told[..end]),
    };
    let reason = if told.is_empty() { status.to_string() } else { format!("{status}: {told}") };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CallError::Refused(reason),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY
            if has_schema && (told.contains("response_format") || told.contains("json_schema")) =>
        {
            CallError::NoSchemas(reason)
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => CallError::Passing { reason, pause },
        status if status.is_server_error() => CallError::Passing { reason, pause },
        _ => CallError::Final(reason),
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller() -> Caller {
        Caller::new(Endpoint {
            url: "http://127.0.0.1:1/v1".parse().unwrap(),
            model: None,
            provider: None,
            api_key: None,
            timeout: Duration::from_secs(5),
            concurrency: 3,
        })
    }

    #[test]
    fn a_server_in_trouble_is_left_alone_and_asked_once() {
        let caller = caller();
        for _ in 1..FAILURES_MAX {
            caller.learn(&Err(passing("503".to_owned())));
            assert_eq!(caller.free(), Ok(3));
        }
        caller.learn(&Err(passing("503".to_owned())));
        assert!(caller.free().unwrap_err() <= OPEN_FIRST);
        assert!(caller.trouble().unwrap().ends_with("s: 503"));
        caller.state().closed_until = None;
        assert_eq!(caller.free(), Ok(1));
        caller.learn(&Ok(Value::Null));
        assert_eq!((caller.free(), caller.trouble()), (Ok(3), None));
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept() {
        let caller = caller();
        let pause = Some(Duration::from_secs(30));
        caller.learn(&Err(CallError::Passing { reason: "429".to_owned(), pause }));
        assert!(caller.free().unwrap_err() > Duration::from_secs(29));
    }

    #[test]
    fn statuses_mean_what_they_mean() {
        let of = |status: u16, body: &str| {
            refusal(StatusCode::from_u16(status).unwrap(), None, body.as_bytes(), true)
        };
        assert!(
            matches!(of(429, ""), CallError::Passing { .. })
                && matches!(of(500, ""), CallError::Passing { .. })
        );
        assert_eq!(of(401, ""), CallError::Refused("401 Unauthorized".to_owned()));
        let body = r#"{"error": {"message": "no such model"}}"#;
        assert_eq!(of(404, body), CallError::Final("404 Not Found: no such model".to_owned()));
        assert!(matches!(of(400, "unknown field response_format"), CallError::NoSchemas(_)));
    }

    #[tokio::test]
    async fn who_can_t_be_reached_may_be_later() {
        let error = caller().call(&Value::Null).await.unwrap_err();
        assert!(matches!(error, CallError::Passing { .. }), "{error}");
    }
}
