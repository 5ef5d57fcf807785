//! An exporter that keeps what it is given, and answers as it is told.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use spanwise_sdk_core::{Accepted, Config, ExportError, Exporter, Request, Sdk};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// More than any test takes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What an exporter was given.
#[derive(Clone, Default)]
pub(crate) struct Collected {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    requests: Vec<Vec<u8>>,
    /// Answers to give before all is accepted.
    answers: Vec<Result<Accepted, ExportError>>,
    /// Requests wait while this is set.
    is_held: bool,
    /// There was a request.
    is_asked: bool,
}

impl Collected {
    /// Answers the next requests so, one after the other; later ones are accepted.
    pub(crate) fn answer(&self, mut answers: Vec<Result<Accepted, ExportError>>) {
        answers.reverse();
        self.state.0.lock().unwrap().answers = answers;
    }

    /// Lets requests wait, or go on.
    pub(crate) fn hold(&self, hold: bool) {
        self.state.0.lock().unwrap().is_held = hold;
        self.state.1.notify_all();
    }

    /// Waits for the first request to come.
    pub(crate) fn wait_until_asked(&self) {
        let state = self.state.0.lock().unwrap();
        drop(self.state.1.wait_while(state, |state| !state.is_asked).unwrap());
    }

    /// Returns the requests that were accepted.
    pub(crate) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let state = self.state.0.lock().unwrap();
        state.requests.iter().map(|bytes| ExportTraceServiceRequest::decode(&bytes[..]).unwrap()).collect()
    }

    /// Returns the spans that were accepted.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// Returns the span of this name.
    pub(crate) fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let found = spans.iter().find(|span| span.name == name);
        found.cloned().unwrap_or_else(|| panic!("no span `{name}` among {:?}", names(&spans)))
    }

    pub(crate) fn exporter(&self) -> Box<dyn Exporter> {
        Box::new(self.clone())
    }
}

pub(crate) fn names(spans: &[Span]) -> Vec<&str> {
    spans.iter().map(|span| span.name.as_str()).collect()
}

/// Returns an attribute as text.
pub(crate) fn text(span: &Span, key: &str) -> Option<String> {
    let found: Vec<_> = span.attributes.iter().filter(|attribute| attribute.key == key).collect();
    assert!(found.len() < 2, "`{key}` occurs {} times", found.len());
    Some(match found.first()?.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => text.clone(),
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::DoubleValue(number) => number.to_string(),
        any_value::Value::BoolValue(value) => value.to_string(),
        other => format!("{other:?}"),
    })
}

impl Exporter for Collected {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        let mut state = self.state.0.lock().unwrap();
        state.is_asked = true;
        self.state.1.notify_all();
        let mut state = self.state.1.wait_while(state, |state| state.is_held).unwrap();
        let answer = state.answers.pop().unwrap_or_else(|| Ok(Accepted::default()));
        if answer.is_ok() {
            state.requests.push(request.to_vec());
        }
        answer
    }
}

/// Starts an SDK that is not installed, and returns what it sends.
pub(crate) fn start(configure: impl FnOnce(Config) -> Config) -> (Sdk, Collected) {
    let collected = Collected::default();
    let config = to(&collected, Config::new());
    (configure(config).start().unwrap(), collected)
}

/// Sends what `config` records to `collected`, and problems nowhere.
pub(crate) fn to(collected: &Collected, config: Config) -> Config {
    let exporter = collected.clone();
    config.exporter("collected", move || exporter.exporter()).on_problem(|_| {})
}
