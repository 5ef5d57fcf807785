//! A client of a server's API: traces that have arrived, and what is said of them.
//!
//! It speaks MLflow's API, which Spanwise has too, so that it works with both. Calls block; the `_async` forms run them on a
//! thread of their own and need no runtime.

use crate::http::agent;
use crate::{LOCAL_SERVER, TraceId};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::Agent;
use ureq::http::Method;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 256 << 20;
/// Traces in a page at most, as MLflow has it.
const PAGE_MAX: usize = 500;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server can't be reached.
    #[error("cannot reach {url}")]
    Unreachable {
        /// Its address.
        url: String,
        /// What went wrong.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server refused.
    #[error("{url} answered {status}: {message}")]
    Refused {
        /// Its address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        message: String,
    },
    /// The server answered something else.
    #[error("{url} answered what can't be understood: {problem}")]
    Nonsense {
        /// Its address.
        url: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The thread of an `_async` call could not be started, or panicked.
    #[error("the thread of the call ended: {0}")]
    Thread(String),
}

/// What a server says of a trace.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TraceInfo {
    /// Its id as the server writes it, `tr-…`.
    pub trace_id: String,
    /// `OK`, `ERROR`, `IN_PROGRESS`, or another word.
    pub state: String,
    /// The whole record, with tags, metadata, previews and assessments.
    pub record: Value,
}

/// A trace with its spans.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// What is said of it.
    pub info: TraceInfo,
    /// Its spans as OTLP/JSON has them, in the names of protobuf.
    pub spans: Vec<Value>,
}

/// What is asked of [`Client::search`].
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Experiments by name; none means the default one.
    pub experiments: Vec<String>,
    /// A filter, such as `status = 'ERROR'`; empty matches all.
    pub filter: String,
    /// Such as `timestamp DESC`.
    pub order_by: Vec<String>,
    /// How many traces at most; 0 is 100.
    pub max_results: usize,
}

/// Who says something of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Source {
    /// A person.
    #[default]
    Human,
    /// A program.
    Code,
    /// A model.
    Judge,
}

/// What is said of a trace.
#[derive(Debug, Clone, Default)]
pub struct Feedback {
    /// What it is about, such as `helpful`.
    pub name: String,
    /// A text, number, boolean, or a list or map of them.
    pub value: Value,
    /// Why.
    pub rationale: Option<String>,
    /// Who says so.
    pub source: Source,
    /// Their name; `default` if empty.
    pub source_id: String,
}

impl Feedback {
    /// Says `value` of `name`.
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Feedback {
        Feedback { name: name.into(), value: value.into(), ..Feedback::default() }
    }
}

/// A client of one server; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: Arc<str>,
}

impl Client {
    /// Makes a client of the server at `url`, such as `http://127.0.0.1:5000`. Nothing is sent yet.
    pub fn new(url: &str) -> Client {
        let base = url.trim_end_matches('/');
        Client { agent: agent(base, TIMEOUT), base: Arc::from(base) }
    }

    /// Makes a client of the server that `SPANWISE_TRACKING_URI`, else `MLFLOW_TRACKING_URI` names, else of the one on
    /// this machine.
    pub fn from_env() -> Client {
        let set = |name| std::env::var(name).ok().filter(|value: &String| value.starts_with("http"));
        let url = set("SPANWISE_TRACKING_URI").or_else(|| set("MLFLOW_TRACKING_URI"));
        Client::new(url.as_deref().unwrap_or(LOCAL_SERVER))
    }

    /// Returns the traces that match, as many pages as it takes.
    ///
    /// # Errors
    /// The server can't be reached, or refuses the filter or an experiment that is not there.
    pub fn search(&self, search: &Search) -> Result<Vec<TraceInfo>, ClientError> {
        let wanted = if search.max_results == 0 { 100 } else { search.max_results };
        let mut locations = Vec::new();
        for name in &search.experiments {
            locations.push(location(&self.experiment_id(name)?));
        }
        if locations.is_empty() {
            locations.push(location("0"));
        }
        let (mut found, mut page_token) = (Vec::new(), String::new());
        while found.len() < wanted {
            let body = json!({
                "locations": &locations,
                "filter": search.filter,
                "order_by": search.order_by,
                "max_results": (wanted - found.len()).min(PAGE_MAX),
                "page_token": page_token,
            });
            let answer = self.call(Method::POST, "/api/3.0/mlflow/traces/search", Some(&body))?;
            found.extend(list(&answer, "traces").iter().map(trace_info));
            match answer["next_page_token"].as_str() {
                Some(token) if !token.is_empty() => token.clone_into(&mut page_token),
                _ => break,
            }
        }
        Ok(found)
    }

    /// Returns a trace with its spans.
    ///
    /// # Errors
    /// The server can't be reached, or has no such trace.
    pub fn get(&self, trace_id: TraceId) -> Result<Trace, ClientError> {
        let path = format!("/api/3.0/mlflow/traces/get?trace_id={}&allow_partial=true", trace_id.to_mlflow());
        let answer = self.call(Method::GET, &path, None)?;
        let trace = &answer["trace"];
        Ok(Trace { info: trace_info(&trace["trace_info"]), spans: list(trace, "spans").to_vec() })
    }

    /// Says something of a trace, also one that ended long ago, and returns the id of what was said.
    ///
    /// # Errors
    /// The server can't be reached, or has no such trace.
    pub fn log_feedback(&self, trace_id: TraceId, feedback: &Feedback) -> Result<String, ClientError> {
        self.assess(trace_id, feedback, json!({"feedback": {"value": feedback.value}}))
    }

    /// Says what a trace should have given.
    ///
    /// # Errors
    /// The server can't be reached, or has no such trace.
    pub fn log_expectation(&self, trace_id: TraceId, expectation: &Feedback) -> Result<String, ClientError> {
        let value = match &expectation.value {
            // MLflow has lists and maps as text.
            value @ (Value::Array(_) | Value::Object(_)) => json!({
                "serialized_value": {"serialization_format": "JSON_FORMAT", "value": value.to_string()}
            }),
            value => json!({"value": value}),
        };
        self.assess(trace_id, expectation, json!({"expectation": value}))
    }

    /// Links a trace to a run of an evaluation.
    ///
    /// # Errors
    /// The server can't be reached, or refuses.
    pub fn link_to_run(&self, trace_id: TraceId, run_id: &str) -> Result<(), ClientError> {
        let body = json!({"trace_ids": [trace_id.to_mlflow()], "run_id": run_id});
        self.call(Method::POST, "/api/2.0/mlflow/traces/link-to-run", Some(&body)).map(drop)
    }

    /// Sets a tag of a trace.
    ///
    /// # Errors
    /// The server can't be reached, or has no such trace.
    pub fn set_tag(&self, trace_id: TraceId, key: &str, value: &str) -> Result<(), ClientError> {
        let path = format!("/api/3.0/mlflow/traces/{}/tags", trace_id.to_mlflow());
        self.call(Method::PATCH, &path, Some(&json!({"key": key, "value": value}))).map(drop)
    }

    fn assess(&self, trace_id: TraceId, said: &Feedback, value: Value) -> Result<String, ClientError> {
        let kind = match said.source {
            Source::Human => "HUMAN",
            Source::Code => "CODE",
            Source::Judge => "LLM_JUDGE",
        };
        let source_id = if said.source_id.is_empty() { "default" } else { &said.source_id };
        let mut assessment = json!({
            "assessment_name": said.name,
            "source": {"source_type": kind, "source_id": source_id},
            "create_time": now(),
            "last_update_time": now(),
        });
        if let (Value::Object(into), Value::Object(from)) = (&mut assessment, value) {
            into.extend(from);
            into.extend(
                said.rationale.iter().map(|text| ("rationale".to_owned(), Value::from(text.as_str()))),
            );
        }
        let path = format!("/api/3.0/mlflow/traces/{}/assessments", trace_id.to_mlflow());
        let answer = self.call(Method::POST, &path, Some(&json!({"assessment": assessment})))?;
        Ok(text(&answer["assessment"]["assessment_id"]))
    }

    fn experiment_id(&self, name: &str) -> Result<String, ClientError> {
        let path =
            format!("/api/2.0/mlflow/experiments/get-by-name?experiment_name={}", percent_encoded(name));
        let answer = self.call(Method::GET, &path, None)?;
        Ok(text(&answer["experiment"]["experiment_id"]))
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        let url = format!("{}{path}", self.base);
        let unreachable = |source| ClientError::Unreachable { url: url.clone(), source: Box::new(source) };
        let request = ureq::http::Request::builder().method(method).uri(&url);
        let request = request.header("content-type", "application/json");
        let sent = match body {
            Some(body) => {
                self.agent.run(request.body(body.to_string()).map_err(|error| unreachable(error.into()))?)
            }
            None => self.agent.run(request.body(()).map_err(|error| unreachable(error.into()))?),
        };
        let mut response = sent.map_err(unreachable)?;
        let status = response.status();
        let answer =
            response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(unreachable)?;
        if !status.is_success() {
            let said = serde_json::from_slice::<Value>(&answer).map(|answer| text(&answer["message"]));
            let message =
                said.unwrap_or_else(|_| String::from_utf8_lossy(&answer).chars().take(300).collect());
            return Err(ClientError::Refused { url, status: status.as_u16(), message });
        }
        serde_json::from_slice(&answer)
            .map_err(|error| ClientError::Nonsense { url, problem: error.to_string() })
    }

    /// As [`Client::search`].
    pub fn search_async(&self, search: Search) -> Call<Vec<TraceInfo>> {
        self.spawn(move |client| client.search(&search))
    }

    /// As [`Client::get`].
    pub fn get_async(&self, trace_id: TraceId) -> Call<Trace> {
        self.spawn(move |client| client.get(trace_id))
    }

    /// As [`Client::log_feedback`].
    pub fn log_feedback_async(&self, trace_id: TraceId, feedback: Feedback) -> Call<String> {
        self.spawn(move |client| client.log_feedback(trace_id, &feedback))
    }

    /// As [`Client::log_expectation`].
    pub fn log_expectation_async(&self, trace_id: TraceId, expectation: Feedback) -> Call<String> {
        self.spawn(move |client| client.log_expectation(trace_id, &expectation))
    }

    fn spawn<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Client) -> Result<T, ClientError> + Send + 'static,
    ) -> Call<T> {
        let (client, shared) = (self.clone(), Arc::new(Mutex::new(Shared { result: None, waker: None })));
        // Told when the thread ends, however that is.
        let done = Done(Arc::clone(&shared));
        let run = move || done.tell(call(&client));
        if let Err(error) = thread::Builder::new().name("spanwise-call".to_owned()).spawn(run) {
            lock(&shared).result = Some(Err(ClientError::Thread(error.to_string())));
        }
        Call(shared)
    }
}

/// A call under way on another thread. It goes on if this is dropped.
#[derive(Debug)]
#[must_use = "whether the call went well is only known when it is awaited"]
pub struct Call<T>(Arc<Mutex<Shared<T>>>);

#[derive(Debug)]
struct Shared<T> {
    result: Option<Result<T, ClientError>>,
    waker: Option<Waker>,
}

struct Done<T>(Arc<Mutex<Shared<T>>>);

impl<T> Done<T> {
    fn tell(self, result: Result<T, ClientError>) {
        lock(&self.0).result = Some(result);
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        let mut shared = lock(&self.0);
        shared.result.get_or_insert_with(|| Err(ClientError::Thread("it panicked".to_owned())));
        if let Some(waker) = shared.waker.take() {
            drop(shared);
            waker.wake();
        }
    }
}

fn lock<T>(shared: &Mutex<Shared<T>>) -> std::sync::MutexGuard<'_, Shared<T>> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Future for Call<T> {
    type Output = Result<T, ClientError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut shared = lock(&self.0);
        match shared.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                shared.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn location(experiment_id: &str) -> Value {
    json!({"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}})
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn trace_info(record: &Value) -> TraceInfo {
    TraceInfo { trace_id: text(&record["trace_id"]), state: text(&record["state"]), record: record.clone() }
}

/// Returns now as MLflow writes times, in UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = ((seconds / 86_400) as i64, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Returns year, month and day of a number of days since 1970.
///
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_783), (2026, 11, 26));
    }

    #[test]
    fn names_go_into_addresses() {
        assert_eq!(percent_encoded("a b/ü"), "a%20b%2F%C3%BC");
    }

    #[test]
    fn a_call_that_can_not_be_made_says_why() {
        let client = Client::new("http://127.0.0.1:1/");
        let error = client.get("0123456789abcdef0123456789abcdef".parse().unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("cannot reach http://127.0.0.1:1/api/3.0/"), "{error}");
    }
}
